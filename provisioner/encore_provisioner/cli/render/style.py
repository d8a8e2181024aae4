"""Text with marks of meaning, before anyone decides whether the reader sees colours.

A line is a tuple of spans, a span is text and the name of a style. ``plain`` forgets the styles;
the terminal turns them into colours. Characters that would steer a terminal are made visible.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final

from encore_config.plan import SECRET, UNKNOWN

Span = tuple[str, str]
Line = tuple[Span, ...]

STYLES: Final[dict[str, str]] = {
    "": "",
    "bold": "bold",
    "dim": "dim",
    "place": "cyan",
    "good": "green",
    "create": "green",
    "update": "yellow",
    "replace": "magenta",
    "delete": "red",
    "same": "dim",
    "loss": "bold red",
    "error": "bold red",
    "warning": "bold yellow",
    "hint": "bold",
}
"""What each style looks like, in the words of rich."""

_STEERING: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def line(*parts: str | Span) -> Line:
    """One line; a bare string has no style."""
    return tuple((part, "") if isinstance(part, str) else part for part in parts)


def plain(lines: Iterable[Line]) -> str:
    """The text alone, each line ended; what a pipe or a file gets."""
    return "".join(visible("".join(text for text, _ in row)).rstrip() + "\n" for row in lines)


def visible(text: str) -> str:
    """``text`` with every character that could steer a terminal written as ``\\x1b``."""
    return _STEERING.sub(lambda m: ascii(m.group())[1:-1], text)


def one_line(text: str) -> str:
    """As :func:`visible`, and on one line."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def indent(lines: Iterable[Line], by: int) -> list[Line]:
    return [((" " * by, ""), *row) if row else row for row in lines]


def table(rows: Sequence[Sequence[str | Span]], gap: int = 2) -> list[Line]:
    """Columns as wide as their widest cell; the last one is as long as it is."""
    cells = [[(c, "") if isinstance(c, str) else c for c in row] for row in rows]
    count = max((len(row) for row in cells), default=0)
    widths = [max((width(r[i][0]) for r in cells if i < len(r)), default=0) for i in range(count)]
    return [_row(row, widths, gap) for row in cells]


def _row(row: list[Span], widths: list[int], gap: int) -> Line:
    spans: list[Span] = []
    for index, (text, style) in enumerate(row):
        spans.append((text, style))
        if index < len(row) - 1:
            spans.append((" " * (widths[index] - width(text) + gap), ""))
    return tuple(spans)


def width(text: str) -> int:
    """How many cells of a terminal ``text`` takes: wide characters two, combining ones none."""
    return len(text) if text.isascii() else sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text: str, most: int | None) -> str:
    """``text`` cut to ``most`` cells with an ellipsis; None leaves it whole."""
    if most is None or width(text) <= most:
        return text
    kept, used = [], 1
    for character in text:
        used += _cells(character)
        if used > most:
            break
        kept.append(character)
    return "".join(kept) + "…"


def value_text(value: Any) -> str:
    """A property's value as JSON, or what stands for one that is not shown."""
    if value == SECRET:
        return "(secret)"
    if value == UNKNOWN:
        return "(known after apply)"
    return json.dumps(_inner(value), ensure_ascii=False, sort_keys=True)


def _inner(value: Any) -> Any:
    if isinstance(value, dict):
        marks = {"secret": "(secret)", "unknown": "(known after apply)"}
        if value in (SECRET, UNKNOWN):
            return marks[next(iter(value))]
        return {key: _inner(item) for key, item in value.items()}
    return [_inner(item) for item in value] if isinstance(value, list | tuple) else value


def count(number: int, singular: str, plural: str | None = None) -> str:
    """``1 service``, ``3 services``, ``2 caches``."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def listed(names: Sequence[str], limit: int = 5) -> str:
    """``a, b and c``; of many the first ones and how many more there are."""
    more = len(names) - limit
    if more > 0:
        return f"{', '.join(names[:limit])} and {more} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def seconds(value: float) -> str:
    """A duration as people say it: ``0.04 s``, ``12 s``, ``2 min 5 s``."""
    if value < 10:
        return f"{value:.2f} s"
    if value < 60:
        return f"{value:.0f} s"
    return f"{int(value) // 60} min {int(value) % 60} s"
