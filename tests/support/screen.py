"""A terminal as far as our output needs one: what a person would see after all that was written.

It reflows as most terminals do: when it becomes narrower, long lines break in two. An escape that
it does not know is an error, so that nothing is drawn which was not looked at.
"""

from __future__ import annotations

import re

_PIECE = re.compile(r"\x1b\[(?P<args>[0-9;?]*)(?P<what>[A-Za-z])|[\r\n]|[^\x1b\r\n]+")


class Screen:
    """``lines`` is everything from the beginning; nothing scrolls out."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.cursor_hidden = False
        self._rows: list[str] = [""]
        self._broken: list[bool] = [False]
        """Whether a row goes on in the next one."""
        self._row = self._column = 0

    @property
    def lines(self) -> list[str]:
        return [row.rstrip() for row in self._rows]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).rstrip("\n") + "\n"

    def write(self, text: str) -> None:
        position = 0
        while position < len(text):
            piece = _PIECE.match(text, position)
            assert piece, f"no terminal knows {text[position : position + 20]!r}"
            position = piece.end()
            if piece["what"]:
                self._control(piece["what"], piece["args"])
            else:
                self._print(piece.group())

    def resize(self, columns: int) -> None:
        """Long lines break, broken ones join; the cursor stays at its character."""
        whole: list[str] = [""]
        at = (0, 0)
        for number, row in enumerate(self._rows):
            if number == self._row:
                at = (len(whole) - 1, len(whole[-1]) + self._column)
            whole[-1] += row
            if not self._broken[number] and number < len(self._rows) - 1:
                whole.append("")
        self.columns = columns
        self._rows, self._broken = [], []
        for number, line in enumerate(whole):
            pieces = [line[i : i + columns] for i in range(0, len(line), columns)] or [""]
            if number == at[0]:
                down = min(at[1] // columns, len(pieces) - 1)
                self._row, self._column = len(self._rows) + down, at[1] - down * columns
            self._rows += pieces
            self._broken += [True] * (len(pieces) - 1) + [False]

    def _control(self, what: str, args: str) -> None:
        if what == "A":
            self._row = max(self._row - int(args or 1), 0)
        elif (what, args) == ("K", "2"):
            self._rows[self._row] = ""
            self._broken[self._row] = False
        elif what in "hl" and args == "?25":
            self.cursor_hidden = what == "l"
        else:
            assert what == "m", f"no terminal knows \\x1b[{args}{what}"

    def _print(self, text: str) -> None:
        if text == "\r":
            self._column = 0
            return
        if text == "\n":
            self._down()
            return
        for character in text:
            if self._column >= self.columns:
                self._broken[self._row] = True
                self._down()
            row = self._rows[self._row].ljust(self._column)
            self._rows[self._row] = row[: self._column] + character + row[self._column + 1 :]
            self._column += 1

    def _down(self) -> None:
        self._row, self._column = self._row + 1, 0
        if self._row == len(self._rows):
            self._rows.append("")
            self._broken.append(False)
