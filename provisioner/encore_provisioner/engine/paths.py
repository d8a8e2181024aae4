"""Properties as a map from path to value, and JSON inside strings likewise.

In: a resource's inputs as plain JSON. Out: its leaves by Pulumi's property path, such as
``rules[0].status`` or ``tags["encore:app"]``, in the order of the paths. A mark (``SECRET``,
``UNKNOWN``), an empty list and an empty map are leaves; null is the same as nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from encore_config.plan import SECRET, UNKNOWN

_PLAIN: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_STEP: Final = re.compile(r'\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\.?([A-Za-z_$][A-Za-z0-9_$]*)')


def flatten(value: Mapping[str, Any]) -> dict[str, Any]:
    """The leaves of ``value`` by path."""
    return dict(_leaves("", value)) if value else {}


def steps_of(path: str) -> tuple[str | int, ...]:
    """The keys and indexes of a path; what is no path is one key."""
    found: list[str | int] = []
    end = 0
    for match in _STEP.finditer(path):
        if match.start() != end:
            return (path,)
        index, quoted, plain = match.groups()
        found.append(int(index) if index else plain or json.loads(f'"{quoted}"'))
        end = match.end()
    return tuple(found) if found and end == len(path) else (path,)


def order(path: str) -> tuple[tuple[bool, int, str], ...]:
    """What paths are sorted by: names as text, indexes as numbers."""
    return tuple(
        (isinstance(step, int), step if isinstance(step, int) else 0, str(step))
        for step in steps_of(path)
    )


def under(path: str, key: str) -> str:
    """The path of what ``key`` leads to in the value at ``path``."""
    if not _PLAIN.fullmatch(key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def inside(text: Any) -> Any:
    """The object or list that a string holds as JSON, as in a policy; None for all else."""
    if not isinstance(text, str) or text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value and value not in (SECRET, UNKNOWN):
        for key in sorted(value):
            yield from _leaves(under(path, key), value[key])
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield from _leaves(f"{path}[{index}]", item)
    elif value is not None:
        yield path, value
