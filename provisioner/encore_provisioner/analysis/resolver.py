"""What a name stands for, across modules: the SDK's symbols, variables, namespaces, clients.

In: the app's modules. Out: a :class:`Target` for a name or expression of a module, with the way
that led there. It follows the code (aliases, re-exports, namespaces, default exports); ``via``
says which parts of the way Encore's own usage scan does not follow (contract A7). A name that
leads out of the app is None. Knows nothing of declarations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.catalogue import CLIENTS, MODULES, SDK
from encore_provisioner.analysis.imports import OUTSIDE, Resolved
from encore_provisioner.analysis.modules import DEFAULT, NAMESPACE, Export, Import, Module

Via = Literal["alias", "barrel", "deep", "default", "namespace", "rename", "variable"]
Entity = Literal[
    "client",  # `name` is the local name of a service in ~encore/clients
    "clients",  # the namespace of ~encore/clients
    "default",  # the expression behind `export default` of `module`
    "namespace",  # all exports of `module`
    "sdk",  # export `name` of the SDK's `module`
    "sdk_namespace",
    "value",  # top-level variable, function or class `name` of `module`
]


@dataclass(frozen=True, slots=True)
class Target:
    entity: Entity
    module: str
    name: str
    via: frozenset[Via] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class TypeTarget:
    """A type: its declaration in ``module``, or only its declared name where that lies outside."""

    name: str
    module: Module | None = None
    node: Node | None = None


_Seen = frozenset[tuple[str, str]]


class Imports(Protocol):
    def resolve(self, importer: str, specifier: str) -> Resolved: ...


class Resolver:
    """``types`` gives the types that were found before, by file and name, as far as they count."""

    def __init__(
        self,
        modules: Mapping[str, Module],
        imports: Imports,
        types: Callable[[], dict[tuple[str, str], TypeTarget]] = dict,
    ) -> None:
        self._modules = modules
        self._imports = imports
        self._types = types

    @property
    def modules(self) -> Mapping[str, Module]:
        return self._modules

    def name(self, module: Module, name: str) -> Target | None:
        """What the top-level name ``name`` of ``module`` means."""
        return self._local(module, name, frozenset())

    def default_of(self, module: Module, name: str) -> str | None:
        """The file from which ``import name`` takes the default; None for ``{default as name}``."""
        imported = module.imports.get(name)
        if imported is None or imported.type_only or imported.imported != DEFAULT:
            return None
        if imported.node.type == "import_specifier":
            return None
        found = self._imports.resolve(module.path, imported.specifier)
        return found.file if found.file in self._modules else None

    def expression(self, module: Module, node: Node) -> Target | None:
        """The object that an expression names; the caller rules out shadowed names.

        Sees through wrappers, members of namespaces and variables that only hold another one.
        """
        seen: set[tuple[str, str]] = set()
        target = self._expression(module, node)
        while target is not None and target.entity == "value":
            key = (target.module, target.name)
            held = self._held(target)
            if held is None or key in seen:
                break
            seen.add(key)
            further = self._expression(self._modules[target.module], held)
            if further is None:
                break
            target = replace(further, via=further.via | target.via | {"variable"})
        return target

    def member(self, target: Target, name: str) -> Target | None:
        """Export ``name`` of a namespace."""
        match target.entity:
            case "sdk_namespace":
                return Target("sdk", target.module, name, target.via | {"namespace"})
            case "clients":
                return Target("client", target.module, name, target.via | {"namespace"})
            case "namespace":
                found = self._export(self._modules[target.module], name, frozenset())
                return found and replace(found, via=found.via | target.via | {"namespace"})
            case _:
                return None

    def type(self, module: Module, name: str) -> TypeTarget:
        """The type that ``name`` means in ``module``: aliases of imports are followed."""
        known, key = self._types(), (module.path, name)
        if key not in known:
            known[key] = self._type(module, name, frozenset())
        return known[key]

    def _expression(self, module: Module, node: Node) -> Target | None:
        node = nodes.unwrap(node)
        if node.type == "identifier":
            return self.name(module, nodes.text(node))
        if node.type != "member_expression":
            return None
        owner, member = nodes.field(node, "object"), nodes.field(node, "property")
        if owner is None or member is None or nodes.unwrap(owner).type != "identifier":
            return None
        target = self.name(module, nodes.text(nodes.unwrap(owner)))
        return target and self.member(target, nodes.text(member))

    def _held(self, target: Target) -> Node | None:
        """The expression that a variable holds, if it is only another name of something."""
        declarator = self._modules[target.module].values[target.name]
        if declarator.type != "variable_declarator":
            return None
        pattern, value = nodes.field(declarator, "name"), nodes.field(declarator, "value")
        if pattern is None or pattern.type != "identifier" or value is None:
            return None
        names = nodes.unwrap(value).type in ("identifier", "member_expression")
        return value if names else None

    def _local(self, module: Module, name: str, seen: _Seen) -> Target | None:
        imported = module.imports.get(name)
        if imported is not None:
            return None if imported.type_only else self._imported(module, imported, seen)
        if name in module.values:
            return Target("value", module.path, name)
        return None

    def _imported(self, module: Module, item: Import, seen: _Seen) -> Target | None:
        found = self._from(module, item.specifier, item.imported, seen)
        if found is not None and item.local != item.imported and item.imported != NAMESPACE:
            return replace(found, via=found.via | {"alias"})
        return found

    def _from(self, module: Module, specifier: str, name: str, seen: _Seen) -> Target | None:
        """Export ``name`` of the module that ``specifier`` means in ``module``."""
        if specifier == SDK or specifier.startswith(f"{SDK}/"):
            return _sdk(specifier, name)
        found = self._imports.resolve(module.path, specifier)
        if found.virtual == CLIENTS:
            entity: Entity = "clients" if name in (NAMESPACE, DEFAULT) else "client"
            return Target(entity, CLIENTS, name)
        if found.file is None or found.file == OUTSIDE:
            return None
        if name == NAMESPACE:
            return Target("namespace", found.file, name)
        return self._export(self._modules[found.file], name, seen)

    def _export(self, module: Module, name: str, seen: _Seen) -> Target | None:
        if (module.path, name) in seen:
            return None
        seen |= {(module.path, name)}
        export = module.exports.get(name)
        if export is not None:
            return None if export.type_only else self._exported(module, export, seen)
        if name == DEFAULT:
            found = Target("default", module.path, name, frozenset({"default"}))
            return found if module.default_value is not None else None
        for specifier in module.stars:
            star = self._from(module, specifier, name, seen)
            if star is not None:
                return replace(star, via=star.via | {"barrel"})
        return None

    def _exported(self, module: Module, export: Export, seen: _Seen) -> Target | None:
        if export.specifier is not None:
            found = self._from(module, export.specifier, export.local, seen)
            return found and replace(found, via=found.via | {"barrel"})
        local = self._local(module, export.local, seen)
        if local is None:
            return None
        via: set[Via] = {"barrel"} if export.local in module.imports else set()
        if export.name == DEFAULT:
            via.add("default")
        elif export.name != export.local:
            via.add("rename")
        return replace(local, via=local.via | via) if via else local

    def _type(self, module: Module, name: str, seen: _Seen) -> TypeTarget:
        imported = module.imports.get(name)
        if imported is not None:
            return self._type_from(module, imported.specifier, imported.imported, seen)
        return TypeTarget(name, module, module.types.get(name))

    def _type_from(self, module: Module, specifier: str, name: str, seen: _Seen) -> TypeTarget:
        found = self._imports.resolve(module.path, specifier)
        if found.file is None or found.file == OUTSIDE:
            return TypeTarget(name)
        return self._exported_type(self._modules[found.file], name, seen)

    def _exported_type(self, module: Module, name: str, seen: _Seen) -> TypeTarget:
        if (module.path, name) in seen:
            return TypeTarget(name)
        seen |= {(module.path, name)}
        export = module.exports.get(name)
        if export is not None and export.specifier is not None:
            return self._type_from(module, export.specifier, export.local, seen)
        if export is not None:
            return self._type(module, export.local, seen)
        for specifier in module.stars:
            found = self._type_from(module, specifier, name, seen)
            if found.node is not None:
                return found
        return TypeTarget(name)


def _sdk(specifier: str, name: str) -> Target | None:
    module = specifier
    while module not in MODULES and "/" in module:
        module = module.rpartition("/")[0]
    via: frozenset[Via] = frozenset() if module == specifier else frozenset({"deep"})
    if module not in MODULES or name == DEFAULT:
        return None
    if name == NAMESPACE:
        return Target("sdk_namespace", module, name, via)
    return Target("sdk", module, name, via)
