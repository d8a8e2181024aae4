"""One after the other: the engine's lock on an environment waited for, as long as a person said.

In: an operation that the engine refuses while another process is at work. Out: what happened once
it was our turn, or ``BusyError``. The lock is the engine's own: it takes it for each operation and
lets it go with its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from encore_provisioner.engine.failures import failure, holder
from encore_provisioner.errors import InfraError
from encore_provisioner.waiting import Clock, OnWait

if TYPE_CHECKING:
    from encore_provisioner.engine.deployment import Deployment, Happened

AGAIN: Final = 2.0
"""Seconds between two tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """``timeout`` in seconds, for each wait; 0 waits not at all."""

    environment: str
    timeout: float = 0.0
    on_wait: OnWait = lambda _: None
    clock: Clock = field(default_factory=Clock)

    def take(self, run: Callable[[], Happened]) -> Happened:
        """``run()``, again while another process holds the environment and time is left.

        Raises ``BusyError`` when that is over, ``KeyboardInterrupt`` where the person has enough.
        """
        deadline = self.clock.now() + self.timeout
        happened = _tried(run)
        is_told = False
        while happened.is_busy and self.clock.now() < deadline:
            if not is_told:
                who = holder(happened)
                self.on_wait(
                    f"waiting up to {self.timeout:g} s for {who}: {self.environment} is in use"
                )
                is_told = True
            self.clock.pause(AGAIN)
            happened = _tried(run)
        if happened.is_busy:
            raise failure(happened, self.environment)
        return happened

    def guarded(
        self, deployment: Deployment, check: Callable[[], None], run: Callable[[], Happened]
    ) -> Happened:
        """``run()`` as :meth:`take` does, but never without ``check()`` just before: another
        process that was waited for may have changed what it looks at. Raises what it raises.
        """
        try:
            check()
        except InfraError:
            # Whoever has changed it may still be at it, and what they leave is what counts.
            self.come(deployment)
            raise
        happened = _tried(run)
        if happened.is_busy:
            self.come(deployment)
            check()
            happened = self.take(run)
        return happened

    def come(self, deployment: Deployment) -> None:
        """Until nobody else is at work, before anything is done that the engine does not guard.

        Raises ``BusyError``, ``InfraError``, and ``KeyboardInterrupt``.
        """
        happened = self.take(deployment.touch)
        if happened.interrupts:
            raise KeyboardInterrupt
        if happened.failure is not None:
            raise failure(happened, self.environment)


def _tried(run: Callable[[], Happened]) -> Happened:
    """``run()``. Who interrupts what could not begin waits no longer: ``KeyboardInterrupt``."""
    happened = run()
    if happened.is_busy and happened.interrupts:
        raise KeyboardInterrupt
    return happened
