"""Migrations of one database: what has run, and running the rest.

Each file runs as one implicit transaction of a superuser, together with the statements that hand
its objects over to the app's role and record it, so that no interruption leaves half of it. The
table and the lock are golang-migrate's, so Encore's own tools agree and wait (contract §4.5).
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from encore_config.position import At
from encore_local.migrations import Applied, MigrationFile, Recorded
from encore_local.naming import MIGRATOR_ROLE
from encore_local.sql import SqlFailure, check_syntax, literal, quoted, run_text
from encore_local.sqltext import place, statements, without_own_transaction
from encore_provisioner.errors import ApplyError, BusyError

if TYPE_CHECKING:
    from psycopg import Connection

_SCHEMA = "encore_infra"
_VERSIONS = "public.schema_migrations"
_OURS = f"{_SCHEMA}.migrations"
_LOCK_SALT = 1486364155
_LOCK_PATIENCE = 30

_MAKE_TABLES = f"""
CREATE TABLE IF NOT EXISTS {_VERSIONS} (
    version bigint NOT NULL PRIMARY KEY,
    dirty boolean NOT NULL
);
CREATE SCHEMA IF NOT EXISTS {_SCHEMA};
CREATE TABLE IF NOT EXISTS {_OURS} (
    version bigint NOT NULL PRIMARY KEY,
    filename text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
"""

# What REASSIGN OWNED does, but not to extensions, whose owner must stay a superuser, nor to what
# only a superuser may own (event triggers, foreign-data wrappers, publications), nor to our own
# schema. A sequence of a column follows its table.
_HAND_OVER = """
DO $encore_hand_over$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT kinds.keyword, named.identity
        FROM pg_catalog.pg_shdepend AS owned
        CROSS JOIN LATERAL pg_catalog.pg_identify_object(owned.classid, owned.objid, 0) AS named
        JOIN (VALUES
            ('schema', 'SCHEMA'), ('table', 'TABLE'), ('foreign table', 'FOREIGN TABLE'),
            ('view', 'VIEW'), ('materialized view', 'MATERIALIZED VIEW'),
            ('sequence', 'SEQUENCE'), ('type', 'TYPE'), ('function', 'ROUTINE'),
            ('procedure', 'ROUTINE'), ('aggregate', 'ROUTINE'), ('collation', 'COLLATION'),
            ('conversion', 'CONVERSION'), ('operator', 'OPERATOR'),
            ('operator class', 'OPERATOR CLASS'), ('operator family', 'OPERATOR FAMILY'),
            ('statistics object', 'STATISTICS'), ('language', 'LANGUAGE'),
            ('large object', 'LARGE OBJECT'), ('server', 'SERVER'),
            ('text search configuration', 'TEXT SEARCH CONFIGURATION'),
            ('text search dictionary', 'TEXT SEARCH DICTIONARY')
        ) AS kinds (type, keyword) ON kinds.type = named.type
        WHERE owned.refclassid = 'pg_catalog.pg_authid'::regclass
          AND owned.refobjid = %(from)s::regrole
          AND owned.deptype = 'o'
          AND owned.dbid = (SELECT oid FROM pg_catalog.pg_database
                            WHERE datname = pg_catalog.current_database())
          AND named.schema IS DISTINCT FROM 'encore_infra'
          AND NOT (named.type = 'schema' AND named.identity = 'encore_infra')
          AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_depend AS bound
              WHERE bound.classid = owned.classid AND bound.objid = owned.objid
                AND (bound.deptype = 'e'
                     OR named.type = 'sequence' AND bound.deptype IN ('a', 'i')
                        AND bound.refclassid = 'pg_catalog.pg_class'::regclass))
        ORDER BY kinds.keyword, named.identity
    LOOP
        EXECUTE pg_catalog.format(
            'ALTER %%s %%s OWNER TO %%I', object.keyword, object.identity, %(to)s);
    END LOOP;
END
$encore_hand_over$;
"""


def read_applied(connection: Connection[tuple[Any, ...]]) -> Applied:
    """What the tables say; both may be missing."""
    versions: dict[int, bool] = {}
    recorded: dict[int, Recorded] = {}
    if _exists(connection, _VERSIONS):
        rows = connection.execute(f"SELECT version, dirty FROM {_VERSIONS}").fetchall()
        versions = {int(version): bool(dirty) for version, dirty in rows}
    if _exists(connection, _OURS):
        rows = connection.execute(
            "SELECT version, filename, sha256,"
            " to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
            f" FROM {_OURS}"
        ).fetchall()
        recorded = {
            int(version): Recorded(filename=name, sha256=sha256, applied_at=when)
            for version, name, sha256, when in rows
        }
    return Applied(versions=versions, recorded=recorded)


def _exists(connection: Connection[tuple[Any, ...]], table: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
    return bool(row and row[0])


@contextlib.contextmanager
def locked(connection: Connection[tuple[Any, ...]], database: str) -> Iterator[None]:
    """Keep every other migration tool out of ``database`` for the length of the block.

    Raises ``BusyError`` (code ``migrations-busy``) when one does not end.
    """
    import psycopg

    key = lock_key(database)
    connection.execute(f"SET lock_timeout = '{_LOCK_PATIENCE}s'")
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", [key])
    except psycopg.errors.LockNotAvailable as error:
        raise BusyError(
            f"another tool has been running migrations of the database {database} for more than "
            f"{_LOCK_PATIENCE} s",
            code="migrations-busy",
            hint="Wait for it to end, or end it, then apply again.",
        ) from error
    connection.execute("RESET lock_timeout")
    try:
        yield
    finally:
        # A connection that a file made unusable is closed, and the lock went with it.
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", [key])


def lock_key(database: str) -> int:
    """golang-migrate's advisory lock for the table ``public.schema_migrations``."""
    identity = "\0".join(("public", "schema_migrations", database))
    return (zlib.crc32(identity.encode()) * _LOCK_SALT) & 0xFFFFFFFF


def prepare(connection: Connection[tuple[Any, ...]], role: str) -> None:
    """Make the two tables where they are missing; the app's role owns the shared one."""
    connection.execute(_MAKE_TABLES)
    hand_over(connection, role)


def hand_over(connection: Connection[tuple[Any, ...]], role: str) -> None:
    """Make ``role`` the owner of all that migrations made in this database."""
    connection.execute(_hand_over_text(role))


def _hand_over_text(role: str) -> str:
    # ``regrole`` reads an identifier, so the name is quoted twice.
    return _HAND_OVER % {"from": literal(quoted(MIGRATOR_ROLE)), "to": literal(role)}


def adopt(connection: Connection[tuple[Any, ...]], files: tuple[MigrationFile, ...]) -> None:
    """Record files that another tool ran, with the hashes that they have now."""
    for file in files:
        connection.execute(_record_text(file))


def run(
    connection: Connection[tuple[Any, ...]], file: MigrationFile, *, role: str, sequential: bool
) -> None:
    """Run one file whole, or not at all. Raises ``ApplyError`` with the place in the file."""
    own = without_own_transaction(file.text)
    text = own.text + _tail(file, role=role, sequential=sequential)
    # First alone: a quote that the file never closes would end within what follows it.
    failure = check_syntax(connection, own.text) or run_text(connection, text)
    if failure:
        raise _failed(file, own.text, failure)


def _tail(file: MigrationFile, *, role: str, sequential: bool) -> str:
    """What follows a file. It undoes settings that the file may have left behind."""
    clear = f"DELETE FROM {_VERSIONS} WHERE version <> {file.number};\n" if sequential else ""
    return (
        "\n;\nRESET SESSION AUTHORIZATION;\nRESET ROLE;\nRESET ALL;\n"
        # Checks that wait for the commit would refuse a change of owner.
        "SET CONSTRAINTS ALL IMMEDIATE;\n"
        f"{_hand_over_text(role)}\n{clear}"
        f"INSERT INTO {_VERSIONS} (version, dirty) VALUES ({file.number}, false)\n"
        "ON CONFLICT (version) DO UPDATE SET dirty = false;\n"
        f"{_record_text(file)}\n"
    )


def _record_text(file: MigrationFile) -> str:
    return (
        f"INSERT INTO {_OURS} (version, filename, sha256) VALUES"
        f" ({file.number},{literal(file.filename)},{literal(file.sha256)})\n"
        "ON CONFLICT (version) DO UPDATE SET filename = excluded.filename,"
        " sha256 = excluded.sha256, applied_at = now();"
    )


def _failed(file: MigrationFile, text: str, failure: SqlFailure) -> ApplyError:
    at = _place(file, text, failure)
    detail = f" ({failure.detail})" if failure.detail else ""
    context = f" [{failure.context.splitlines()[0]}]" if failure.context and at else ""
    return ApplyError(
        f"{at or file.path}: PostgreSQL says: {failure.message}{detail}{context}; nothing of "
        "this file was applied, the files before it are kept",
        code="migration-failed",
        hint=_hint(failure),
        at=at,
    )


def _place(file: MigrationFile, text: str, failure: SqlFailure) -> At | None:
    """Where PostgreSQL points, else where the failing statement begins."""
    if failure.position is not None and failure.position <= len(text):
        offset = failure.position - 1
    else:
        parts = statements(text)
        if failure.done >= len(parts):
            return None
        offset = parts[failure.done].start
    line, column = place(text, offset)
    return At(file=file.path, line=line, column=column)


def _hint(failure: SqlFailure) -> str:
    if failure.state == "25001":
        return (
            "Each file runs in one transaction, here and in Encore's own tools, and this "
            "statement cannot: write it without CONCURRENTLY, or run it by hand."
        )
    return failure.hint or "Correct the file and apply again."
