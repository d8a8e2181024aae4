"""Where names occur in a file: a search of the text, each hit checked in the tree.

Much faster than a walk over every node, since a file mentions few names that matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tree_sitter import Node

from encore_provisioner.analysis.modules import Module

_VALUES: Final = frozenset({"identifier", "shorthand_property_identifier"})
_NO_USE: Final = frozenset(
    {"import_clause", "import_specifier", "export_specifier", "namespace_import", "type_query"}
)


def occurrences(module: Module, names: Iterable[str]) -> Iterator[tuple[str, Node]]:
    """Each place where one of ``names`` stands as a value, in order; declarations included."""
    wanted = sorted(names)
    if not wanted:
        return
    alternatives = b"|".join(re.escape(name.encode("utf-8", "replace")) for name in wanted)
    pattern = re.compile(rb"(?<![\w$])(?:" + alternatives + rb")(?![\w$])")
    root = module.parsed.root
    for match in pattern.finditer(module.parsed.source.text):
        node = root.named_descendant_for_byte_range(match.start(), match.end())
        if node is None or node.type not in _VALUES:
            continue
        if (node.start_byte, node.end_byte) == match.span() and _is_value(node):
            yield match[0].decode("utf-8", "replace"), node


def _is_value(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type == "member_expression":  # `typeof client.endpoint`
        parent = parent.parent
    return parent is None or parent.type not in _NO_USE
