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


def declaring_scope(identifier: Node, name: str) -> Node | None:
    """The innermost function, block or loop around ``identifier`` that declares ``name``."""
    return next((s for s in nodes.ancestors(identifier) if name in _declared(s)), None)


def _declared(scope: Node) -> frozenset[str]:
    return frozenset(nodes.text(name) for name in _names(scope))


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
