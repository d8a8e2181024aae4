"""The engine asked whether it is our turn, which must leave everything as it is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pulumi
import pytest
from tests.support.aws_world import engine

from encore_provisioner.engine.command import Command
from encore_provisioner.engine.deployment import Backend, Deployment, Folders
from encore_provisioner.engine.turn import Turn
from encore_provisioner.errors import BusyError

WORD: Final = "correct horse"
LOCK: Final = {"pid": 7, "username": "bo", "hostname": "mill", "timestamp": "2026-01-02T03:04:05Z"}


def program() -> dict[str, Any]:
    kept = pulumi.ComponentResource("a:b:Kept", "kept", {}, pulumi.ResourceOptions(protect=True))
    kept.register_outputs({"size": 3})
    return {"function": {"name": "inside"}, "word": pulumi.Output.secret(WORD)}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    assert opened(folder).up(program, on_event=lambda _: None).failure is None
    return folder


def opened(folder: Path) -> Deployment:
    return Deployment(
        project="shop",
        stack="dev",
        backend=Backend(
            url=folder.as_uri(),
            secrets_provider="passphrase",
            variables={"PULUMI_CONFIG_PASSPHRASE": "none of yours"},
        ),
        folders=Folders(work=folder / "work", home=folder / "home"),
        command=Command(engine(), environ=os.environ),
    )


@pytest.fixture
def locked(kept: Path) -> Iterator[Path]:
    lock = kept / ".pulumi" / "locks" / "organization" / "shop" / "dev" / "another.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(json.dumps(LOCK))
    yield kept
    lock.unlink(missing_ok=True)


def test_what_is_there_stays_as_it_is(kept: Path) -> None:
    before = opened(kept).export()
    assert before.outputs["function"] == {"name": "inside"}
    assert [item.name for item in before.resources if item.protect] == ["kept"]
    Turn(environment="dev").come(opened(kept))
    assert opened(kept).export() == before
    assert not list((kept / ".pulumi" / "locks").rglob("*.json"))


def test_another_process_is_seen(locked: Path) -> None:
    assert opened(locked).touch().is_busy
    with pytest.raises(BusyError, match="dev is held by bo@mill, process 7"):
        Turn(environment="dev").come(opened(locked))


def test_where_nothing_was_applied_there_is_nobody_to_wait_for(tmp_path: Path) -> None:
    Turn(environment="dev").come(opened(tmp_path))
    assert not list(tmp_path.rglob("dev*"))
