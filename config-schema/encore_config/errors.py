"""What this package raises: one error for a document that cannot be used.

It knows nothing of commands or terminals. The command line turns it into its own error.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""The way to a value in a document: keys of objects and 0-based indexes of lists."""

_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")


def show(path: Path) -> str:
    """``$.environments.production``; a key with other characters stands in ``["…"]``."""
    return "$" + "".join(_step(step) for step in path)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _PLAIN_KEY.fullmatch(step):
        return f".{step}"
    escaped = step.replace("\\", "\\\\").replace('"', '\\"')
    return f'["{escaped}"]'


class DocumentError(Exception):
    """A document breaks its type.

    ``path`` leads to the value, ``problem`` says what is wrong with it, ``hint`` what to do.
    ``line`` and ``column`` (1-based) are known only where the text itself is no JSON.
    """

    def __init__(
        self,
        problem: str,
        *,
        path: Path = (),
        hint: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.path = path
        self.problem = problem
        self.hint = hint
        self.line = line
        self.column = column
        super().__init__(f"{self.where}: {problem}")

    @property
    def where(self) -> str:
        """``line 3, column 7`` of the text, or the JSON path of the value."""
        if self.line is not None:
            return f"line {self.line}, column {self.column}"
        return show(self.path)
