"""Wrong usage and every failure: its exit code, its document, its remedy."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tests.functional.cli.conftest import with_env
from tests.support.fakes import install_fake
from tests.support.tool import ROOT, Tool, write_app

from encore_config import codec
from encore_config.diagnostics import Diagnostics

USAGE: list[tuple[str, ...]] = [
    (),
    ("plann",),
    ("--env", "local", "plan"),
    ("--nonsense",),
    ("plan", "--formt", "json"),
    ("plan", "--format", "yaml"),
    ("plan", "--format"),
    ("plan", ".", "too-many"),
    ("plan", "--env"),
    ("plan", "--env", "Bad_Name"),
    ("plan", "--det"),
    ("apply", "--lock-timeout", "soon"),
    ("apply", "--lock-timeout", "-1"),
    ("apply", "--lock-timeout", "nan"),
    ("apply", "--allow-data-loss", "orders"),
    ("secret",),
    ("secret", "get", "PayKey"),
    ("secret", "set"),
    ("env",),
    ("env", "new", "Bad_Name"),
    ("env", "new", "x", "--type", "huge"),
]


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_wrong_usage_is_64_and_never_2(app: Tool, words: tuple[str, ...]) -> None:
    result = app(*words)
    assert (result.code, result.out) == (64, "")
    assert result.err


@pytest.mark.parametrize(
    "words", [w for w in USAGE if w and "--format" not in w and w[0] != "--env"], ids=" ".join
)
def test_wrong_usage_is_a_document_too(app: Tool, words: tuple[str, ...]) -> None:
    result = app(*words, "--format", "json")
    assert result.code == 64
    assert result.json()["error"]["code"] in ("usage", "bad-environment-name")


def test_a_command_that_does_not_exist_has_a_likely_one(app: Tool) -> None:
    assert "there is no command `plann`; did you mean `plan`?" in app("plann").err
    assert "options stand behind the command" in app("--env", "local", "plan").err


@pytest.mark.parametrize(
    "words", [("--help",), ("-h",), ("plan", "--help"), ("secret", "set", "-h")]
)
def test_help_goes_to_stdout(app: Tool, words: tuple[str, ...]) -> None:
    result = app.ok(*words)
    assert result.out.startswith("usage: encore-infra ")
    assert result.err == ""


def test_the_version(app: Tool) -> None:
    assert app.ok("--version").out == "encore-infra 0.1.0\n"


FAILURES: list[tuple[str, tuple[str, ...], dict[str, str]]] = [
    ("unknown-environment", ("plan", "--env", "nowhere"), {}),
    ("broken-provider", ("plan", "--env", "cracked"), {}),
    ("missing-library", ("plan", "--env", "poor"), {}),
    ("missing-library", ("plan",), {"FAKE_LIBRARY": "plan"}),
    ("bug", ("plan",), {"FAKE_CRASH": "plan"}),
    ("bug", ("apply", "--yes"), {"FAKE_CRASH": "apply"}),
    ("step-failed", ("apply", "--yes"), {"FAKE_STEP": "database/orders"}),
    ("busy", ("apply", "--yes"), {"FAKE_BUSY": "1"}),
    ("unsupported", ("plan",), {"FAKE_UNSUPPORTED": "database"}),
    ("not-confirmed", ("apply",), {}),
    ("unknown-data-loss", ("apply", "--yes", "--allow-data-loss", "bucket/x"), {}),
    ("bad-plan-file", ("apply", "--yes", "--plan", "none.json"), {}),
    ("no-app", ("plan", "/nowhere"), {}),
    ("no-app", ("graph", "/"), {}),
    ("not-applied", ("outputs",), {}),
    ("not-applied", ("doctor",), {}),
    ("not-written", ("plan", "--out", "no/such/folder/x.json"), {}),
    ("unknown-secret", ("secret", "set", "Paykey"), {}),
    ("secret-refused", ("secret", "set", "PayKey"), {}),
    ("unknown-secret", ("secret", "rm", "Other"), {}),
    ("unknown-environment", ("env", "rm", "nowhere"), {}),
    ("environment-exists", ("env", "new", "production"), {}),
    ("unknown-provider", ("env", "new", "x", "--provider", "azure"), {}),
    ("unknown-environment", ("env", "new", "x", "--extends", "azure"), {}),
]


@pytest.mark.parametrize(("code", "words", "env"), FAILURES)
def test_every_failure_is_one_document_and_says_what_to_do(
    app: Tool, code: str, words: tuple[str, ...], env: dict[str, str]
) -> None:
    result = with_env(app, **env)(*words, "--format", "json")
    assert result.code == 1
    document = codec.decode(result.out.encode(), Diagnostics)
    assert document.error is not None
    assert document.error.code == code
    assert document.error.hint or all(d.hint for d in document.diagnostics)
    assert "hint: " in result.err
    assert document.error.message in result.err.replace("\n  ", "\n")
    assert "Traceback" not in result.text


def test_a_bug_leaves_its_traceback_in_a_private_file(app: Tool, tmp_path: Path) -> None:
    result = with_env(app, FAKE_CRASH="plan", TMPDIR=str(tmp_path))("plan")
    (report,) = tmp_path.glob("encore-infra-bug-*")
    assert str(report) in result.err
    assert "KeyError" in report.read_text()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_a_bug_is_told_where_no_file_can_be_written(app: Tool) -> None:
    script = f"ulimit -f 0; exec {app.command[0]} plan"
    shell = Tool(app.app, env={**app.env, "FAKE_CRASH": "plan"}, command=("sh", "-c"))
    result = shell(script)
    assert result.code == 1
    assert "this is a bug (KeyError)" in result.err
    assert "an internal thing" in result.err


def test_a_library_that_is_missing_names_the_extra(app: Tool) -> None:
    result = with_env(app, FAKE_LIBRARY="plan")("plan")
    assert "hint: pip install 'encore-infra[local]'" in result.err


def test_the_app_is_found_from_a_folder_inside(app: Tool) -> None:
    inside = Tool(app.app / "orders" / "migrations", env=app.env)
    assert "Plan for demo in local" in inside.ok("plan").out


def test_a_folder_without_an_app(tmp_path: Path) -> None:
    nowhere = Tool(tmp_path, env=install_fake(tmp_path / "plugin", ROOT))
    for command in ("graph", "validate", "plan", "apply", "doctor", "status", "stop", "destroy"):
        result = nowhere(command)
        assert (result.code, result.out) == (1, ""), command
        assert "no Encore app here" in result.err
        assert "encore.app" in result.err


def test_only_the_environment_file_is_not_enough(tmp_path: Path) -> None:
    app = write_app(tmp_path / "half", {"encore.infra.yaml": "environments: {}\n"})
    (app / "encore.app").unlink()
    result = Tool(app)("plan")
    assert result.code == 1
    assert "encore.app" in result.err


def test_an_error_in_the_environment_file_is_underlined(app: Tool) -> None:
    (app.app / "encore.infra.yaml").write_text("environments:\n  local: {provder: fake}\n")
    for command in ("plan", "apply", "status", "destroy"):
        result = app(command)
        assert result.code == 1, command
        assert "encore.infra.yaml:2:11" in result.err
        assert "2 |   local: {provder: fake}\n  |           ^^^^^^^\n" in result.err
        assert "did you mean `provider`?" in result.err
