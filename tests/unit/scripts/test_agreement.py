"""Each kind of fact that is compared: said by both it is no difference, changed it is one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from scripts.agreement import differences, of_graph, of_metadata

from encore_config import graph as g
from encore_config.position import At

AT = At(file="a.ts", line=1, column=1)
GRAPH = g.Graph(
    app=g.App(id="", language="typescript"),
    gateway=g.Gateway(
        explicit=True, auth_handler=g.ServiceEndpoint(service="a", name="auth"), at=AT
    ),
    services=(g.Service(name="a", root=".", at=AT), g.Service(name="b", root="in/b", at=AT)),
    endpoints=(
        g.Endpoint(
            service="b", name="get", methods=("GET", "PUT"), path="/x/:id/*rest", access="auth",
            kind="typed", at=AT,
        ),
    ),
    databases=(
        g.Database(
            name="d",
            migrations=g.Migrations(
                dir="m", source="default",
                files=tuple(
                    g.MigrationFile(filename=f"1_{name}.up.sql", number=1, description=name)
                    for name in ("a", "b")
                ),
            ),
            at=AT,
        ),
        g.Database(name="e", migrations=None, at=AT),
    ),
    topics=(g.Topic(name="t", delivery="exactly-once", ordering_attribute="k", at=AT),),
    subscriptions=(
        g.Subscription(
            topic="t", name="s", service="a", ack_deadline=30, retention=60, min_backoff=0.5,
            max_backoff=2, max_retries=3, max_concurrency=None, at=AT,
        ),
    ),
    buckets=(g.Bucket(name="u", public=True, versioned=False, at=AT),),
    caches=(g.Cache(name="c", eviction_policy="allkeys-lru", at=AT),),
    keyspaces=(g.Keyspace(cache="c", service="a", key_pattern="x/:key", at=AT),),
    secrets=(g.Secret(name="S", services=("a", "b"), at=(AT,)),),
    metrics=(g.Metric(name="n", kind="gauge", services=("a",), at=AT),),
    cron_jobs=(
        g.CronJob(
            name="j", title="J", schedule="every:5",
            endpoint=g.ServiceEndpoint(service="b", name="get"), at=AT,
        ),
    ),
    uses=(
        g.Use(service="a", kind="database", name="d", operations=("access", "read"), at=(AT,)),
        g.Use(service="a", kind="topic", name="t", operations=("publish",), at=(AT,)),
        g.Use(service="a", kind="bucket", name="u", operations=("list", "signed_upload"), at=(AT,)),
        g.Use(service="a", kind="cache", name="c", operations=("access",), at=(AT,)),
        g.Use(service="a", kind="metric", name="n", operations=("set",), at=(AT,)),
        g.Use(service="a", kind="endpoint", name="b.get", operations=("call",), at=(AT,)),
    ),
)  # fmt: skip


def metadata() -> Any:
    """The same app, as Encore says it: numbers for enums, nanoseconds, folders for services."""
    path = [{"type": kind, "value": value} for kind, value in ((0, "x"), (1, "id"), (2, "rest"))]
    endpoint = {
        "name": "get", "service_name": "b", "access_type": 2, "path": {"segments": path},
        "http_methods": ["PUT", "GET"], "static_assets": None, "doc": None,
    }  # fmt: skip
    none: dict[str, list[object]] = {"rpcs": [], "databases": [], "buckets": [], "metrics": []}
    user = {"databases": ["d"], "buckets": [{"bucket": "u", "operations": [8, 1]}]}
    retries = {"min_backoff": 5 * 10**8, "max_backoff": 2 * 10**9, "max_retries": 3}
    subscription = {
        "name": "s", "service_name": "a", "ack_deadline": 30 * 10**9, "retry_policy": retries,
        "message_retention": 60 * 10**9, "max_concurrency": None,
    }  # fmt: skip
    pattern = {"segments": [{"type": 0, "value": "x"}, {"type": 1, "value": "key"}]}
    return {
        "language": 1,
        "svcs": [
            {"name": "a", "rel_path": "", **none, **user, "metrics": ["n"]},
            {"name": "b", "rel_path": "in/b", **none, "rpcs": [endpoint]},
        ],
        "pkgs": [
            {"service_name": "a", "secrets": ["S"], "rpc_calls": [{"pkg": "in/b", "name": "get"}]},
            {"service_name": "b", "secrets": ["S"], "rpc_calls": []},
        ],
        "sql_databases": [
            {"name": "d", "migration_rel_path": "m",
             "migrations": [{"filename": f"1_{name}.up.sql", "number": 1} for name in "ba"]},
            {"name": "e", "migration_rel_path": None, "migrations": []},
        ],
        "pubsub_topics": [
            {"name": "t", "delivery_guarantee": 1, "ordering_key": "k",
             "publishers": [{"service_name": "a"}], "subscriptions": [subscription]},
        ],
        "buckets": [{"name": "u", "public": True, "versioned": False}],
        "cache_clusters": [
            {"name": "c", "eviction_policy": "allkeys-lru",
             "keyspaces": [{"service": "a", "path_pattern": pattern}]},
        ],
        "metrics": [{"name": "n", "kind": 1}],
        "cron_jobs": [
            {"id": "j", "title": "J", "schedule": "every:5",
             "endpoint": {"pkg": "in/b", "name": "get"}}
        ],
        "gateways": [
            {"encore_name": "api-gateway",
             "explicit": {"auth_handler": {"name": "auth", "service_name": "a"}}},
        ],
    }  # fmt: skip


def compared(change: Callable[[Any], None]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    data = metadata()
    change(data)
    found = differences(GRAPH, json.dumps(data).encode())
    return {difference.kind: (difference.ours, difference.theirs) for difference in found}


def test_what_both_say_is_no_difference() -> None:
    assert compared(lambda _: None) == {}


def test_every_kind_is_in_the_app_that_is_compared() -> None:
    ours, theirs = of_graph(GRAPH), of_metadata(json.dumps(metadata()).encode())
    assert ours.keys() == theirs.keys()
    assert all(ours.values())


def at(*keys: str | int, value: object) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = value

    return change


SUBSCRIPTION = ("pubsub_topics", 0, "subscriptions", 0)
ENDPOINT = ("svcs", 1, "rpcs", 0)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("services", at("svcs", 0, "rel_path", value="elsewhere")),
        ("endpoints", at(*ENDPOINT, "access_type", value=1)),
        ("endpoints", at(*ENDPOINT, "http_methods", value=["GET"])),
        ("endpoints", at(*ENDPOINT, "path", "segments", 2, "type", value=3)),
        ("endpoints", at(*ENDPOINT, "static_assets", value={"dir_rel_path": "x"})),
        ("gateway", at("gateways", 0, "explicit", value=None)),
        ("gateway", at("gateways", 0, "explicit", "auth_handler", value=None)),
        ("databases", at("sql_databases", 0, "migrations", 0, "number", value=2)),
        ("databases", at("sql_databases", 1, "migration_rel_path", value="n")),
        ("topics", at("pubsub_topics", 0, "delivery_guarantee", value=0)),
        ("topics", at("pubsub_topics", 0, "ordering_key", value="")),
        ("subscriptions", at(*SUBSCRIPTION, "ack_deadline", value=1)),
        ("subscriptions", at(*SUBSCRIPTION, "retry_policy", "max_retries", value=0)),
        ("subscriptions", at(*SUBSCRIPTION, "max_concurrency", value=4)),
        ("buckets", at("buckets", 0, "versioned", value=True)),
        ("caches", at("cache_clusters", 0, "eviction_policy", value="noeviction")),
        ("metrics", at("metrics", 0, "kind", value=0)),
        ("cron jobs", at("cron_jobs", 0, "schedule", value="every:6")),
        ("cron jobs", at("cron_jobs", 0, "endpoint", "pkg", value="")),
        ("secrets", at("pkgs", 1, "secrets", value=[])),
        ("uses of databases", at("svcs", 1, "databases", value=["e"])),
        ("uses of topics", at("pubsub_topics", 0, "publishers", value=[])),
        ("uses of buckets", at("svcs", 0, "buckets", 0, "operations", value=[1])),
        ("uses of metrics", at("svcs", 0, "metrics", value=[])),
        ("calls of endpoints", at("pkgs", 0, "rpc_calls", 0, "name", value="put")),
    ],
)
def test_what_one_side_says_alone_is_told(kind: str, change: Callable[[Any], None]) -> None:
    assert compared(change).keys() == {kind}


def test_a_keyspace_in_another_service_is_another_use_of_the_cache_too() -> None:
    found = compared(at("cache_clusters", 0, "keyspaces", 0, "service", value="b"))
    assert found == {
        "keyspaces": (("c a x/:key",), ("c b x/:key",)),
        "uses of caches": (("a c",), ("b c",)),
    }
