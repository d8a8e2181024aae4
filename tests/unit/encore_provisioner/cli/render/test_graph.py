"""The graph of the example shop's little sister, for people and as a diagram."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from tests.support.golden import CASES, assert_golden

from encore_config.graph import (
    App,
    Bucket,
    Cache,
    CronJob,
    Database,
    Endpoint,
    Gateway,
    Graph,
    Keyspace,
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
from encore_provisioner.cli.render.graph_text import graph_lines, summary
from encore_provisioner.cli.render.mermaid import escape, mermaid
from encore_provisioner.cli.render.style import plain

FOLDER = CASES / "render"
EMPTY = Graph(app=App(id="", language="typescript"), gateway=Gateway())


def at(line: int, file: str = "orders/api.ts") -> At:
    return At(file=file, line=line, column=1)


def subscription(name: str, retries: int, ack: float) -> Subscription:
    return Subscription(
        topic="placed",
        name=name,
        service="mail",
        ack_deadline=ack,
        retention=604800,
        min_backoff=10,
        max_backoff=600,
        max_retries=retries,
        max_concurrency=None,
        at=at(9, "mail/on.ts"),
    )


WHOLE = Graph(
    app=App(id="shop-x1", language="typescript"),
    gateway=Gateway(
        explicit=True,
        auth_handler=ServiceEndpoint(service="orders", name="auth"),
        at=at(1, "gateway.ts"),
    ),
    services=(
        Service(name="mail", root="mail", at=at(1)),
        Service(name="orders", root=".", at=at(2)),
    ),
    endpoints=(
        Endpoint(
            service="orders",
            name="place",
            methods=("POST",),
            path="/orders",
            access="auth",
            kind="typed",
            at=at(3),
        ),
        Endpoint(
            service="orders",
            name="hook",
            methods=("GET", "POST"),
            path="/hook/*rest",
            access="public",
            kind="raw",
            at=at(4),
        ),
        Endpoint(
            service="mail",
            name="send",
            methods=("POST",),
            path="/mail.send",
            access="private",
            kind="typed",
            at=at(5),
        ),
    ),
    databases=(
        Database(
            name="orders",
            migrations=Migrations(
                dir="orders/migrations",
                source="default",
                files=(MigrationFile(filename="1_a.up.sql", number=1, description="a"),),
            ),
            at=at(6),
        ),
        Database(name="unused", migrations=None, at=at(7)),
    ),
    topics=(
        Topic(name="placed", delivery="exactly-once", ordering_attribute="id", at=at(8)),
        Topic(name="silent", delivery="at-least-once", ordering_attribute=None, at=at(8)),
    ),
    subscriptions=(subscription("one", 0, 0.5), subscription("two", 1, 90)),
    buckets=(Bucket(name="files", public=True, versioned=False, at=at(10)),),
    caches=(Cache(name="main", eviction_policy="allkeys-lru", at=at(11)),),
    keyspaces=(
        Keyspace(cache="main", service="orders", key_pattern="cart/:id", at=at(12)),
        Keyspace(cache="main", service="", key_pattern="all", at=at(13)),
    ),
    secrets=(
        Secret(name="Key", services=("mail",), at=(at(14),)),
        Secret(name="Old", services=(), at=()),
    ),
    metrics=(Metric(name="placed", kind="counter", services=("orders",), at=at(15)),),
    cron_jobs=(
        CronJob(
            name="tidy",
            title="Tidy",
            schedule="every:90",
            endpoint=ServiceEndpoint(service="mail", name="send"),
            at=at(16),
        ),
        CronJob(
            name="week",
            title="Week",
            schedule="schedule:0 6 * * 1",
            endpoint=ServiceEndpoint(service="mail", name="send"),
            at=at(17),
        ),
    ),
    uses=(
        Use(
            service="orders",
            kind="bucket",
            name="files",
            operations=("read", "write"),
            at=(at(18),),
        ),
        Use(
            service="orders",
            kind="database",
            name="orders",
            operations=("access",),
            at=(at(19), at(20)),
        ),
        Use(
            service="orders", kind="endpoint", name="mail.send", operations=("call",), at=(at(21),)
        ),
        Use(
            service="orders",
            kind="endpoint",
            name="orders.place",
            operations=("call",),
            at=(at(22),),
        ),
        Use(
            service="orders", kind="metric", name="placed", operations=("increment",), at=(at(23),)
        ),
        Use(service="orders", kind="topic", name="placed", operations=("publish",), at=(at(24),)),
    ),
)


def test_text() -> None:
    assert_golden(FOLDER / "graph.txt", plain(graph_lines(WHOLE, "shop-x1")))


def test_an_empty_app_says_so() -> None:
    assert plain(graph_lines(EMPTY, "shop")) == "app shop (typescript): nothing declared\n"
    assert summary(EMPTY) == "nothing declared"


def test_every_declaration_has_its_place() -> None:
    text = plain(graph_lines(WHOLE, "shop-x1"))
    lines = {int(n) for n in re.findall(r"orders/api\.ts:(\d+)", text)}
    assert lines == set(range(1, 25)) - {20} - {9}


def test_mermaid() -> None:
    assert_golden(FOLDER / "graph.mmd", mermaid(WHOLE))
    assert mermaid(EMPTY) == "flowchart LR\n"


@given(st.text(max_size=50))
def test_a_label_holds_nothing_that_means_something(text: str) -> None:
    escaped = escape(text)
    assert not set(re.sub(r"#\d+;", "", escaped)) & set("\"'`<>[]{}|;#&%\\\n\r")
    assert re.sub(r"#(\d+);", lambda m: chr(int(m[1])), escaped) == text
