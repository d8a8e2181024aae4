"""What is decided before any resource is made costs the same for each declaration of an app.

Lines that Python runs are counted, not seconds: the count is the same on every machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

import pytest
from bench.plan_graphs import app_graph
from tests.support.aws_program import NAMES, settings_of

from encore_aws import permissions
from encore_aws.resources import (
    bucket,
    cache,
    container,
    database,
    log_group,
    network,
    role,
    secret,
    subscription,
    topic,
)
from encore_config.environment import CacheSettings, Containers, DatabaseSettings, Layout
from encore_config.graph import Graph

SMALL: Final = 20
TIMES: Final = 4
SLACK: Final = 1.15
KINDS: Final = (
    bucket, cache, container, database, log_group, network, role, secret, subscription, topic,
)  # fmt: skip
APART: Final = Containers(layout="per-service")
LAYOUTS: Final[tuple[Layout, ...]] = ("shared", "separate", "per-service")


def lines(work: Callable[[], object]) -> int:
    """How many lines ``work`` runs, each turn of a loop anew."""
    count = 0

    def on(_: FrameType, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return on

    before = sys.gettrace()
    sys.settrace(on)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[Graph], object]) -> float:
    small, large = app_graph(SMALL), app_graph(SMALL * TIMES)
    work(small)  # what is kept after a first call is not counted for one of the two alone
    return lines(lambda: work(large)) / lines(lambda: work(small))


def test_work_that_grows_with_the_square_is_seen() -> None:
    found = growth(lambda graph: [(a, b) for a in graph.services for b in graph.services])
    assert found > TIMES * SLACK


@pytest.mark.parametrize("containers", [None, APART], ids=["combined", "per-service"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.rpartition(".")[2])
def test_each_kind_decides_in_one_go(kind: Any, containers: Containers | None) -> None:
    given = settings_of(containers=containers)
    assert growth(lambda graph: kind.normalise(graph, given, NAMES)) <= TIMES * SLACK
    assert growth(lambda graph: list(kind.findings(graph, given, NAMES))) <= TIMES * SLACK


@pytest.mark.parametrize("layout", LAYOUTS)
def test_however_databases_share_servers(layout: Layout) -> None:
    databases = {"defaults": DatabaseSettings(layout=layout)}
    given = settings_of(containers=APART, databases=databases)
    assert growth(lambda graph: database.normalise(graph, given, NAMES)) <= TIMES * SLACK
    assert growth(lambda graph: list(database.findings(graph, given, NAMES))) <= TIMES * SLACK


def test_connections_of_caches_are_counted_in_one_go() -> None:
    given = settings_of(containers=APART, caches={"defaults": CacheSettings(max_connections=5)})
    assert growth(lambda graph: list(cache.findings(graph, given, NAMES))) <= TIMES * SLACK


@pytest.mark.parametrize("containers", [None, APART], ids=["combined", "per-service"])
def test_permissions_are_listed_in_one_go(containers: Containers | None) -> None:
    given = settings_of(containers=containers)
    assert growth(lambda graph: permissions.granted(graph, given)) <= TIMES * SLACK
