"""The app's folder and its ``encore.app``.

In: a folder somewhere inside an app. Out: the app's root and what ``encore.app`` says. It reads
that one file only; what the file means for a stage is that stage's business.

``encore.app`` is JSON with ``//`` and ``/* */`` comments and trailing commas; unknown keys are
ignored (contract A10).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from encore_config.diagnostics import Diagnostic, has_errors
from encore_config.graph import Language
from encore_config.position import At, End
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
    """Plain JSON of the same length, and where each value of the outermost object begins."""

    text: str
    values: dict[str, tuple[int, int]]

    def diagnostic(self, code: str, message: str, hint: str, span: tuple[int, int]) -> Diagnostic:
        at, end = self.place(span)
        return Diagnostic(code=code, severity="error", message=message, hint=hint, at=at, end=end)

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
    relaxed = _Relaxed(text=plain, values=dict(_value_spans(plain)))
    try:
        value = json.loads(relaxed.text) if relaxed.text.strip() else {}
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
    return _typed(value, relaxed)


def _typed(value: dict[str, Any], relaxed: _Relaxed) -> tuple[AppFile, tuple[Diagnostic, ...]]:
    found: list[Diagnostic] = []
    for key, kind, word in (("id", str, "a string"), ("global_cors", dict, "an object")):
        if not isinstance(value.get(key, kind()), kind):
            message = f"`{key}` of {APP_FILE} must be {word}"
            span = relaxed.values.get(key, (0, 0))
            found.append(relaxed.diagnostic("E1002", message, f"make it {word}", span))
    lang = value.get("lang", "")
    place = relaxed.values.get("lang")
    language = _LANGUAGES.get(lang) if isinstance(lang, str) else None
    if language is None:
        message = f"`lang` of {APP_FILE} is {json.dumps(lang)}, which is no language of Encore"
        hint = 'write "lang": "typescript", or "go" for an app in Go'
        found.append(relaxed.diagnostic("E1003", message, hint, place or (0, 0)))
    at, end = relaxed.place(place) if place else (None, None)
    app_id, cors = value.get("id", ""), value.get("global_cors", {})
    app_file = AppFile(
        id=app_id if isinstance(app_id, str) else "",
        language=language or "go",
        global_cors=cors if isinstance(cors, dict) else {},
        language_at=at,
        language_end=end,
    )
    return app_file, tuple(found)


def plain_json(text: str) -> str:
    """Blank comments and trailing commas with spaces, so that every position stays true."""
    out: list[str] = []
    comma: int | None = None
    for kind, token in _tokens(text):
        if kind == "comment":
            out.append(re.sub(r"[^\n]", " ", token))
            continue
        if comma is not None and token in ("}", "]"):
            out[comma] = " "
        if kind != "space":
            comma = len(out) if token == "," else None
        out.append(token)
    return "".join(out)


def _whole_characters(escape: re.Match[str]) -> str:
    """Half of a surrogate pair is no character; as for Encore, it becomes U+FFFD."""
    return escape[1] or r"\ufffd"


def _value_spans(plain: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The keys of the outermost object and the span of the first token of each one's value."""
    depth, start = 0, 0
    last, key = "", ""
    for kind, token in _tokens(plain):
        if key and kind != "space":
            yield key, (start, start + len(token))
            key = ""
        if kind == "mark" and token in "{[":
            depth += 1
        elif kind == "mark" and token in "}]":
            depth -= 1
        elif token == ":" and depth == 1:
            key = last.strip('"')
        if kind != "space":
            last = token
        start += len(token)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text):
        yield match.lastgroup or "other", match.group()
