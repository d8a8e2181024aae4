"""From source text to a syntax tree, with what the grammar misreads put right.

In: a :class:`Source`. Out: its tree and at most one finding. tree-sitter always returns a tree;
its error flag is no verdict, because the grammar does not know some valid TypeScript. What it
does not know is replaced by text of the same length that means the same to us, and parsed again:
type arguments before a template literal here, all else in :mod:`repairs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Tree

from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.overlooked import overlooked
from encore_provisioner.analysis.repairs import error_nodes, repaired
from encore_provisioner.analysis.source import Source, Span

UNREADABLE: Final = "this cannot be read"
_ROUNDS: Final = 8
_LONGEST_TYPE: Final = 20_000
_BLANKS: Final = frozenset({b" ", b"\t", b"\n", b"\v", b"\f"})
_TOKEN: Final = re.compile(
    rb"//[^\n]*|/\*[^*\n]*(?:\*(?!/)[^*\n]*)*(?:\*/)?|\*/"
    rb"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|=>|[<>(){}\[\];]"
)
_OPENING: Final = {b">": b"<", b"}": b"{", b")": b"(", b"]": b"["}
"""What opens that which a token closes: read backwards."""
_CLOSING: Final = frozenset(_OPENING.values())


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
    text, tree = _first_tree(source.text)
    if tree.root_node.has_error:
        tree = repaired(text, tree, _parser().parse)
    root = tree.root_node
    wrong = _wrong(source.text, root)
    if wrong is not None:
        _report(Span(source, *wrong[1]), wrong[0], findings)
    return Parsed(source, root, wrong is not None)


def _wrong(text: bytes, root: Node) -> tuple[str, tuple[int, int]] | None:
    """What is wrong first, and where."""
    if not root.has_error:
        found = overlooked(text, root)
        return (UNREADABLE, found) if found is not None else None
    node = next(error_nodes(root), root)
    what = f"`{node.type}` is missing here" if node.is_missing else UNREADABLE
    return what, (node.start_byte, max(node.end_byte, node.start_byte + 1))


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_typescript.language_typescript()))


def _first_tree(text: bytes) -> tuple[bytes, Tree]:
    """Blank the ``<…>`` of ``db.query<…>`…` ``, which the grammar takes for comparisons.

    Only a tree can tell which backtick opens a template, and parsing is what reading a file costs
    most. So what looks like type arguments is blanked before the first tree is made; if that then
    has an error, or says of one backtick that it opens nothing, the text is parsed as it stands.
    """
    spans = tuple(_type_arguments(text))
    if spans:
        guess = _blanked(text, (span for span, _ in spans))
        tree = _parser().parse(guess)
        root = tree.root_node
        if not root.has_error and all(_opens_template(root, tick) for _, tick in spans):
            return _without_type_arguments(guess, tree)
    return _without_type_arguments(text, _parser().parse(text))


def _without_type_arguments(text: bytes, tree: Tree) -> tuple[bytes, Tree]:
    for _ in range(_ROUNDS):
        root = tree.root_node
        spans = [span for span, tick in _type_arguments(text) if _may_open_template(root, tick)]
        if not spans:
            break
        text = _blanked(text, spans)
        tree = _parser().parse(text)
    return text, tree


def _blanked(text: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
    blanked = bytearray(text)
    for start, stop in spans:
        blanked[start:stop] = re.sub(rb"[^\n]", b" ", text[start:stop])
    return bytes(blanked)


def _type_arguments(text: bytes) -> Iterator[tuple[tuple[int, int], int]]:
    """What may be type arguments before a template, each with the place of the backtick."""
    tick = text.find(b"`")
    while tick >= 0:
        before = tick
        while text[before - 1 : before] in _BLANKS:
            before -= 1
        if text[before - 1 : before] == b">" and text[before - 2 : before] != b"=>":
            start = _opening_bracket(text, before - 1)
            if start is not None:
                yield (start, before), tick
        tick = text.find(b"`", tick + 1)


def _opens_template(root: Node, tick: int) -> bool:
    node = root.descendant_for_byte_range(tick, tick + 1)
    template = node if node is None or node.type == "template_string" else node.parent
    return (
        template is not None and template.type == "template_string" and template.start_byte == tick
    )


def _may_open_template(root: Node, tick: int) -> bool:
    """Whether the backtick begins a template, or stands where the tree is broken anyway."""
    node = root.descendant_for_byte_range(tick, tick + 1)
    if node is None or node.type == "comment":
        return False
    template = node if node.type == "template_string" else node.parent
    if template is not None and template.type == "template_string":
        return template.start_byte == tick
    return node.has_error or node.is_error or (template is not None and template.is_error)


def _opening_bracket(text: bytes, close: int) -> int | None:
    """The ``<`` that belongs to the ``>`` at ``close``, if it can open type arguments."""
    expected = [b"<"]
    for at, token in _tokens_before(text, close):
        if token in _OPENING:
            expected.append(_OPENING[token])
        elif token == b";" and len(expected) == 1:
            return None
        elif token in _CLOSING:
            if expected.pop() != token:
                return None
            if not expected:
                return at if re.match(rb"[\w$)\]]", text[at - 1 : at]) else None
    return None


def _tokens_before(text: bytes, stop: int) -> Iterator[tuple[int, bytes]]:
    """The brackets and semicolons before ``stop``, last first, back to a template at most.

    Line by line, because a line can be read alone: only a comment that began on an earlier one
    is seen at its end.
    """
    lowest = max(0, stop - _LONGEST_TYPE)
    lowest = max(lowest, text.rfind(b"`", lowest, stop) + 1)
    while stop > lowest:
        line = max(lowest, text.rfind(b"\n", lowest, stop) + 1)
        for match in reversed(tuple(_TOKEN.finditer(text, line, stop))):
            if match[0] == b"*/":
                line = max(lowest, text.rfind(b"/*", lowest, match.start()))
                break
            yield match.start(), match[0]
        stop = line - 1 if text[line - 1 : line] == b"\n" else line


def _report(span: Span, what: str, findings: Findings) -> None:
    if b"encore.dev" in span.source.text:
        message = f"syntax error: {what}, so nothing declared in this file is certain"
        findings.add("E0101", span, message, hint="correct the TypeScript around this place")
        return
    message = f"{what} as TypeScript; uses of resources in this file may be missed"
    findings.add(
        "W0101", span, message, hint="correct it, or ignore this if the compiler accepts it"
    )
