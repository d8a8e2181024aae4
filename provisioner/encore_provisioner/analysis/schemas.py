"""Types that Encore cannot describe: of messages, requests, responses and values of caches.

In: a type's node. Out: each part of it, wherever it is declared, that Encore's build refuses to
read or to describe. Only what is certain counts: names of packages, type parameters, conditional
types and the like are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.resolver import Resolver

_DEEPEST: Final = 30
_BASIC: Final = frozenset({"never", "object", "symbol", "undefined", "unique symbol", "void"})
_UNREAD: Final = {
    "constructor_type": "a constructor",
    "construct_signature": "a constructor",
    "function_type": "a function",
    "template_literal_type": "a template literal type",
}
_THROUGH: Final = frozenset(
    {
        "array_type",
        "intersection_type",
        "interface_body",
        "object_type",
        "parenthesized_type",
        "readonly_type",
        "union_type",
    }
)
_PLAIN_TYPE: Final = rb"(?:string|number|boolean|bigint|any|unknown|null|Date)\b(?:\[\])*+"
_PLAIN: Final = re.compile(
    rb"\{(?:\s*+(?:readonly\s++)?+[A-Za-z_$][\w$]*+\??+\s*+:\s*+"
    rb"%b(?:\s*\|\s*+(?:undefined\b|%b))*+\s*+[;,]?+)*+\s*+\}" % (_PLAIN_TYPE, _PLAIN_TYPE)
)
_PLAIN_FIELD: Final = re.compile(rb":\s*+%b" % _PLAIN_TYPE)
"""Objects and fields that need no second look, as most are; a search of nodes is slow."""

_PASSING: Final = frozenset({"Array", "Readonly", "Record", "Required"})
"""Generic types of TypeScript's library that Encore describes with all that they are given."""

_CHOOSING: Final = frozenset({"Exclude", "Extract", "NonNullable", "Omit", "Partial", "Pick"})
"""Those that it reads whole and may describe in part."""

_UNIVERSE: Final = _PASSING | _CHOOSING | {"Date", "Promise", "bigint"}
"""All names that Encore knows without a declaration: of other types of TypeScript's, none."""

_ELSEWHERE: Final = frozenset(
    {"ambient_declaration", "conditional_type", "internal_module", "module", "statement_block"}
)
"""What may declare types that are no top-level ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part that Encore refuses. ``read``: it cannot even read it; else it can only not say it."""

    what: str
    module: Module
    node: Node
    read: bool


@dataclass(slots=True)
class Walk:
    """One walk over a type; each declaration is entered once."""

    resolver: Resolver
    _seen: set[tuple[str, int]] = field(default_factory=set)

    def parts(self, module: Module, node: Node, depth: int = 0) -> Iterator[Part]:
        kind = node.type
        if depth > _DEEPEST:
            return
        if kind in _UNREAD:
            yield Part(_UNREAD[kind], module, node, read=False)
        elif kind in ("predefined_type", "literal_type"):
            yield from _basic(module, node)
        elif kind == "tuple_type":
            yield Part("a tuple", module, node, read=True)
            for inner in node.named_children:
                yield from self.parts(module, inner, depth + 1)
        elif kind in _THROUGH and not _PLAIN.fullmatch(node.text or b""):
            for inner in node.named_children:
                yield from self._inner(module, node, inner, depth)
        elif kind == "type_identifier":
            yield from self._named(module, node, node, depth)
        elif kind == "generic_type":
            yield from self._generic(module, node, depth)
        elif kind not in _THROUGH:
            yield from self._rare(module, node)

    def _inner(self, module: Module, outer: Node, node: Node, depth: int) -> Iterator[Part]:
        match node.type:
            case "property_signature" | "index_signature":
                yield from self._field(module, node, depth)
            case "method_signature":
                yield _method(module, node)
            case "literal_type" | "predefined_type" if (
                outer.type == "union_type" and nodes.text(node) == "undefined"
            ):
                return
            case _:
                yield from self.parts(module, node, depth + 1)

    def _field(self, module: Module, node: Node, depth: int) -> Iterator[Part]:
        name, given = nodes.field(node, "name"), nodes.field(node, "type")
        if name is not None and name.type == "number":
            yield Part("a number as the name of a field", module, name, read=False)
        if name is not None and name.type == "computed_property_name":
            inner_name = name.named_children[0] if name.named_children else name
            if inner_name.type == "member_expression":
                yield Part("a computed name of a field", module, name, read=False)
        if given is None:
            yield Part("a field without a type", module, node, read=False)
            return
        if _PLAIN_FIELD.fullmatch(given.text or b"") is None:
            for inner in given.named_children:
                yield from self.parts(module, inner, depth + 1)

    def _generic(self, module: Module, node: Node, depth: int) -> Iterator[Part]:
        name, given = nodes.field(node, "name"), nodes.type_arguments(node)
        if name is None or name.type != "type_identifier":
            return
        text = nodes.text(name)
        target = self.resolver.type(module, text)
        inner = [part for one in given for part in self.parts(module, one, depth + 1)]
        if target.node is None and target.module is not None and text == "Promise":
            yield Part("a `Promise`", module, node, read=True)
        elif target.node is None and text in _PASSING:
            yield from inner
        elif target.node is not None or text in _CHOOSING:
            yield from (part for part in inner if not part.read)
        yield from self._named(module, name, node, depth)

    def _rare(self, module: Module, node: Node) -> Iterator[Part]:
        if node.type == "this_type":
            yield Part("`this`", module, node, read=True)
        elif node.type == "nested_type_identifier":
            owner = nodes.field(node, "module")
            target = self.resolver.type(module, nodes.text(owner)) if owner is not None else None
            known = target is not None and target.node is not None
            if target is not None and target.node and target.node.type == "enum_declaration":
                yield Part("a member of an enum", module, node, read=False)
            elif not known and target is not None and target.module and target.name == "NodeJS":
                text = nodes.text(node)
                yield Part(f"`{text}`, which it does not know,", module, node, read=False)

    def _named(self, module: Module, name: Node, node: Node, depth: int) -> Iterator[Part]:
        text = nodes.text(name)
        target = self.resolver.type(module, text)
        if target.node is None or target.module is None:
            if target.module is not None and _is_unknown(target.module, name, target.name):
                yield Part(f"`{text}`, which it does not know,", module, name, read=False)
            return
        key = (target.module.path, target.node.start_byte)
        if key in self._seen:
            return
        self._seen.add(key)
        if target.node.type in ("class_declaration", "abstract_class_declaration"):
            yield Part("a class", module, node, read=True)
        elif target.node.type == "interface_declaration":
            yield from self._interface(target.module, target.node, depth)
        elif target.node.type == "type_alias_declaration":
            value = nodes.field(target.node, "value")
            if value is not None:
                yield from self.parts(target.module, value, depth + 1)

    def _interface(self, module: Module, node: Node, depth: int) -> Iterator[Part]:
        for child in node.named_children:
            if child.type == "extends_type_clause":
                for parent in child.children_by_field_name("type"):
                    yield from self.parts(module, parent, depth + 1)
            elif child.type == "interface_body":
                yield from self.parts(module, child, depth + 1)


def _basic(module: Module, node: Node) -> Iterator[Part]:
    text = nodes.text(node)
    if text in _BASIC:
        yield Part(f"`{text}`", module, node, read=False)


def _method(module: Module, node: Node) -> Part:
    getter = any(child.type in ("get", "set") for child in node.children)
    if getter:
        return Part("a getter or setter", module, node, read=False)
    return Part("a method", module, node, read=True)


def _is_unknown(module: Module, node: Node, name: str) -> bool:
    """Whether Encore knows no such type: nothing around the node, or in an import, declares it."""
    if name in _UNIVERSE or re.search(
        rb"\bimport\s+(?:type\s+)?%b\s*=" % re.escape(name.encode()), module.parsed.source.text
    ):
        return False
    outer = module.scopes.around(node)
    return not any(each.type in _ELSEWHERE or name in _parameters(each) for each in outer)


def _parameters(node: Node) -> Iterator[str]:
    """The type parameters of a declaration, or of a mapped type."""
    listed = nodes.field(node, "type_parameters")
    mapped = (c for c in node.named_children if c.type == "mapped_type_clause")
    for each in (*(listed.named_children if listed is not None else ()), *mapped):
        name = nodes.field(each, "name")
        if name is not None:
            yield nodes.text(name)
