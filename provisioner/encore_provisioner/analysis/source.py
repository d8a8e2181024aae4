"""The text of one file, and where things stand in it.

In: raw bytes. Out: UTF-8 with ``\\n`` line ends and positions as people count them: lines and
columns from 1, columns in Unicode code points. Offsets are bytes of that text. No I/O.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import msgspec

from encore_config.position import At, End


class Place(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A range of a file as plain data: what is left of a :class:`Span` when the text is gone.

    ``start`` and ``stop`` are byte offsets of the whole range; lines and columns are those of its
    first line, which is what a finding underlines.
    """

    file: str
    start: int
    stop: int
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def at(self) -> At:
        return At(file=self.file, line=self.line, column=self.column)

    @property
    def end(self) -> End:
        return End(line=self.end_line, column=self.end_column)

    def holds(self, other: Place) -> bool:
        """Whether ``other`` begins inside this range of the same file."""
        return self.file == other.file and self.start <= other.start < self.stop


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One file: ``path`` relative to the app's root, ``text`` as UTF-8 with ``\\n`` line ends."""

    path: str
    text: bytes
    line_starts: tuple[int, ...]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a byte offset."""
        line = bisect_right(self.line_starts, offset)
        before = self.text[self.line_starts[line - 1] : offset]
        return line, len(before.decode("utf-8", "replace")) + 1


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a file, by byte offsets; ordered by file, then place."""

    source: Source
    start: int
    stop: int

    @property
    def place(self) -> Place:
        newline = self.source.text.find(b"\n", self.start, self.stop)
        line, column = self.source.position(self.start)
        end = self.source.position(self.stop if newline < 0 else newline)
        return Place(self.source.path, self.start, self.stop, line, column, *end)


def read_source(path: str, raw: bytes) -> Source:
    """Any bytes are a source: what is no UTF-8 becomes U+FFFD, a byte order mark is dropped."""
    text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    clean = text.encode("utf-8", "replace")
    lengths = (len(line) + 1 for line in clean.split(b"\n")[:-1])
    return Source(path, clean, tuple(accumulate(lengths, initial=0)))
