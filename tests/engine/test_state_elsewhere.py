"""Pulumi's state outside AWS: a bucket of Google's."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from tests.support.aws_applied import ENVIRONMENT, change, tiny
from tests.support.aws_world import World
from tests.support.google_bucket import google_bucket
from tests.support.tool import Tool

ON = ("--env", ENVIRONMENT)


@pytest.fixture
def emptied(world: World) -> World:
    world.forget()
    return world


def test_a_bucket_of_google_keeps_the_state_for_every_machine(
    emptied: World, tmp_path: Path
) -> None:
    with google_bucket("acme-state") as bucket:
        tool = tiny(emptied, tmp_path / "app", {"state": "gs://acme-state/team"}, name="elsewhere")
        tool = dataclasses.replace(tool, env={**tool.env, **bucket.environ})
        assert "Plan: 18 to create" in tool.ok("plan", *ON).out
        assert all(key.endswith("/.pulumi/meta.yaml") for key in bucket.keys), "of Pulumi's CLI"

        assert basis(tool) == "nothing"

        tool.ok("apply", *ON, "--yes")
        assert bucket.keys
        assert all(key.startswith("team/elsewhere-preview-") for key in bucket.keys)
        (state,) = (key for key in bucket.keys if key.endswith(f"/{ENVIRONMENT}.json.gz"))
        assert "/.pulumi/stacks/elsewhere/" in state

        made_from = basis(tool)
        shutil.rmtree(tool.app / ".encore")
        assert "No changes" in tool.ok("plan", *ON).out
        change(tool, "tags", "{team: a}")
        assert basis(tool) == made_from
        tool.ok("apply", *ON, "--yes")
        assert basis(tool) not in (made_from, "nothing", "")
        assert "orders" in tool.ok("outputs", *ON).out

        tool.ok("destroy", *ON, "--yes", "--allow-data-loss", "secret/PayKey")
        assert not [key for key in bucket.keys if "/locks/" in key]
        assert "Plan: 18 to create" in tool.ok("plan", *ON).out


def basis(tool: Tool) -> str:
    """What a plan says that it is made from."""
    return str(tool.ok("plan", *ON, "--format", "json").json()["basis"])
