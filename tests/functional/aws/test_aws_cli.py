"""The provider ``aws`` on the command line: what it plans, and what it refuses to do yet."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.schemas import own_validator
from tests.support.tool import SHOP, Tool, copy_app

OFFLINE = ("plan", "--env", "production", "--offline")


@pytest.fixture
def shop(tmp_path: Path) -> Tool:
    """A copy of the example, with a cache of its own and no credentials."""
    cache = {"ENCORE_INFRA_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    return Tool(copy_app(SHOP, tmp_path / "shop"), env=cache)


def test_the_plan_in_every_format(shop: Tool) -> None:
    text = shop.ok(*OFFLINE)
    assert "bucket/invoices" in text.out
    assert "to create, 0 to update, 0 to delete, 0 unchanged" in text.out
    assert shop.ok(*OFFLINE, "--format", "markdown").out.startswith("#")
    assert shop.ok(*OFFLINE, "--format", "html").out.lstrip().startswith("<!doctype html>")
    document = shop.ok(*OFFLINE, "--format", "json")
    own_validator("plan").validate(document.json())
    assert document.json()["mode"] == "offline"
    assert document.err == ""


def test_a_second_plan_is_the_same_byte_by_byte_and_from_the_cache(
    shop: Tool, tmp_path: Path
) -> None:
    first = shop.ok(*OFFLINE, "--format", "json")
    kept = sorted((tmp_path / "cache" / "plans").iterdir())
    second = shop.ok(*OFFLINE, "--format", "json")
    assert second.out == first.out
    assert sorted((tmp_path / "cache" / "plans").iterdir()) == kept


def test_no_credentials_and_no_plugin_are_asked_for(shop: Tool) -> None:
    """Neither PATH nor a region or key in the environment."""
    bare = Tool(shop.app, env={**shop.env, "PATH": ""})
    assert bare.ok(*OFFLINE, "--format", "json").json()["summary"]["create"] > 100


def test_a_changed_app_is_compared_with_an_earlier_plan(shop: Tool, tmp_path: Path) -> None:
    former = str(tmp_path / "former.json")
    shop.ok(*OFFLINE, "--out", former)
    unchanged = shop.ok(*OFFLINE, "--against", former, "--detailed-exitcode")
    assert "No changes" in unchanged.out
    invoices = shop.app / "orders" / "invoices.ts"
    source = invoices.read_text()
    assert "versioned: true" in source
    invoices.write_text(source.replace("versioned: true", "versioned: false"))
    changed = shop(*OFFLINE, "--against", former, "--detailed-exitcode", "--format", "json")
    assert changed.code == 2
    document = changed.json()
    assert document["summary"] == {"create": 0, "update": 1, "replace": 0, "delete": 1, "same": 138}
    lost = [item for item in document["permissions"] if item["change"] == "lost"]
    assert {action for item in lost for action in item["actions"]} == {"s3:GetObjectVersion"}


@pytest.mark.parametrize(
    "command",
    [
        ("plan",),
        ("apply", "--yes"),
        ("destroy", "--yes"),
        ("outputs",),
        ("status",),
        ("config", "--format", "env"),
        ("secret", "list"),
    ],
    ids=" ".join,
)
def test_what_needs_aws_says_that_there_are_no_credentials_and_where_they_are_looked_for(
    shop: Tool, command: tuple[str, ...]
) -> None:
    nobody = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }
    tool = replace(shop, env=nobody)
    result = tool(*command, "--env", "production")
    assert result.code == 1
    assert "there are no credentials for AWS" in result.err
    assert "AWS_PROFILE" in result.err
    assert "Traceback" not in result.text
    if "--format" not in command:
        as_json = tool(*command, "--env", "production", "--format", "json")
        assert as_json.code == 1
        assert json.loads(as_json.out)["error"]["code"] == "aws-no-credentials"


def test_stop_is_not_for_a_cloud(shop: Tool) -> None:
    result = shop("stop", "--env", "production")
    assert result.code == 1
    assert "paid for until they are deleted" in result.err


def test_every_mistake_in_the_settings_is_told_at_once(shop: Tool) -> None:
    (shop.app / "encore.infra.yaml").write_text(
        "environments:\n"
        "  production:\n"
        "    provider: aws\n"
        "    region: nowhere\n"
        "    trust: somebody\n"
    )
    result = shop(*OFFLINE)
    assert result.code == 1
    assert "nowhere" in result.err
    assert "somebody" in result.err


def test_a_setting_of_what_the_app_does_not_declare_is_an_error_with_a_suggestion(
    shop: Tool,
) -> None:
    path = shop.app / "encore.infra.yaml"
    path.write_text(
        "environments:\n"
        "  production:\n"
        "    provider: aws\n"
        "    region: eu-north-1\n"
        "    databases: {ordres: {size: db.m7g.large}}\n"
        "    adopt: {buckets: {invoice: acme-invoices}}\n"
    )
    result = shop(*OFFLINE)
    assert result.code == 1
    assert "environments.production.databases.ordres" in result.err
    assert "did you mean `orders`?" in result.err
    assert "environments.production.adopt.buckets.invoice" in result.err
    assert "E9202" in result.err


def test_a_pattern_makes_an_environment_for_each_pull_request(shop: Tool) -> None:
    one, two = (
        shop.ok("plan", "--env", name, "--offline", "--format", "json").json()
        for name in ("pr-41", "pr-42")
    )
    names = [
        {
            item["after"]
            for step in plan["steps"]
            for item in step["diff"]
            # A database inside a server is called as the app calls it.
            if step["type"].startswith("aws:")
            and item["path"] in ("name", "bucket", "identifier")
            and isinstance(item["after"], str)
        }
        for plan in (one, two)
    ]
    assert names[0]
    assert not names[0] & names[1]
