"""Logical databases and their migrations, by the function inside the network.

In: a target, the outputs of an apply, the function. Out: steps for a plan, how things stand, and
deeds that are told step by step. What is to run is judged here as the function judges it, from the
files and from what the databases say, so a plan refuses what an apply would. What is adopted is
somebody else's: it is never prepared, asked or migrated (see ``resources/function``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from encore_aws import asking
from encore_aws.function.documents import (
    LARGEST_FILE,
    Checked,
    DatabaseStatus,
    Drop,
    Dropped,
    Prepare,
    Prepared,
    PreparedDatabase,
    Status,
    StatusAnswer,
)
from encore_aws.inside import Inside, failed
from encore_aws.resources.function import adopted_finding
from encore_aws.servers import Servers
from encore_aws.settings import Settings, settings
from encore_config.graph import Database
from encore_config.plan import DeclarationRef, PropertyDiff, Step
from encore_config.position import At
from encore_provisioner.check import Check
from encore_provisioner.errors import InfraError, RefusedError
from encore_provisioner.postgres.destructive import destructive
from encore_provisioner.postgres.judging import (
    NONE_APPLIED,
    NOTHING_APPLIED,
    Applied,
    MigrationFile,
    Recorded,
)
from encore_provisioner.postgres.migrations import (
    ADOPTED,
    Verdict,
    check_text,
    judge,
    pending_reason,
    read_files,
    refused,
)
from encore_provisioner.provider import (
    DatabaseMigrations,
    OnStep,
    PendingMigration,
    Phase,
    Progress,
    Target,
)

MIGRATION: Final = "encore:sql:Migration"
LOGICAL: Final = "encore:sql:LogicalDatabase"

Outputs = Mapping[str, Any]


def is_ours(step: Step) -> bool:
    """Whether a step is carried out and told here, and not by the engine: it notes databases, and
    the function makes them. That one is deleted the engine tells.
    """
    return step.type == MIGRATION or (step.type == LOGICAL and step.op != "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One database of ours: its files, what it says has run, what is to do."""

    declared: Database
    files: tuple[MigrationFile, ...]
    applied: Applied
    verdict: Verdict
    exists: bool

    @property
    def done(self) -> tuple[MigrationFile, ...]:
        return tuple(file for file in self.files if file not in self.verdict.pending)


def judged(target: Target, found: StatusAnswer | None) -> tuple[Judged, ...]:
    """Every database that is ours, in the graph's order. ``found``: None where nothing is there.

    Raises ``AppError`` for a file that cannot be read.
    """
    known = {item.name: item for item in (found.databases if found else ())}
    return tuple(_judged(target, one, known.get(one.name)) for one in ours(target))


def ours(target: Target) -> tuple[Database, ...]:
    """The databases that are not adopted."""
    adopted = settings(target.environment).adopt.databases
    return tuple(one for one in target.graph.databases if one.name not in adopted)


def _judged(target: Target, database: Database, found: DatabaseStatus | None) -> Judged:
    files = read_files(target.root, database)
    applied = _applied(found) if found else NONE_APPLIED
    return Judged(
        declared=database,
        files=files,
        applied=applied,
        verdict=judge(database, files, applied),
        exists=found is not None and found.exists,
    )


def _applied(found: DatabaseStatus) -> Applied:
    return Applied(
        versions={row.version: row.dirty for row in found.versions},
        recorded={
            row.version: Recorded(
                filename=row.filename, sha256=row.sha256, applied_at=row.applied_at
            )
            for row in found.recorded
        },
    )


def status(target: Target, outputs: Outputs, inside: Inside) -> StatusAnswer:
    """What each database says has run; without those that no apply has made a place for.

    Raises ``ApplyError``. Changes nothing.
    """
    there = [one for one in ours(target) if asking.is_there(outputs, one.name)]
    found: list[DatabaseStatus] = []
    for key, databases in asking.by_server(outputs, there).items():
        asked = tuple(
            asking.migrated(outputs, one, read_files(target.root, one)) for one in databases
        )
        request = Status(server=asking.server(outputs, key), databases=asked)
        answer = inside.ask(request, StatusAnswer)
        if answer.error is not None:
            raise failed(answer.error)
        found += answer.databases
    return StatusAnswer(databases=tuple(found))


# --- a plan ----------------------------------------------------------------------------------


def steps(target: Target, found: StatusAnswer | None) -> tuple[Step, ...]:
    """One for each file to run, and for each that another tool ran.

    Raises ``RefusedError`` (``migrations-refused``, ``migration-refused``, ``file-too-large``)
    where an apply could not run them all.
    """
    work = judged(target, found)
    refuse(work)
    return tuple(step for one in work for step in _steps(target, one))


def refuse(work: Iterable[Judged]) -> None:
    """Raise ``RefusedError`` for what speaks against running what is pending."""
    listed = tuple(work)
    errors = tuple(error for one in listed for error in one.verdict.errors)
    if errors:
        raise refused(errors)
    for one in listed:
        for file in one.verdict.pending:
            check_text(file)
            _check_size(file)


def _check_size(file: MigrationFile) -> None:
    size = len(file.text.encode())
    if size > LARGEST_FILE:
        raise RefusedError(
            f"the migration {file.path} has {size:,} bytes; the function inside the network takes "
            f"{LARGEST_FILE:,}",
            code="file-too-large",
            hint="split it, or load the rows another way: it is no schema change",
            at=_start(file),
        )


def _steps(target: Target, one: Judged) -> Iterator[Step]:
    for file in one.verdict.adopt:
        yield _step(target, one.declared, file, is_pending=False)
    for file in one.verdict.pending:
        yield _step(target, one.declared, file, is_pending=True)


def urn_of(target: Target, database: Database, file: MigrationFile) -> str:
    return _urn(target, MIGRATION, f"{database.name}/{file.filename}")


def _urn(target: Target, kind: str, name: str) -> str:
    return f"urn:pulumi:{target.environment.name}::{target.app_id}::{kind}::{name}"


def _step(target: Target, database: Database, file: MigrationFile, *, is_pending: bool) -> Step:
    """As the provider ``local`` has them, and after the database's own step."""
    sha256 = PropertyDiff(path="sha256", after=file.sha256)
    version = PropertyDiff(path="version", after=file.number)
    return Step(
        op="create" if is_pending else "update",
        type=MIGRATION,
        name=f"{database.name}/{file.filename}",
        urn=urn_of(target, database, file),
        declaration=DeclarationRef(kind="database", name=database.name, at=_start(file)),
        diff=(sha256, version) if is_pending else (sha256,),
        reason=pending_reason(file) if is_pending else ADOPTED,
        needs={"": (_urn(target, LOGICAL, f"database/{database.name}"),)},
    )


def _start(file: MigrationFile) -> At:
    return At(file=file.path, line=1, column=1)


def standing(target: Target, found: StatusAnswer | None) -> tuple[DatabaseMigrations, ...]:
    """How the migrations of every declared database stand, in the graph's order. An adopted one
    has none here, and a warning.
    """
    own = {one.declared.name: one for one in judged(target, found)}
    chosen = settings(target.environment)
    return tuple(
        _standing(own[database.name]) if database.name in own else _foreign(database, chosen)
        for database in target.graph.databases
    )


def _standing(one: Judged) -> DatabaseMigrations:
    applied, verdict = one.applied, one.verdict
    return DatabaseMigrations(
        name=one.declared.name,
        exists=one.exists,
        version=None if applied.current == NOTHING_APPLIED else applied.current,
        dirty=bool(applied.dirty),
        applied=tuple(file.filename for file in one.done),
        pending=tuple(
            PendingMigration(filename=file.filename, destructive=destructive(file.text))
            for file in verdict.pending
        ),
        adopted=tuple(file.filename for file in verdict.adopt),
        problems=(*verdict.errors, *verdict.warnings),
    )


def _foreign(database: Database, chosen: Settings) -> DatabaseMigrations:
    found = adopted_finding(database, chosen)
    return DatabaseMigrations(
        name=database.name, exists=True, problems=() if found is None else (found,)
    )


# --- deeds -----------------------------------------------------------------------------------


class Teller:
    """Tells of steps as they begin and end. What the plan does not hold is not told."""

    def __init__(
        self,
        steps: Iterable[Step],
        on_progress: OnStep,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._steps = {step.urn: step for step in steps}
        self._on_progress, self._clock = on_progress, clock
        self._since: dict[str, float] = {}

    def started(self, urn: str) -> None:
        if urn in self._steps and urn not in self._since:
            self._since[urn] = self._clock()
            self._on_progress(Progress(step=self._steps[urn], phase="started"))

    def done(self, urn: str) -> None:
        self._ended(urn, "done", "")

    def failed(self, urn: str, error: InfraError) -> None:
        self._ended(urn, "failed", error.message)

    def _ended(self, urn: str, phase: Phase, message: str) -> None:
        if urn not in self._steps:
            return
        self.started(urn)
        seconds = self._clock() - self._since.pop(urn)
        step = self._steps[urn]
        self._on_progress(Progress(step=step, phase=phase, seconds=seconds, message=message))


def prepare(
    target: Target,
    outputs: Outputs,
    inside: Inside,
    steps: Iterable[Step],
    on_progress: OnStep,
) -> Prepared:
    """Make the logical databases of every server with their roles, or make them as wanted.

    ``steps``: those of the plan. Raises ``ApplyError``; what is done by then stays.
    """
    told = [step for step in steps if step.type == LOGICAL and is_ours(step)]
    by_name = {step.declaration.name: step.urn for step in told if step.declaration}
    tell = Teller(told, on_progress)
    done: list[PreparedDatabase] = []
    notes: list[str] = []
    for key, databases in asking.by_server(outputs, ours(target)).items():
        urns = {one.name: by_name.get(one.name, "") for one in databases}
        wanted = tuple(asking.wanted(outputs, one.name) for one in databases)
        found = _prepared(Prepare(server=asking.server(outputs, key), databases=wanted), inside,
                          urns, tell)  # fmt: skip
        done += found.databases
        notes += found.notes
    return Prepared(databases=tuple(done), notes=tuple(dict.fromkeys(notes)))


def _prepared(request: Prepare, inside: Inside, urns: Mapping[str, str], tell: Teller) -> Prepared:
    """``urns``: the steps of the server's databases, by their names."""
    for urn in urns.values():
        tell.started(urn)
    left = dict(urns)
    try:
        found = inside.ask(request, Prepared)
        for one in found.databases:
            tell.done(left.pop(one.name))
        if found.error is not None:
            raise failed(found.error)
    except InfraError as error:
        for urn in left.values():
            tell.failed(urn, error)
        raise
    return found


def drop(
    target: Target, outputs: Outputs, inside: Inside, names: Iterable[str]
) -> tuple[PreparedDatabase, ...]:
    """Delete logical databases with all their rows, by their declared names: those whose server
    stays. ``outputs`` are those of before. Whoever calls has asked the person.

    Raises ``ApplyError``. What was done, by database.
    """
    stays = set(Servers(target.graph, settings(target.environment)).keys)
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        if asking.is_there(outputs, name):
            key = asking.server_of(outputs, name)
            if key in stays:
                found.setdefault(key, []).append(name)
    done: list[PreparedDatabase] = []
    for key, listed in sorted(found.items()):
        gone = tuple(asking.dropped(outputs, name) for name in listed)
        answer = inside.ask(Drop(server=asking.server(outputs, key), databases=gone), Dropped)
        if answer.error is not None:
            raise failed(answer.error)
        done += answer.databases
    return tuple(done)


def doctor(outputs: Outputs, inside: Inside) -> tuple[Check, ...]:
    """Every database and cache that is ours, reached as the app reaches it.

    Raises ``ApplyError`` where the function could not look.
    """
    request = asking.doctor(outputs)
    if not request.databases and not request.caches:
        return ()
    found = inside.ask(request, Checked)
    if found.error is not None:
        raise failed(found.error)
    return tuple(
        Check(
            kind=one.kind,
            name=one.name,
            ok=one.ok,
            seconds=one.seconds,
            detail=one.detail,
            reason=one.reason,
            hint=one.hint,
        )
        for one in found.checks
    )
