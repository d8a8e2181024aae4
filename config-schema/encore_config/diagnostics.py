"""Findings about an app: the document ``diagnostics``.

A code is ``E`` or ``W`` and four digits; the first two digits name the section of the
declaration contract (06 = infrastructure resources), the last two the case. ``E``: Encore's
own build, or ours, cannot go on with this. ``W``: it works here, but something is worth
knowing. Codes are stable; each has an entry in ``docs/diagnostics.md``.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from encore_config.document import SCHEMA_VERSION, SchemaVersion, Value
from encore_config.position import At, End

Severity = Literal["error", "warning"]
Code = Annotated[str, msgspec.Meta(pattern=r"^[EW][0-9]{4}(?!\n)$")]


class Related(Value, frozen=True, kw_only=True):
    """A second place that belongs to a finding, such as the first of two declarations."""

    message: str
    at: At


class Diagnostic(Value, frozen=True, kw_only=True):
    """One finding.

    ``message`` says what is wrong and why in one sentence; ``hint`` says what to do.
    ``at`` is missing only when the finding belongs to no place in a file.
    """

    code: Code
    severity: Severity
    message: str
    at: At | None = None
    end: End | None = None
    hint: str | None = None
    related: tuple[Related, ...] = ()


class Problem(Value, frozen=True, kw_only=True):
    """Why a command failed, in the envelope that ``--format json`` prints."""

    code: str
    message: str
    hint: str | None = None


class Diagnostics(Value, frozen=True, kw_only=True):
    """All findings of one run, sorted by place and code, and the failure, if there was one."""

    schema: SchemaVersion = SCHEMA_VERSION
    error: Problem | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def order(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    """The sort key of findings: by place, then code, then text; those without a place first."""
    at = diagnostic.at
    place = (at.file, at.line, at.column) if at else ("", 0, 0)
    return (*place, diagnostic.code, diagnostic.message)


def has_errors(diagnostics: tuple[Diagnostic, ...]) -> bool:
    return any(d.severity == "error" for d in diagnostics)
