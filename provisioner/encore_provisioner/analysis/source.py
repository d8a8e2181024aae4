"""The text of one file, and where things stand in it.

In: raw bytes. Out: UTF-8 with ``\\n`` line ends and positions as people count them: lines and
columns from 1, columns in Unicode code points. Offsets are bytes of that text. No I/O.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from encore_config.position import At, End


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One file: ``path`` relative to the app's root, ``text`` as UTF-8 with ``\\n`` line ends."""

    path: str
    text: bytes
    line_starts: tuple[int, ...]

    def at(self, offset: int) -> At:
        line, column = self._position(offset)
        return At(file=self.path, line=line, column=column)

    def end(self, offset: int) -> End:
        line, column = self._position(offset)
        return End(line=line, column=column)

    def _position(self, offset: int) -> tuple[int, int]:
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
    def at(self) -> At:
        return self.source.at(self.start)

    @property
    def end(self) -> End:
        return self.source.end(self.stop)

    def first_line(self) -> Span:
        """The same range without what lies behind its first line: what can be underlined."""
        newline = self.source.text.find(b"\n", self.start, self.stop)
        return self if newline < 0 else Span(self.source, self.start, newline)


def read_source(path: str, raw: bytes) -> Source:
    """Any bytes are a source: what is no UTF-8 becomes U+FFFD, a byte order mark is dropped."""
    text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    clean = text.encode("utf-8", "replace")
    lengths = (len(line) + 1 for line in clean.split(b"\n")[:-1])
    return Source(path, clean, tuple(accumulate(lengths, initial=0)))
