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
    seen = shape if outer == node else "other"
    if outer == node and shape == "method" and _is_optional(outer):
        seen = "field"
    return Occurrence(module, node, shape, seen, member, call)


def _shape(node: Node) -> tuple[Shape, str, Node | None]:
    parent = node.parent
    if parent is None:
        return "other", "", None
    if parent.type == "member_expression" and nodes.field(parent, "object") == node:
        return _member_shape(parent)
    if parent.type == "subscript_expression" and nodes.field(parent, "object") == node:
        return "index", "", None
    if parent.type == "call_expression" and nodes.field(parent, "function") == node:
        return "callee", "", parent
    if parent.type == "arguments" and parent.parent is not None:
        constructed = parent.parent.type == "new_expression"
        return ("constructor" if constructed else "argument"), "", parent.parent
    return "other", "", None


def _member_shape(member: Node) -> tuple[Shape, str, Node | None]:
    name = nodes.field(member, "property")
    text = nodes.text(name) if name is not None else ""
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
