"""Which migrations run, as golang-migrate and Encore's own tools would decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from tests.support.graphs import database

from encore_config.graph import Database
from encore_provisioner.errors import AppError, RefusedError
from encore_provisioner.postgres.judging import NONE_APPLIED, Applied, MigrationFile, Recorded
from encore_provisioner.postgres.migrations import (
    check_text,
    judge,
    pending_reason,
    read_files,
    wanted_extensions,
)

DEFAULT, PRISMA = "default", "prisma"


@pytest.fixture
def orders(tmp_path: Path) -> Database:
    (tmp_path / "m").mkdir()
    return database("orders", tmp_path / "m", root=tmp_path)


@pytest.fixture
def prisma(tmp_path: Path) -> Database:
    (tmp_path / "m").mkdir(exist_ok=True)
    return database("orders", tmp_path / "m", root=tmp_path, source="prisma")


def file(number: int, text: str = "", sha256: str | None = None) -> MigrationFile:
    name = f"{number}_x.up.sql"
    return MigrationFile(
        number=number, filename=name, path=f"m/{name}", text=text, sha256=sha256 or f"hash{number}"
    )


def files(*numbers: int) -> tuple[MigrationFile, ...]:
    return tuple(file(number) for number in numbers)


def applied(versions: Iterable[int] | Mapping[int, bool], recorded: Iterable[int] = ()) -> Applied:
    rows = {
        n: Recorded(filename=f"{n}_x.up.sql", sha256=f"hash{n}", applied_at="2026-01-02T03:04:05Z")
        for n in recorded
    }
    dirty = versions if isinstance(versions, Mapping) else dict.fromkeys(versions, False)
    return Applied(versions=dirty, recorded=rows)


CASES = {
    "nothing ran": (DEFAULT, (1, 2), NONE_APPLIED, (1, 2), (), []),
    "all ran": (DEFAULT, (1, 2), applied([2], [1, 2]), (), (), []),
    "one is new": (DEFAULT, (1, 2, 3), applied([2], [1, 2]), (3,), (), []),
    "gaps are fine": (DEFAULT, (3, 20), applied([3], [3]), (20,), (), []),
    "number zero": (DEFAULT, (0, 1), NONE_APPLIED, (0, 1), (), []),
    "zero ran": (DEFAULT, (0, 1), applied([0], [0]), (1,), (), []),
    "another tool ran all": (DEFAULT, (1, 2), applied([2]), (), (1, 2), []),
    "another tool went on": (DEFAULT, (1, 2, 3), applied([3], [1]), (), (2, 3), []),
    "late file": (DEFAULT, (1, 2, 5), applied([5], [1, 5]), (), (), ["E9002"]),
    "taken back by hand": (DEFAULT, (1, 2), applied([1], [1, 2]), (2,), (), []),
    "dirty": (DEFAULT, (1, 2), applied({2: True}, [1, 2]), (), (), ["E9003"]),
    "rows without files": (DEFAULT, (), applied([7]), (), (), []),
    "same number twice": (DEFAULT, (1, 1), NONE_APPLIED, (1, 1), (), ["E9004"]),
    "prisma: late file": (PRISMA, (1, 2, 5), applied([1, 5], [1, 5]), (2,), (), []),
    "prisma: another tool": (PRISMA, (1, 2), applied([2]), (1,), (2,), []),
    "prisma: taken back": (PRISMA, (1, 2), applied([2], [1, 2]), (1,), (), []),
}


@pytest.mark.parametrize(
    ("source", "numbers", "there", "pending", "adopted", "errors"), CASES.values(), ids=CASES
)
def test_judge(
    orders: Database,
    prisma: Database,
    source: str,
    numbers: tuple[int, ...],
    there: Applied,
    pending: tuple[int, ...],
    adopted: tuple[int, ...],
    errors: list[str],
) -> None:
    verdict = judge(orders if source == DEFAULT else prisma, files(*numbers), there)
    assert tuple(f.number for f in verdict.pending) == pending
    assert tuple(f.number for f in verdict.adopt) == adopted
    assert [e.code for e in verdict.errors] == errors
    assert verdict.warnings == ()


def test_a_changed_file_names_its_date_and_both_hashes(orders: Database) -> None:
    verdict = judge(orders, (file(1, sha256="new"),), applied([1], [1]))
    (error,) = verdict.errors
    assert error.code == "E9001"
    for part in ("m/1_x.up.sql", "2026-01-02T03:04:05Z", "hash1", "new"):
        assert part in error.message
    assert str(error.at) == "m/1_x.up.sql:1:1"


def test_a_file_that_was_taken_back_may_be_changed(orders: Database) -> None:
    """Encore's docs: lower the version to run the last migration again."""
    verdict = judge(orders, (file(1), file(2, sha256="new")), applied([1], [1, 2]))
    assert verdict.errors == ()
    assert [f.number for f in verdict.pending] == [2]


@pytest.mark.parametrize("source", [DEFAULT, PRISMA])
def test_a_vanished_file_is_a_warning(orders: Database, prisma: Database, source: str) -> None:
    chosen = orders if source == DEFAULT else prisma
    there = applied([2] if source == DEFAULT else [1, 2], [1, 2])
    verdict = judge(chosen, files(2), there)
    (warning,) = verdict.warnings
    assert warning.code == "W9001"
    assert "1_x.up.sql" in warning.message
    assert verdict.errors == ()


def test_a_database_without_migrations_has_nothing_to_judge() -> None:
    plain = database("plain", None, root=Path())
    assert judge(plain, (), applied([3], [3])).pending == ()


def test_hashes_ignore_line_ends_only(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    hashes = []
    for text in (b"a\nb\n", b"a\r\nb\r\n", b"a\rb\r", b"a\nb"):
        (folder / "1_x.up.sql").write_bytes(text)
        (read,) = read_files(tmp_path, database("orders", folder, root=tmp_path))
        assert read.text.encode() == text
        hashes.append(read.sha256)
    assert hashes[0] == hashes[1] == hashes[2] != hashes[3]


def test_files_are_read_by_number(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    for name in ("10_b.up.sql", "9_a.up.sql", "2_c.up.sql"):
        (folder / name).write_text(name)
    read = read_files(tmp_path, database("orders", folder, root=tmp_path))
    assert [f.number for f in read] == [2, 9, 10]
    assert read[0].path == "m/2_c.up.sql"


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    path = folder / "1_x.up.sql"
    path.write_bytes(content or b"")
    found = database("orders", folder, root=tmp_path)
    if content is None:
        path.unlink()
    with pytest.raises(AppError, match=r"m/1_x\.up\.sql") as caught:
        read_files(tmp_path, found)
    assert caught.value.code == "migration-unreadable"


@pytest.mark.parametrize(
    ("text", "place"), [("a;\nb\0", "2:2"), ("begin; commit; begin; commit", "1:16")]
)
def test_text_that_cannot_run_whole_is_refused(text: str, place: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_text(file(1, text))
    assert caught.value.code == "migration-refused"
    assert str(caught.value.at) == f"m/1_x.up.sql:{place}"


def test_extensions_are_found_with_their_first_place() -> None:
    wanted = wanted_extensions(
        (file(1, "create extension b;\ncreate extension a;"), file(2, "create extension a;"))
    )
    assert [(name, str(at)) for name, at in wanted] == [
        ("a", "m/1_x.up.sql:2:1"),
        ("b", "m/1_x.up.sql:1:1"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("CREATE TABLE a (id int);", ""),
        ("DROP TABLE a;\nDELETE\n  FROM b;", "; it deletes data: DROP TABLE a; DELETE FROM b"),
        (
            "DROP TABLE a;" * 7,
            "; it deletes data: " + "; ".join(["DROP TABLE a"] * 5) + "; and 2 more",
        ),
    ],
    ids=["nothing", "two", "many"],
)
def test_a_file_that_deletes_data_says_so_before_it_runs(text: str, told: str) -> None:
    assert pending_reason(file(1, text)) == f"has not run in this database{told}"
