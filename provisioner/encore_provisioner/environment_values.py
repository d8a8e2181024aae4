"""What a single value of the environment file must be, in words for people.

In: a scalar as YAML reads it, its node, and the type of the key. Out: whether it fits, what was
wanted, what stands there, and what to write instead. Nothing is changed or read here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import yaml
from msgspec import inspect

from encore_provisioner.suggest import did_you_mean

_WORDS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A scalar that is no value: the 99th of a month, or half of a surrogate pair."""

    text: str


def fits(value: object, kind: inspect.Type) -> bool:
    """Raises ``TypeError`` for a type that no scalar has, as all of this module do."""
    match plain(kind):
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.StrType(pattern=pattern):
            return isinstance(value, str) and (
                pattern is None or re.search(pattern, value) is not None
            )
        case inspect.IntType(ge=low, le=high):
            return _is_whole(value) and _between(value, low, high)
        case inspect.LiteralType(values=values):
            return isinstance(value, str | int) and value in values
        case _:
            raise TypeError(f"no rule for values of {kind}")


def wanted(kind: inspect.Type, value: object = "") -> str:
    """What a value must be. ``value`` is what stands there: a number that should be text is told
    so first, and only then which text.
    """
    match plain(kind):
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType(pattern=None):
            return "text"
        case inspect.StrType():
            return _meaning(kind) if isinstance(value, str) else f"text ({_meaning(kind)})"
        case inspect.IntType(ge=low, le=high):
            return _range(low, high)
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(str, values)) if len(values) > 1 else str(values[0])
        case _:
            raise TypeError(f"no rule for values of {kind}")


def told(value: object, node: yaml.Node) -> str:
    """What stands there."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f'the text "{value}"'
    text = whole(node.value)
    if isinstance(value, bool):
        return text if text in ("true", "false") else f"true or false ({text})"
    return text


def hint_for(value: object, kind: inspect.Type, node: yaml.ScalarNode) -> str | None:
    """What to write instead; None where the message says it all."""
    text = whole(node.value)
    match plain(kind):
        case inspect.StrType() if value is not None and not node.style:
            return f'put it in quotes: "{text}"' if fits(text, kind) else None
        case inspect.BoolType() if isinstance(value, str) and value.lower() in _WORDS:
            return f"write it without quotes: {str(_WORDS[value.lower()]).lower()}"
        case inspect.IntType() if isinstance(value, str) and _is_number(value, kind):
            return f"write it without quotes: {int(value)}"
        case inspect.LiteralType(values=values):
            return did_you_mean(str(value), map(str, values))
    return None


def plain(kind: inspect.Type) -> inspect.Type:
    """The type without the words that describe it."""
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def whole(text: str) -> str:
    """``text`` as UTF-8 can carry it."""
    return text.encode("utf-8", "backslashreplace").decode()


def _meaning(kind: inspect.Type) -> str:
    """A pattern in words, as its type describes it."""
    described = (kind.extra_json_schema or {}) if isinstance(kind, inspect.Metadata) else {}
    if "description" not in described:
        raise TypeError(f"{kind} has a pattern and no description for people")
    return str(described["description"])


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _between(value: Any, low: Any, high: Any) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _range(low: int | None, high: int | None) -> str:
    match low, high:
        case None, None:
            return "a whole number"
        case _, None:
            return f"a whole number of at least {low}"
        case None, _:
            return f"a whole number of at most {high}"
        case _:
            return f"a whole number from {low} to {high}" if low != high else str(low)


def _is_number(text: str, kind: inspect.Type) -> bool:
    return re.fullmatch(r"-?[0-9]{1,18}", text) is not None and fits(int(text), kind)
