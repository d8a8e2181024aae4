"""From specifiers to files."""

from __future__ import annotations

from pathlib import Path

import pytest

from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.imports import OUTSIDE, ImportResolver, Paths, Resolved, read_paths

FILES = frozenset({"a/x.ts", "a/index.ts", "b/y.ts", "b/y.js.ts", "lib/z/index.ts", "c.d.ts"})


@pytest.mark.parametrize(
    ("specifier", "file"),
    [
        ("./x", "a/x.ts"),
        ("./x.ts", "a/x.ts"),
        ("./x.js", "a/x.ts"),
        (".", "a/index.ts"),
        ("./", "a/index.ts"),
        ("./index", "a/index.ts"),
        ("..", None),
        ("../b/y", "b/y.ts"),
        ("../b/../b/y.js", "b/y.js.ts"),
        ("../lib/z", "lib/z/index.ts"),
        ("../../outside", None),
        ("./gone", None),
        ("./nul\0", None),
        ("./" + "x" * 300, None),
        ("./" + "x" * 5000, None),
        ("./\ud800", None),
        ("react", OUTSIDE),
        ("a/x", OUTSIDE),
    ],
)
def test_relative_imports_and_packages(tmp_path: Path, specifier: str, file: str | None) -> None:
    resolver = ImportResolver(tmp_path, FILES, Paths())
    assert resolver.resolve("a/api.ts", specifier) == Resolved(file=file)


@pytest.mark.parametrize(
    ("specifier", "virtual"),
    [
        ("~encore/clients", "~encore/clients"),
        ("~encore/auth", "~encore/auth"),
        ("../encore.gen/clients", "~encore/clients"),
        ("../encore.gen/auth/index", "~encore/auth"),
    ],
)
def test_generated_modules(tmp_path: Path, specifier: str, virtual: str) -> None:
    found = ImportResolver(tmp_path, FILES, Paths()).resolve("a/api.ts", specifier)
    assert found == Resolved(file=OUTSIDE, virtual=virtual)


def test_files_of_other_types_are_outside(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "page.html").touch()
    (tmp_path / "a" / "view.tsx").touch()
    resolver = ImportResolver(tmp_path, FILES, Paths())
    assert resolver.resolve("a/api.ts", "./page.html").file == OUTSIDE
    assert resolver.resolve("a/api.ts", "./view").file == OUTSIDE


def paths(tmp_path: Path, text: str) -> tuple[Paths, list[str]]:
    (tmp_path / "tsconfig.json").write_text(text, encoding="utf-8")
    findings = Findings()
    return read_paths(tmp_path, findings), [d.code for d in findings.sorted()]


def test_paths_go_first_the_longest_prefix_before_the_others(tmp_path: Path) -> None:
    text = """{ // comment
      "compilerOptions": {"baseUrl": "./lib", "paths": {
        "@/*": ["./gone/*", "../a/*"], "@/z/*": ["./z/*"], "exact": ["../b/y"]}}}"""
    found, codes = paths(tmp_path, text)
    resolver = ImportResolver(tmp_path, FILES, found)
    assert codes == []
    assert resolver.resolve("b/y.ts", "@/x").file == "a/x.ts"
    assert resolver.resolve("b/y.ts", "@/z/index").file == "lib/z/index.ts"
    assert resolver.resolve("b/y.ts", "exact").file == "b/y.ts"
    assert resolver.resolve("b/y.ts", "exact/more").file == OUTSIDE


def test_a_trailing_comma_is_an_error_but_the_paths_count(tmp_path: Path) -> None:
    found, codes = paths(tmp_path, '{"compilerOptions": {"paths": {"@/*": ["./a/*"],}}}')
    assert codes == ["E0103"]
    assert list(found.targets("@/x")) == [("././a/x", "")]


@pytest.mark.parametrize("text", ["[]", "{}", '{"compilerOptions": 1}', "", "[" * 100_000, "{'a'}"])
def test_any_tsconfig_gives_paths(tmp_path: Path, text: str) -> None:
    assert paths(tmp_path, text)[0] == Paths()


@pytest.mark.parametrize(
    ("specifier", "meant"),
    [
        ("./idnex", "./index"),
        ("../lib/z/indx", "../lib/z/index"),
        ("../d", None),  # c.d.ts holds no code that an import could lead to
        ("../lib/z/other", None),
        ("./x/y/z", None),
        ("~encore/client", "~encore/clients"),
        ("~encore/auht", "~encore/auth"),
        ("~encore/something", None),
        ("@/index", None),
        ("react", None),
    ],
)
def test_what_an_import_that_leads_nowhere_was_meant_to_say(
    tmp_path: Path, specifier: str, meant: str | None
) -> None:
    assert ImportResolver(tmp_path, FILES, Paths()).meant("a/api.ts", specifier) == meant


@pytest.mark.parametrize(
    ("specifier", "file", "script"),
    [
        ("./x", "a/x.ts", "a/x.js"),
        ("./x.js", "a/x.ts", "a/x.js"),
        ("./x.ts", "a/x.ts", ""),
        ("../b/y", "b/y.ts", ""),
        (".", "a/index.ts", ""),
        ("../lib/z", "lib/z/index.ts", ""),
        ("../c", "c.d.ts", ""),
    ],
)
def test_a_script_beside_the_source_is_what_encore_takes(
    tmp_path: Path, specifier: str, file: str, script: str
) -> None:
    scripts = frozenset({"a/x.js", "a/index.js", "lib/z/index.js", "c.js"})
    resolver = ImportResolver(tmp_path, FILES, Paths(), scripts)
    assert resolver.resolve("a/api.ts", specifier) == Resolved(file=file, script=script)
