"""Ten times as much source may take twenty times as long, whatever it looks like."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fuzz.apps import APP_FILE, Entry, write

from encore_provisioner.analysis import analyse

Family = Callable[[int], dict[str, Entry]]
SERVICE = b'import { Service } from "encore.dev/service";\nexport default new Service("svc");\n'
SDK = (
    'import { api } from "encore.dev/api";\nimport { SQLDatabase } from "encore.dev/storage/sqldb";\n'
    'import { Topic, Subscription } from "encore.dev/pubsub";\n'
    'import { Bucket } from "encore.dev/storage/objects";\n'
)
LEAST = 0.15  # seconds: what is faster is not told from noise
RATIO = 20


def one(text: str) -> dict[str, Entry]:
    return {"encore.app": APP_FILE, "svc/encore.service.ts": SERVICE, "svc/a.ts": text.encode()}


def repeated(line: str, before: str = "", after: str = "") -> Family:
    """One file with many lines; ``#`` is the number of the line, ``%`` that of the one before."""

    def family(times: int) -> dict[str, Entry]:
        lines = (line.replace("#", str(n)).replace("%", str(n - 1)) for n in range(1, times + 1))
        return one(SDK + before + "\n".join(lines) + after)

    return family


def nested(opening: str, core: str, closing: str, before: str = "") -> Family:
    return lambda times: one(SDK + before + opening * times + core + closing * times)


def files(text: str, path: str = "svc/m#.ts") -> Family:
    """Many files, each naming the next one; the last names the first."""

    def family(times: int) -> dict[str, Entry]:
        app = one(SDK + 'import { x } from "./m0"; x.query`SELECT 1`;')
        for number in range(times):
            after = str((number + 1) % times)
            content = text.replace("#", str(number)).replace("%", after)
            app[path.replace("#", str(number))] = content.encode()
        return app

    return family


DB = 'const db = new SQLDatabase("d", { migrations: "./m" });\n'
FAMILIES: dict[str, tuple[int, Family]] = {
    "brackets": (300, nested("[", "1", "]", "const a = ")),
    "open brackets": (300, nested("(", "", "")),
    "calls": (300, nested("f(", "1", ")")),
    "functions": (100, nested("() => { ", "db.exec`SELECT 1`", " }", DB + "const f = ")),
    "types in types": (300, nested("A<", "B", ">", "type T = ")),
    "angles": (300, nested("a<", "", "")),
    "templates": (100, nested("`${", "1", "}`", "const a = ")),
    "queries in queries": (20, nested("db.query<A>`${", "1", "}`", DB + "const a = ")),
    "queries with types": (200, repeated("const r# = db.query<{ a: Map<string, A[]> }>`SELECT #`;", DB)),
    "queries on one line": (200, lambda n: one(SDK + DB + "db.query<{ a: string }>`SELECT 1`; " * n)),
    "comparisons before templates": (200, repeated("if (a < b && c# > `x`) {}")),
    "imports": (500, repeated('import { a# } from "./m#";')),
    "imported names": (500, lambda n: one("import { " + ", ".join(f"a{i}" for i in range(n)) + ' } from "./b";')),
    "databases of one name": (100, repeated('export const d# = new SQLDatabase("d", { migrations: "./m" });')),
    "databases": (100, repeated('export const d# = new SQLDatabase("d#", { migrations: "./m" });')),
    "databases in one expression": (20, nested("", 'const x = new SQLDatabase("d")', ' + y = new SQLDatabase("d")')),
    "databases in databases": (20, nested('const x = new SQLDatabase("d", ', "1", ")")),
    "databases under one name": (50, lambda n: one(SDK + "const x = [" + 'new SQLDatabase("d"), ' * n + "];")),
    "endpoints of one path": (100, repeated('export const e# = api({ path: "/x", expose: true }, async () => {});')),
    "endpoints": (100, repeated('export const e# = api({ path: "/x/#" }, async (p: { a: string }) => {});')),
    "endpoints with parameters": (100, repeated('export const e# = api({ path: "/:a/b#/:c" }, async (p: { a: string; c: number }) => {});')),
    "variables of one name": (500, repeated("const a = 1;")),
    "subscriptions of one topic": (100, repeated('new Subscription(t, "s#", { handler: async () => {} });', 'export const t = new Topic<A>("t", { deliveryGuarantee: "at-least-once" });\n')),
    "uses": (300, repeated("function f#() { return db.exec`SELECT #`; }", DB)),
    "uses in one function": (300, repeated("  b.upload('#', c);", 'const b = new Bucket("b");\nasync function f() {\n', "\n}")),
    "variables of variables": (300, repeated("const v# = v%;", "const v0 = db;\n" + DB, "\nv9.exec`SELECT 1`;")),
    "member chain": (500, nested("", "a", ".b", "")),
    "call chain": (150, nested("", "db", ".with(1)", DB)),
    "long union": (500, lambda n: one(SDK + "type A = " + " | ".join(f"'{i}'" for i in range(n)) + ";\nexport const e = api({ path: '/:a' }, async (p: { a: A }) => {});")),
    "types of types": (200, repeated("type T# = T% & { a#: T% };", SDK + "type T0 = { a: string };", "\nexport const e = api({ path: '/:a' }, async (p: T20): Promise<T20> => {});")),
    "string of operators": (300, nested("", "1", " + 1", "const a = ")),
    "long line": (2_000, nested("a;", "", "")),
    "blank lines": (5_000, nested("\n", "let as = = 6;", "\n")),
    "comments": (500, repeated("// db.query<A>`x`")),
    "strings": (2_000, repeated("'it' + \"is\";")),
    "broken statements": (200, repeated("const a# = = ;")),
    "broken endpoints": (100, repeated('export const e# = api({ path: "/x" , async () => {});')),
    "chain of star exports": (30, files('export * from "./m%"; export const y# = 1;')),
    "chain of named exports": (30, files('export { x } from "./m%";')),
    "circle of imports": (30, files('import { x as y } from "./m%"; export const x = y;')),
    "star exports of all": (30, lambda n: {**files("export const x# = 1;")(n), "svc/all.ts": "\n".join(f'export * from "./m{i}";' for i in range(n)).encode()}),
    "folders": (30, files("export {};", "d#/a.ts")),
    "deep folders": (30, lambda n: {**one(""), "d/" * n + "a.ts": b"export {};"}),
    "migrations": (100, lambda n: {**one(SDK + DB), **{f"svc/m/{i}_a.up.sql": b"SELECT 1;" for i in range(n)}}),
    "migrations of one number": (100, lambda n: {**one(SDK + DB), **{f"svc/m/1_a{i}.up.sql": b"" for i in range(n)}}),
    "services": (30, lambda n: {**one(""), **{f"s{i}/encore.service.ts": SERVICE for i in range(n)}}),
    "services in services": (10, lambda n: {**one(""), **{"s/" * i + "encore.service.ts": SERVICE for i in range(1, n)}}),
    "paths of tsconfig": (100, lambda n: {**one(SDK + 'import "@a/b";\n'), "tsconfig.json": ('{"compilerOptions": {"paths": {' + ", ".join(f'"@{i}/*": ["./*"]' for i in range(n)) + "}}}").encode()}),
}  # fmt: skip


def cost(app: dict[str, Entry], folder: Path) -> Iterator[float]:
    """The least time of one, two, three … runs."""
    root, least = write(app, folder / "app"), float("inf")
    while True:
        start = time.process_time()
        analyse(root, processes=1)
        least = min(least, time.process_time() - start)
        yield least


@pytest.mark.parametrize("name", FAMILIES)
def test_time_grows_with_the_source_and_not_faster(name: str, tmp_path: Path) -> None:
    times, family = FAMILIES[name]
    small, large = (
        cost(family(times), tmp_path / "small"),
        cost(family(times * 10), tmp_path / "large"),
    )
    found = [(next(small), next(large)) for _ in range(2)]
    while found[-1][1] > max(RATIO * found[-1][0], LEAST) and len(found) < 4:
        found.append((next(small), next(large)))
    assert found[-1][1] <= max(RATIO * found[-1][0], LEAST), found
