"""Where resources are used: every occurrence of a variable that holds one (contract A7).

In: modules, the index and the services. Out: uses in source order. It follows what the code does;
where Encore's own scan would lose or refuse the use, that is a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tree_sitter import Node

from encore_config.graph import Operation, UseKind
from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.catalogue import Kind
from encore_provisioner.analysis.declarations.model import Declaration, Declared, Keyspace
from encore_provisioner.analysis.index import Held, Index
from encore_provisioner.analysis.links import Links
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.occurrences import occurrences
from encore_provisioner.analysis.resolver import Target
from encore_provisioner.analysis.services import Services
from encore_provisioner.analysis.uses.clients import call
from encore_provisioner.analysis.uses.model import Context, Use
from encore_provisioner.analysis.uses.namespaces import NamespaceUse
from encore_provisioner.analysis.uses.resources import USERS
from encore_provisioner.analysis.uses.shapes import occurrence

_KINDS: Final[dict[Kind, UseKind]] = {
    "bucket": "bucket",
    "database": "database",
    "keyspace": "cache",
    "metric": "metric",
    "topic": "topic",
}
_NAMES_A_VARIABLE: Final = frozenset({"variable_declarator", "required_parameter"})


class Scan:
    """``namespaces`` fills while modules are scanned: each occurrence of an ``import * as``."""

    def __init__(
        self,
        index: Index,
        services: Services,
        links: Links,
        declarations: Sequence[Declaration],
        context: Context,
    ) -> None:
        self._index = index
        self._services = services
        self._links = links
        self._endpoints = tuple(d for d in declarations if d.kind == "endpoint")
        self._context = context
        self.namespaces: list[NamespaceUse] = []

    def modules(self, modules: Iterable[Module]) -> Iterator[Use]:
        for module in modules:
            yield from self.module(module)

    def module(self, module: Module) -> Iterator[Use]:
        targets = self._imported(module)
        names = targets.keys() | self._index.variables(module.path)
        for name, node in occurrences(module, names):
            if _declares(node):
                continue
            target = targets.get(name)
            if target is not None and module.scopes.of(node, name) is None:
                yield from self._target(module, name, node, target)
            else:
                held = self._index.identifier(module, node)
                yield from self._held(module, name, node, held)
        yield from self._inline(module)

    def _inline(self, module: Module) -> Iterator[Use]:
        """``SQLDatabase.named("x").query`…` ``: used where it stands, without a variable."""
        for item in self._index.items(module.path):
            declaration = self._index.declaration(item)
            found = occurrence(module, item.node)
            inline = found.shape in ("field", "method", "template") and item.kind in USERS
            if declaration is None or not inline:
                continue
            operations = USERS[item.kind](declaration, found, self._context) or frozenset()
            if operations:
                message = (
                    f"Encore does not see this use of {declaration.title}: no variable names it"
                )
                hint = "put it into a `const` of its own and use that"
                self._context.findings.add("W0707", item.span, message, hint=hint)
            yield from self._use(item.kind, declaration, operations, module, item.node)

    def _imported(self, module: Module) -> dict[str, Target]:
        """The imported names of a module through which a resource may be used."""
        found: dict[str, Target] = {}
        for name in module.imports:
            target = self._index.resolver.name(module, name)
            if target is not None and self._matters(target):
                found[name] = target
        return found

    def _matters(self, target: Target) -> bool:
        if target.entity in ("client", "clients", "namespace"):
            return True
        return self._index.target(target) is not None

    def _target(self, module: Module, name: str, node: Node, target: Target) -> Iterator[Use]:
        if target.entity == "client":
            yield from self._client(module, target.name, node)
        elif target.entity in ("clients", "namespace"):
            yield from self._namespace(module, name, node, target)
        else:
            yield from self._held(module, name, node, self._index.target(target))

    def _namespace(self, module: Module, name: str, node: Node, target: Target) -> Iterator[Use]:
        parent = node.parent
        member = nodes.field(parent, "property") if parent is not None else None
        owned = parent is not None and nodes.field(parent, "object") == node
        inner = (
            self._index.resolver.member(target, nodes.text(member)) if member and owned else None
        )
        taken = self._index.last(target.module)
        declaration = self._index.declaration(taken) if taken is not None else None
        if declaration is not None:
            found, meant = occurrence(module, node), self._meant(inner)
            self.namespaces.append(NamespaceUse(name, found, declaration, meant))
        if inner is not None and parent is not None:
            yield from self._target(module, name, parent, inner)

    def _meant(self, target: Target | None) -> Declaration | None:
        held = self._index.target(target) if target is not None else None
        item = held.whole if held is not None else None
        return self._index.declaration(item) if item is not None else None

    def _client(self, module: Module, local: str, node: Node) -> Iterator[Use]:
        found = occurrence(module, node)
        use = call(local, found, self._services, self._endpoints, self._context)
        if use is not None:
            yield use

    def _held(self, module: Module, name: str, node: Node, held: Held | None) -> Iterator[Use]:
        if held is None:
            return
        item, node = _item(held, node)
        declaration = self._index.declaration(item) if item is not None else None
        if item is None or declaration is None or item.kind not in USERS:
            return
        operations = USERS[item.kind](declaration, occurrence(module, node), self._context)
        if not operations:
            return
        self._check_via(module, name, declaration, held)
        yield from self._use(item.kind, declaration, frozenset(operations), module, node)

    def _use(
        self,
        kind: Kind,
        declaration: Declaration,
        operations: frozenset[Operation],
        module: Module,
        node: Node,
    ) -> Iterator[Use]:
        used: Declaration | None = declaration
        if not operations:
            return
        if isinstance(declaration, Keyspace):
            used = self._links.get(declaration)
            self._check_keyspace(declaration, module, node)
        if used is not None and used.name is not None:
            yield Use(_KINDS[kind], used.name, operations, module, module.span(node), used)

    def _check_keyspace(self, used: Keyspace, module: Module, node: Node) -> None:
        """Encore gives a cluster to the service that declares the keyspace, and to no other."""
        here, there = self._services.of(module.path), self._services.of(used.path)
        if here is not None and there is not None and here is not there:
            message = (
                f"Encore gives service `{here.name}` no access to this keyspace's cluster: "
                f"the keyspace belongs to service `{there.name}`"
            )
            hint = 'declare a keyspace in this service, on `CacheCluster.named("…")`'
            self._context.findings.add("W0717", module.span(node), message, hint=hint)

    def _check_via(self, module: Module, name: str, used: Declaration, held: Held) -> None:
        """Encore tracks a named import from the declaring file under the declared name."""
        lost = held.via & {"barrel", "rename", "default"}
        if "namespace" in held.via:  # of the declaring file: see ``namespaces``
            lost &= {"barrel"}
        if not lost or used.kind == "keyspace":
            return
        item = held.items[-1]
        if lost == {"default"} and self._index.last(item.module.path) is item:
            return
        code = "W0703" if "barrel" in lost else "W0704" if "rename" in lost else "W0705"
        how = {
            "W0703": "comes through a file that only re-exports it",
            "W0704": "is exported under another name than it is declared",
            "W0705": "comes as a default import, which for Encore is the last declaration",
        }[code]
        message = f"`{name}` {how}, so Encore does not see the use of {used.title}"
        hint = f"import `{item.bind.name}` from `{item.module.path}` itself"
        place = module.span(module.imports[name].node)
        self._context.findings.add(code, place, message, hint=hint)


def _item(held: Held, node: Node) -> tuple[Declared | None, Node]:
    """The declaration that is meant, and the expression that means it (``o`` or ``o.a``)."""
    parent = node.parent
    if parent is not None and parent.type == "member_expression":
        name = nodes.field(parent, "property")
        member = held.member(nodes.text(name)) if name is not None else None
        if member is not None and nodes.field(parent, "object") == node:
            return member, parent
    return held.whole, node


def _declares(node: Node) -> bool:
    """Whether the identifier is the name that a declaration introduces."""
    parent = node.parent
    if parent is None:
        return True
    if parent.type in _NAMES_A_VARIABLE:
        return node in (nodes.field(parent, "name"), nodes.field(parent, "pattern"))
    return parent.type in (
        "array_pattern",
        "rest_pattern",
        "function_declaration",
        "class_declaration",
    )
