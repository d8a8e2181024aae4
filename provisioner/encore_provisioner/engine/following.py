"""An operation while it runs: the engine's events as progress of a plan's steps.

In: the steps that change something, event after event, and that the person interrupts. Out: calls
of ``OnProgress``; in the end what has failed. What the plan does not hold is not told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from encore_config.plan import Step
from encore_provisioner.engine.events import LAST, trouble
from encore_provisioner.provider import OnProgress, Progress, Stopping

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent
    from pulumi.automation.events import StepEventMetadata

Told = Callable[[Step, tuple[str, ...], float | None], Progress]
"""Makes the event of a failed step, of all that was said of it and the seconds that it took."""


class Following:
    """Give it each event as it comes, from any thread; then :meth:`close` it.

    An operation may be tried again: what fails first and then succeeds has not failed.
    """

    def __init__(
        self,
        steps: Iterable[Step],
        on_progress: OnProgress,
        failed: Told,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._steps: Mapping[str, Step] = {step.urn: step for step in steps}
        self._on_progress, self._failed, self._clock = on_progress, failed, clock
        self._lock = threading.RLock()
        self._running: dict[str, float] = {}
        self._broken: dict[str, float | None] = {}
        self._events: list[EngineEvent] = []

    def __call__(self, event: EngineEvent) -> None:
        with self._lock:
            if event.diagnostic_event is not None:
                self._events.append(event)
            elif event.resource_pre_event is not None:
                self._begin(event.resource_pre_event.metadata)
            elif event.res_outputs_event is not None:
                self._end(event.res_outputs_event.metadata)
            elif event.res_op_failed_event is not None:
                urn = event.res_op_failed_event.metadata.urn
                self._broken[urn] = self._took(urn)

    def interrupted(self, times: int) -> None:
        """The person interrupts: at first what is in flight is finished, then it is cut off."""
        if times > 1:
            return  # what is cut off is known when the operation has ended
        with self._lock:
            self._on_progress(Stopping())
            for urn in self._running:
                self._on_progress(Progress(step=self._steps[urn], phase="finishing"))

    def close(self) -> tuple[str, ...]:
        """The operation has ended: what failed is told with its reasons, what has neither ended nor
        failed was cut off. The URNs of what failed.
        """
        with self._lock:
            said = trouble(self._events)
            broken = {urn: self._broken.get(urn) for urn in (*self._broken, *said.messages) if urn}
            for urn, seconds in broken.items():
                self._running.pop(urn, None)
                if urn in self._steps:
                    messages = said.messages.get(urn, ())
                    self._on_progress(self._failed(self._steps[urn], messages, seconds))
            for urn, since in self._running.items():
                told = Progress(
                    step=self._steps[urn], phase="abandoned", seconds=self._clock() - since
                )
                self._on_progress(told)
            self._running.clear()
            return tuple(urn for urn in broken if urn in self._steps)

    def _begin(self, told: StepEventMetadata) -> None:
        urn = told.urn
        if urn in self._steps and urn not in self._running:
            self._forgive(urn)
            self._running[urn] = self._clock()
            self._on_progress(Progress(step=self._steps[urn], phase="started"))

    def _forgive(self, urn: str) -> None:
        """It is tried again, and what was said of the first try is over with it."""
        if urn in self._broken:
            del self._broken[urn]
            self._events = [event for event in self._events if _about(event) != urn]

    def _end(self, told: StepEventMetadata) -> None:
        step = self._steps.get(told.urn)
        if step is None or told.urn not in self._running:
            return
        if step.op == "replace" and told.op.value not in (*LAST, "same", "update"):
            return
        seconds = self._took(told.urn)
        self._on_progress(Progress(step=step, phase="done", seconds=seconds))

    def _took(self, urn: str) -> float | None:
        since = self._running.pop(urn, None)
        return None if since is None else self._clock() - since


def _about(event: EngineEvent) -> str | None:
    told = event.diagnostic_event
    return None if told is None else told.urn
