"""The text of a query, put together as Encore does it, and the check of its syntax (A6.1).

In: a call of a query method. Out: SQL whose places can be found again in the source, and a finding
where PostgreSQL's grammar refuses it. A template counts as it is written, escapes and all, with
``$1``, ``$2`` … for its values.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.catalogue import (
    EXEC_METHODS,
    QUERY_METHODS,
    RAW_QUERY_METHODS,
)
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.source import Source, Span
from encore_provisioner.analysis.uses.grammar import SqlError, syntax_error
from encore_provisioner.analysis.uses.model import Occurrence

_TAGS: Final = QUERY_METHODS | EXEC_METHODS
_CALLS: Final = RAW_QUERY_METHODS | EXEC_METHODS
_NEAR: Final = re.compile(r'at or near "(.*)"$', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """From character ``at`` on, the query's text is that of the source from byte ``start`` on.

    A ``value`` is a ``${…}`` instead: its text is another than the source's.
    """

    at: int
    start: int
    stop: int
    value: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """``pieces`` is empty where escapes make the text another than the source's."""

    sql: str
    node: Node
    source: Source
    pieces: tuple[Piece, ...]

    def piece(self, offset: int) -> Piece | None:
        """The piece that holds the character at ``offset``."""
        if offset >= len(self.sql):
            return None
        number = bisect_right(self.pieces, offset, key=lambda piece: piece.at)
        return self.pieces[number - 1] if number else None

    def span(self, error: SqlError) -> Span:
        """Where the mistake is: a word, a value, or the end of the query."""
        piece = self.piece(error.offset)
        if piece is None:
            end = self.node.end_byte
            return Span(self.source, end - 1 if self.pieces else self.node.start_byte, end)
        if piece.value:
            return Span(self.source, piece.start, piece.stop)
        start = piece.start + len(self.sql[piece.at : error.offset].encode())
        near = _NEAR.search(error.message)
        word = near[1].encode() if near is not None else b""
        length = len(word) if self.source.text.startswith(word, start) else 0
        return Span(self.source, start, min(start + max(length, 1), piece.stop))


@lru_cache(maxsize=1)  # each use is asked for its query twice: what it does, and whether it is SQL
def query_of(found: Occurrence) -> Query | None:
    """The query that a use of a database hands over, where it stands in the source."""
    call = found.call
    argument = nodes.field(call, "arguments") if call is not None else None
    if argument is None:
        return None
    source = found.module.parsed.source
    if found.shape == "template" and found.member in _TAGS:
        return _template(argument, source)
    if found.shape == "method" and found.member in _CALLS:
        first = next(iter(nodes.inner(argument)), None)
        return _literal(first, source) if first is not None else None
    return None


def check_query(found: Occurrence, tracked: bool, findings: Findings) -> None:
    """A query that PostgreSQL cannot read is E0628; W0628 where Encore does not look at it."""
    query = query_of(found)
    error = syntax_error(query.sql) if query is not None else None
    if query is None or error is None:
        return
    message = f"PostgreSQL cannot read this query: {error.message}"
    checked = found.shape == "template" or query.node.type == "string"
    seen = tracked and checked and found.seen == found.shape
    findings.add("E0628" if seen else "W0628", query.span(error), message, hint=_hint(query, error))


def _hint(query: Query, error: SqlError) -> str:
    piece = query.piece(error.offset)
    if piece is not None and piece.value:
        return "a `${…}` stands for one value, never for a name or a part of the query"
    if query.sql.startswith("\\", error.offset):
        return "Encore checks a template as it is written: do without the escape"
    return "correct the SQL: the database would refuse it each time"


def _template(node: Node, source: Source) -> Query:
    pieces: list[Piece] = []
    sql, at = "", node.start_byte + 1
    values = [child for child in node.named_children if child.type == "template_substitution"]
    for number, value in enumerate(values, start=1):
        pieces.append(Piece(len(sql), at, value.start_byte))
        sql += source.text[at : value.start_byte].decode("utf-8", "replace")
        pieces.append(Piece(len(sql), value.start_byte, value.end_byte, value=True))
        sql += f"${number}"
        at = value.end_byte
    pieces.append(Piece(len(sql), at, node.end_byte - 1))
    sql += source.text[at : node.end_byte - 1].decode("utf-8", "replace")
    return Query(sql, node, source, tuple(pieces))


def _literal(node: Node, source: Source) -> Query | None:
    """The argument of a ``raw…`` method: a string, or a template that is no more than one."""
    if node.type == "template_string":
        query = _template(node, source)
        plain = len(query.pieces) == 1 and "\\" not in query.sql
        return query if plain else None
    value = nodes.string_value(node)
    if value is None:
        return None
    same = source.text[node.start_byte + 1 : node.end_byte - 1] == value.encode()
    pieces = (Piece(0, node.start_byte + 1, node.end_byte - 1),) if same else ()
    return Query(value, node, source, pieces)
