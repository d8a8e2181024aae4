"""The lists that several stages and the documentation share are complete and agree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from encore_config.graph import Operation
from encore_provisioner.analysis import catalogue
from encore_provisioner.analysis.catalogue import TITLES, Kind
from encore_provisioner.analysis.declarations import DECLARERS
from encore_provisioner.analysis.joining.checks import CHECKS

ROOT = Path(__file__).parents[4]
SOURCE = ROOT / "provisioner" / "encore_provisioner"
CODE = re.compile(r'"([EW]\d{4})"')
NO_CASE = {"E0102"}
"""Findings that no folder of files can show; see ``test_files``."""


def codes(files: Iterable[Path]) -> set[str]:
    return {code for file in files for code in CODE.findall(file.read_text("utf-8"))}


def emitted() -> set[str]:
    """The codes that analysis emits."""
    return codes([SOURCE / "app.py", *(SOURCE / "analysis").rglob("*.py")])


def entries() -> dict[str, str]:
    """The documented codes, each with its text."""
    text = (ROOT / "docs" / "diagnostics.md").read_text("utf-8")
    parts = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    found = [(part[:5], part) for part in parts]
    assert len(found) == len(dict(found)), "a code is documented twice"
    return dict(found)


def test_every_kind_is_read_titled_and_has_a_symbol() -> None:
    kinds = set(get_args(Kind))
    assert set(DECLARERS) == kinds
    assert set(TITLES) == kinds
    assert {symbol.kind for symbol in catalogue.SYMBOLS.values()} == kinds


def test_operations_are_those_of_the_graph() -> None:
    tables = (
        catalogue.TOPIC_METHODS,
        catalogue.BUCKET_METHODS,
        catalogue.KEYSPACE_METHODS,
        catalogue.TOPIC_PERMISSIONS,
        catalogue.BUCKET_PERMISSIONS,
        catalogue.METRIC_OPERATIONS,
    )
    used = {operation for table in tables for row in table.values() for operation in row}
    assert used <= set(get_args(Operation))
    assert used >= set(get_args(Operation)) - {"access", "call"}


def test_every_permission_is_what_some_method_needs() -> None:
    by_method = {o for row in catalogue.BUCKET_METHODS.values() for o in row}
    by_type = {o for row in catalogue.BUCKET_PERMISSIONS.values() for o in row}
    assert by_method == by_type


def test_every_code_is_documented_and_no_other() -> None:
    everywhere = codes(
        p for top in ("provisioner", "providers") for p in (ROOT / top).rglob("*.py")
    )
    assert emitted() <= entries().keys() <= everywhere


def test_every_code_has_a_case() -> None:
    cases = (ROOT / "tests" / "cases" / "ts").glob("*/diagnostics.txt")
    found = {c for f in cases for c in re.findall(r" ([EW]\d{4}) ", f.read_text("utf-8"))}
    assert emitted() - found == NO_CASE


def test_checks_are_listed_once() -> None:
    assert len(set(CHECKS)) == len(CHECKS)
