"""Which databases share a server, what each pool gets, and what is found wrong with it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.aws_program import settings_of
from tests.support.graphs import at
from tests.support.pages import WRONG, apps

from encore_aws import sizes
from encore_aws.servers import SHARED, Servers, findings
from encore_aws.settings import Settings, settings
from encore_config.environment import (
    Adopt,
    AdoptedDatabase,
    Containers,
    DatabaseSettings,
    EnvironmentType,
)
from encore_config.graph import App, Database, Gateway, Graph, Service, ServiceEndpoint, Use
from encore_config.rules import load
from encore_provisioner.environments import read_environments, resolve

USES = (("cart", "carts"), ("cart", "orders"), ("pay", "orders"), ("pay", "ledger"))
NAMES = ("carts", "ledger", "orders", "unused")
GIVEN = DatabaseSettings


def app(*names: str, uses: tuple[tuple[str, str], ...] = USES, handler: str | None = None) -> Graph:
    """Two services and one inside another's folder; databases lie in the folder of ``pay``."""
    auth = ServiceEndpoint(service=handler, name="auth") if handler else None
    return Graph(
        app=App(id="shop", language="typescript"),
        gateway=Gateway(auth_handler=auth),
        services=tuple(
            Service(name=name, root=root, at=at())
            for name, root in (("cart", "cart"), ("pay", "pay"), ("refund", "pay/refund"))
        ),
        databases=tuple(
            Database(
                name=name, migrations=None, at=at("cart/db.ts" if name == "carts" else "pay/db.ts")
            )
            for name in names or NAMES
        ),
        uses=tuple(
            Use(service=s, kind="database", name=d, operations=("access",), at=(at(),))
            for s, d in uses
        ),
    )


def chosen(kind: Any = "development", *, containers: Any = None, **databases: Any) -> Settings:
    adopt = databases.pop("adopt", None)
    return settings_of(kind, databases=databases, containers=containers, adopt=adopt)


@pytest.mark.parametrize(
    ("databases", "expected"),
    [
        ({}, dict.fromkeys(NAMES, "shared")),
        ({"defaults": GIVEN(layout="separate")}, {n: f"database/{n}" for n in NAMES}),
        (
            {"defaults": GIVEN(layout="per-service")},
            {
                "carts": "service/cart",
                "ledger": "service/pay",
                "orders": "service/pay",
                "unused": "service/pay",
            },
        ),
        (
            {"orders": GIVEN(size="db.m7g.large")},
            {**dict.fromkeys(NAMES, "shared"), "orders": "database/orders"},
        ),
        ({"orders": GIVEN(max_connections=5)}, dict.fromkeys(NAMES, "shared")),
        (
            {"orders": GIVEN(layout="separate")},
            {**dict.fromkeys(NAMES, "shared"), "orders": "database/orders"},
        ),
        (
            {"defaults": GIVEN(layout="separate"), "orders": GIVEN(layout="shared")},
            {**{n: f"database/{n}" for n in NAMES}, "orders": "shared"},
        ),
        (
            {"defaults": GIVEN(layout="per-service"), "carts": GIVEN(backup_days=1)},
            {
                "carts": "database/carts",
                "ledger": "service/pay",
                "orders": "service/pay",
                "unused": "service/pay",
            },
        ),
    ],
)
def test_where_each_database_lies(databases: Any, expected: dict[str, str]) -> None:
    assert Servers(app(), chosen(**databases)).places == expected


def test_what_is_adopted_lies_on_no_server_of_ours() -> None:
    adopted = AdoptedDatabase(instance="old", username="u", password="arn:aws:secretsmanager:::x")
    found = Servers(app(), chosen(adopt=Adopt(databases={"orders": adopted}))).places
    assert set(found) == set(NAMES) - {"orders"}


@pytest.mark.parametrize(
    ("file", "users", "expected"),
    [
        ("pay/db.ts", ("cart",), "pay"),
        ("lib/db.ts", ("cart",), "cart"),
        ("pay/db.ts", ("cart", "pay"), "pay"),
        ("pay/refund/db.ts", (), "refund"),
        ("payment/db.ts", (), None),
        ("lib/db.ts", ("cart", "pay"), None),
    ],
)
def test_whose_a_database_is(file: str, users: tuple[str, ...], expected: str | None) -> None:
    database = Database(name="d", migrations=None, at=at(file))
    graph = app("d", uses=tuple((user, "d") for user in users))
    assert Servers(graph, chosen()).owner(database) == expected


def test_a_service_that_is_the_whole_app_owns_what_lies_in_it() -> None:
    graph = app("d", uses=())
    whole = Graph(
        app=graph.app,
        gateway=graph.gateway,
        services=(Service(name="all", root=".", at=at()),),
        databases=graph.databases,
    )
    assert Servers(whole, chosen()).owner(whole.databases[0]) == "all"


MICRO = 79 - sizes.RESERVED


@pytest.mark.parametrize(
    ("containers", "handler", "pools"),
    [
        # One container with everything holds all four databases.
        (Containers(), None, 4),
        (Containers(replicas=3), None, 12),
        (Containers(worker_threads=4), None, 16),
        (Containers(replicas=2, worker_threads=2), "pay", 16),
        # carts 1, ledger 1, orders 2, unused 0; the gateway runs the auth handler of `pay`.
        (Containers(layout="per-service"), None, 4),
        (Containers(layout="per-service"), "pay", 6),
        (Containers(layout="per-service"), "refund", 4),
        (Containers(layout="per-service", replicas=2, worker_threads=3), "pay", 36),
    ],
)
def test_what_is_left_is_shared_equally(containers: Any, handler: str | None, pools: int) -> None:
    found = Servers(app(handler=handler), chosen(containers=containers)).pools(SHARED)
    share = max(1, MICRO // (pools * sizes.ROLLOUT))
    assert found.limit == 79
    assert found.sizes == dict.fromkeys(NAMES, share)
    assert found.taken == share * pools
    assert not found.is_too_much


def test_what_the_file_gives_is_taken_as_it_is() -> None:
    found = Servers(app(), chosen(orders=GIVEN(max_connections=30))).pools(SHARED)
    assert found.sizes == {"carts": 6, "ledger": 6, "orders": 30, "unused": 6}
    assert found.taken == 48


def test_a_class_that_nobody_knows_gives_no_numbers() -> None:
    databases = {"defaults": GIVEN(size="db.z9.large"), "orders": GIVEN(max_connections=30)}
    found = Servers(app(), chosen(**databases)).pools(SHARED)
    assert found.limit is None
    assert found.sizes == {"carts": None, "ledger": None, "orders": 30, "unused": None}
    assert not found.is_too_much


def codes(graph: Graph, given: Settings) -> dict[str, str]:
    found = list(findings(graph, given))
    assert all(item.hint for item in found)
    assert all(item.severity == ("error" if item.code[0] == "E" else "warning") for item in found)
    return {item.code: item.message for item in found}


@pytest.mark.parametrize("kind", ["production", "development", "ephemeral", "test"])
def test_the_defaults_are_in_order(kind: EnvironmentType) -> None:
    assert codes(app(), chosen(kind)) == {}
    assert codes(app("one"), chosen(kind, defaults=GIVEN(layout="separate"))) == {}


@pytest.mark.parametrize(
    ("given", "more"), [(17, None), (18, "72 connections when all are full, and the server has 69")]
)
def test_more_connections_than_the_server_takes(given: int, more: str | None) -> None:
    found = codes(app(), chosen(defaults=GIVEN(max_connections=given)))
    assert list(found) == (["E9210"] if more else [])
    if more:
        assert more in found["E9210"]
        assert "`carts`, `ledger`, `orders`, `unused`" in found["E9210"]
        assert "environments.production.databases.defaults" in found["E9210"]


def test_of_many_databases_a_finding_names_some() -> None:
    many = app(*(f"d{n:03}" for n in range(1_000)))
    found = codes(many, chosen())["E9210"]
    assert "`d000`, `d001`, `d002`, `d003`, `d004` and 995 more may open" in found
    assert len(found) < 500


def test_too_many_pools_are_too_much_even_with_one_connection_each() -> None:
    containers = Containers(replicas=6, worker_threads=3)
    assert list(codes(app(), chosen(containers=containers))) == ["E9210"]


def test_each_server_is_counted_for_itself() -> None:
    databases = {
        "defaults": GIVEN(max_connections=10),
        "orders": GIVEN(size="db.t4g.micro", max_connections=70),
    }
    [found] = findings(app(), chosen(**databases))
    assert found.code == "E9210"
    assert "databases.orders: the pools of `orders` may open 70" in found.message


def test_a_class_whose_memory_nobody_knows_wants_a_number() -> None:
    size = {"defaults": GIVEN(size="db.z9.large"), "orders": GIVEN(max_connections=5)}
    found = codes(app(), chosen(**size))
    assert list(found) == ["E9212"]
    assert "`carts`, `ledger`, `unused` may open" in found["E9212"]
    every = {"defaults": GIVEN(size="db.z9.large", max_connections=5)}
    assert codes(app(), chosen(**every)) == {}


@pytest.mark.parametrize(
    ("size", "hint"),
    [("t4g.micro", "did you mean `db.t4g.micro`?"), ("large", "such as db.t4g.medium")],
)
def test_what_is_no_class(size: str, hint: str) -> None:
    [found] = findings(app(), chosen(defaults=GIVEN(size=size)))
    assert (found.code, found.hint) == ("E9211", hint)


@pytest.mark.parametrize(
    ("options", "code", "key"),
    [
        ({"protect": False}, "W9210", "protect"),
        ({"backup_days": 0}, "W9210", "backup_days"),
        ({"final_snapshot": False}, "W9210", "final_snapshot"),
        ({"multi_az": False}, "W9211", "multi_az"),
    ],
)
def test_what_a_careful_person_would_not_switch_off(options: Any, code: str, key: str) -> None:
    found = codes(app(), chosen("production", orders=GIVEN(**options)))
    assert list(found) == [code]
    assert f"databases.orders.{key} is off in production" in found[code]
    assert codes(app(), chosen("development", orders=GIVEN(**options))) == {}


def test_protection_that_is_off_for_everything_is_told_where_it_stands() -> None:
    found = codes(app(), settings_of("production", protect=False))
    assert "environments.production.protect is off" in found["W9210"]


@pytest.mark.parametrize("code", ["E9210", "E9211", "E9212", "W9210", "W9211"])
def test_the_examples_on_the_page_of_diagnostics(code: str) -> None:
    for version, shown in apps(load()[code], ()).items():
        environment = resolve(
            read_environments(shown["encore.infra.yaml"].encode()),
            "production" if code[0] == "W" else "staging",
        )
        expected = [code] if version == WRONG else []
        found = findings(app("orders"), settings(environment))
        assert [item.code for item in found] == expected


def test_without_databases_nothing_is_found() -> None:
    empty = Graph(app=App(id="shop", language="typescript"), gateway=Gateway())
    assert codes(empty, chosen("production", defaults=GIVEN(size="nonsense"))) == {}
