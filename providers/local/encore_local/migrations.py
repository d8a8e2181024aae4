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
from pathlib import Path

from encore_config.diagnostics import Diagnostic
from encore_config.graph import Database, Migrations
from encore_config.position import At
from encore_local.sqltext import extensions, place, without_own_transaction
from encore_provisioner.errors import AppError, RefusedError

NOTHING_APPLIED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationFile:
    """``path`` is relative to the app's root; ``sha256``: of the text with Unix line ends."""

    number: int
    filename: str
    path: str
    text: str
    sha256: str


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


NONE_APPLIED = Applied(versions={}, recorded={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to do. ``adopt``: ran by another tool, to be recorded with the file's hash."""

    pending: tuple[MigrationFile, ...]
    adopt: tuple[MigrationFile, ...] = ()
    errors: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


def is_sequential(migrations: Migrations) -> bool:
    """Whether numbers must only grow: not for prisma and drizzle/v1 (contract A6.1)."""
    return migrations.source in ("default", "drizzle")


def read_files(root: Path, database: Database) -> tuple[MigrationFile, ...]:
    """The database's files by number. Raises ``AppError`` for one that cannot be read."""
    if database.migrations is None:
        return ()
    files = [
        _read_file(root, f"{database.migrations.dir}/{file.filename}", file.number, file.filename)
        for file in database.migrations.files
    ]
    return tuple(sorted(files, key=lambda file: (file.number, file.filename)))


def _read_file(root: Path, path: str, number: int, filename: str) -> MigrationFile:
    try:
        text = (root / path).read_bytes().decode()
    except OSError as error:
        raise AppError(
            f"the migration {path} cannot be read: {error.strerror or error}",
            code="migration-unreadable",
            hint="Make the file readable, or put it back.",
        ) from error
    except UnicodeDecodeError as error:
        raise AppError(
            f"the migration {path} is not UTF-8 (byte {error.start})",
            code="migration-unreadable",
            hint="Save the file as UTF-8.",
        ) from error
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    digest = hashlib.sha256(normal.encode()).hexdigest()
    return MigrationFile(number=number, filename=filename, path=path, text=text, sha256=digest)


def judge(database: Database, files: tuple[MigrationFile, ...], applied: Applied) -> Verdict:
    """Compare the files with what the database says."""
    if database.migrations is None:
        return Verdict(pending=())
    sequential = is_sequential(database.migrations)
    current = max(applied.versions, default=NOTHING_APPLIED)
    done = tuple(
        f for f in files if (f.number <= current if sequential else f.number in applied.versions)
    )
    pending = tuple(f for f in files if f not in done)
    adopt, late = _unrecorded(done, applied, sequential)
    return Verdict(
        pending=pending,
        adopt=adopt,
        errors=(
            *_dirty(database, applied),
            *_twice(database, files),
            *_changed(done, applied),
            *(_late(file, current) for file in late),
        ),
        warnings=_vanished(database, files, applied, current if sequential else None),
    )


def _unrecorded(
    done: tuple[MigrationFile, ...], applied: Applied, sequential: bool
) -> tuple[tuple[MigrationFile, ...], tuple[MigrationFile, ...]]:
    """Files that count as done without a row of ours: run by another tool, or too late."""
    unknown = [f for f in done if f.number not in applied.recorded]
    newest = max(applied.recorded, default=NOTHING_APPLIED)
    late = tuple(f for f in unknown if sequential and f.number < newest)
    return tuple(f for f in unknown if f not in late), late


def _dirty(database: Database, applied: Applied) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            code="E9003",
            severity="error",
            message=f"version {version} of database {database.name} is marked dirty: another "
            "migration tool was interrupted while it ran, and only you can tell whether it did",
            at=database.at,
            hint="Look whether its changes are there. If so: UPDATE public.schema_migrations "
            f"SET dirty = false WHERE version = {version}. If not: set the version before it, "
            "with dirty = false, or delete the row if there is none. Then apply again.",
        )
        for version in sorted(applied.versions)
        if applied.versions[version]
    )


def _twice(database: Database, files: tuple[MigrationFile, ...]) -> tuple[Diagnostic, ...]:
    first: dict[int, MigrationFile] = {}
    found = []
    for file in files:
        other = first.setdefault(file.number, file)
        if other is not file:
            found.append(
                Diagnostic(
                    code="E9004",
                    severity="error",
                    message=f"two migrations of database {database.name} have the number "
                    f"{file.number}: {other.filename} and {file.filename}",
                    at=_start(file),
                    hint="Give one of them the next free number.",
                )
            )
    return tuple(found)


def _changed(done: tuple[MigrationFile, ...], applied: Applied) -> tuple[Diagnostic, ...]:
    found = []
    for file in done:
        row = applied.recorded.get(file.number)
        if row and row.sha256 != file.sha256:
            found.append(
                Diagnostic(
                    code="E9001",
                    severity="error",
                    message=f"{file.path} was changed after it had been applied on "
                    f"{row.applied_at}: its SHA-256 was {row.sha256} and is {file.sha256}",
                    at=_start(file),
                    hint="Put the file back as it was and write the change as a new migration.",
                )
            )
    return tuple(found)


def _late(file: MigrationFile, current: int) -> Diagnostic:
    return Diagnostic(
        code="E9002",
        severity="error",
        message=f"{file.path} is new, but the database is already at version {current}: "
        "files with a lower number are never run",
        at=_start(file),
        hint=f"Give it a number above {current}.",
    )


def _vanished(
    database: Database,
    files: tuple[MigrationFile, ...],
    applied: Applied,
    current: int | None,
) -> tuple[Diagnostic, ...]:
    """``current`` is the version of a sequential set; rows above it were taken back."""
    numbers = {file.number for file in files}
    return tuple(
        Diagnostic(
            code="W9001",
            severity="warning",
            message=f"the migration {applied.recorded[number].filename} of database "
            f"{database.name}, applied on {applied.recorded[number].applied_at}, is gone "
            "from the folder",
            at=database.at,
            hint="Put it back, or a new copy of the database will not get what it did.",
        )
        for number in sorted(applied.recorded)
        if number not in numbers
        and (number <= current if current is not None else number in applied.versions)
    )


def _start(file: MigrationFile) -> At:
    return At(file=file.path, line=1, column=1)


def check_text(file: MigrationFile) -> None:
    """Raise ``RefusedError`` for a file that can never run in one transaction."""
    nul = file.text.find("\0")
    if nul >= 0:
        raise _refused(file, nul, "holds a NUL character", "Remove the character.")
    own = without_own_transaction(file.text)
    if own.problem:
        raise _refused(
            file,
            own.offset,
            f"{own.problem}: each file runs in one transaction, so that it is applied whole "
            "or not at all",
            "Split it into one file for each transaction, and leave out BEGIN, COMMIT and "
            "ROLLBACK.",
        )


def _refused(file: MigrationFile, offset: int, problem: str, hint: str) -> RefusedError:
    line, column = place(file.text, offset)
    return RefusedError(
        f"{file.path}:{line}:{column}: the migration {problem}",
        code="migration-refused",
        hint=hint,
        at=At(file=file.path, line=line, column=column),
    )


def wanted_extensions(files: tuple[MigrationFile, ...]) -> tuple[tuple[str, At], ...]:
    """The extensions that the files create, each with the place of its first statement."""
    found: dict[str, At] = {}
    for file in files:
        for name, offset in extensions(file.text):
            line, column = place(file.text, offset)
            found.setdefault(name, At(file=file.path, line=line, column=column))
    return tuple(sorted(found.items()))
