"""Migration files by Encore's naming rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from encore_config.graph import MigrationSource
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.migrations import Folder, read
from encore_provisioner.analysis.source import Span, read_source

PLACE = Span(read_source("svc/db.ts", b""), 0, 0).place


def migrate(
    root: Path, source: MigrationSource, *files: str
) -> tuple[list[tuple[str, int, str]], list[str]]:
    (root / "svc" / "m").mkdir(parents=True, exist_ok=True)
    for name in files:
        (root / "svc" / "m" / name).parent.mkdir(exist_ok=True)
        (root / "svc" / "m" / name).touch()
    findings = Findings()
    folder = Folder(root=root, declared_in="svc/db.ts", path="./m", source=source)
    found = read(folder, PLACE, findings)
    assert found is not None
    assert (found.dir, found.source) == ("svc/m", source)
    listed = [(f.filename, f.number, f.description) for f in found.files]
    return listed, [d.code for d in findings.sorted()]


def test_only_files_that_migrate_upwards_are_listed_by_number(tmp_path: Path) -> None:
    files = ("10_c.up.sql", "2_b.up.sql", "2_b.down.sql", "001_a_1.up.sql", "README.md", "x.SQL")
    expected = [("001_a_1.up.sql", 1, "a_1"), ("2_b.up.sql", 2, "b"), ("10_c.up.sql", 10, "c")]
    assert migrate(tmp_path, "default", *files) == (expected, [])


@pytest.mark.parametrize(
    "name", ["a.sql", "1.up.sql", "1_a.sql", "1_a.b.up.sql", "_a.up.sql", "1_.up.sql", "9" * 30]
)
def test_other_sql_files_are_refused(tmp_path: Path, name: str) -> None:
    name = name if name.endswith(".sql") else f"{name}_a.up.sql"
    assert migrate(tmp_path, "default", name) == ([], ["E0617"])


def test_drizzle(tmp_path: Path) -> None:
    assert migrate(tmp_path, "drizzle", "0000_a.sql", "meta/x.sql") == (
        [("0000_a.sql", 0, "a")],
        [],
    )


@pytest.mark.parametrize("source", ["prisma", "drizzle/v1"])
def test_one_folder_for_each_migration(tmp_path: Path, source: MigrationSource) -> None:
    files = ("2025_a/migration.sql", "2024_b/migration.sql", "2023_c/other.sql", "lock.toml")
    expected = [("2024_b/migration.sql", 2024, "b"), ("2025_a/migration.sql", 2025, "a")]
    assert migrate(tmp_path, source, *files) == (expected, [])
    _, codes = migrate(tmp_path, source, "meta/migration.sql")
    assert codes == (["E0617"] if source == "prisma" else [])


def test_a_number_taken_twice_is_told(tmp_path: Path) -> None:
    _, codes = migrate(tmp_path, "default", "1_a.up.sql", "01_b.up.sql")
    assert codes == ["W0617"]


@pytest.mark.parametrize("path", ["./gone", "./file"])
def test_a_folder_that_is_none_is_an_error(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    findings = Findings()
    folder = Folder(root=tmp_path, declared_in="db.ts", path=path, source="default")
    assert read(folder, PLACE, findings) is None
    assert [d.code for d in findings.sorted()] == ["E0616"]
