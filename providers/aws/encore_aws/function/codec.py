"""Frozen dataclasses as JSON and back, with the standard library alone.

In: a type and what ``json`` made of a text. Out: a value of that type, or :class:`DecodeError` with
the path of what does not fit. Strict: unknown keys are refused, keys without a default must be
there, an integer is no text. Known types: str, int, float, bool, ``None``, literals, dataclasses,
``tuple[X, ...]`` and unions with ``None``.
"""

from __future__ import annotations

import dataclasses
import types
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class DecodeError(ValueError):
    """``path`` such as ``$.databases[0].role``."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


def decode(kind: type[T], data: object) -> T:
    found: T = _decode(kind, data, "$")
    return found


def encode(value: object) -> Any:
    """Plain data: dicts, lists, texts, numbers."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return value


def _decode(kind: Any, data: object, path: str) -> Any:
    origin = get_origin(kind)
    if origin is Literal:
        if data not in get_args(kind):
            raise DecodeError(path, f"one of {', '.join(map(repr, get_args(kind)))} is wanted")
        return data
    if origin in (Union, types.UnionType):
        return _optional(kind, data, path)
    if origin is tuple:
        if not isinstance(data, list):
            raise DecodeError(path, "a list is wanted")
        (item, _) = get_args(kind)
        return tuple(_decode(item, one, f"{path}[{i}]") for i, one in enumerate(data))
    if dataclasses.is_dataclass(kind):
        return _object(kind, data, path)
    return _plain(kind, data, path)


def _optional(kind: Any, data: object, path: str) -> Any:
    if data is None:
        return None
    (inner,) = (one for one in get_args(kind) if one is not type(None))
    return _decode(inner, data, path)


def _object(kind: Any, data: object, path: str) -> Any:
    if not isinstance(data, dict):
        raise DecodeError(path, "an object is wanted")
    hints = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = sorted(str(key) for key in data if key not in fields)
    if unknown:
        raise DecodeError(path, f"the key {unknown[0]!r} is not known")
    for name, field in fields.items():
        if name not in data and field.default is dataclasses.MISSING:
            raise DecodeError(path, f"the key {name!r} is missing")
    return kind(**{key: _decode(hints[key], one, f"{path}.{key}") for key, one in data.items()})


def _plain(kind: Any, data: object, path: str) -> Any:
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    # bool is a kind of int to Python, and to nobody else.
    if type(data) is not kind:
        raise DecodeError(path, f"{_WORDS[kind]} is wanted")
    return data


_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
