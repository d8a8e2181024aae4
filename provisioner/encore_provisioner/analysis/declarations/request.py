"""How a request's type is sent: what Encore cannot describe, what no query can hold (A5.1).

In: an endpoint's types and methods. Out: findings. That a request is an object at all, and has the
parameters of the path, is seen elsewhere (``signature``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tree_sitter import Node

from encore_config.graph import EndpointKind
from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.declarations import url
from encore_provisioner.analysis.declarations.model import Site
from encore_provisioner.analysis.declarations.signature import Signature
from encore_provisioner.analysis.literals import Reader
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.types import Field, Shape, Types

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH", "CONNECT"})
_STREAMS: Final = frozenset({"stream_in", "stream_out", "stream_in_out"})
_UTILITIES: Final = frozenset(
    {"Exclude", "NonNullable", "Omit", "Partial", "Pick", "Readonly", "Record", "Required"}
)
_LIKE_THEIR_ARGUMENT: Final = frozenset(
    {"Array", "Omit", "Partial", "Pick", "Query", "Readonly", "ReadonlyArray", "Required"}
)
"""What no query can hold of these is what it cannot hold of the first argument."""
_OF_PARTS: Final = frozenset({"array_type", "parenthesized_type", "readonly_type", "union_type"})
_DEEPEST: Final = 60


@dataclass(frozen=True, slots=True)
class Sent:
    """The types that are sent to an endpoint, and those of them that go into a query."""

    all: Sequence[Node]
    in_query: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Call:
    """How an endpoint is called."""

    kind: EndpointKind
    path: str | None
    methods: Sequence[str]


def check_request(site: Site, call: Call, signature: Signature, reader: Reader) -> None:
    sent = _sent(site, call, signature)
    in_path = frozenset(url.parameters(call.path or ""))
    for node in sent.all:
        _check_readable(node, in_path, reader)
    for node in sent.in_query:
        _check_query(site, node, in_path, reader)


def _sent(site: Site, call: Call, signature: Signature) -> Sent:
    kind = call.kind
    if kind == "typed":
        request = [signature.request] if signature.request is not None else []
        return Sent(request, request if not _WITH_BODY.issuperset(call.methods) else [])
    if kind not in _STREAMS:
        return Sent([], [])
    given = nodes.type_arguments(site.node)
    handshakes = 1 if signature.parameters == 2 else 0
    return Sent(given[: handshakes + (kind != "stream_out")], given[:handshakes])


def _check_readable(node: Node, in_path: frozenset[str], reader: Reader) -> None:
    """``Partial<T>`` and its like are no types of the app, unless one of its names holds them.

    Encore describes a request only if it has more fields than the path has parameters.
    """
    inner = _unwrapped(node)
    name = nodes.field(inner, "name") if inner.type == "generic_type" else None
    if name is None:
        return
    target = reader.resolver.type(reader.module, nodes.text(name))
    if target.node is not None or target.module is None:
        return
    types = Types(reader.resolver)
    if target.name in _UTILITIES and not types.shape(reader.module, inner).indexed:
        if in_path and _names(inner, types, reader.module) <= in_path:
            return
        message = f"Encore cannot describe `{nodes.text(node)}` as the request type of an endpoint"
        hint = f"give it a name, `type Request = {nodes.text(node)}`, and use that here"
        reader.refuse("E0509", node, message, hint)
    elif target.name == "Promise":
        message = "the request type of an endpoint must be an interface or `void`, no promise"
        reader.refuse("E0509", node, message, "write the type inside the `Promise`")


def _names(utility: Node, types: Types, module: Module) -> frozenset[str]:
    """The fields of ``Partial<T>`` and its like, as far as they are plain to see."""
    name, given = nodes.field(utility, "name"), nodes.type_arguments(utility)
    what = nodes.text(name) if name is not None else ""
    of = types.shape(module, given[0]).fields if given else ()
    fields = frozenset(field.name for field in of)
    keys = frozenset(key for argument in given for key in _literals(argument))
    if what in ("Pick", "Record"):
        return keys
    return fields - keys


def _literals(node: Node) -> Iterator[str]:
    """The strings of ``"a" | "b"``."""
    if node.type == "union_type":
        for part in nodes.inner(node):
            yield from _literals(part)
    elif node.type == "literal_type" and node.named_children:
        value = nodes.string_value(node.named_children[0])
        if value is not None:
            yield value


def _check_query(site: Site, node: Node, in_path: frozenset[str], reader: Reader) -> None:
    query = _Query(Types(reader.resolver))
    for field in query.types.shape(reader.module, node).fields:
        if field.name not in in_path and query.refuses(field):
            message = f"`{field.name}` is sent in the query of the request, which holds no objects"
            hint = "answer to POST, PUT or PATCH alone, or make it strings and numbers of their own"
            places = [("the endpoint", site.span)]
            span = field.module.span(field.node)
            reader.findings.add("E0513", span, message, hint=hint, related=places)


@dataclass(frozen=True, slots=True)
class _Query:
    types: Types

    def refuses(self, field: Field) -> bool:
        return self._refuses(field.module, field.node, 0)

    def _refuses(self, module: Module, node: Node, depth: int) -> bool:
        """Whether this surely is an object, or a list or choice of such."""
        if depth > _DEEPEST:
            return False
        if node.type == "predefined_type":
            return False
        if node.type in _OF_PARTS:
            return any(self._refuses(module, part, depth + 1) for part in nodes.inner(node))
        if node.type == "generic_type":
            return self._generic(module, node, depth)
        return _holds_object(self.types.shape(module, node))

    def _generic(self, module: Module, node: Node, depth: int) -> bool:
        name, given = nodes.field(node, "name"), nodes.field(node, "type_arguments")
        if name is None or given is None:
            return False
        target = self.types.resolver.type(module, nodes.text(name))
        inner = next(iter(nodes.inner(given)), None)
        if target.node is None and inner is not None and target.name in _LIKE_THEIR_ARGUMENT:
            return self._refuses(module, inner, depth + 1)
        return _holds_object(self.types.shape(module, node))


def _holds_object(shape: Shape) -> bool:
    return shape.kind == "object" or any(part.kind == "object" for part in shape.parts)


def _unwrapped(node: Node) -> Node:
    while node.type == "parenthesized_type" and node.named_children:
        node = node.named_children[0]
    return node
