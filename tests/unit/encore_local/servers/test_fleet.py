"""Which servers an environment has."""

from __future__ import annotations

from pathlib import Path

from encore_local.layout import Layout, prepare
from encore_local.secrets import LocalSecrets
from encore_local.servers.fleet import make_fleet, remembered_ports, server_names
from encore_local.servers.registry import Registry, ServerRecord
from encore_local.settings import LocalSettings

SETTINGS = LocalSettings(environment="local", type="development")


def test_only_what_is_needed_and_always_the_app() -> None:
    assert server_names(postgres=False, aws=False, caches={}) == ("app",)
    assert server_names(postgres=True, aws=True, caches={"b": "x", "a": "y"}) == (
        "app",
        "postgres",
        "aws",
        "cache/a",
        "cache/b",
    )


def test_a_fleet_touches_nothing(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path / "local")
    ports = {"app": 1, "aws": 20002, "postgres": 20001, "cache/a": 20003}
    secrets = LocalSecrets(layout.secrets, declared={})
    fleet = make_fleet(layout, SETTINGS, secrets, ports=ports, caches={"a": "noeviction"})
    assert [(server.name, server.type, server.endpoint) for server in fleet.all] == [
        ("postgres", "local:server:Postgres", "127.0.0.1:20001"),
        ("aws", "local:server:Aws", "http://127.0.0.1:20002"),
        ("cache/a", "local:server:Valkey", "127.0.0.1:20003"),
    ]
    assert {server.status() for server in fleet.all} == {"missing"}
    assert [server.actual() for server in fleet.all] == [None] * 3
    assert list(tmp_path.iterdir()) == []


def test_no_ports_no_servers(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path)
    secrets = LocalSecrets(layout.secrets, declared={})
    assert make_fleet(layout, SETTINGS, secrets, ports={"app": 1}, caches={}).all == ()


def test_ports_are_remembered_for_a_lost_state(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path / "local")
    prepare(layout)
    assert remembered_ports(layout) == {}
    record = ServerRecord(pid=1, started="s", data="d", properties={"port": 20007})
    Registry(layout.servers).put("aws", record)
    assert remembered_ports(layout) == {"aws": 20007}
