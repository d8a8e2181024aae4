"""The request and result types of a handler, and what Encore demands of them (A5.1, A5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tree_sitter import Node

from encore_config.graph import EndpointKind
from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.declarations import url
from encore_provisioner.analysis.declarations.model import Site
from encore_provisioner.analysis.declarations.schema import check_schema
from encore_provisioner.analysis.findings import did_you_mean
from encore_provisioner.analysis.literals import Reader
from encore_provisioner.analysis.source import Span
from encore_provisioner.analysis.types import Field, Types, annotation, promised

_IN_PATHS: Final = frozenset({"string", "boolean", "number", "bigint"})
_COUNTS: Final[Mapping[EndpointKind, tuple[int, ...]]] = {
    "stream_in_out": (2,),
    "stream_in": (1, 2),
    "stream_out": (1,),
}
"""How many type arguments a stream takes; one more with a handshake."""
_MESSAGES: Final[Mapping[EndpointKind, str]] = {
    "stream_in_out": "In, Out",
    "stream_in": "In",
    "stream_out": "Out",
}


@dataclass(frozen=True, slots=True)
class Signature:
    """``parameters`` is None for a handler that is only named. Types are nodes, as written."""

    parameters: int | None
    request: Node | None
    result: Node | None


def read_signature(site: Site, handler: Node | None) -> Signature:
    """The handler's annotations; where it has none, the type arguments of the call."""
    given = nodes.type_arguments(site.node)
    request = given[0] if given else None
    result = given[1] if len(given) > 1 else None
    if handler is None or handler.type not in nodes.FUNCTIONS:
        return Signature(None, request, result)
    parameters = _parameters(handler)
    first = annotation(nodes.field(parameters[0], "type")) if parameters else None
    returned = annotation(nodes.field(handler, "return_type"))
    return Signature(len(parameters), first or request, returned or result)


def _parameters(handler: Node) -> tuple[Node, ...]:
    single = nodes.field(handler, "parameter")
    if single is not None:
        return (single,)
    listed = nodes.field(handler, "parameters")
    children = listed.named_children if listed is not None else []
    return tuple(c for c in children if c.type in ("required_parameter", "optional_parameter"))


def check_endpoint(
    site: Site, kind: EndpointKind, signature: Signature, path: Node | None, reader: Reader
) -> None:
    """What Encore demands of an endpoint's types; raw and static endpoints have none."""
    if kind in ("raw", "static"):
        return
    if kind == "typed":
        for node, what in ((signature.request, "request"), (signature.result, "response")):
            if node is not None:
                _check_object(node, what, reader)
        _check_path(path, signature.request, reader)
    elif _check_count(site, kind, signature, reader):
        given = nodes.type_arguments(site.node)
        for node in given:
            _check_object(node, "message", reader)
        handshake = given[0] if signature.parameters == 2 else None
        _check_path(path, handshake, reader, stream=True)


def _check_object(node: Node, what: str, reader: Reader) -> None:
    shape = Types(reader.resolver, fields=False).shape(reader.module, node)
    hint = "wrap it in an object: `{ value: … }`"
    if shape.is_void and shape.alias:
        hint = "write `void` itself"
    elif shape.is_void:
        return
    elif shape.is_object and not shape.indexed:
        check_schema(reader, promised(node) or node, f"the {what} of an endpoint")
        return
    message = f"the {what} type of an endpoint must be an interface or `void`"
    if shape.indexed:
        message = f"the {what} type of an endpoint must name its fields, without `[key: string]`"
    elif shape.kind == "other":
        message += f", and `{nodes.text(node)}` is neither for Encore"
        hint = "declare an interface with the fields that are sent"
        if shape.name == "import type":
            hint = "import the type by its name at the top of the file"
    reader.refuse("E0509", node, message, hint)


def _check_count(site: Site, kind: EndpointKind, signature: Signature, reader: Reader) -> bool:
    found = len(nodes.type_arguments(site.node))
    handshake = signature.parameters == 2
    allowed = tuple(count + handshake for count in _COUNTS[kind])
    if found in allowed:
        return True
    wanted = " or ".join(str(count) for count in allowed)
    message = f"this stream names {found} type{'' if found == 1 else 's'}, but must name {wanted}"
    types = ("Handshake, " if handshake else "") + _MESSAGES[kind]
    hint = f"write `api.{site.method}<{types}>(…)`"
    reader.refuse("E0510", site.node, message, hint)
    return False


def _check_path(
    path: Node | None, request: Node | None, reader: Reader, *, stream: bool = False
) -> None:
    """Every parameter of the path is a field of the request."""
    text = nodes.string_value(path) if path is not None else None
    if path is None or text is None or url.problem(text) is not None:
        return
    names = url.parameters(text)
    if not names:
        return
    types = Types(reader.resolver)
    shape = types.shape(reader.module, request) if request is not None else None
    for name in dict.fromkeys(names):
        span = _parameter_span(path, name, reader)
        if names.count(name) > 1:
            message = f"the path has the parameter `{name}` twice"
            reader.findings.add("E0511", span, message, hint="give one of them another name")
        if shape is None or shape.is_void:
            what = "handshake" if stream else "request type"
            message = f"the path has the parameter `{name}`, but the endpoint has no {what}"
            hint = f"give the handler a first parameter of a type with `{name}: string`"
            reader.findings.add("E0511", span, message, hint=hint)
            continue
        field = shape.field(name)
        if field is not None:
            _check_in_path(field, types, span, reader)
        elif shape.kind == "object" and not shape.open:
            known = [known.name for known in shape.fields]
            hint = did_you_mean(name, known, f"add `{name}: string` to the request type")
            message = f"the path parameter `{name}` is no field of the request type"
            reader.findings.add("E0511", span, message, hint=hint)


def _check_in_path(field: Field, types: Types, span: Span, reader: Reader) -> None:
    shape = types.of(field)
    basic = shape.kind == "basic" and shape.name in _IN_PATHS and not shape.alias
    if basic or shape.kind == "unknown":
        return
    message = f"the path parameter `{field.name}` must be a string, boolean, number or bigint"
    places = [("its type", field.module.span(field.node))]
    reader.findings.add("E0512", span, message, hint="change the field's type", related=places)


def _parameter_span(path: Node, name: str, reader: Reader) -> Span:
    """Where the parameter stands inside the literal; all of it where escapes hide that."""
    raw = path.text or b""
    for mark in (b":", b"*", b"!"):
        word = mark + name.encode()
        begin = raw.find(b"/" + word)
        behind = raw[begin + 1 + len(word) : begin + 2 + len(word)]
        if begin >= 0 and behind in (b"/", b'"', b"'"):
            start = path.start_byte + begin + 1
            return Span(reader.module.parsed.source, start, start + len(word))
    return reader.module.span(path)


def check_auth_handler(site: Site, handler: Node | None, reader: Reader) -> None:
    if handler is None:
        return
    if nodes.field(handler, "type_parameters") is not None:
        message = "the handler of an auth handler must not have type parameters"
        reader.refuse("E0504", handler, message, "write out its parameter and result types")
    signature = read_signature(site, handler)
    for node, what in ((signature.request, "parameter"), (signature.result, "result")):
        if node is None:
            message = f"an auth handler must say the type of its {what}"
            hint = "annotate the function, or write `authHandler<Params, AuthData>(…)`"
            reader.refuse("E0526", site.node, message, hint)
    if signature.request is not None:
        _check_wire(signature.request, reader)


def _check_wire(node: Node, reader: Reader) -> None:
    types = Types(reader.resolver)
    shape = types.shape(reader.module, node)
    if not shape.is_object and not shape.is_void:
        message = "the parameter type of an auth handler must be an interface"
        reader.refuse("E0509", node, message, 'write `{ authorization: Header<"Authorization"> }`')
    elif shape.indexed:
        message = "the parameter type of an auth handler must name its fields"
        reader.refuse("E0527", node, message, 'write `{ authorization: Header<"Authorization"> }`')
    for field in shape.fields:
        found = types.of(field)
        if found.alias or found.kind not in ("wire", "unknown"):
            message = f"`{field.name}` of an auth handler must be a Header, Query or Cookie"
            hint = 'write `Header<"…">`, `Query<"…">` or `Cookie<"…">` as its type'
            span = field.module.span(field.node)
            reader.findings.add("E0527", span, message, hint=hint)
