"""The servers as other users: the same tests, once more as somebody else."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.users import PLAIN_USER, ROOT, as_plain_user, plain_python

NEEDS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0,
    reason="CANNOT RUN: only root can become another user; all other tests run as an ordinary one",
)
SELECTED = (
    "test_postgres_server.py::test_the_first_start",
    "test_postgres_server.py::test_no_folder_above_is_changed",
    "test_postgres_server.py::test_rows_survive_kill_9",
    "test_postgres_server.py::test_after_a_reboot_all_rows_are_there",
    "test_postgres_server.py::test_a_copied_folder_is_not_the_original",
    "test_postgres_server.py::test_a_lost_or_older_secret_store_does_not_lock_us_out",
    "test_all_servers.py::test_each_one_that_was_killed_is_noticed_and_only_it_is_started",
    "test_aws_server.py::test_names_metadata_and_versions_survive_too",
)
NOT_AS_ROOT = ("test_disk.py::test_a_folder_of_somebody_else_is_named",)


def selection(python: str, folder: Path, names: tuple[str, ...]) -> list[str]:
    here = Path(__file__).parent.relative_to(ROOT)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--basetemp={folder / 'tests'}"]
    return [python, "-m", "pytest", *options, *(str(here / name) for name in names)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an ordinary user can reach; pytest's own are for their owner alone."""
    with tempfile.TemporaryDirectory(prefix="encore-infra-") as name:
        os.chown(name, PLAIN_USER, PLAIN_USER)
        yield Path(name)


@NEEDS_ROOT
def test_as_an_ordinary_user(folder: Path) -> None:
    python = plain_python(folder)
    if python is None:
        pytest.skip(
            f"CANNOT RUN: no Python {sys.version_info.major}.{sys.version_info.minor} on this "
            "machine that a user other than root may run"
        )
    done = as_plain_user(selection(python, folder, SELECTED + NOT_AS_ROOT), folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


@NEEDS_ROOT
@pytest.mark.skipif(sys.platform != "linux", reason="CANNOT RUN: namespaces are Linux's")
def test_as_root_where_user_namespaces_are_forbidden(tmp_path: Path) -> None:
    tool = [sys.executable, "-m", "tests.support.users"]
    command = [*tool, *selection(sys.executable, tmp_path / "closed", SELECTED)]
    (tmp_path / "closed").mkdir(mode=0o700)
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode == 77:
        pytest.skip("CANNOT RUN: this machine forbids user namespaces, so all tests ran like that")
    assert done.returncode == 0, done.stdout + done.stderr
    owners = {path.stat().st_uid for path in (tmp_path / "closed").rglob("data/postgres")}
    assert owners == {PLAIN_USER}
