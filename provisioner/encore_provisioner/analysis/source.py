"""The text of one file, and where things stand in it.

In: raw bytes. Out: UTF-8 with ``\\n`` line ends and positions as people count them: lines and
columns from 1, columns in Unicode code points. Offsets are bytes of that text. No I/O.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import msgspec

from encore_config.position import At, End

_INSIDE_WORDS: Final = frozenset(
    bytes([char]) for char in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$"
)


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


def folder_of(path: str) -> str:
    """The folder of a file of the app; empty for the app's own."""
    return path.rpartition("/")[0]


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


def words(text: bytes, word: bytes) -> Iterator[int]:
    """Where ``word`` stands alone: not as a part of a longer one, nor as a member (``a.word``)."""
    at = text.find(word)
    while at >= 0:
        stop = at + len(word)
        before, after = text[at - 1 : at], text[stop : stop + 1]
        member = before == b"." and text[at - 3 : at] != b"..."
        if before not in _INSIDE_WORDS and after not in _INSIDE_WORDS and not member:
            yield at
        at = text.find(word, stop)


def read_source(path: str, raw: bytes) -> Source:
    """Any bytes are a source: what is no UTF-8 becomes U+FFFD, a byte order mark is dropped."""
    clean = raw
    if not raw.isascii():
        clean = raw.decode("utf-8-sig", "replace").encode("utf-8", "replace")
    if b"\r" in clean:
        clean = clean.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lengths = map(len, clean.split(b"\n")[:-1])
    return Source(path, clean, tuple(accumulate(map((1).__add__, lengths), initial=0)))
