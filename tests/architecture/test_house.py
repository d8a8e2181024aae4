"""The rules of ARCHITECTURE.md and CONTRIBUTING.md that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("config-schema", "provisioner", "providers/aws", "providers/local")
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return [ROOT / name for name in listed if name.endswith(suffixes) and (ROOT / name).is_file()]


def python_sources() -> list[Path]:
    generated = re.compile(r"_pb2\.pyi?$")
    return [p for p in tracked(".py") if not generated.search(p.name)]


def test_no_file_is_too_long() -> None:
    long = {
        p.name: n for p in python_sources() if (n := p.read_text().count("\n")) > MAX_FILE_LINES
    }
    assert long == {}


def test_no_function_is_too_long() -> None:
    long = []
    for path in python_sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length}")
    assert long == []


def test_every_list_of_source_folders_agrees() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    packages = tool["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert [str(Path(p).parent) for p in packages] == list(SOURCES)
    assert tool["ruff"]["src"] == list(SOURCES)
    assert tool["mypy"]["mypy_path"] == list(SOURCES)
    assert tool["pytest"]["ini_options"]["pythonpath"][: len(SOURCES)] == list(SOURCES)
    assert set(tool["importlinter"]["root_packages"]) == {Path(p).name for p in packages}
    assert f"SOURCES := {' '.join(SOURCES)}" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("folder", SOURCES)
def test_a_source_folder_holds_its_package_and_nothing_else(folder: str) -> None:
    """A stray module would import in an editable install and be absent from the wheel."""
    names = {
        p.relative_to(ROOT / folder).parts[0] for p in tracked("") if (ROOT / folder) in p.parents
    }
    assert len(names) == 1, names


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(p.relative_to(ROOT))
        for p in python_sources()
        if p.read_text().strip() and not ast.get_docstring(ast.parse(p.read_text()))
    ]
    assert silent == []


def test_nothing_names_a_machine_or_a_registry() -> None:
    """The project speaks of itself alone."""
    foreign = re.compile(
        r"(?<![\w.$}])/(?:work|farm|root)/\w|pypi\.org|registry\.npmjs|crates\.io/api"
    )
    found = [
        f"{p.relative_to(ROOT)}:{number}"
        for p in tracked(".py", ".md", ".toml", ".ts", ".json", ".sh", ".yaml", "Makefile", "run")
        for number, line in enumerate(p.read_text().splitlines(), 1)
        if foreign.search(line) and p != Path(__file__)
    ]
    assert found == []


def test_nothing_is_left_for_later_in_the_source() -> None:
    # Each word's last letter stands apart, so that this very line is none of what it looks for.
    marks = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b|NotImplementedErro[r]")
    found = [
        f"{p.relative_to(ROOT)}:{number}"
        for p in python_sources()
        for number, line in enumerate(p.read_text().splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def test_every_diagnostic_code_is_documented() -> None:
    """Each code that the source can emit has its entry in the docs, and none is left over."""
    code = re.compile(r"\"([EW][0-9]{4})\"")
    emitted = {
        found
        for p in python_sources()
        if p.relative_to(ROOT).as_posix().startswith(SOURCES)
        for found in code.findall(p.read_text())
    }
    page = (ROOT / "docs" / "diagnostics.md").read_text()
    documented = set(re.findall(r"^#+ ([EW][0-9]{4})\b", page, re.MULTILINE))
    assert emitted == documented
