"""What is different for a cloud: it remembers, waits for no secrets, and tells how steps went."""

from __future__ import annotations

import json

import pytest
from tests.functional.cli.conftest import with_env
from tests.support.fake_cloud import KEPT, WARNING
from tests.support.person import person
from tests.support.tool import Tool

CLOUD = ("--env", "cloud")


@pytest.fixture
def cloud(bare: Tool) -> Tool:
    """The app applied to a cloud, its secret not set."""
    bare.apply(*CLOUD)
    return bare


def test_apply_goes_on_without_secrets_and_says_so_at_the_end(bare: Tool) -> None:
    planned = bare.ok("plan", *CLOUD).out
    assert "1 secret has no value; once applied, set it:" in planned
    result = bare.apply(*CLOUD)
    assert "Applied 2 changes" in result.err
    reminder = result.err.index("1 secret has no value; set it before containers start:")
    assert result.err.index("Applied") < reminder < result.err.index("runtime config")
    assert "  encore-infra secret set PayKey --env cloud\n" in result.err
    assert "W9102" not in result.err


def test_what_comes_next_is_said_by_the_provider(cloud: Tool) -> None:
    told = Tool(cloud.app.parent, env=cloud.env).ok("apply", "demo", *CLOUD).err
    command = "encore-infra config --service orders demo --env cloud  (and for users)"
    assert f"a container     {command}\nby hand         open the door\n" in told
    assert "stop it" not in told


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_warnings_stand_in_every_form_of_a_plan(bare: Tool, form: str) -> None:
    assert WARNING in bare.ok("plan", *CLOUD, "--format", form).out


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_a_missing_secret_is_no_condition_in_any_form(bare: Tool, form: str) -> None:
    told = bare.ok("plan", *CLOUD, "--format", form).out
    assert "to be set once applied" in told
    assert "apply wants one first" not in told


def test_ports_are_not_chosen_everywhere(bare: Tool) -> None:
    refused = bare("apply", "--yes", "--new-ports", *CLOUD)
    assert (refused.code, refused.out) == (64, "")


def test_a_secret_has_a_place_after_an_apply_only(bare: Tool) -> None:
    refused = bare("secret", "set", "PayKey", *CLOUD, stdin="x")
    assert refused.code == 1
    assert "PayKey has no place yet" in refused.err
    bare.apply(*CLOUD)
    told = bare.ok("secret", "set", "PayKey", *CLOUD, stdin="x").out
    assert told == "PayKey is set in cloud; containers that start from now on get it.\n"
    assert "no value" not in bare.apply(*CLOUD).text


def test_refresh_says_what_is_otherwise_and_remembers_it(cloud: Tool) -> None:
    same = cloud.ok("refresh", *CLOUD)
    assert "No differences. 2 resources in cloud, all as remembered.\n" in same.out
    assert same.err == ""
    other = with_env(cloud, FAKE_DRIFT="bucket/receipts", FAKE_GONE="database/orders")
    found = other.ok("refresh", *CLOUD)
    assert 'versioned  false -> "by hand"' in found.out
    assert "- aws:database:Database  (is gone)" in found.out
    assert found.out.endswith("Found: 1 changed, 1 gone, 0 as remembered.\n")
    assert found.err == "`encore-infra plan --env cloud` shows what apply would make of it.\n"
    summary = cloud.ok("plan", *CLOUD, "--format", "json").json()["summary"]
    assert (summary["create"], summary["update"]) == (1, 1)


def test_refresh_as_a_document(cloud: Tool) -> None:
    other = with_env(cloud, FAKE_DRIFT="bucket/receipts")
    document = other.ok("refresh", *CLOUD, "--format", "json").json()
    assert (document["schema"], document["error"], document["diagnostics"]) == (1, None, [])
    assert document["plan"]["summary"]["update"] == 1


def test_a_refresh_that_fails_names_what_could_not_be_asked(cloud: Tool) -> None:
    failed = with_env(cloud, FAKE_STEP="bucket/receipts")("refresh", *CLOUD)
    assert failed.code == 1
    assert "error: could not check aws:bucket:Bucket bucket/receipts: no luck\n" in failed.err
    assert "Likely cause: there are enough of these." in failed.err
    assert "steps done" not in failed.err


def test_plan_refresh_sees_what_plan_does_not(cloud: Tool) -> None:
    other = with_env(cloud, FAKE_GONE="database/orders")
    assert other("plan", *CLOUD, "--detailed-exitcode").code == 0
    assert other("plan", *CLOUD, "--detailed-exitcode", "--refresh").code == 2
    assert other("plan", *CLOUD, "--detailed-exitcode").code == 0


def test_plan_refresh_and_offline_exclude_one_another(cloud: Tool) -> None:
    refused = cloud("plan", *CLOUD, "--refresh", "--offline", "--format", "json")
    assert refused.code == 64
    assert refused.json()["error"]["code"] == "usage"


def test_where_nothing_is_remembered_refresh_is_refused(app: Tool) -> None:
    refused = app("refresh", "--format", "json")
    assert refused.code == 1
    assert refused.json()["error"]["code"] == "nothing-to-refresh"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_failed_step_is_told_with_cause_place_and_what_is_done(bare: Tool, form: str) -> None:
    broken = with_env(bare, FAKE_STEP="database/orders")
    failed = broken("apply", "--yes", *CLOUD, "--format", form)
    assert failed.code == 1
    for told in (
        "error: could not create aws:database:Database database/orders: no luck\n",
        "Likely cause: there are enough of these.\n",
        "1 of 2 steps done: bucket/receipts.\n",
        "2 | export const db = new SQLDatabase",
        "hint: ask for more\n",
    ):
        assert told in failed.err
    if form == "json":
        assert failed.json()["error"]["code"] == "quota"
        rows = [json.loads(row) for row in failed.err.splitlines() if row.startswith("{")]
        assert [row["event"] for row in rows].count("failed") == 1
    assert not (bare.app / ".encore" / "infra" / "cloud" / "runtime.env").exists()
    assert "Applied 1 change" in bare.apply(*CLOUD).err


def test_a_failure_on_a_terminal_stands_below_the_picture(bare: Tool) -> None:
    with person(with_env(bare, FAKE_STEP="bucket/receipts"), "apply", *CLOUD) as someone:
        someone.until("Type yes to go on: ")
        someone.type("yes\n")
        assert someone.end() == 1
    assert "could not create aws:bucket:Bucket bucket/receipts: no luck" in someone.text


def test_what_is_cut_off_is_named(bare: Tool) -> None:
    cut = with_env(bare, FAKE_CUT="1")("apply", "--yes", *CLOUD)
    assert cut.code == 130
    assert "cut off, done or not: database/orders; the next apply goes on from there" in cut.err


def test_states_of_a_cloud_are_shown(cloud: Tool) -> None:
    rows = [line.split() for line in cloud.ok("status", *CLOUD).out.splitlines()]
    assert [row[2] for row in rows] == ["creating", "modifying", "deleting", "failed", "unknown"]
    servers = cloud.ok("status", *CLOUD, "--format", "json").json()["servers"]
    assert servers[0] == {
        "name": "server creating",
        "state": "creating",
        "endpoint": "",
        "detail": "in eu-north-1",
    }


def test_the_doctor_is_the_provider_s_where_it_has_one(cloud: Tool) -> None:
    (cloud.app / ".encore" / "infra" / "cloud" / "runtime.env").unlink()
    fine = cloud.ok("doctor", *CLOUD).out
    assert fine.startswith("ok    config runtime config")
    ill = with_env(cloud, FAKE_CHECK="database/orders")
    failed = ill("doctor", *CLOUD)
    assert failed.code == 1
    assert "FAIL  database orders" in failed.out
    assert failed.out.endswith("1 of 2 checks failed\n")
    document = ill("doctor", *CLOUD, "--format", "json").json()
    assert document["error"]["code"] == "doctor-failed"
    assert [check["ok"] for check in document["checks"]] == [True, False]


def test_destroy_says_what_is_kept_and_takes_the_runtime_config_away(cloud: Tool) -> None:
    folder = cloud.app / ".encore" / "infra" / "cloud"
    assert (folder / "runtime.env").exists()
    result = cloud.ok("destroy", "--yes", *CLOUD)
    assert result.out.index("Resources by declaration") < result.out.index(f"Kept:\n  {KEPT}\n")
    assert result.out.endswith(f"Nothing is left of cloud but what is kept:\n  {KEPT}\n")
    assert not list(folder.glob("*runtime*"))
    assert not (folder / "infra.config.json").exists()


def test_destroy_as_a_document_has_what_is_kept(cloud: Tool) -> None:
    document = cloud.ok("destroy", "--yes", *CLOUD, "--format", "json").json()
    assert document["plan"]["kept"] == [KEPT]
    assert document["left"] == []


def test_while_something_is_left_the_runtime_config_stays(cloud: Tool) -> None:
    failed = with_env(cloud, FAKE_LEFT="a bucket named x")("destroy", "--yes", *CLOUD)
    assert failed.code == 1
    assert "this is left:\n  a bucket named x\n" in failed.err
    assert (cloud.app / ".encore" / "infra" / "cloud" / "runtime.env").exists()


def test_an_environment_that_was_applied_from_here_is_in_use(cloud: Tool) -> None:
    folder = cloud.app / ".encore" / "infra" / "cloud"
    for path in folder.iterdir():
        if path.name != "runtime.env":
            path.unlink()
    (found,) = [
        item
        for item in cloud.ok("env", "list", "--format", "json").json()["environments"]
        if item["name"] == "cloud"
    ]
    assert found["state"] is True
    assert cloud("env", "rm", "cloud").code == 1
    cloud.ok("destroy", "--yes", *CLOUD)
    cloud.ok("env", "rm", "cloud")
