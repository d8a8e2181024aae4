"""Repositories that are looked at: named with the commit, read from a folder.

In: ``NAME@COMMIT=FOLDER`` from a command line. Out: a :class:`Repository`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Repository:
    name: str
    commit: str
    folder: Path

    def files(self, pattern: str) -> tuple[Path, ...]:
        found = (path for path in self.folder.rglob(pattern) if path.is_file())
        return tuple(path for path in sorted(found) if "node_modules" not in path.parts)


def repository(text: str) -> Repository:
    named, found, folder = text.partition("=")
    name, _, commit = named.partition("@")
    if not found or not name or not commit:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME@COMMIT=FOLDER")
    return Repository(name, commit, Path(folder).resolve())
