"""Which files belong to an app."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from encore_provisioner.analysis.files import find_sources, is_ignored
from encore_provisioner.analysis.findings import Findings


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("export {};\n", encoding="utf-8")


def paths(root: Path, findings: Findings | None = None) -> list[str]:
    return [source.path for source in find_sources(root, findings or Findings())]


def test_files_are_read_in_the_order_of_encore(tmp_path: Path) -> None:
    write(tmp_path, "b/z.ts", "b/encore.service.ts", "b/a/x.ts", "c.ts", "a.ts", "b/Z.ts")
    expected = ["a.ts", "b/encore.service.ts", "b/Z.ts", "b/a/x.ts", "b/z.ts", "c.ts"]
    assert paths(tmp_path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/x/a.ts",
        "encore.gen/clients/a.ts",
        "svc/__tests__/a.ts",
        ".hidden/a.ts",
        "a.test.ts",
        "a.spec.ts",
        "folder.spec.ts/a.ts",
        "a.tsx",
        "a.mts",
        "a.js",
        "ats",
    ],
)
def test_what_encore_skips_is_skipped(tmp_path: Path, path: str) -> None:
    write(tmp_path, path)
    assert paths(tmp_path) == []


@pytest.mark.parametrize("path", ["dist/a.ts", "tests/a.ts", "a.d.ts", "vite.config.ts"])
def test_what_looks_foreign_is_read(tmp_path: Path, path: str) -> None:
    write(tmp_path, path)
    assert paths(tmp_path) == [path]


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "real/a.ts")
    (tmp_path / "linked").symlink_to(tmp_path / "real", target_is_directory=True)
    (tmp_path / "b.ts").symlink_to(tmp_path / "real" / "a.ts")
    (tmp_path / "real" / "up").symlink_to(tmp_path, target_is_directory=True)
    assert paths(tmp_path) == ["real/a.ts"]


def test_special_files_and_strange_names_do_no_harm(tmp_path: Path) -> None:
    write(tmp_path, "a.ts")
    os.mkfifo(tmp_path / "pipe.ts")
    (tmp_path / "folder.ts").mkdir()
    strange = os.fsencode(tmp_path) + b"/\xff.ts"
    Path(os.fsdecode(strange)).write_text("export {};", encoding="utf-8")
    found = paths(tmp_path)
    assert found == ["a.ts", "\ufffd.ts"]


def test_deeply_nested_folders_are_read(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(300):
        folder /= "d"
    write(folder, "a.ts")
    assert paths(tmp_path) == ["d/" * 300 + "a.ts"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_a_finding(tmp_path: Path) -> None:
    write(tmp_path, "a.ts", "b.ts")
    (tmp_path / "a.ts").chmod(0)
    findings = Findings()
    assert paths(tmp_path, findings) == ["b.ts"]
    assert [d.code for d in findings.sorted()] == ["E0102"]
    (tmp_path / "a.ts").chmod(stat.S_IRUSR | stat.S_IWUSR)


def test_a_missing_root_is_a_finding(tmp_path: Path) -> None:
    findings = Findings()
    assert paths(tmp_path / "gone", findings) == []
    assert [(d.code, str(d.at)) for d in findings.sorted()] == [("E0102", ".:1:1")]


def test_the_name_of_the_app_s_own_folder_counts(tmp_path: Path) -> None:
    root = tmp_path / ".shop"
    write(root, "a.ts")
    findings = Findings()
    assert paths(root, findings) == ["a.ts"]
    assert [d.code for d in findings.sorted()] == ["W0103"]
    assert is_ignored("node_modules")
    assert not is_ignored("node_modules2")
