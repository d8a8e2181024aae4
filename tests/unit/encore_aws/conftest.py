"""AWS on this machine, for the tests of what asks AWS by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support import moto_server
from tests.support.aws_program import settings_of
from tests.support.moto_server import ACCOUNT, MotoServer

from encore_aws.account import Account, open_account
from encore_aws.settings import Settings


@pytest.fixture(scope="session")
def moto_process() -> Iterator[MotoServer]:
    with moto_server.running() as server:
        yield server


@pytest.fixture
def moto(moto_process: MotoServer, monkeypatch: pytest.MonkeyPatch) -> MotoServer:
    """An empty account, which is what AWS is for this process."""
    moto_process.forget()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in moto_process.environment.items():
        monkeypatch.setenv(name, value)
    return moto_process


@pytest.fixture
def settings() -> Settings:
    return settings_of(account=ACCOUNT)


@pytest.fixture
def account(moto: MotoServer, settings: Settings) -> Account:
    found = open_account(settings)
    moto.calls.clear()
    return found
