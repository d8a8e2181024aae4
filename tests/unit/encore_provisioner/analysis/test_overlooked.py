"""Text that the grammar lets pass although it is no TypeScript."""

from __future__ import annotations

import time

import pytest

from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.parse import Parsed, parse
from encore_provisioner.analysis.source import read_source


def read(text: str) -> tuple[Parsed, list[tuple[str, str]]]:
    findings = Findings()
    source = read_source("a.ts", text.encode())
    parsed = parse(source, findings)
    places = [(found.code, str(found.at)) for found in findings.sorted()]
    return parsed, places


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("f(a,, b);", "a.ts:1:5"),
        ("f(\n  , a);", "a.ts:2:3"),
        ("new CronJob(, {});", "a.ts:1:13"),
        ("const o = { a: 1,\n,\nb: 2 };", "a.ts:2:1"),
        ("const o = {, a };", "a.ts:1:12"),
        ("const { a,, b } = c;", "a.ts:1:11"),
        ("const a = new;", "a.ts:1:11"),
        ("const a = new\n\nexport const b = 1;", "a.ts:1:11"),
        ("const f = () => { const a = new\n  return a; };", "a.ts:1:29"),
        ("export default new", "a.ts:1:16"),
        ("const a = 1;\nexport", "a.ts:2:1"),
        ("export ;", "a.ts:1:1"),
        ("f(a,, b); f(c,, d); export;", "a.ts:1:5"),
    ],
)
def test_what_is_no_typescript_is_told_once_and_first(text: str, place: str) -> None:
    parsed, found = read(text)
    assert parsed.broken
    assert found == [("W0101", place)]
    assert read(f'import "encore.dev";{text}')[1][0][0] == "E0101"


@pytest.mark.parametrize(
    "text",
    [
        "const a = [, b,, c, ]; const [, d,, e] = a;",
        "f(a, ); g({ a, }); const { b, } = c;",
        "const a = '(,'; // f(,) {,}\n/* ,, new */ const b = /(,)|{,}|,,/; const c = `(, ,, new;`;",
        "const a = new\n  B(); const c = { new: 1, export: 2 }; c.new; c.export = c.new;",
        "interface A { new\n(a: string): B; export\n: string } type C = [new: A];",
        "export\nconst a = 1; export { a as new }; export\n{ a };",
        "class A { new = 1; export; static new\n}",
        "enum A { new, export }",
        "const renew = 1, a = renew; export_; $new;",
    ],
)
def test_what_only_looks_like_it_is_none(text: str) -> None:
    assert read(text)[1] == []


@pytest.mark.parametrize("piece", ["f(a,, b);", "export;", "f(,\n", ", \n", "(", "new ", "{,}"])
def test_the_search_costs_time_in_proportion_to_the_text(piece: str) -> None:
    def cost(times: int) -> float:
        start = time.process_time()
        read(piece * times)
        return time.process_time() - start

    assert cost(8_000) < 40 * cost(400) + 0.5
