"""The benchmark's own judgement: a bound that is not kept, and a wrong graph, are told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from bench import apps
from bench.analysis import (
    FIGURES,
    Result,
    WrongResultError,
    change,
    check_found,
    check_graphs,
    table,
    verdicts,
)
from bench.memory import peak_megabytes

GRAPHS = {"cold": "a", "warm": "a", "body changed": "a", "declaration changed": "b", "afresh": "b"}


def result(services: int, **seconds: float) -> Result:
    taken = {name: [1.0, 2.0] for name in FIGURES} | {"tree-sitter alone": [10.0, 20.0]}
    named = {name.replace("_", " "): [value] * 2 for name, value in seconds.items()}
    return Result(services, 2, files=1, bytes=1, seconds=taken | named)


def refused(*results: Result) -> list[str]:
    return [text for kept, text in verdicts(results) if not kept]


def test_bounds_that_are_kept() -> None:
    assert refused(result(100), result(1000)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("cold", 60.0), ("warm", 12.0), ("body_changed", 12.0), ("declaration_changed", 12.0)],
)
def test_a_bound_that_is_not_kept(name: str, value: float) -> None:
    (text,) = refused(result(100, **{name: value}))
    assert text.startswith(f"100 services, {name.replace('_', ' ')}: ")


def test_time_that_grows_faster_than_the_app() -> None:
    (text,) = refused(result(100, cold=1.0), result(1000, cold=13.0))
    assert text == "per service at 1,000: 1.30 × that at 100, bound 1.25"


def test_the_table_has_a_column_for_each_size() -> None:
    lines = list(table([result(10), result(100)]))
    assert lines[0] == "| | 10 services | 100 services |"
    assert {line.count("|") for line in lines} == {4}


def test_graphs_as_they_must_be() -> None:
    check_graphs(GRAPHS)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_that_must_not_be(name: str) -> None:
    with pytest.raises(WrongResultError):
        check_graphs(
            GRAPHS | {name: "c"} if name != "declaration changed" else GRAPHS | {name: "a"}
        )


@pytest.mark.parametrize("found", [{"findings": 1, "services": 4}, {"findings": 0, "services": 3}])
def test_an_analysis_that_did_not_find_all_is_no_result(found: dict[str, float]) -> None:
    with pytest.raises(WrongResultError):
        check_found(found, 3)


@pytest.mark.parametrize("what", ["body changed", "declaration changed"])
def test_a_change_changes_one_file(what: str, tmp_path: Path) -> None:
    apps.write_app(tmp_path, 3)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.ts")}
    change(tmp_path, what, 1)
    assert sum(path.read_bytes() != text for path, text in before.items()) == 1


def test_peak_memory_is_that_of_the_command() -> None:
    small, large = (
        peak_megabytes([sys.executable, "-c", f"import time; x = b'x' * {n}; time.sleep(0.3)"], {})
        for n in (1, 60_000_000)
    )
    assert small < 40 < large
