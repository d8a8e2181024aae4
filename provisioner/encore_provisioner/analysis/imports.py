"""From an import's specifier to a file of the app (contract A1: tsconfig paths, extensions).

In: the app's root and the set of its sources. Out: for a specifier and the file that names it,
the source it leads to, ``OUTSIDE`` when it leads to something that holds no declarations of this
app, or ``MISSING``. Packages are not searched: nothing in them is a declaration.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from encore_provisioner.analysis.catalogue import VIRTUAL_FOLDERS
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.source import Span, read_source
from encore_provisioner.app import plain_json

OUTSIDE: Final = ""
"""No file of the app: a package, the SDK, generated code, or a file of another type."""

_EXTENSIONS: Final = (".js", "", ".ts", ".tsx", ".jsx", ".json", ".node")
_TYPESCRIPT_OF: Final = {".js": (".ts", ".tsx"), ".mjs": (".mts",), ".cjs": (".cts",)}
_STRING_OR_COMMENT: Final = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """``compilerOptions.paths`` of the root's tsconfig, longest prefix first."""

    base: str = "."
    patterns: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def targets(self, specifier: str) -> Iterator[str]:
        """The paths from the app's root that ``specifier`` may stand for."""
        for pattern, targets in self.patterns:
            prefix, star, suffix = pattern.partition("*")
            fits = specifier.startswith(prefix) and specifier.endswith(suffix)
            if specifier == pattern or (
                star and fits and len(specifier) >= len(prefix) + len(suffix)
            ):
                middle = specifier[len(prefix) : len(specifier) - len(suffix)] if star else ""
                for target in targets:
                    yield posixpath.join(self.base, target.replace("*", middle, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """``file`` is a source's path, or ``OUTSIDE``; None when the import leads nowhere."""

    file: str | None
    virtual: str | None = None


class ImportResolver:
    """Answers once for each pair of folder and specifier."""

    def __init__(self, root: Path, files: frozenset[str], paths: Paths) -> None:
        self._root = root
        self._files = files
        self._paths = paths
        self._known: dict[tuple[str, str], Resolved] = {}

    def resolve(self, importer: str, specifier: str) -> Resolved:
        return self.resolve_from(posixpath.dirname(importer), specifier)

    def resolve_from(self, folder: str, specifier: str) -> Resolved:
        key = (folder, specifier)
        if key not in self._known:
            self._known[key] = self._resolve(folder, specifier)
        return self._known[key]

    def looks_at_files(self, specifier: str) -> bool:
        """Whether the answer depends on which files there are; packages are never searched."""
        return _is_relative(specifier) or any(True for _ in self._paths.targets(specifier))

    def _resolve(self, folder: str, specifier: str) -> Resolved:
        if specifier in VIRTUAL_FOLDERS.values():
            return Resolved(file=OUTSIDE, virtual=specifier)
        for target in self._paths.targets(specifier):
            found = self._find(target)
            if found.file is not None:
                return found
        if _is_relative(specifier):
            return self._find(posixpath.join(folder, specifier))
        return Resolved(file=OUTSIDE)

    def _find(self, target: str) -> Resolved:
        path = posixpath.normpath(target)
        for folder, virtual in VIRTUAL_FOLDERS.items():
            if path == folder or path.startswith(f"{folder}/"):
                return Resolved(file=OUTSIDE, virtual=virtual)
        candidates = tuple(_candidates(path))
        for candidate in candidates:
            if candidate in self._files:
                return Resolved(file=candidate)
        if any(_is_file(self._root / candidate) for candidate in candidates):
            return Resolved(file=OUTSIDE)
        return Resolved(file=None)


def _is_relative(specifier: str) -> bool:
    return specifier in (".", "..") or specifier.startswith(("./", "../"))


def _candidates(path: str) -> Iterator[str]:
    yield from (path + extension for extension in _EXTENSIONS)
    stem, extension = posixpath.splitext(path)
    yield from (stem + other for other in _TYPESCRIPT_OF.get(extension, ()))
    yield from (posixpath.normpath(f"{path}/index{e}") for e in _EXTENSIONS if e)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file system holds: too long, a NUL in it
        return False


def read_paths(root: Path, findings: Findings) -> Paths:
    """``baseUrl`` and ``paths`` of ``tsconfig.json``; a file that Encore cannot read is E0103.

    Encore takes comments, but no trailing commas (contract A1); the paths are followed anyway.
    """
    try:
        raw = (root / "tsconfig.json").read_bytes()
    except OSError:
        return Paths()
    source = read_source("tsconfig.json", raw)
    text = source.text.decode("utf-8", "replace")
    document, problem = _load(_STRING_OR_COMMENT.sub(_without_comment, text))
    if problem is None:
        return _paths(document)
    place = len(text[:problem].encode())
    message = "tsconfig.json cannot be read as JSON, and Encore's build stops there"
    hint = "remove trailing commas; comments are allowed"
    findings.add("E0103", Span(source, place, place + 1), message, hint=hint)
    return _paths(_load(plain_json(text))[0])


def _load(text: str) -> tuple[Any, int | None]:
    """The document, and where it cannot be read."""
    try:
        return (json.loads(text) if text.strip() else {}), None
    except json.JSONDecodeError as error:
        return {}, error.pos
    except RecursionError:
        return {}, 0


def _without_comment(match: re.Match[str]) -> str:
    return match[1] or re.sub(r"[^\n]", " ", match[0])


def _paths(document: Any) -> Paths:
    options = document.get("compilerOptions") if isinstance(document, dict) else None
    if not isinstance(options, dict):
        return Paths()
    base, table = options.get("baseUrl"), options.get("paths")
    patterns = [
        (pattern, tuple(target for target in targets if isinstance(target, str)))
        for pattern, targets in (table.items() if isinstance(table, dict) else ())
        if isinstance(targets, list)
    ]
    patterns.sort(key=lambda item: (-len(item[0].partition("*")[0]), item[0]))
    return Paths(base=base if isinstance(base, str) else ".", patterns=tuple(patterns))
