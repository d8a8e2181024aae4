"""A disk that is full while an environment in AWS is worked on."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.aws_world import World
from tests.support.broken_app import HERE, THINGS, Running, broken_app, changes, made, running
from tests.support.disk import fill_up, small_disk
from tests.support.tool import Tool

MORE = "".join(
    f'export const t{number} = new Topic<{{ id: string }}>("t{number}", '
    '{ deliveryGuarantee: "at-least-once" });\n'
    for number in range(12)
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "200m") as made:
        yield made


def test_where_the_app_lies_nothing_is_begun_and_the_disk_is_named(aws: World, disk: Path) -> None:
    tool = broken_app(aws, disk / "app", {"mail/things.ts": THINGS})
    filler = fill_up(disk)
    for command in (("plan",), ("apply", "--yes")):
        failed = tool(*command, *HERE)
        assert failed.code == 1
        assert "Traceback" not in failed.text
        assert "No space left on device" in failed.err
        assert f"no room on the disk of {disk / 'app'}" in failed.err
        assert "free some space on that disk and run the command again" in failed.err
    assert made(aws) == []
    filler.unlink()
    tool.ok("apply", *HERE, "--yes")
    assert changes(tool) == 0


def test_where_the_app_lies_after_an_apply_nothing_is_forgotten(aws: World, disk: Path) -> None:
    """What is there already need not be written."""
    tool = broken_app(aws, disk / "app", {"mail/things.ts": THINGS})
    tool.ok("apply", *HERE, "--yes")
    filler = fill_up(disk)
    assert "No changes" in tool.ok("apply", *HERE, "--yes").out
    assert "No changes" in tool.ok("plan", *HERE).out
    filler.unlink()


def test_where_the_state_lies_it_is_waited_for(aws: World, disk: Path, tmp_path: Path) -> None:
    """Pulumi tries to write its state for minutes before it gives up; a disk that has room again
    meanwhile has lost nothing.
    """
    tool = _with_state(aws, tmp_path, disk)
    source = tool.app / "mail" / "things.ts"
    source.write_text(source.read_text() + MORE)
    with running(tool, "apply", "--yes") as command:
        _without_room(command, disk)
        told = command.end()
    assert told.code == 0, told.text
    assert changes(tool) == 0


def _without_room(command: Running, disk: Path) -> None:
    command.until("started")
    filler = fill_up(disk)
    with pytest.raises(subprocess.TimeoutExpired):
        command.process.wait(5)
    filler.unlink()


def test_where_the_state_lies_from_the_beginning_nothing_is_made(
    aws: World, disk: Path, tmp_path: Path
) -> None:
    tool = _with_state(aws, tmp_path, disk)
    filler = fill_up(disk)
    for command in ("plan", "apply"):
        failed = tool(command, *HERE, *(["--yes"] if command == "apply" else []))
        assert "Traceback" not in failed.text
    assert failed.code == 1
    assert f"the disk of {disk / 'state'}, where `state` is kept, has 0 MB of room" in failed.err
    assert made(aws) == []
    filler.unlink()
    tool.ok("apply", *HERE, "--yes")
    assert changes(tool) == 0


@pytest.mark.parametrize("left", [0, 500])
def test_a_state_that_was_cut_off_is_told_and_an_earlier_one_put_back(
    aws: World, tmp_path: Path, left: int
) -> None:
    """As docs/operations.md says it. Pulumi leaves such a file where the disk stays full."""
    tool = _with_state(aws, tmp_path, tmp_path)
    tool.ok("apply", *HERE, "--yes")
    (state,) = (tmp_path / "state").glob(".pulumi/stacks/*/cloud.json")
    state.write_bytes(state.read_bytes()[:left])
    before = len(made(aws))
    for words in (("plan",), ("apply", "--yes"), ("outputs",), ("status",), ("destroy", "--yes")):
        told = tool(*words, *HERE)
        assert told.code == 1, told.text
        assert "the state of cloud cannot be read" in told.err, told.err
        assert "docs/operations.md, The state is damaged" in told.err
    assert len(made(aws)) == before
    copies = (tmp_path / "state" / ".pulumi" / "backups").rglob("cloud.*.json")
    shutil.copy(max(copies), state)
    assert changes(tool) == 0


def _with_state(aws: World, tmp_path: Path, place: Path) -> Tool:
    """An app whose state lies in the folder ``state`` of ``place``."""
    tool = broken_app(aws, tmp_path / "app", {"mail/things.ts": THINGS})
    file = tool.app / "encore.infra.yaml"
    file.write_text(f"{file.read_text()}    state: {place / 'state'}\n")
    return tool
