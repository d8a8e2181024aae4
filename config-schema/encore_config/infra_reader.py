"""Reads ``infra.config.json`` as strictly as Encore's Rust core, and says where it would stop.

In: the bytes of the file. Out: an :class:`InfraConfig`, or a :class:`DocumentError` with the
path of the first fault. What the core refuses is refused and what it takes is taken, quirks
included: unknown fields are skipped unread, an object may stand as an array of its fields in
order, a repeated field is an error but a repeated key of a map is not, ``-0`` is no integer.
Two things are refused that the core lets pass, because nobody can mean them: ``secrets`` that
only make sense as one reference to all of them (contract 4.9), and nesting that Python cannot
follow.

What parses and still fails or misleads at boot is told by :func:`boot_problems`.

May not: read variables or files, repair anything.
"""

from __future__ import annotations

import functools
import json
import math
import operator
import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any, Final, NoReturn, Union

import msgspec

from encore_config import infra
from encore_config.codec import closest
from encore_config.errors import DocumentError, Path
from encore_config.infra_boot import boot_problems
from encore_config.infra_problem import BootProblem

__all__ = ["BootProblem", "boot_problems", "read_infra"]

_DEEPEST: Final = 127
"""Objects and arrays inside each other, as far as serde_json follows them."""

_I64_MIN: Final = -(2**63)
_U64_MAX: Final = 2**64 - 1


def read_infra(data: bytes) -> infra.InfraConfig:
    """The config in ``data``; raises :class:`DocumentError` where the core would not boot."""
    config: infra.InfraConfig = _read(_json(data), infra.InfraConfig, ())
    return config


@dataclass(frozen=True, slots=True)
class _Object:
    """A JSON object as written: in order, repeated keys and all."""

    pairs: tuple[tuple[str, Any], ...]


def _json(data: bytes) -> Any:
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=lambda pairs: _Object(tuple(pairs)),
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"byte {error.start} is not UTF-8", hint="save the file as UTF-8"
        ) from error
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"this is not strict JSON: {error.msg}",
            hint="the core takes no comments, no trailing commas and nothing behind the object",
            line=error.lineno,
            column=error.colno,
        ) from error
    except RecursionError as error:
        raise DocumentError("objects and arrays are nested too deeply") from error


def _integer(text: str) -> int | float:
    """As serde_json: what 64 bits cannot hold, and ``-0``, is a floating-point number."""
    if text == "-0" or len(text) > len(str(_I64_MIN)):
        return float(text)
    number = int(text)
    return number if _I64_MIN <= number <= _U64_MAX else float(text)


def _refuse_constant(name: str) -> NoReturn:
    raise DocumentError(f"{name} is not JSON")


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a core type. ``optional``: Rust's Option; ``defaulted``: ``serde(default)``."""

    name: str
    key: str
    kind: Any
    optional: bool
    defaulted: bool


@functools.cache
def _fields(struct: type[msgspec.Struct]) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(struct, include_extras=True)
    return tuple(_field(field, hints[field.name]) for field in msgspec.structs.fields(struct))


def _field(field: Any, hint: Any) -> _Field:
    members = _members(hint)
    optional = types.NoneType in members
    rest = tuple(member for member in members if member is not types.NoneType)
    return _Field(
        name=field.name,
        key=field.encode_name,
        kind=functools.reduce(operator.or_, rest) if optional else hint,
        optional=optional,
        defaulted=not optional and not field.required,
    )


def _members(kind: Any) -> tuple[Any, ...]:
    union = typing.get_origin(kind) in (Union, types.UnionType)
    return typing.get_args(kind) if union else (kind,)


def _read(value: Any, kind: Any, path: Path) -> Any:
    """``value`` as ``kind``: the one place that knows which reader a type has."""
    if kind == infra.EnvString:
        return _env_string(value, path)
    if kind is str:
        return _string(value, path)
    if kind is bool:
        return _expect(value, bool, "true or false", path)
    if typing.get_origin(kind) is Annotated:
        return _int32(value, path)
    if typing.get_origin(kind) is dict:
        return _map(value, typing.get_args(kind)[1], path)
    if typing.get_origin(kind) is tuple:
        return _list(value, typing.get_args(kind)[0], path)
    tagged = {member.__struct_config__.tag: member for member in _members(kind)}
    if None in tagged:
        return _struct(value, kind, path)
    return _tagged(value, tagged, path)


def _expect(value: Any, kind: type, wanted: str, path: Path, hint: str | None = None) -> Any:
    if not isinstance(value, kind):
        raise DocumentError(f"expected {wanted}, found {_found(value)}", path=path, hint=hint)
    return value


def _found(value: Any) -> str:
    """What stands there, without showing it: it may be a secret."""
    match value:
        case None:
            return "null"
        case bool():
            return "a truth value"
        case int():
            return "an integer"
        case float():
            return "a number with a fraction, an exponent or too many digits"
        case str():
            return "a text"
        case list():
            return "an array"
        case _:
            return "an object"


def _string(value: Any, path: Path) -> str:
    hint = None
    if isinstance(value, _Object) and any(key == "$env" for key, _ in value.pairs):
        hint = 'the core takes no {"$env": …} here: write the value itself'
    text: str = _expect(value, str, "a text", path, hint)
    return _unicode(text, path)


def _unicode(text: str, path: Path) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DocumentError("a text holds half of a surrogate pair", path=path) from error
    return text


def _int32(value: Any, path: Path) -> int:
    hint = "write it without quotes and without a decimal point"
    if isinstance(value, bool) or not isinstance(value, int):
        raise DocumentError(f"expected a whole number, found {_found(value)}", path=path, hint=hint)
    if not -(2**31) <= value < 2**31:
        raise DocumentError(f"{value} does not fit 32 bits", path=path)
    return value


def _map(value: Any, kind: Any, path: Path) -> dict[str, Any]:
    """Of a repeated key the last value counts, but each must be valid."""
    pairs = _expect(value, _Object, "an object", path).pairs
    if kind == infra.EnvString and path == ("secrets",):
        return _secrets(value, path)
    return {_unicode(key, path): _read(child, kind, (*path, key)) for key, child in pairs}


def _list(value: Any, kind: Any, path: Path) -> tuple[Any, ...]:
    items = _expect(value, list, "an array", path)
    return tuple(_read(item, kind, (*path, index)) for index, item in enumerate(items))


def _struct(value: Any, struct: type[msgspec.Struct], path: Path) -> msgspec.Struct:
    if isinstance(value, list):
        return _from_array(value, struct, path)
    pairs = _expect(value, _Object, "an object", path).pairs
    fields = {field.key: field for field in _fields(struct)}
    found: dict[str, Any] = {}
    for key, child in pairs:
        field = fields.get(_unicode(key, path))
        if field is None:
            continue
        if field.name in found:
            raise DocumentError(f'the key "{key}" stands twice', path=path, hint="keep one")
        found[field.name] = _field_value(child, field, (*path, key))
    for field in fields.values():
        if field.name not in found and not (field.optional or field.defaulted):
            raise _missing(field.key, [key for key, _ in pairs if key not in fields], path)
    return struct(**found)


def _missing(key: str, unknown: list[str], path: Path) -> DocumentError:
    near = closest(key, unknown)
    hint = near and f'"{key}" is meant by {near.removeprefix("did you mean ").rstrip("?")}'
    return DocumentError(f'the core needs "{key}" here', path=path, hint=hint or f'add "{key}"')


def _from_array(items: list[Any], struct: type[msgspec.Struct], path: Path) -> msgspec.Struct:
    """Every field in order; only those with a default of their own may be missing at the end."""
    fields = _fields(struct)
    if len(items) > len(fields):
        raise DocumentError("the array is longer than the object has fields", path=path)
    for field in fields[len(items) :]:
        if not field.defaulted:
            raise DocumentError(
                f'the array ends before "{field.key}"', path=path, hint="write an object instead"
            )
    pairs = zip(fields, items, strict=False)
    return struct(
        **{field.name: _field_value(item, field, (*path, field.key)) for field, item in pairs}
    )


def _field_value(value: Any, field: _Field, path: Path) -> Any:
    if value is None and field.optional:
        return None
    return _read(value, field.kind, path)


def _tagged(value: Any, variants: dict[Any, type[msgspec.Struct]], path: Path) -> msgspec.Struct:
    """One of several types by ``type``; the core holds all of it in memory before it decides."""
    rest: Any
    if isinstance(value, list):
        _buffered(value, path)
        tag, rest = (value[0] if value else None), value[1:]
    else:
        pairs = _expect(value, _Object, "an object", path).pairs
        tags = [child for key, child in pairs if key == "type"]
        if len(tags) > 1:
            raise DocumentError('the key "type" stands twice', path=path, hint="keep one")
        tag = tags[0] if tags else None
        rest = _Object(tuple(pair for pair in pairs if pair[0] != "type"))
        _buffered(rest, path)
    known = ", ".join(variants)
    if not isinstance(tag, str) or tag not in variants:
        raise DocumentError(
            '"type" is missing' if tag is None else f"type {tag!r} is not known to the core",
            path=path,
            hint=(closest(tag, variants) if isinstance(tag, str) else None) or f"one of {known}",
        )
    return _struct(rest, variants[tag], path)


def _env_string(value: Any, path: Path) -> infra.EnvString:
    _buffered(value, path)
    if isinstance(value, str):
        return value
    if not isinstance(value, _Object | list):
        raise DocumentError(
            f'expected a text or {{"$env": "NAME"}}, found {_found(value)}', path=path
        )
    reference = _struct(value, infra.EnvRef, path)
    if not isinstance(reference, infra.EnvRef):
        raise TypeError("an EnvRef reads as something else")
    return reference


def _secrets(value: _Object, path: Path) -> dict[str, Any]:
    """A map of secrets. The core tries a single reference only when the map is none."""
    _buffered(value, path)
    return {key: _env_string(child, (*path, key)) for key, child in value.pairs}


def _buffered(value: Any, path: Path) -> None:
    """What the core reads into memory as a whole is checked as a whole, unknown fields too."""
    if isinstance(value, str):
        _unicode(value, path)
    elif isinstance(value, float) and not math.isfinite(value):
        raise DocumentError("a number is out of range", path=path)
    elif isinstance(value, _Object | list):
        # The outermost object of the file is the first level, and each step of the path one more.
        if len(path) + 1 > _DEEPEST:
            raise DocumentError("objects and arrays are nested too deeply", path=path[:8])
        steps = value.pairs if isinstance(value, _Object) else enumerate(value)
        for step, child in steps:
            if isinstance(step, str):
                _unicode(step, path)
            _buffered(child, (*path, step))
