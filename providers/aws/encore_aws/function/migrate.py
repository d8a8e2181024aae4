"""``migrate``: run the files of one database that have not run. ``status``: say which have.

In: a request with the names and hashes of all files. Out: what was run, what is left, what went
wrong and where. Texts are fetched by hash, checked, and all looked at before the first one runs.
Running is the same code as on a developer's machine (``encore_provisioner.postgres.running``).

AWS ends a call after a quarter of an hour at most. So a file gets the time that is left; one that
wants more than a whole call is cancelled and rolled back, and the answer says what to do instead.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

from encore_aws.function import postgres
from encore_aws.function.documents import (
    DatabaseStatus,
    File,
    Migrate,
    Migrated,
    MigratedDatabase,
    Objects,
    RecordedRow,
    Server,
    Status,
    StatusAnswer,
    VersionRow,
)
from encore_aws.function.doors import Doors
from encore_aws.function.errors import ConnectError, FunctionError, SqlError
from encore_aws.function.postgres import Postgres
from encore_aws.function.prepare import open_admin
from encore_aws.function.problems import error_of, finding_of
from encore_aws.function.roles import MIGRATOR
from encore_provisioner.postgres import judging, running
from encore_provisioner.postgres.judging import Applied, Judgement, MigrationFile
from encore_provisioner.postgres.running import Step, Trouble

RESERVE = 20.0
"""Seconds at the end of a call: to cancel, to roll back, to answer."""
# Roles that a migration makes are then its own, as they are to a superuser.
_BEFORE_EACH = (
    "SELECT set_config('createrole_self_grant', 'set, inherit', false)"
    f" WHERE current_setting('server_version_num')::int >= 160000; {postgres.ASK_FOR_CLIENT};"
)


def migrate(request: Migrate, doors: Doors) -> Migrated:
    """Runs until all is done, something fails, or the time is over (``more``)."""
    run = _Run(request=request, doors=doors)
    try:
        return run.all()
    except FunctionError as error:
        return run.answer(error=error)


class _Run:
    """One call: what it has done so far."""

    def __init__(self, *, request: Migrate, doors: Doors) -> None:
        self._request, self._doors = request, doors
        wanted = request.database
        self._step = Step(
            database=wanted.database,
            role=wanted.role,
            migrator=MIGRATOR,
            sequential=judging.is_sequential(wanted.migrations.source),
        )
        self._applied: list[str] = []
        self._adopted: list[str] = []
        self._pending: list[MigrationFile] = []
        self._findings: tuple[judging.Finding, ...] = ()

    def all(self) -> Migrated:
        with contextlib.closing(self._open()) as session:
            found = _judge(self._request.database, running.read_applied(session))
            self._findings = (*found.errors, *found.warnings)
            self._pending = list(found.pending)
            if found.errors:
                raise _refused(found)
            texts = [_fetched(f, self._request.objects, self._doors) for f in found.pending]
            self._adopt(session, found.adopt)
            for file in texts:
                left = self._doors.remaining() - RESERVE
                if self._applied and left < self._doors.least:
                    return self.answer(more=True)
                if not self._ran_in_time(session, file, left):
                    return self.answer(more=True)
                self._pending = [other for other in self._pending if other.number != file.number]
        return self.answer()

    def _adopt(self, session: Postgres, files: tuple[MigrationFile, ...]) -> None:
        if not files:
            return
        trouble = running.adopt(session, files, self._step, sleep=self._doors.sleep)
        if trouble is not None:
            raise _error(trouble)
        self._adopted += [file.filename for file in files]

    def answer(self, *, more: bool = False, error: FunctionError | None = None) -> Migrated:
        return Migrated(
            applied=tuple(self._applied),
            adopted=tuple(self._adopted),
            pending=tuple(file.filename for file in self._pending),
            more=more,
            findings=tuple(finding_of(finding) for finding in self._findings),
            error=error_of(error) if error else None,
        )

    def _open(self) -> Postgres:
        return _open(self._doors, self._request.server, self._step.database)

    def _ran_in_time(self, session: Postgres, file: MigrationFile, left: float) -> bool:
        """False where only this call had too little time left for it."""
        if left <= 0:
            raise FunctionError(
                "no-time", "the call ends before a migration could run", "Call the function again."
            )
        session.rows(f"{_BEFORE_EACH} SET statement_timeout = {int(left * 1000)}")
        with postgres.limited(session, left, self._open) as over:
            try:
                found = running.migrate(session, file, self._step, sleep=self._doors.sleep)
            except SqlError as error:
                # Cancelled before the file began, or after it was done: the next call finds out.
                if error.state == running.CANCELLED and over.is_set():
                    return False
                raise
        if isinstance(found, Trouble):
            is_over = over.is_set() or "statement timeout" in found.message
            if found.state != running.CANCELLED or not is_over:
                raise _error(found)
            if not self._applied:
                raise _too_long(file, found, self._step, left)
            return False
        if found.ran:
            self._applied.append(file.filename)
        return True


def status(request: Status, doors: Doors) -> StatusAnswer:
    """A database that is not there yet has run nothing."""
    done: list[DatabaseStatus] = []
    try:
        for wanted in request.databases:
            done.append(_status(wanted, request.server, doors))
    except FunctionError as error:
        return StatusAnswer(databases=tuple(done), error=error_of(error))
    return StatusAnswer(databases=tuple(done))


def _status(wanted: MigratedDatabase, server: Server, doors: Doors) -> DatabaseStatus:
    try:
        session, _ = open_admin(doors, server, wanted.database, None)
    except ConnectError as error:
        if error.state != postgres.NO_DATABASE:
            raise
        return _told(wanted, judging.NONE_APPLIED, exists=False)
    with contextlib.closing(session):
        return _told(wanted, running.read_applied(session), exists=True)


def _told(wanted: MigratedDatabase, applied: Applied, *, exists: bool) -> DatabaseStatus:
    found = _judge(wanted, applied)
    left = {file.number for file in found.pending}
    return DatabaseStatus(
        name=wanted.name,
        exists=exists,
        versions=tuple(
            VersionRow(version=version, dirty=dirty)
            for version, dirty in sorted(applied.versions.items())
        ),
        recorded=tuple(
            RecordedRow(
                version=version,
                filename=row.filename,
                sha256=row.sha256,
                applied_at=row.applied_at,
            )
            for version, row in sorted(applied.recorded.items())
        ),
        applied=tuple(f.filename for f in _files(wanted) if f.number not in left),
        pending=tuple(file.filename for file in found.pending),
        adopt=tuple(file.filename for file in found.adopt),
        findings=tuple(finding_of(finding) for finding in (*found.errors, *found.warnings)),
    )


def _judge(wanted: MigratedDatabase, applied: Applied) -> Judgement:
    sequential = judging.is_sequential(wanted.migrations.source)
    return judging.judge(wanted.name, _files(wanted), applied, sequential=sequential)


def _files(wanted: MigratedDatabase) -> tuple[MigrationFile, ...]:
    found = (_file(file) for file in wanted.migrations.files)
    return tuple(sorted(found, key=lambda file: (file.number, file.filename)))


def _file(file: File) -> MigrationFile:
    return MigrationFile(
        number=file.number, filename=file.filename, path=file.path, text="", sha256=file.sha256
    )


def _fetched(file: MigrationFile, objects: Objects, doors: Doors) -> MigrationFile:
    """With its text. Raises :class:`FunctionError` for one that is not what was named, or cannot
    run.
    """
    content = doors.objects.read(objects.bucket, f"{objects.prefix}/{file.sha256}")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise FunctionError(
            "migration-unreadable",
            f"the migration {file.path} is not UTF-8 (byte {error.start})",
            "Save the file as UTF-8.",
        ) from error
    if judging.digest(text) != file.sha256:
        raise FunctionError(
            "file-changed",
            f"what lies in s3://{objects.bucket} for {file.path} is another text than was planned: "
            f"its SHA-256 is {judging.digest(text)}, not {file.sha256}",
            "Somebody changed it there. Delete it, find out who may write to that bucket, and "
            "try again: it is put there anew.",
        )
    found = replace(file, text=text)
    refusal = judging.refusal(found)
    if refusal is not None:
        raise FunctionError("migration-refused", refusal.message, refusal.hint, at=refusal.at)
    return found


def _open(doors: Doors, server: Server, database: str) -> Postgres:
    """As the migrator."""
    try:
        session, _ = open_admin(doors, server, database, MIGRATOR)
    except ConnectError as error:
        if error.state not in (postgres.NO_DATABASE, *postgres.NO_ROLE):
            raise
        raise FunctionError(
            "not-prepared",
            f"the database {database} cannot be migrated yet: {error.message}",
            "Run `encore-infra apply`: it makes the databases first.",
        ) from error
    return session


def _refused(found: Judgement) -> FunctionError:
    first, *more = found.errors
    rest = f" (and {len(more)} more like it)" if more else ""
    return FunctionError(
        "migrations-refused",
        f"{first.message}{rest}; nothing was changed",
        first.hint,
        at=first.at,
    )


def _error(trouble: Trouble) -> FunctionError:
    return FunctionError(trouble.code, trouble.message, trouble.hint, at=trouble.at)


def _too_long(file: MigrationFile, trouble: Trouble, step: Step, left: float) -> FunctionError:
    clear = f"DELETE FROM {running.VERSIONS}; " if step.sequential else ""
    return FunctionError(
        "migration-too-long",
        f"{trouble.at or file.path}: the migration {file.filename} was cancelled after "
        f"{_duration(left)}, the longest that a call inside AWS may take; what it had done is "
        "undone, and the files before it are kept",
        f"Split it into files that each take less. Or run it by hand from a machine that reaches "
        f"the server, as the role {step.role} (psql --single-transaction -f {file.filename}), and "
        f"record it: {clear}INSERT INTO {running.VERSIONS} VALUES ({file.number}, false); the "
        "next apply takes it as done.",
        at=trouble.at,
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
