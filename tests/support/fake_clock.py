"""Time for what waits: it passes by waiting only, and takes none."""

from __future__ import annotations

from encore_provisioner.waiting import Clock


class Time:
    """``pauses``: how many seconds were waited, each time."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.clock = Clock(now=lambda: self.seconds, pause=self.pauses.append)

    @property
    def seconds(self) -> float:
        return sum(self.pauses)
