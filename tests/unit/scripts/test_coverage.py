"""The table of real apps."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from scripts.agreement import Difference
from scripts.coverage import App, Compared, findings, look_at, section, verdict
from tests.unit.scripts.test_agreement import metadata

COUNTS = (2, 1_200, 0, 0, 0, 0, 0, 0, 0, 0, 3)


def app(name: str, *codes: str, compared: Compared | None = None) -> App:
    return App(name, COUNTS, codes, compared)


def test_findings_are_counted_by_code() -> None:
    assert findings(("W0525", "E0101", "W0525")) == "E0101, W0525 × 2"
    assert findings(()) == ""


@pytest.mark.parametrize(
    ("looked_at", "said", "agrees"),
    [
        (app("a"), "not compared", True),
        (app("a", "W0525", compared=Compared()), "the same", True),
        (app("a", "E0101", compared=Compared()), "only Encore accepts", False),
        (app("a", "E0101", compared=Compared(refused=True)), "both refuse", True),
        (app("a", "W0525", compared=Compared(refused=True)), "only Encore refuses", False),
        (app("a", "W0104", compared=Compared(refused=True)), "both refuse", True),
        (app("a", "W0104", compared=Compared()), "the same", True),
        (
            app("a", compared=Compared(found=(Difference("topics", ("t",), ()),))),
            "differs: topics",
            False,
        ),
    ],
)
def test_an_app_agrees_only_if_both_refuse_it_or_both_say_the_same(
    looked_at: App, said: str, agrees: bool
) -> None:
    assert verdict(looked_at) == said
    assert looked_at.agrees is agrees


def test_the_table_has_a_row_for_each_app_and_one_for_all() -> None:
    apps = [app("one", "W0525", compared=Compared()), app("two", "W0525")]
    lines = section(apps, "some/apps", "c0ffee").splitlines()
    assert lines[0] == "`some/apps` at commit `c0ffee`:"
    assert [line.split(" | ")[0] for line in lines[4:]] == ["| one", "| two", "| 2 apps"]
    assert lines[-1].startswith("| 2 apps | 4 | 2,400 |  |")
    assert lines[-1].endswith("| 6 | W0525 × 2 | 1 of 1 |")
    assert len({line.count("|") for line in lines[2:]}) == 1


def test_only_apps_in_typescript_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "go").mkdir()
    (tmp_path / "go" / "encore.app").write_text('{"id": ""}')
    assert look_at(tmp_path / "go", tmp_path, ()) is None


def test_an_app_is_compared_with_what_the_command_says(tmp_path: Path) -> None:
    folder = tmp_path / "apps" / "one"
    folder.mkdir(parents=True)
    (folder / "encore.app").write_text('{"id": "", "lang": "typescript"}')
    (folder / "package.json").write_text("{}")
    empty = {key: [] if isinstance(value, list) else value for key, value in metadata().items()}
    oracle = tmp_path / "oracle.py"
    oracle.write_text(f"print({json.dumps(json.dumps(empty))})")
    found = look_at(folder, tmp_path, (sys.executable, str(oracle)))
    assert found == App("apps/one", (0,) * len(COUNTS), (), Compared())
    oracle.write_text("raise SystemExit(1)")
    refused = look_at(folder, tmp_path, (sys.executable, str(oracle)))
    assert refused is not None
    assert verdict(refused) == "only Encore refuses"
