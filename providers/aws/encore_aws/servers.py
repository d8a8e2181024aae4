"""Which databases share a server, and how many connections each pool of the app gets.

In: a graph and settings. Out: the key of a server by database, numbers, and findings. Pure. A key
is ``shared``, ``database/<name>`` or ``service/<name>``. What is adopted lies on no server of ours.

The core opens a pool for each database in each process that holds it, and in each of the process's
workers again, and fills it as the app needs (contract §4.5 and §2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from encore_aws import sizes
from encore_aws.containers import holders
from encore_aws.settings import Database as Options
from encore_aws.settings import Settings
from encore_config.diagnostics import Diagnostic
from encore_config.graph import Database, Graph

SHARED: Final = "shared"
_NAMED: Final = 5
"""Databases that a finding names; of an app with a thousand nobody reads them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Connections on one server.

    ``limit``: what its class takes, missing where that is not known. ``sizes``: of one pool by
    database, missing where nothing says it. ``taken``: all of them, when every pool is full.
    """

    limit: int | None
    sizes: Mapping[str, int | None]
    taken: int

    @property
    def is_too_much(self) -> bool:
        return self.limit is not None and self.taken > self.limit - sizes.RESERVED


class Servers:
    """Where each database lies, and how many connections its pool gets. The graph is gone through
    once, so each answer costs the same in an app of any size.
    """

    def __init__(self, graph: Graph, settings: Settings) -> None:
        self._settings = settings
        self._users: dict[str, set[str]] = defaultdict(set)
        for use in graph.uses:
            if use.kind == "database":
                self._users[use.name].add(use.service)
        self._roots = {"/" if s.root == "." else f"/{s.root}/": s.name for s in graph.services}
        self._holders = holders(graph, settings)
        self.places: Mapping[str, str] = {
            database.name: self._place(database)
            for database in graph.databases
            if database.name not in settings.adopt.databases
        }
        """The key of its server by database, in the order of the graph."""
        self._on: dict[str, list[str]] = defaultdict(list)
        for name, key in self.places.items():
            self._on[key].append(name)

    @property
    def keys(self) -> list[str]:
        """Sorted."""
        return sorted(self._on)

    def on(self, key: str) -> tuple[str, ...]:
        """The databases of a server, in the order of the graph."""
        return tuple(self._on.get(key, ()))

    def options(self, key: str) -> Options:
        """What the environment says of it: only the server of one database has its own settings."""
        kind, _, name = key.partition("/")
        return self._settings.database(name if kind == "database" else None)

    def owner(self, database: Database) -> str | None:
        """The service whose it is: the one whose folder holds it, or else the only one that uses
        it.

        The folder counts first: a second service that begins to use a database must not move it to
        another server, which would lose its rows.
        """
        folders = f"/{database.at.file}".split("/")[:-1]
        for depth in range(len(folders), 0, -1):
            root = "/".join(folders[:depth]) + "/"
            if root in self._roots:
                return self._roots[root]
        users = tuple(self._users.get(database.name, ()))
        return users[0] if len(users) == 1 else None

    def pools(self, key: str) -> Pools:
        """Of all databases of a server. What the file gives is taken as it is; the others share the
        rest equally.
        """
        here, options = self.on(key), self._settings.containers
        times = options.replicas * options.worker_threads
        opens = {name: self._holders[f"database/{name}"] for name in here}
        found = {name: self._settings.database(name).max_connections for name in here}
        limit = sizes.server_limit(self.options(key).size)
        if limit is not None:
            given = sum((found[name] or 0) * opens[name] for name in here) * times
            share = sizes.pool_size(
                limit - sizes.RESERVED - given,
                sum(opens[name] for name in here if found[name] is None),
                processes=options.replicas,
                workers=options.worker_threads,
            )
            found = {name: share if value is None else value for name, value in found.items()}
        taken = sum((found[name] or 0) * opens[name] for name in here) * times
        return Pools(limit=limit, sizes=found, taken=taken)

    def _place(self, database: Database) -> str:
        options = self._settings.database(database.name)
        if options.is_own or options.layout == "separate":
            return f"database/{database.name}"
        service = self.owner(database) if options.layout == "per-service" else None
        return SHARED if service is None else f"service/{service}"


def findings(graph: Graph, settings: Settings) -> Iterator[Diagnostic]:
    """What cannot work, and in production what a careful person would not want."""
    placed = Servers(graph, settings)
    for key in placed.keys:
        options, here = placed.options(key), placed.on(key)
        where = _where(key, settings)
        yield from _size_findings(where, here, settings, options)
        yield from _connection_findings(where, here, placed.pools(key))
        if settings.type == "production":
            yield from _production_findings(where, options, settings)


def _where(key: str, settings: Settings) -> str:
    kind, _, name = key.partition("/")
    return f"environments.{settings.environment}.databases." + (
        name if kind == "database" else "defaults"
    )


def _size_findings(
    where: str, here: tuple[str, ...], settings: Settings, options: Options
) -> Iterator[Diagnostic]:
    size = options.size
    if not sizes.is_class(size):
        meant = f"did you mean `db.{size}`?" if sizes.memory(f"db.{size}") else None
        yield Diagnostic(
            code="E9211",
            severity="error",
            message=f"{where}.size: `{size}` is no instance class of RDS",
            hint=meant or "such as db.t4g.medium",
        )
        return
    silent = [name for name in here if settings.database(name).max_connections is None]
    if sizes.memory(size) is None and silent:
        yield Diagnostic(
            code="E9212",
            severity="error",
            message=f"{where}.size: how much memory `{size}` has is not known here, so nobody can "
            f"say how many connections the server takes and {_listed(silent)} may open",
            hint="add `max_connections`, for each database and process",
        )


def _connection_findings(where: str, here: tuple[str, ...], found: Pools) -> Iterator[Diagnostic]:
    if found.limit is None or not found.is_too_much:
        return
    free = found.limit - sizes.RESERVED
    yield Diagnostic(
        code="E9210",
        severity="error",
        message=f"{where}: the pools of {_listed(here)} may open {found.taken:,} connections when "
        f"all are full, and the server has {free:,} for them: about {found.limit:,} of its class, "
        f"less {sizes.RESERVED} for RDS, migrations and people; beyond that it refuses any more",
        hint="lower `max_connections`, `containers.replicas` or `worker_threads`, "
        "take a larger `size`, or put databases on servers of their own",
    )


def _production_findings(where: str, options: Options, settings: Settings) -> Iterator[Diagnostic]:
    careless = {
        "protect": (not options.protect, "one mistaken apply can delete a database"),
        "backup_days": (options.backup_days == 0, "nothing brings back what is deleted or spoilt"),
        "final_snapshot": (not options.final_snapshot, "its data ends with the server"),
    }
    for key, (is_off, what) in careless.items():
        if is_off:
            # The environment's own `protect` counts for everything that says nothing of it.
            for_all = key == "protect" and not settings.protect
            place = f"environments.{settings.environment}" if for_all else where
            yield Diagnostic(
                code="W9210",
                severity="warning",
                message=f"{place}.{key} is off in production: {what}",
                hint=f"remove `{key}`, and production's default holds",
            )
    if not options.multi_az:
        yield Diagnostic(
            code="W9211",
            severity="warning",
            message=f"{where}.multi_az is off in production: while AWS repairs the server, its "
            "disk or its zone, nothing takes over",
            hint="remove `multi_az`, and a second server stands by; it doubles the price",
        )


def _listed(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED:,} more" if len(names) > _NAMED else shown
