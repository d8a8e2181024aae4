"""What a type annotation says about a value, as far as declarations need to know (A5, A6).

In: a type's node. Out: a :class:`Shape`. Aliases, interfaces, imports and intersections are
followed through the app's files. Whatever is not certain (type parameters, mapped types, types of
packages) is ``unknown`` or an ``open`` object: callers then find nothing wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.resolver import Resolver, TypeTarget

ShapeKind = Literal["array", "basic", "literal", "object", "other", "union", "unknown", "wire"]
WIRE_TYPES: Final = frozenset({"Cookie", "Header", "Query"})

_DEEPEST: Final = 12
_BASIC_NAMES: Final = frozenset({"bigint"})
_GLOBALS: Final = frozenset(
    {
        "ArrayBuffer",
        "AsyncIterable",
        "Awaited",
        "Blob",
        "Buffer",
        "Error",
        "File",
        "FormData",
        "Function",
        "Iterable",
        "Object",
        "ReadableStream",
        "RegExp",
        "Request",
        "Response",
        "ReturnType",
        "String",
        "URL",
        "Uint8Array",
        "WeakMap",
        "WeakSet",
    }
)
"""Types of TypeScript's library and of Node, which Encore does not know."""
_OTHERS: Final = {
    "abstract_class_declaration": "class",
    "class_declaration": "class",
    "enum_declaration": "enum",
}
_LITERALS: Final = {"string": "string", "number": "number", "true": "boolean", "false": "boolean"}


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of an object type; ``node`` is its type in ``module``."""

    name: str
    optional: bool
    node: Node
    module: Module


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """``name`` is that of a basic or wire type, or of the basic type that a literal belongs to.

    ``open``: an object with fields that are not known; ``indexed``: with an index signature.
    ``parts`` are the members of a union. ``alias``: reached through a name that the app declares.
    ``other`` is what Encore takes for none of these: a ``class``, ``enum``, ``function`` …
    """

    kind: ShapeKind
    name: str = ""
    fields: tuple[Field, ...] = ()
    open: bool = False
    parts: tuple[Shape, ...] = ()
    alias: bool = False
    indexed: bool = False

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)

    @property
    def is_void(self) -> bool:
        return self.kind == "basic" and self.name == "void"

    @property
    def is_object(self) -> bool:
        """Whether this is, or may be, an object."""
        return self.kind in ("object", "unknown")


UNKNOWN: Final = Shape("unknown")
_OPEN: Final = Shape("object", open=True)
_FIELDS: Final = frozenset({"method_signature", "property_signature"})
_UNREADABLE: Final = {
    "constructor_type": Shape("other", "constructor"),
    "function_type": Shape("other", "function"),
    "member_expression": Shape("other", "import type"),
    "method_signature": Shape("other", "function"),
    "template_literal_type": Shape("other", "template literal"),
}


@dataclass(frozen=True, slots=True)
class Types:
    """``fields``: whether objects shall tell theirs; reading them is most of the work."""

    resolver: Resolver
    fields: bool = True

    def shape(self, module: Module, node: Node) -> Shape:
        return self._shape(module, node, 0)

    def of(self, field: Field) -> Shape:
        return self.shape(field.module, field.node)

    def _shape(self, module: Module, node: Node, depth: int) -> Shape:
        if depth > _DEEPEST:
            return UNKNOWN
        match node.type:
            case "predefined_type":
                return Shape("basic", nodes.text(node))
            case "literal_type":
                return _literal(node)
            case "array_type" | "tuple_type":
                return Shape("array")
            case "object_type" | "interface_body":
                return self._object(module, node)
            case "index_type_query":
                return Shape("union", parts=(Shape("literal", "string"),))
            case "union_type":
                return self._union(module, node, depth)
            case "intersection_type":
                return self._intersection(module, node, depth)
            case "parenthesized_type":
                inner = next(iter(node.named_children), None)
                return self._shape(module, inner, depth + 1) if inner is not None else UNKNOWN
            case "generic_type":
                return self._generic(module, node, depth)
            case "type_identifier":
                return self._named(module, nodes.text(node), depth)
            case _:
                kind = "member_expression" if _is_import(node) else node.type
                return _UNREADABLE.get(kind, UNKNOWN)

    def _union(self, module: Module, node: Node, depth: int) -> Shape:
        parts: list[Shape] = []
        for member in _members(node):
            part = self._shape(module, member, depth + 1)
            parts += part.parts if part.kind == "union" else [part]
        return Shape("union", parts=tuple(parts))

    def _intersection(self, module: Module, node: Node, depth: int) -> Shape:
        parts = [self._shape(module, member, depth + 1) for member in _members(node)]
        if any(part.kind != "object" for part in parts):
            return UNKNOWN
        fields = {field.name: field for part in parts for field in part.fields}
        return Shape(
            "object",
            fields=tuple(fields.values()),
            open=any(part.open for part in parts),
            indexed=any(part.indexed for part in parts),
        )

    def _generic(self, module: Module, node: Node, depth: int) -> Shape:
        name = nodes.field(node, "name")
        if name is None or name.type != "type_identifier":
            return UNKNOWN
        target = self.resolver.type(module, nodes.text(name))
        if target.node is not None:
            return UNKNOWN
        if target.name in ("Array", "ReadonlyArray", "Set", "Map"):
            return Shape("array")
        if target.name in WIRE_TYPES:
            return Shape("wire", target.name)
        if target.name in _GLOBALS and target.module is not None:
            return Shape("other", target.name)
        inner = next(iter(nodes.type_arguments(node)), None)
        if target.name == "Promise" and inner is not None:
            return self._shape(module, inner, depth + 1)
        if target.name == "Record" and inner is not None and inner.type == "predefined_type":
            return Shape("object", open=True, indexed=True)
        return UNKNOWN

    def _named(self, module: Module, name: str, depth: int) -> Shape:
        if name in _BASIC_NAMES:
            return Shape("basic", name)
        target = self.resolver.type(module, name)
        node, home = target.node, target.module
        if node is None or home is None:
            return _undeclared(target)
        if nodes.field(node, "type_parameters") is not None:
            return UNKNOWN
        if node.type == "interface_declaration":
            return self._interface(home, node, depth)
        if node.type in _OTHERS:
            return Shape("other", _OTHERS[node.type])
        value = nodes.field(node, "value")
        if node.type != "type_alias_declaration" or value is None:
            return UNKNOWN
        return replace(self._shape(home, value, depth + 1), alias=True)

    def _object(self, module: Module, body: Node) -> Shape:
        if self.fields:
            return _object(module, body)
        return Shape("object", open=True, indexed=any(map(_is_index, body.named_children)))

    def _interface(self, module: Module, node: Node, depth: int) -> Shape:
        body = nodes.field(node, "body")
        own = self._object(module, body) if body is not None else _OPEN
        fields: dict[str, Field] = {}
        is_open = own.open
        for parent in _extended(node):
            inherited = self._shape(module, parent, depth + 1)
            is_open = is_open or inherited.kind != "object" or inherited.open
            fields |= {field.name: field for field in inherited.fields}
        fields |= {field.name: field for field in own.fields}
        return Shape("object", fields=tuple(fields.values()), open=is_open, indexed=own.indexed)


def promised(node: Node) -> Node | None:
    """The ``T`` of ``Promise<T>``; None for any other type."""
    name = nodes.field(node, "name")
    if node.type != "generic_type" or name is None or nodes.text(name) != "Promise":
        return None
    return next(iter(nodes.type_arguments(node)), None)


def _is_import(node: Node) -> bool:
    """``import("./orders").Order``, read with ``_`` for the import where a repair was needed."""
    module = nodes.field(node, "module") if node.type == "nested_type_identifier" else None
    return module is not None and not nodes.text(module).strip("_")


def _undeclared(target: TypeTarget) -> Shape:
    """A type that no file of the app declares; without a module it was imported from outside."""
    if target.name in WIRE_TYPES:
        return Shape("wire", target.name)
    if target.module is None:
        return UNKNOWN
    if target.name == "Date":
        return Shape("basic", target.name)
    return Shape("other", target.name) if target.name in _GLOBALS else UNKNOWN


def annotation(node: Node | None) -> Node | None:
    """The type inside a ``: T``."""
    if node is None or node.type != "type_annotation":
        return None
    return next(iter(nodes.inner(node)), None)


def _literal(node: Node) -> Shape:
    inner = next(iter(node.children), None)
    kind = inner.type if inner is not None else ""
    if kind in ("null", "undefined"):
        return Shape("basic", kind)
    return Shape("literal", _LITERALS.get(kind, "number"))


def _members(node: Node) -> Iterator[Node]:
    """The members of a union or intersection, which the grammar nests to the left."""
    todo = [node]
    while todo:
        current = todo.pop()
        if current.type == node.type:
            todo.extend(c for c in reversed(current.named_children) if c.type != "comment")
        else:
            yield current


def _object(module: Module, body: Node) -> Shape:
    fields: dict[str, Field] = {}
    is_open, is_indexed = False, False
    for member in body.named_children:
        if member.type == "comment":
            continue
        field = _field(module, member) if member.type in _FIELDS else None
        if field is None:
            is_open, is_indexed = True, is_indexed or _is_index(member)
        else:
            fields[field.name] = field
    return Shape("object", fields=tuple(fields.values()), open=is_open, indexed=is_indexed)


def _field(module: Module, member: Node) -> Field | None:
    """The field that ``name?: T`` or ``name?(): T`` declares; None without a type."""
    name, given = nodes.field(member, "name"), annotation(nodes.field(member, "type"))
    if member.type == "method_signature":
        given = member
    if name is None or given is None:
        return None
    key = nodes.string_value(name) or nodes.text(name)
    return Field(key, any(child.type == "?" for child in member.children), given, module)


def _is_index(member: Node) -> bool:
    """``[key: string]: T``, but not a mapped type over the keys of another."""
    return member.type == "index_signature" and not any(
        child.type == "mapped_type_clause" for child in member.named_children
    )


def _extended(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        if child.type == "extends_type_clause":
            yield from child.children_by_field_name("type")
