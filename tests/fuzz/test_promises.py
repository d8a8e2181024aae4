"""Each check can fail: an analysis that breaks one promise is reported, with that promise."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from tests.fuzz.apps import APP_FILE, Link
from tests.fuzz.apps import App as Files
from tests.fuzz.inputs import Input
from tests.fuzz.promises import RARE, Analyse, Bench, BrokenPromiseError, Pace, check
from tests.fuzz.runner import look_at, main

from encore_config.diagnostics import Diagnostic, Related
from encore_config.graph import App, CronJob, Gateway, Graph, Service, ServiceEndpoint, Use
from encore_config.position import At, End
from encore_provisioner.analysis import Analysis
from encore_provisioner.app import check_app_file
from encore_provisioner.errors import AppError

TEXT = b"const a = 1;\n\nb();"
GIVEN: Files = {"encore.app": APP_FILE, "a.ts": TEXT, "link.ts": Link("a.ts")}
SLOW = Pace(per_byte=1.0)
GRAPH = Graph(app=App(id="", language="typescript"), gateway=Gateway())


def at(line: int, column: int) -> At:
    return At(file="a.ts", line=line, column=column)


def finding(place: At, end: End | None = None, *related: At) -> Diagnostic:
    others = tuple(Related(message="here", at=other) for other in related)
    return Diagnostic(
        code="W0101", severity="warning", message="m", at=place, end=end, related=others
    )


def found(root: Path, *diagnostics: Diagnostic, graph: Graph = GRAPH) -> Analysis:
    return Analysis(graph=graph, diagnostics=diagnostics, app_file=check_app_file(root)[0])


def always(*diagnostics: Diagnostic, graph: Graph = GRAPH) -> Analyse:
    return lambda root, **_: found(root, *diagnostics, graph=graph)


def report(analysis: Analyse, folder: Path, pace: Pace = SLOW) -> Iterator[str]:
    """What is told about one input for each of the rarer checks."""
    for number in range(len(RARE)):
        try:
            check(Input(number, GIVEN, GIVEN, ()), Bench(folder / str(number), analysis), pace)
        except Exception as error:  # noqa: BLE001 - as the runner: whatever it is, it is told
            yield f"{type(error).__name__}: {error}"


def only(reports: Iterator[str]) -> str:
    (told,) = set(reports)
    return told


def test_nothing_is_told_of_an_analysis_that_keeps_every_promise(tmp_path: Path) -> None:
    ends = End(line=3, column=5)
    assert (
        list(report(always(finding(at(1, 1), ends, at(3, 5)), finding(at(3, 5))), tmp_path)) == []
    )


def test_a_place_in_a_linked_file_is_one_of_what_the_link_leads_to(tmp_path: Path) -> None:
    inside, outside = (At(file="link.ts", line=line, column=1) for line in (3, 4))
    assert list(report(always(finding(inside)), tmp_path)) == []
    assert "to 4:1 does not lie inside" in only(report(always(finding(outside)), tmp_path / "b"))


def test_a_refused_encore_app_breaks_no_promise(tmp_path: Path) -> None:
    def refuses(*_: object, **__: object) -> Analysis:
        raise AppError("there is none", code="no-app")

    assert list(report(refuses, tmp_path)) == []


def test_any_other_exception_is_told(tmp_path: Path) -> None:
    def raises(*_: object, **__: object) -> Analysis:
        raise KeyError("x")

    assert only(report(raises, tmp_path)) == "KeyError: 'x'"


def test_a_slow_analysis_is_told(tmp_path: Path) -> None:
    """What takes no time at all is too slow for a machine that is faster than that."""
    told = list(report(always(), tmp_path, Pace(per_byte=-1.0)))
    assert len(told) == len(RARE)
    assert all("s were expected" in each for each in told)


@pytest.mark.parametrize(
    ("diagnostic", "told"),
    [
        (finding(at(4, 1)), "to 4:1 does not lie inside its file"),
        (finding(at(1, 14)), "to 1:14 does not lie inside its file"),
        (finding(at(1, 1), End(line=3, column=6)), "to 3:6 does not lie inside its file"),
        (finding(at(1, 1), None, at(2, 2)), "to 2:2 does not lie inside its file"),
        (finding(at(3, 1), End(line=1, column=3)), "ends before it begins"),
        (finding(At(file="gone.ts", line=2, column=1)), "to 2:1 does not lie inside its file"),
    ],
)
def test_a_place_outside_its_file_is_told(
    diagnostic: Diagnostic, told: str, tmp_path: Path
) -> None:
    assert told in only(report(always(diagnostic), tmp_path))


def test_so_is_one_of_the_graph(tmp_path: Path) -> None:
    services = (Service(name="a", root=".", at=at(9, 1)),)
    wrong = Graph(app=GRAPH.app, gateway=GRAPH.gateway, services=services)
    assert "to 9:1 does not lie inside" in only(report(always(graph=wrong), tmp_path))
    handler = Gateway(at=at(8, 1))
    wrong = Graph(app=GRAPH.app, gateway=handler)
    assert "to 8:1 does not lie inside" in only(report(always(graph=wrong), tmp_path / "other"))


def test_documents_that_do_not_come_back_are_told(tmp_path: Path) -> None:
    wrong = Graph(app=GRAPH.app, gateway=GRAPH.gateway, uses=cast("tuple[Use, ...]", []))
    assert "the graph does not come back" in only(report(always(graph=wrong), tmp_path))
    related = cast("tuple[Related, ...]", [])
    lost = Diagnostic(code="W0101", severity="warning", message="m", related=related)
    assert "the findings do not come back" in only(report(always(lost), tmp_path / "other"))


def test_what_cannot_be_shown_is_told(tmp_path: Path) -> None:
    nowhere = ServiceEndpoint(service="a", name="b")
    job = CronJob(name="c", title="", schedule="every:never", endpoint=nowhere, at=at(1, 1))
    wrong = Graph(app=GRAPH.app, gateway=GRAPH.gateway, cron_jobs=(job,))
    assert "ValueError" in only(report(always(graph=wrong), tmp_path))


def test_a_second_run_that_differs_is_told(tmp_path: Path) -> None:
    runs: list[Path] = []

    def forgets(root: Path, **_: object) -> Analysis:
        runs.append(root)
        return found(root, *[finding(at(1, 1))] * (runs.count(root) % 2))

    assert "a second run differs" in "".join(report(forgets, tmp_path))


@pytest.mark.parametrize("ends", [b"\r\n", b"\r"])
def test_other_line_ends_that_make_it_differ_are_told(ends: bytes, tmp_path: Path) -> None:
    def counts(root: Path, **_: object) -> Analysis:
        odd = ends in (root / "a.ts").read_bytes().replace(
            b"\r\n", b"\r\n" if ends != b"\r" else b""
        )
        return found(root, *[finding(at(1, 1))] * odd)

    order = RARE.index(next(rare for rare in RARE if rare.__name__ == "check_order"))
    numbers = [order + len(RARE) * times for times in range(3)]
    told = []
    for number in numbers:
        try:
            check(Input(number, GIVEN, GIVEN, ()), Bench(tmp_path, counts), SLOW)
        except BrokenPromiseError as error:
            told.append(str(error))
    assert len(told) == 1
    assert f"other line ends ({ends!r})" in told[0]


def writes(differs: Callable[[bytes | None], bool]) -> Analyse:
    """Keeps how often it was asked, if it may; ``differs`` sees what was kept before."""

    def analysis(root: Path, cache: Path | None = None, **_: object) -> Analysis:
        if cache is None:
            return found(root)
        kept = cache / "pack"
        before = kept.read_bytes() if kept.exists() else None
        cache.mkdir(exist_ok=True)
        kept.write_bytes((before or b"") + b"x")
        return found(root, *[finding(at(1, 1))] * differs(before))

    return analysis


@pytest.mark.parametrize(
    ("differs", "told"),
    [
        (lambda before: before == b"x", "the cache of the app before the change"),
        (lambda before: before == b"xx", "a full cache"),
        (lambda before: before is not None and before.strip(b"x") != b"", "a damaged cache"),
    ],
)
def test_a_cache_that_changes_the_result_is_told(
    differs: Callable[[bytes | None], bool], told: str, tmp_path: Path
) -> None:
    assert told in only(report(writes(differs), tmp_path))


def test_the_runner_keeps_the_app_of_a_broken_promise(tmp_path: Path) -> None:
    def raises(root: Path, **_: object) -> Analysis:
        if root.parent.name == "one":
            raise RecursionError("too deep")
        return found(root)

    kept = tmp_path / "kept"
    kept.mkdir()
    failures = look_at("suite", range(3, 5), kept, raises)
    assert [failure.number for failure in failures] == [3, 4]
    assert all("RecursionError: too deep" in failure.report for failure in failures)
    assert all((Path(failure.app) / "encore.app").exists() for failure in failures)
    assert sorted(path.name for path in kept.iterdir()) == ["3", "4"]


def ends_the_process(root: Path, **_: object) -> Analysis:
    if root.parent.name == "one":
        os._exit(3)
    return found(root)


def test_an_input_that_ends_the_process_is_told_with_its_app(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--seed", "s", "--only", "7", "--jobs", "1"], ends_the_process) == 1
    said = capsys.readouterr().out
    assert "seed s, 1 inputs, 1 processes" in said
    assert "again: make fuzz FUZZ='--seed s --only 7'" in said
    (work,) = re.findall("^input 7 may hang.* its app is below (.+)$", said, re.MULTILINE)
    assert (Path(work) / "one" / "app" / "encore.app").exists()
    shutil.rmtree(Path(work).parent)


def test_a_run_ends_well_if_every_promise_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--inputs", "2", "--jobs", "1"]) == 0
    assert re.search(
        "seed [0-9a-f]{8}, 2 inputs.*every promise", capsys.readouterr().out, re.DOTALL
    )


def points_elsewhere(root: Path, **_: object) -> Analysis:
    return found(root, finding(At(file="gone.ts", line=2, column=1)))


def test_a_run_with_a_broken_promise_tells_how_to_see_it_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--seed", "s", "--inputs", "1", "--jobs", "1"], points_elsewhere) == 1
    said = capsys.readouterr().out
    assert "does not lie inside its file" in said
    assert "again: make fuzz FUZZ='--seed s --only 0'" in said
    (app,) = re.findall("its app in (.+)$", said, re.MULTILINE)
    shutil.rmtree(Path(app).parents[1])
