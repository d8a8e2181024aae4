"""What declarations point to: a subscription's topic, a cron job's endpoint and so on (A2, A6).

In: declarations and the index. Out: for each pointing declaration the one that it points to.
What points nowhere is a finding; what the code resolves but Encore does not is one too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
)
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.index import Index

Links = Mapping[Declaration, Declaration]


@dataclass(frozen=True, slots=True)
class _Pointer:
    """``node`` should name a declaration of ``kind``; ``missing`` and ``other`` are codes."""

    declaration: Declaration
    node: Node
    kind: Kind
    missing: str
    other: str


def find_links(declared: Iterable[Declared], index: Index, findings: Findings) -> Links:
    links: dict[Declaration, Declaration] = {}
    for item in declared:
        pointer = None if isinstance(item, Reference) else _pointer(item)
        target = _follow(pointer, index, findings) if pointer is not None else None
        if pointer is not None and target is not None:
            links[pointer.declaration] = target
    return links


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


def _follow(pointer: _Pointer, index: Index, findings: Findings) -> Declaration | None:
    module, node = pointer.declaration.module, pointer.node
    held = index.inline(module, nodes.unwrap(node)) or index.expression(module, node)
    if held is None:
        _report_missing(pointer, findings)
        return None
    item = held.whole or held.items[-1]
    if item.kind != pointer.kind:
        _report_other(pointer, item, findings)
        return None
    if "namespace" in held.via or item.bind.scope is not None or item.bind.name == "default":
        _report_lost(pointer, findings)
    return index.declaration(item)


def _report_missing(pointer: _Pointer, findings: Findings) -> None:
    title, owner = TITLES[pointer.kind], TITLES[pointer.declaration.kind]
    span = pointer.declaration.module.span(pointer.node)
    message = f"this does not name {_article(title)} that the source declares, as a {owner} needs"
    hint = f"name the variable of {_article(title)} declared at the top level, here or by import"
    findings.add(pointer.missing, span, message, hint=hint)


def _report_other(pointer: _Pointer, item: Declared, findings: Findings) -> None:
    title, found = TITLES[pointer.kind], TITLES[item.kind]
    span = pointer.declaration.module.span(pointer.node)
    owner = TITLES[pointer.declaration.kind]
    message = f"this is {_article(found)}, but a {owner} needs {_article(title)}"
    places = [(f"the {found}", item.span)]
    findings.add(pointer.other, span, message, hint=f"name {_article(title)}", related=places)


def _report_lost(pointer: _Pointer, findings: Findings) -> None:
    title = TITLES[pointer.kind]
    span = pointer.declaration.module.span(pointer.node)
    message = (
        f"Encore cannot follow this to its {title}: it knows top-level variables and named imports"
    )
    hint = f'import the {title}\'s variable by its name: `import {{ … }} from "…"`'
    findings.add("E0208", span, message, hint=hint)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
