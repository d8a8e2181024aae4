"""Migrations of one database of this machine: what has run, and running the rest.

The deed itself is that of every provider (``encore_provisioner.postgres.running``). Here it is
done over psycopg, as a superuser of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from encore_local.naming import MIGRATOR_ROLE
from encore_local.sql import PsycopgSession
from encore_provisioner.errors import ApplyError, BusyError
from encore_provisioner.postgres import running
from encore_provisioner.postgres.judging import Applied, MigrationFile
from encore_provisioner.postgres.migrations import position

if TYPE_CHECKING:
    from psycopg import Connection


def read_applied(connection: Connection[tuple[Any, ...]]) -> Applied:
    """What the tables say; both may be missing."""
    return running.read_applied(PsycopgSession(connection))


def migrate(
    connection: Connection[tuple[Any, ...]],
    file: MigrationFile,
    *,
    database: str,
    role: str,
    sequential: bool,
) -> Applied:
    """Run one file, unless another tool has run it meanwhile; what ``database`` says then.

    Raises ``ApplyError`` with the place in the file, ``BusyError`` (``migrations-busy``) where
    another tool does not end.
    """
    step = running.Step(database=database, role=role, migrator=MIGRATOR_ROLE, sequential=sequential)
    found = running.migrate(PsycopgSession(connection), file, step)
    if isinstance(found, running.Done):
        return found.applied
    kind = BusyError if found.code == "migrations-busy" else ApplyError
    raise kind(found.message, code=found.code, hint=found.hint, at=position(found.at))
