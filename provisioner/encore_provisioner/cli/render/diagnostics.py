"""Findings and failures for people: what, where with the source line underlined, what to do.

In: diagnostics or an ``InfraError``, and the app's source. Out: lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from encore_config.diagnostics import Diagnostic
from encore_config.position import At, End
from encore_provisioner.cli.render.style import Line, Span, count, line, visible, width
from encore_provisioner.errors import InfraError

_WIDEST: Final = 120
_TAB: Final = "    "


@dataclass(slots=True)
class Sources:
    """The lines of the app's files, read when they are needed; without a root there are none."""

    root: Path | None
    _files: dict[str, list[str]] = field(default_factory=dict)

    def line(self, at: At) -> str | None:
        """The source line of a position; None when the file or the line is not there."""
        if at.file not in self._files:
            self._files[at.file] = self._read(at.file)
        lines = self._files[at.file]
        return lines[at.line - 1] if at.line <= len(lines) else None

    def _read(self, name: str) -> list[str]:
        if self.root is None:
            return []
        try:
            raw = (self.root / name).read_bytes()
        except (OSError, ValueError):
            return []
        text = raw.decode("utf-8-sig", errors="replace")
        return [row.removesuffix("\r") for row in text.split("\n")]


def diagnostics_lines(diagnostics: tuple[Diagnostic, ...], sources: Sources) -> list[Line]:
    """All findings, a blank line behind each."""
    lines: list[Line] = []
    for diagnostic in diagnostics:
        lines += [*diagnostic_lines(diagnostic, sources), ()]
    return lines


def diagnostic_lines(diagnostic: Diagnostic, sources: Sources) -> list[Line]:
    severity = diagnostic.severity
    first, *rest = diagnostic.message.split("\n")
    lines = [line((f"{severity}[{diagnostic.code}]", severity), (f": {first}", "bold"))]
    lines += [line(f"  {row}") for row in rest]
    gutter = len(str(diagnostic.at.line)) if diagnostic.at else 1
    if diagnostic.at:
        lines += excerpt(diagnostic.at, diagnostic.end, sources, severity)
    for related in diagnostic.related:
        lines.append(_note(gutter, ("note", "hint"), f"{related.message}: {related.at}"))
    if diagnostic.hint:
        lines.append(_note(gutter, ("hint", "hint"), diagnostic.hint))
    return lines


def failure_lines(error: InfraError, sources: Sources) -> list[Line]:
    """Why a command failed: its findings, if it has any, then the failure itself."""
    lines = diagnostics_lines(error.diagnostics, sources)
    if len(error.diagnostics) == 1 and error.diagnostics[0].message == error.message:
        return lines[:-1]
    first, *rest = error.message.split("\n")
    lines.append(line(("error", "error"), (f": {first}", "bold")))
    lines += [line(f"  {row}") for row in rest]
    if error.at and not error.diagnostics:
        lines += excerpt(error.at, error.end, sources, "error")
    if error.hint:
        first, *rest = error.hint.split("\n")
        lines.append(line(("hint", "hint"), f": {first}"))
        lines += [line(f"  {row}") for row in rest]
    return lines


def verdict(diagnostics: tuple[Diagnostic, ...]) -> str:
    """``2 errors, 1 warning``; ``no findings`` when there is nothing."""
    errors = sum(d.severity == "error" for d in diagnostics)
    warnings = len(diagnostics) - errors
    parts = [count(errors, "error")] if errors else []
    parts += [count(warnings, "warning")] if warnings else []
    return ", ".join(parts) or "no findings"


def excerpt(at: At, end: End | None, sources: Sources, style: str) -> list[Line]:
    """The place and, where it can be read, its source line with the range underlined."""
    gutter = len(str(at.line))
    lines = [line(" " * gutter, ("--> ", "dim"), (str(at), "place"))]
    source = sources.line(at)
    if source is None:
        return lines
    stop = end.column if end and end.line == at.line else (len(source) + 1 if end else at.column)
    text, before, length = _window(source, at.column - 1, max(stop - at.column, 1))
    empty = line((" " * gutter + " |", "dim"))
    return [
        *lines,
        empty,
        line((f"{at.line} | ", "dim"), text),
        line((" " * gutter + " | ", "dim"), " " * before, ("^" * length, style)),
    ]


def _window(source: str, start: int, length: int) -> tuple[str, int, int]:
    """The part of a line that is worth showing, and the cells before and under the mark."""
    start = min(start, len(source))
    first = max(0, start - _WIDEST // 2) if len(source) > _WIDEST else 0
    last = min(len(source), first + _WIDEST)
    head = "…" if first else ""
    tail = "…" if last < len(source) else ""
    before = head + _flat(source[first:start])
    marked = _flat(source[start : min(start + length, last)])
    text = before + _flat(source[start:last]) + tail
    return text.rstrip(), width(before), max(width(marked), 1)


def _flat(text: str) -> str:
    return visible(text.replace("\t", _TAB))


def _note(gutter: int, word: Span, text: str) -> Line:
    return line((" " * gutter + " = ", "dim"), word, f": {text}")
