"""Small questions to tree-sitter nodes, in the words of TypeScript.

The only place beside ``parse`` that knows the grammar's odd corners. Nothing here resolves a
name or reports a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from tree_sitter import Node

FUNCTIONS: Final = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)
ARROWS: Final = frozenset({"arrow_function", "function_expression", "generator_function"})
WRAPPERS: Final = frozenset(
    {"parenthesized_expression", "non_null_expression", "as_expression", "satisfies_expression"}
)
_VARIABLES: Final = frozenset({"lexical_declaration", "variable_declaration"})


def text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


field: Final[Callable[[Node, str], Node | None]] = Node.child_by_field_name
"""``field(node, "name")``: asked for so often that a function around it would be felt."""


def inner(node: Node) -> tuple[Node, ...]:
    """What stands directly inside ``node``, comments left out."""
    return tuple(child for child in node.named_children if child.type != "comment")


def arguments(call: Node) -> tuple[Node, ...] | None:
    """The arguments of a call or ``new``, comments left out; None without parentheses."""
    node = field(call, "arguments")
    return inner(node) if node is not None and node.type == "arguments" else None


def type_arguments(call: Node) -> tuple[Node, ...]:
    node = field(call, "type_arguments")
    return inner(node) if node is not None else ()


def unwrap(node: Node) -> Node:
    """What stands inside parentheses, ``!``, ``as`` and ``satisfies``."""
    while node.type in WRAPPERS:
        inside = inner(node)
        if not inside:
            return node
        node = inside[0]
    return node


def wrapped(node: Node) -> Node:
    """The outermost expression that only wraps ``node`` (see :func:`unwrap`)."""
    while (parent := node.parent) is not None and parent.type in WRAPPERS:
        if parent.named_children[0] != node:
            return node
        node = parent
    return node


def is_variable(statement: Node) -> bool:
    return statement.type in _VARIABLES


def declarators(statement: Node) -> Iterator[Node]:
    """The ``name = value`` parts of a ``const``, ``let`` or ``var`` statement."""
    if is_variable(statement):
        yield from (c for c in statement.named_children if c.type == "variable_declarator")


def pattern_names(pattern: Node) -> Iterator[Node]:
    """The identifiers that a binding pattern declares."""
    todo = [pattern]
    while todo:
        node = todo.pop()
        match node.type:
            case "identifier" | "shorthand_property_identifier_pattern":
                yield node
            case "pair_pattern":
                todo.extend(filter(None, [field(node, "value")]))
            case "assignment_pattern" | "object_assignment_pattern":
                todo.extend(filter(None, [field(node, "left")]))
            case "required_parameter" | "optional_parameter":
                todo.extend(filter(None, [field(node, "pattern")]))
            case "object_pattern" | "array_pattern" | "rest_pattern" | "formal_parameters":
                todo.extend(node.named_children)


def string_value(node: Node) -> str | None:
    """The value of a ``"…"`` or ``'…'`` literal; None for anything else."""
    if node.type != "string":
        return None
    parts: list[str] = []
    for child in node.named_children:
        parts.append(_unescape(text(child)) if child.type == "escape_sequence" else text(child))
    return "".join(parts)


_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def _unescape(escape: str) -> str:
    body = escape[1:]
    if body.startswith(("x", "u")):
        digits = body[1:].strip("{}")
        code = int(digits, 16) if digits else 0
        surrogate = 0xD800 <= code <= 0xDFFF
        return "\ufffd" if surrogate or code > 0x10FFFF else chr(code)
    return "" if body.startswith("\n") else _ESCAPES.get(body, body)


def template_literal(node: Node) -> str | None:
    """The text of a template with each substitution as ``?``; None for anything else."""
    if node.type != "template_string":
        return None
    parts: list[str] = []
    for child in node.named_children:
        parts.append("?" if child.type == "template_substitution" else text(child))
    return "".join(parts)
