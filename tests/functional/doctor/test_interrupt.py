"""Ctrl-C in the middle of the checks: the doctor stops, and nothing of it stays in the servers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
from tests.functional.doctor.conftest import World

from encore_provisioner.emit import render_env

PROGRAM = Path(__file__).with_name("interrupted.py")


def write_state(world: World, folder: Path) -> Path:
    """What apply writes, for the world's config."""
    config = folder / "infra.config.json"
    config.write_bytes(msgspec.json.encode(world.config))
    variables = {**world.environ, "ENCORE_INFRA_CONFIG_PATH": str(config)}
    (folder / "runtime.env").write_text(render_env(variables))
    return folder


def test_an_interrupt_leaves_nothing_behind(world: World, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(write_state(world, tmp_path))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        seen: set[str] = set()
        while process.stdout and seen != {"reading", "receiving"}:
            line = process.stdout.readline()
            assert line, "it ended before it was interrupted"
            seen.add(line.strip())
        assert len(world.leftovers()) >= 3  # a topic, a queue, an object
        process.send_signal(signal.SIGINT)
        interrupted = time.monotonic()
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "")
    assert time.monotonic() - interrupted < 5
    assert world.leftovers() == []
