"""The example app ``examples/shop`` and the graph that it must give.

``tests/cases/shop.graph.json`` was written from the source and the contract. When the shop changes,
the file changes with it, by a person who looks at each line.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
from tests.support.tool import ROOT, SHOP

from encore_config import codec, schema
from encore_config.graph import BucketOperation, Graph
from encore_provisioner.analysis import Analysis, analyse

EXPECTED = ROOT / "tests" / "cases" / "shop.graph.json"


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse(SHOP)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return codec.decode(EXPECTED.read_bytes(), Graph)


def test_the_shop_gives_the_expected_graph_and_no_finding(analysis: Analysis) -> None:
    assert analysis.diagnostics == ()
    assert codec.encode(analysis.graph).decode() == EXPECTED.read_text(encoding="utf-8")


def test_the_expected_graph_validates_against_its_schema() -> None:
    document = codec.parse(EXPECTED.read_bytes())
    jsonschema.Draft202012Validator(schema.load("graph")).validate(document)


PROMISES: dict[str, Callable[[Graph], bool]] = {
    "four services or more": lambda g: len(g.services) >= 4,
    "two databases with several migrations each": lambda g: (
        sum(1 for d in g.databases if d.migrations and len(d.migrations.files) > 1) >= 2
    ),
    "a plain topic": lambda g: any(t.ordering_attribute is None for t in g.topics),
    "an ordered topic": lambda g: any(t.ordering_attribute is not None for t in g.topics),
    "three subscriptions or more": lambda g: len(g.subscriptions) >= 3,
    "a subscription with its own retries": lambda g: any(
        s.max_retries != 100 for s in g.subscriptions
    ),
    "a subscription with its own deadline, retention and concurrency": lambda g: any(
        s.ack_deadline != 30 and s.retention != 604800 and s.max_concurrency
        for s in g.subscriptions
    ),
    "a subscription of defaults": lambda g: any(
        (s.ack_deadline, s.retention, s.max_retries, s.max_concurrency) == (30, 604800, 100, None)
        for s in g.subscriptions
    ),
    "a public bucket": lambda g: any(b.public for b in g.buckets),
    "a private bucket": lambda g: any(not b.public for b in g.buckets),
    "a versioned bucket": lambda g: any(b.versioned for b in g.buckets),
    "a cache used by name from another service": lambda g: (
        len({u.service for u in g.uses if u.kind == "cache"}) > 1
    ),
    "a database used by name from another service": lambda g: (
        len({u.service for u in g.uses if (u.kind, u.name) == ("database", "orders")}) > 1
    ),
    "a keyspace with several fields": lambda g: any(
        k.key_pattern.count(":") > 1 for k in g.keyspaces
    ),
    "a keyspace with a key of a basic type": lambda g: any(
        ":key" in k.key_pattern.split("/") for k in g.keyspaces
    ),
    "secrets": lambda g: bool(g.secrets),
    "a cron job by interval": lambda g: any(c.schedule.startswith("every:") for c in g.cron_jobs),
    "a cron job by expression": lambda g: any(
        c.schedule.startswith("schedule:") for c in g.cron_jobs
    ),
    "cron jobs that call private endpoints only": lambda g: (
        {(c.endpoint.service, c.endpoint.name) for c in g.cron_jobs}
        <= {(e.service, e.name) for e in g.endpoints if e.access == "private"}
    ),
    "endpoints of three kinds": lambda g: (
        {"typed", "raw", "static"} <= {e.kind for e in g.endpoints}
    ),
    "endpoints of each access": lambda g: (
        {"public", "private", "auth"} == {e.access for e in g.endpoints}
    ),
    "a gateway with an auth handler": lambda g: g.gateway.explicit and bool(g.gateway.auth_handler),
    "a counter and a gauge": lambda g: {"counter", "gauge"} == {m.kind for m in g.metrics},
    "a call between services": lambda g: any(u.kind == "endpoint" for u in g.uses),
    "every operation on buckets": lambda g: (
        {o for u in g.uses if u.kind == "bucket" for o in u.operations}
        == set(get_args(BucketOperation))
    ),
}
"""What the example owes its readers: each kind of declaration, and each form that matters."""


@pytest.mark.parametrize("promise", PROMISES)
def test_each_kind_of_declaration_is_in_the_shop(promise: str, graph: Graph) -> None:
    assert PROMISES[promise](graph)


KEYSPACES = (
    "StringKeyspace",
    "IntKeyspace",
    "FloatKeyspace",
    "StructKeyspace",
    "StringListKeyspace",
    "NumberListKeyspace",
    "StringSetKeyspace",
    "NumberSetKeyspace",
)
FORMS = (
    *(f"new {name}<" for name in KEYSPACES),
    *(f"{name}(" for name in ("expireIn", "expireInSeconds", "expireInMinutes", "expireInHours")),
    "expireDailyAt(",
    "neverExpire,",
    "keepTTL }",
    "CacheMiss)",
    "CacheKeyExists)",
    "APIError.",
    "Attribute<",
    "ref<Publisher<",
    "ref<Uploader & Attrser>",
    "ref<Lister & Remover>",
    "~encore/clients",
    "~encore/auth",
)
"""Forms that leave no trace of their own in a graph."""


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_written_somewhere_in_the_shop(form: str) -> None:
    assert any(form in text for text in sources(SHOP))


def sources(app: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(app.rglob("*.ts"))]


def test_static_endpoints_serve_files_that_exist() -> None:
    for file in ("public/index.html", "public/not-found.html", "assets/shop.1.css"):
        assert (SHOP / "storefront" / file).is_file()
