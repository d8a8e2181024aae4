"""The migration files of a database, by Encore's naming rules (contract A6.1).

In: a folder as the source names it. Out: the files that migrate upwards, by number. File names
only; what the files hold is read when they are run.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from encore_config.graph import MigrationFile, Migrations, MigrationSource
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.source import Place

_GOLANG_MIGRATE: Final = re.compile(
    r"(?P<number>[0-9]+)_(?P<description>[^.]+)\.(?P<way>up|down).sql"
)
_DRIZZLE: Final = re.compile(r"(?P<number>[0-9]+)_(?P<description>[^.]+)\.sql")
_PRISMA: Final = re.compile(r"(?P<number>[0-9]+)_(?P<description>.*)", re.DOTALL)
_DRIZZLE_V1: Final = re.compile(r"(?P<number>[0-9]+)_(?P<description>.+)", re.DOTALL)
_ONE_FOLDER_EACH: Final[dict[MigrationSource, re.Pattern[str]]] = {
    "prisma": _PRISMA,
    "drizzle/v1": _DRIZZLE_V1,
}
_LARGEST: Final = 2**63 - 1
_RULES: Final[dict[MigrationSource, str]] = {
    "default": "name it like `001_create_table.up.sql`",
    "drizzle": "name it like `0000_create_table.sql`",
    "prisma": "name the folder like `20250101120000_create_table`",
    "drizzle/v1": "name the folder like `20250101120000_create_table`",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """``path`` is relative to the folder of the file ``declared_in``, that to ``root``."""

    root: Path
    declared_in: str
    path: str
    source: MigrationSource

    @property
    def relative(self) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.declared_in), self.path))

    @property
    def absolute(self) -> Path:
        return self.root / self.relative


def read(folder: Folder, place: Place, findings: Findings) -> Migrations | None:
    """The folder's files; a missing folder is E0616, a wrong name E0617."""
    try:
        names = sorted(path.name for path in folder.absolute.iterdir())
    except NotADirectoryError:
        message = f"the migrations' folder `{folder.relative}` is not a folder"
        findings.add("E0616", place, message, hint="name the folder that holds the files")
        return None
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else error.strerror
        message = f"the migrations' folder `{folder.relative}` {reason}"
        findings.add("E0616", place, message, hint="create it, or correct the path")
        return None
    files = sorted(_files(folder, names, place, findings), key=lambda f: (f.number, f.filename))
    _check_numbers(files, folder, place, findings)
    return Migrations(dir=folder.relative, source=folder.source, files=tuple(files))


def _files(
    folder: Folder, names: list[str], place: Place, findings: Findings
) -> Iterator[MigrationFile]:
    per_folder = _ONE_FOLDER_EACH.get(folder.source)
    pattern = per_folder or (_DRIZZLE if folder.source == "drizzle" else _GOLANG_MIGRATE)
    for name in names:
        filename = _filename(folder, name)
        if filename is None:
            continue
        match = pattern.fullmatch(name)
        if match is None or not name.isprintable() or int(match["number"][:20]) > _LARGEST:
            message = f"`{folder.relative}/{name!r}` is no name of a migration".replace("'", "")
            findings.add("E0617", place, message, hint=_RULES[folder.source])
        elif match.groupdict().get("way") != "down":
            number, description = int(match["number"]), match["description"]
            yield MigrationFile(filename=filename, number=number, description=description)


def _filename(folder: Folder, name: str) -> str | None:
    """The SQL file behind an entry of the folder; None when the entry is no migration."""
    path = folder.absolute / name
    if folder.source not in _ONE_FOLDER_EACH:
        return name if name.endswith(".sql") and path.is_file() else None
    skipped = folder.source == "drizzle/v1" and name == "meta"
    inside = f"{name}/migration.sql"
    return inside if not skipped and (folder.absolute / inside).is_file() else None


def _check_numbers(
    files: list[MigrationFile], folder: Folder, place: Place, findings: Findings
) -> None:
    for former, file in pairwise(files):
        if former.number == file.number:
            message = (
                f"two migrations of `{folder.relative}` have the number {file.number}: "
                f"{former.filename} and {file.filename}"
            )
            hint = "only one of them would be recorded as run"
            places = [(name, _beginning(folder, name)) for name in (former.filename, file.filename)]
            findings.add("W0617", place, message, hint=hint, related=places)


def _beginning(folder: Folder, filename: str) -> Place:
    return Place(f"{folder.relative}/{filename}", 0, 0, 1, 1, 1, 1)
