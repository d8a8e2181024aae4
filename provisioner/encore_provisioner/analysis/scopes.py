"""Which declaration an identifier means inside one file: shadowing by functions and blocks.

In: an identifier's node. Out: the innermost scope that declares its name; None for the file's
top level (or no declaration at all).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from encore_provisioner.analysis import nodes

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


Scope = tuple[int, int] | None
"""The byte range of a function, block or loop; None at the top level of the file."""


class Scopes:
    """The scopes of one file. What a scope declares is read once, since scopes can be long."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._declared: dict[int, frozenset[str]] = {}

    def of(self, identifier: Node, name: str) -> Scope:
        """The innermost scope around ``identifier`` that declares ``name``."""
        for ancestor in reversed(nodes.way_to(identifier, self._root)):
            if ancestor.type in _SCOPES and name in self._names(ancestor):
                return (ancestor.start_byte, ancestor.end_byte)
        return None

    def _names(self, scope: Node) -> frozenset[str]:
        if scope.id not in self._declared:
            self._declared[scope.id] = frozenset(nodes.text(name) for name in _names(scope))
        return self._declared[scope.id]


def _names(scope: Node) -> Iterator[Node]:
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
