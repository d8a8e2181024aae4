"""Who comes second waits as long as a person said, and is told for whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

import pytest
from tests.support.fake_clock import Time

from encore_provisioner.engine.deployment import Deployment, Happened
from encore_provisioner.engine.turn import AGAIN, Turn
from encore_provisioner.errors import BusyError, RefusedError

LOCKED = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to "
    "end or delete the lock file with `pulumi cancel`.\n"
    "  s3://kept/1.json: created by bo@mill (pid 7) at 2026-01-02T03:04:05Z"
)
BUSY = Happened(failure=LOCKED, is_busy=True)
FINE = Happened()


class Waits:
    """A turn with a clock of its own, and what was said meanwhile."""

    def __init__(self, timeout: float = 0.0) -> None:
        self.time, self.words = Time(), list[str]()
        self.turn = Turn(
            environment="dev", timeout=timeout, on_wait=self.words.append, clock=self.time.clock
        )

    def take(self, answers: Iterator[Happened]) -> Happened:
        return self.turn.take(lambda: next(answers))


def test_without_patience_it_is_refused_at_once() -> None:
    waits = Waits()
    with pytest.raises(BusyError) as refused:
        waits.take(iter((BUSY, FINE)))
    assert refused.value.message == (
        "dev is held by bo@mill, process 7, since 2026-01-02T03:04:05Z; nothing was changed"
    )
    assert (waits.time.pauses, waits.words) == ([], [])


def test_it_is_waited_for_and_said_once_for_whom() -> None:
    waits = Waits(60)
    assert waits.take(iter((BUSY, BUSY, BUSY, FINE))) is FINE
    assert waits.time.pauses == [AGAIN] * 3
    assert waits.words == [
        "waiting up to 60 s for bo@mill, process 7, since 2026-01-02T03:04:05Z: dev is in use"
    ]


def test_patience_ends() -> None:
    waits = Waits(3)
    with pytest.raises(BusyError):
        waits.take(iter((BUSY,) * 9))
    assert waits.time.pauses == [AGAIN] * 2


def test_what_fails_for_another_reason_is_not_tried_again() -> None:
    assert Waits(60).take(iter((Happened(failure="no"), FINE))).failure == "no"


def test_who_interrupts_while_it_is_asked_waits_no_longer() -> None:
    waits = Waits(60)
    with pytest.raises(KeyboardInterrupt):
        waits.take(iter((BUSY, replace(BUSY, interrupts=1), FINE)))
    assert waits.time.pauses == [AGAIN]


class Held:
    """A stack that another process holds for so many tries; the first is interrupted so often."""

    def __init__(self, tries: int, interrupts: int = 0) -> None:
        self.tries, self.interrupts = tries, interrupts
        self.deeds: list[str] = []

    def touch(self) -> Happened:
        return self._answer("touch")

    def run(self) -> Happened:
        return self._answer("run")

    def check(self) -> None:
        self.deeds.append("check")

    def refuse(self) -> None:
        self.deeds.append("check")
        raise RefusedError("changed", code="plan-stale")

    def _answer(self, deed: str) -> Happened:
        self.deeds.append(deed)
        self.tries -= 1
        interrupts, self.interrupts = self.interrupts, 0
        return replace(BUSY, interrupts=interrupts) if self.tries >= 0 else FINE


def guarded(turn: Turn, held: Held, check: Callable[[], None]) -> Happened:
    return turn.guarded(cast(Deployment, held), check, held.run)


def test_where_nobody_is_at_work_it_is_looked_at_once() -> None:
    held = Held(0)
    assert guarded(Waits(60).turn, held, held.check) is FINE
    assert held.deeds == ["check", "run"]


def test_what_was_waited_for_is_looked_at_once_more() -> None:
    held = Held(3)
    assert guarded(Waits(60).turn, held, held.check) is FINE
    assert held.deeds == ["check", "run", "touch", "touch", "touch", "check", "run"]


def test_who_interrupts_what_found_another_one_at_work_waits_for_nobody() -> None:
    held = Held(3, interrupts=1)
    with pytest.raises(KeyboardInterrupt):
        guarded(Waits(60).turn, held, held.check)
    assert held.deeds == ["check", "run"]


def test_what_is_refused_is_refused_when_the_other_one_is_done() -> None:
    held = Held(2)
    with pytest.raises(RefusedError):
        guarded(Waits(60).turn, held, held.refuse)
    assert held.deeds == ["check", "touch", "touch", "touch"]


def test_and_as_busy_where_nobody_waits() -> None:
    held = Held(2)
    with pytest.raises(BusyError):
        guarded(Waits().turn, held, held.refuse)
    assert held.deeds == ["check", "touch"]
