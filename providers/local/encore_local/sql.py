"""The door to PostgreSQL: connections, and one call that runs a whole file of SQL.

In: where a server listens and as whom to come. Out: open connections in autocommit, and what a
file did, statement by statement. psycopg is imported here only when it is used.
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from encore_provisioner.errors import InfraError

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.pq.abc import PGconn, PGresult

Keywords = Mapping[str, Any]
"""What psycopg connects with: host, port, user, password, dbname. Holds a password: never shown."""


@contextlib.contextmanager
def connect(keywords: Keywords) -> Iterator[Connection[tuple[Any, ...]]]:
    """A connection in autocommit, closed at the end.

    Prepares no statements, so that a session can be reset. Raises ``InfraError`` of code
    ``postgres-refused``.
    """
    import psycopg

    try:
        connection = psycopg.connect(
            **keywords, application_name="encore-infra", autocommit=True, prepare_threshold=None
        )
    except psycopg.OperationalError as error:
        where = f"{keywords['host']}:{keywords['port']}"
        raise InfraError(
            f"PostgreSQL on {where} does not let {keywords['user']} into the database "
            f"{keywords['dbname']}: {' '.join(str(error).split())}",
            code="postgres-refused",
            hint="Look at `status` and at the server's log; `apply` starts a stopped server.",
        ) from error
    with contextlib.closing(connection):
        yield connection


def quoted(name: str) -> str:
    """``name`` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as a string literal; backslashes are escaped whatever the server's settings."""
    return " E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlFailure:
    """PostgreSQL's answer to text that it would not run. Nothing of the text has an effect.

    ``position`` is a 1-based offset in code points, where the server gives one; ``done`` counts
    the statements before the failing one.
    """

    message: str
    state: str
    position: int | None
    done: int
    detail: str = ""
    hint: str = ""
    context: str = ""


def check_syntax(connection: Connection[tuple[Any, ...]], text: str) -> SqlFailure | None:
    """Let the server's own parser read ``text`` and run nothing of it.

    A prepared statement is parsed whole before PostgreSQL notices that it is several; that
    complaint has no place in the text, unlike every mistake in it.
    """
    from psycopg.pq import ExecStatus

    result = connection.pgconn.prepare(b"", text.encode())
    if result.status != ExecStatus.FATAL_ERROR:
        return None
    failure = _failure(result, 0)
    return failure if failure.position is not None else None


def run_text(connection: Connection[tuple[Any, ...]], text: str) -> SqlFailure | None:
    """Run ``text``, any number of statements, in one implicit transaction.

    None when all of it is committed. An interruption cancels the statement and is raised again.
    """
    from psycopg.pq import ExecStatus

    pgconn = connection.pgconn
    pgconn.send_query(text.encode())
    failure: SqlFailure | None = None
    done = 0
    for result in _results(pgconn):
        if result.status in (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH):
            # The server waits for rows: without a connection it rolls everything back.
            connection.close()
            return SqlFailure(
                message="COPY from or to the client has no client here",
                state="0A000",
                position=None,
                done=done,
                hint="Write the rows as INSERT statements.",
            )
        if result.status in (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE):
            failure = failure or _failure(result, done)
        else:
            done += 1
    return failure


def _results(pgconn: PGconn) -> Iterator[PGresult]:
    try:
        while True:
            pgconn.flush()
            while pgconn.is_busy():
                select.select([pgconn.socket], [], [])
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                return
            yield result
    except KeyboardInterrupt:
        pgconn.get_cancel().cancel()
        raise


def _failure(result: PGresult, done: int) -> SqlFailure:
    from psycopg.pq import DiagnosticField as Field

    def text(which: Field) -> str:
        return (result.error_field(which) or b"").decode(errors="replace")

    position = text(Field.STATEMENT_POSITION)
    return SqlFailure(
        message=text(Field.MESSAGE_PRIMARY) or result.error_message.decode(errors="replace"),
        state=text(Field.SQLSTATE),
        position=int(position) if position.isdigit() else None,
        done=done,
        detail=text(Field.MESSAGE_DETAIL),
        hint=text(Field.MESSAGE_HINT),
        context=text(Field.CONTEXT),
    )
