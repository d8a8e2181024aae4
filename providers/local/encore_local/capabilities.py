"""What this machine cannot give as declared, and what it gives differently.

In: a target. Out: diagnostics, errors for what an apply refuses, warnings for what works with a
difference. Starts and changes nothing, asks no server; reads the migrations and the state.
The codes stand in ``docs/diagnostics.md``, "Provider local".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from encore_config.diagnostics import Diagnostic, order
from encore_config.graph import Database, Graph
from encore_config.position import At
from encore_local.files import clear_errors
from encore_local.layout import Layout
from encore_local.observe import remembered_applied
from encore_local.servers.fleet import make_fleet
from encore_local.settings import settings
from encore_local.site import secrets_of
from encore_local.state import Loaded, is_copy, load_state
from encore_provisioner.postgres.judging import NONE_APPLIED, Applied, MigrationFile
from encore_provisioner.postgres.migrations import judge, read_files, wanted_extensions
from encore_provisioner.provider import Target
from encore_provisioner.queues import subscription_findings


def capabilities(target: Target) -> tuple[Diagnostic, ...]:
    """All findings, sorted. Raises ``InfraError`` for settings or files that cannot be read."""
    local = settings(target.environment, root=target.root)
    layout = Layout(folder=target.state_dir)
    loaded = load_state(layout.state, move_aside=False)
    applied = remembered_applied(loaded.state)
    files = {db.name: read_files(target.root, db) for db in target.graph.databases}
    waiting = {name: _not_applied(files[name], applied.get(name)) for name in files}
    wanted = [use for name in sorted(waiting) for use in wanted_extensions(waiting[name])]
    found = [
        *subscription_findings(target.graph),
        *migration_warnings(target.graph, files, applied),
        *folder_warnings(target, layout, loaded),
    ]
    if wanted:
        fleet = make_fleet(layout, local, secrets_of(target), ports={"postgres": 0}, caches={})
        available = fleet.postgres.extensions() if fleet.postgres else frozenset()
        found += missing_extensions(wanted, available)
    return tuple(sorted(found, key=order))


def folder_warnings(target: Target, layout: Layout, loaded: Loaded) -> Iterator[Diagnostic]:
    """What is odd about the state folder. An apply puts it right."""
    for note in loaded.notes:
        yield Diagnostic(code="W9030", severity="warning", message=note)
    if loaded.state.app is not None and is_copy(loaded.state, target.root):
        yield Diagnostic(
            code="W9031",
            severity="warning",
            message=f"this folder is a copy of {loaded.state.app.path}: its servers get ports of "
            "their own and hold what was copied",
            hint="To begin with nothing instead, run `encore-infra destroy` here first.",
        )
    if _is_open(layout.secrets):
        yield Diagnostic(
            code="W9032",
            severity="warning",
            message=f"other users of this machine can read {layout.secrets}",
            hint="`apply` makes it 0600. Change the secrets in it if others have seen them.",
        )


def _is_open(path: Path) -> bool:
    with clear_errors(path, "read"):
        return path.exists() and path.stat().st_mode & 0o077 != 0


def _not_applied(
    files: tuple[MigrationFile, ...], applied: Applied | None
) -> tuple[MigrationFile, ...]:
    done = applied.recorded if applied else {}
    return tuple(file for file in files if file.number not in done)


def missing_extensions(
    wanted: Iterable[tuple[str, At]], available: frozenset[str]
) -> Iterator[Diagnostic]:
    for name, at in wanted:
        if name not in available:
            yield Diagnostic(
                code="E9010",
                severity="error",
                message=f"the migration asks for the extension {name}, which this PostgreSQL "
                "does not have",
                at=at,
                hint="Use another installation: `postgres: {bin: DIR}` in encore.infra.yaml, DIR "
                "being the folder of its programs; or take the statement out.",
            )


def migration_warnings(
    graph: Graph,
    files: Mapping[str, tuple[MigrationFile, ...]],
    applied: Mapping[str, Applied],
) -> Iterator[Diagnostic]:
    """As far as the state knows; what the databases say comes with the plan."""
    for database in graph.databases:
        yield from _warnings(database, files[database.name], applied)


def _warnings(
    database: Database, files: tuple[MigrationFile, ...], applied: Mapping[str, Applied]
) -> tuple[Diagnostic, ...]:
    return judge(database, files, applied.get(database.name, NONE_APPLIED)).warnings
