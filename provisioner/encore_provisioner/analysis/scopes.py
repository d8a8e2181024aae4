"""What stands around a node of one file, and which declaration an identifier means there.

In: a node. Out: the nodes around it; the innermost scope that declares a name, shadowing by
functions and blocks included, and None for the file's top level (or no declaration at all).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.source import words

_BLOCKS: Final = frozenset({"statement_block", "switch_case", "switch_default"})
_SCOPES: Final = _BLOCKS | nodes.FUNCTIONS | {"catch_clause", "for_statement", "for_in_statement"}
_NAMED: Final = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "class_declaration",
        "abstract_class_declaration",
        "enum_declaration",
        "internal_module",
    }
)


_DECLARES_NOTHING: Final = frozenset(
    {
        "arguments",
        "array",
        "as_expression",
        "await_expression",
        "binary_expression",
        "call_expression",
        "export_specifier",
        "import_specifier",
        "member_expression",
        "new_expression",
        "non_null_expression",
        "pair",
        "parenthesized_expression",
        "return_statement",
        "spread_element",
        "string",
        "subscript_expression",
        "template_string",
        "template_substitution",
        "ternary_expression",
        "type_arguments",
        "unary_expression",
    }
)
"""What an identifier may be the child of without being declared there."""


Scope = tuple[int, int] | None
"""The byte range of a function, block or loop; None at the top level of the file."""


class Scopes:
    """The scopes of one file. What a scope declares is read once, since scopes can be long."""

    def __init__(self, text: bytes, root: Node) -> None:
        self._text = text
        self._root = root
        self._doubtful: dict[str, bool] = {}
        self._way = [root]
        self._declared: dict[int, frozenset[str]] = {}

    def around(self, node: Node) -> tuple[Node, ...]:
        """The nodes around ``node``, the innermost first.

        The way down to it begins where it leaves that to the node asked for before, and so
        costs little in deep trees: each single step up would begin at the root again.
        """
        while len(self._way) > 1 and not _holds(self._way[-1], node):
            self._way.pop()
        if not self._extend(node):
            self._way = [self._root]
            self._extend(node)
        return tuple(reversed(self._way)) if node != self._root else ()

    def _extend(self, node: Node) -> bool:
        """Go on from the end of the way to the node that holds ``node`` at once, if it can."""
        current = self._way[-1]
        if current == node:
            return True
        self._way.pop()
        while current != node:
            self._way.append(current)
            below = current.child_with_descendant(node)
            if below is None:
                return False
            current = below
        return True

    def function(self, node: Node) -> Node | None:
        """The innermost function around ``node``."""
        return next((n for n in self.around(node) if n.type in nodes.FUNCTIONS), None)

    def of(self, identifier: Node, name: str) -> Scope:
        """The innermost scope around ``identifier`` that declares ``name``."""
        if not self._may_declare(name):
            return None
        for ancestor in self.around(identifier):
            if ancestor.type in _SCOPES and name in self._names(ancestor):
                return (ancestor.start_byte, ancestor.end_byte)
        return None

    def _may_declare(self, name: str) -> bool:
        """False only if each mention of ``name`` stands where nothing is declared.

        So it is for most names that are asked for, those of imports, and much cheaper to see than
        the way from the root to each mention.
        """
        if name not in self._doubtful:
            hits = (self._root.descendant_for_byte_range(*span) for span in self._spans(name))
            self._doubtful[name] = any(map(_may_be_declared, hits))
        return self._doubtful[name]

    def _spans(self, name: str) -> Iterator[tuple[int, int]]:
        return ((start, start + len(name.encode())) for start in words(self._text, name.encode()))

    def _names(self, scope: Node) -> frozenset[str]:
        if scope.id not in self._declared:
            self._declared[scope.id] = frozenset(nodes.text(name) for name in declared_names(scope))
        return self._declared[scope.id]


def _holds(outer: Node, inner: Node) -> bool:
    """Whether it spans more than the other: what spans the same may stand above or below."""
    size = outer.end_byte - outer.start_byte
    inside = outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte
    return inside and inner.end_byte - inner.start_byte < size


def _may_be_declared(mention: Node | None) -> bool:
    if mention is None or mention.type == "comment":
        return mention is None
    parent = mention.parent
    return parent is None or parent.type not in _DECLARES_NOTHING


def declared_names(scope: Node) -> Iterator[Node]:
    """The names that a function, block or loop declares for what stands in it."""
    if scope.type in _BLOCKS:
        yield from _block_names(scope)
    elif scope.type in nodes.FUNCTIONS:
        yield from _function_names(scope)
    elif scope.type == "catch_clause":
        yield from _patterns(nodes.field(scope, "parameter"))
    elif scope.type == "for_statement":
        yield from _statement_names(nodes.field(scope, "initializer"))
    elif scope.type == "for_in_statement" and nodes.field(scope, "kind") is not None:
        yield from _patterns(nodes.field(scope, "left"))


def _function_names(function: Node) -> Iterator[Node]:
    yield from _patterns(nodes.field(function, "parameters"))
    yield from _patterns(nodes.field(function, "parameter"))
    name = nodes.field(function, "name")
    if function.type in nodes.ARROWS and name is not None:
        yield name


def _block_names(block: Node) -> Iterator[Node]:
    for statement in block.named_children:
        yield from _statement_names(statement)


def _statement_names(statement: Node | None) -> Iterator[Node]:
    if statement is None:
        return
    if statement.type == "export_statement":  # inside a TypeScript namespace
        yield from _statement_names(nodes.field(statement, "declaration"))
    for declarator in nodes.declarators(statement):
        yield from _patterns(nodes.field(declarator, "name"))
    name = nodes.field(statement, "name")
    if statement.type in _NAMED and name is not None:
        yield name


def _patterns(pattern: Node | None) -> Iterator[Node]:
    if pattern is not None:
        yield from nodes.pattern_names(pattern)
