"""Which statements of a migration delete data.

In: the text of a file. Out: those statements, each on one line. It looks at words and not at
rows: a ``DELETE`` that finds nothing is named too. What a function or a ``DO`` block does is not
seen, nor what a narrower type cuts off.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from encore_provisioner.postgres.sqltext import Statement, Token, statements

_DROPPED: Final = frozenset({"database", "owned", "schema", "table"})
"""What holds rows, or takes with it what does."""
_CASCADING: Final = frozenset({"domain", "extension", "type"})
"""Columns of such a type go with it, where it says CASCADE."""
_KEPT: Final = frozenset({"constraint", "default", "expression", "identity", "not"})
"""What ALTER TABLE and ALTER COLUMN can drop without losing a value."""
_LONGEST: Final = 120


def destructive(text: str) -> tuple[str, ...]:
    """The statements of ``text`` that delete data, as written, cut to a line."""
    return tuple(_told(text, each) for each in statements(text) if _deletes(each))


def _deletes(statement: Statement) -> bool:
    first, second = (*statement.words(2), "")[:2]
    if first == "truncate":
        return True
    if first == "drop":
        cascades = statement.tokens[-1].text == "cascade"
        return second in _DROPPED or (second in _CASCADING and cascades)
    if first == "alter":
        altered = {token.text for token in statement.tokens[1:4]}
        return bool(altered & {"table", "type"}) and any(_dropped_columns(statement))
    return first in ("delete", "with", "merge", "explain") and _has_delete(statement)


def _dropped_columns(statement: Statement) -> Iterator[Token]:
    """What stands behind each DROP that is neither a constraint nor a property of a column."""
    for before, token in pairwise(statement.tokens):
        if before.text == "drop" and before.kind == "word" and token.text not in _KEPT:
            yield token


def _has_delete(statement: Statement) -> bool:
    return any(token.kind == "word" and token.text == "delete" for token in statement.tokens)


def _told(text: str, statement: Statement) -> str:
    flat = " ".join(text[statement.start : statement.end].split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"
