"""What docs/diagnostics.md says of each code is true: its examples are apps, and are analysed.

The wrong version of a code gives this finding and no other, the right one gives none at all.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.pages import RIGHT, WRONG, App, apps, blocks, known_declarations
from tests.support.tool import write_app

from encore_config.rules import Rule, load
from encore_config.rules.generate import PAGE, main, read_page
from encore_provisioner.analysis import analyse
from encore_provisioner.environments import load_environments
from encore_provisioner.errors import EnvironmentFileError
from encore_provisioner.queues import subscription_findings

TEXT = PAGE.read_text(encoding="utf-8")
KNOWN = known_declarations(TEXT)
RULES = {rule.code: rule for rule in read_page(TEXT)}
SOURCE = ("01", "02", "03", "04", "05", "06", "07", "08", "10")
NOT_AS_FILES = {
    "E0102": "root may read every file, so no mode makes one unreadable",
    "E0107": "the tests give every app a package.json",
    "W0103": "the name of the app's own folder is no part of a file",
}
"""Codes of the source whose example is no text of a file; each has a test beside its stage."""

READ = [c for c in RULES if c[1:3] in SOURCE and c not in NOT_AS_FILES]
ENVIRONMENT = [c for c in RULES if c.startswith("E80")]
LIMITS = ["W9020", "W9021", "W9022", "W9023", "W9024", "W9025", "W9026"]


def found_in(root: Path) -> set[str]:
    return {finding.code for finding in analyse(root).diagnostics}


def example(code: str, version: str) -> App:
    return apps(RULES[code], KNOWN)[version]


@pytest.mark.parametrize("code", READ)
def test_the_wrong_example_gives_this_finding_and_no_other(code: str, tmp_path: Path) -> None:
    assert found_in(write_app(tmp_path / "shop", example(code, WRONG))) == {code}


@pytest.mark.parametrize("code", READ)
def test_the_right_example_gives_no_finding(code: str, tmp_path: Path) -> None:
    assert found_in(write_app(tmp_path / "shop", example(code, RIGHT))) == set()


@pytest.mark.parametrize("code", ENVIRONMENT)
def test_the_examples_of_the_environment_file(code: str, tmp_path: Path) -> None:
    load_environments(write_app(tmp_path / "right", example(code, RIGHT)))
    wrong = write_app(tmp_path / "wrong", example(code, WRONG))
    with pytest.raises(EnvironmentFileError) as raised:
        load_environments(wrong)
    assert {finding.code for finding in raised.value.diagnostics} == {code}


@pytest.mark.parametrize("code", LIMITS)
def test_the_examples_of_limits_of_the_local_queues(code: str, tmp_path: Path) -> None:
    for version, expected in ((WRONG, {code}), (RIGHT, set())):
        analysis = analyse(write_app(tmp_path / version, example(code, version)))
        assert analysis.diagnostics == ()
        assert {f.code for f in subscription_findings(analysis.graph)} == expected


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_every_code_says_what_and_why_and_shows_it(rule: Rule) -> None:
    first, _, rest = rule.markdown.partition("\n\n")
    assert not first.startswith("```")
    assert rule.full.endswith(".")
    assert len(first.split()) >= 8, first
    shown = rest or first
    assert blocks(shown), "an example stands below a blank line"
    assert WRONG in shown or RIGHT in shown


def test_what_is_not_tried_is_in_the_page() -> None:
    assert set(NOT_AS_FILES) <= set(RULES)
    assert set(LIMITS) <= set(RULES)


def test_the_package_has_the_page() -> None:
    assert main(["--check"]) == 0, "run python -m encore_config.rules.generate"
    assert load() == RULES
    assert list(load()) == list(RULES), "in the order of the page"


def test_codes_and_names_are_unique() -> None:
    assert TEXT.count("\n### ") == len(RULES)
    names = [rule.name for rule in RULES.values()]
    assert sorted(set(names)) == sorted(names)
    assert all(name.isidentifier() and name[0].isupper() for name in names), names
