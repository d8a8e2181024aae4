"""``plan --offline --against FILE``: the difference to an earlier plan, as for a pull request."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.tool import Tool

OTHER = (
    'import { Bucket } from "encore.dev/storage/objects";\n'
    'export const invoices = new Bucket("invoices");\n'
)


@pytest.fixture
def earlier(app: Tool, tmp_path: Path) -> str:
    """The file of a plan of the app as it is."""
    file = tmp_path / "earlier.json"
    app.ok("plan", "--offline", "--out", str(file))
    return str(file)


def test_nothing_differs(app: Tool, earlier: str) -> None:
    plan = app.ok("plan", "--offline", "--against", earlier, "--detailed-exitcode")
    assert "Offline: compared with an earlier plan" in plan.out
    assert "No changes. 2 resources in local, as in the earlier plan." in plan.out


def test_what_differs_is_told_and_counted(app: Tool, earlier: str, tmp_path: Path) -> None:
    (app.app / "orders" / "files.ts").write_text(OTHER)
    api = app.app / "orders" / "api.ts"
    api.write_text(api.read_text().replace("receipts", "invoices"))
    words = ("plan", "--offline", "--against", earlier)
    changed = app(*words, "--detailed-exitcode")
    assert changed.code == 2
    assert "+ fake:bucket:Bucket invoices" in changed.out
    assert "DATA LOSS: bucket/receipts is no longer declared" in changed.out
    assert "--allow-data-loss bucket/receipts" in changed.out
    out = tmp_path / "changed.json"
    document = app.ok(*words, "--format", "json", "--out", str(out))
    assert out.read_text() == document.out
    found = document.json()
    assert found["against"] == "plan"
    assert found["summary"] == {"create": 1, "update": 0, "replace": 0, "delete": 1, "same": 1}


def test_a_comparison_is_not_compared_with(app: Tool, earlier: str, tmp_path: Path) -> None:
    compared = str(tmp_path / "compared.json")
    app.ok("plan", "--offline", "--against", earlier, "--out", compared)
    refused = app("plan", "--offline", "--against", compared, "--format", "json")
    assert refused.code == 1
    assert refused.json()["error"]["code"] == "plan-is-a-comparison"
    assert "without --against" in refused.json()["error"]["hint"]
    apply = app("apply", "--yes", "--plan", compared)
    assert apply.code == 1
    assert "was made with --offline" in apply.err


def test_the_plan_of_another_environment_is_refused(app: Tool, earlier: str) -> None:
    refused = app("plan", "--env", "production", "--offline", "--against", earlier)
    assert refused.code == 1
    assert "the earlier plan is for app demo, environment local, provider fake" in refused.err


@pytest.mark.parametrize("content", [None, "", "{}", '{"schema": 2}', "[]", "\xff"])
def test_what_is_no_plan_is_refused(app: Tool, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "earlier.json"
    if content is not None:
        file.write_bytes(content.encode("latin-1"))
    refused = app("plan", "--offline", "--against", str(file))
    assert refused.code == 1
    assert f"{file} is no plan" in refused.err


def test_only_an_offline_plan_is_compared_so(app: Tool, earlier: str) -> None:
    refused = app("plan", "--against", earlier, "--format", "json", "--detailed-exitcode")
    assert refused.code == 64
    assert refused.json()["error"]["code"] == "usage"
    assert "add --offline" in refused.json()["error"]["hint"]


def test_the_provider_local_knows_its_state_itself(app: Tool, earlier: str) -> None:
    (app.app / "encore.infra.yaml").write_text("environments: {local: {provider: local}}\n")
    refused = app("plan", "--offline", "--against", earlier)
    assert refused.code == 1
    assert "compares with its own state" in refused.err
    assert "leave --against out" in refused.err
