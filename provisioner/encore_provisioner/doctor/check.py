"""How a probe says what it found.

A probe is a function that returns a :class:`Finding` when the thing works and raises
:class:`CheckError` when it does not. The runner makes a
:class:`~encore_provisioner.check.Check` of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from encore_provisioner.check import Kind


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
