"""What a driver must be able to do, and text that is safe to send. No driver is known here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


def quoted(name: str) -> str:
    """``name`` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as a string literal; backslashes are escaped whatever the server's settings."""
    return " E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlFailure:
    """PostgreSQL's answer to text that it would not run. Nothing of the text has an effect.

    ``position`` is a 1-based offset in code points, where the server gives one; ``done`` counts
    the statements before the failing one.
    """

    message: str
    state: str
    position: int | None
    done: int
    detail: str = ""
    hint: str = ""
    context: str = ""


def copy_failure(done: int) -> SqlFailure:
    """What a session says where the server waits for the client's rows."""
    return SqlFailure(
        message="COPY from the client has no client here",
        state="0A000",
        position=None,
        done=done,
        hint="Write the rows as INSERT statements.",
    )


class Session(Protocol):
    """An open connection in autocommit."""

    @property
    def closed(self) -> bool:
        """Text can make a connection unusable (COPY); it is closed then, and rolled back."""
        ...

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """Run one statement, or several, as one transaction; the rows of the last.

        Raises what the driver raises.
        """
        ...

    def check_syntax(self, text: str) -> SqlFailure | None:
        """Let the server's own parser read ``text`` and run nothing of it.

        Only a failure with a position counts: the parser reads all of it before PostgreSQL
        notices that it is several statements, and that complaint has no place in the text.
        """
        ...

    def run_text(self, text: str) -> SqlFailure | None:
        """Run ``text``, any number of statements, in one implicit transaction.

        None when all of it is committed. What it selects, or copies to the client, goes nowhere.
        """
        ...
