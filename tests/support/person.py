"""Somebody at a terminal: one command on a pseudo-terminal, what it shows, what is typed."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.tool import TIMEOUT, Tool

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Person:
    """One command on a terminal of its own. ``text`` is all that was shown, without colours."""

    def __init__(self, tool: Tool, *words: str, **env: str) -> None:
        kept = {k: v for k, v in tool.environment().items() if k != "NO_COLOR"}
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [*tool.command, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=tool.app,
            env={**kept, "TERM": "xterm-256color", **env},
            start_new_session=True,
        )
        os.close(slave)
        self.raw = ""

    @property
    def text(self) -> str:
        return ESCAPE.sub("", self.raw).replace("\r\n", "\n")

    def until(self, words: str) -> None:
        """Read on until ``words`` were shown."""
        deadline = time.monotonic() + TIMEOUT
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            assert self._read(), f"ended before {words!r}: {self.text}"

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self) -> int:
        """The exit code, when everything was shown."""
        while self._read():
            pass
        return self.process.wait(TIMEOUT)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)

    def _read(self) -> bool:
        ready, _, _ = select.select([self.master], [], [], TIMEOUT)
        try:
            piece = os.read(self.master, 65536) if ready else b""
        except OSError:  # the other end is closed
            return False
        self.raw += piece.decode(errors="replace")
        return bool(piece)


@contextmanager
def person(tool: Tool, *words: str, **env: str) -> Iterator[Person]:
    someone = Person(tool, *words, **env)
    try:
        yield someone
    finally:
        someone.close()
