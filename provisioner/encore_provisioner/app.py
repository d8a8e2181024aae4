"""The app's folder and its ``encore.app``.

In: a folder somewhere inside an app. Out: the app's root and what ``encore.app`` says. It reads
that one file only; what the file means for a stage is that stage's business.

``encore.app`` is JSON with ``//`` and ``/* */`` comments and trailing commas; unknown keys are
ignored (contract A10).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from encore_config.diagnostics import Diagnostic, has_errors
from encore_config.graph import Language
from encore_config.position import At, End
from encore_provisioner import app_fields
from encore_provisioner.errors import AppError

APP_FILE: Final = "encore.app"
ENVIRONMENT_FILE: Final = "encore.infra.yaml"

_LANGUAGES: Final[dict[str, Language]] = {
    "": "go",
    "go": "go",
    "typescript": "typescript",
    "python": "python",
}
_TOKEN: Final = re.compile(
    r'(?P<string>"(?:\\.|[^"\\\n])*")|(?P<comment>//[^\n]*|/\*.*?\*/)'
    r"|(?P<space>\s+)|(?P<mark>[{}\[\],:])|(?P<other>.)",
    re.DOTALL,
)
Spans = dict[app_fields.Path, tuple[int, int]]

_DEEPEST: Final = 8
"""More than the levels of the fields that Encore knows."""
_ESCAPE: Final = re.compile(
    r"(\\(?:[^u]|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))"
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFile:
    """What ``encore.app`` says. ``language`` is ``go`` when the file names none (contract A10).

    ``language_at`` and ``language_end`` enclose the value of ``lang``; None without that key.
    """

    id: str = ""
    language: Language = "go"
    global_cors: dict[str, Any] = field(default_factory=dict)
    language_at: At | None = None
    language_end: End | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relaxed:
    """Plain JSON of the same length, and where each value and each key stands."""

    text: str
    values: Spans
    keys: Spans

    def diagnostic(self, code: str, message: str, hint: str, span: tuple[int, int]) -> Diagnostic:
        at, end = self.place(span)
        return Diagnostic(
            code=code,
            severity="error" if code.startswith("E") else "warning",
            message=message,
            hint=hint,
            at=at,
            end=end,
        )

    def place(self, span: tuple[int, int]) -> tuple[At, End]:
        (line, column), (end_line, end_column) = (self._line_column(i) for i in span)
        return (
            At(file=APP_FILE, line=line, column=column),
            End(line=end_line, column=end_column),
        )

    def _line_column(self, index: int) -> tuple[int, int]:
        before = self.text[:index]
        return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1


def find_app(start: Path) -> Path:
    """The nearest folder upwards from ``start`` that holds ``encore.app`` or the environment file.

    Raises ``AppError`` (``no-app``) when there is none.
    """
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if any((candidate / name).is_file() for name in (APP_FILE, ENVIRONMENT_FILE)):
            return candidate
    raise _no_app(start)


def read_app_file(root: Path) -> AppFile:
    """``encore.app`` of the app in ``root``.

    Raises ``AppError``: ``no-app`` when the file is missing, ``bad-app-file`` when it cannot be
    read or is wrong; the error then carries position and findings.
    """
    app_file, diagnostics = check_app_file(root)
    if has_errors(diagnostics):
        first = diagnostics[0]
        raise AppError(
            first.message,
            code="bad-app-file",
            hint=first.hint,
            at=first.at,
            end=first.end,
            diagnostics=diagnostics,
        )
    return app_file


def check_app_file(root: Path) -> tuple[AppFile, tuple[Diagnostic, ...]]:
    """As :func:`read_app_file`, with the file's mistakes as findings instead of an error."""
    path = root / APP_FILE
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise _no_app(root) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise AppError(
            f"{APP_FILE} cannot be read: {reason}",
            code="bad-app-file",
            hint=f"make {APP_FILE} a readable file",
        ) from error
    return _parse(raw)


def app_id(root: Path, app_file: AppFile) -> str:
    """The id of ``encore.app`` or, where that is empty, a slug of the folder's name."""
    if app_file.id:
        return app_file.id
    slug = re.sub(r"[^a-z0-9]+", "-", root.resolve().name.lower()).strip("-")
    return slug or "app"


def _no_app(start: Path) -> AppError:
    return AppError(
        f"no Encore app here: neither {start} nor a folder above it holds {APP_FILE}",
        code="no-app",
        hint="run this in an app's folder, or give that folder as the last argument; "
        f"{APP_FILE} of an Encore.ts app holds at least {{"
        '"lang": "typescript"}',
    )


def _parse(raw: bytes) -> tuple[AppFile, tuple[Diagnostic, ...]]:
    text = raw.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    plain = _ESCAPE.sub(_whole_characters, plain_json(text))
    values, keys = _spans(plain)
    relaxed = _Relaxed(text=plain, values=values, keys=keys)
    try:
        value = _load(plain) if plain.strip() else {}
    except json.JSONDecodeError as error:
        span = (error.pos, min(error.pos + 1, len(text)))
        message = f"{APP_FILE} is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        hint = "comments and trailing commas are allowed, anything else must be JSON"
        return AppFile(), (relaxed.diagnostic("E1001", message, hint, span),)
    except RecursionError:
        message = f"{APP_FILE} is not valid: its lists and objects are nested too deeply"
        return AppFile(), (relaxed.diagnostic("E1001", message, "make it flatter", (0, 0)),)
    if not isinstance(value, dict):
        message, hint = f"{APP_FILE} must hold one JSON object", 'write {"id": "", "lang": …}'
        return AppFile(), (relaxed.diagnostic("E1001", message, hint, (0, len(text))),)
    app_file, found = _typed(value, relaxed)
    return app_file, (*_first_bytes(raw, relaxed), *found)


def _load(plain: str) -> Any:
    """As ``json.loads``, without ``NaN`` and ``Infinity``, which are no JSON."""

    def refuse(word: str) -> None:
        raise json.JSONDecodeError(f"{word} is no value", plain, plain.index(word))

    return json.loads(plain, parse_constant=refuse, object_pairs_hook=_last)


def _last(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of equal keys the last one counts, but ``null`` takes nothing back."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if value is not None or key not in found:
            found[key] = value
    return found


def _first_bytes(raw: bytes, relaxed: _Relaxed) -> Iterator[Diagnostic]:
    if raw.startswith(codecs.BOM_UTF8):
        message = f"{APP_FILE} begins with a byte order mark, and Encore cannot read it"
        yield relaxed.diagnostic("E1001", message, "save it as UTF-8 without a mark", (0, 1))


def _typed(value: dict[str, Any], relaxed: _Relaxed) -> tuple[AppFile, tuple[Diagnostic, ...]]:
    found = [
        relaxed.diagnostic(
            p.code,
            p.message,
            p.hint,
            (relaxed.keys if p.of_key else relaxed.values).get(p.path, (0, 0)),
        )
        for p in app_fields.problems(value)
    ]
    lang = app_fields.field(value, "lang", str)
    place = next((span for path, span in relaxed.values.items() if _is_lang(path)), None)
    language = _LANGUAGES.get(lang)
    if language is None:
        message = f"`lang` of {APP_FILE} is {json.dumps(lang)}, which is no language of Encore"
        hint = 'write "lang": "typescript", or "go" for an app in Go'
        found.append(relaxed.diagnostic("E1003", message, hint, place or (0, 0)))
    at, end = relaxed.place(place) if place else (None, None)
    app_file = AppFile(
        id=app_fields.field(value, "id", str),
        language=language or "go",
        global_cors=app_fields.cors(value),
        language_at=at,
        language_end=end,
    )
    return app_file, tuple(found)


def _is_lang(path: app_fields.Path) -> bool:
    return len(path) == 1 and isinstance(path[0], str) and path[0].lower() == "lang"


def plain_json(text: str) -> str:
    """Blank comments and trailing commas with spaces, so that every position stays true."""
    out: list[str] = []
    comma: int | None = None
    last = ""
    for kind, token in _tokens(text):
        if kind == "comment":
            out.append(re.sub(r"[^\n]", " ", token))
            continue
        if comma is not None and token in ("}", "]"):
            out[comma] = " "
        if kind != "space":
            comma = len(out) if token == "," and last not in ("", "{", "[", ",", ":") else None
            last = token
        out.append(token)
    return "".join(out)


def _whole_characters(escape: re.Match[str]) -> str:
    """Half of a surrogate pair is no character; as for Encore, it becomes U+FFFD."""
    return escape[1] or r"\ufffd"


def _spans(plain: str) -> tuple[Spans, Spans]:
    """Each value by its path of keys and places in lists: its first token, and its key."""
    values, keys = Spans(), Spans()
    way: list[str | int] = []
    start, last, due = 0, (0, 0), True
    for kind, token in _tokens(plain):
        stop = start + len(token)
        if due and kind != "space" and token not in ("}", "]") and len(way) <= _DEEPEST:
            values[tuple(way)] = (start, stop)
        if kind == "mark":
            due = _step(token, plain[slice(*last)], way)
            if token == ":" and due and len(way) <= _DEEPEST:
                keys[tuple(way)] = last
        elif kind != "space":
            due = False
        last = last if kind == "space" else (start, stop)
        start = stop
    return values, keys


def _step(mark: str, last: str, way: list[str | int]) -> bool:
    """Go on over a mark; whether a value begins behind it."""
    match mark:
        case "[":
            way.append(0)
            return True
        case "{":
            way.append("")
        case "}" | "]" if way:
            way.pop()
        case ":" if way and isinstance(way[-1], str):
            way[-1] = _key(last)
            return True
        case "," if way and isinstance(way[-1], int):
            way[-1] += 1
            return True
    return False


def _key(token: str) -> str:
    try:
        return str(json.loads(token))
    except json.JSONDecodeError:
        return token


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text):
        yield match.lastgroup or "other", match.group()
