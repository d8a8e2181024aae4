"""The keys of the environment file that mean something on this machine.

In: an ``Environment``. Out: :class:`LocalSettings`, or ``EnvironmentFileError`` naming the key
that has no meaning here and why. Reads nothing from disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from encore_config.environment import Environment, EnvironmentEntry, EnvironmentType, Ports
from encore_provisioner.errors import EnvironmentFileError


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """``ports`` are those that a person fixed; ``postgres_bin`` is another installation."""

    environment: str
    type: EnvironmentType
    ports: Ports = field(default_factory=Ports)
    postgres_bin: Path | None = None


NO_MEANING: Mapping[str, str] = {
    "account": "nothing on this machine lies in an account",
    "adopt": "what exists on this machine was made by this provider",
    "buckets": "browsers of any origin may use the buckets on this machine",
    "caches": "each cache is one Valkey server on this machine",
    "compute": "this provider starts no containers: you start the app yourself",
    "containers": "this provider starts no containers: you start the app yourself",
    "databases": "all databases share the one PostgreSQL server on this machine",
    "id": "names on this machine need nothing to be unique in the world",
    "key": "what lies on this machine is not encrypted; its files are readable by you alone",
    "metrics": "no exporter is set up on this machine",
    "network": "the servers on this machine listen on 127.0.0.1 alone",
    "protect": "`apply` removes no data here unless you name it, and `destroy` asks first",
    "region": "the servers on this machine are always in us-east-1",
    "secrets": "secrets on this machine lie in secrets.json, and what is removed is gone",
    "state": "the state of a local environment is always in .encore/infra/ of the app",
    "tags": "processes and files on this machine have no tags",
    "trust": "there are no roles on this machine",
}
MEANT = ("provider", "extends", "type", "ports", "postgres")


def settings(environment: Environment, *, root: Path) -> LocalSettings:
    """The settings of a local environment; a relative ``postgres.bin`` counts from ``root``.

    Raises ``EnvironmentFileError`` (code ``setting-not-local``, ``ports-clash``).
    """
    entry = environment.settings
    _refuse_foreign(environment.name, entry)
    ports = entry.ports or Ports()
    _refuse_clash(environment.name, ports)
    chosen = entry.postgres.bin if entry.postgres else None
    return LocalSettings(
        environment=environment.name,
        type=environment.type,
        ports=ports,
        postgres_bin=root / Path(chosen).expanduser() if chosen else None,
    )


def _refuse_foreign(name: str, entry: EnvironmentEntry) -> None:
    for key in sorted(NO_MEANING):
        if getattr(entry, key) is not None:
            raise EnvironmentFileError(
                f"environments.{name}.{key} has no meaning for the provider local: "
                f"{NO_MEANING[key]}",
                code="setting-not-local",
                hint=f"Remove `{key}` from this environment, or move it to one of a cloud.",
            )


def _refuse_clash(name: str, ports: Ports) -> None:
    used: dict[int, str] = {}
    for key, port in fixed_ports(ports).items():
        if port in used:
            raise EnvironmentFileError(
                f"environments.{name}.ports gives {port} to both {used[port]} and {key}",
                code="ports-clash",
                hint="Give each server a port of its own.",
            )
        used[port] = key


def fixed_ports(ports: Ports) -> dict[str, int]:
    """The ports that a person fixed, by server: ``app``, ``postgres``, ``cache/<name>`` …"""
    singles = {"app": ports.app, "postgres": ports.postgres, "aws": ports.aws}
    caches = {f"cache/{name}": port for name, port in sorted(ports.caches.items())}
    return {key: port for key, port in {**singles, **caches}.items() if port is not None}
