"""Which declaration a variable or expression of a file holds.

In: the files' declarations, file by file as they are asked for, and the resolver. Out: lookups by
variable and by expression. It follows the code through modules; what Encore itself would not
follow stands in the answer's ``via``. A reference by name is an answer too: what it refers to is
known only when all files have been read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.declarations.model import Declared
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.resolver import Resolver, Target, Via
from encore_provisioner.analysis.scopes import Scope


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What a variable holds: one declaration, or several under the keys of an object literal.

    ``whole`` is the one that the variable itself stands for; the last of several, as Encore takes
    it. One that stands in the arguments of another (``new StringKeyspace(CacheCluster.named(…))``)
    is not what the variable holds.
    """

    items: tuple[Declared, ...]
    whole: Declared | None
    via: frozenset[Via] = frozenset()

    def member(self, name: str) -> Declared | None:
        return next((item for item in self.items if item.bind.member == name), None)


def _held(items: Iterable[Declared]) -> Held:
    """``items`` are in source order, so what holds another one comes before it."""
    found = tuple(items)
    whole, stop = None, 0
    for item in found:
        if item.bind.member is None and item.place.start >= stop:
            whole, stop = item, item.place.stop
    return Held(found, whole)


class FileIndex:
    """The declarations of one file, by variable and by place."""

    def __init__(self, items: Sequence[Declared]) -> None:
        self.items = tuple(items)
        self._places: dict[tuple[int, int], Declared] = {}
        bound = [item for item in items if item.bind.name is not None]
        variables: dict[tuple[str, Scope], list[Declared]] = {}
        for item in bound:
            variables.setdefault((item.bind.name or "", item.bind.scope), []).append(item)
        self._variables = {key: _held(found) for key, found in variables.items()}
        for item in items:
            self._places[(item.place.start, item.place.stop)] = item
        self.names = frozenset(name for name, _ in self._variables)
        self.last = bound[-1] if bound else None

    def variable(self, name: str, scope: Scope) -> Held | None:
        return self._variables.get((name, scope))

    def at(self, start: int, stop: int) -> Declared | None:
        return self._places.get((start, stop))


class Index:
    def __init__(self, of_file: Callable[[str], FileIndex], resolver: Resolver) -> None:
        self.resolver = resolver
        self._of_file = of_file

    def variables(self, path: str) -> frozenset[str]:
        """The variables of a file, at any depth, that hold a declaration."""
        return self._of_file(path).names

    def items(self, path: str) -> tuple[Declared, ...]:
        """What a file declares or refers to, in source order."""
        return self._of_file(path).items

    def last(self, path: str) -> Declared | None:
        """The last declaration of a file that a variable holds (contract A7, namespaces)."""
        return self._of_file(path).last

    def identifier(self, module: Module, node: Node) -> Held | None:
        """What an identifier holds where it stands, shadowing included."""
        name = nodes.text(node)
        scope = module.scopes.of(node, name)
        if scope is not None:
            return self._of_file(module.path).variable(name, scope)
        target = self.resolver.name(module, name)
        return self.target(target) if target is not None else None

    def target(self, target: Target) -> Held | None:
        name = "default" if target.entity == "default" else target.name
        if target.entity not in ("default", "value"):
            return None
        held = self._of_file(target.module).variable(name, None)
        if held is None or held.via == target.via:
            return held
        return replace(held, via=target.via)

    def inline(self, module: Module, node: Node) -> Held | None:
        """The declaration or reference that ``node`` itself is, without a variable."""
        item = self._of_file(module.path).at(node.start_byte, node.end_byte)
        return _held([item]) if item is not None else None

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
        return (
            replace(_held([item]), via=held.via) if held is not None and item is not None else None
        )
