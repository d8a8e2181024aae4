"""Graphs that hypothesis makes: any number of services and declarations, all references sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hypothesis import strategies as st

from encore_config.environment import (
    BucketSettings,
    CacheSettings,
    Containers,
    CorsRule,
    DatabaseSettings,
    Environment,
    EnvironmentEntry,
    MetricsSettings,
    Network,
    Subnets,
)
from encore_config.graph import (
    App,
    Bucket,
    Cache,
    Database,
    Endpoint,
    Gateway,
    Graph,
    Metric,
    MigrationFile,
    Migrations,
    Secret,
    Service,
    ServiceEndpoint,
    Subscription,
    Topic,
    Use,
)
from encore_config.position import At

ACCOUNT: Final = "111122223333"
REGION: Final = "eu-north-1"
POLICIES: Final = ("noeviction", "allkeys-lru", "volatile-ttl")
BUCKET_OPERATIONS: Final = (
    "attrs", "delete", "list", "public_url", "read", "signed_download", "signed_upload", "write",
)  # fmt: skip
_ENGINES: Final[tuple[tuple[Any, str | None], ...]] = (
    (None, None), ("valkey", None), ("valkey", "7.2"), ("redis", None), ("redis", "6.2"),
)  # fmt: skip
_NAMES: Final = ("a", "b1", "carts", "order-placed", "x" * 60, "uploads", "users_and_more", "z-9")


def at(number: int = 1) -> At:
    return At(file="app/main.ts", line=number, column=1)


def names(most: int = 4, among: Sequence[str] = _NAMES) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(among), unique=True, max_size=most).map(sorted)


@st.composite
def graphs(draw: st.DrawFn, *, among: Sequence[str] = _NAMES) -> Graph:
    """``among``: the names that services and declarations may have."""
    services = sorted(draw(st.lists(st.sampled_from(among), unique=True, min_size=1, max_size=4)))
    owner = st.sampled_from(services)
    topics = tuple(_topic(draw, name) for name in draw(names(among=among)))
    subscriptions = tuple(
        _subscription(draw, topic.name, name, draw(owner))
        for topic in topics
        for name in draw(names(2, among))
    )
    buckets = tuple(
        Bucket(name=n, public=draw(st.booleans()), versioned=draw(st.booleans()), at=at())
        for n in draw(names(among=among))
    )
    databases = tuple(_database(draw, name) for name in draw(names(among=among)))
    caches = tuple(
        Cache(name=n, eviction_policy=draw(st.sampled_from(POLICIES)), at=at())
        for n in draw(names(2, among))
    )
    secrets = tuple(
        Secret(
            name=f"Key{number}",
            services=tuple(sorted(draw(st.sets(owner, min_size=1)))),
            at=(at(),),
        )
        for number in range(draw(st.integers(0, 3)))
    )
    metrics = tuple(
        Metric(name=n, kind="counter", services=tuple(services), at=at()) for n in draw(names(1))
    )
    handler = draw(st.none() | owner)
    return Graph(
        app=App(id="shop", language="typescript"),
        gateway=Gateway(
            auth_handler=ServiceEndpoint(service=handler, name="auth") if handler else None
        ),
        services=tuple(
            # All that is declared lies in the folder `app`, which the first one may hold.
            Service(name=n, root="app" if not i and draw(st.booleans()) else n, at=at())
            for i, n in enumerate(services)
        ),
        topics=topics,
        subscriptions=subscriptions,
        buckets=buckets,
        databases=databases,
        caches=caches,
        secrets=secrets,
        metrics=metrics,
        endpoints=tuple(_endpoint(name) for name in services),
        uses=_uses(draw, services, topics, buckets, databases, caches, metrics, services),
    )


def _topic(draw: st.DrawFn, name: str) -> Topic:
    return Topic(
        name=name,
        delivery=draw(st.sampled_from(["at-least-once", "exactly-once"])),
        ordering_attribute=draw(st.none() | st.just("key")),
        at=at(),
    )


def _subscription(draw: st.DrawFn, topic: str, name: str, service: str) -> Subscription:
    return Subscription(
        topic=topic,
        name=name,
        service=service,
        ack_deadline=draw(st.sampled_from([1, 30, 90_000])),
        retention=draw(st.sampled_from([1, 604_800, 9_000_000])),
        min_backoff=10,
        max_backoff=600,
        max_retries=draw(st.sampled_from([-1, 0, 1, 100, 5000])),
        max_concurrency=draw(st.none() | st.just(1)),
        at=at(),
    )


def _database(draw: st.DrawFn, name: str) -> Database:
    files = tuple(
        MigrationFile(filename=f"{n}_x.up.sql", number=n, description="x")
        for n in range(1, draw(st.integers(1, 3)))
    )
    migrations = Migrations(dir=f"{name}/migrations", source="default", files=files)
    return Database(name=name, migrations=migrations if files else None, at=at())


def _endpoint(service: str) -> Endpoint:
    return Endpoint(
        service=service,
        name="call",
        methods=("GET",),
        path=f"/{service}",
        access="public",
        kind="typed",
        at=at(),
    )


def _uses(draw: st.DrawFn, services: list[str], *groups: Any) -> tuple[Use, ...]:
    kinds = ("topic", "bucket", "database", "cache", "metric", "endpoint")
    operations: dict[str, tuple[str, ...]] = {
        "topic": ("publish",),
        "bucket": BUCKET_OPERATIONS,
        "database": ("access", "read", "write"),
        "cache": ("access", "read", "write"),
        "metric": ("increment",),
        "endpoint": ("call",),
    }
    found = []
    for service in services:
        for kind, group in zip(kinds, groups, strict=True):
            for declared in group:
                some = draw(st.sets(st.sampled_from(operations[kind])))
                if some:
                    name = f"{declared}.call" if kind == "endpoint" else declared.name
                    found.append(_use(service, kind, name, tuple(sorted(some))))
    return tuple(sorted(found, key=lambda use: (use.service, use.kind, use.name)))


def _use(service: str, kind: Any, name: str, operations: Any) -> Use:
    return Use(service=service, kind=kind, name=name, operations=operations, at=(at(),))


@st.composite
def _networks(draw: st.DrawFn) -> Network:
    """One to make, or one that a person has."""
    if draw(st.integers(0, 3)) == 3:
        subnets = {"compute": ("subnet-1",), "storage": ("subnet-2", "subnet-3")}
        return Network(vpc="vpc-1", subnets=Subnets(**subnets))
    return Network(
        cidr=draw(st.none() | st.sampled_from(["192.168.4.0/22", "172.16.0.0/16"])),
        zones=draw(st.none() | st.sampled_from([2, 3])),
        nat=draw(st.none() | st.sampled_from(["gateway", "gateway_per_zone", "instance", "none"])),
    )


@st.composite
def environments(draw: st.DrawFn, *, kind: str | None = None) -> Environment:
    """Settings of the provider ``aws`` that are sound on their own, for any graph."""
    region, partition = draw(
        st.sampled_from(
            [(REGION, "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
        )
    )
    engine, version = draw(st.sampled_from(_ENGINES))
    entry = EnvironmentEntry(
        provider="aws",
        region=region,
        account=draw(st.none() | st.just(ACCOUNT)),
        id=draw(st.none() | st.just("k3f9")),
        key=draw(st.none() | st.just(f"arn:{partition}:kms:{region}:{ACCOUNT}:key/own")),
        network=draw(_networks()),
        databases={
            "defaults": DatabaseSettings(
                layout=draw(st.none() | st.sampled_from(["shared", "separate", "per-service"])),
                size=draw(st.none() | st.sampled_from(["db.t4g.small", "db.m7g.large"])),
                multi_az=draw(st.none() | st.booleans()),
                storage=draw(st.none() | st.sampled_from([450, 60_000])),
            )
        },
        caches={
            "defaults": CacheSettings(
                engine=engine,
                version=version,
                replicas=draw(st.sampled_from([1, 2])),
                multi_az=draw(st.none() | st.booleans()),
            )
        },
        buckets={
            "defaults": BucketSettings(
                cors=draw(st.none() | st.just((CorsRule(origins=("https://shop.example",)),))),
                cache_seconds=draw(st.none() | st.sampled_from([0, 60])),
            )
        },
        containers=Containers(
            layout=draw(st.none() | st.sampled_from(["combined", "per-service"]))
        ),
        trust=draw(st.none() | st.sampled_from(["ecs", "eks", "ec2"])),
        metrics=draw(st.none() | st.just(MetricsSettings(exporter="cloudwatch", namespace="shop"))),
    )
    chosen: Any = kind or draw(st.sampled_from(["production", "development", "ephemeral", "test"]))
    return Environment(name="live", provider="aws", type=chosen, settings=entry)
