"""Where resources are used in one file: every occurrence of a variable that holds one (A7).

In: a module and the index. Out: uses, calls of clients and occurrences of namespaces, in source
order. It follows what the code does; where Encore's own scan would lose or refuse the use, that is
a finding. Which service the file belongs to plays no part here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from encore_config.diagnostics import Diagnostic
from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.declarations.model import Declared, Reference, target_of
from encore_provisioner.analysis.declarations.model import Target as DeclaredTarget
from encore_provisioner.analysis.facts import ClientUse, FoundUse, NamespaceUse
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.index import Held, Index
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.occurrences import occurrences
from encore_provisioner.analysis.resolver import Target, Via
from encore_provisioner.analysis.uses.model import Context, Occurrence
from encore_provisioner.analysis.uses.queries import check_query
from encore_provisioner.analysis.uses.resources import USERS, member_span
from encore_provisioner.analysis.uses.shapes import occurrence

_TRACKED: Final = frozenset({"bucket", "database", "metric", "topic"})
_NAMES_A_VARIABLE: Final = frozenset({"variable_declarator", "required_parameter"})
_INTRODUCES: Final = frozenset(
    {"array_pattern", "rest_pattern", "function_declaration", "class_declaration"}
)


class Scan:
    """One module's uses; ``clients`` and ``namespaces`` fill while :meth:`uses` goes on."""

    def __init__(self, module: Module, index: Index, findings: Findings) -> None:
        self._module = module
        self._index = index
        self._findings = findings
        self.clients: list[ClientUse] = []
        self.namespaces: list[NamespaceUse] = []

    def uses(self) -> Iterator[FoundUse]:
        targets = self._imported()
        names = targets.keys() | self._index.variables(self._module.path)
        for name, node in occurrences(self._module, names):
            if _declares(node):
                continue
            target = targets.get(name)
            if target is not None and self._module.scopes.of(node, name) is None:
                yield from self._target(name, node, target)
            else:
                yield from self._held(name, node, self._index.identifier(self._module, node))
        yield from self._inline()

    def _inline(self) -> Iterator[FoundUse]:
        """``SQLDatabase.named("x").query`…` ``: used where it stands, without a variable."""
        for item in self._index.items(self._module.path):
            node = self._module.node(item.place) if item.kind in USERS else None
            found = occurrence(self._module, node) if node is not None else None
            if found is None or found.shape not in ("field", "method", "template"):
                continue
            findings = Findings()
            operations = self._operations(item, found, Findings())  # Encore refuses none of these
            if operations:
                message = f"Encore does not see this use of {item.title}: no variable names it"
                hint = "put it into a `const` of its own and use that"
                findings.add("W0707", item.place, message, hint=hint)
            if item.kind == "database":
                check_query(found, False, findings)
            yield self._use(item, operations, found, findings, tracked=False)

    def _imported(self) -> dict[str, Target]:
        """The imported names of a module through which a resource may be used."""
        found: dict[str, Target] = {}
        for name in self._module.imports:
            target = self._index.resolver.name(self._module, name)
            if target is not None and (self._matters(target) or self._default(name)):
                found[name] = target
        return found

    def _default(self, name: str) -> Declared | None:
        """What Encore takes a default import for: the last declaration of that file."""
        file = self._index.resolver.default_of(self._module, name)
        return self._index.last(file) if file is not None else None

    def _matters(self, target: Target) -> bool:
        if target.entity in ("client", "clients", "namespace"):
            return True
        return self._index.target(target) is not None

    def _target(self, name: str, node: Node, target: Target) -> Iterator[FoundUse]:
        if target.entity == "client":
            if "barrel" in target.via:
                self._report_lost_client(name, target)
            self.clients.append(ClientUse(target.name, occurrence(self._module, node).form))
        elif target.entity in ("clients", "namespace"):
            yield from self._namespace(name, node, target)
        else:
            taken, meant = self._default(name), self._meant(target)
            if taken is not None and meant != target_of(taken):
                self._add_namespace(name, node, taken, meant, told=meant is not None)
            yield from self._held(name, node, self._index.target(target))

    def _namespace(self, name: str, node: Node, target: Target) -> Iterator[FoundUse]:
        parent = node.parent
        member = nodes.field(parent, "property") if parent is not None else None
        owned = parent is not None and nodes.field(parent, "object") == node
        inner = (
            self._index.resolver.member(target, nodes.text(member)) if member and owned else None
        )
        taken = self._index.last(target.module) if target.entity == "namespace" else None
        if taken is not None:
            self._add_namespace(name, node, taken, self._meant(inner))
        if inner is not None and parent is not None:
            if inner.entity == "client":
                self._report_clients(name, inner, parent)
            yield from self._target(name, parent, inner)

    def _add_namespace(
        self,
        name: str,
        node: Node,
        taken: Declared,
        meant: DeclaredTarget | None,
        *,
        told: bool = False,
    ) -> None:
        form = occurrence(self._module, node).form
        self.namespaces.append(NamespaceUse(name, form, target_of(taken), meant, told))

    def _report_lost_client(self, name: str, client: Target) -> None:
        message = f"`{name}` comes through a file that only re-exports it, so Encore sees no calls"
        hint = f'write `import {{ {client.name} }} from "~encore/clients"` in this file'
        place = self._module.span(self._module.imports[name].node)
        self._findings.add("W0703", place, message, hint=hint)

    def _report_clients(self, name: str, client: Target, node: Node) -> None:
        message = f"Encore refuses `{name}.{client.name}`: it knows clients by their own names"
        hint = f'write `import {{ {client.name} }} from "~encore/clients"`'
        self._findings.add("E0712", self._module.span(node), message, hint=hint)

    def _meant(self, target: Target | None) -> DeclaredTarget | None:
        held = self._index.target(target) if target is not None else None
        item = held.whole if held is not None else None
        return target_of(item) if item is not None else None

    def _held(self, name: str, node: Node, held: Held | None) -> Iterator[FoundUse]:
        if held is None:
            return
        item, node = _item(held, node)
        if item is None or item.kind not in USERS:
            return
        found, findings = occurrence(self._module, node), Findings()
        operations = self._operations(item, found, findings)
        seen = not (operations and self._is_lost(name, item, held, findings))
        if item.kind == "database":
            check_query(found, seen, findings)
        yield self._use(item, operations, found, findings)

    def _operations(self, item: Declared, found: Occurrence, findings: Findings) -> frozenset[str]:
        """What stands in brackets Encore passes over: it neither sees nor refuses it."""
        unseen = found.seen == "index"
        context = Context(self._index.resolver, Findings() if unseen else findings)
        operations = frozenset(USERS[item.kind](item, found, context) or ())
        if unseen and item.kind in _TRACKED:
            message = f"Encore does not see this use of {item.title}: it reads no names in brackets"
            findings.add("W0718", found.span, message, hint="write `.name(…)` instead")
        return operations

    def _use(
        self,
        item: Declared,
        operations: frozenset[str],
        found: Occurrence,
        findings: Findings,
        *,
        tracked: bool = True,
    ) -> FoundUse:
        """What is found out about a declaration of the app stands; by name, only if it exists."""
        conditional: tuple[Diagnostic, ...] = findings.sorted()
        if not isinstance(item, Reference):
            self._findings.extend(conditional)
            conditional = ()
        public = None
        tracked = tracked and found.seen != "index"
        if item.kind == "bucket" and "public_url" in operations and tracked:
            public = member_span(found).place
        return FoundUse(
            target_of(item),
            tuple(sorted(operations)),  # type: ignore[arg-type]
            self._module.place(found.node),
            conditional,
            public,
        )

    def _is_lost(self, name: str, item: Declared, held: Held, findings: Findings) -> bool:
        """Encore tracks a named import from the declaring file under the declared name."""
        lost, last = self._lost(name, held), held.items[-1]
        if not lost or item.kind == "keyspace":
            return False
        code = "W0703" if "barrel" in lost else "W0704" if "rename" in lost else "W0705"
        how = {
            "W0703": "comes through a file that only re-exports it",
            "W0704": "is exported under another name than it is declared",
            "W0705": "comes as a default import, which for Encore is the last declaration",
        }[code]
        message = f"`{name}` {how}, so Encore does not see the use of {item.title}"
        hint = f"import `{last.bind.name}` from `{last.path}` itself"
        if last.bind.name == "default":
            hint = f"write `export const … =` in `{last.path}`, and import that name"
        elif code == "W0704":
            hint = f"export it as `{last.bind.name}` from `{last.path}`, and import that name"
        place = self._module.span(self._module.imports[name].node)
        findings.add(code, place, message, hint=hint)
        return True

    def _lost(self, name: str, held: Held) -> frozenset[Via]:
        """The parts of the way to a resource that Encore does not go."""
        lost, last = held.via & {"barrel", "rename", "default"}, held.items[-1]
        if "namespace" in held.via:  # of the declaring file: see ``namespaces``
            return lost & {"barrel"}
        if lost != {"default"}:
            return lost
        if self._index.resolver.default_of(self._module, name) is not None:
            return frozenset() if self._index.last(last.path) is last else lost
        braces: frozenset[Via] = frozenset({"rename"})  # `{ default as name }`
        return frozenset() if last.bind.name == "default" else braces


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
    return parent.type in _INTRODUCES
