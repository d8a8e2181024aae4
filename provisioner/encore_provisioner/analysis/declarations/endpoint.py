"""``api(config, handler)`` and its methods (contract A5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tree_sitter import Node

from encore_config.graph import Access, EndpointKind
from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.catalogue import ANY_METHOD, HTTP_METHODS
from encore_provisioner.analysis.declarations import url
from encore_provisioner.analysis.declarations.model import Asset, Endpoint, Site
from encore_provisioner.analysis.declarations.request import Call, check_request
from encore_provisioner.analysis.declarations.signature import check_endpoint, read_signature
from encore_provisioner.analysis.findings import did_you_mean, one_of
from encore_provisioner.analysis.literals import LARGEST_COUNT, Reader
from encore_provisioner.analysis.modules import Module

_KINDS: Final[Mapping[str | None, EndpointKind]] = {
    "raw": "raw",
    "static": "static",
    "streamIn": "stream_in",
    "streamOut": "stream_out",
    "streamInOut": "stream_in_out",
}
_FORCED: Final[Mapping[EndpointKind, tuple[str, ...]]] = {
    "stream_in": ("GET",),
    "stream_out": ("GET",),
    "stream_in_out": ("GET",),
    "static": ("GET", "HEAD"),
}
_OPTIONS: Final = (
    "method",
    "path",
    "expose",
    "auth",
    "bodyLimit",
    "tags",
    "sensitive",
    "dir",
    "notFound",
    "notFoundStatus",
    "headers",
)
_HEADERS: Final = "`headers` must be an object of strings or arrays of strings"


def declare(site: Site, reader: Reader) -> Endpoint:
    kind = _KINDS.get(site.method, "typed")
    name = "_" if site.bind.blank else site.bind.name
    if name in (None, "default") and site.holder is None:
        message = "an endpoint must be held by a variable, whose name becomes its own"
        reader.refuse("E0501", site.node, message, "write `export const name = api(…)`")
    elif kind != "static" and site.function is None and not _is_exported(name, site.module):
        message = f"endpoint `{name}` is not exported, so nothing answers when it is called"
        reader.refuse("W0501", site.node, message, f"write `export const {name} = …`")
    found = nodes.arguments(site.node) or ()
    options = _config(site, found, reader)
    if kind != "static":
        _check_handler(site, found, reader)
    given = options.get("path")
    path = reader.string(given, "the path of an endpoint") if given is not None else None
    if given is not None and path is not None:
        problem = url.problem(path, kind)
        if problem is not None:
            reader.refuse(
                "E0506", given, f'the path "{path}" is not valid: {problem[0]}', problem[1]
            )
    signature = read_signature(site, found[1] if len(found) > 1 else None)
    check_endpoint(site, kind, signature, given, reader)
    _check_others(options, reader)
    assets = tuple(_assets(options, reader))
    methods = _methods(kind, options.get("method"), reader)
    check_request(site, Call(kind, path, methods), signature, reader)
    return Endpoint(
        name=None if name == "default" else name,
        place=site.place,
        bind=site.bind,
        methods=methods,
        url=path,
        url_place=site.module.place(given) if given is not None else None,
        access=_access(options, reader),
        endpoint_kind=kind,
        assets=assets if kind == "static" else (),
    )


def _is_exported(name: str | None, module: Module) -> bool:
    """Encore's generated code imports an endpoint under its name; the parser does not check."""
    export = module.exports.get(name or "")
    return export is not None and export.local == name and export.specifier is None


def _config(site: Site, found: tuple[Node, ...], reader: Reader) -> Mapping[str, Node]:
    if not found:
        message = "an endpoint must have an options object as its first argument"
        reader.refuse("E0502", site.node, message, 'write `api({ expose: true, path: "/…" }, …)`')
        return {}
    required = ("dir",) if site.method == "static" else ()
    return reader.options(found[0], "the options of an endpoint", _OPTIONS, required) or {}


def _check_handler(site: Site, found: tuple[Node, ...], reader: Reader) -> None:
    if len(found) == 1:
        message = "this endpoint has no handler function"
        reader.refuse("E0503", site.node, message, "give an `async` function as second argument")
    elif site.method == "raw":
        return
    elif len(found) > 1 and nodes.field(found[1], "type_parameters") is not None:
        message = "the handler of an endpoint must not have type parameters"
        reader.refuse("E0504", found[1], message, "write out its request and response types")


def _methods(kind: EndpointKind, node: Node | None, reader: Reader) -> tuple[str, ...]:
    given = _given_methods(node, reader) if node is not None else None
    return _FORCED.get(kind) or given or ("POST",)


def _given_methods(node: Node, reader: Reader) -> tuple[str, ...] | None:
    what = "`method`"
    if node.type != "array":
        method = reader.choice(node, what, (*HTTP_METHODS, "*"), "E0505")
        return ANY_METHOD if method == "*" else (method,) if method else None
    listed = nodes.inner(node)
    items = [child for child in listed if nodes.string_value(child) is not None]
    values = {nodes.string_value(item) or "" for item in items}
    for item in listed:
        if item not in items:
            message = "Encore passes over this: only string literals count in `method`"
            reader.refuse("W0505", item, message, reader.instead(item))
    if not items:
        hint = "name at least one, or leave `method` out for POST"
        reader.refuse("E0505", node, "`method` names no method", hint)
    if "*" in values and len(items) > 1:
        hint = 'write `method: "*"`, or name the methods'
        reader.refuse("E0505", node, '`method` cannot mix "*" with other methods', hint)
        return ANY_METHOD
    for item in items:
        value = nodes.string_value(item) or ""
        if value not in (*HTTP_METHODS, "*"):
            hint = did_you_mean(value.upper(), HTTP_METHODS, f"one of {one_of(HTTP_METHODS)}")
            reader.refuse("E0505", item, f'`method` cannot be "{value}"', hint)
    known = tuple(sorted(values & set(HTTP_METHODS)))
    return ANY_METHOD if "*" in values else known or None


def _access(options: Mapping[str, Node], reader: Reader) -> Access:
    expose, auth = options.get("expose"), options.get("auth")
    exposed = expose is not None and reader.boolean(expose, "`expose`")
    wants_auth = auth is not None and reader.boolean(auth, "`auth`")
    if not exposed:
        return "private"
    return "auth" if wants_auth else "public"


def _check_others(options: Mapping[str, Node], reader: Reader) -> None:
    for name, node in options.items():
        if name == "sensitive":
            reader.boolean(node, "`sensitive`")
        elif name == "tags":
            reader.strings(node, "`tags`")
        elif name == "notFoundStatus":
            reader.integer(node, "`notFoundStatus`", most=LARGEST_COUNT)
        elif name == "bodyLimit" and node.type != "null":
            reader.integer(node, "`bodyLimit`")
        elif name == "headers":
            _check_headers(node, reader)


def _check_headers(node: Node, reader: Reader) -> None:
    if node.type != "object":
        reader.refuse("E0307", node, _HEADERS, "write { … } here")
        return
    for child in node.named_children:
        key, value = nodes.field(child, "key"), nodes.field(child, "value")
        named = key is not None and key.type in ("property_identifier", "string")
        if child.type == "pair" and named and value is not None:
            given = value.named_children if value.type == "array" else [value]
            for item in given:
                if item.type != "comment":
                    reader.string(item, "a header")
        elif child.type != "comment":
            message = "Encore passes over this: only `key: value` counts in `headers`"
            reader.refuse("W0528", child, message, 'write each header out as `name: "…"`')


def _assets(options: Mapping[str, Node], reader: Reader) -> Iterator[Asset]:
    """The folder and the page of static files; whether they are there is seen later."""
    for name, folder in (("dir", True), ("notFound", False)):
        node = options.get(name)
        path = reader.local_path(node, f"`{name}`") if node is not None else None
        if node is not None and path is not None:
            yield Asset(path, folder, reader.module.place(node))
