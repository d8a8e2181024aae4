"""Valid TypeScript that the grammar misreads, and text of the same length that it reads.

In: the text of a file whose tree has errors, and that tree. Out: the best tree that was found. A
repair blanks or renames a keyword, so every other byte keeps its place; what it changes says
nothing about resources. It is tried only in statements with errors, never inside a string or a
comment, and kept only if less of the file is misread then. Costs nothing where there is no error.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tree_sitter import Node, Tree

Parse = Callable[[bytes], Tree]
Span = tuple[int, int]

_TEXT: Final = frozenset(
    {"comment", "escape_sequence", "hash_bang_line", "string", "string_fragment"}
)


def _blank(text: bytes) -> bytes:
    return re.sub(rb"[^\n]", b" ", text)


@dataclass(frozen=True, slots=True)
class Repair:
    """The first group of the pattern is what changes; ``in_text`` inside strings as well."""

    pattern: re.Pattern[bytes]
    replace: Callable[[bytes], bytes] = _blank
    in_text: bool = False


def _rename(text: bytes) -> bytes:
    """A keyword used as a name becomes a name that is no keyword."""
    return text[:-1] + b"X"


def _name(text: bytes) -> bytes:
    return b"_" + _blank(text[1:])


def _blank_escapes(text: bytes) -> bytes:
    return re.sub(rb"\\[^\n]", b"  ", text)


def _fill(word: bytes) -> Callable[[bytes], bytes]:
    return lambda text: word.ljust(len(text), word[-1:] if len(word) == 1 else b" ")


def _repair(
    before: bytes, what: bytes, after: bytes, replace: Callable[[bytes], bytes] = _blank
) -> Repair:
    return Repair(re.compile(rb"%b(%b)(?=%b)" % (before, what, after), re.MULTILINE), replace)


_TYPE_NAMES: Final = b"any|boolean|never|number|object|string|symbol|unknown|void"
_STRING: Final = rb"(?:\"[^\"\n]*\"|'[^'\n]*')"
_COMMENT: Final = rb"(?:\s*//[^\n]{0,200}\n|\s*/\*[^\n]{0,200}?\*/)?\s*"
_CALL: Final = rb"\((?:[^()\n]|\([^()\n]*\))*\)"
_MODIFIER: Final = rb"(?:abstract|override|private|protected|public|readonly|static)\s+"
_START: Final = rb"(?:^[ \t]*|[;{},(]\s*)"
_TEMPLATE: Final = rb"`(?:[^`\\]|\\[\s\S])*`"
_PATTERN: Final = rb"\{[^{}()]*\}|\[[^\[\]()]*\]"
REPAIRS: Final = (
    # A member that begins with `<` on its own line, without a separator before it.
    _repair(rb"[^\s,(\[{=|&<:?;+*%!~^-](?<!=>)[ \t]*\n\s*", rb"[ \t]", rb"<", _fill(b";")),
    # Imports and exports.
    _repair(rb"\bexport\s+", rb"type", rb"\s+\*"),
    _repair(rb"\bfrom\s*" + _STRING + _COMMENT, rb"(?:with|assert)\s*\{[^{}]*\}", rb""),
    _repair(rb"^[ \t]*", rb"export", rb"\s+import\b"),
    _repair(rb"\bimport\s+", rb"defer", rb"\s+\*"),
    _repair(rb"\bimport\s*", rb"\.\s*(?:defer|source)", rb"\s*\("),
    _repair(rb"\b", rb"import\s*\(\s*" + _STRING + rb"\s*\)", rb"\s*[.<>\[]", _fill(b"_")),
    _repair(rb"\bexport\s+", rb"default\s+function", rb"\s*[<(]", _fill(b"function defaul_")),
    _repair(rb"\bexport\s+default\s+", rb"abstract", rb"\s+class\b"),
    # Members and their modifiers.
    _repair(rb"\b", rb"static", rb"\s+(?:readonly\s+)?\[\s*[\w$]+\s*:"),
    _repair(rb"\b(?:abstract|async|declare|readonly|static)\s+", rb"override", rb"\s+[\w$#\[*\"']"),
    _repair(rb"\b", rb"override", rb"\s+(?:abstract|async|static)\b"),
    _repair(rb"(?:^[ \t]*|[;{}]\s*|\b" + _MODIFIER + rb")", rb"accessor", rb"\s+[\w$#\[\"']"),
    _repair(
        rb"(?:" + _START + rb"|\b" + _MODIFIER + rb")",
        rb"abstract|accessor|in",
        rb"\s*(?:[?!]\s*)?[:(=;,)]",
        _rename,
    ),
    _repair(rb"@[\w$.]+" + _CALL, rb"(?:\s*\.\s*[\w$]+" + _CALL + rb")+", rb""),
    # Types.
    _repair(rb"[<,]" + _COMMENT, rb"const\s+in|in\s+const|in\s+out|in|out", rb"\s+[A-Za-z_$]"),
    _repair(rb":\s*", rb"this\s+is", rb"\s+[A-Za-z_$]"),
    _repair(rb"[\w$]<", rb"<[^<>()\n]*>", rb"\s*\("),
    _repair(rb"", rb"\?", rb"\s*[,\]]"),
    _repair(rb"\bkeyof\s+", rb"readonly", rb"\s"),
    _repair(rb"[(,]\s*", _TYPE_NAMES, rb"\s*[,)]", _rename),
    _repair(rb"[\[,]\s*", rb"new|" + _TYPE_NAMES, rb"\s*(?:\?\s*)?:", _rename),
    _repair(rb"[:<|&]\s*", _TYPE_NAMES, rb"\s*\.\s*[A-Za-z_$]", _rename),
    _repair(rb"[(<,:|&\[=?]\s*", rb"type", rb"\s*(?:extends\b|[>\])|&;])", _rename),
    _repair(rb"[(,]\s*", _PATTERN, rb"\s*\?\s*[:,)]", _name),
    _repair(rb"\btype\s+[\w$]+\s*=\s*\(\s*", _PATTERN, rb"\s*\)", _name),
    # Escapes in templates: those that stand for types, and raw ones.
    Repair(
        re.compile(rb"(?:\bString\.raw|[=<?:|&,(])\s*(" + _TEMPLATE + rb")"), _blank_escapes, True
    ),
    # Statements and expressions.
    _repair(
        rb"(?:^[ \t]*|[;{}]\s*|\bfor\s*(?:await\s*)?\(\s*)",
        rb"await using|using",
        rb"\s+[\w$]+\s*(?:[:=]|of\b)",
        _fill(b"const"),
    ),
    _repair(rb"(?<![.\w$])", rb"using", rb"(?![\w$])(?![ \t]+[\w$\[{])", _rename),
    _repair(rb"\?", rb"\.", rb"\d", _fill(b"1")),
    _repair(rb"(?:^[ \t]*|[;{}]\s*)", rb"global", rb"\s*\{"),
    _repair(rb"[\w$]", rb"<[^<>()\n]*>", rb"\?\.\("),
    _repair(rb"(?<![.\w$])", rb"as", rb"\s*[.,)=;:?\]}]", _rename),
    _repair(rb"(?:^[ \t]*|[{,]\s*)", rb"type", rb"\s*[,}]|\s+as\b", _rename),
    Repair(re.compile(rb"(\0)"), in_text=True),
)
"""Each is linear in the length of the text, however the text looks."""


def repaired(text: bytes, tree: Tree, parse: Parse) -> Tree:
    """The tree with the least misread that the repairs lead to."""
    best = _Reading(text, tree)
    singly = [(repair,) for repair in REPAIRS]
    for places, groups in (
        (_damaged_statements, singly),
        (_everything, singly),
        (_everything, [REPAIRS]),
    ):
        for group in groups:
            changed = _apply(group, best, places(best.root))
            if changed == best.text:
                continue
            candidate = _Reading(changed, parse(changed))
            if candidate.damage < best.damage:
                best = candidate
            if not candidate.root.has_error:
                return candidate.tree
    return best.tree


@dataclass(frozen=True)
class _Reading:
    text: bytes
    tree: Tree

    @property
    def root(self) -> Node:
        return self.tree.root_node

    @cached_property
    def damage(self) -> Span:
        """How many bytes are misread, and at how many places."""
        sizes = [node.end_byte - node.start_byte for node in error_nodes(self.root)]
        return sum(sizes), len(sizes)

    @cached_property
    def texts(self) -> tuple[Span, ...]:
        """Where comments, strings and templates are, the outermost ones only, in source order."""
        return tuple((node.start_byte, node.end_byte) for node in _texts(self.root))


def error_nodes(root: Node) -> Iterator[Node]:
    """The outermost errors and missing tokens, in source order."""
    todo = [root]
    while todo:
        node = todo.pop()
        if node.is_error or node.is_missing:
            yield node
        else:
            todo.extend(child for child in reversed(node.children) if child.has_error)


def _texts(root: Node) -> Iterator[Node]:
    cursor = root.walk()
    while True:
        node = cursor.node
        if node is not None and node.is_named and node.type in _TEXT:
            yield node
        elif cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _apply(repairs: Iterable[Repair], reading: _Reading, places: tuple[Span, ...]) -> bytes:
    changed = bytearray(reading.text)
    for repair in repairs:
        for match in repair.pattern.finditer(reading.text):
            start, stop = match.span(1)
            if _is_inside(start, places) and (
                repair.in_text or not _is_inside(start, reading.texts)
            ):
                changed[start:stop] = repair.replace(match[1])
    return bytes(changed)


def _is_inside(offset: int, spans: tuple[Span, ...]) -> bool:
    nearest = bisect_right(spans, (offset, sys.maxsize)) - 1
    return nearest >= 0 and offset < spans[nearest][1]


def _damaged_statements(root: Node) -> tuple[Span, ...]:
    """The top-level statements with errors, each with its neighbours: a misreading may spread."""
    if root.is_error:
        return _everything(root)
    children = root.children
    found: list[Span] = []
    for number, child in enumerate(children):
        if child.has_error:
            first, last = children[max(number - 1, 0)], children[min(number + 1, len(children) - 1)]
            found.append((first.start_byte, last.end_byte))
    return tuple(found)


def _everything(root: Node) -> tuple[Span, ...]:
    """Where a statement was torn into several, not each part of it shows an error."""
    return ((root.start_byte, root.end_byte),)
