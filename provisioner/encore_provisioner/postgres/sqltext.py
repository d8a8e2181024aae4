"""Cuts SQL text into statements, as far as a migration must be understood before it runs.

In: the text of a file in PostgreSQL's dialect. Out: its statements with their places and their
leading words. It follows PostgreSQL's lexical rules (comments that nest, quoted names, strings
with and without backslashes, dollar quotes, bodies from BEGIN ATOMIC to END) and knows no more
of the grammar. Text that it cannot end (a quote never closed) is one last statement: PostgreSQL
then says what is wrong. It reads no files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>--[^\n]*)
    | (?P<block>/\*)
    | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z))
    | (?P<string>'(?:[^']|'')*(?:'|\Z))
    | (?P<name>"(?:[^"]|"")*(?:"|\Z))
    | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
    | (?P<number>[0-9][A-Za-z0-9_.]*)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")
_IGNORED = frozenset({"space", "comment", "block"})


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` of a word is in lower case; ``start`` and ``end`` are offsets into the file."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement without its ``;``. Its tokens hold no comments and no space."""

    tokens: tuple[Token, ...]

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end

    def words(self, count: int) -> tuple[str, ...]:
        """The first tokens, as text: ``("create", "extension")``."""
        return tuple(token.text for token in self.tokens[:count])


def tokens(text: str) -> Iterator[Token]:
    """Every token that is neither space nor comment."""
    offset = 0
    while match := _TOKEN.match(text, offset):
        kind = match.lastgroup or "other"
        start, offset = offset, match.end()
        if kind == "block":
            offset = _block_end(text, offset)
        elif kind == "dollar":
            offset = _dollar_end(text, offset, match.group())
        if kind not in _IGNORED:
            content = text[start:offset]
            yield Token(kind, content.lower() if kind == "word" else content, start, offset)


def _block_end(text: str, offset: int) -> int:
    depth = 1
    while depth and (edge := _BLOCK_EDGE.search(text, offset)):
        depth += 1 if edge.group() == "/*" else -1
        offset = edge.end()
    return len(text) if depth else offset


def _dollar_end(text: str, offset: int, tag: str) -> int:
    end = text.find(tag, offset)
    return len(text) if end < 0 else end + len(tag)


def statements(text: str) -> tuple[Statement, ...]:
    """The statements of ``text`` in order; empty ones are left out, as PostgreSQL does."""
    found: list[Statement] = []
    current: list[Token] = []
    parens = bodies = 0
    for token in tokens(text):
        parens = _depth(parens, token)
        bodies = _bodies(bodies, token, current)
        if token.text == ";" and not parens and not bodies:
            if current:
                found.append(Statement(tuple(current)))
            current = []
        else:
            current.append(token)
    if current:
        found.append(Statement(tuple(current)))
    return tuple(found)


def _depth(parens: int, token: Token) -> int:
    if token.text == "(":
        return parens + 1
    return max(0, parens - 1) if token.text == ")" else parens


def _bodies(depth: int, token: Token, before: list[Token]) -> int:
    """How many BEGIN ATOMIC bodies and CASEs inside them are open after ``token``."""
    if token.kind != "word":
        return depth
    if token.text == "atomic" and before and before[-1].text == "begin":
        return depth + 1 if before[0].text == "create" else depth
    if depth and token.text == "case":
        return depth + 1
    return depth - 1 if depth and token.text == "end" else depth


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, 1-based, of an offset; columns count Unicode code points."""
    line = text.count("\n", 0, offset) + 1
    return line, offset - text.rfind("\n", 0, offset)


def extensions(text: str) -> tuple[tuple[str, int], ...]:
    """The extensions that ``text`` creates: name and offset of each CREATE EXTENSION."""
    found = []
    for statement in statements(text):
        names = [token for token in statement.tokens[2:] if token.kind in ("word", "name")]
        if statement.words(2) != ("create", "extension"):
            continue
        if [token.text for token in names[:3]] == ["if", "not", "exists"]:
            names = names[3:]
        if names:
            found.append((_unquoted(names[0]), statement.start))
    return tuple(found)


def _unquoted(token: Token) -> str:
    return token.text[1:-1].replace('""', '"') if token.kind == "name" else token.text


_BEGIN = frozenset({("begin",), ("start", "transaction")})
_ENDS = frozenset({"commit", "end", "rollback", "abort"})


@dataclass(frozen=True, slots=True)
class Transactions:
    """``text`` with its own BEGIN and COMMIT blanked out, same length; or why it cannot be."""

    text: str
    problem: str = ""
    offset: int = 0


def without_own_transaction(text: str) -> Transactions:
    """Take a file's own ``BEGIN; … COMMIT;`` away, because ours holds the whole file anyway.

    One pair is blanked with spaces, so that offsets stay. More than one, or a ROLLBACK, cannot
    be one transaction: then ``problem`` says so, and ``offset`` where.
    """
    controls = [statement for statement in statements(text) if _is_control(statement)]
    if not controls:
        return Transactions(text)
    kinds = ["begin" if _begins(s) else s.words(1)[0] for s in controls]
    if kinds not in (["begin", "commit"], ["begin", "end"]):
        odd = controls[0] if len(controls) == 1 else controls[min(2, len(controls) - 1)]
        return Transactions(text, "controls transactions itself", odd.start)
    for statement in controls:
        blank = re.sub(r"[^\n]", " ", text[statement.start : statement.end])
        text = text[: statement.start] + blank + text[statement.end :]
    return Transactions(text)


def _begins(statement: Statement) -> bool:
    return statement.words(1) in _BEGIN or statement.words(2) in _BEGIN


def _is_control(statement: Statement) -> bool:
    first = statement.words(1)[0]
    if _begins(statement):
        return True
    to_savepoint = any(token.text == "to" for token in statement.tokens[:3])
    prepared = any(token.text == "prepared" for token in statement.tokens[:2])
    return first in _ENDS and not to_savepoint and not prepared
