"""Small questions to nodes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.parse import parse
from encore_provisioner.analysis.source import read_source

TEXT = "export const f = async (a: { b: C[] }) => { const x = `${g(a.b!, [1])}`; (h as any)(); };"


@given(st.integers(0, len(TEXT) - 2), st.text("(){}<>;`$ab", max_size=3))
def test_the_way_down_is_the_way_up(at: int, inserted: str) -> None:
    root = parse(read_source("a.ts", (TEXT[:at] + inserted + TEXT[at:]).encode()), Findings()).root
    node = root.descendant_for_byte_range(at, at + 1)
    assert node is not None
    assert nodes.way_to(node, root) == list(nodes.ancestors(node))[::-1]


def test_the_root_is_reached_at_once() -> None:
    root = parse(read_source("a.ts", b"a;"), Findings()).root
    assert nodes.way_to(root, root) == []
