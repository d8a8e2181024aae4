"""Findings of all kinds together, and settings of what the app does not declare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.aws_program import NAMES, settings_of
from tests.support.graphs import bucket, cache, database, graph, secret, subscription, topic

from encore_aws.capabilities import capabilities
from encore_aws.program import Program, normalise
from encore_config.diagnostics import order
from encore_config.environment import (
    Adopt,
    AdoptedCache,
    AdoptedDatabase,
    BucketSettings,
    CacheSettings,
    DatabaseSettings,
)
from encore_config.graph import Graph
from encore_provisioner.engine.recording import record

SECRET = "arn:aws:secretsmanager:eu-north-1:111122223333:secret:x-AbCdEf"


def app(tmp_root: Any = None) -> Graph:
    return graph(
        databases=[database("orders", root=tmp_root)],
        caches=[cache("sessions")],
        topics=[topic("placed")],
        subscriptions=[subscription("placed", "mail")],
        buckets=[bucket("files")],
        secrets=[secret("Key")],
    )


@pytest.mark.parametrize(
    ("settings", "where", "hint"),
    [
        (
            {"databases": {"ordres": DatabaseSettings(size="db.t4g.small")}},
            "databases.ordres",
            "did you mean `orders`?",
        ),
        (
            {"caches": {"x": CacheSettings(replicas=1)}},
            "caches.x",
            "declared caches: sessions",
        ),
        (
            {"buckets": {"file": BucketSettings(cache_seconds=1)}},
            "buckets.file",
            "did you mean `files`?",
        ),
        ({"adopt": Adopt(topics={"t": "arn:aws:sns:eu-north-1:111122223333:t"})}, "adopt.topics.t",
         "declared topics: placed"),
        ({"adopt": Adopt(subscriptions={"placed/mial": "arn:aws:sqs:eu-north-1:111122223333:q"})},
         "adopt.subscriptions.placed/mial", "did you mean `placed/mail`?"),
        ({"adopt": Adopt(buckets={"b": "acme"})}, "adopt.buckets.b", "declared buckets: files"),
        ({"adopt": Adopt(secrets={"Kye": SECRET})}, "adopt.secrets.Kye", "did you mean `Key`?"),
        ({"adopt": Adopt(caches={"c": AdoptedCache(group="g")})}, "adopt.caches.c",
         "declared caches: sessions"),
        ({"adopt": Adopt(databases={"d": AdoptedDatabase(instance="i", username="u",
                                                         password=SECRET)})},
         "adopt.databases.d", "declared databases: orders"),
    ],
)  # fmt: skip
def test_a_setting_of_what_is_not_declared(settings: Any, where: str, hint: str) -> None:
    found = [f for f in capabilities(app(), settings_of(**settings), NAMES) if f.code == "E9202"]
    assert [item.message for item in found] == [
        f"environments.production.{where}: the app declares nothing of this name"
    ]
    assert found[0].hint == hint
    assert found[0].severity == "error"


def test_an_app_without_any_of_the_kind_is_told_so() -> None:
    settings = settings_of(buckets={"files": BucketSettings(cache_seconds=1)})
    (found,) = capabilities(graph(), settings, NAMES)
    assert found.hint == "the app declares no buckets"


def test_defaults_and_what_is_declared_are_no_findings() -> None:
    settings = settings_of(
        databases={
            "defaults": DatabaseSettings(storage=30),
            "orders": DatabaseSettings(max_connections=5),
        },
        caches={"defaults": CacheSettings(replicas=1), "sessions": CacheSettings(replicas=2)},
        buckets={"defaults": BucketSettings(cache_seconds=1), "files": BucketSettings()},
    )
    assert capabilities(app(), settings, NAMES) == ()


def test_findings_of_several_kinds_come_sorted_and_each_once() -> None:
    slow = graph(
        topics=[topic("placed")],
        subscriptions=[subscription("placed", "mail", ack_deadline=90_000, retention=1)],
        databases=[database(name, root=None) for name in ("a", "b")],  # type: ignore[arg-type]
    )
    settings = settings_of(
        protect=False, databases={"defaults": DatabaseSettings(layout="separate")}
    )
    found = capabilities(slow, settings, NAMES)
    assert list(found) == sorted(found, key=order)
    assert sorted(item.code for item in found) == ["W9020", "W9021", "W9210"]


def test_a_key_of_ones_own_must_let_in_every_log_group_that_a_program_makes() -> None:
    """Those of servers and of the function too: without the statement none of them can be made."""
    key = "arn:aws:kms:eu-north-1:111122223333:key/own"
    chosen, target = settings_of(key=key), app(Path())
    (told,) = (one for one in capabilities(target, chosen, NAMES) if one.code == "W9241")
    program = Program(normalise(target, chosen, NAMES), chosen, NAMES)
    found = record(program, project="shop", stack="production")
    made = [item.inputs["name"] for item in found.resources if item.type.endswith(":LogGroup")]
    assert len(made) == 3
    for name in made:
        assert f'log-group:{name}"' in str(told.hint)
