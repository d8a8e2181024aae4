"""Which migrations have run, which are to run, and what speaks against it. Pure.

In: a database's migration files and the rows of the two tables that record them. Out: the files
to run in order, those to adopt, and findings. The semantics are golang-migrate's as Encore's own
tools use it (contract §4.5): ``public.schema_migrations`` decides what has run; a sequential set
has one row there, the highest version; others have a row for each. Our own table adds the name,
the hash and the time, and decides nothing but whether a file is still the one that ran.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from encore_provisioner.postgres.sqltext import place, without_own_transaction

NOTHING_APPLIED = -1


class Place(NamedTuple):
    """As :class:`encore_config.position.At`, which is not at hand where this also runs."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """As :class:`encore_config.diagnostics.Diagnostic`. ``at``: None means the declaration."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    hint: str
    at: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationFile:
    """``path`` is relative to the app's root; ``sha256``: of the text with Unix line ends."""

    number: int
    filename: str
    path: str
    text: str
    sha256: str

    @property
    def start(self) -> Place:
        return Place(self.path, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A row of ours: ``applied_at`` is ISO 8601 in UTC."""

    filename: str
    sha256: str
    applied_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a database says: ``versions`` maps a version to its dirty flag."""

    versions: Mapping[int, bool]
    recorded: Mapping[int, Recorded]

    @property
    def current(self) -> int:
        return max(self.versions, default=NOTHING_APPLIED)

    @property
    def dirty(self) -> tuple[int, ...]:
        return tuple(sorted(version for version, dirty in self.versions.items() if dirty))

    def holds(self, number: int, *, sequential: bool) -> bool:
        """Whether the file of that number counts as run."""
        return number <= self.current if sequential else number in self.versions


NONE_APPLIED = Applied(versions={}, recorded={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is to do. ``adopt``: ran by another tool, to be recorded with the file's hash."""

    pending: tuple[MigrationFile, ...] = ()
    adopt: tuple[MigrationFile, ...] = ()
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


def is_sequential(source: str) -> bool:
    """Whether numbers must only grow: not for prisma and drizzle/v1 (contract A6.1)."""
    return source in ("default", "drizzle")


def digest(text: str) -> str:
    """The hash of a file, line ends aside."""
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    return hashlib.sha256(normal.encode()).hexdigest()


def judge(
    database: str, files: tuple[MigrationFile, ...], applied: Applied, *, sequential: bool
) -> Judgement:
    """Compare the files with what the database says. Texts are not looked at."""
    done = tuple(f for f in files if applied.holds(f.number, sequential=sequential))
    pending = tuple(f for f in files if f not in done)
    adopt, late = _unrecorded(done, applied, sequential)
    return Judgement(
        pending=pending,
        adopt=adopt,
        errors=(
            *(dirty(database, version) for version in applied.dirty),
            *_twice(database, files),
            *_changed(done, applied),
            *(_late(file, applied.current) for file in late),
        ),
        warnings=_vanished(database, files, applied, sequential=sequential),
    )


def _unrecorded(
    done: tuple[MigrationFile, ...], applied: Applied, sequential: bool
) -> tuple[tuple[MigrationFile, ...], tuple[MigrationFile, ...]]:
    """Files that count as done without a row of ours: run by another tool, or too late."""
    unknown = [f for f in done if f.number not in applied.recorded]
    newest = max(applied.recorded, default=NOTHING_APPLIED)
    late = tuple(f for f in unknown if sequential and f.number < newest)
    return tuple(f for f in unknown if f not in late), late


def dirty(database: str, version: int) -> Finding:
    return Finding(
        code="E9003",
        severity="error",
        message=f"version {version} of database {database} is marked dirty: a migration was "
        "interrupted while it ran, and only you can tell whether it did",
        hint="Look whether its changes are there. If so: UPDATE public.schema_migrations "
        f"SET dirty = false WHERE version = {version}. If not: set the version before it, "
        "with dirty = false, or delete the row if there is none. Then apply again.",
    )


def _twice(database: str, files: tuple[MigrationFile, ...]) -> tuple[Finding, ...]:
    first: dict[int, MigrationFile] = {}
    found = []
    for file in files:
        other = first.setdefault(file.number, file)
        if other is not file:
            found.append(
                Finding(
                    code="E9004",
                    severity="error",
                    message=f"two migrations of database {database} have the number "
                    f"{file.number}: {other.filename} and {file.filename}",
                    at=file.start,
                    hint="Give one of them the next free number.",
                )
            )
    return tuple(found)


def _changed(done: tuple[MigrationFile, ...], applied: Applied) -> tuple[Finding, ...]:
    found = []
    for file in done:
        row = applied.recorded.get(file.number)
        if row and row.sha256 != file.sha256:
            found.append(
                Finding(
                    code="E9001",
                    severity="error",
                    message=f"{file.path} was changed after it had been applied on "
                    f"{row.applied_at}: its SHA-256 was {row.sha256} and is {file.sha256}",
                    at=file.start,
                    hint="Put the file back as it was and write the change as a new migration.",
                )
            )
    return tuple(found)


def _late(file: MigrationFile, current: int) -> Finding:
    return Finding(
        code="E9002",
        severity="error",
        message=f"{file.path} is new, but the database is already at version {current}: "
        "files with a lower number are never run",
        at=file.start,
        hint=f"Give it a number above {current}.",
    )


def _vanished(
    database: str, files: tuple[MigrationFile, ...], applied: Applied, *, sequential: bool
) -> tuple[Finding, ...]:
    """Rows above the version of a sequential set were taken back."""
    numbers = {file.number for file in files}
    return tuple(
        Finding(
            code="W9001",
            severity="warning",
            message=f"the migration {applied.recorded[number].filename} of database "
            f"{database}, applied on {applied.recorded[number].applied_at}, is gone "
            "from the folder",
            hint="Put it back, or a new copy of the database will not get what it did.",
        )
        for number in sorted(applied.recorded)
        if number not in numbers and applied.holds(number, sequential=sequential)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a file can never run, whatever the database holds."""

    at: Place
    message: str
    hint: str


def refusal(file: MigrationFile) -> Refusal | None:
    """What keeps the text of ``file`` from running in one transaction."""
    nul = file.text.find("\0")
    if nul >= 0:
        return _refusal(file, nul, "holds a NUL character", "Remove the character.")
    own = without_own_transaction(file.text)
    if own.problem:
        return _refusal(
            file,
            own.offset,
            f"{own.problem}: each file runs in one transaction, so that it is applied whole "
            "or not at all",
            "Split it into one file for each transaction, and leave out BEGIN, COMMIT and "
            "ROLLBACK.",
        )
    return None


def _refusal(file: MigrationFile, offset: int, problem: str, hint: str) -> Refusal:
    at = Place(file.path, *place(file.text, offset))
    return Refusal(at=at, message=f"{at}: the migration {problem}", hint=hint)
