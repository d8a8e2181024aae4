"""The whole analysis: total on any input, a function of the source alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples

from encore_config.codec import decode, encode
from encore_config.graph import Graph
from encore_provisioner.analysis import analyse
from encore_provisioner.errors import AppError

CASES = Path(__file__).parents[3] / "cases" / "ts"
SEEDS = tuple(sorted(path.read_text("utf-8") for path in CASES.glob("*/*/*.ts")))
PIECES = (
    *"(){}[]<>`'\"=,;:.?!@#$&|*/\\\n",
    *("${", "=>", "...", "?.", "//", "/*", "*/", "<T>`", "\\u{110000}", "\0", "\ufeff", "\u2028"),
    *(
        "export default ",
        "new ",
        "const ",
        "_ = ",
        "import * as x from './a';",
        "type ",
        "class A {",
    ),
    *("export * from './a';", "import x from './a';", "export { db as default };", "9" * 40),
)


def write(root: Path, files: dict[str, bytes]) -> Path:
    base = {"encore.app": b'{"lang": "typescript"}', "package.json": b"{}"}
    for name, content in {**base, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def check(root: Path) -> None:
    """The result is a valid document, every finding has a place, and a second run agrees."""
    found = analyse(root)
    assert decode(encode(found.graph), Graph) == found.graph
    for diagnostic in found.diagnostics:
        assert diagnostic.message
        assert diagnostic.at is None or diagnostic.end is not None
        if diagnostic.at is not None and diagnostic.end is not None:
            start = (diagnostic.at.line, diagnostic.at.column)
            assert start <= (diagnostic.end.line, diagnostic.end.column)
    assert analyse(root) == found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("app")
    yield root
    shutil.rmtree(root)


@examples(60)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_source_file(folder: Path, raw: bytes) -> None:
    check(write(folder, {"svc/a.ts": raw, "svc/b.ts": b"import 'encore.dev/api';" + raw}))


edits = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=5_000),
        st.integers(min_value=0, max_value=30),
        st.sampled_from(PIECES),
    ),
    min_size=1,
    max_size=6,
)


@examples(150)
@given(st.sampled_from(SEEDS), st.sampled_from(SEEDS), edits)
def test_a_valid_file_may_be_changed_anyhow(
    folder: Path, text: str, other: str, changes: list[tuple[int, int, str]]
) -> None:
    for place, removed, added in changes:
        at = place % (len(text) + 1)
        text = text[:at] + added + text[at + removed :]
    check(write(folder, {"svc/a.ts": text.encode(), "svc/b.ts": other.encode()}))


def test_an_app_without_its_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AppError) as caught:
        analyse(tmp_path)
    assert caught.value.code == "no-app"


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    a = b'export * from "./b"; export { x as y } from "./b"; export { default } from "./b";'
    b = b'import { y, z } from "./a"; export * from "./a"; export { y as x, z };'
    c = b"import q, { x, y, z } from './a'; const v = w; const w = v; x.f(); y.f(); z.f(); q.f();"
    subscription = b'import { Subscription } from "encore.dev/pubsub"; import { x } from "./a";'
    subscription += b'const v = w; const w = v; new Subscription(v, "s", { handler: x });'
    check(write(tmp_path, {"a.ts": a, "b.ts": b, "c.ts": c, "d/e.ts": subscription}))


def test_types_that_contain_each_other_end(tmp_path: Path) -> None:
    text = b"""import { api } from "encore.dev/api";
type A = B & A; type B = A | B; interface C extends D {} interface D extends C { d: A }
export const e = api({ path: "/:id" }, async (p: A): Promise<C> => {});
export const f = api({ path: "/f/:id" }, async (p: C): Promise<B> => {});"""
    check(write(tmp_path, {"svc/a.ts": text}))


def test_a_long_function_is_read_whole(tmp_path: Path) -> None:
    head = 'import { SQLDatabase } from "encore.dev/storage/sqldb";\n'
    head += 'const db = new SQLDatabase("x");\nasync function f() {\n'
    line = "  const r{} = await db.queryRow<{{ a: string }}>`SELECT {}`;\n"
    text = head + "".join(line.format(n, n) for n in range(2_000)) + "}\n"
    root = write(tmp_path, {"svc/encore.service.ts": b"", "svc/a.ts": text.encode()})
    (root / "svc" / "encore.service.ts").write_text(
        'import { Service } from "encore.dev/service";\nexport default new Service("svc");\n'
    )
    uses = analyse(root).graph.uses
    assert [(use.name, len(use.at)) for use in uses] == [("x", 2_000)]


@pytest.mark.parametrize("name", ["x" * 300, "y" * 5000, "./" + "a/" * 3000, "\\ud800", "\\0"])
def test_paths_that_no_file_system_holds_are_findings(tmp_path: Path, name: str) -> None:
    (tmp_path / "encore.app").write_text('{"lang": "typescript"}')
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "api.ts").write_text(
        'import { api } from "encore.dev/api";\n'
        'import { SQLDatabase } from "encore.dev/storage/sqldb";\n'
        f'export const site = api.static({{ path: "/*p", dir: "{name}", notFound: "{name}" }});\n'
        f'export const db = new SQLDatabase("db", {{ migrations: "{name}" }});\n'
    )
    found = {diagnostic.code for diagnostic in analyse(tmp_path).diagnostics}
    assert found in ({"E0507", "E0508", "E0616"}, {"E0306"})
