"""A program as the Automation API runs it, beside the engine, and its end.

The SDK runs it in an event loop of its own, in a thread of its own. Where the operation fails it
leaves the program in the midst of its work and the loop open: two file descriptors for each
failure, and Python tells of a coroutine that was never finished whenever it finds it. So whoever
runs an operation ends here what the SDK left.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from encore_provisioner.engine.recording import Program, export

_PATIENCE = 5.0
"""Seconds for which the SDK is given time to end the program by itself."""
_SETTLED = 0.2
"""A loop that has stood still for so many seconds is nobody's any more."""
_TURN = 0.01
_TRIES = 5
"""Any answer of the engine's that is still missing stops the loop once more."""


@contextmanager
def inline(program: Program) -> Iterator[Callable[[], None]]:
    """What the engine may call to run ``program``, with its outputs as those of the stack.

    When this is left, no loop is open in which it ran, but for one that is still busy.
    """
    loops: list[asyncio.AbstractEventLoop] = []

    def run() -> None:
        loops.append(asyncio.get_running_loop())
        export(program)

    try:
        yield run
    finally:
        for loop in loops:
            if _stands_still(loop):
                _end(loop)


def _stands_still(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether it is open and left alone; after ``_PATIENCE`` at most."""
    now = since = time.monotonic()
    deadline = now + _PATIENCE
    while not loop.is_closed() and now < deadline:
        if loop.is_running():
            since = now
        elif now - since >= _SETTLED:
            return True
        time.sleep(_TURN)
        now = time.monotonic()
    return False


def _end(loop: asyncio.AbstractEventLoop) -> None:
    for _ in range(_TRIES):
        tasks = asyncio.all_tasks(loop)
        if not tasks:
            break
        for task in tasks:
            task.cancel()
        with suppress(RuntimeError):  # stopped before all of them had ended
            loop.run_until_complete(asyncio.wait(tasks))
    loop.close()
