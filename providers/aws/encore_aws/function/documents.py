"""What the function is asked and what it answers: typed documents, with a schema number.

An event is a request's fields beside ``schema`` and ``action``; an answer likewise, with ``error``,
which is ``null`` where all went well. Both sides use this module: whoever calls the function, and
the function. No answer has a place for a secret's value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from encore_aws.function.codec import DecodeError, T, decode, encode
from encore_aws.function.errors import FunctionError

SCHEMA: Final = 1
HANDLER: Final = "encore_aws.function.handler.handle"
"""What the function's ``handler`` is called in Lambda."""
LARGEST_FILE: Final = 8 * 1024 * 1024
"""Bytes of one migration: taking its text apart needs thirty times as much memory for a moment."""

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """``ca``: the one root in PEM that the server's certificate is checked against.

    ``admin_secret``: the ARN of the first user's name and password, which RDS keeps and changes.
    """

    host: str
    port: int
    ca: str
    admin_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPlace:
    """``secret``: the ARN. Where it has no value yet, one of ``length`` without ``exclude``."""

    secret: str
    length: int = 64
    exclude: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDatabase:
    """``name``: as declared; ``database`` and ``role``: the names inside the server."""

    name: str
    database: str
    role: str
    password: PasswordPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """Make the logical databases of one server with their roles, or make them as wanted."""

    server: Server
    databases: tuple[WantedDatabase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedDatabase:
    """``name``: as it was declared; ``database`` and ``role``: the names inside the server."""

    name: str
    database: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Delete logical databases with all their rows, and their roles: only those that are ours."""

    server: Server
    databases: tuple[DroppedDatabase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """``path``: relative to the app's root; ``sha256``: of the text with Unix line ends."""

    number: int
    filename: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrations:
    """``source`` as the graph has it: default, drizzle, prisma, drizzle/v1."""

    source: str
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MigratedDatabase:
    name: str
    database: str
    role: str
    migrations: Migrations


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """Where the files' texts lie: under ``<prefix>/<sha256>``."""

    bucket: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrate:
    """Run the files of one database that have not run."""

    server: Server
    database: MigratedDatabase
    objects: Objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Say which files have run. Changes nothing."""

    server: Server
    databases: tuple[MigratedDatabase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDatabase:
    """``password``: the ARN of the role's password."""

    name: str
    host: str
    port: int
    ca: str
    database: str
    role: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCache:
    """``ca`` is missing where the system's roots are meant, as for ElastiCache."""

    name: str
    host: str
    port: int
    username: str | None = None
    password: str | None = None
    ca: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """Connect to each as the app does. Leaves nothing behind."""

    databases: tuple[CheckedDatabase, ...] = ()
    caches: tuple[CheckedCache, ...] = ()


Request = Prepare | Drop | Migrate | Status | Doctor


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A place in a migration's file: line and column from 1, columns in code points."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    code: str
    message: str
    hint: str
    at: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """As a diagnostic, with its code from ``docs/diagnostics.md``."""

    code: str
    severity: Severity
    message: str
    hint: str
    at: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedDatabase:
    """``changed``: what was done, in words; empty where all was as wanted."""

    name: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """``databases``: those that are done, also where there is an ``error``."""

    databases: tuple[PreparedDatabase, ...] = ()
    notes: tuple[str, ...] = ()
    error: Error | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """As :class:`Prepared`; ``changed`` says what was deleted, or why nothing was."""

    databases: tuple[PreparedDatabase, ...] = ()
    error: Error | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """Names of files. ``more``: time ran out between two files; call again for the rest. Where that
    comes twice with the same ``pending``, something else holds it up.

    ``adopted``: another tool had run them, and their hashes are recorded now.
    """

    applied: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    more: bool = False
    findings: tuple[Finding, ...] = ()
    error: Error | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    version: int
    dirty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRow:
    """``applied_at``: ISO 8601 in UTC."""

    version: int
    filename: str
    sha256: str
    applied_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStatus:
    """``exists``: whether there is such a database yet. The rows are those of both tables."""

    name: str
    exists: bool
    versions: tuple[VersionRow, ...] = ()
    recorded: tuple[RecordedRow, ...] = ()
    applied: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    adopt: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer:
    databases: tuple[DatabaseStatus, ...] = ()
    error: Error | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """As the doctor's own: ``reason`` says why a failed one failed."""

    kind: Literal["database", "cache"]
    name: str
    ok: bool
    seconds: float
    detail: str = ""
    reason: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    checks: tuple[Check, ...] = ()
    error: Error | None = None


Answer = Prepared | Dropped | Migrated | StatusAnswer | Checked

_ACTIONS: Final[Mapping[str, tuple[type[Request], type[Answer]]]] = {
    "prepare": (Prepare, Prepared),
    "drop": (Drop, Dropped),
    "migrate": (Migrate, Migrated),
    "status": (Status, StatusAnswer),
    "doctor": (Doctor, Checked),
}
_UPDATE: Final = "Run `encore-infra apply`: it installs the function of this version."


def event(request: Request) -> dict[str, Any]:
    """What the function is called with."""
    (action,) = (name for name, (kind, _) in _ACTIONS.items() if isinstance(request, kind))
    return {"schema": SCHEMA, "action": action, **encode(request)}


def request(data: object) -> tuple[str, Request]:
    """The action and the request of an event. Raises :class:`FunctionError`."""
    action, fields = _opened(data, "event")
    try:
        return action, decode(_ACTIONS[action][0], fields)
    except DecodeError as error:
        raise FunctionError(
            "event-unreadable", f"the event cannot be read: {error}", _UPDATE
        ) from (error)


def answered(action: str, answer: Answer) -> dict[str, Any]:
    """What the function hands back."""
    return {"schema": SCHEMA, "action": action, **encode(answer)}


def failed(action: str | None, error: Error) -> dict[str, Any]:
    """What it hands back where there is nothing else to say."""
    return {"schema": SCHEMA, "action": action, "error": encode(error)}


def answer(data: object) -> Answer:
    """The answer to an event. Raises :class:`FunctionError` also where it is an error alone."""
    if isinstance(data, dict) and data.get("schema") == SCHEMA and data.get("action") is None:
        found = _decoded(Error, data.get("error"))
        raise FunctionError(found.code, found.message, found.hint)
    action, fields = _opened(data, "answer")
    return _decoded(_ACTIONS[action][1], fields)


def _decoded(kind: type[T], data: object) -> T:
    try:
        return decode(kind, data)
    except DecodeError as error:
        raise FunctionError(
            "answer-unreadable", f"the function's answer cannot be read: {error}", _UPDATE
        ) from error


def _opened(data: object, what: str) -> tuple[str, dict[str, Any]]:
    if not isinstance(data, dict):
        raise FunctionError(f"{what}-unreadable", f"the {what} is no object", _UPDATE)
    if data.get("schema") != SCHEMA:
        raise FunctionError(
            f"{what}-unreadable",
            f"the {what} is of schema {data.get('schema')!r}, known is {SCHEMA}",
            _UPDATE,
        )
    action = data.get("action")
    if not isinstance(action, str) or action not in _ACTIONS:
        known = ", ".join(_ACTIONS)
        raise FunctionError(
            "unknown-action", f"the action {action!r} is not known; known are {known}", _UPDATE
        )
    return action, {key: one for key, one in data.items() if key not in ("schema", "action")}
