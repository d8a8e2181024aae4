"""The properties of a step as rows that a person can read.

In: a step. Out: rows of text, each with what it says: that something comes, goes or is. A policy,
which is JSON inside a string, is laid out; of two policies only the lines that differ are shown.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from encore_config.plan import UNKNOWN, Plan, PropertyDiff, Step
from encore_provisioner.cli.render.style import one_line, value_text
from encore_provisioner.engine.paths import inside, steps_of, under

Sign = Literal["", "+", "-"]

NOTHING: Final = "(not set)"
_WIDE: Final = 88
_SOURCES: Final = 2
_ENTRY: Final = re.compile(r"(.+)\[\d+\]")
_OWN_TAGS: Final = 'tags["encore:'


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A value of several lines, each with what happens to it."""

    path: str
    lines: tuple[tuple[Sign, str], ...]
    forced: bool = False


def shown(step: Step) -> tuple[PropertyDiff, ...]:
    """The properties worth a row: not our own tags on what is new, nor those of what goes."""
    if step.op == "delete":
        return ()
    if step.op != "create":
        return step.diff
    return tuple(_joined([item for item in step.diff if not item.path.startswith(_OWN_TAGS)]))


def hides_tags(plan: Plan) -> bool:
    """Whether :func:`shown` leaves something out anywhere."""
    return any(
        item.path.startswith(_OWN_TAGS)
        for step in plan.steps
        if step.op == "create"
        for item in step.diff
    )


def laid_out(item: PropertyDiff) -> Laid | None:
    """The value over several lines, where one line is no use: JSON in a string, or a script."""
    old, new = inside(item.before), inside(item.after)
    if old is not None and new is not None:
        rows = tuple(_json_changes("", old, new)) or (("", "(only its form differs)"),)
        return Laid(path=item.path, lines=rows, forced=item.forces_replacement)
    before, now = _lines(item.before), _lines(item.after)
    if now is None or (before is None and item.before is not None):
        return None
    if before is not None:
        rows = tuple(_text_changes(before, now))
        return Laid(path=item.path, lines=rows, forced=item.forces_replacement)
    told = tuple[tuple[Sign, str], ...](("", row) for row in now)
    return Laid(path=item.path, lines=told) if len(now) > 1 else None


def after(step: Step, item: PropertyDiff) -> str:
    """The new value on one line; of one that only apply knows, what it will come from."""
    if item.after != UNKNOWN:
        return cell(item.after) or NOTHING
    sources = step.needs.get(str(steps_of(item.path)[0]), ())
    names = [one_line(urn.split("::", 3)[-1]) for urn in sources[:_SOURCES]]
    more = f" and {len(sources) - _SOURCES} more" if len(sources) > _SOURCES else ""
    told = f", from {', '.join(names)}{more}" if names else ""
    other = ", another one" if is_another(item) else ""
    return f"(known after apply{other}{told})"


def is_another(item: PropertyDiff) -> bool:
    """Whether a value that is not shown is replaced by another such value."""
    return bool(item.before == item.after)


def pretty(value: Any, room: int = _WIDE) -> list[str]:
    """JSON over as few lines as fit into ``room``: what is short stays on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) <= room or not value or not isinstance(value, dict | list):
        return [one_line(flat)]
    pairs = (
        [(f"{json.dumps(key, ensure_ascii=False)}: ", child) for key, child in value.items()]
        if isinstance(value, dict)
        else [("", child) for child in value]
    )
    first, last = "{}" if isinstance(value, dict) else "[]"
    rows: list[str] = []
    for number, (head, child) in enumerate(pairs):
        inner = pretty(child, room - 2 - len(head))
        comma = "," if number < len(pairs) - 1 else ""
        rows += [f"  {one_line(head)}{inner[0]}", *(f"  {row}" for row in inner[1:])]
        rows[-1] += comma
    return [first, *rows, last]


def cell(value: Any) -> str:
    """A value on one line; nothing for what is not there. Marks are words, JSON is itself."""
    found = inside(value)
    if found is not None:
        return one_line(json.dumps(found, ensure_ascii=False))
    return "" if value is None else value_text(value)


def _lines(value: Any) -> list[str] | None:
    found = inside(value)
    if found is not None:
        return pretty(found)
    is_text = isinstance(value, str) and "\n" in value.rstrip("\n")
    return [one_line(row) for row in value.splitlines()] if is_text else None


def _joined(found: list[PropertyDiff]) -> Iterator[PropertyDiff]:
    """A list of plain values is one row, not one for each."""
    lists: dict[str, list[PropertyDiff]] = {}
    for item in found:
        match = _ENTRY.fullmatch(item.path)
        lists.setdefault(match[1] if match else item.path, []).append(item)
    for path, items in lists.items():
        inner = [item.path for item in found if item.path.startswith(f"{path}[")]
        if inner and inner == [f"{path}[{number}]" for number in range(len(items))]:
            yield PropertyDiff(path=path, after=[item.after for item in items])
        else:
            yield from items


def _text_changes(before: list[str], now: list[str]) -> Iterator[tuple[Sign, str]]:
    for tag, start, end, other, until in _opcodes(before, now):
        if tag != "equal":
            yield from (("-", row) for row in before[start:end])
            yield from (("+", row) for row in now[other:until])


def _json_changes(path: str, before: Any, now: Any) -> Iterator[tuple[Sign, str]]:
    """What differs, each part with the way to it: a statement of a policy is one part."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted({*before, *now}):
            inner = under(path, key)
            if key not in now:
                yield from _part("-", inner, before[key])
            elif key not in before:
                yield from _part("+", inner, now[key])
            else:
                yield from _json_changes(inner, before[key], now[key])
    elif isinstance(before, list) and isinstance(now, list):
        yield from _list_changes(path, before, now)
    elif before != now:
        yield from _part("-", path, before)
        yield from _part("+", path, now)


def _list_changes(path: str, before: list[Any], now: list[Any]) -> Iterator[tuple[Sign, str]]:
    flat = [[json.dumps(item, sort_keys=True) for item in side] for side in (before, now)]
    for tag, start, end, other, until in _opcodes(*flat):
        if tag == "replace" and end - start == until - other:
            for offset in range(end - start):
                at = f"{path}[{other + offset}]"
                yield from _json_changes(at, before[start + offset], now[other + offset])
        elif tag != "equal":
            for index in range(start, end):
                yield from _part("-", f"{path}[{index}]", before[index])
            for index in range(other, until):
                yield from _part("+", f"{path}[{index}]", now[index])


def _part(sign: Sign, path: str, value: Any) -> Iterator[tuple[Sign, str]]:
    first, *rest = pretty(value, _WIDE - len(path))
    yield sign, f"{one_line(path)}: {first}" if path else first
    yield from ((sign, row) for row in rest)


def _opcodes(before: list[str], now: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return difflib.SequenceMatcher(a=before, b=now, autojunk=False).get_opcodes()
