"""``migrate``: what is pending is shown before anybody is asked, and only that runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.functional.cli.conftest import BROKEN, with_env
from tests.support.person import person
from tests.support.tool import Tool

CLOUD = ("--env", "cloud")
PENDING = """\
orders  nothing has run, 2 pending
  + 1_create.up.sql
  + 2_tidy.up.sql
      deletes data: DROP TABLE old
      deletes data: DELETE FROM orders WHERE id = 3

2 migrations are pending.
"""


@pytest.fixture
def cloud(bare: Tool) -> Tool:
    """Applied to a cloud that leaves migrations to the command."""
    text = "DROP TABLE old;\nDELETE FROM orders\n  WHERE id = 3;\n"
    (bare.app / "orders" / "migrations" / "2_tidy.up.sql").write_text(text)
    bare.apply(*CLOUD)
    return bare


def database(tool: Tool) -> Any:
    (found,) = tool("migrate", "--status", *CLOUD, "--format", "json").json()["databases"]
    return found


def test_status_shows_all_and_runs_nothing(cloud: Tool) -> None:
    for _ in range(2):
        result = cloud.ok("migrate", "--status", *CLOUD)
        assert (result.out, result.err) == (PENDING, "")
    assert database(cloud) == {
        "name": "orders",
        "exists": True,
        "version": None,
        "dirty": False,
        "applied": [],
        "pending": [
            {"filename": "1_create.up.sql", "destructive": []},
            {
                "filename": "2_tidy.up.sql",
                "destructive": ["DROP TABLE old", "DELETE FROM orders WHERE id = 3"],
            },
        ],
        "adopted": [],
    }


def test_what_ran_is_told(cloud: Tool) -> None:
    result = cloud.ok("migrate", "--yes", *CLOUD)
    assert result.out == PENDING
    assert "created cloud:Migration database/orders#1_create.up.sql" in result.err
    assert "Ran 2 migrations in " in result.err
    again = cloud.ok("migrate", *CLOUD)
    assert again.out == "orders  at version 2, 2 applied\n\nEvery migration has run.\n"
    assert again.err == ""


def test_as_a_document(cloud: Tool) -> None:
    document = cloud.ok("migrate", "--yes", *CLOUD, "--format", "json").json()
    assert document["error"] is None
    assert document["ran"] == ["orders/1_create.up.sql", "orders/2_tidy.up.sql"]
    assert document["databases"][0]["version"] == 2
    again = cloud.ok("migrate", "--yes", *CLOUD, "--format", "json")
    assert again.json()["ran"] == []
    assert again.err == ""


@pytest.mark.parametrize(("answer", "code"), [("yes\n", 0), ("no\n", 1)])
def test_a_person_is_asked(cloud: Tool, answer: str, code: int) -> None:
    with person(cloud, "migrate", *CLOUD) as someone:
        someone.until("Run this in cloud? Type yes to go on: ")
        assert "deletes data: DROP TABLE old" in someone.text
        someone.type(answer)
        assert someone.end() == code
    assert len(database(cloud)["pending"]) == (0 if code == 0 else 2)


def test_where_nobody_can_be_asked_nothing_runs(cloud: Tool) -> None:
    refused = cloud("migrate", *CLOUD, "--format", "json")
    assert refused.code == 1
    assert refused.json()["error"]["code"] == "not-confirmed"
    assert len(database(cloud)["pending"]) == 2


def test_a_database_that_is_not_there_is_apply_s_to_make(bare: Tool) -> None:
    refused = bare("migrate", "--yes", *CLOUD)
    assert refused.code == 1
    assert "orders  not there yet, 1 pending" in refused.out
    assert "`encore-infra apply --env cloud` makes databases" in refused.err
    bare.ok("migrate", "--status", *CLOUD)


def test_a_problem_stops_all_and_fails_the_status(cloud: Tool) -> None:
    ill = with_env(cloud, FAKE_PROBLEM="orders")
    for words in (("--yes",), ("--status",)):
        result = ill("migrate", *words, *CLOUD)
        assert result.code == 1
        assert result.err.count("error[E9001]: a file was changed\n --> orders/db.ts:2:19") == 1
        document = ill("migrate", *words, *CLOUD, "--format", "json").json()
        assert document["error"]["code"] == "migrations-refused"
        assert [found["code"] for found in document["diagnostics"]] == ["E9001"]
    assert database(cloud)["applied"] == []


def test_one_that_fails_is_explained_and_those_before_it_stay(cloud: Tool) -> None:
    failed = with_env(cloud, FAKE_STEP="2_tidy.up.sql")("migrate", "--yes", *CLOUD)
    assert failed.code == 1
    assert "could not create cloud:Migration database/orders#2_tidy.up.sql: no luck" in failed.err
    assert "The next migrate goes on from there." in failed.err
    assert database(cloud)["applied"] == ["1_create.up.sql"]


def test_a_program_hears_of_each(cloud: Tool) -> None:
    done = cloud.ok("migrate", "--yes", *CLOUD, "--format", "json")
    events = [json.loads(row) for row in done.err.splitlines() if row.startswith("{")]
    assert [event["event"] for event in events] == ["started", "done", "started", "done", "ended"]


def test_an_app_without_migrations(bare: Tool) -> None:
    (bare.app / "orders" / "db.ts").unlink()
    (bare.app / "orders" / "api.ts").unlink()
    assert bare.ok("migrate", "--status", *CLOUD).out == "The app has no migrations.\n"


def test_errors_of_the_source_stop_a_run_but_not_the_status(cloud: Tool) -> None:
    (cloud.app / "orders" / "bad.ts").write_text(BROKEN)
    assert cloud("migrate", "--yes", *CLOUD).code == 1
    assert "2 pending" in cloud.ok("migrate", "--status", *CLOUD).out
