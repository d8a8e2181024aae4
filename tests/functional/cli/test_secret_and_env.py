"""``secret`` and ``env``: what is kept, what is refused, what is never shown."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.tool import Tool


def secrets(tool: Tool) -> dict[str, Any]:
    listed = tool.ok("secret", "list", "--format", "json").json()["secrets"]
    return {secret["name"]: secret["set_at"] for secret in listed}


@pytest.mark.parametrize(
    ("piped", "kept"),
    [
        ("plain", "plain"),
        ("one\n", "one"),
        ("two\n\n", "two\n"),
        ("dos\r\n", "dos"),
        (" spaces \n", " spaces "),
        ("a\nb\n", "a\nb"),
        ("ünï$'\"`\\", "ünï$'\"`\\"),
    ],
)
def test_a_piped_value_loses_one_line_end_and_nothing_else(
    bare: Tool, piped: str, kept: str
) -> None:
    bare.ok("secret", "set", "PayKey", stdin=piped)
    bare.apply()
    assert bare.variables()["INFRA_SECRET_PayKey"] == kept


@pytest.mark.parametrize(
    "words", [("PayKey", "hunter2"), ("PayKey=hunter2",), ("PayKey", "-", "hunter2")]
)
def test_a_value_is_never_an_argument_and_never_repeated(
    bare: Tool, words: tuple[str, ...]
) -> None:
    for more in ((), ("--format", "json")):
        result = bare("secret", "set", *words, *more)
        assert result.code == 64
        assert "a value is never an argument" in result.text
        assert "hunter2" not in result.text
    assert secrets(bare) == {"PayKey": None}


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (b"plain", "plain"),
        (b"one\n", "one"),
        (b"dos\r\n", "dos"),
        (b"a\nb\n\n", "a\nb\n"),
        ("ünï\n".encode(), "ünï"),
    ],
)
def test_a_value_from_a_file(bare: Tool, content: bytes, kept: str) -> None:
    """What is piped in at the same time is not looked at."""
    (bare.app / "key.txt").write_bytes(content)
    told = bare.ok("secret", "set", "PayKey", "--file", "key.txt", stdin="piped")
    assert "PayKey is set" in told.out
    bare.apply()
    assert bare.variables()["INFRA_SECRET_PayKey"] == kept


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("nowhere.txt", "cannot read nowhere.txt: No such file or directory"),
        ("orders", "cannot read orders: Is a directory"),
        ("empty.txt", "no value was given for PayKey"),
        ("binary.txt", "the value of PayKey is not UTF-8 text"),
    ],
)
def test_a_file_that_holds_no_value_changes_nothing(bare: Tool, file: str, says: str) -> None:
    (bare.app / "empty.txt").touch()
    (bare.app / "binary.txt").write_bytes(b"\xff\xfe")
    result = bare("secret", "set", "PayKey", "--file", file)
    assert result.code == 1
    assert says in result.err
    assert secrets(bare) == {"PayKey": None}


@pytest.mark.parametrize("piped", ["", "\n", "\r\n"])
def test_no_value_is_no_value(bare: Tool, piped: str) -> None:
    assert bare("secret", "set", "PayKey", stdin=piped).code == 1
    assert secrets(bare) == {"PayKey": None}


def test_a_secret_that_nobody_declares(bare: Tool) -> None:
    result = bare("secret", "set", "Paykey", stdin="x")
    assert result.code == 1
    assert "declares no secret `Paykey`; it declares PayKey" in result.err
    assert "did you mean `PayKey`?" in result.err


def test_list_and_rm(app: Tool) -> None:
    listed = app.ok("secret", "list").out
    assert "PayKey  2026-01-02T03:04:05Z  orders" in listed
    assert "s3cret-value" not in listed
    app.ok("secret", "rm", "PayKey")
    assert "PayKey  not set  orders" in app.ok("secret", "list").out
    assert app("secret", "rm", "PayKey").code == 1


def test_env_new_list_and_rm(app: Tool) -> None:
    file = app.app / "encore.infra.yaml"
    before = file.read_text()
    app.ok("env", "new", "staging", "--provider", "fake", "--type", "test")
    added = file.read_text().removeprefix(before)
    assert added.startswith("  staging: {provider: fake, type: test, id: ")
    app.ok("env", "new", "pr-*", "--extends", "staging")
    listed = app.ok("env", "list", "--format", "json").json()["environments"]
    rows = {e["name"]: (e["provider"], e["type"], e["extends"], e["pattern"]) for e in listed}
    assert rows["staging"] == ("fake", "test", None, False)
    assert rows["pr-*"] == ("fake", "test", "staging", True)
    assert "staging" in app.ok("env", "list").out
    assert app("env", "rm", "staging").code == 1
    app.ok("env", "rm", "pr-*")
    app.ok("env", "rm", "staging")
    assert file.read_text() == before


def test_env_rm_refuses_while_something_exists(applied: Tool) -> None:
    refused = applied("env", "rm", "local")
    assert refused.code == 1
    assert "`encore-infra destroy --env local` removes it" in refused.err
    applied.ok("destroy", "--yes", "--env", "local")
    applied.ok("env", "rm", "local")
    assert "local" in applied.ok("env", "list").out


def test_env_new_without_a_file(app: Tool) -> None:
    file = app.app / "encore.infra.yaml"
    file.unlink()
    app.ok("env", "new", "staging")
    assert file.read_text() == "environments:\n  staging: {provider: local}\n"


@pytest.mark.parametrize(
    ("name", "words", "has_id", "has_region"),
    [
        ("demo", (), False, True),
        ("demo", ("--provider", "local"), False, True),
        ("demo", ("--provider", "fake"), True, False),
        ("demo", ("--provider", "fake", "--region", "eu-north-1"), True, True),
        ("demo", ("--extends", "cloud"), True, True),
        ("demo", ("--extends", "nowhere"), True, False),
        ("pr-*", ("--provider", "fake"), True, False),
        ("pr-*", ("--extends", "cloud"), False, True),
        ("pr-*", ("--extends", "nowhere"), True, False),
        ("pr-*", ("--extends", "cloud", "--provider", "local"), False, True),
    ],
)
def test_env_new_in_a_cloud_has_an_id_and_asks_for_a_region(
    app: Tool, name: str, words: tuple[str, ...], has_id: bool, has_region: bool
) -> None:
    file = app.app / "encore.infra.yaml"
    file.write_text(
        "environments:\n  cloud: {provider: fake, region: eu-north-1, id: k3f9}\n"
        "  nowhere: {provider: fake}\n"
    )
    told = app.ok("env", "new", name, *words).out
    [entry] = [
        row for row in file.read_text().splitlines() if row.strip().startswith((name, f'"{name}'))
    ]
    assert (" id: " in entry) is has_id
    assert ("add one there, such as `region: eu-north-1`" not in told) is has_region


@pytest.mark.parametrize(
    ("words", "following"),
    [((), "plan --env demo"), (("--provider", "fake"), "plan --offline --env demo")],
)
def test_env_new_names_a_plan_that_works(app: Tool, words: tuple[str, ...], following: str) -> None:
    """A cloud is planned on this machine alone."""
    told = app.ok("env", "new", "demo", *words).out
    assert told.rstrip().endswith(following)
