"""Time that passes while something else is at work: a clock, and who is told of it.

In: what hears of progress. Out: an :data:`OnWait`, whose lines are shown beside the steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from encore_provisioner.provider import Notice, OnProgress

OnWait = Callable[[str], None]
"""Told in one line for people what is waited for, or how far something is that is no step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """``now`` in seconds from anywhere; ``pause`` takes seconds."""

    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


def notices(on_progress: OnProgress) -> OnWait:
    """What is said to it is told as a :class:`Notice`."""
    return lambda text: on_progress(Notice(text=text))
