"""From text to tree, and the gaps of the grammar."""

from __future__ import annotations

import pytest

from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.parse import Parsed, parse
from encore_provisioner.analysis.source import read_source


def read(text: str) -> tuple[Parsed, list[str]]:
    findings = Findings()
    parsed = parse(read_source("a.ts", text.encode()), findings)
    return parsed, [d.code for d in findings.sorted()]


@pytest.mark.parametrize(
    "text",
    [
        "db.query<Row>`SELECT 1`;",
        "db.query<{ a: string; b: (x: number) => Map<string, 'a>b'> }>`SELECT ${1}`;",
        "db.query<\n  {\n    a: string[];\n  }\n>`SELECT ${`x ${1}`}`;",
        "db.query<A>`${db.query<B>`${db.query<C>`1`}`}`;",
        "const html = `<p>${a}<b>`; const more = `x<i>`;",
        "export type * from './x';",
        "class A { static accessor x = 1; private accessor y = 2 }",
        "interface A<in out T> { in: T; in?: T; out: T }",
        "interface A<in T, out U> { f(): void }",
        "function f() { for (using x of y) z(x); }",
        "async function f() { for (await using x of y) z(x); }",
        "type T = { in: string; readonly in: number; abstract: boolean };",
        "type T = import('./x').Q<string>;",
        "class A { in() {} static in = 1; abstract = 2 }",
        "db.queryAll<A | B>  /* c */ `SELECT 1`; (await db).query<A['b']>`x`;",
    ],
)
def test_valid_typescript_is_no_error(text: str) -> None:
    parsed, codes = read(text)
    assert codes == []
    assert not parsed.broken


def calls(text: str) -> list[str]:
    """The function of each call in the tree, in source order."""
    parsed, _ = read(text)
    todo, found = [parsed.root], []
    while todo:
        node = todo.pop()
        function = node.child_by_field_name("function")
        if node.type == "call_expression" and function is not None:
            found.append((function.text or b"").decode().strip())
        todo.extend(reversed(node.children))
    return found


@pytest.mark.parametrize(
    "text",
    [
        "const a = 'db.query<A>`x`'; db.query<B>`y`;",
        "// db.query<A>`x`\ndb.query<B>`y`;",
        "/* db.query<A>`x` */ db.query<B>`y`;",
        "const a = `db.query<A>`; const b = `x`; db.query<B>`y`;",
        "const a = /db.query<A>`/; db.query<B>`y`;",
    ],
)
def test_what_only_looks_like_type_arguments_keeps_its_text(text: str) -> None:
    """The first guess blanks it; the tree then says that it was wrong."""
    parsed, codes = read(text)
    assert codes == []
    wanted = text.replace("<B>", "   ")
    assert (parsed.root.text or b"").decode() in (text, wanted)
    assert "query<A>`" in (parsed.root.text or b"").decode()
    assert calls(text) == ["db.query"]


def test_a_query_with_a_type_is_a_call_and_not_a_comparison() -> None:
    assert calls("db.query<Row>`SELECT 1`; f<A>`x`; a < b > `c`;") == ["db.query", "f"]
    assert calls("if (a < b && c > `d`) {}") == []


def test_positions_stay_where_they_were() -> None:
    text = "const a = db.query<{ b: 'ü' }>`1`;\nconst c = 1;"
    parsed, _ = read(text)
    second = parsed.root.children[1]
    assert parsed.span(second).place.line == 2
    assert parsed.source.text.decode() == text


def test_an_error_is_hard_only_where_encore_is_named() -> None:
    assert read("const a = = 1;")[1] == ["W0101"]
    assert read("import 'encore.dev/api'; const a = = 1;")[1] == ["E0101"]


def test_an_error_points_to_its_place() -> None:
    findings = Findings()
    text = "const a = 1;\nimport { api } from 'encore.dev/api';\nconst b = ;\n"
    parse(read_source("a.ts", text.encode()), findings)
    assert [str(d.at) for d in findings.sorted()] == ["a.ts:3:9"]


@pytest.mark.parametrize("text", ["(" * 20_000, "`${" * 5_000, "<" * 20_000 + "`", "a<" * 9_000])
def test_deep_nesting_is_survived(text: str) -> None:
    read(text)
