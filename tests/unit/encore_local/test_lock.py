"""One holder at a time, and everybody can see who."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from encore_local.lock import Holder, hold, read_holder
from encore_provisioner.errors import BusyError, InfraError


def test_the_file_names_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with hold(path, command="encore-infra apply"):
        holder = read_holder(path)
    assert holder is not None
    assert (holder.pid, holder.command) == (os.getpid(), "encore-infra apply")
    assert len(holder.since) == len("2030-01-01T00:00:00Z")


def test_a_second_one_is_refused_at_once_and_told_who_and_since_when(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with hold(path, command="encore-infra apply"):
        holder = read_holder(path)
        assert holder is not None
        with pytest.raises(BusyError) as caught, hold(path, command="encore-infra stop"):
            pytest.fail("two at a time")
    assert caught.value.code == "busy"
    assert f"process {os.getpid()} (encore-infra apply)" in caught.value.message
    assert holder.since in caught.value.message
    assert caught.value.hint is not None
    assert "--lock-timeout" in caught.value.hint


def test_a_waiting_one_gets_it_as_soon_as_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    held, leave = threading.Event(), threading.Event()

    def first() -> None:
        with hold(path, command="first"):
            held.set()
            leave.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    held.wait(10)
    threading.Timer(0.2, leave.set).start()
    begun, words = time.monotonic(), list[str]()
    with hold(path, command="second", timeout=10, on_wait=words.append):
        waited = time.monotonic() - begun
    thread.join()
    assert 0.1 < waited < 5
    (said,) = words
    assert said.startswith(f"waiting up to 10 s for process {os.getpid()} (first) since 20")
    assert said.endswith(f": {tmp_path.name} is in use")


def test_a_waiting_one_gives_up(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        hold(path, command="first"),
        pytest.raises(BusyError),
        hold(path, command="second", timeout=0.1),
    ):
        pytest.fail("two at a time")


def test_it_is_free_again_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(KeyError), hold(path, command="first"):
        raise KeyError
    with hold(path, command="second"):
        assert isinstance(read_holder(path), Holder)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]"])
def test_an_unreadable_holder_is_just_another_process(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lock"
    with hold(path, command="first"):
        path.write_bytes(content)
        with pytest.raises(BusyError, match="another process"), hold(path, command="second"):
            pytest.fail("two at a time")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InfraError, match="none"), hold(tmp_path / "none" / "lock", command="x"):
        pytest.fail("no lock")
