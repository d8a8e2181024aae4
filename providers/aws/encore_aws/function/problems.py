"""Errors and findings as the documents have them. Pure."""

from __future__ import annotations

from encore_aws.function.documents import Error, Finding, Where
from encore_aws.function.errors import FunctionError
from encore_provisioner.postgres import judging
from encore_provisioner.postgres.judging import Place


def error_of(error: FunctionError) -> Error:
    return Error(code=error.code, message=error.message, hint=error.hint, at=where(error.at))


def finding_of(found: judging.Finding) -> Finding:
    return Finding(
        code=found.code,
        severity=found.severity,
        message=found.message,
        hint=found.hint,
        at=where(found.at),
    )


def where(place: Place | None) -> Where | None:
    return Where(file=place.file, line=place.line, column=place.column) if place else None
