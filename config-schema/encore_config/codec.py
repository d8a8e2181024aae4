"""Documents to bytes and back.

In: bytes, or plain values that another parser (YAML) made, and the type of the document.
Out: the document, or a :class:`DocumentError` that names the path of the first fault. Decoding
is strict: no unknown keys, no duplicate keys, no numbers for strings. Encoding is a function of
the value alone: keys in the type's order, maps sorted by key, two spaces, a newline at the end.

May not: read or write files, guess, repair.
"""

from __future__ import annotations

import difflib
import json
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, NoReturn, TypeVar, Union

import msgspec

from encore_config.errors import DocumentError, Path

T = TypeVar("T")
Pair = tuple[str, Any]
Child = tuple[str | int, Any, Any]
"""A step of the path, the value that it leads to, and the type it must have."""


def encode(document: msgspec.Struct) -> bytes:
    """UTF-8 JSON with two spaces of indentation; equal documents give equal bytes."""
    try:
        compact = msgspec.json.encode(document, order="deterministic")
    except UnicodeEncodeError as error:
        raise DocumentError(
            "a text holds half of a surrogate pair, which UTF-8 cannot carry",
            hint="remove the character from the app's source or settings",
        ) from error
    return msgspec.json.format(compact, indent=2) + b"\n"


def decode(data: bytes, kind: type[T]) -> T:
    """The document in ``data``; raises :class:`DocumentError`."""
    return convert(parse(data), kind)


def convert(value: object, kind: type[T]) -> T:
    """The document made of plain ``value`` (dicts, lists, …); raises :class:`DocumentError`."""
    try:
        return msgspec.convert(value, kind, strict=True)
    except (msgspec.ValidationError, TypeError) as error:
        fault = _fault(value, kind, ())
        raise fault or DocumentError(str(error)) from error


def parse(data: bytes) -> Any:
    """Strict JSON: UTF-8, no duplicate keys, no NaN, no half surrogate pairs."""
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
        )
        if b"\\u" in data:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"byte {error.start} is not UTF-8", hint="save the file as UTF-8"
        ) from error
    except UnicodeEncodeError as error:
        raise DocumentError("a text holds half of a surrogate pair") from error
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"this is not JSON: {error.msg}", line=error.lineno, column=error.colno
        ) from error
    except (ValueError, RecursionError) as error:
        raise DocumentError("a number is too long, or the nesting too deep") from error
    return value


def closest(word: str, known: Iterable[str]) -> str | None:
    """``did you mean "provider"?``, when one of the known words is near."""
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f'did you mean "{near[0]}"?' if near else None


def _object(pairs: list[Pair]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DocumentError(f'the key "{twice}" stands twice in one object', hint="keep one")
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise DocumentError(f"{name} is not JSON")


def _fault(value: Any, kind: Any, path: Path) -> DocumentError | None:
    """The first fault in ``value``, as deep as it can be found; None when there is none."""
    try:
        msgspec.convert(value, kind, strict=True)
    except (msgspec.ValidationError, TypeError) as error:
        chosen = _alternative(value, kind)
        unknown = _unknown_key(value, chosen, path)
        if unknown:
            return unknown
        for step, child, child_kind in _children(value, chosen):
            fault = _fault(child, child_kind, (*path, step))
            if fault:
                return fault
        return _describe(error, value, chosen, path)
    return None


def _plain(kind: Any) -> Any:
    """The type without its constraints."""
    return typing.get_args(kind)[0] if typing.get_origin(kind) is Annotated else kind


def _alternative(value: Any, kind: Any) -> Any:
    """Of a union, the member that ``value`` was meant to be; else the type itself."""
    kind = _plain(kind)
    if typing.get_origin(kind) not in (Union, types.UnionType):
        return kind
    members = [_plain(member) for member in typing.get_args(kind)]
    if isinstance(value, dict):
        structs = [m for m in members if _is_struct(m)]
        tagged = [m for m in structs if _has_tag(value, m)]
        chosen = tagged or [m for m in structs if not m.__struct_config__.tag_field]
        chosen = chosen or [m for m in members if typing.get_origin(m) is dict]
    elif isinstance(value, list | tuple):
        chosen = [m for m in members if typing.get_origin(m) is tuple]
    else:
        chosen = [m for m in members if m is not types.NoneType]
    return chosen[0] if len(chosen) == 1 else kind


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _has_tag(value: dict[Any, Any], kind: Any) -> bool:
    config = kind.__struct_config__
    return bool(config.tag_field) and value.get(config.tag_field) == config.tag


def _unknown_key(value: Any, kind: Any, path: Path) -> DocumentError | None:
    if not (isinstance(value, dict) and _is_struct(kind)):
        return None
    if not kind.__struct_config__.forbid_unknown_fields:
        return None
    known = list(kind.__struct_encode_fields__)
    if kind.__struct_config__.tag_field:
        known.insert(0, kind.__struct_config__.tag_field)
    for key in value:
        if key not in known:
            allowed = "known here: " + ", ".join(known)
            hint = closest(key, known) if isinstance(key, str) else None
            return DocumentError(f'unknown key "{key}"', path=path, hint=hint or allowed)
    return None


def _children(value: Any, kind: Any) -> Iterator[Child]:
    if isinstance(value, dict) and _is_struct(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        for field in msgspec.structs.fields(kind):
            if field.encode_name in value:
                yield field.encode_name, value[field.encode_name], hints[field.name]
    elif isinstance(value, dict) and typing.get_origin(kind) is dict:
        item = typing.get_args(kind)[1]
        yield from ((str(key), child, item) for key, child in value.items())
    elif isinstance(value, list | tuple) and typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        yield from ((index, child, item) for index, child in enumerate(value))


def _describe(error: Exception, value: Any, kind: Any, path: Path) -> DocumentError:
    """One sentence for a fault of this very value, not of anything inside it."""
    if typing.get_origin(kind) is Literal:
        words = [str(word) for word in typing.get_args(kind)]
        hint = closest(value, words) if isinstance(value, str) else None
        return DocumentError(f"{_shown(value)} is none of {', '.join(words)}", path=path, hint=hint)
    if path[-1:] == ("schema",) and isinstance(value, int):
        return DocumentError(
            f"version {value} of this document is not known here",
            path=path,
            hint="use the version of encore-infra that wrote it, or a later one",
        )
    problem = str(error).split(" - at `")[0]
    return DocumentError(problem[:1].lower() + problem[1:].replace("`", '"'), path=path)


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value!r}"
