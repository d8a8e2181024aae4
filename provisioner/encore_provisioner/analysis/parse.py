"""From source text to a syntax tree, with what the grammar misreads put right.

In: a :class:`Source`. Out: its tree and at most one finding. tree-sitter always returns a tree;
its error flag is no verdict, because the grammar does not know some valid TypeScript. What it
does not know is replaced by text of the same length that means the same to us, and parsed again:
type arguments before a template literal, ``export type *``, ``accessor`` fields and others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Tree

from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.source import Source, Span

_ROUNDS: Final = 8
_LONGEST_TYPE: Final = 20_000
_BEFORE_TEMPLATE: Final = re.compile(rb">\s*`")
_OPENING: Final = {ord("{"): ord("}"), ord("("): ord(")"), ord("["): ord("]")}
_CLOSING: Final = frozenset(_OPENING.values())

Repair = tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], bytes]]


def _blank(match: re.Match[bytes]) -> bytes:
    return match[1] + b" " * len(match[2]) + match[3]


def _rename(match: re.Match[bytes]) -> bytes:
    """A keyword used as a member's name becomes a name that is no keyword."""
    return match[1] + match[2][:-1] + b"X" + match[3]


_REPAIRS: Final[tuple[Repair, ...]] = (
    (re.compile(rb"(\bexport\s+)(type)(\s+\*)"), _blank),
    (
        re.compile(rb"(\b(?:static|override|public|private|protected)\s+)(accessor)(\s+[\w$#])"),
        _blank,
    ),
    (re.compile(rb"([<,]\s*)((?:in\s+out|in|out))(\s+[A-Z])"), _blank),
    (
        re.compile(
            rb"(^\s*|[;{},]\s*|\b(?:readonly|static)\s+)(in|abstract)(\s*[?!]?\s*[:(=])", re.M
        ),
        _rename,
    ),
    (
        re.compile(rb"(\bfor\s*\(\s*|\bfor\s+await\s*\(\s*)(await using|using)(\s+[\w$]+\s+of\b)"),
        lambda match: match[1] + b"const".ljust(len(match[2])) + match[3],
    ),
    (
        re.compile(rb"()(\bimport\s*\(\s*(?:\"[^\"\n]*\"|'[^'\n]*')\s*\))(\s*\.)"),
        lambda match: match[1] + b"_" * len(match[2]) + match[3],
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A file and its tree. ``broken`` when it could not be read as TypeScript to its end."""

    source: Source
    root: Node
    broken: bool

    def span(self, node: Node) -> Span:
        return Span(self.source, node.start_byte, node.end_byte)


def parse(source: Source, findings: Findings) -> Parsed:
    """Parse one file; a syntax error that remains is E0101, W0101 where Encore is not named."""
    text, tree = _without_type_arguments(source.text, _parser().parse(source.text))
    if tree.root_node.has_error:
        tree = _repaired(text, tree)
    root = tree.root_node
    if root.has_error:
        _report(source, _first_error(root), findings)
    return Parsed(source, root, root.has_error)


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_typescript.language_typescript()))


def _without_type_arguments(text: bytes, tree: Tree) -> tuple[bytes, Tree]:
    """Blank the ``<…>`` of ``db.query<…>`…` ``, which the grammar takes for comparisons."""
    for _ in range(_ROUNDS):
        spans = tuple(_type_arguments(text, tree.root_node))
        if not spans:
            break
        blanked = bytearray(text)
        for start, stop in spans:
            blanked[start:stop] = re.sub(rb"[^\n]", b" ", text[start:stop])
        text = bytes(blanked)
        tree = _parser().parse(text)
    return text, tree


def _type_arguments(text: bytes, root: Node) -> Iterator[tuple[int, int]]:
    for match in _BEFORE_TEMPLATE.finditer(text):
        tick = match.end() - 1
        if not _may_open_template(root, tick):
            continue
        start = _opening_bracket(text, match.start())
        if start is not None:
            yield start, match.start() + 1


def _may_open_template(root: Node, tick: int) -> bool:
    """Whether the backtick begins a template, or stands where the tree is broken anyway."""
    node = root.descendant_for_byte_range(tick, tick + 1)
    if node is None:
        return False
    template = node if node.type == "template_string" else node.parent
    if template is not None and template.type == "template_string":
        return template.start_byte == tick
    return node.has_error or node.is_error


def _opening_bracket(text: bytes, close: int) -> int | None:
    """The ``<`` that belongs to the ``>`` at ``close``, if it can open type arguments."""
    angles, expected = 1, []
    at = close - 1
    while at > max(0, close - _LONGEST_TYPE):
        char = text[at]
        if char in (ord('"'), ord("'")):
            at = max(text.rfind(bytes([char]), text.rfind(b"\n", 0, at) + 1, at), 0) or at
        elif char in _CLOSING:
            expected.append(char)
        elif char in _OPENING:
            if not expected or expected.pop() != _OPENING[char]:
                return None
        elif char == ord("`") or (char == ord(";") and not expected):
            return None
        elif char == ord(">") and text[at - 1] != ord("="):
            angles += 1
        elif char == ord("<"):
            angles -= 1
            if not angles:
                return at if re.match(rb"[\w$]", text[at - 1 : at]) else None
        at -= 1
    return None


def _repaired(text: bytes, tree: Tree) -> Tree:
    """Try each known gap of the grammar; keep a replacement that leaves fewer errors."""
    best, left = tree, _errors(tree.root_node)
    for pattern, replace in _REPAIRS:
        changed = pattern.sub(replace, text)
        if changed == text:
            continue
        candidate = _parser().parse(changed)
        errors = _errors(candidate.root_node)
        if errors < left:
            text, best, left = changed, candidate, errors
    return best


def _errors(root: Node) -> int:
    return sum(1 for _ in _error_nodes(root))


def _error_nodes(root: Node) -> Iterator[Node]:
    todo = [root]
    while todo:
        node = todo.pop()
        if node.is_error or node.is_missing:
            yield node
        todo.extend(child for child in reversed(node.children) if child.has_error)


def _first_error(root: Node) -> Node:
    return next(_error_nodes(root), root)


def _report(source: Source, node: Node, findings: Findings) -> None:
    span = Span(source, node.start_byte, max(node.end_byte, node.start_byte + 1))
    what = f"`{node.type}` is missing here" if node.is_missing else "this cannot be read"
    if b"encore.dev" in source.text:
        message = f"syntax error: {what}, so nothing declared in this file is certain"
        findings.add("E0101", span, message, hint="correct the TypeScript around this place")
        return
    message = f"{what} as TypeScript; uses of resources in this file may be missed"
    findings.add(
        "W0101", span, message, hint="correct it, or ignore this if the compiler accepts it"
    )
