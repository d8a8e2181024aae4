"""Each folder of ``tests/cases/ts`` is an app with what analysis must make of it.

``graph.json`` is the graph as the document is written; ``diagnostics.txt`` is one finding to a
line. A folder without ``diagnostics.txt`` must give no finding. The result may not depend on the
order in which the files were written, nor on the kind of their line ends. What is printed of
them is accepted by the schemas of graph, diagnostics and SARIF.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.schemas import own_validator, valid_sarif

from encore_config.codec import decode, encode
from encore_config.diagnostics import Diagnostic, Diagnostics
from encore_config.graph import Graph
from encore_config.rules import load
from encore_provisioner.analysis import Analysis, analyse
from encore_provisioner.cli.render.diagnostics import Sources
from encore_provisioner.cli.render.sarif import FINGERPRINT, Tool, sarif

CASES = Path(__file__).parents[1] / "cases" / "ts"
EXPECTED = ("graph.json", "diagnostics.txt")
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


def lines(diagnostics: tuple[Diagnostic, ...]) -> Iterator[str]:
    """A finding as ``place-end code message``, its hint and other places indented below."""
    for found in diagnostics:
        end = f"-{found.end.line}:{found.end.column}" if found.end else ""
        yield f"{found.at or '(app)'}{end} {found.code} {found.message}"
        if found.hint:
            yield f"    hint: {found.hint}"
        for other in found.related:
            yield f"    {other.at} {other.message}"


def written(analysis: Analysis) -> tuple[str, str]:
    text = "".join(f"{line}\n" for line in lines(analysis.diagnostics))
    return encode(analysis.graph).decode(), text


def copy(case: Path, target: Path, *, backwards: bool = False, crlf: bool = False) -> Path:
    """The case's app under its own name, without the expected results."""
    root = target / case.name
    files = sorted(path for path in case.rglob("*") if path.is_file())
    for file in reversed(files) if backwards else files:
        place = root / file.relative_to(case)
        if file.parent == case and file.name in EXPECTED:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if crlf and file.suffix == ".ts" and not file.is_symlink():
            place.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
        else:
            shutil.copyfile(file, place, follow_symlinks=False)
    return root


def write_expected(case: Path, graph: str, diagnostics: str) -> None:
    (case / "graph.json").write_text(graph, encoding="utf-8")
    (case / "diagnostics.txt").write_text(diagnostics, encoding="utf-8")
    if not diagnostics:
        (case / "diagnostics.txt").unlink()


def test_there_are_cases() -> None:
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_graph_and_findings_are_the_expected_ones(name: str) -> None:
    case = CASES / name
    graph, diagnostics = written(analyse(case))
    if "UPDATE_GOLDENS" in os.environ:
        write_expected(case, graph, diagnostics)
    assert any((case / expected).is_file() for expected in EXPECTED)
    if (case / "graph.json").is_file():
        expected = (case / "graph.json").read_text(encoding="utf-8")
        assert graph == expected
        assert encode(decode(expected.encode(), Graph)).decode() == expected
    found = case / "diagnostics.txt"
    assert diagnostics == (found.read_text(encoding="utf-8") if found.is_file() else "")


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_files_on_disk_does_not_matter(name: str, tmp_path: Path) -> None:
    root = copy(CASES / name, tmp_path, backwards=True)
    assert written(analyse(root)) == written(analyse(CASES / name))


@pytest.mark.parametrize("name", NAMES)
def test_line_ends_do_not_matter(name: str, tmp_path: Path) -> None:
    root = copy(CASES / name, tmp_path, crlf=True)
    assert written(analyse(root)) == written(analyse(CASES / name))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_printed_is_what_the_schemas_say(name: str) -> None:
    analysis = analyse(CASES / name)
    own_validator("graph").validate(json.loads(encode(analysis.graph)))
    report = Diagnostics(diagnostics=analysis.diagnostics)
    own_validator("diagnostics").validate(json.loads(encode(report)))


@pytest.mark.parametrize("name", NAMES)
def test_sarif_of_the_findings_is_valid_and_tells_them_all(name: str) -> None:
    found = analyse(CASES / name).diagnostics
    text = sarif(found, Sources(CASES / name), Tool(version="1", rules=load()))
    [run] = valid_sarif(text)["runs"]
    told = [(result["ruleId"], result["level"]) for result in run["results"]]
    assert told == [(diagnostic.code, diagnostic.severity) for diagnostic in found]
    prints = [result["partialFingerprints"][FINGERPRINT] for result in run["results"]]
    assert len(set(prints)) == len(prints)
