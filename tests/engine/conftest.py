"""Whole commands on Pulumi's real engine. Without its CLI these tests are skipped.

``ENCORE_REQUIRE_ENGINE=1`` says that they must run: then a missing CLI is an error, and so are
fewer than ``LEAST`` tests that passed, whatever kept the others from running.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.support import aws_world
from tests.support.aws_world import World

from encore_provisioner.errors import InfraError

LEAST = 25
REQUIRED = os.environ.get("ENCORE_REQUIRE_ENGINE") == "1"
_passed: list[str] = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/engine/" in item.nodeid:
            item.add_marker("engine")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Where several processes run them, all reports come to the first one."""
    if report.when == "call" and report.passed and "tests/engine/" in report.nodeid:
        _passed.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    are_meant = session.config.option.markexpr == "engine"
    is_first = not hasattr(session.config, "workerinput")
    if REQUIRED and are_meant and is_first and session.exitstatus == 0 and len(_passed) < LEAST:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        told = f"\n{len(_passed)} tests on the engine passed; at least {LEAST} must run"
        session.config.get_terminal_writer().line(told, red=True)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Shared by all tests; what belongs to one of them alone is emptied by ``aws``."""
    try:
        aws_world.engine()
    except InfraError as error:
        if REQUIRED:
            raise
        pytest.skip(f"{error.message} ({error.hint})")
    with aws_world.world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def aws(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An empty account, which is what AWS is for this process too."""
    world.forget()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in world.aws.environment.items():
        monkeypatch.setenv(name, value)
    yield world
    world.forget()
