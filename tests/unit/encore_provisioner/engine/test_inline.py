"""The end of a program that Pulumi's SDK left in the midst of its work."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from encore_provisioner.engine.inline import inline


class Sdk:
    """Runs a program as the SDK does: in a loop in a thread, and waits for the engine's answers."""

    def __init__(self, wait: Callable[[Sdk], Coroutine[Any, Any, None]]) -> None:
        self._wait = wait
        self.loop = asyncio.new_event_loop()
        self.said: list[str] = []

    def start(self, run: Callable[[], None], *, closes: bool = False) -> threading.Thread:
        thread = threading.Thread(target=self._run, args=(run, closes), daemon=True)
        thread.start()
        return thread

    def _run(self, run: Callable[[], None], closes: bool) -> None:
        with suppress(RuntimeError):  # stopped
            self.loop.run_until_complete(self._program(run))
        if closes:
            self.loop.close()

    async def _program(self, run: Callable[[], None]) -> None:
        run()
        try:
            await self._wait(self)
        finally:
            await asyncio.sleep(0)
            self.said.append("ended")


async def forever(sdk: Sdk) -> None:
    sdk.loop.call_later(0.05, sdk.loop.stop)
    await asyncio.Event().wait()


async def not_at_all(_: Sdk) -> None:
    pass


async def stopped_again(sdk: Sdk) -> None:
    """A second answer that is missing stops the loop while it is being ended."""
    sdk.loop.call_later(0.05, sdk.loop.stop)
    try:
        await asyncio.Event().wait()
    finally:
        sdk.loop.stop()
        await asyncio.sleep(0)


def seconds_to_leave(sdk: Sdk, **options: bool) -> float:
    with inline(dict) as run:
        sdk.start(run, **options).join()
        began = time.monotonic()
    return time.monotonic() - began


def test_what_was_left_in_the_midst_comes_to_its_end() -> None:
    sdk = Sdk(forever)
    seconds_to_leave(sdk)
    assert sdk.loop.is_closed()
    assert sdk.said == ["ended"]


def test_also_where_it_is_stopped_once_more() -> None:
    sdk = Sdk(stopped_again)
    seconds_to_leave(sdk)
    assert sdk.loop.is_closed()
    assert sdk.said == ["ended"]


def test_what_ended_by_itself_is_not_waited_for() -> None:
    sdk = Sdk(not_at_all)
    assert seconds_to_leave(sdk, closes=True) < 0.15
    assert sdk.said == ["ended"]


def test_one_that_is_at_work_is_given_time() -> None:
    async def a_while(_: Sdk) -> None:
        await asyncio.sleep(0.5)

    sdk = Sdk(a_while)
    with inline(dict) as run:
        thread = sdk.start(run, closes=True)
        time.sleep(0.1)
    assert sdk.loop.is_closed()
    thread.join()
    assert sdk.said == ["ended"]


def test_a_call_that_hangs_in_a_thread_does_not_keep_us() -> None:
    """A registration is a call in a thread of the loop's; its answer may never come."""
    answer = threading.Event()

    async def hangs(sdk: Sdk) -> None:
        sdk.loop.set_default_executor(ThreadPoolExecutor(1))
        sdk.loop.call_later(0.05, sdk.loop.stop)
        await sdk.loop.run_in_executor(None, answer.wait)

    sdk = Sdk(hangs)
    try:
        assert seconds_to_leave(sdk) < 2
        assert sdk.loop.is_closed()
        assert sdk.said == ["ended"]
    finally:
        answer.set()


def test_a_program_that_nobody_ran_leaves_nothing() -> None:
    with inline(dict):
        began = time.monotonic()
    assert time.monotonic() - began < 0.15
