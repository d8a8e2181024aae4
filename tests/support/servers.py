"""One environment's servers without the command line: made, started, always ended again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from encore_local.layout import Layout, prepare
from encore_local.secrets import LocalSecrets
from encore_local.servers.aws import AwsServer
from encore_local.servers.fleet import Fleet, make_fleet, server_names
from encore_local.servers.managed import ManagedServer
from encore_local.servers.ports import choose_ports, is_free
from encore_local.servers.postgres import PostgresServer
from encore_local.servers.process import ProcessInfo, system_processes
from encore_local.servers.valkey import ValkeyServer
from encore_local.settings import LocalSettings

CACHES = {"main": "allkeys-lru"}
PROCESSES = system_processes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The servers of one state folder."""

    layout: Layout
    secrets: LocalSecrets
    fleet: Fleet

    @property
    def postgres(self) -> PostgresServer:
        assert self.fleet.postgres is not None
        return self.fleet.postgres

    @property
    def aws(self) -> AwsServer:
        assert self.fleet.aws is not None
        return self.fleet.aws

    @property
    def cache(self) -> ValkeyServer:
        return self.fleet.caches["main"]

    def processes(self) -> tuple[ProcessInfo, ...]:
        """Every living process that works below the state folder, ours or not."""
        folder = os.path.realpath(self.layout.folder)
        return tuple(p for p in PROCESSES.all() if p.folder_path.startswith(folder))

    def reboot(self) -> None:
        """End everything at once and without a word."""
        deadline = time.monotonic() + 10
        while (left := self.processes()) and time.monotonic() < deadline:
            for process in left:
                PROCESSES.signal(process, signal.SIGKILL)
            time.sleep(0.02)
        assert self.processes() == ()


def make_place(
    root: Path, *, caches: Mapping[str, str] = CACHES, ports: Mapping[str, int] | None = None
) -> Place:
    """The environment ``local`` of an app in ``root``, with free ports unless given."""
    layout = Layout(folder=root / ".encore" / "infra" / "local")
    prepare(layout)
    secrets = LocalSecrets(layout.secrets, declared={})
    names = server_names(postgres=True, aws=True, caches=caches)
    settings = LocalSettings(environment="local", type="development")
    chosen = choose_ports(names, seed=str(root), kept=ports or {}, fixed={}, is_free=is_free)
    fleet = make_fleet(layout, settings, secrets, ports=chosen, caches=caches)
    return Place(layout=layout, secrets=secrets, fleet=fleet)


def pid_of(server: ManagedServer) -> int:
    process = server.running()
    assert process is not None
    return process.pid


def kill(server: ManagedServer) -> None:
    """kill -9 of a server's main process, and wait until it has gone."""
    process = server.running()
    assert process is not None
    PROCESSES.signal(process, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server.running() is not None:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def query(server: PostgresServer, sql: str) -> list[tuple[Any, ...]]:
    """Run one statement as superuser; its rows, if it has any."""
    with psycopg.connect(**server.connection()) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []
