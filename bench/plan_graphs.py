"""Graphs of apps of any size, to measure the offline plan on: no source is read.

Every service has a topic and listens to its neighbour's; every second one has a database, every
fourth a bucket (half of them public), every fifth a secret, every twentieth a cache.
"""

from __future__ import annotations

from collections.abc import Iterator

from encore_config.graph import (
    App,
    Bucket,
    Cache,
    Database,
    Gateway,
    Graph,
    Secret,
    Service,
    Subscription,
    Topic,
    Use,
    UseKind,
)
from encore_config.position import At


def app_graph(services: int) -> Graph:
    numbers = range(services)
    return Graph(
        app=App(id="bench", language="typescript"),
        gateway=Gateway(),
        services=tuple(Service(name=_name(n), root=_name(n), at=_at(n)) for n in numbers),
        topics=tuple(
            Topic(name=_name(n), delivery="at-least-once", ordering_attribute=None, at=_at(n))
            for n in numbers
        ),
        subscriptions=tuple(_subscription(n, services) for n in numbers),
        databases=tuple(
            Database(name=_name(n), migrations=None, at=_at(n)) for n in numbers if n % 2 == 0
        ),
        buckets=tuple(
            Bucket(name=_name(n), public=n % 8 == 0, versioned=False, at=_at(n))
            for n in numbers
            if n % 4 == 0
        ),
        secrets=tuple(
            Secret(name=f"Key{n}", services=(_name(n),), at=(_at(n),))
            for n in numbers
            if n % 5 == 0
        ),
        caches=tuple(
            Cache(name=_name(n), eviction_policy="allkeys-lru", at=_at(n))
            for n in numbers
            if n % 20 == 0
        ),
        uses=tuple(use for n in numbers for use in _uses(n)),
    )


def _name(number: int) -> str:
    return f"s{number:05}"


def _at(number: int) -> At:
    return At(file=f"{_name(number)}/main.ts", line=3, column=1)


def _subscription(number: int, services: int) -> Subscription:
    return Subscription(
        topic=_name((number + 1) % services),
        name=_name(number),
        service=_name(number),
        ack_deadline=30,
        retention=604_800,
        min_backoff=10,
        max_backoff=600,
        max_retries=100,
        max_concurrency=None,
        at=_at(number),
    )


def _uses(number: int) -> Iterator[Use]:
    """Sorted by kind, as the analysis gives them."""
    if number % 4 == 0:
        yield _use(number, "bucket", "list", "read", "write")
    if number % 20 == 0:
        yield _use(number, "cache", "access")
    if number % 2 == 0:
        yield _use(number, "database", "access")
    yield _use(number, "topic", "publish")


def _use(number: int, kind: UseKind, *operations: str) -> Use:
    return Use(
        service=_name(number),
        kind=kind,
        name=_name(number),
        operations=operations,  # type: ignore[arg-type]  # literals of the graph's vocabulary
        at=(_at(number),),
    )
