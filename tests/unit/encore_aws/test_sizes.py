"""Connections: what a server takes and what a pool gets, as tables."""

from __future__ import annotations

import pytest

from encore_aws.defaults import TABLE
from encore_aws.sizes import (
    LARGEST_POOL,
    RESERVED,
    ROLLOUT,
    is_class,
    memory,
    pool_size,
    server_limit,
)

GIB = {
    "db.t3.micro": 1,
    "db.t4g.micro": 1,
    "db.t4g.small": 2,
    "db.t4g.medium": 4,
    "db.t4g.large": 8,
    "db.t3.2xlarge": 32,
    "db.m5.12xlarge": 192,
    "db.m6gd.large": 8,
    "db.m6i.32xlarge": 512,
    "db.m7g.xlarge": 16,
    "db.m8g.48xlarge": 768,
    "db.r5.large": 16,
    "db.r5.24xlarge": 768,
    "db.r6g.16xlarge": 512,
    "db.r8g.4xlarge": 128,
    "db.x2g.large": 32,
    "db.x2g.16xlarge": 1024,
    "db.x2idn.32xlarge": 2048,
    "db.x2iedn.xlarge": 128,
    "db.x2iedn.32xlarge": 4096,
    "db.c6gd.medium": 2,
}
NOT_KNOWN = [
    "",
    "t4g.micro",
    "db.t4g",
    "db.z9.large",
    "db.m7g.micro",
    "db.m7g.huge",
    "db.m7g.1xlarge",
    "db.m7g.2large",
    "db.m7g.2medium",
    "db.serverless",
    "db.m7g.metal",
    "db.r7i.metal-24xl",
    "db.r5.6xlarge.tpc2.mem4x",
    "db.m7g.large\n",
]


@pytest.mark.parametrize(("size", "gib"), GIB.items())
def test_memory_of_a_class(size: str, gib: int) -> None:
    assert memory(size) == gib


@pytest.mark.parametrize("size", NOT_KNOWN)
def test_what_is_not_in_the_table_has_no_number(size: str) -> None:
    assert memory(size) is None
    assert server_limit(size) is None


def test_the_defaults_are_known() -> None:
    row = TABLE["databases.size"]
    assert all(memory(size) for size in (row.production, row.development, row.ephemeral))


@pytest.mark.parametrize(
    ("size", "limit"),
    [
        ("db.t4g.micro", 79),
        ("db.t4g.small", 180),
        ("db.t4g.medium", 383),
        ("db.m7g.large", 789),
        ("db.r7g.large", 1_600),
        ("db.r7g.2xlarge", 5_000),
        ("db.x2iedn.32xlarge", 5_000),
    ],
)
def test_what_a_server_takes(size: str, limit: int) -> None:
    assert server_limit(size) == limit
    assert limit > RESERVED


@pytest.mark.parametrize("size", GIB)
def test_it_is_less_than_the_whole_memory_would_make(size: str) -> None:
    whole = min(5_000, GIB[size] * 2**30 // 9_531_392)
    found = server_limit(size)
    assert found is not None
    assert found < whole or found == 5_000


@pytest.mark.parametrize(
    ("free", "pools", "processes", "workers", "expected"),
    [
        (69, 1, 1, 1, 34),
        (69, 3, 1, 1, 11),
        (373, 3, 2, 1, 31),
        (373, 3, 2, 4, 7),
        (4_990, 1, 1, 1, LARGEST_POOL),
        (69, 200, 2, 8, 1),
        (0, 1, 1, 1, 1),
        (69, 0, 1, 1, 34),
    ],
)
def test_what_a_pool_gets(
    free: int, pools: int, processes: int, workers: int, expected: int
) -> None:
    assert pool_size(free, pools, processes=processes, workers=workers) == expected


def test_two_versions_of_the_app_fit_side_by_side() -> None:
    for pools in range(1, 40):
        size = pool_size(373, pools, processes=3, workers=2)
        if size > 1:
            assert size * pools * 3 * 2 * ROLLOUT <= 373


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("db.t4g.micro", True),
        ("db.z9.large", True),
        ("db.r7i.metal-24xl", True),
        ("db.r5.6xlarge.tpc2.mem4x", True),
        ("t4g.micro", False),
        ("cache.t4g.micro", False),
        ("db.t4g", False),
        ("db.T4g.micro", False),
    ],
)
def test_the_shape_of_a_class(size: str, expected: bool) -> None:
    assert is_class(size) is expected
