"""Which declaration a variable or expression holds.

In: declarations and the resolver. Out: lookups by variable, by expression and by name. It follows
the code through modules; what Encore itself would not follow stands in the answer's ``via``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.catalogue import TITLES, Kind
from encore_provisioner.analysis.declarations.model import Declaration, Declared, Reference
from encore_provisioner.analysis.findings import Findings, did_you_mean
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.resolver import Resolver, Target, Via
from encore_provisioner.analysis.scopes import Scope

Key = tuple[str, str, Scope]
"""File, variable and the scope that holds it."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What a variable holds: one declaration, or several under the keys of an object literal."""

    items: tuple[Declared, ...]
    via: frozenset[Via] = frozenset()

    @property
    def whole(self) -> Declared | None:
        """The one that the variable itself stands for; the last of several, as Encore takes it.

        One that stands in the arguments of another (``new StringKeyspace(CacheCluster.named(…))``)
        is not what the variable holds.
        """
        direct = [item for item in self.items if item.bind.member is None]
        outer = [item for item in direct if not any(_inside(item, other) for other in direct)]
        return outer[-1] if outer else None

    def member(self, name: str) -> Declared | None:
        return next((item for item in self.items if item.bind.member == name), None)


def _inside(item: Declared, other: Declared) -> bool:
    within = other.node.start_byte <= item.node.start_byte < other.node.end_byte
    return item is not other and within


class Index:
    def __init__(self, declared: Iterable[Declared], resolver: Resolver) -> None:
        self.resolver = resolver
        self._variables: dict[Key, tuple[Declared, ...]] = {}
        self._names: dict[tuple[Kind, str], Declaration] = {}
        self._last: dict[str, Declared] = {}
        self._by_file: dict[str, set[str]] = {}
        self._items: dict[str, list[Declared]] = {}
        self._places: dict[tuple[str, int, int], Declared] = {}
        for item in declared:
            self._add(item)

    def _add(self, item: Declared) -> None:
        self._places[(item.module.path, item.node.start_byte, item.node.end_byte)] = item
        self._items.setdefault(item.module.path, []).append(item)
        if item.bind.name is not None:
            key = (item.module.path, item.bind.name, item.bind.scope)
            self._variables[key] = (*self._variables.get(key, ()), item)
            self._last[item.module.path] = item
            self._by_file.setdefault(item.module.path, set()).add(item.bind.name)
        if isinstance(item, Declaration) and item.name is not None:
            self._names.setdefault((item.kind, item.name), item)

    def variables(self, path: str) -> frozenset[str]:
        """The variables of a file, at any depth, that hold a declaration."""
        return frozenset(self._by_file.get(path, ()))

    def items(self, path: str) -> tuple[Declared, ...]:
        """What a file declares or refers to, in source order."""
        return tuple(self._items.get(path, ()))

    def last(self, path: str) -> Declared | None:
        """The last declaration of a file that a variable holds (contract A7, namespaces)."""
        return self._last.get(path)

    def identifier(self, module: Module, node: Node) -> Held | None:
        """What an identifier holds where it stands, shadowing included."""
        name = nodes.text(node)
        scope = module.scopes.of(node, name)
        if scope is not None:
            items = self._variables.get((module.path, name, scope), ())
            return Held(items) if items else None
        target = self.resolver.name(module, name)
        return self.target(target) if target is not None else None

    def target(self, target: Target) -> Held | None:
        name = "default" if target.entity == "default" else target.name
        if target.entity not in ("default", "value"):
            return None
        items = self._variables.get((target.module, name, None), ())
        return Held(items, target.via) if items else None

    def inline(self, module: Module, node: Node) -> Held | None:
        """The declaration or reference that ``node`` itself is, without a variable."""
        item = self._places.get((module.path, node.start_byte, node.end_byte))
        return Held((item,)) if item is not None else None

    def expression(self, module: Module, node: Node) -> Held | None:
        """What an expression names; wrappers, namespaces and mere copies are seen through."""
        node = nodes.unwrap(node)
        if node.type == "identifier":
            held = self.identifier(module, node)
            if held is not None or module.scopes.of(node, nodes.text(node)) is not None:
                return held
        elif node.type == "member_expression":
            held = self._member(module, node)
            if held is not None:
                return held
        target = self.resolver.expression(module, node)
        return self.target(target) if target is not None else None

    def _member(self, module: Module, node: Node) -> Held | None:
        owner, name = nodes.field(node, "object"), nodes.field(node, "property")
        if owner is None or name is None or nodes.unwrap(owner).type != "identifier":
            return None
        held = self.identifier(module, nodes.unwrap(owner))
        item = held.member(nodes.text(name)) if held is not None else None
        return Held((item,), held.via) if held is not None and item is not None else None

    def declaration(self, item: Declared) -> Declaration | None:
        """The declaration itself, behind a reference by name."""
        return self._names.get((item.kind, item.name)) if isinstance(item, Reference) else item

    def names(self, kind: Kind) -> tuple[str, ...]:
        return tuple(sorted(name for found, name in self._names if found == kind))


def check_references(declared: Iterable[Declared], index: Index, findings: Findings) -> None:
    """A reference by name to nothing is E0207."""
    for item in declared:
        if isinstance(item, Reference) and index.declaration(item) is None:
            title = TITLES[item.kind]
            message = f'there is no {title} named "{item.name}" in this app'
            hint = did_you_mean(item.name, index.names(item.kind), "declare it with `new`")
            findings.add("E0207", item.span, message, hint=hint)
