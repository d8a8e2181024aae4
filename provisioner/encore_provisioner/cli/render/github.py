"""Findings as annotations of GitHub Actions: ``::error file=…,line=…::message``.

In: diagnostics. Out: lines of text for stdout of a workflow's step. The runner reads a command to
the end of its line, takes ``%0A`` for a line's end inside it, and drops columns of a range that
ends in another line. Characters that would steer the log of the workflow are made visible.
"""

from __future__ import annotations

from encore_config.diagnostics import Diagnostic, Problem
from encore_provisioner.cli.render.style import visible


def github(diagnostics: tuple[Diagnostic, ...], *, prefix: str = "") -> str:
    """One command for each finding. ``prefix`` leads from the repository to the app's folder."""
    return "".join(_annotation(diagnostic, prefix) for diagnostic in diagnostics)


def github_failure(problem: Problem) -> str:
    """The command for a failure of the run as a whole."""
    text = problem.message + _hint(problem.hint)
    return f"::error title={_property(problem.code)}::{_data(text)}\n"


def _annotation(diagnostic: Diagnostic, prefix: str) -> str:
    properties = {"title": diagnostic.code}
    if diagnostic.at:
        at = diagnostic.at
        end = diagnostic.end or at
        properties |= {"file": f"{prefix}{at.file}", "line": str(at.line)}
        properties |= {"endLine": str(end.line)} if diagnostic.end else {}
        if end.line == at.line:
            properties["col"] = str(at.column)
            properties |= {"endColumn": str(end.column)} if diagnostic.end else {}
    written = ",".join(f"{key}={_property(value)}" for key, value in sorted(properties.items()))
    related = "".join(f"\n{r.message}: {prefix}{r.at}" for r in diagnostic.related)
    text = diagnostic.message + related + _hint(diagnostic.hint)
    return f"::{diagnostic.severity} {written}::{_data(text)}\n"


def _hint(hint: str | None) -> str:
    return f"\nhint: {hint}" if hint else ""


def _data(text: str) -> str:
    return _escaped(visible(text))


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
