"""The table of syntax errors, and the page that scripts write into."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from scripts.page import PAGE, replaced
from scripts.sources import Repository, repository
from scripts.syntax import count, table


def test_each_file_is_counted_where_it_belongs() -> None:
    ours = {"a": True, "b": True, "c": False, "d": False}
    theirs = {"a": True, "b": False, "c": True, "d": False}
    counted = count(Repository("x/y", "0123456789abcdef", Path()), ours, theirs)
    assert (counted.files, counted.both, counted.ours, counted.theirs) == (4, 1, ("b",), ("c",))
    assert table([counted, counted]).splitlines()[2:] == [
        "| `x/y` | `0123456789` | 4 | 1 | 1 | 1 |",
        "| `x/y` | `0123456789` | 4 | 1 | 1 | 1 |",
        "| all |  | 8 | 2 | 2 | 2 |",
    ]


def test_a_repository_is_named_with_its_commit_and_folder() -> None:
    assert repository("x/y@abc=some/folder") == Repository(
        "x/y", "abc", Path("some/folder").resolve()
    )
    for wrong in ("x/y", "x/y=folder", "@abc=folder"):
        with pytest.raises(argparse.ArgumentTypeError):
            repository(wrong)


def test_packages_and_other_files_are_left_out(tmp_path: Path) -> None:
    for name in ("a.ts", "in/b.ts", "c.tsx", "node_modules/d.ts"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "folder.ts").mkdir()
    files = Repository("x/y", "abc", tmp_path).files("*.ts")
    assert [file.relative_to(tmp_path).as_posix() for file in files] == ["a.ts", "in/b.ts"]


def test_a_part_of_the_page_is_replaced_and_nothing_else() -> None:
    page = "one\n<!-- apps -->\nold\n<!-- end of apps -->\ntwo\n"
    new = replaced(page, "apps", r"new \1")
    assert new == "one\n<!-- apps -->\nnew \\1\n<!-- end of apps -->\ntwo\n"
    with pytest.raises(ValueError, match="no part"):
        replaced(page, "syntax", "new")


@pytest.mark.parametrize("part", ["apps", "other apps", "syntax"])
def test_the_page_has_every_part(part: str) -> None:
    page = PAGE.read_text()
    assert "\nsomething new\n" in replaced(page, part, "something new")
