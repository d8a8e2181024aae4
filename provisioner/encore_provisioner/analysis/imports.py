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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from encore_provisioner.analysis.catalogue import VIRTUAL_FOLDERS
from encore_provisioner.analysis.findings import Findings, near
from encore_provisioner.analysis.source import Span, folder_of, read_source
from encore_provisioner.app import plain_json

OUTSIDE: Final = ""
"""No file of the app: a package, the SDK, generated code, or a file of another type."""

_EXTENSIONS: Final = (".js", "", ".ts", ".tsx", ".jsx", ".json", ".node")
_TYPESCRIPT_OF: Final = {
    ".js": (".ts", ".tsx"),
    ".jsx": (".tsx",),
    ".mjs": (".mts",),
    ".cjs": (".cts",),
}
_NEVER_PACKAGES: Final = ("@/", "~")
_NEVER_FILES: Final = ("/", "node:", "encore.dev")
_UNDOTTED: Final = "begin the target in tsconfig.json with `./`"
_BASE: Final = "add it to `paths` in tsconfig.json: Encore does not search `baseUrl`"
_INHERITED: Final = "write `paths` into tsconfig.json itself: Encore does not follow `extends`"
_EXTENSION: Final = "leave the extension out: Encore does not look for the `.ts` file here"
_LONGEST_CHAIN: Final = 8
_STRING_OR_COMMENT: Final = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """``compilerOptions.paths`` of the root's tsconfig, longest prefix first.

    ``searched``: there is a ``baseUrl``, below which TypeScript looks for anything else.
    ``inherited``: the patterns come from a file that the tsconfig extends.
    """

    base: str = "."
    patterns: tuple[tuple[str, tuple[str, ...]], ...] = ()
    searched: bool = False
    inherited: bool = False

    def targets(self, specifier: str) -> Iterator[tuple[str, str]]:
        """The paths from the app's root that ``specifier`` may stand for.

        Each with what to do to make Encore follow it; empty where it does.
        """
        for pattern, targets in self.patterns:
            prefix, star, suffix = pattern.partition("*")
            fits = specifier.startswith(prefix) and specifier.endswith(suffix)
            if specifier == pattern or (
                star and fits and len(specifier) >= len(prefix) + len(suffix)
            ):
                middle = specifier[len(prefix) : len(specifier) - len(suffix)] if star else ""
                for target in targets:
                    path = target.replace("*", middle, 1)
                    yield posixpath.join(self.base, path), self._unseen(target, path)

    def _unseen(self, target: str, path: str) -> str:
        if self.inherited:
            return _INHERITED
        if not target.startswith((".", "/")):
            return _UNDOTTED
        return _EXTENSION if posixpath.splitext(path)[1] in (".js", ".mjs", ".cjs") else ""

    def searched_for(self, specifier: str) -> str | None:
        """The path below ``baseUrl``; None where TypeScript does not look there."""
        other = _is_relative(specifier) or specifier.startswith(_NEVER_FILES)
        return posixpath.join(self.base, specifier) if self.searched and not other else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """``file`` is a source's path, or ``OUTSIDE``; None when the import leads nowhere.

    ``unseen``: TypeScript follows the import and Encore does not; what to do. ``script``: the
    ``.js`` file that Encore takes instead. ``skipped``: a TypeScript file that is no source: a
    test, a link, hidden or outside the app.
    """

    file: str | None
    virtual: str | None = None
    unseen: str = ""
    script: str = ""
    skipped: str = ""

    @property
    def way(self) -> str:
        """Equal for answers that mean the same to a file that holds the import."""
        return f"{self.file or ''}{'?' if self.unseen or self.script else ''}"


class ImportResolver:
    """Answers once for each pair of folder and specifier."""

    def __init__(
        self,
        root: Path,
        files: frozenset[str],
        paths: Paths,
        scripts: frozenset[str] = frozenset(),
    ) -> None:
        self._root = root
        self._files = files
        self._scripts = scripts
        self._paths = paths
        self._known: dict[tuple[str, str], Resolved] = {}

    def resolve(self, importer: str, specifier: str) -> Resolved:
        return self.resolve_from(folder_of(importer), specifier)

    def resolve_from(self, folder: str, specifier: str) -> Resolved:
        key = (folder, specifier)
        if key not in self._known:
            self._known[key] = self._resolve(folder, specifier)
        return self._known[key]

    def looks_at_files(self, specifier: str) -> bool:
        """Whether the answer depends on which files there are; packages are never searched."""
        return (
            _is_relative(specifier)
            or specifier.startswith(_NEVER_PACKAGES)
            or any(True for _ in self._paths.targets(specifier))
            or self._paths.searched_for(specifier) is not None
        )

    def meant(self, importer: str, specifier: str) -> str | None:
        """What an import that leads nowhere was probably meant to say."""
        folder, _, name = specifier.rpartition("/")
        if folder == "~encore":
            match = near(name, [module.rpartition("/")[2] for module in VIRTUAL_FOLDERS.values()])
            return f"{folder}/{match}" if match else None
        if not _is_relative(specifier):
            return None
        target = posixpath.normpath(posixpath.join(posixpath.dirname(importer), folder))
        beside = (file for file in self._files if (posixpath.dirname(file) or ".") == target)
        stems = (posixpath.basename(file).removesuffix(".ts") for file in beside)
        match = near(name, (stem for stem in stems if not stem.endswith(".d")))
        return f"{folder}/{match}" if match else None

    def _resolve(self, folder: str, specifier: str) -> Resolved:
        if specifier in VIRTUAL_FOLDERS.values():
            return Resolved(file=OUTSIDE, virtual=specifier)
        for target, unseen in self._paths.targets(specifier):
            found = self._find(target)
            if found.file is not None:
                return replace(found, unseen="" if found.virtual else unseen)
        if _is_relative(specifier):
            return self._find(posixpath.join(folder, specifier))
        below = self._paths.searched_for(specifier)
        for candidate in _candidates(posixpath.normpath(below)) if below else ():
            if candidate in self._files:
                return Resolved(file=candidate, unseen=_BASE)
        return Resolved(file=None if specifier.startswith(_NEVER_PACKAGES) else OUTSIDE)

    def _find(self, target: str) -> Resolved:
        path = posixpath.normpath(target)
        for folder, virtual in VIRTUAL_FOLDERS.items():
            if path == folder or path.startswith(f"{folder}/"):
                return Resolved(file=OUTSIDE, virtual=virtual)
        for candidate in _candidates(path):
            if candidate in self._files:
                script = path if path.endswith(".js") else f"{path}.js"
                return Resolved(file=candidate, script=script if script in self._scripts else "")
        if f"{path}.d.ts" in self._files and f"{path}.js" in self._scripts:
            return Resolved(file=f"{path}.d.ts")
        other = next((c for c in _candidates(path) if _is_file(self._root / c)), None)
        if other is not None:
            return Resolved(file=OUTSIDE, skipped=other if other.endswith(".ts") else "")
        main = _main(self._root / path / "package.json")
        return self._find(posixpath.join(path, main)) if main else Resolved(file=None)


def _main(package: Path) -> str | None:
    """What the ``package.json`` of a folder names as the file to import; never that folder."""
    try:
        document = json.loads(package.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    main = document.get("main") if isinstance(document, dict) else None
    named = isinstance(main, str) and posixpath.normpath(main).startswith((".", "/")) is False
    return main if named else None


def _is_relative(specifier: str) -> bool:
    return specifier in (".", "..") or specifier.startswith(("./", "../"))


def _candidates(path: str) -> Iterator[str]:
    for tried in _EXTENSIONS:
        yield path + tried
    stem, extension = posixpath.splitext(path)
    yield from (stem + other for other in _TYPESCRIPT_OF.get(extension, ()))
    folder = "" if path == "." else f"{path}/"
    yield from (f"{folder}index{e}" for e in _EXTENSIONS if e)


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
    plain = _STRING_OR_COMMENT.sub(_without_comment, text)
    document, problem = _load(plain)
    if problem is not None:
        place = len(text[:problem].encode())
        message = "tsconfig.json cannot be read as JSON, and Encore's build stops there"
        hint = "remove trailing commas; comments are allowed" if plain.strip() else "write `{}`"
        findings.add("E0103", Span(source, place, place + 1), message, hint=hint)
        document = _load(plain_json(text))[0]
    elif not _is_typed(document):
        message = (
            "`compilerOptions` in tsconfig.json cannot be read, and Encore's build stops there"
        )
        hint = "`baseUrl` is a string, `paths` an object of lists of strings"
        findings.add("E0103", Span(source, 0, len(source.text)), message, hint=hint)
    paths = _paths(document)
    return paths if paths.patterns else replace(_inherited(root, document), searched=paths.searched)


def _is_typed(document: Any) -> bool:
    """Whether Encore can read the two options that it looks at."""
    options = document.get("compilerOptions", {}) if isinstance(document, dict) else None
    if not isinstance(options, dict):
        return False
    base, table = options.get("baseUrl"), options.get("paths", {})
    return (base is None or isinstance(base, str)) and (
        isinstance(table, dict)
        and all(
            isinstance(targets, list) and all(isinstance(target, str) for target in targets)
            for targets in table.values()
        )
    )


def _inherited(root: Path, document: Any) -> Paths:
    """The paths of the file that the tsconfig extends, if that is a file of the app."""
    own, folder = _paths(document), "."
    for _ in range(_LONGEST_CHAIN):
        name = document.get("extends") if isinstance(document, dict) else None
        if not isinstance(name, str) or not _is_relative(name):
            break
        path = posixpath.normpath(posixpath.join(folder, name))
        try:
            text = (root / path).read_bytes().decode("utf-8-sig", "replace")
        except (OSError, ValueError):
            break
        document, folder = _load(plain_json(text))[0], posixpath.dirname(path)
        found = _paths(document)
        if found.patterns:
            base = posixpath.normpath(posixpath.join(folder, found.base))
            return replace(found, base=base, inherited=True)
    return own


def _load(text: str) -> tuple[Any, int | None]:
    """The document, and where it cannot be read."""
    try:
        return json.loads(text), None
    except json.JSONDecodeError as error:
        return {}, min(error.pos, len(text.rstrip()))
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
    if not isinstance(base, str):
        return Paths(patterns=tuple(patterns))
    return Paths(base=base, patterns=tuple(patterns), searched=True)
