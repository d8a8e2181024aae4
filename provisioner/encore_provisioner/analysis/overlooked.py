"""What the grammar takes for TypeScript and is none: commas too many, a keyword as a value.

In: the text and the tree of a file that shows no error. Out: the first such place. These are what
a file holds while it is being written: ``f(a,, b)``, ``const x = new``. Each is looked for in the
text, where it is rare, and then checked in the tree; so it costs next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

Span = tuple[int, int]

_WITHOUT_GAPS: Final = frozenset({"arguments", "object", "object_pattern"})
_COMMAS: Final = tuple(re.compile(rb"%b\s*(,)" % before) for before in (b",", rb"\(", rb"\{"))
_KEYWORDS: Final = (
    re.compile(rb"(export)(?=\s*(?:[;,)\]}=]|\Z))"),
    re.compile(rb"(new)(?=\s*(?:[;,)\]}=]|\Z|(?:const|export|if|import|let|return)\b))"),
)


def overlooked(text: bytes, root: Node) -> Span | None:
    return min((*_commas(text, root), *_keywords(text, root)), default=None)


def _commas(text: bytes, root: Node) -> Iterator[Span]:
    for start, stop in _hits(text, _COMMAS):
        node = root.descendant_for_byte_range(start, stop)
        list_of = node.parent if node is not None and node.type == "," else None
        if list_of is not None and list_of.type in _WITHOUT_GAPS:
            yield start, stop


def _keywords(text: bytes, root: Node) -> Iterator[Span]:
    for start, stop in _hits(text, _KEYWORDS):
        node = root.named_descendant_for_byte_range(start, stop)
        if node is None or node.type != "identifier" or node.parent is None:
            continue
        exported = node.parent.type == "export_specifier"  # `export { a as new }`
        if (node.start_byte, node.end_byte) == (start, stop) and not exported:
            yield start, stop


def _hits(text: bytes, patterns: tuple[re.Pattern[bytes], ...]) -> Iterator[Span]:
    return (match.span(1) for pattern in patterns for match in pattern.finditer(text))
