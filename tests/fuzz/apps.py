"""An app as a value: what stands at each path. Real apps are the seeds of all generated ones.

In: the repository's example and cases. Out: frozen apps, and folders that hold them.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
APP_FILE: Final = b'{"id": "fuzz", "lang": "typescript"}'
_LONGEST_NAME: Final = 200
_LONGEST_PATH: Final = 900
_EXPECTED: Final = ("graph.json", "diagnostics.txt")


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link; ``target`` as it is written into it."""

    target: str


@dataclass(frozen=True, slots=True)
class Folder:
    """An empty folder, whatever its name looks like."""


Entry = bytes | Link | Folder
App = Mapping[str, Entry]


@cache
def seeds() -> tuple[App, ...]:
    """Every case, the example, and each service of the example as an app of its own."""
    cases = sorted((REPOSITORY / "tests" / "cases" / "ts").iterdir())
    shop = load(REPOSITORY / "examples" / "shop")
    services = sorted({path.partition("/")[0] for path in shop if "/" in path})
    parts = (
        {p: e for p, e in shop.items() if "/" not in p or p.startswith((f"{name}/", "shared/"))}
        for name in services
    )
    return (*(load(case) for case in cases if case.is_dir()), *parts, shop)


def load(root: Path) -> App:
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
    app = {path.relative_to(root).as_posix(): path.read_bytes() for path in files}
    return {path: raw for path, raw in app.items() if path not in _EXPECTED}


def sources(app: App) -> dict[str, bytes]:
    """The TypeScript files of an app."""
    return {path: e for path, e in app.items() if path.endswith(".ts") and isinstance(e, bytes)}


def possible(app: App) -> App:
    """The app without what no file system holds: an entry below a file, an overlong name."""
    kept: dict[str, Entry] = {}
    for path in sorted(app):
        parts = path.split("/")
        parents = {"/".join(parts[:n]) for n in range(1, len(parts))}
        short = all(
            0 < len(part.encode("utf-8", "surrogateescape")) <= _LONGEST_NAME
            and part not in (".", "..")
            for part in parts
        )
        below = any(isinstance(kept.get(parent), bytes | Link) for parent in parents)
        if short and len(path) <= _LONGEST_PATH and not below:
            kept[path] = app[path]
    return kept


def write(app: App, root: Path, *, backwards: bool = False) -> Path:
    """Put the app into ``root``, which is emptied before; in which order may not matter."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for path in sorted(app, reverse=backwards):
        place, entry = root / path, app[path]
        place.parent.mkdir(parents=True, exist_ok=True)
        match entry:
            case bytes():
                place.write_bytes(entry)
            case Link(target=target):
                place.symlink_to(target)
            case Folder():
                place.mkdir(exist_ok=True)
    return root
