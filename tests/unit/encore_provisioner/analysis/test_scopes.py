"""Shadowing, and the ways in which it is found faster than by looking at every node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Node

from encore_provisioner.analysis import nodes, scopes
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.modules import Module, read_module
from encore_provisioner.analysis.occurrences import occurrences
from encore_provisioner.analysis.parse import parse
from encore_provisioner.analysis.scopes import Scope
from encore_provisioner.analysis.source import read_source

REPOSITORY = Path(__file__).parents[4]
FILES = sorted(
    file
    for folder in ("tests/cases/ts", "examples/shop")
    for file in (REPOSITORY / folder).rglob("*.ts")
    if "node_modules" not in file.parts
)
SHADOWS = """
import { db, topic as t } from "./db";
db.query`1`; use(db, [db], { db }, { a: db }, ...db, `${db}`, db!, (db), <any>db, db as any);
function f(db: D) { return db.query`2`; }
const g = (t) => t.publish(), h = async db => { await db.x; };
const i = ({ db }) => db, j = ({ a: db }) => db, k = ([db] = [1]) => db, l = (...db) => db;
{ const db = 1; db; { let t = db; t; } }
for (const db of rows) { db; } for (let t = 0; t < 9; t++) { t; } try { } catch (db) { db; }
class C { m(db) { return db; } static t = t; }
switch (db) { case 1: let t = 2; t; }
const o = { m(t) { t; }, get db() { return db; } };
namespace N { export const db = 1; db; } enum E { db = 1 } type T = typeof db;
label: for (;;) { function t() { return t; } class db {} new db(); }
// db is no value here, and neither is 'db'
const db2 = db.db, $db = _db, db_ = 1;
"""


def read(text: bytes) -> Module:
    return read_module(parse(read_source("a.ts", text), Findings()))


def every(node: Node) -> Iterator[Node]:
    todo = [node]
    while todo:
        current = todo.pop()
        yield current
        todo.extend(reversed(current.children))


def above(node: Node) -> Iterator[Node]:
    current = node.parent
    while current is not None:
        yield current
        current = current.parent


def naive_scope(identifier: Node, name: str) -> Scope:
    """Each scope above the identifier is asked, from the inside out."""
    for ancestor in above(identifier):
        declared = {nodes.text(found) for found in scopes.declared_names(ancestor)}
        if name in declared:
            return (ancestor.start_byte, ancestor.end_byte)
    return None


def naive_occurrences(module: Module, names: set[str]) -> list[tuple[str, int]]:
    """Every identifier of the tree that is a value and no part of an import or export."""
    found = []
    for node in every(module.parsed.root):
        value = node.type in ("identifier", "shorthand_property_identifier")
        outer = next((a for a in above(node) if a.type != "member_expression"), module.parsed.root)
        named = re.fullmatch(
            "import_clause|import_specifier|export_specifier|namespace_import|type_query",
            outer.type,
        )
        if value and nodes.text(node) in names and not named:
            found.append((nodes.text(node), node.start_byte))
    return found


def check(module: Module) -> None:
    identifiers = [n for n in every(module.parsed.root) if n.type == "identifier"]
    for node in identifiers:
        name = nodes.text(node)
        assert module.scopes.of(node, name) == naive_scope(node, name), (name, node.start_point)
    names = {nodes.text(node) for node in identifiers}
    found = [(name, node.start_byte) for name, node in occurrences(module, names)]
    assert found == naive_occurrences(module, names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: "/".join(file.parts[-3:]))
def test_scopes_and_occurrences_are_those_of_a_walk_over_every_node(file: Path) -> None:
    check(read(file.read_bytes()))


def test_every_form_of_shadowing_is_seen() -> None:
    module = read(SHADOWS.encode())
    check(module)
    assert not module.parsed.broken
    shadowed = [
        node.start_point[0]
        for name, node in occurrences(module, {"db", "t"})
        if module.scopes.of(node, name) is not None
    ]
    assert set(shadowed) == {3, 4, 5, 6, 7, 8, 9, 10, 11, 12}


TEXT = "export const f = async (a: { b: C[] }) => { const x = `${g(a.b!, [1])}`; (h as any)(); };"


@given(
    st.lists(st.integers(0, len(TEXT) - 2)),
    st.integers(0, 50),
    st.text("(){}<>;`$ab\0", max_size=3),
)
def test_what_stands_around_a_node_is_the_way_up(order: list[int], at: int, inserted: str) -> None:
    """Whatever was asked for before, the file itself and what is missing in it included."""
    module = read((TEXT[:at] + inserted + TEXT[at:]).encode())
    found = list(every(module.parsed.root))
    for number in order:
        node = found[number % len(found)]
        assert module.scopes.around(node) == tuple(above(node))
