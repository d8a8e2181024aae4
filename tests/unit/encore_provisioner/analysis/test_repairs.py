"""What the grammar misreads: each gap is valid TypeScript, and stays without a finding."""

from __future__ import annotations

import time

import pytest

from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.modules import read_module
from encore_provisioner.analysis.parse import Parsed, parse
from encore_provisioner.analysis.source import read_source

VALID = (
    "interface A { <T>(a: string): B<T>\n  <T>(b: number): C }",
    "type A = { (a: string): B\n  /** more */\n  <T>(b: number): C\n  // more\n  <U>(c: U): D }",
    "export type * from './x';",
    "export * from './x' with { type: 'json' };",
    "export { a } from './x' assert { type: 'json' };",
    "export import a = require('a');",
    "import defer * as a from './a';",
    "type T = import('./x').Q<string>; let a: import('./x')<{ b: 1 }>;",
    "export default function (): { a: 1 };",
    "export default function<T>(a: T): void;",
    "export default abstract class {}",
    "class A { static [x: string]: any; static readonly [y: string]: any }",
    "abstract class A { abstract override readonly x: number; async override f() {} }",
    "abstract class A { override abstract m(): void; abstract accessor z: number }",
    "class A { static accessor x = 1; private accessor 'y' = 2; accessor [z] = 3 }",
    "class A { in() {} static in = 1; abstract = 2; accessor: string; abstract; }",
    "class A { using(using: B) {} }",
    "interface A { in: T; in?: T; out: T; readonly in: number }",
    "class A { @b.c().d({ e: f() }).g() h: string }",
    "interface A<in out T, in U, out v extends X> {}",
    "interface A<\n  // invariant\n  in out T,\n  /** @ts-ignore */\n  out u> {}",
    "type A = { [K in keyof readonly any[]]?: boolean };",
    "let f: (string) => string, g: (a: string, any) => void;",
    "type A = [string: B, number?: C, new: D];",
    "let a: string.B, b: number.C;",
    "type A<type extends string> = (type extends 'a' ? type : never) | [new: type];",
    "declare const f: ({ a }?: B, [c]?: D) => E; type F = ({ g }) => void;",
    "type A<B extends string> = `Say \\`${B}\\``; type C = D<`\\${E}`>;",
    "function f() { for (using x of y) z(x); }",
    "async function f() { for (await using x of y) z(x); for await (using x of y) z(x); }",
    "declare module 'x' { global { interface A {} } }",
    "f<number>?.(1);",
    "let as = 6; as.x(); f(as); as = 7; const g = (as: X[]) => as;",
    "export { type }; import { type } from 'x'; export { type as interface };",
    'const a = "b\0c";',
    "const using = a; if (using) f({ using, b: [using, 1] }); type A = typeof using;",
    "let using;\nconst f = (using: B) => typeof using !== 'c';",
    "using a: B = c; await using d: E = f;",
    "f<typeof import('a')>(); g<typeof import('a')['b']>(); import.defer('a');",
    "const a = styled(b)<{ c?: boolean }>`d`;",
    "f<<T>(a: T) => void>([]);",
    "class A<const in T, in const U> { a: this is B }",
    "f<['a'?, readonly [b]?, (c)?]>(d);",
    "type A<B extends string> = B extends 'c' ? `\\n${B}` : `d`;",
    "interface A { b(): `~\\n${string}`; c: { d: `\\`${string}` } }",
    "const a = String.raw`\\u0 \\xQ ${b}`; c = d?.5:1;",
    "export { a } from './a.json' /* as it is */ with { type: 'json' };",
)


def read(text: str) -> tuple[Parsed, list[str]]:
    findings = Findings()
    parsed = parse(read_source("a.ts", text.encode()), findings)
    return parsed, [f"{found.code} {found.at}" for found in findings.sorted()]


@pytest.mark.parametrize("text", VALID)
def test_valid_typescript_is_no_error(text: str) -> None:
    assert read(text)[1] == []


def test_a_file_with_all_of_it_is_no_error_either() -> None:
    assert read("\n".join(VALID))[1] == []


def test_code_in_a_template_is_repaired_and_its_text_is_not() -> None:
    parsed, found = read("let as = 6; f(`as ${as} as=`);")
    assert found == []
    assert parsed.root.text == b"let aX = 6; f(`as ${aX} as=`);"


@pytest.mark.parametrize(
    "text",
    [
        "export type = * from './x';",
        "class A { static [x: string: any }",
        "let as = ;",
        "for (using x of) {}",
        "interface A { <T>(a: string): B<T>\n  <T>(b: number: C }",
        "const a = '<in out T>' '; in: 1';",
    ],
)
def test_what_is_really_wrong_stays_a_finding(text: str) -> None:
    assert read(text)[1] != []


def test_a_repair_changes_neither_other_statements_nor_text() -> None:
    kept = "const type = 1; const a = { in: 'in: 1, <in T>', type, as: 2 };"
    parsed, found = read(f"let as = 6;\nf(1);\n{kept} // as = 1\n")
    assert found == []
    assert kept.encode() in (parsed.root.text or b"")
    assert b"// as = 1" in (parsed.root.text or b"")
    assert {"type", "a"} <= set(read_module(parsed).values)


def test_every_byte_keeps_its_place() -> None:
    for text in VALID:
        parsed, _ = read(f"{text}\nconst marked = 1;")
        assert parsed.source.text[parsed.root.children[-1].start_byte :] == b"const marked = 1;"


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "\n",
            " ",
            "\t",
            "<",
            "<\n",
            "@a(",
            "@a.b(",
            "`",
            "/*",
            "//",
            ",//",
            "in ",
            "as ",
            "type ",
        ),
        *("{", "[", "({", "([", "(", ".a(", "a<", "<in", "import(", 'from "', "'", '"', "\\", "\0"),
        *("x\n ", "x\n\n<", "override ", "static ", "in  ?", "f<a>?.(", "export ", "type a="),
    ],
)
def test_a_broken_file_costs_time_in_proportion_to_its_length(piece: str) -> None:
    """Twenty times as long may take forty times as long, and half a second more."""

    def cost(times: int) -> float:
        start = time.process_time()
        read("let as = = 6;" + piece * times)
        return time.process_time() - start

    short = cost(400)
    assert cost(8_000) < 40 * short + 0.5
