"""Each command's promise: what it prints where, what it changes, and its exit code."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from tests.functional.cli.conftest import with_env
from tests.support.tool import Tool

from encore_config import codec
from encore_config.diagnostics import Diagnostics
from encore_config.graph import Graph
from encore_config.plan import Plan

NO_CHANGES = "No changes."


def test_plan_without_changes_and_with(app: Tool) -> None:
    plan = app.ok("plan")
    assert "+ fake:database:Database orders" in plan.out
    assert "orders/db.ts:2" in plan.out
    assert plan.err == ""
    assert app("plan", "--detailed-exitcode").code == 2
    app.apply()
    assert app("plan", "--detailed-exitcode").code == 0
    assert NO_CHANGES in app.ok("plan").out


def test_a_failed_plan_is_1_with_detailed_exit_codes_too(broken: Tool) -> None:
    assert broken("plan", "--detailed-exitcode").code == 1


def test_plan_offline_says_so(app: Tool) -> None:
    assert "Offline: compared with the last known state" in app.ok("plan", "--offline").out
    assert app.ok("plan", "--offline", "--format", "json").json()["mode"] == "offline"


@pytest.mark.parametrize(
    ("form", "begins"),
    [("json", "{"), ("markdown", "### Plan for demo in local"), ("html", "<!doctype html>")],
)
def test_forms_of_a_plan(app: Tool, form: str, begins: str) -> None:
    assert app.ok("plan", "--format", form).out.startswith(begins)


def test_documents_have_their_types(app: Tool) -> None:
    codec.decode(app.ok("graph", "--format", "json").out.encode(), Graph)
    codec.decode(app.ok("plan", "--format", "json").out.encode(), Plan)
    codec.decode(app.ok("validate", "--format", "json").out.encode(), Diagnostics)


def test_graph_shows_what_it_can_read_and_fails(broken: Tool) -> None:
    for form in ("text", "json", "mermaid"):
        result = broken("graph", "--format", form)
        assert result.code == 1
        assert "orders" in result.out
        assert "orders/bad.ts:2:" in result.err
        assert "^" in result.err


def test_validate_tells_everything_in_one_run(broken: Tool) -> None:
    (broken.app / "encore.infra.yaml").write_text("environments: {local: {providr: fake}}\n")
    result = broken("validate")
    assert result.code == 1
    assert "orders/bad.ts:2:" in result.out
    assert "encore.infra.yaml:1:24" in result.out
    assert result.out.endswith("2 errors\n")
    assert result.err == ""
    document = broken("validate", "--format", "json").json()
    assert document["error"]["message"] == "2 errors"
    assert len(document["diagnostics"]) == 2
    annotations = broken("validate", "--format", "github").out.splitlines()
    assert [a.split(" ")[0] for a in annotations] == ["::error", "::error"]


def test_annotations_lead_from_the_repository(broken: Tool) -> None:
    inside = with_env(broken, GITHUB_WORKSPACE=str(broken.app.parent))
    assert "file=demo/orders/bad.ts" in inside("validate", "--format", "github").out


def test_validate_of_a_sound_app(app: Tool) -> None:
    assert app.ok("validate").out == "no findings\n"
    assert app.ok("validate", "--format", "json").json()["error"] is None
    assert app.ok("validate", "--format", "github").out == ""


@pytest.mark.parametrize("command", ["plan", "apply", "config"])
def test_errors_of_the_source_stop_before_anything(broken: Tool, command: str) -> None:
    result = broken(command)
    assert (result.code, result.out) == (1, "")
    assert "the app's source has errors (1 error); nothing was changed" in result.err
    assert not (broken.state / "state.json").exists()


def test_what_a_provider_cannot_do_stops_before_anything(app: Tool) -> None:
    result = with_env(app, FAKE_UNSUPPORTED="bucket")("apply", "--yes")
    assert (result.code, result.out) == (1, "")
    assert 'the fake provider has no bucket "receipts"' in result.err
    assert "orders/files.ts:2:" in result.err


def test_apply_creates_writes_the_runtime_config_and_says_what_is_next(app: Tool) -> None:
    result = app.apply()
    assert "Plan: 2 to create" in result.out
    assert "created fake:database:Database orders" in result.err
    assert "Applied 2 changes" in result.err
    assert ".encore/infra/local/: infra.config.json, runtime.pb, runtime.env" in result.err
    assert "encore-infra doctor" in result.err
    assert app.variables()["INFRA_SECRET_PayKey"] == "s3cret-value"
    assert app.infra()["hosted_services"] == ["orders"]
    modes = {
        p.name: stat.S_IMODE(p.stat().st_mode) for p in app.state.iterdir() if "runtime" in p.name
    }
    assert modes == {"runtime.env": 0o600, "runtime.pb": 0o644}


def test_a_second_apply_says_so_asks_nothing_and_touches_no_file(applied: Tool) -> None:
    before = {p.name: (p.read_bytes(), p.stat().st_ino) for p in applied.state.glob("*.*")}
    again = applied.ok("apply")
    assert NO_CHANGES in again.out
    assert "Applied" not in again.err
    kept = {p.name: (p.read_bytes(), p.stat().st_ino) for p in applied.state.glob("*.*")}
    written = ("infra.config.json", "runtime.pb", "runtime.env")
    assert {n: kept[n] for n in written} == {n: before[n] for n in written}


def test_lost_or_opened_files_are_put_back(applied: Tool) -> None:
    env = applied.state / "runtime.env"
    env.chmod(0o644)
    (applied.state / "infra.config.json").unlink()
    applied.ok("apply")
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert (applied.state / "infra.config.json").exists()


def test_apply_as_a_document(app: Tool) -> None:
    document = app.apply("--format", "json").json()
    assert document["schema"] == 1
    assert document["error"] is None
    assert document["plan"]["summary"]["create"] == 2
    assert document["outputs"]["ports"] == {"app": 20000}
    assert ".encore/infra/local/runtime.env" in document["files"]
    assert "s3cret-value" not in json.dumps(document)


def test_a_missing_secret_is_listed_by_plan_and_refused_by_apply(bare: Tool) -> None:
    plan = bare.ok("plan")
    assert "1 secret has no value" in plan.out
    assert "  encore-infra secret set PayKey\n" in plan.out
    refused = bare("apply", "--yes", "--env", "production")
    assert refused.code == 1
    assert "encore-infra secret set PayKey --env production" in refused.err
    assert not bare.state.exists()


def test_a_failed_step_is_told_and_the_next_apply_goes_on(app: Tool) -> None:
    failed = with_env(app, FAKE_STEP="bucket/receipts")("apply", "--yes")
    assert failed.code == 1
    assert "failed fake:bucket:Bucket receipts (0.25 s): no luck" in failed.err
    assert "error: bucket/receipts failed: no luck" in failed.err
    assert "2 | export const receipts" in failed.err
    assert not (app.state / "runtime.env").exists()
    assert app.apply("--format", "json").json()["plan"]["summary"]["create"] == 1


def test_a_busy_environment(app: Tool) -> None:
    busy = with_env(app, FAKE_BUSY="1")
    refused = busy("apply", "--yes")
    assert refused.code == 1
    assert "process 7 holds it" in refused.err
    assert "--lock-timeout" in refused.err
    busy.apply("--lock-timeout", "5")


@pytest.mark.parametrize(("times", "code"), [(1, 0), (2, 0), (3, 1)])
def test_a_plan_that_was_overtaken_is_made_anew(app: Tool, times: int, code: int) -> None:
    result = with_env(app, FAKE_STALE=str(times))("apply", "--yes")
    assert result.code == code
    assert result.err.count("planning again") == min(times, 2)


def test_a_plan_that_somebody_looked_at_is_not_made_anew(app: Tool, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    app.ok("plan", "--out", str(saved))
    result = with_env(app, FAKE_STALE="1")("apply", "--yes", "--plan", str(saved))
    assert result.code == 1
    assert "planning again" not in result.err


def test_new_ports_reach_the_provider(applied: Tool) -> None:
    applied.apply("--new-ports")
    assert applied.ok("outputs", "--format", "json").json()["outputs"]["ports"]["app"] == 20001


def lose_both(tool: Tool) -> None:
    for name in ("api.ts", "db.ts", "files.ts"):
        (tool.app / "orders" / name).unlink()


def test_lost_data_wants_every_name(applied: Tool) -> None:
    lose_both(applied)
    plan = applied.ok("plan")
    assert plan.out.count("DATA LOSS") == 3
    for allowed in ([], ["database/orders"], ["bucket/receipts"]):
        options = [word for name in allowed for word in ("--allow-data-loss", name)]
        refused = applied("apply", "--yes", *options)
        assert refused.code == 1
        missing = {"database/orders", "bucket/receipts"} - set(allowed)
        assert all(f"--allow-data-loss {name}" in refused.err for name in missing)
        assert applied.ok("plan", "--format", "json").json()["summary"]["delete"] == 2
    both = ("--allow-data-loss", "database/orders", "--allow-data-loss", "bucket/receipts")
    applied.apply(*both)
    assert NO_CHANGES in applied.ok("plan").out


def test_a_loss_that_is_none_is_refused_with_the_list(applied: Tool) -> None:
    (applied.app / "orders" / "api.ts").unlink()
    (applied.app / "orders" / "db.ts").unlink()
    refused = applied("apply", "--yes", "--allow-data-loss", "database/oders")
    assert refused.code == 1
    assert "names database/oders, but this plan loses database/orders" in refused.err


def test_a_saved_plan(app: Tool, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    app.ok("plan", "--out", str(saved))
    codec.decode(saved.read_bytes(), Plan)
    source = app.app / "orders" / "db.ts"
    source.write_text(f"// a comment moves every line\n{source.read_text()}")
    app.apply("--plan", str(saved))
    assert NO_CHANGES in app.ok("plan").out
    stale = app("apply", "--yes", "--plan", str(saved))
    assert stale.code == 1
    assert "the situation has changed since the plan was made: fake:bucket:Bucket" in stale.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--env", "production"), "other-plan", "is a plan for app demo, environment local"),
        (("--env", "local"), None, ""),
    ],
)
def test_a_plan_of_another_environment(
    app: Tool, tmp_path: Path, words: tuple[str, ...], code: str | None, told: str
) -> None:
    saved = tmp_path / "plan.json"
    app.ok("plan", "--out", str(saved))
    app.ok("secret", "set", "PayKey", "--env", "production", stdin="x")
    result = app("apply", "--yes", "--plan", str(saved), *words)
    assert result.code == (1 if code else 0)
    assert told in result.err


@pytest.mark.parametrize("content", ["", "{}", '{"schema": 2}', "\xff", None])
def test_what_is_no_plan(app: Tool, tmp_path: Path, content: str | None) -> None:
    saved = tmp_path / "plan.json"
    if content is not None:
        saved.write_bytes(content.encode("latin-1"))
    result = app("apply", "--yes", "--plan", str(saved), "--format", "json")
    assert result.code == 1
    assert result.json()["error"]["code"] == "bad-plan-file"


def test_an_offline_plan_is_not_carried_out(app: Tool, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    app.ok("plan", "--offline", "--out", str(saved))
    assert "was made with --offline" in app("apply", "--yes", "--plan", str(saved)).err


def test_config_in_its_three_forms(applied: Tool) -> None:
    infra = applied.ok("config", "--format", "infra").out
    assert infra == (applied.state / "infra.config.json").read_text()
    assert applied.ok("config").out == infra
    env = applied.ok("config", "--format", "env").out
    assert env == (applied.state / "runtime.env").read_text()
    assert "ENCORE_INFRA_CONFIG_PATH=" in env
    value = applied.ok("config", "--format", "runtime").out.strip()
    one = applied.ok("config", "--format", "env", "--service", "orders").out
    assert "ENCORE_RUNTIME_CONFIG=" in one
    assert "ENCORE_INFRA_CONFIG_PATH" not in one
    assert value


def test_config_of_an_unknown_service_and_before_an_apply(app: Tool) -> None:
    unknown = app("config", "--service", "oders")
    assert (unknown.code, unknown.out) == (1, "")
    assert "did you mean `orders`?" in unknown.err
    early = app("config")
    assert (early.code, early.out) == (1, "")


def test_stop_and_status(applied: Tool) -> None:
    assert "running" in applied.ok("status").out
    assert "stopped server" in applied.ok("stop").out
    assert "stopped" in applied.ok("status").out
    assert "Nothing was running." in applied.ok("stop").out
    assert applied.ok("stop", "--format", "json").json()["stopped"] == []


def test_status_of_nothing(bare: Tool) -> None:
    assert "`encore-infra apply` creates it" in bare.ok("status").out
    assert bare.ok("status", "--format", "json").json()["servers"] == []
    assert bare("outputs").code == 1


def test_commands_to_copy_name_the_app_and_the_environment(bare: Tool) -> None:
    outside = Tool(bare.app.parent, env=bare.env)
    told = outside.ok("status", "demo", "--env", "production").out
    assert "`encore-infra apply demo --env production`" in told
    assert "encore-infra secret set PayKey --app demo\n" in outside.ok("plan", "demo").out


def test_destroy_shows_all_and_leaves_nothing(applied: Tool) -> None:
    result = applied.ok("destroy", "--yes", "--env", "local")
    assert "DATA LOSS" in result.out
    assert result.out.endswith("Nothing is left of local.\n")
    again = applied.ok("destroy", "--yes", "--env", "local", "--format", "json").json()
    assert again["left"] == []


@pytest.mark.parametrize("words", [(), ("--env", "local"), ("--yes",)])
def test_destroy_wants_yes_and_the_name_without_a_terminal(
    applied: Tool, words: tuple[str, ...]
) -> None:
    result = applied("destroy", *words)
    assert result.code == 1
    assert "encore-infra destroy --env local --yes" in result.err
    assert applied.ok("plan", "--format", "json").json()["summary"]["create"] == 0


def test_destroy_of_production_wants_every_loss_by_name(app: Tool) -> None:
    app.ok("secret", "set", "PayKey", "--env", "production", stdin="x")
    app.apply("--env", "production")
    words = ("destroy", "--yes", "--env", "production", "--allow-data-loss", "database/orders")
    refused = app(*words)
    assert refused.code == 1
    assert "--allow-data-loss bucket/receipts" in refused.err
    app.ok(*words, "--allow-data-loss", "bucket/receipts")


def test_destroy_tells_what_is_left(applied: Tool) -> None:
    result = with_env(applied, FAKE_LEFT="a bucket named x")("destroy", "--yes", "--env", "local")
    assert result.code == 1
    assert "this is left:\n  a bucket named x\n" in result.err


def test_destroy_and_stop_do_not_need_a_sound_source(applied: Tool) -> None:
    (applied.app / "orders" / "bad.ts").write_text("const = ;")
    applied.ok("stop")
    applied.ok("destroy", "--yes", "--env", "local")


def test_nothing_is_written_beside_what_is_promised(applied: Tool) -> None:
    applied.ok("graph")
    applied.ok("validate")
    applied.ok("status")
    names = {str(p.relative_to(applied.app)) for p in applied.app.rglob("*") if p.is_file()}
    ours = {n for n in names if n.startswith(".encore" + os.sep)}
    kept = ("fake.json", "state.json", "infra.config.json", "runtime.pb", "runtime.env")
    assert ours == {f".encore/infra/local/{name}" for name in kept}
