"""The function inside the network in memory: databases that remember which files have run.

It judges with the real code and runs nothing. A test says which files fail, and after how many
files a call has no more time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from encore_aws.function import documents
from encore_aws.function.documents import (
    Answer,
    Check,
    Checked,
    DatabaseStatus,
    Doctor,
    Drop,
    Dropped,
    Error,
    Migrate,
    Migrated,
    MigratedDatabase,
    Prepare,
    Prepared,
    PreparedDatabase,
    RecordedRow,
    Request,
    Status,
    StatusAnswer,
    VersionRow,
    Where,
)
from encore_provisioner.postgres import judging
from encore_provisioner.postgres.judging import Applied, Judgement, MigrationFile, Recorded

WHEN = "2026-01-02T03:04:05Z"


@dataclass
class FakeFunction:
    """``databases``: by the name inside the server, which files have run and with which hash.

    ``fails``: names of files, or of databases that cannot be prepared. ``most``: files of a call.
    ``stuck``: a call never has the time for a file.
    """

    databases: dict[str, dict[int, Recorded]] = field(default_factory=dict)
    by_others: dict[str, set[int]] = field(default_factory=dict)
    dirty: set[str] = field(default_factory=set)
    fails: set[str] = field(default_factory=set)
    most: int = 1_000
    stuck: bool = False
    requests: list[Request] = field(default_factory=list)

    def handle(self, event: Any) -> Any:
        action, request = documents.request(event)
        self.requests.append(request)
        return documents.answered(action, self._do(request))

    def of(self, kind: type[Any]) -> list[Any]:
        return [request for request in self.requests if isinstance(request, kind)]

    def _do(self, request: Request) -> Answer:
        match request:
            case Prepare():
                return self._prepare(request)
            case Drop():
                return self._drop(request)
            case Status():
                return StatusAnswer(databases=tuple(map(self._status, request.databases)))
            case Migrate():
                return self._migrate(request)
            case Doctor():
                return Checked(
                    checks=tuple(
                        Check(kind=kind, name=one.name, ok=one.name not in self.fails, seconds=0.5)  # type: ignore[arg-type]
                        for kind, listed in (
                            ("database", request.databases),
                            ("cache", request.caches),
                        )
                        for one in listed
                    )
                )

    def _prepare(self, request: Prepare) -> Prepared:
        done: list[PreparedDatabase] = []
        for one in request.databases:
            if one.name in self.fails:
                error = Error(code="role-taken", message=f"{one.role} is taken", hint="rename it")
                return Prepared(databases=tuple(done), error=error)
            changed = () if one.database in self.databases else ("database made",)
            self.databases.setdefault(one.database, {})
            done.append(PreparedDatabase(name=one.name, changed=changed))
        return Prepared(databases=tuple(done), notes=("a note",))

    def _drop(self, request: Drop) -> Dropped:
        done: list[PreparedDatabase] = []
        for one in request.databases:
            if one.name in self.fails:
                error = Error(code="postgres-failed", message="in use", hint="wait")
                return Dropped(databases=tuple(done), error=error)
            self.databases.pop(one.database, None)
            done.append(PreparedDatabase(name=one.name, changed=("database deleted",)))
        return Dropped(databases=tuple(done))

    def _applied(self, wanted: MigratedDatabase) -> Applied:
        rows = self.databases.get(wanted.database, {})
        numbers = {*rows, *self.by_others.get(wanted.database, set())}
        if judging.is_sequential(wanted.migrations.source):
            numbers = {max(numbers)} if numbers else set()
        dirty = wanted.database in self.dirty
        return Applied(versions=dict.fromkeys(numbers, dirty), recorded=rows)

    def _judged(self, wanted: MigratedDatabase) -> Judgement:
        files = tuple(
            MigrationFile(
                number=f.number, filename=f.filename, path=f.path, text="", sha256=f.sha256
            )
            for f in wanted.migrations.files
        )
        sequential = judging.is_sequential(wanted.migrations.source)
        return judging.judge(wanted.name, files, self._applied(wanted), sequential=sequential)

    def _status(self, wanted: MigratedDatabase) -> DatabaseStatus:
        applied = self._applied(wanted)
        return DatabaseStatus(
            name=wanted.name,
            exists=wanted.database in self.databases,
            versions=tuple(VersionRow(version=v, dirty=d) for v, d in applied.versions.items()),
            recorded=tuple(
                RecordedRow(
                    version=number,
                    filename=row.filename,
                    sha256=row.sha256,
                    applied_at=row.applied_at,
                )
                for number, row in applied.recorded.items()
            ),
        )

    def _migrate(self, request: Migrate) -> Migrated:
        found, rows = self._judged(request.database), self.databases[request.database.database]
        for file in found.adopt:
            rows[file.number] = _row(file)
        pending = list(found.pending)
        done: list[MigrationFile] = []
        error = None
        while pending and len(done) < self.most and not self.stuck:
            if pending[0].filename in self.fails:
                at = Where(file=pending[0].path, line=2, column=7)
                error = Error(code="migration-failed", message="syntax", hint="mend it", at=at)
                break
            rows[pending[0].number] = _row(pending[0])
            done.append(pending.pop(0))
        return Migrated(
            applied=tuple(file.filename for file in done),
            pending=tuple(file.filename for file in pending),
            more=bool(pending) and error is None,
            error=error,
        )


def _row(file: MigrationFile) -> Recorded:
    return Recorded(filename=file.filename, sha256=file.sha256, applied_at=WHEN)
