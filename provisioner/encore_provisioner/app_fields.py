"""What the fields of ``encore.app`` may hold (contract A10).

In: the JSON value of the file. Out: its fields as Encore reads them, and what is wrong with which
value. It does not know where a value stands in the text. Encore reads the file with Go's JSON
decoder: names count in any case, the last of several wins, and ``null`` is as if it were not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from encore_provisioner.suggest import closest, did_you_mean

Path = tuple[str | int, ...]
T = TypeVar("T")

_TEXT: Final = "a string"
_FLAG: Final = "true or false"
_TEXTS: Final = "a list of strings"
_HOOK: Final = "a string or an object"
_VARIABLES: Final = "an object of strings"

Fields = Mapping[str, "str | Fields"]
_IN_HOOK: Final[Fields] = {"command": _TEXT, "env": _VARIABLES}
_FIELDS: Final[Fields] = {
    "id": _TEXT,
    "lang": _TEXT,
    "global_cors": {
        "debug": _FLAG,
        "allow_headers": _TEXTS,
        "expose_headers": _TEXTS,
        "allow_origins_without_credentials": _TEXTS,
        "allow_origins_with_credentials": _TEXTS,
    },
    "build": {
        "cgo_enabled": _FLAG,
        "docker": {
            "base_image": _TEXT,
            "bundle_source": _FLAG,
            "working_dir": _TEXT,
            "process_per_service": _FLAG,
        },
        "worker_pooling": _FLAG,
        "hooks": {"prebuild": _HOOK, "postbuild": _HOOK},
    },
    "cgo_enabled": _FLAG,
    "docker_base_image": _TEXT,
    "experiments": _TEXTS,
    "log_level": _TEXT,
}
EXPERIMENTS: Final = (
    "adaptive-gcp-pubsub-goroutines",
    "auth-data-round-trip",
    "beta-runtime",
    "bun-runtime",
    "local-multi-process",
    "local-secrets-override",
    "metrics",
    "stream-traces",
    "ts-worker-threads",
    "typescript",
    "v2",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """``path`` leads to the value: the keys as they are written, and places in lists.

    ``of_key``: it is the key that is wrong.
    """

    code: str
    path: Path
    message: str
    hint: str
    of_key: bool = False


def field(value: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """The field that Encore reads under ``name``; empty where there is none of that kind."""
    found = [item for key, item in value.items() if key.lower() == name and item is not None]
    return found[-1] if found and isinstance(found[-1], kind) else kind()


def cors(value: Mapping[str, Any]) -> dict[str, Any]:
    """``global_cors`` with the fields that Encore knows."""
    known = _FIELDS["global_cors"]
    given = field(value, "global_cors", dict)
    return {key.lower(): item for key, item in given.items() if key.lower() in known}


def problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _object(value, _FIELDS, ())
    for key, item in value.items():
        if key.lower() == "experiments" and isinstance(item, list):
            yield from _experiments(item, key)


def _object(value: Mapping[str, Any], fields: Fields, path: Path) -> Iterator[Problem]:
    for key, item in value.items():
        known = fields.get(key.lower())
        if known is None:
            yield from _unknown(key, fields, path)
        elif item is not None:
            yield from _value(item, known, (*path, key))


def _unknown(key: str, fields: Fields, path: Path) -> Iterator[Problem]:
    """Encore passes over unknown fields; one that looks like a known one was meant to be it."""
    meant = closest(key, fields)
    if meant is not None:
        message = f"Encore knows no field `{_name((*path, key))}` of encore.app and passes over it"
        yield Problem("W1006", (*path, key), message, f"did you mean `{meant}`?", of_key=True)


def _value(item: Any, known: str | Fields, path: Path) -> Iterator[Problem]:
    if not isinstance(known, str):
        if isinstance(item, dict):
            yield from _object(item, known, path)
        else:
            yield _other_type(path, "an object")
    elif known == _HOOK and isinstance(item, dict):
        yield from _object(item, _IN_HOOK, path)
    elif known == _TEXTS and isinstance(item, list):
        yield from _items(enumerate(item), path)
    elif known == _VARIABLES and isinstance(item, dict):
        yield from _items(item.items(), path)
    elif not isinstance(item, bool if known == _FLAG else str) or known in (_TEXTS, _VARIABLES):
        yield _other_type(path, known)


def _items(items: Any, path: Path) -> Iterator[Problem]:
    for key, item in items:
        if item is not None and not isinstance(item, str):
            yield _other_type((*path, key), _TEXT)


def _other_type(path: Path, word: str) -> Problem:
    message = f"`{_name(path)}` of encore.app must be {word}"
    return Problem("E1002", path, message, f"make it {word}")


def _experiments(items: list[Any], key: str) -> Iterator[Problem]:
    for number, given in enumerate(items):
        item = "" if given is None else given
        if isinstance(item, str) and item not in EXPERIMENTS:
            known = ", ".join(f"`{name}`" for name in EXPERIMENTS)
            hint = did_you_mean(item, EXPERIMENTS, otherwise=f"known are {known}") or ""
            message = f'Encore knows no experiment "{item}"'
            yield Problem("E1005", (key, number), message, hint)


def _name(path: Path) -> str:
    """``build.docker`` and ``global_cors.allow_headers[1]``."""
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return name.removeprefix(".")
