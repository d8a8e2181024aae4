"""The migrations of an app's databases: their files, and what is said about them.

In: the app's folder, a declared database, what the database says. Out: files with text and hash,
and a verdict with diagnostics. What runs and what speaks against it is decided in ``judging``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from encore_config.diagnostics import Diagnostic
from encore_config.graph import Database
from encore_config.position import At
from encore_provisioner.errors import AppError, RefusedError
from encore_provisioner.postgres import judging
from encore_provisioner.postgres.destructive import destructive
from encore_provisioner.postgres.judging import Applied, Finding, MigrationFile, Place
from encore_provisioner.postgres.sqltext import extensions, place

ADOPTED: Final = "was applied by another tool; its hash is recorded"
"""Why a file has a step that never ran through us."""
_SHOWN: Final = 5
"""Statements that a step names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to do. ``adopt``: ran by another tool, to be recorded with the file's hash."""

    pending: tuple[MigrationFile, ...]
    adopt: tuple[MigrationFile, ...] = ()
    errors: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


def is_sequential(database: Database) -> bool:
    """Whether numbers must only grow."""
    found = database.migrations
    return found is not None and judging.is_sequential(found.source)


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
    sha256 = judging.digest(text)
    return MigrationFile(number=number, filename=filename, path=path, text=text, sha256=sha256)


def judge(database: Database, files: tuple[MigrationFile, ...], applied: Applied) -> Verdict:
    """Compare the files with what the database says."""
    if database.migrations is None:
        return Verdict(pending=())
    found = judging.judge(database.name, files, applied, sequential=is_sequential(database))
    return Verdict(
        pending=found.pending,
        adopt=found.adopt,
        errors=tuple(diagnostic(error, database) for error in found.errors),
        warnings=tuple(diagnostic(warning, database) for warning in found.warnings),
    )


def diagnostic(finding: Finding, database: Database) -> Diagnostic:
    """What has no place of its own belongs to the declaration."""
    return Diagnostic(
        code=finding.code,
        severity=finding.severity,
        message=finding.message,
        at=position(finding.at) or database.at,
        hint=finding.hint,
    )


def position(found: Place | None) -> At | None:
    return At(file=found.file, line=found.line, column=found.column) if found else None


def pending_reason(file: MigrationFile) -> str:
    """Why a file has a step, with the statements in it that delete data."""
    found = destructive(file.text)
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    told = f"; it deletes data: {'; '.join(found[:_SHOWN])}{more}" if found else ""
    return f"has not run in this database{told}"


def refused(errors: tuple[Diagnostic, ...]) -> RefusedError:
    """What speaks against the migrations of an app, as one error. ``errors`` is not empty."""
    first, *more = errors
    rest = f" (and {len(more)} more like it)" if more else ""
    return RefusedError(
        f"{first.message}{rest}; nothing was changed",
        code="migrations-refused",
        hint=first.hint,
        at=first.at,
        diagnostics=errors,
    )


def check_text(file: MigrationFile) -> None:
    """Raise ``RefusedError`` for a file that can never run in one transaction."""
    refusal = judging.refusal(file)
    if refusal is not None:
        raise RefusedError(
            refusal.message, code="migration-refused", hint=refusal.hint, at=position(refusal.at)
        )


def wanted_extensions(files: tuple[MigrationFile, ...]) -> tuple[tuple[str, At], ...]:
    """The extensions that the files create, each with the place of its first statement."""
    found: dict[str, At] = {}
    for file in files:
        for name, offset in extensions(file.text):
            line, column = place(file.text, offset)
            found.setdefault(name, At(file=file.path, line=line, column=column))
    return tuple(sorted(found.items()))
