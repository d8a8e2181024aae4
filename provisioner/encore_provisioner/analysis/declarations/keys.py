"""The type arguments of a keyspace: the key's fields meet the pattern's parameters (A6.7)."""

from __future__ import annotations

from typing import Final

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.declarations.model import Site
from encore_provisioner.analysis.declarations.schema import check_schema
from encore_provisioner.analysis.findings import did_you_mean
from encore_provisioner.analysis.literals import Reader
from encore_provisioner.analysis.types import Shape, Types

_NO_KEYS: Final = frozenset({"any", "never", "object", "symbol", "undefined", "unknown", "void"})
_IN_KEYS: Final = frozenset({"string", "number", "boolean", "bigint"})


def check(site: Site, place: Node | None, pattern: str | None, reader: Reader) -> None:
    """``place`` is the node of the ``pattern``."""
    given = nodes.type_arguments(site.node)
    if not given:
        message = f"a `{site.symbol.name}` must name the type of its key"
        names = "Key, Value" if site.symbol.name == "StructKeyspace" else "Key"
        reader.refuse("E0612", site.node, message, f"write `new {site.symbol.name}<{names}>(…)`")
        return
    types = Types(reader.resolver)
    key = types.shape(reader.module, given[0])
    if not _may_be_key(key):
        message = f"`{nodes.text(given[0])}` cannot be the type of a key"
        hint = "write `string` or another basic type, or an interface with a field each parameter"
        reader.refuse("E0622", given[0], message, hint)
    elif place is not None and pattern is not None:
        _check_pattern(key, given[0], place, pattern, reader)
    if site.symbol.name == "StructKeyspace" and len(given) > 1:
        value = types.shape(reader.module, given[1])
        if not value.is_object and value.name != "class":
            message = "the values of a `StructKeyspace` must be objects"
            reader.refuse("E0625", given[1], message, "name an interface, or use another keyspace")
        else:
            check_schema(reader, given[1], "a value of a cache", described=False)


def _may_be_key(key: Shape) -> bool:
    return key.is_object or (key.kind == "basic" and not key.alias and key.name not in _NO_KEYS)


def _check_pattern(key: Shape, given: Node, place: Node, pattern: str, reader: Reader) -> None:
    parameters = [s[1:] for s in pattern.split("/") if s.startswith(":")]
    if key.kind == "basic":
        for name in parameters:
            if name != "key":
                message = f"with keys of type `{key.name}`, the pattern's parameter must be `:key`"
                reader.refuse("E0623", place, message, f"write `:key` instead of `:{name}`")
        return
    types = Types(reader.resolver)
    for field in key.fields:
        shape = types.of(field)
        basic = shape.kind == "basic" and shape.name in _IN_KEYS and not shape.alias
        if not basic and shape.kind != "unknown":
            message = f"the key's field `{field.name}` must be a string, number, boolean or bigint"
            reader.refuse("E0622", given, message, "change its type, or leave it out of the key")
        elif field.name not in parameters:
            message = f"the key's field `{field.name}` is not in the pattern, so keys would collide"
            reader.refuse("E0624", place, message, f"add `:{field.name}` to the pattern")
    if key.kind == "object" and not key.open:
        names = [field.name for field in key.fields]
        for name in parameters:
            if name not in names:
                hint = did_you_mean(name, names, f"add `{name}` to the key's type")
                message = f"the pattern's parameter `:{name}` is no field of the key's type"
                reader.refuse("E0624", place, message, hint)
