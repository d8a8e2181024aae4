"""The lock between processes: it goes with its holder, however that ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from encore_local.lock import hold
from encore_provisioner.errors import BusyError

HOLDER = """
import subprocess, sys, time
from pathlib import Path
from encore_local.lock import hold
with hold(Path(sys.argv[1]), command="encore-infra apply"):
    child = subprocess.Popen(["sleep", "60"], start_new_session=True, close_fds=False)
    print(child.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock and has started a server, which is still there after it."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        server = process.stdout.readline().strip()
        yield process
        process.kill()
        subprocess.run(["kill", "-9", server], check=True)


def test_a_busy_environment_names_its_holder(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with pytest.raises(BusyError) as caught, hold(tmp_path / "lock", command="x", timeout=0.1):
        pytest.fail("two at a time")
    assert f"process {holder.pid} (encore-infra apply) since 20" in caught.value.message


def test_kill_9_frees_it_although_a_server_lives_on(
    holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    holder.kill()
    holder.wait(10)
    with hold(tmp_path / "lock", command="x"):
        pass
