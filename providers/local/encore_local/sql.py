"""The door to PostgreSQL: connections, and one call that runs a whole file of SQL.

In: where a server listens and as whom to come. Out: open connections in autocommit, and what a
file did, statement by statement. psycopg is imported here only when it is used.
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from encore_provisioner.errors import InfraError
from encore_provisioner.postgres.door import SqlFailure, copy_failure

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


class PsycopgSession:
    """The :class:`~encore_provisioner.postgres.door.Session` of an open connection."""

    def __init__(self, connection: Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    @property
    def closed(self) -> bool:
        return self._connection.closed

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(text.encode())
        while cursor.nextset():
            pass
        return cursor.fetchall() if cursor.description else []

    def check_syntax(self, text: str) -> SqlFailure | None:
        from psycopg.pq import ExecStatus

        result = self._connection.pgconn.prepare(b"", text.encode())
        if result.status != ExecStatus.FATAL_ERROR:
            return None
        failure = _failure(result, 0)
        return failure if failure.position is not None else None

    def run_text(self, text: str) -> SqlFailure | None:
        """An interruption cancels the statement and is raised again."""
        from psycopg.pq import ExecStatus

        pgconn = self._connection.pgconn
        pgconn.send_query(text.encode())
        failure: SqlFailure | None = None
        done = 0
        for result in _results(pgconn):
            if result.status == ExecStatus.COPY_OUT:
                # The server waits for nobody: it would go on, and commit, were we to hang up.
                _drain(pgconn)
                continue
            if result.status in (ExecStatus.COPY_IN, ExecStatus.COPY_BOTH):
                # The server waits for rows: without a connection it rolls everything back.
                self._connection.close()
                return copy_failure(done)
            if result.status in (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE):
                failure = failure or _failure(result, done)
            else:
                done += 1
        return failure


def _drain(pgconn: PGconn) -> None:
    """Take all rows of a COPY to the client, and keep none."""
    size = 1
    while size >= 0:
        size, _ = pgconn.get_copy_data(0)


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
