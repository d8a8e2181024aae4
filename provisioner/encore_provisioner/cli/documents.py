"""The documents that only the command line has: what ``--format json`` prints for each command.

Each begins with ``schema``; ``error`` is null and ``diagnostics`` are the warnings of the run. A
failed command prints ``encore_config.diagnostics.Diagnostics`` instead.
"""

from __future__ import annotations

from typing import Any

from encore_config.diagnostics import Diagnostic, Problem
from encore_config.document import SCHEMA_VERSION, SchemaVersion, Value
from encore_config.plan import Plan


class Report(Value, frozen=True, kw_only=True):
    """What every document of a command has."""

    schema: SchemaVersion = SCHEMA_VERSION
    error: Problem | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


class Applied(Report, frozen=True, kw_only=True):
    """``files`` are those of the runtime config, relative to the app's root."""

    plan: Plan
    outputs: dict[str, Any]
    files: tuple[str, ...]


class Destroyed(Report, frozen=True, kw_only=True):
    """``left`` is what could not be removed; empty when all is gone."""

    plan: Plan
    left: tuple[str, ...]


class Refreshed(Report, frozen=True, kw_only=True):
    """``plan``: what was remembered wrongly, from the memory to what is there."""

    plan: Plan


class PendingLine(Value, frozen=True, kw_only=True):
    """``destructive``: those of its statements that delete data."""

    filename: str
    destructive: tuple[str, ...]


class DatabaseLine(Value, frozen=True, kw_only=True):
    """``version`` is null before the first; ``adopted`` ran by another tool, and are unrecorded."""

    name: str
    exists: bool
    version: int | None
    dirty: bool
    applied: tuple[str, ...]
    pending: tuple[PendingLine, ...]
    adopted: tuple[str, ...]


class Migrations(Report, frozen=True, kw_only=True):
    """``error`` is set when a problem, which stands in ``diagnostics``, keeps them from running."""

    environment: str
    databases: tuple[DatabaseLine, ...]


class Migrated(Migrations, frozen=True, kw_only=True):
    """``ran`` by this command: ``<database>/<file>``. ``databases`` are as they are now."""

    ran: tuple[str, ...]


class CheckResult(Value, frozen=True, kw_only=True):
    kind: str
    name: str
    ok: bool
    seconds: float
    detail: str
    reason: str | None
    hint: str | None


class Doctor(Report, frozen=True, kw_only=True):
    """``error`` is set when a check failed; the checks are there all the same."""

    checks: tuple[CheckResult, ...]


class Server(Value, frozen=True, kw_only=True):
    name: str
    state: str
    endpoint: str
    detail: str


class Status(Report, frozen=True, kw_only=True):
    app: str
    environment: str
    provider: str
    servers: tuple[Server, ...]


class OutputsReport(Report, frozen=True, kw_only=True):
    outputs: dict[str, Any]


class Stopped(Report, frozen=True, kw_only=True):
    """The names of the servers that were running."""

    stopped: tuple[str, ...]


class SecretLine(Value, frozen=True, kw_only=True):
    """``set_at`` is ISO 8601 in UTC, null while the secret has no value, or where that is not
    ``known``: an adopted one that these credentials may not look at."""

    name: str
    set_at: str | None
    services: tuple[str, ...]
    known: bool = True


class Secrets(Report, frozen=True, kw_only=True):
    environment: str
    secrets: tuple[SecretLine, ...]


class SecretChanged(Report, frozen=True, kw_only=True):
    environment: str
    name: str


class EnvironmentLine(Value, frozen=True, kw_only=True):
    """``state``: whether something of it stands in the app's state folder."""

    name: str
    provider: str
    type: str
    extends: str | None
    pattern: bool
    state: bool


class Environments(Report, frozen=True, kw_only=True):
    environments: tuple[EnvironmentLine, ...]


class EnvironmentChanged(Report, frozen=True, kw_only=True):
    name: str
    file: str
