"""Runs migrations in one database, and reads which have run.

In: an open session of the migrator, a file. Out: what the database says then, or what went wrong.
Each file runs as one implicit transaction, together with the statements that hand its objects over
to the app's role and record it, so that no interruption leaves half of it. The table and the lock
are golang-migrate's, so Encore's own tools agree and wait (contract §4.5).

A file of one statement that PostgreSQL runs in no transaction (``CREATE INDEX CONCURRENTLY``) runs
alone, between two marks as golang-migrate sets them: interrupted, it leaves its version dirty.

The migrator is a superuser, or a member of the app's role that may make the roles and extensions
which migrations ask for. It owns nothing but what they made.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from encore_provisioner.postgres import judging
from encore_provisioner.postgres.door import Session, SqlFailure, literal, quoted
from encore_provisioner.postgres.judging import Applied, MigrationFile, Place, Recorded
from encore_provisioner.postgres.sqltext import place, statements, without_own_transaction

SCHEMA = "encore_infra"
VERSIONS = "public.schema_migrations"
OURS = f"{SCHEMA}.migrations"
CANCELLED = "57014"
"""SQLSTATE of a statement that somebody, or its time limit, ended."""

_LOCK_SALT = 1486364155
_LOCK_PATIENCE = 30.0
_LOCK_PAUSE = 0.2
_IN_NO_TRANSACTION = "25001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a file did not run. ``state``: PostgreSQL's code, where it is its answer."""

    code: str
    message: str
    hint: str
    at: Place | None = None
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """``ran``: by this call; else another tool had run it. ``applied``: what has run by now."""

    applied: Applied
    ran: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Whom a database's migrations belong to. ``role`` gets what ``migrator`` makes."""

    database: str
    role: str
    migrator: str
    sequential: bool


_MAKE_TABLES = f"""
CREATE TABLE IF NOT EXISTS {VERSIONS} (
    version bigint NOT NULL PRIMARY KEY,
    dirty boolean NOT NULL
);
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {OURS} (
    version bigint NOT NULL PRIMARY KEY,
    filename text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
"""

# What REASSIGN OWNED does, schemas first, but not to extensions, whose owner must stay who made
# them, nor to what only a superuser may own (event triggers, foreign-data wrappers, publications),
# nor to our own schema. A sequence of a column follows its table. Only a superuser can hand a
# foreign server to a role that may not use its wrapper: elsewhere such a one stays.
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
          AND (named.type <> 'server' OR pg_catalog.current_setting('is_superuser') = 'on'
               OR EXISTS (
                   SELECT FROM pg_catalog.pg_foreign_server AS f WHERE f.oid = owned.objid
                   AND pg_catalog.has_foreign_data_wrapper_privilege(
                       %(to)s, f.srvfdw, 'USAGE')))
          AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_depend AS bound
              WHERE bound.classid = owned.classid AND bound.objid = owned.objid
                AND (bound.deptype = 'e'
                     OR named.type = 'sequence' AND bound.deptype IN ('a', 'i')
                        AND bound.refclassid = 'pg_catalog.pg_class'::regclass))
        ORDER BY kinds.keyword <> 'SCHEMA', kinds.keyword, named.identity
    LOOP
        EXECUTE pg_catalog.format(
            'ALTER %%s %%s OWNER TO %%I', object.keyword, object.identity, %(to)s);
    END LOOP;
END
$encore_hand_over$;
"""


def migrate(
    session: Session,
    file: MigrationFile,
    step: Step,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Done | Trouble:
    """Run one file, unless another tool has run it meanwhile."""
    ran = False
    with locked(session, lock_key(step.database), sleep=sleep) as free:
        if not free:
            return _busy(step.database)
        make_tables(session, step)
        applied = read_applied(session)
        if applied.dirty:
            found = judging.dirty(step.database, applied.dirty[0])
            return Trouble(code="migration-dirty", message=found.message, hint=found.hint)
        if not applied.holds(file.number, sequential=step.sequential):
            trouble = run(session, file, step, before=applied)
            if trouble is not None:
                return trouble
            ran = True
        elif file.number not in applied.recorded:
            session.rows(_record_text(file))
        applied = read_applied(session)
    # What the file left in the session must not reach the next file.
    session.rows("DISCARD ALL")
    # Older servers forget with it the role that the session began with.
    session.rows("RESET ROLE")
    return Done(applied=applied, ran=ran)


def adopt(
    session: Session,
    files: tuple[MigrationFile, ...],
    step: Step,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Trouble | None:
    """Record files that another tool ran, with the hashes that they have now. Runs none."""
    with locked(session, lock_key(step.database), sleep=sleep) as free:
        if not free:
            return _busy(step.database)
        make_tables(session, step)
        applied = read_applied(session)
        for file in files:
            is_run = applied.holds(file.number, sequential=step.sequential)
            if is_run and file.number not in applied.recorded:
                session.rows(_record_text(file))
    return None


def read_applied(session: Session) -> Applied:
    """What the tables say; both may be missing."""
    recorded: dict[int, Recorded] = {}
    versions = read_versions(session)
    if _exists(session, OURS):
        rows = session.rows(
            "SELECT version, filename, sha256,"
            " to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
            f" FROM {OURS}"
        )
        recorded = {
            int(version): Recorded(filename=name, sha256=sha256, applied_at=when)
            for version, name, sha256, when in rows
        }
    return Applied(versions=versions, recorded=recorded)


def read_versions(session: Session) -> dict[int, bool]:
    """The shared table alone, which the app's role may read, too."""
    if not _exists(session, VERSIONS):
        return {}
    rows = session.rows(f"SELECT version, dirty::int FROM {VERSIONS}")
    return {int(version): bool(int(dirty)) for version, dirty in rows}


def _exists(session: Session, table: str) -> bool:
    [(found,)] = session.rows(f"SELECT (to_regclass({literal(table)}) IS NOT NULL)::int")
    return bool(int(found))


@contextmanager
def locked(
    session: Session, key: int, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[bool]:
    """Hold an advisory lock of this database; False where who holds it does not let go.

    It asks again and again: one who waits in ``pg_advisory_lock`` has a snapshot, and
    ``CREATE INDEX CONCURRENTLY`` of the one who holds the lock would wait for that.
    """
    waited = 0.0
    while not (free := _is_true(session, f"SELECT pg_try_advisory_lock({key})::int")):
        if waited >= _LOCK_PATIENCE:
            break
        sleep(_LOCK_PAUSE)
        waited += _LOCK_PAUSE
    try:
        yield free
    finally:
        # A connection that a file made unusable is closed, and the lock went with it.
        if free and not session.closed:
            session.rows(f"SELECT pg_advisory_unlock({key})::int")


def _is_true(session: Session, question: str) -> bool:
    [(found,)] = session.rows(question)
    return bool(int(found))


def _busy(database: str) -> Trouble:
    return Trouble(
        code="migrations-busy",
        message=f"another tool has been running migrations of the database {database} for more "
        f"than {_LOCK_PATIENCE:.0f} s",
        hint="Wait for it to end, or end it, then apply again.",
    )


def lock_key(database: str) -> int:
    """golang-migrate's advisory lock for the table ``public.schema_migrations``."""
    identity = "\0".join(("public", "schema_migrations", database))
    return (zlib.crc32(identity.encode()) * _LOCK_SALT) & 0xFFFFFFFF


def make_tables(session: Session, step: Step) -> None:
    """Make the two tables where they are missing; the app's role owns the shared one."""
    session.rows(_MAKE_TABLES)
    session.rows(_hand_over_text(step))


def _hand_over_text(step: Step) -> str:
    # ``regrole`` reads an identifier, so the name is quoted twice.
    return _HAND_OVER % {"from": _inside(quoted(step.migrator)), "to": _inside(step.role)}


def _inside(text: str) -> str:
    """A literal within a body in dollar quotes, which it cannot end."""
    return literal(text).replace("$", "\\044")


def run(session: Session, file: MigrationFile, step: Step, *, before: Applied) -> Trouble | None:
    """Run one file whole, or not at all. ``before``: what had run."""
    own = without_own_transaction(file.text).text
    # First alone: a quote that the file never closes would end within what follows it.
    failure = session.check_syntax(own) or session.run_text(own + _tail(file, step))
    if failure is None:
        return None
    is_alone = own == file.text and len(statements(own)) == 1
    if failure.state == _IN_NO_TRANSACTION and is_alone:
        return _run_alone(session, file, step, before=before)
    return _failed(file, own, failure)


def _run_alone(
    session: Session, file: MigrationFile, step: Step, *, before: Applied
) -> Trouble | None:
    """Run the one statement of a file outside any transaction."""
    session.rows(_clear(file, step) + _mark(file.number, dirty=True))
    failure = session.run_text(file.text)
    if failure is None:
        failure = session.run_text(_tail(file, step))
        return _failed(file, file.text, failure) if failure else None
    if not session.closed:
        session.rows(_put_back(file, before))
    found = _failed(file, file.text, failure)
    return Trouble(
        code=found.code,
        message=found.message.replace(_NOTHING_APPLIED, _PERHAPS_APPLIED),
        hint=f"{found.hint} This statement runs in no transaction: what it left, such as an "
        "index marked INVALID, must be dropped first.",
        at=found.at,
        state=found.state,
    )


def _put_back(file: MigrationFile, before: Applied) -> str:
    rows = (_mark(version, dirty=flag) for version, flag in sorted(before.versions.items()))
    return "\n".join((f"DELETE FROM {VERSIONS} WHERE version = {file.number};", *rows))


def _tail(file: MigrationFile, step: Step) -> str:
    """What follows a file. It undoes settings that the file may have left behind."""
    return (
        "\n;\nRESET SESSION AUTHORIZATION;\nRESET ROLE;\nRESET ALL;\n"
        # Checks that wait for the commit would refuse a change of owner.
        "SET CONSTRAINTS ALL IMMEDIATE;\n"
        f"{_hand_over_text(step)}\n"
        f"{_clear(file, step)}{_mark(file.number, dirty=False)}\n"
        f"{_record_text(file)}\n"
    )


def _clear(file: MigrationFile, step: Step) -> str:
    """A sequential set has one row: the highest version."""
    return f"DELETE FROM {VERSIONS} WHERE version <> {file.number};\n" if step.sequential else ""


def _mark(version: int, *, dirty: bool) -> str:
    return (
        f"INSERT INTO {VERSIONS} (version, dirty) VALUES ({version}, {str(dirty).lower()})\n"
        "ON CONFLICT (version) DO UPDATE SET dirty = excluded.dirty;"
    )


def _record_text(file: MigrationFile) -> str:
    return (
        f"INSERT INTO {OURS} (version, filename, sha256) VALUES"
        f" ({file.number},{literal(file.filename)},{literal(file.sha256)})\n"
        "ON CONFLICT (version) DO UPDATE SET filename = excluded.filename,"
        " sha256 = excluded.sha256, applied_at = now();"
    )


_NOTHING_APPLIED = "nothing of this file was applied"
_PERHAPS_APPLIED = "this file does not count as applied"


def _failed(file: MigrationFile, text: str, failure: SqlFailure) -> Trouble:
    at = _place(file, text, failure)
    detail = f" ({failure.detail})" if failure.detail else ""
    context = f" [{failure.context.splitlines()[0]}]" if failure.context and at else ""
    return Trouble(
        code="migration-failed",
        message=f"{at or file.path}: PostgreSQL says: {failure.message}{detail}{context}; "
        f"{_NOTHING_APPLIED}, the files before it are kept",
        hint=_hint(failure),
        at=at,
        state=failure.state,
    )


def _place(file: MigrationFile, text: str, failure: SqlFailure) -> Place | None:
    """Where PostgreSQL points, else where the failing statement begins."""
    if failure.position is not None and failure.position <= len(text):
        offset = failure.position - 1
    else:
        parts = statements(text)
        if failure.done >= len(parts):
            return None
        offset = parts[failure.done].start
    return Place(file.path, *place(file.text, offset))


def _hint(failure: SqlFailure) -> str:
    if failure.state == _IN_NO_TRANSACTION:
        return (
            "Each file runs in one transaction, and this statement cannot: give it a file of "
            "its own, with nothing else in it. Encore's own tools run no such file at all."
        )
    return failure.hint or "Correct the file and apply again."
