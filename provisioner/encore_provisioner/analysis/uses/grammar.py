"""PostgreSQL's own grammar, for the text of one query. Pure functions.

In: SQL as Encore would check it. Out: its syntax error, or what its statements do. The grammar is
that of PostgreSQL 17, which Encore's parser checks with too; a query is parsed here, never run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

LONGEST: Final = 16_000
"""Characters of a query that is checked. The grammar's code takes stack for each level at which
expressions nest, without bound; this keeps it below half of what a process has."""

_CACHED: Final = 4_096

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SqlError:
    """``offset`` counts the characters of the query before the error; at its end, all of them."""

    message: str
    offset: int


@lru_cache(maxsize=_CACHED)
def syntax_error(sql: str) -> SqlError | None:
    """What is wrong with the syntax of ``sql``; None too where it is too long to be checked."""
    import pgparse  # 10 ms to load, and an app without a query needs none

    if "\0" in sql:
        return SqlError("a query cannot hold a NUL character", sql.index("\0"))
    if len(sql) > LONGEST:
        return None
    try:
        pgparse.normalize(sql)  # parses as ``parse`` does, without the tree: a tenth of the time
    except pgparse.PGQueryError as error:
        return SqlError(str(error.message), max(0, (error.position or 1) - 1))
    return None


def statements(sql: str) -> tuple[Tree, ...] | None:
    """The tree of each statement: one key, its kind. None where there is none to be had."""
    import pgparse

    if len(sql) > LONGEST or "\0" in sql:
        return None
    try:
        return tuple(each["stmt"] for each in pgparse.parse(sql))
    except (pgparse.PGQueryError, RecursionError):  # a mistake, or deeper than JSON is read
        return None


def nodes(tree: object) -> Iterator[tuple[str, Tree]]:
    """Every node of a tree with its kind, in no order."""
    todo = [tree]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo.extend(value)
        elif isinstance(value, dict):
            for kind, inner in value.items():
                if isinstance(inner, dict):
                    yield kind, inner
                todo.append(inner)
