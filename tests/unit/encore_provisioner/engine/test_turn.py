"""Who comes second waits as long as a person said, and is told for whom."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.fake_clock import Time

from encore_provisioner.engine.deployment import Happened
from encore_provisioner.engine.turn import AGAIN, Turn
from encore_provisioner.errors import BusyError

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
        "dev is held by bo@mill, process 7, since 2026-01-02T03:04:05Z; waiting for its end, up to "
        "60 s"
    ]


def test_patience_ends() -> None:
    waits = Waits(3)
    with pytest.raises(BusyError):
        waits.take(iter((BUSY,) * 9))
    assert waits.time.pauses == [AGAIN] * 2


def test_what_fails_for_another_reason_is_not_tried_again() -> None:
    assert Waits(60).take(iter((Happened(failure="no"), FINE))).failure == "no"
