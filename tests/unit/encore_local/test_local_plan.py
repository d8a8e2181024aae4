"""Wanted against actual: what is made, changed, replaced, removed, and what would be lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.graphs import at, bucket, cache, database, graph, secret, subscription, topic

from encore_config.plan import SECRET, UNKNOWN, DeclarationRef
from encore_local.desired import desired_resources, desired_servers
from encore_local.model import (
    AWS,
    BUCKET,
    DATABASE,
    POSTGRES,
    SUBSCRIPTION,
    TOPIC,
    VALKEY,
    Actual,
    Data,
    Names,
    Wanted,
)
from encore_local.plan import deletions, step_for
from encore_provisioner.postgres.judging import MigrationFile

NAMES = Names(app="shop", environment="local")
FILE = MigrationFile(number=1, filename="1_a.up.sql", path="m/1_a.up.sql", text="", sha256="h")
GRAPH = graph(
    databases=(database("orders", None, root=Path()),),
    topics=(topic("placed"), topic("ledger", ordering_attribute="id")),
    subscriptions=(subscription("placed", "mail"),),
    buckets=(bucket("files"),),
    caches=(cache("main"),),
    secrets=(secret("Key"), secret("Missing")),
)


def wanted(**parts: Any) -> dict[str, Wanted]:
    found = desired_resources(
        graph(**parts), NAMES, with_value=frozenset({"Key"}), files={"orders": (FILE,)}
    )
    return {resource.name: resource for resource in found}


def actual(resource: Wanted, **changes: Any) -> Actual:
    values = {"properties": resource.properties, "data": "some", **changes}
    return Actual(
        type=resource.type,
        name=resource.name,
        urn=resource.urn,
        declaration=resource.declaration,
        **values,
    )


def test_everything_declared_is_wanted_in_the_order_of_its_making() -> None:
    found = desired_resources(
        GRAPH, NAMES, with_value=frozenset({"Key"}), files={"orders": (FILE,)}
    )
    assert [(r.type, r.name) for r in found] == [
        ("local:secret:Secret", "Key"),
        ("local:database:Database", "orders"),
        ("local:database:Migration", "orders/1_a.up.sql"),
        ("local:topic:Topic", "placed"),
        ("local:topic:Topic", "ledger"),
        ("local:subscription:Queue", "placed/mail"),
        ("local:bucket:Bucket", "files"),
    ]
    assert found[1].urn == "urn:encore:shop:local::local:database:Database::orders"
    assert found[5].declaration == DeclarationRef(kind="subscription", name="placed/mail", at=at())


def test_servers_have_the_ports_that_are_chosen() -> None:
    found = desired_servers(
        GRAPH,
        NAMES,
        runs_with={"postgres": {"port": 0, "version": "18"}, "cache/main": {"port": 0}},
        ports={"postgres": 25432},
    )
    assert [(r.type, r.properties) for r in found] == [
        (POSTGRES, {"port": 25432, "version": "18"}),
        (VALKEY, {"port": UNKNOWN}),
    ]
    assert found[0].declaration is None
    assert found[1].declaration == DeclarationRef(kind="cache", name="main", at=at())


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (
            {},
            {
                "topic": "t",
                "queue": "t--s",
                "dead_letter_queue": "t--s--dlq",
                "fifo": False,
                "visibility_timeout": 30,
                "message_retention": 604800,
                "max_receive_count": 101,
                "dead_letter_retention": 1209600,
                "raw_message_delivery": False,
                "send_allowed_to": "t",
            },
        ),
        ({"max_retries": 0}, {"max_receive_count": 101}),
        ({"max_retries": 3}, {"max_receive_count": 4}),
        ({"max_retries": 5000}, {"max_receive_count": 1000}),
        (
            {"max_retries": -1},
            {"max_receive_count": None, "dead_letter_queue": None, "dead_letter_retention": 0},
        ),
        ({"ack_deadline": 0.5}, {"visibility_timeout": 1}),
        ({"ack_deadline": 1.2}, {"visibility_timeout": 2}),
        ({"ack_deadline": 90000}, {"visibility_timeout": 43200}),
        ({"retention": 5}, {"message_retention": 60}),
        ({"retention": 60.5}, {"message_retention": 61}),
        ({"retention": 10**9}, {"message_retention": 1209600}),
    ],
)
def test_a_subscription_becomes_a_queue_within_the_limits(
    declared: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = wanted(topics=(topic("t"),), subscriptions=(subscription("t", "s", **declared),))
    assert expected.items() <= found["t/s"].properties.items()


@pytest.mark.parametrize(
    ("declared", "fifo"),
    [
        ({}, False),
        ({"ordering_attribute": "id"}, True),
        ({"delivery": "exactly-once"}, True),
        ({"delivery": "exactly-once", "ordering_attribute": "id"}, True),
    ],
)
def test_order_and_exactly_once_ask_for_fifo(declared: dict[str, Any], fifo: bool) -> None:
    found = wanted(topics=(topic("t", **declared),), subscriptions=(subscription("t", "s"),))
    names = [found["t"].properties["topic"]]
    names += [found["t/s"].properties[key] for key in ("topic", "queue", "dead_letter_queue")]
    assert {name.endswith(".fifo") for name in names} == {fifo}
    assert found["t"].properties["fifo"] is found["t/s"].properties["fifo"] is fifo


def test_what_does_not_exist_is_created_with_every_property() -> None:
    files = wanted(buckets=(bucket("files", public=True),))["files"]
    step = step_for(files, None)
    assert step.op == "create"
    assert {d.path: (d.before, d.after) for d in step.diff} == {
        path: (None, value) for path, value in files.properties.items()
    }


def test_what_is_as_declared_stays_and_says_so() -> None:
    files = wanted(buckets=(bucket("files"),))["files"]
    step = step_for(files, actual(files))
    assert (step.op, step.diff, bool(step.reason)) == ("same", (), True)


def test_what_differs_is_updated_in_just_that() -> None:
    files = wanted(buckets=(bucket("files", versioned=True),))["files"]
    step = step_for(files, actual(files, properties={**files.properties, "versioned": False}))
    assert step.op == "update"
    assert [(d.path, d.before, d.after) for d in step.diff] == [("versioned", False, True)]
    assert "versioned" in step.reason


def test_a_password_never_shows() -> None:
    orders = wanted(databases=(database("orders", None, root=Path()),))["orders"]
    step = step_for(orders, actual(orders, properties={**orders.properties, "password": None}))
    assert [(d.path, d.before, d.after) for d in step.diff] == [("password", None, SECRET)]


@pytest.mark.parametrize(("data", "loss"), [("some", True), ("unknown", True), ("none", False)])
def test_what_cannot_be_changed_is_replaced(data: Any, loss: bool) -> None:
    ordered = wanted(topics=(topic("t", ordering_attribute="id"),))["t"]
    before = {"topic": "t", "fifo": False}
    step = step_for(ordered, actual(ordered, properties=before, data=data))
    assert (step.op, step.data_loss) == ("replace", loss)
    assert step.reason.startswith("DATA LOSS") is loss
    assert {d.path for d in step.diff if d.forces_replacement} == {"topic", "fifo"}


STOPPED = {
    "server": ("postgres", POSTGRES, "update", "not running"),
    "database": ("orders", DATABASE, "same", "was as declared when its server last ran"),
    "topic": ("t", TOPIC, "update", "is put back once its server runs"),
    "subscription": ("t/s", SUBSCRIPTION, "update", "is put back once its server runs"),
    "bucket": ("files", BUCKET, "update", "is put back once its server runs"),
}


@pytest.mark.parametrize(("name", "type_", "op", "reason"), STOPPED.values(), ids=STOPPED)
def test_what_a_stopped_server_holds(name: str, type_: str, op: str, reason: str) -> None:
    resource = Wanted(
        type=type_, name=name, urn=NAMES.urn(type_, name), declaration=None, properties={"a": 1}
    )
    step = step_for(resource, actual(resource, known=False, note="not running"))
    assert (step.op, step.reason, step.diff) == (op, reason, ())


def test_a_server_that_remembers_nothing_is_started_and_no_more() -> None:
    server = Wanted(
        type=AWS, name="aws", urn=NAMES.urn(AWS, "aws"), declaration=None, properties={"port": 1}
    )
    step = step_for(server, actual(server, properties={}, known=False, note="not running"))
    assert (step.op, step.diff) == ("update", ())


GONE: tuple[tuple[str, str, str, Data], ...] = (
    (POSTGRES, "postgres", "server", "unknown"),
    (AWS, "aws", "server", "unknown"),
    (VALKEY, "cache/c", "cache", "none"),
    (DATABASE, "b", "database", "some"),
    (DATABASE, "a", "database", "some"),
    (BUCKET, "empty", "bucket", "none"),
    (BUCKET, "full", "bucket", "some"),
    (TOPIC, "t", "topic", "none"),
    (SUBSCRIPTION, "t/s", "subscription", "some"),
)


def test_what_is_no_longer_declared_goes_contents_first() -> None:
    gone = [
        Actual(
            type=type_,
            name=name,
            urn=NAMES.urn(type_, name),
            declaration=DeclarationRef(kind=kind, name=name),
            properties={"b": 2, "a": 1},
            data=data,
        )
        for type_, name, kind, data in GONE
    ]
    steps = deletions((), {resource.urn: resource for resource in gone}, why="gone")
    assert [(step.name, step.data_loss) for step in steps] == [
        ("t/s", True),
        ("t", False),
        ("empty", False),
        ("full", True),
        ("a", True),
        ("b", True),
        ("cache/c", False),
        ("aws", False),
        ("postgres", False),
    ]
    assert all(step.op == "delete" for step in steps)
    assert [(d.path, d.before, d.after) for d in steps[0].diff] == [("a", 1, None), ("b", 2, None)]


def test_nothing_that_is_wanted_goes() -> None:
    found = wanted(buckets=(bucket("files"), bucket("web")))
    there = {r.urn: actual(r) for r in found.values()}
    steps = deletions((found["files"],), there, why="gone")
    assert [step.name for step in steps] == ["web"]


def test_only_a_changed_property_is_in_the_diff_of_a_moved_server() -> None:
    server = Wanted(
        type=AWS,
        name="aws",
        urn=NAMES.urn(AWS, "aws"),
        declaration=None,
        properties={"port": UNKNOWN, "version": "1"},
    )
    step = step_for(server, actual(server, properties={"port": 20001, "version": "1"}))
    assert [(d.path, d.before, d.after) for d in step.diff] == [("port", 20001, UNKNOWN)]
