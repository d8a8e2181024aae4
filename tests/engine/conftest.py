"""Whole commands on Pulumi's real engine. Without its CLI these tests are skipped.

``ENCORE_REQUIRE_ENGINE=1`` says that they must run: then a missing CLI is an error, and so are
fewer than ``LEAST`` tests that passed, whatever kept the others from running.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
from tests.support import aws_world
from tests.support.aws_world import World

from encore_provisioner.errors import InfraError

LEAST = 25
REQUIRED = os.environ.get("ENCORE_REQUIRE_ENGINE") == "1"
_passed = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/engine/" in item.nodeid:
            item.add_marker("engine")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.passed and item.get_closest_marker("engine"):
        item.config.stash[_passed] = item.config.stash.get(_passed, 0) + 1
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    passed = session.config.stash.get(_passed, 0)
    are_meant = session.config.option.markexpr == "engine"
    if REQUIRED and are_meant and session.exitstatus == 0 and passed < LEAST:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        told = f"\n{passed} tests on the engine passed; at least {LEAST} must run"
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
