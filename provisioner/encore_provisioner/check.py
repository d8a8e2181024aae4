"""What the doctor says about one thing, whoever looked at it: this machine, or a provider's code
somewhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "config",
    "secret",
    "database",
    "cache",
    "bucket",
    "topic",
    "subscription",
    "pubsub",
    "port",
]
"""The graph's singular kinds, plus the config itself, the round trip and the app's port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the doctor. No field ever holds a secret's value.

    ``detail`` says what was seen. ``reason`` says why a failed check failed, ``hint`` what to
    do; a hint on a check that is ``ok`` is worth knowing but stops nothing.
    """

    kind: Kind
    name: str
    ok: bool
    seconds: float
    detail: str = ""
    reason: str | None = None
    hint: str | None = None


OnCheck = Callable[[Check], None]
