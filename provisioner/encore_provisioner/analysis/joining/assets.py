"""What declarations name on disk: folders of migrations, folders and pages of static files.

In: declarations and the app's root. Out: the migrations of each database, with findings for what
is not there. Beside ``files`` the only stage that looks at the disk; asked anew in each run, since
no file of the source changes with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from encore_config.graph import Migrations
from encore_provisioner.analysis import migrations
from encore_provisioner.analysis.declarations.model import (
    Asset,
    Database,
    Declaration,
    Endpoint,
    MigrationFolder,
)
from encore_provisioner.analysis.findings import Findings


def read_migrations(
    declarations: Iterable[Declaration], root: Path, findings: Findings
) -> dict[Declaration, Migrations]:
    found: dict[Declaration, Migrations] = {}
    for declaration in declarations:
        named = declaration.migrations if isinstance(declaration, Database) else None
        read = _read(named, root, findings) if named is not None else None
        if read is not None:
            found[declaration] = read
    return found


def _read(named: MigrationFolder, root: Path, findings: Findings) -> Migrations | None:
    folder = migrations.Folder(
        root=root, declared_in=named.place.file, path=named.path, source=named.source
    )
    return migrations.read(folder, named.place, findings)


def check_assets(declarations: Iterable[Declaration], root: Path, findings: Findings) -> None:
    for declaration in declarations:
        if isinstance(declaration, Endpoint):
            for asset in declaration.assets:
                _check(asset, root, findings)


def _check(asset: Asset, root: Path, findings: Findings) -> None:
    """A missing folder is E0507, a missing page E0508."""
    place = (root / asset.place.file).parent / asset.path
    try:
        there = place.exists()
        found = place.is_dir() if asset.folder else place.is_file()
    except (OSError, ValueError):  # a name that no file system holds
        there = found = False
    if not found and asset.folder:
        what = "is not a folder" if there else "does not exist"
        message = f'the folder "{asset.path}" of these static files {what}'
        findings.add("E0507", asset.place, message, hint="create it, relative to this file")
    elif not found:
        message = f'the file "{asset.path}" {"is a folder" if there else "does not exist"}'
        findings.add("E0508", asset.place, message, hint="create it, relative to this file")
