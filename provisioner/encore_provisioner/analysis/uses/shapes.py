"""In which form an expression is used, seen from the syntax around it (contract A7)."""

from __future__ import annotations

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.facts import Shape
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.uses.model import Occurrence


def occurrence(module: Module, node: Node) -> Occurrence:
    outer = nodes.wrapped(node)
    shape, member, call = _shape(outer)
    return Occurrence(module, node, shape, _seen(node, outer, shape), member, call)


def _seen(node: Node, outer: Node, shape: Shape) -> Shape:
    parent = outer.parent
    if outer != node:
        return "other"
    if parent is not None and _is_index(parent, outer):
        return "index"
    return "field" if shape == "method" and _is_optional(outer) else shape


def _shape(node: Node) -> tuple[Shape, str, Node | None]:
    parent = node.parent
    if parent is None:
        return "other", "", None
    if parent.type == "member_expression" and nodes.field(parent, "object") == node:
        return _member_shape(parent, nodes.field(parent, "property"))
    if _is_index(parent, node):
        key = nodes.field(parent, "index")
        known = key is not None and nodes.string_value(key) is not None
        return _member_shape(parent, key) if known else ("index", "", None)
    if parent.type == "call_expression" and nodes.field(parent, "function") == node:
        return "callee", "", parent
    if parent.type == "arguments" and parent.parent is not None:
        constructed = parent.parent.type == "new_expression"
        return ("constructor" if constructed else "argument"), "", parent.parent
    return "other", "", None


def _is_index(parent: Node, node: Node) -> bool:
    return parent.type == "subscript_expression" and nodes.field(parent, "object") == node


def _member_shape(member: Node, name: Node | None) -> tuple[Shape, str, Node | None]:
    """``name`` is the ``f`` of ``x.f`` or the ``"f"`` of ``x["f"]``."""
    text = "" if name is None else nodes.string_value(name) or nodes.text(name)
    outer = nodes.wrapped(member)
    call = outer.parent
    if call is None or call.type != "call_expression" or nodes.field(call, "function") != outer:
        return "field", text, None
    arguments = nodes.field(call, "arguments")
    template = arguments is not None and arguments.type == "template_string"
    return ("template" if template else "method"), text, call


def _is_optional(node: Node) -> bool:
    parent = node.parent
    return parent is not None and nodes.field(parent, "optional_chain") is not None
