"""Hypothesis strategies for any value of a document's type."""

from __future__ import annotations

import types
import typing
from typing import Annotated, Any, Literal, Union

import msgspec
from hypothesis import strategies as st

KEYS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8
)
TEXTS = st.one_of(st.sampled_from(["", "orders", "a b", "é", "$env", '"']), KEYS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-100, 100) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a msgspec struct, or of any type that a field of one may have."""
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: TEXTS,
        bool: st.booleans(),
        int: st.integers(-(2**53), 2**53),
        float: st.floats(allow_nan=False, allow_infinity=False),
        types.NoneType: st.none(),
        Any: JSON,
    }
    if kind in plain:
        return plain[kind]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.deferred(lambda: _structs(kind))
    return _generic(kind)


def _structs(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = msgspec.structs.fields(kind)
    required = {f.name: values_of(hints[f.name]) for f in fields if f.required}
    optional = {f.name: values_of(hints[f.name]) for f in fields if not f.required}
    made = st.fixed_dictionaries(required, optional=optional)
    return made.map(lambda arguments: kind(**arguments))


def _generic(kind: Any) -> st.SearchStrategy[Any]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated and typing.get_origin(arguments[0]) is tuple:
        return _lists(typing.get_args(arguments[0])[0], arguments[1].min_length or 0)
    if origin is Annotated:
        return _constrained(arguments[1])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of(*(values_of(member) for member in arguments))
    if origin is tuple:
        return _lists(arguments[0], 0)
    if origin is dict:
        return st.dictionaries(KEYS, values_of(arguments[1]), max_size=2)
    raise TypeError(f"no strategy for {kind}")


def _lists(item: Any, least: int) -> st.SearchStrategy[Any]:
    return st.lists(values_of(item), min_size=least, max_size=least + 2).map(tuple)


def _constrained(meta: msgspec.Meta) -> st.SearchStrategy[Any]:
    if meta.pattern is not None:
        return st.from_regex(meta.pattern, fullmatch=True)
    low = -(2**53) if meta.ge is None else int(meta.ge)
    high = 2**53 if meta.le is None else int(meta.le)
    return st.integers(low, high) | st.sampled_from([low, high])
