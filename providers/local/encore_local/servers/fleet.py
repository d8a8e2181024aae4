"""All servers of one environment together.

In: paths, settings, secrets and ports. Out: the servers that an app needs, none of them touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from encore_local.layout import Layout
from encore_local.secrets import LocalSecrets
from encore_local.servers.aws import AwsServer
from encore_local.servers.managed import Host
from encore_local.servers.postgres import PostgresServer
from encore_local.servers.process import Processes, system_processes
from encore_local.servers.registry import Registry
from encore_local.servers.server import Server
from encore_local.servers.valkey import ValkeyServer
from encore_local.settings import LocalSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """``caches`` by cluster. None: the app needs no such server."""

    postgres: PostgresServer | None = None
    aws: AwsServer | None = None
    caches: dict[str, ValkeyServer] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Server, ...]:
        singles = (server for server in (self.postgres, self.aws) if server is not None)
        return (*singles, *(self.caches[name] for name in sorted(self.caches)))


def server_names(*, postgres: bool, aws: bool, caches: Mapping[str, str]) -> tuple[str, ...]:
    """The names that need a port, the app itself (``app``) first."""
    singles = (("app", True), ("postgres", postgres), ("aws", aws))
    needed = tuple(name for name, is_needed in singles if is_needed)
    return needed + tuple(f"cache/{name}" for name in sorted(caches))


def remembered_ports(layout: Layout) -> dict[str, int]:
    """The ports that the servers were started with last, for the day when the state was lost."""
    return Registry(layout.servers).ports()


def make_fleet(
    layout: Layout,
    settings: LocalSettings,
    secrets: LocalSecrets,
    *,
    ports: Mapping[str, int],
    caches: Mapping[str, str],
    processes: Processes | None = None,
) -> Fleet:
    """The servers that ``ports`` names. ``caches`` maps each cluster to its eviction policy.

    A server that is only to be stopped or removed needs the port it had; a cache so needs any
    policy. Raises nothing and touches nothing.
    """
    host = Host(
        layout=layout,
        secrets=secrets,
        registry=Registry(layout.servers),
        processes=processes or system_processes(),
    )
    return Fleet(
        postgres=PostgresServer(host, port=ports["postgres"], bin_folder=settings.postgres_bin)
        if "postgres" in ports
        else None,
        aws=AwsServer(host, port=ports["aws"]) if "aws" in ports else None,
        caches={
            name: ValkeyServer(host, cluster=name, policy=policy, port=ports[f"cache/{name}"])
            for name, policy in sorted(caches.items())
        },
    )
