"""What is being done while it is being done, on stderr.

Three ways, chosen by who reads. On a terminal a tree of what is in flight is drawn over, and what
has ended scrolls above it. Elsewhere each step that has ended is one plain line, one that takes
long also when it begins, and every half minute a line says what is still waited for. With
``--format json`` each event is one JSON object on its line. Also keeps count, so that a failure
or an interruption can say how far things got.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from encore_config.plan import Step
from encore_provisioner.cli.render.progress_board import Board, Usual
from encore_provisioner.cli.render.progress_json import board_event, notice_event, step_event
from encore_provisioner.cli.render.progress_text import (
    began,
    ended,
    explained,
    noticed,
    stopping,
    title,
    waited,
)
from encore_provisioner.cli.render.progress_tree import PLAIN_SPINNER, SPINNER, tree_lines
from encore_provisioner.cli.render.style import STYLES, Line, line, listed, visible
from encore_provisioner.cli.terminal import Terminal
from encore_provisioner.engine.durations import usual_seconds
from encore_provisioner.errors import ApplyError
from encore_provisioner.provider import STEPS_FAILED, Event, Notice, Stopping

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

REMIND: Final = 30.0
"""Seconds between two lines that say what is still waited for."""

_REDRAW: Final = 0.2
_SHARE: Final = 20.0
"""However many steps there are, drawing may take one part in so many of the time."""


class Reporter:
    """Shows the steps of a plan; ``done`` is how many of ``total`` have ended well.

    ``steps`` are those that change something. ``command`` is what goes on after a failure. It may
    be called from several threads. ``redraw`` is how many seconds a picture stands.
    """

    def __init__(
        self,
        terminal: Terminal,
        steps: tuple[Step, ...],
        *,
        as_json: bool = False,
        command: str = "apply",
        usual: Usual = usual_seconds,
        clock: Callable[[], float] = time.monotonic,
        redraw: float = _REDRAW,
    ) -> None:
        self.board = Board(steps, usual)
        self._terminal = terminal
        self._json = as_json
        self._command = command
        self._clock = clock
        self._redraw = redraw
        self._begun = self._reminded = clock()
        self._stopping = 0
        self._lock = threading.RLock()
        self._screen: _Screen | None = None

    @property
    def total(self) -> int:
        return self.board.total

    @property
    def done(self) -> int:
        return self.board.done

    @property
    def cut_off(self) -> str:
        """For a sentence on an interruption: what was cut off; empty where nothing was."""
        names = [title(item.step) for item in self.board.of("abandoned")]
        return f"; cut off, done or not: {listed(names)}" if names else ""

    def __call__(self, progress: Event) -> None:
        """One event of the provider's."""
        with self._lock:
            now = self._clock()
            if isinstance(progress, Notice):
                self._note(progress, now)
                return
            if isinstance(progress, Stopping):
                self._stop()
                return
            if progress.phase == "abandoned":
                self._stop(hard=True)
            item = self.board.take(progress, now)
            if item is None:
                return
            if self._json:
                if item.counts or item.state == "failed":
                    self._show(line(step_event(item, now - self._begun)))
            elif item.ended:
                self._show(ended(item))
            elif progress.phase == "started" and self._screen is None:
                self._show(began(item))

    def _note(self, notice: Notice, now: float) -> None:
        """A terminal shows it as long as it stands."""
        said, since = self.board.note(notice, now), now - self._begun
        if self._json:
            self._show(line(notice_event(said.text, since)))
        elif self._screen is None:
            self._reminded = now
            self._show(noticed(said, since))

    def _stop(self, *, hard: bool = False) -> None:
        """Ctrl-C was heard, and is told once: what is in flight is waited for, or cut off."""
        with self._lock:
            level = 2 if hard else 1
            if level <= self._stopping:
                return
            self._stopping = level
            now = self._clock()
            if self._json:
                event = board_event(
                    "stopping-hard" if hard else "stopping", self.board, now, now - self._begun
                )
                self._show(line(event))
            else:
                self._show(stopping(self.board, now, hard=hard))

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """While this lasts, a terminal has its tree and a log its reminders.

        An error that only says that steps failed is raised again with all that is known of them.
        """
        lively = self._terminal.lively and not self._json
        self._begun = self._reminded = self._clock()
        screen = _Screen(self._terminal.console(), self._frame) if lively else None
        try:
            with screen or contextlib.nullcontext(), self._ticking(screen):
                yield
        except ApplyError as error:
            told = explained(self.board, self._command)
            if error.code != STEPS_FAILED or told is None:
                raise
            raise told from error
        finally:
            self._end()

    def tick(self) -> None:
        """Time has gone by: draw anew, or say what is waited for when it is time to."""
        with self._lock:
            if self._screen:
                self._screen.draw()
                return
            now = self._clock()
            if now - self._reminded < REMIND:
                return
            self._reminded = now
            since = now - self._begun
            if self._json:
                self._show(line(board_event("waiting", self.board, now, since)))
            else:
                self._show(waited(self.board, now, self._begun))

    @contextlib.contextmanager
    def _ticking(self, screen: _Screen | None) -> Iterator[None]:
        """A thread that ticks; it has ended when this is left."""
        over = threading.Event()

        def run() -> None:
            pause = self._redraw
            while not over.wait(pause):
                began = time.monotonic()
                self.tick()
                pause = max(self._redraw, _SHARE * (time.monotonic() - began))

        self._screen = screen
        thread = threading.Thread(target=run, name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self._screen = None

    def _end(self) -> None:
        if self._json:
            now = self._clock()
            self._show(line(board_event("ended", self.board, now, now - self._begun)))

    def _show(self, row: Line | None) -> None:
        if row is None:
            return
        if self._screen:
            self._screen.fit()
        self._terminal.note([row])

    def _frame(self, columns: int, rows: int, unicode: bool) -> list[Line]:
        return tree_lines(
            self.board,
            self._clock(),
            columns=columns,
            rows=rows,
            stopped=self._stopping > 0,
            spinner=SPINNER if unicode else PLAIN_SPINNER,
        )


class _Screen:
    """The lowest lines of a terminal, drawn over by rich; what is written meanwhile scrolls above.

    Drawing is only ever started by ``draw``, so that it and the change of the terminal's width
    cannot meet.
    """

    def __init__(self, console: Console, frame: Callable[[int, int, bool], list[Line]]) -> None:
        from rich.live import Live

        self._console = console
        self._frame = frame
        self._lines: list[Line] = []
        self._drawn: list[Line] = []
        self._columns = console.size.width
        self._live = Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            get_renderable=self._picture,
        )

    def __enter__(self) -> None:
        self._live.start()

    def __exit__(self, *_: object) -> None:
        self._lines = []
        self.fit()
        self._live.stop()

    def draw(self) -> None:
        size = self._console.size
        encoding = self._console.encoding
        unicode = encoding.startswith("utf")
        self.fit()
        lines = self._frame(size.width, size.height, unicode)
        self._lines = lines if unicode else [_writable(row, encoding) for row in lines]
        self._live.refresh()

    def fit(self) -> None:
        """A terminal that became narrower has broken our lines in two: clear the lower halves."""
        from rich.control import Control
        from rich.segment import ControlType

        columns = self._console.size.width
        if columns < self._columns:
            wide = [min(_cells(row), self._columns) for row in self._drawn]
            broken = sum(max(cells - 1, 0) // columns for cells in wide)
            up = ((ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2))
            self._console.control(Control((ControlType.ERASE_IN_LINE, 2), *(up * broken)))
        self._columns = columns

    def _picture(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        self._drawn = self._lines
        return Group(
            *(
                Text.assemble(
                    *((visible(text), STYLES[style]) for text, style in row),
                    no_wrap=True,
                    overflow="crop",
                )
                for row in self._lines
            )
        )


def _writable(row: Line, encoding: str) -> Line:
    """What a terminal cannot show as one character each: an escape would be wider than it."""
    return tuple((text.encode(encoding, "replace").decode(encoding), style) for text, style in row)


def _cells(row: Line) -> int:
    from rich.cells import cell_len

    return sum(cell_len(text) for text, _ in row)
