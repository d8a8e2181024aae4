"""Findings as annotations of GitHub Actions: ``::error file=…,line=…::message``.

In: diagnostics. Out: lines of text for stdout of a workflow's step.
"""

from __future__ import annotations

from encore_config.diagnostics import Diagnostic


def github(diagnostics: tuple[Diagnostic, ...], *, prefix: str = "") -> str:
    """One command for each finding. ``prefix`` leads from the repository to the app's folder."""
    return "".join(_annotation(diagnostic, prefix) for diagnostic in diagnostics)


def _annotation(diagnostic: Diagnostic, prefix: str) -> str:
    properties = {"title": diagnostic.code}
    if diagnostic.at:
        at = diagnostic.at
        properties |= {"file": f"{prefix}{at.file}", "line": str(at.line), "col": str(at.column)}
        if diagnostic.end:
            properties["endLine"] = str(diagnostic.end.line)
            if diagnostic.end.line == at.line:
                properties["endColumn"] = str(diagnostic.end.column)
    written = ",".join(f"{key}={_property(value)}" for key, value in sorted(properties.items()))
    text = diagnostic.message + (f"\n{diagnostic.hint}" if diagnostic.hint else "")
    return f"::{diagnostic.severity} {written}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
