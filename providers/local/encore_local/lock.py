"""One change at a time for each environment.

In: the lock's path, the command and how long to wait. Out: a context in which no other process
holds the environment, or ``BusyError`` naming who does. The kernel holds the lock, so it goes
with its process, however that ends; what stands in the file is only for people.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from encore_config.document import Value
from encore_local.files import PRIVATE_FILE, clear_errors
from encore_provisioner.errors import BusyError
from encore_provisioner.waiting import OnWait

_PATIENCE = 0.05


class Holder(Value, frozen=True, kw_only=True):
    """Who holds an environment; ``since`` is ISO 8601 in UTC."""

    pid: int
    command: str
    since: str


@contextlib.contextmanager
def hold(
    path: Path, *, command: str, timeout: float = 0.0, on_wait: OnWait = lambda _: None
) -> Iterator[None]:
    """Hold the environment for the length of the block; wait up to ``timeout`` seconds for it.

    ``on_wait`` is told once who is waited for.
    Raises ``BusyError`` (code ``busy``) while another process holds it. Its folder must exist.
    """
    with clear_errors(path, "open the lock"):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        _acquire(descriptor, path, timeout, on_wait)
        with clear_errors(path, "write"):
            _write_holder(descriptor, command)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, timeout: float, on_wait: OnWait) -> None:
    deadline = time.monotonic() + timeout
    is_told = False
    while not _try_lock(descriptor):
        if time.monotonic() >= deadline:
            raise _busy(path)
        if not is_told:
            on_wait(
                f"waiting up to {timeout:g} s for {_holder(path)}: {path.parent.name} is in use"
            )
            is_told = True
        time.sleep(_PATIENCE)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_holder(descriptor: int, command: str) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    holder = Holder(pid=os.getpid(), command=command, since=now)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, msgspec.json.encode(holder) + b"\n", 0)


def read_holder(path: Path) -> Holder | None:
    """Who wrote the lock file last; None where it does not say (it is being written)."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None


def _holder(path: Path) -> str:
    holder = read_holder(path)
    return (
        f"process {holder.pid} ({holder.command}) since {holder.since}"
        if holder
        else "another process"
    )


def _busy(path: Path) -> BusyError:
    return BusyError(
        f"the environment in {path.parent} is in use by {_holder(path)}",
        code="busy",
        hint="Wait for it to end, or wait here with --lock-timeout SECONDS.",
    )
