"""Which files belong to an app (contract A1).

In: the app's root. Out: its TypeScript sources in the order in which Encore reads them. Symbolic
links are not followed; what Encore skips is skipped. The only stage that walks folders.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from encore_provisioner.analysis.catalogue import SYMBOLS
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.source import Source, Span, read_source

SERVICE_FILE: Final = "encore.service.ts"
_IGNORED: Final = frozenset({"node_modules", "encore.gen", "__tests__"})
_UNSEEN: Final = (".tsx", ".mts", ".cts")
_SDK_IMPORT: Final = re.compile(
    rb"import\s*\{(?P<names>[^}]*)\}\s*from\s*[\"'](?P<module>encore\.dev/[\w/]+)[\"']"
)
_ONLY_TS: Final = "Encore reads only files that end in `.ts`"
_IN_TS: Final = "declare it in a `.ts` file"
_TESTS: Final = (".test.ts", ".spec.ts", ".test.js", ".spec.js")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """``path`` is the file's name in findings, ``location`` the one that opens it."""

    path: str
    location: str

    def read(self) -> bytes:
        """Raises ``OSError``."""
        with open(self.location, "rb", buffering=0) as file:  # noqa: PTH123 - a Path costs as much
            return file.readall()


def find_sources(
    root: Path, findings: Findings, scripts: set[str] | None = None
) -> Iterator[SourceFile]:
    """Every ``.ts`` file of the app; a folder that cannot be read is E0102.

    A declaration in a TypeScript file of another extension is W0105. The paths of ``.js`` files
    are added to ``scripts``: they are no sources, but Encore follows imports to them first.
    """
    if is_ignored(root.resolve().name):
        message = f"Encore skips a folder named `{root.resolve().name}`, so it finds nothing here"
        findings.add("W0103", None, message, hint="rename the app's folder")
    for entry, path in _walk(root, findings):
        if entry.name.endswith(".js"):
            if scripts is not None:
                scripts.add(path)
        elif not entry.name.endswith(_UNSEEN):
            yield SourceFile(path, entry.path)
        else:
            _look_into(SourceFile(path, entry.path), findings)


def check_package(root: Path, findings: Findings) -> None:
    """Encore looks for the app's ``package.json`` before it reads anything else (A1)."""
    if not (root / "package.json").is_file():
        message = "there is no package.json beside encore.app, and Encore's build stops there"
        hint = 'write one that holds `{"type": "module", "dependencies": {"encore.dev": "*"}}`'
        findings.add("E0107", None, message, hint=hint)


def is_ignored(name: str) -> bool:
    return name in _IGNORED or name.startswith(".") or name.endswith(_TESTS)


def look_into_skipped(root: Path, path: str, findings: Findings) -> None:
    """A declaration in an imported file that the walk passes over does not exist for Encore."""
    if not path.startswith("../"):
        rule = "Encore does not search this file"
        hint = "declare it in a file that is no test, no link and not hidden"
        _look_into(SourceFile(path, str(root / path)), findings, rule, hint)


def _look_into(
    file: SourceFile, findings: Findings, rule: str = _ONLY_TS, hint: str = _IN_TS
) -> None:
    try:
        raw = file.read()
    except OSError as error:
        report_unreadable(file.path, error, findings)
        return
    if b"encore.dev/" in raw:
        _check_unseen(read_source(file.path, raw), findings, rule, hint)


def _check_unseen(source: Source, findings: Findings, rule: str, hint: str) -> None:
    """A declaration in a file that Encore does not read does not exist for it."""
    for match in _SDK_IMPORT.finditer(source.text):
        module = match["module"].decode()
        known = next((name for name in _names(match["names"]) if (module, name) in SYMBOLS), None)
        if known is not None:
            message = f"{rule}, so it sees no `{known}` here"
            span = Span(source, match.start(), match.end())
            findings.add("W0105", span, message, hint=hint)


def _names(listed: bytes) -> Iterator[str]:
    """The names of an import, each without its alias."""
    for item in listed.decode("utf-8", "replace").split(","):
        yield item.split()[0] if item.split() else ""


def _walk(root: Path, findings: Findings) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Depth first, each folder in Encore's order; a stack, since folders nest without bound."""
    todo = _entries(root, "", findings)
    while todo:
        entry, path = todo.pop()
        if entry.is_dir(follow_symlinks=False):
            todo += _entries(Path(entry.path), f"{path}/", findings)
        elif entry.name.endswith((".ts", ".js", *_UNSEEN)) and entry.is_file(follow_symlinks=False):
            yield entry, path


def _entries(folder: Path, prefix: str, findings: Findings) -> list[tuple[os.DirEntry[str], str]]:
    """What Encore looks at in a folder, last first: the service file first, then by name."""
    try:
        with os.scandir(folder) as entries:
            kept = [entry for entry in entries if not is_ignored(entry.name)]
    except OSError as error:
        report_unreadable(prefix.rstrip("/") or ".", error, findings)
        return []
    kept.sort(key=lambda entry: (entry.name != SERVICE_FILE, entry.name), reverse=True)
    return [(entry, prefix + _printable(entry.name)) for entry in kept]


def _printable(name: str) -> str:
    """The name as text that can be written anywhere, also where it is no UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace")


def report_unreadable(path: str, error: OSError, findings: Findings) -> None:
    reason = error.strerror or str(error)
    span = Span(read_source(path, b""), 0, 0)
    message = f"`{path}` cannot be read: {reason}"
    findings.add("E0102", span, message, hint="make it readable, or move it out of the app")
