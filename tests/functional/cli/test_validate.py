"""``validate`` as a build runs it: its four forms, what fails it, and what it says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.functional.cli.conftest import with_env
from tests.support.schemas import own_validator, valid_sarif
from tests.support.tool import Tool

FORMS = ("text", "json", "github", "sarif")
SUSPECT = (
    'import { CronJob } from "encore.dev/cron";\n'
    'import { count } from "./api";\n'
    'export const weekly = new CronJob("weekly", { endpoint: count, every: "7h" });\n'
)


@pytest.fixture
def suspect(app: Tool) -> Tool:
    """The app with a warning in its source."""
    (app.app / "orders" / "weekly.ts").write_text(SUSPECT)
    return app


@pytest.fixture
def missing(app: Tool, tmp_path: Path) -> Tool:
    """A folder that is no app."""
    folder = tmp_path / "nothing"
    folder.mkdir()
    return Tool(folder, env=app.env)


@pytest.mark.parametrize("form", FORMS)
def test_warnings_fail_a_strict_run_only(suspect: Tool, form: str) -> None:
    lenient = suspect("validate", "--format", form)
    strict = suspect("validate", "--format", form, "--strict")
    assert (lenient.code, strict.code) == (0, 1)
    assert (lenient.err, strict.err) == ("", "")
    assert "W0614" in lenient.out
    assert "W0614" in strict.out


@pytest.mark.parametrize("form", FORMS)
def test_a_sound_app_passes_a_strict_run(app: Tool, form: str) -> None:
    assert app.ok("validate", "--format", form, "--strict").err == ""


@pytest.mark.parametrize("form", FORMS)
def test_errors_fail_every_run(broken: Tool, form: str) -> None:
    for options in ((), ("--strict",)):
        assert broken("validate", "--format", form, *options).code == 1


def test_the_verdict_says_why_a_strict_run_failed(suspect: Tool) -> None:
    assert suspect("validate").out.endswith("\n1 warning\n")
    strict = suspect("validate", "--strict")
    assert strict.out.endswith("\n1 warning; --strict allows none\n")
    assert strict.out.startswith("warning[W0614]: ")


def test_where_there_are_errors_the_verdict_is_the_same(suspect: Tool, broken: Tool) -> None:
    assert suspect.app == broken.app
    for options in ((), ("--strict",)):
        assert broken("validate", *options).out.endswith("\n1 error, 1 warning\n")


def test_json_says_it_too_and_leaves_the_severity(suspect: Tool) -> None:
    lenient = suspect("validate", "--format", "json").json()
    strict = suspect("validate", "--format", "json", "--strict").json()
    for document in (lenient, strict):
        own_validator("diagnostics").validate(document)
    assert lenient["error"] is None
    assert strict["error"]["code"] == "source-warnings"
    assert strict["error"]["message"] == "1 warning; --strict allows none"
    assert strict["diagnostics"] == lenient["diagnostics"]
    assert [found["severity"] for found in strict["diagnostics"]] == ["warning"]


def test_sarif_leaves_the_severity_and_the_bytes(suspect: Tool) -> None:
    strict = suspect("validate", "--format", "sarif", "--strict").out
    assert strict == suspect("validate", "--format", "sarif").out
    [result] = valid_sarif(strict)["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("W0614", "warning")


def test_paths_begin_where_the_repository_does(suspect: Tool) -> None:
    outside = with_env(suspect, GITHUB_WORKSPACE=str(suspect.app.parent))
    [result] = valid_sarif(outside("validate", "--format", "sarif").out)["runs"][0]["results"]
    [location] = result["locations"]
    uri = location["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == f"{suspect.app.name}/orders/weekly.ts"
    assert f"file={uri}," in outside("validate", "--format", "github").out


def test_mistakes_of_the_environment_file_are_findings(app: Tool) -> None:
    (app.app / "encore.infra.yaml").write_text("environments:\n  local: {provder: local}\n")
    done = app("validate", "--format", "sarif")
    [result] = valid_sarif(done.out)["runs"][0]["results"]
    assert (done.code, result["ruleId"]) == (1, "E8002")


def test_a_failure_is_told_in_the_form_that_was_asked_for(missing: Tool) -> None:
    sarif = missing("validate", "--format", "sarif")
    [run] = valid_sarif(sarif.out)["runs"]
    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"] is False
    github = missing("validate", "--format", "github")
    assert github.out.startswith("::error title=no-app::")
    assert missing("validate", "--format", "json").json()["error"]["code"] == "no-app"
    for done in (sarif, github):
        assert done.code == 1
        assert done.err.startswith("error: ")


def test_a_word_that_is_no_form_is_wrong_usage(app: Tool) -> None:
    done = app("validate", "--format", "xml")
    assert (done.code, done.out) == (64, "")
    assert "sarif" in done.err
