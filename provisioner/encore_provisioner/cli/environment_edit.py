"""Adding an entry to ``encore.infra.yaml`` and taking one out, with every comment left alone.

In: the file's text and a change. Out: the new text. The change is made in the text, because no
YAML writer keeps comments; then both texts are read and compared, and a change that would have
touched anything else is refused, with the lines to write by hand.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

import msgspec
import yaml

from encore_config.environment import EnvironmentEntry, EnvironmentFile
from encore_provisioner.environments import FILE_NAME, read_environments
from encore_provisioner.errors import EnvironmentFileError

_KEY: Final = "environments"
_PLAIN: Final = re.compile(r"[a-z][a-z0-9._/:-]*[a-z0-9]|[a-z]")
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_STEP: Final = "  "


def add_entry(text: str, name: str, entry: EnvironmentEntry) -> str:
    """``text`` with one entry more. Raises ``EnvironmentFileError`` (``edit-by-hand``)."""
    before = read_environments(text.encode())
    written = _flow(name, entry)
    changed = _added(text, written)
    expected = {**before.environments, name: entry}
    if changed is None or not _says(changed, expected):
        raise _by_hand(f"add under `{_KEY}:`\n{_STEP}{written}")
    return changed


def remove_entry(text: str, name: str) -> str:
    """``text`` without the entry. Raises ``EnvironmentFileError`` (``edit-by-hand``)."""
    before = read_environments(text.encode())
    expected = {key: value for key, value in before.environments.items() if key != name}
    changed = _removed(text, name)
    if changed is None or not _says(changed, expected):
        raise _by_hand(f"remove the entry `{name}` under `{_KEY}:`")
    return changed


def give_id(text: str, name: str, id_: str) -> str:
    """``text`` with an ``id`` for an entry that has none, before its other keys.

    Raises ``EnvironmentFileError`` (``edit-by-hand``).
    """
    before = read_environments(text.encode())
    entry = msgspec.structs.replace(before.environments[name], id=id_)
    changed = _with_first_key(text, name, f"id: {id_}")
    if changed is None or not _says(changed, {**before.environments, name: entry}):
        raise _by_hand(f"add to `{name}`:\n{_STEP}id: {id_}")
    return changed


def _with_first_key(text: str, name: str, written: str) -> str | None:
    """``written`` before the first key of the entry; None where that is no map with keys."""
    node = _value(_value(yaml.compose(text, Loader=yaml.SafeLoader), _KEY), name)
    if not isinstance(node, yaml.MappingNode) or not node.value:
        return None
    first = node.value[0][0].start_mark
    if node.flow_style:
        return f"{text[: first.index]}{written}, {text[first.index :]}"
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{text[: first.index]}{written}{newline}{' ' * first.column}{text[first.index :]}"


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """What ``key`` leads to in a map."""
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One key of the map: where it begins, and where its last word ends, as indexes."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """The value of ``environments``: ``flow`` is ``{…}``, otherwise one entry a line."""

    flow: bool
    start: int
    end: int
    entries: tuple[_Entry, ...]


def _added(text: str, written: str) -> str | None:
    newline = "\r\n" if "\r\n" in text else "\n"
    section, key_end = _section(text)
    if section is None and key_end is None:
        head = text if not text or text.endswith("\n") else text + newline
        return f"{head}{_KEY}:{newline}{_STEP}{written}{newline}"
    if section is None:
        return _insert_line(text, key_end or 0, _STEP + written, newline)
    if section.flow:
        return _added_in_flow(text, section, written)
    first, last = section.entries[0], section.entries[-1]
    margin = text[text.rfind("\n", 0, first.start) + 1 : first.start]
    return _insert_line(text, last.end, margin + written, newline)


def _added_in_flow(text: str, section: _Section, written: str) -> str:
    if not section.entries:
        return f"{text[: section.start]}{{{written}}}{text[section.end :]}"
    last = section.entries[-1].end
    return f"{text[:last]}, {written}{text[last:]}"


def _removed(text: str, name: str) -> str | None:
    section, _ = _section(text)
    if section is None or section.flow:
        return None
    entry = next((item for item in section.entries if item.name == name), None)
    if entry is None:
        return None
    start = text.rfind("\n", 0, entry.start) + 1
    return text[:start] + text[_line_end(text, entry.end) :]


def _insert_line(text: str, index: int, row: str, newline: str) -> str:
    """``row`` as a line of its own below the line that holds ``index``."""
    at = _line_end(text, index)
    before = text[:at]
    if not before.endswith("\n"):
        before += newline
    return f"{before}{row}{newline}{text[at:]}"


def _line_end(text: str, index: int) -> int:
    """The beginning of the next line; ``index`` itself where a line has just ended."""
    if index and text[index - 1] == "\n":
        return index
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


def _section(text: str) -> tuple[_Section | None, int | None]:
    """The map of environments, and where its key ends; None where they are not there."""
    events = list(yaml.parse(text, Loader=yaml.SafeLoader))
    depth = 0
    for position, event in enumerate(events):
        if depth == 1 and isinstance(event, yaml.ScalarEvent) and event.value == _KEY:
            value = events[position + 1]
            if isinstance(value, yaml.MappingStartEvent):
                return _map_at(events, position + 1), _end(event)
            return None, _end(value)
        depth += _deeper(event)
    return None, None


def _map_at(events: list[yaml.Event], begin: int) -> _Section:
    """The entries of the map whose start is ``events[begin]``: key and value in turn."""
    opening = events[begin]
    entries: list[_Entry] = []
    depth, last = 0, 0
    key: yaml.ScalarEvent | None = None
    for event in events[begin:]:
        depth += _deeper(event)
        if depth == 0:
            flow = bool(getattr(opening, "flow_style", False))
            found = tuple(entries)
            return _Section(flow=flow, start=_start(opening), end=_end(event), entries=found)
        if key is None:
            key = event if depth == 1 and isinstance(event, yaml.ScalarEvent) else None
            continue
        last = _end(event) if _ends_in_text(event) else last
        if depth == 1:
            entries.append(_Entry(name=key.value, start=_start(key), end=max(last, _end(key))))
            key = None
    raise ValueError("a map that begins ends, or the text would not have been parsed")


def _deeper(event: yaml.Event) -> int:
    if isinstance(event, yaml.CollectionStartEvent):
        return 1
    return -1 if isinstance(event, yaml.CollectionEndEvent) else 0


def _ends_in_text(event: yaml.Event) -> bool:
    """Whether the event's end is a place in the text, not just where the next token begins."""
    if isinstance(event, yaml.CollectionEndEvent):
        return _end(event) > _start(event)
    return isinstance(event, yaml.ScalarEvent | yaml.AliasEvent)


def _start(event: yaml.Event) -> int:
    return event.start_mark.index if event.start_mark else 0


def _end(event: yaml.Event) -> int:
    return event.end_mark.index if event.end_mark else 0


def _says(text: str, expected: dict[str, EnvironmentEntry]) -> bool:
    try:
        return read_environments(text.encode()) == EnvironmentFile(environments=expected)
    except EnvironmentFileError:
        return False


def _flow(name: str, entry: EnvironmentEntry) -> str:
    fields = msgspec.to_builtins(entry)
    pairs = [f"{key}: {_scalar(str(value))}" for key, value in fields.items() if value is not None]
    return f"{_scalar(name)}: {{{', '.join(pairs)}}}"


def _scalar(text: str) -> str:
    plain = bool(_PLAIN.fullmatch(text)) and ": " not in text and text not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def _by_hand(what: str) -> EnvironmentFileError:
    return EnvironmentFileError(
        f"{FILE_NAME} is written in a way that cannot be changed without touching more than "
        "this one entry; nothing was changed",
        code="edit-by-hand",
        hint=what,
    )
