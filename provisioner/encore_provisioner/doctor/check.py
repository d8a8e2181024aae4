"""What the doctor says about one thing, and how a probe says it.

A probe is a function that returns a :class:`Finding` when the thing works and raises
:class:`CheckError` when it does not. The runner makes the :class:`Check` of it.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """That a thing works: what was seen, and perhaps what is worth knowing."""

    detail: str
    hint: str | None = None


class CheckError(Exception):
    """The thing does not work; ``reason`` is for people and holds no secret."""

    def __init__(self, reason: str, *, hint: str | None = None, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.detail = detail


class InterruptedCheckError(CheckError):
    """The run was told to stop before this check was done."""

    def __init__(self) -> None:
        super().__init__("interrupted before it was done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A check that has not run yet."""

    kind: Kind
    name: str
    run: Callable[[], Finding]
