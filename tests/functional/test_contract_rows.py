"""Each rule of Encore's contract has a row in ``tests/cases/contract``, and the row a case.

A row names a case, one line of its source, the findings on that line and what the graph must and
must not hold. ``tests/cases/README.md`` describes the keys.
"""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from encore_config.codec import encode
from encore_config.rules import load
from encore_provisioner.analysis import Analysis, analyse

CASES: Final = Path(__file__).parents[1] / "cases"
APPS: Final = CASES / "ts"
EXPECTED: Final = ("graph.json", "diagnostics.txt")
SECTIONS: Final = ("a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a10")
OF_SOURCE: Final = re.compile(r"[EW](?:0[1-8]|10)\d\d")
ELSEWHERE: Final = {
    "E0102": "root may read every file; tests/unit/encore_provisioner/analysis/test_files.py",
}
"""Codes that no folder of files can show, and where they are tested."""

Pattern = dict[str, dict[str, Any]]


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    rule: str
    case: str
    file: str = ""
    line: str = ""
    codes: tuple[str, ...] = ()
    graph: tuple[Pattern, ...] = ()
    absent: tuple[Pattern, ...] = ()


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    title: str
    row: tuple[Row, ...] = ()


def read(section: str) -> Section:
    text = (CASES / "contract" / f"{section}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Section)


ROWS: Final = {
    f"{section}-{number}": row
    for section in SECTIONS
    for number, row in enumerate(read(section).row, start=1)
}


@cache
def analysed(case: str) -> tuple[Analysis, dict[str, Any]]:
    found = analyse(APPS / case)
    return found, json.loads(encode(found.graph))


def place(row: Row) -> tuple[str, int] | None:
    """The one line of the case's source that holds the row's text."""
    root = APPS / row.case
    found = [
        (path, number)
        for file in sorted(root.rglob("*"))
        if file.is_file() and not (file.parent == root and file.name in EXPECTED)
        for path in [file.relative_to(root).as_posix()]
        if row.file in ("", path)
        for number, text in enumerate(
            file.read_bytes().decode("utf-8", "replace").splitlines(), start=1
        )
        if row.line and row.line in text
    ]
    if not row.line:
        return None
    assert len(found) == 1, f"`{row.line}` stands in {len(found)} lines of {row.case}: {found[:5]}"
    return found[0]


def holds(graph: dict[str, Any], pattern: Pattern) -> bool:
    """Whether the graph has an item with these values: ``{databases = {name = "orders"}}``."""
    [(kind, wanted)] = pattern.items()
    items = graph[kind] if isinstance(graph[kind], list) else [graph[kind]]
    assert wanted, "a pattern without values says nothing"
    return any(
        all(key in item and item[key] == value for key, value in wanted.items()) for item in items
    )


@pytest.mark.parametrize("name", ROWS)
def test_the_case_shows_the_rule(name: str) -> None:
    row = ROWS[name]
    found, graph = analysed(row.case)
    where = place(row)
    assert row.line or row.codes or row.graph or row.absent, "the row checks nothing"
    on_line = [
        finding.code
        for finding in found.diagnostics
        if (where is None and finding.at is None)
        or (finding.at is not None and (finding.at.file, finding.at.line) == where)
    ]
    if row.line or row.codes:
        assert tuple(sorted(on_line)) == tuple(sorted(row.codes))
    for pattern in row.graph:
        assert holds(graph, pattern), pattern
    for pattern in row.absent:
        assert not holds(graph, pattern), pattern


def test_each_case_belongs_to_a_rule() -> None:
    named = {row.case for row in ROWS.values()}
    assert {path.name for path in APPS.iterdir() if path.is_dir()} == named


def test_each_diagnostic_of_the_source_has_a_row() -> None:
    shown = {code for row in ROWS.values() for code in row.codes}
    known = {code for code in load() if OF_SOURCE.fullmatch(code)}
    assert shown - known == set()
    assert known - shown == set(ELSEWHERE)
