"""Where names occur in a file: a search of the text, each hit checked in the tree.

Much faster than a walk over every node, since a file mentions few names that matter; and than a
regular expression of the names, since that would have to be compiled for each file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tree_sitter import Node

from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.source import words

_VALUES: Final = frozenset({"identifier", "shorthand_property_identifier"})
_NO_USE: Final = frozenset(
    {"import_clause", "import_specifier", "export_specifier", "namespace_import", "type_query"}
)


def occurrences(module: Module, names: Iterable[str]) -> Iterator[tuple[str, Node]]:
    """Each place where one of ``names`` stands as a value, in order; declarations included."""
    text, root = module.parsed.source.text, module.parsed.root
    found = [(start, name) for name in names for start in words(text, name.encode())]
    for start, name in sorted(found):
        stop = start + len(name.encode())
        node = root.named_descendant_for_byte_range(start, stop)
        if node is None or node.type not in _VALUES:
            continue
        if node.byte_range == (start, stop) and _is_value(node):
            yield name, node


def _is_value(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type == "member_expression":  # `typeof client.endpoint`
        parent = parent.parent
    return parent is None or parent.type not in _NO_USE
