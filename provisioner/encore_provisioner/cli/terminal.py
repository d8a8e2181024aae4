"""The process's three streams: what is written where, and whether a person sits there.

stdout gets the product of a command, stderr everything else. A reader that has gone away never
ends a command: the rest is dropped, the work goes on. rich is loaded only for a terminal.
"""

from __future__ import annotations

import getpass
import io
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, TextIO

from encore_provisioner.cli.render.style import STYLES, Line, line, plain, visible
from encore_provisioner.errors import InfraError, RefusedError

if TYPE_CHECKING:
    from rich.console import Console

_NO: Final = ("", "0", "false", "no")
_WIDTHS: Final = (60, 200)


class Terminal:
    """The door to the person. ``environ`` says what they asked for (``NO_COLOR``, ``CI`` …)."""

    def __init__(
        self, stdin: TextIO, stdout: TextIO, stderr: TextIO, environ: Mapping[str, str]
    ) -> None:
        self._stdin = stdin
        self._out = stdout
        self._err = stderr
        self._environ = environ
        self._consoles: dict[int, Console] = {}

    @property
    def automated(self) -> bool:
        """Whether ``CI`` says that no person is here."""
        return self._environ.get("CI", "").lower() not in _NO

    @property
    def interactive(self) -> bool:
        """Whether someone can be asked: the question goes to stderr, the answer to stdin."""
        return self._stdin.isatty() and self._err.isatty() and not self.automated

    @property
    def product_is_seen(self) -> bool:
        """Whether stdout is a terminal, so that what stands there need not be said again."""
        return self._out.isatty()

    @property
    def lively(self) -> bool:
        """Whether lines on stderr may be drawn over."""
        return self._fancy(self._err) and not self.automated

    def width(self) -> int | None:
        """The columns for the product; None when it is no terminal and nothing should be cut."""
        if not self._out.isatty():
            return None
        columns = shutil.get_terminal_size().columns
        return min(max(columns, _WIDTHS[0]), _WIDTHS[1])

    def product(self, lines: Iterable[Line]) -> None:
        """What the command was asked for, for people, to stdout."""
        self._lines(self._out, lines)

    def document(self, text: str) -> None:
        """What the command was asked for, exact, to stdout."""
        self._write(self._out, text)

    def note(self, lines: Iterable[Line]) -> None:
        """Progress, findings and failures, to stderr."""
        self._lines(self._err, lines)

    def say(self, text: str, style: str = "") -> None:
        """One line to stderr."""
        self.note([line((text, style))])

    def console(self) -> Console:
        """rich's console on stderr, for what is drawn over."""
        return self._console(self._err)

    def ask(self, question: str) -> str:
        """The answer to a question on stderr; empty when there is none."""
        self._write(self._err, question)
        answer = self._stdin.readline()
        if not answer.endswith("\n"):
            self._write(self._err, "\n")
        return answer.strip()

    def ask_hidden(self, question: str) -> str:
        """An answer that is not shown while it is typed."""
        try:
            return getpass.getpass(question, stream=self._err)
        except EOFError:
            self._write(self._err, "\n")
            return ""

    def read_all(self) -> bytes:
        """Everything that is piped in."""
        binary = getattr(self._stdin, "buffer", None)
        return binary.read() if binary is not None else self._stdin.read().encode()

    @property
    def input_is_typed(self) -> bool:
        return self._stdin.isatty()

    def flush(self) -> None:
        for stream in (self._out, self._err):
            self._write(stream, "")

    def _lines(self, stream: TextIO, lines: Iterable[Line]) -> None:
        if not self._fancy(stream):
            self._write(stream, plain(lines))
            return
        from rich.text import Text

        console = self._console(stream)
        try:
            for row in lines:
                text = Text.assemble(*((visible(t), STYLES[s]) for t, s in row))
                text.rstrip()
                console.print(text, soft_wrap=True)
        except OSError:  # the terminal was closed; the work goes on
            _drop_what_follows(stream)

    def _fancy(self, stream: TextIO) -> bool:
        return stream.isatty() and self._environ.get("TERM", "dumb") != "dumb"

    def _console(self, stream: TextIO) -> Console:
        if id(stream) not in self._consoles:
            from rich.console import Console

            self._consoles[id(stream)] = Console(
                file=stream, highlight=False, markup=False, emoji=False
            )
        return self._consoles[id(stream)]

    def _write(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
            stream.flush()
        except BrokenPipeError:
            _drop_what_follows(stream)
        except OSError as error:
            _drop_what_follows(stream)
            if stream is self._out:
                raise RefusedError(
                    f"cannot write to standard output: {error.strerror}",
                    code="output-failed",
                    hint="look at where the output goes: a full disk, for example",
                ) from error


def standard_terminal() -> Terminal:
    """The streams of this process; characters that they cannot show are written as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    _open_missing()
    return Terminal(sys.stdin, sys.stdout, sys.stderr, os.environ)


def no_answer(what: str, remedy: str) -> InfraError:
    """The refusal of a question where nobody can answer it."""
    return RefusedError(
        f"{what} has to be confirmed, and there is no terminal to ask on",
        code="not-confirmed",
        hint=remedy,
    )


def _open_missing() -> None:
    """A process may be started without streams; reading nothing and writing nowhere is right."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123 (as long as the process)


def _drop_what_follows(stream: TextIO) -> None:
    """Point the stream's descriptor at nothing, so that neither we nor the exit fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)
