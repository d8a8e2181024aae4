"""What a type argument of ``ref<P>()`` permits (contract A7).

The type's declared name decides, whatever module it comes from; then aliases and intersections
are followed, and a class permits what its methods do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tree_sitter import Node

from encore_config.graph import Operation
from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.catalogue import (
    BUCKET_PERMISSIONS,
    TOPIC_PERMISSIONS,
    Operations,
)
from encore_provisioner.analysis.findings import near
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.resolver import Resolver, TypeTarget

_DEEPEST: Final = 10
_KNOWN: Final = TOPIC_PERMISSIONS.keys() | BUCKET_PERMISSIONS.keys()
_METHODS: Final = ("abstract_method_signature", "method_definition", "method_signature")


@dataclass(frozen=True, slots=True)
class Permissions:
    """The permission types of one kind of resource, its methods, and the SDK class itself."""

    types: Mapping[str, Operations]
    methods: Mapping[str, Operations]
    resource: str

    def of(self, module: Module, node: Node, resolver: Resolver) -> frozenset[Operation] | None:
        """What the type at ``node`` permits; None for a type that Encore refuses."""
        return self._of(module, node, resolver, 0)

    def _of(
        self, module: Module, node: Node, resolver: Resolver, depth: int
    ) -> frozenset[Operation] | None:
        if depth > _DEEPEST:
            return None
        if node.type == "parenthesized_type":
            return self._parts(module, node, resolver, depth)
        if node.type == "intersection_type":
            return self._parts(module, node, resolver, depth)
        name = _name(node)
        return self._named(module, name, resolver, depth) if name is not None else None

    def _parts(
        self, module: Module, node: Node, resolver: Resolver, depth: int
    ) -> frozenset[Operation] | None:
        found: set[Operation] = set()
        for part in node.named_children:
            if part.type == "comment":
                continue
            operations = self._of(module, part, resolver, depth + 1)
            if operations is None:
                return None
            found |= operations
        return frozenset(found)

    def _named(
        self, module: Module, name: str, resolver: Resolver, depth: int
    ) -> frozenset[Operation] | None:
        target = resolver.type(module, name)
        if target.name in self.types:
            return frozenset(self.types[target.name])
        if target.node is None or target.module is None:
            return self._undeclared(target)
        if target.node.type == "type_alias_declaration":
            value = nodes.field(target.node, "value")
            return self._of(target.module, value, resolver, depth + 1) if value else None
        if target.node.type in ("class_declaration", "abstract_class_declaration"):
            return frozenset(o for m in _methods(target.node) for o in self.methods.get(m, ()))
        return None

    def _undeclared(self, target: TypeTarget) -> frozenset[Operation] | None:
        """A type that no file of the app declares: that of a package may be a class."""
        if target.name == self.resource:
            return frozenset(o for operations in self.methods.values() for o in operations)
        misspelled = target.name not in _KNOWN and near(target.name, self.types) is not None
        return None if misspelled or target.module is not None else frozenset()


def _name(node: Node) -> str | None:
    """The declared name of ``X``, ``ns.X`` and ``X<…>``."""
    if node.type == "generic_type":
        inner = nodes.field(node, "name")
        return _name(inner) if inner is not None else None
    if node.type == "nested_type_identifier":
        last = nodes.field(node, "name")
        return nodes.text(last) if last is not None else None
    return nodes.text(node) if node.type == "type_identifier" else None


def _methods(declaration: Node) -> Iterator[str]:
    body = nodes.field(declaration, "body")
    for member in body.named_children if body is not None else ():
        name = nodes.field(member, "name")
        if member.type in _METHODS and name is not None:
            yield nodes.text(name)
