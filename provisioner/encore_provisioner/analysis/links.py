"""What declarations point to: a subscription's topic, a cron job's endpoint and so on (A2, A6).

In: the declarations of one file and the index. Out: for each pointing declaration the target that
it points to. What points nowhere is a finding; what the code resolves but Encore does not is one
too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.catalogue import TITLES, Kind
from encore_provisioner.analysis.declarations.model import (
    CronJob,
    Declaration,
    Declared,
    Gateway,
    Keyspace,
    Reference,
    Subscription,
    target_of,
)
from encore_provisioner.analysis.facts import Link
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.index import Index
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.source import Place


@dataclass(frozen=True, slots=True)
class _Pointer:
    """What stands at ``place`` should name a ``kind``; ``missing`` and ``other`` are codes."""

    declaration: Declaration
    place: Place
    kind: Kind
    missing: str
    other: str


def find_links(module: Module, index: Index, findings: Findings) -> Iterator[Link]:
    for item in index.items(module.path):
        pointer = None if isinstance(item, Reference) else _pointer(item)
        target = _follow(pointer, module, index, findings) if pointer is not None else None
        if pointer is not None and target is not None:
            yield Link(target_of(item), target_of(target))


def _pointer(item: Declaration) -> _Pointer | None:
    match item:
        case Subscription():
            return _Pointer(item, item.topic, "topic", "E0618", "E0618")
        case CronJob():
            return _Pointer(item, item.endpoint, "endpoint", "E0619", "E0619")
        case Keyspace():
            return _Pointer(item, item.cluster, "cache", "E0620", "W0620")
        case Gateway() if item.auth_handler is not None:
            return _Pointer(item, item.auth_handler, "auth_handler", "E0523", "E0524")
        case _:
            return None


def _follow(pointer: _Pointer, module: Module, index: Index, findings: Findings) -> Declared | None:
    node = module.node(pointer.place)
    inline = index.inline(module, nodes.unwrap(node)) if node is not None else None
    held = inline
    if node is not None and held is None:
        held = index.expression(module, node)
    if node is None or held is None:
        lost = pointer.kind == "cache" and node is not None and _in_object(node, module, index)
        _report_missing(pointer, pointer.other if lost else pointer.missing, findings)
        return None
    item = held.whole or held.items[-1]
    if item.kind != pointer.kind:
        _report_other(pointer, item, findings)
        return None
    hidden = item.bind.scope is not None or item.bind.name == "default"
    named = inline is not None and isinstance(item, Reference)
    refused = hidden or named or "namespace" in held.via or _is_cast(node)
    if refused or inline is not None or item.bind.member or "variable" in held.via:
        _report_lost(pointer, refused, findings)
    return item


def _is_cast(node: Node) -> bool:
    """``x as T`` anywhere around the name; Encore sees through ``x as const`` only."""
    while node.type in nodes.WRAPPERS and node.named_children:
        if node.type == "as_expression" and len(node.named_children) > 1:
            return True
        node = node.named_children[0]
    return False


def _in_object(node: Node, module: Module, index: Index) -> bool:
    """``o.c`` of ``const o = { c }``: Encore knows what it is, but not as a cluster."""
    expression = nodes.unwrap(node)
    owner, name = nodes.field(expression, "object"), nodes.field(expression, "property")
    if owner is None or name is None or expression.type != "member_expression":
        return False
    target = index.resolver.expression(module, owner)
    home = index.resolver.modules.get(target.module) if target is not None else None
    holder = home.values.get(target.name) if home is not None and target is not None else None
    value = nodes.field(holder, "value") if holder is not None else None
    known = value.named_children if value is not None and value.type == "object" else ()
    return any(nodes.text(nodes.field(each, "key") or each) == nodes.text(name) for each in known)


def _report_missing(pointer: _Pointer, code: str, findings: Findings) -> None:
    title, owner = TITLES[pointer.kind], TITLES[pointer.declaration.kind]
    message = f"this does not name {_article(title)} that the source declares, as a {owner} needs"
    hint = f"name the variable of {_article(title)} declared at the top level, here or by import"
    findings.add(code, pointer.place, message, hint=hint)


def _report_other(pointer: _Pointer, item: Declared, findings: Findings) -> None:
    title, found = TITLES[pointer.kind], TITLES[item.kind]
    owner = TITLES[pointer.declaration.kind]
    message = f"this is {_article(found)}, but a {owner} needs {_article(title)}"
    places = [(f"the {found}", item.place)]
    hint = f"name {_article(title)}"
    findings.add(pointer.other, pointer.place, message, hint=hint, related=places)


def _report_lost(pointer: _Pointer, refused: bool, findings: Findings) -> None:
    """Encore refuses what it cannot follow, but for some ways to a cluster: it skips the keyspace.

    ``refused``: a way that is refused there too.
    """
    title = TITLES[pointer.kind]
    hint = f"give the {title} a variable of its own at the top level, and name that here"
    message = f"Encore cannot follow this to its {title}: it knows top-level variables and imports"
    if pointer.kind == "cache" and not refused:
        message = f"Encore cannot follow this to its {title}, and does not see the keyspace"
        findings.add("W0208", pointer.place, message, hint=hint)
    else:
        findings.add("E0208", pointer.place, message, hint=hint)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
