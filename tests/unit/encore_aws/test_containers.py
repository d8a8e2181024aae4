"""Which containers there are, and which of them open a database or a cache."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from tests.support.aws_program import settings_of
from tests.support.generated_graphs import graphs
from tests.support.graphs import at, cache, database, graph, use

from encore_aws.containers import containers, holders
from encore_config.environment import Containers
from encore_config.graph import Graph, Keyspace, Service
from encore_provisioner.emit.scope import scope

SETTINGS = {
    layout: settings_of(containers=Containers(layout=layout))
    for layout in ("combined", "per-service")
}


@pytest.mark.parametrize("layout", SETTINGS)
@given(app=graphs())
def test_a_container_opens_what_its_config_holds(layout: str, app: Graph) -> None:
    chosen = SETTINGS[layout]
    scopes = [scope(app, container.service) for container in containers(app, chosen)]
    found = holders(app, chosen)
    for declared in app.databases:
        held = sum(declared.name in item.databases for item in scopes)
        assert found[f"database/{declared.name}"] == held
    for kept in app.caches:
        assert found[f"cache/{kept.name}"] == sum(kept.name in item.caches for item in scopes)


def test_code_outside_every_service_and_keyspaces_count() -> None:
    app = msgspec.structs.replace(
        graph(
            databases=(database("orders", root=Path("/")),),
            caches=(cache("hot"),),
            uses=(msgspec.structs.replace(use("database", "orders", "read"), service=""),),
        ),
        services=tuple(Service(name=name, root=name, at=at()) for name in ("shop", "mail")),
        keyspaces=(Keyspace(cache="hot", service="mail", key_pattern="a", at=at()),),
    )
    found = holders(app, SETTINGS["per-service"])
    assert found == {"database/orders": 3, "cache/hot": 1}
    scopes = [scope(app, name) for name in ("shop", "mail", app.gateway.name)]
    assert [len(item.databases) for item in scopes] == [1, 1, 1]
    assert [len(item.caches) for item in scopes] == [0, 1, 0]
