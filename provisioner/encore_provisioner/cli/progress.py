"""What is being done while it is being done, on stderr.

On a terminal the step that runs stands on a line that is drawn over; elsewhere each step that
has ended is one plain line. Also counts, so that an interruption can say how far things got.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from encore_config.plan import Op, Step
from encore_provisioner.cli.render.style import Line, line, seconds
from encore_provisioner.cli.terminal import Terminal
from encore_provisioner.provider import Progress

_DONE: Final[dict[Op, str]] = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "same": "checked",
}
_DOING: Final[dict[Op, str]] = {
    "create": "creating",
    "update": "updating",
    "replace": "replacing",
    "delete": "deleting",
    "same": "checking",
}


class Reporter:
    """Shows each step; ``done`` is how many of ``total`` have ended well."""

    def __init__(self, terminal: Terminal, total: int) -> None:
        self.total = total
        self.done = 0
        self._terminal = terminal
        self._running: dict[str, str] = {}
        self._live: _Live | None = None

    def __call__(self, progress: Progress) -> None:
        step = progress.step
        if progress.phase == "started":
            self._running[step.urn] = f"{_DOING[step.op]} {subject(step)}"
        else:
            self._running.pop(step.urn, None)
            self.done += progress.phase == "done" and step.op != "same"
            if step.op != "same" or progress.phase == "failed":
                self._show(ended(progress))
        if self._live:
            self._live.update(", ".join(self._running.values()))

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """While this lasts, a terminal has the line of what runs."""
        if not self._terminal.lively:
            yield
            return
        self._live = _Live(self._terminal)
        try:
            with self._live.status:
                yield
        finally:
            self._live = None

    def _show(self, row: Line) -> None:
        self._terminal.note([row])


class _Live:
    """rich's spinner on the last line; what is written meanwhile scrolls above it."""

    def __init__(self, terminal: Terminal) -> None:
        self.status = terminal.console().status("", spinner="dots")

    def update(self, text: str) -> None:
        from rich.text import Text

        self.status.update(Text(text, style="dim"))


def subject(step: Step) -> str:
    return f"{step.type} {step.name}"


def ended(progress: Progress) -> Line:
    """``+ created local:s3:Bucket uploads (0.04 s)``."""
    step = progress.step
    failed = progress.phase == "failed"
    word, style = ("failed", "error") if failed else (_DONE[step.op], step.op)
    time = f" ({seconds(progress.seconds)})" if progress.seconds is not None else ""
    told = f": {progress.message}" if progress.message else ""
    return line((f"{word:>8} ", style), subject(step), (f"{time}{told}", "dim"))
