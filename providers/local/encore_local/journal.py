"""Writes down what was done as soon as it is done, so that any interruption leaves the truth.

In: one finished step after the other. Out: ``state.json``, replaced whole each time it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from encore_config.plan import DeclarationRef
from encore_local.model import DATABASE, MIGRATION, Actual, Names, Wanted
from encore_local.state import AppIdentity, Record, State, save_state
from encore_provisioner.postgres.judging import Applied


class Journal:
    """The state while it changes. The only mutable thing of an apply."""

    def __init__(self, path: Path, state: State, names: Names) -> None:
        self._path = path
        self._names = names
        self.state = state

    def begin(self, app: AppIdentity, ports: Mapping[str, int]) -> None:
        """Who applies and with which ports, before anything is started."""
        self._save(msgspec.structs.replace(self.state, app=app, ports=dict(ports)))

    def made(self, wanted: Wanted) -> None:
        """``wanted`` exists now as it is wanted."""
        self._put({wanted.urn: record_of(wanted)})

    def gone(self, actual: Actual) -> None:
        """``actual`` is no more, nor what was in it."""
        resources = {
            urn: record
            for urn, record in self.state.resources.items()
            if urn != actual.urn and not _is_inside(record, actual)
        }
        self._save(msgspec.structs.replace(self.state, resources=resources))

    def migrated(self, database: str, applied: Applied) -> None:
        """What a database says of its migrations now."""
        rows = migration_records(self._names, database, applied)
        others = {
            urn: record
            for urn, record in self.state.resources.items()
            if not (record.type == MIGRATION and _belongs(record, database))
        }
        self._save(msgspec.structs.replace(self.state, resources={**others, **rows}))

    def settle(self, wanted: Iterable[Wanted]) -> None:
        """Everything wanted exists: what the state had lost of it is written again."""
        self._put({w.urn: record_of(w) for w in wanted if w.type != MIGRATION})

    def _put(self, records: Mapping[str, Record]) -> None:
        resources = {**self.state.resources, **records}
        self._save(msgspec.structs.replace(self.state, resources=resources))

    def _save(self, state: State) -> None:
        if state != self.state or not self._path.exists():
            save_state(self._path, state)
            self.state = state


def record_of(wanted: Wanted) -> Record:
    return Record(
        type=wanted.type,
        name=wanted.name,
        declaration=wanted.declaration,
        properties=wanted.properties,
    )


def migration_records(names: Names, database: str, applied: Applied) -> dict[str, Record]:
    """A record for each migration that ran, whether or not its file is still there."""
    records: dict[str, Record] = {}
    for version, row in sorted(applied.recorded.items()):
        if version not in applied.versions and version > max(applied.versions, default=-1):
            continue  # taken back by hand: it will run again
        name = f"{database}/{row.filename}"
        properties: dict[str, Any] = {
            "version": version,
            "filename": row.filename,
            "sha256": row.sha256,
            "applied_at": row.applied_at,
        }
        records[names.urn(MIGRATION, name)] = Record(
            type=MIGRATION,
            name=name,
            declaration=DeclarationRef(kind="database", name=database),
            properties=properties,
        )
    return records


def _belongs(record: Record, database: str) -> bool:
    return record.declaration is not None and record.declaration.name == database


def _is_inside(record: Record, owner: Actual) -> bool:
    return owner.type == DATABASE and record.type == MIGRATION and _belongs(record, owner.name)
