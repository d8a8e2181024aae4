"""Where declarations stand: every use of a tracked SDK name, and the variable that holds it.

In: modules and the resolver. Out: :class:`Site` values in source order, with findings for forms
that Encore does not see (contract A2). What the arguments mean is for the kind's own file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.catalogue import SYMBOLS, TITLES, Symbol
from encore_provisioner.analysis.declarations.model import Bind, Site
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.occurrences import occurrences
from encore_provisioner.analysis.resolver import Resolver, Target, Via

_LOSSES: Final[tuple[tuple[Via, str, str], ...]] = (
    ("namespace", "W0201", "is imported through a namespace (`import * as …`)"),
    ("barrel", "W0202", "is re-exported by a module of the app"),
    ("rename", "W0202", "is re-exported by a module of the app"),
    ("default", "W0202", "is re-exported by a module of the app"),
    ("deep", "W0202", "is imported from a file inside the SDK"),
)
_PLAIN: Final = frozenset({"lexical_declaration", "variable_declaration", "statement_block"})


def find_sites(module: Module, resolver: Resolver, findings: Findings) -> Iterator[Site]:
    names = dict(_sdk_names(module, resolver))
    for name, node in occurrences(module, names):
        callee, target = _callee(node, names[name], resolver)
        symbol = SYMBOLS.get((target.module, target.name)) if target else None
        found = _expression(callee, symbol) if symbol else None
        if not symbol or not target or not found or module.scopes.of(node, name) is not None:
            continue
        expression, method = found
        bind = _bind(expression, module, findings)
        function = module.scopes.function(expression)
        site = Site(module, symbol, expression, method, bind, function)
        _warn_of_loss(site, target, name, findings)
        yield site


def _sdk_names(module: Module, resolver: Resolver) -> Iterator[tuple[str, Target]]:
    for name in module.imports:
        target = resolver.name(module, name)
        if target is not None and target.entity in ("sdk", "sdk_namespace", "namespace"):
            yield name, target


def _callee(node: Node, target: Target, resolver: Resolver) -> tuple[Node, Target | None]:
    """The expression that names the symbol: the identifier, or a member of a namespace."""
    if target.entity == "sdk":
        return node, target
    parent = node.parent
    member = nodes.field(parent, "property") if parent and _owns(parent, node) else None
    if parent is None or member is None:
        return node, None
    found = resolver.member(target, nodes.text(member))
    return parent, found if found and found.entity == "sdk" else None


def _owns(parent: Node, node: Node) -> bool:
    return parent.type == "member_expression" and nodes.field(parent, "object") == node


def _expression(callee: Node, symbol: Symbol) -> tuple[Node, str | None] | None:
    """The declaring expression around ``callee`` and the method in it, if this is one."""
    parent = callee.parent
    if parent is None:
        return None
    if symbol.form == "new" and parent.type == "new_expression":
        return (parent, None) if nodes.field(parent, "constructor") == callee else None
    if parent.type == "call_expression":
        called = symbol.form == "call" and nodes.field(parent, "function") == callee
        return (parent, None) if called else None
    if not _owns(parent, callee) or parent.parent is None:
        return None
    call, method = parent.parent, nodes.field(parent, "property")
    if call.type != "call_expression" or nodes.field(call, "function") != parent or not method:
        return None
    name = nodes.text(method)
    fits = symbol.kind == "endpoint" or (symbol.named and name == "named")
    return (call, name) if fits else None


def _bind(expression: Node, module: Module, findings: Findings) -> Bind:
    """The nearest variable around the expression, not across the border of a function."""
    member: str | None = None
    for ancestor in module.scopes.around(expression):
        match ancestor.type:
            case "variable_declarator":
                return _declarator_bind(ancestor, member, module, findings)
            case "pair" if member is None and nodes.field(ancestor, "value") == expression:
                key = nodes.field(ancestor, "key")
                member = nodes.text(key) if key is not None else None
            case "export_statement":
                return Bind(name="default")
            case "class_body" | "statement_block" | "program":
                break
            case kind if kind in nodes.FUNCTIONS:
                break
    return Bind()


def _declarator_bind(
    declarator: Node, member: str | None, module: Module, findings: Findings
) -> Bind:
    pattern = nodes.field(declarator, "name")
    if pattern is None or pattern.type != "identifier":
        _report_pattern(pattern or declarator, module, findings)
        return Bind()
    name = nodes.text(pattern)
    if name == "_":
        return Bind(scope=module.scopes.of(pattern, name), blank=True)
    return Bind(name, module.scopes.of(pattern, name), member)


def _report_pattern(pattern: Node, module: Module, findings: Findings) -> None:
    message = "a declaration must be held by a plain variable, so that it has a name"
    hint = "write `const name = new …` and take it apart in a second statement"
    findings.add("E0203", module.span(pattern), message, hint=hint)


def _warn_of_loss(site: Site, target: Target, name: str, findings: Findings) -> None:
    symbol = site.symbol
    for via, code, how in _LOSSES:
        if via in target.via:
            message = f"`{symbol.name}` {how}, so Encore does not see this {TITLES[symbol.kind]}"
            hint = f'write `import {{ {symbol.name} }} from "{symbol.module}"` in this file'
            missed = "E0402" if symbol.kind == "service" else code
            findings.add(missed, site.span, message, hint=hint)
            return
    if "alias" in target.via and symbol.alias_loss:
        message = f"`{symbol.name}` is imported as `{name}`, and then {symbol.alias_loss}"
        findings.add("W0203", site.span, message, hint=f"import it as `{symbol.name}`")


def check_place(site: Site, findings: Findings) -> bool:
    """Whether Encore finds the declaration's variable: it knows only top-level ones (A2).

    What no variable holds may stand anywhere, but inside a function it may never come to be.
    """
    title = TITLES[site.symbol.kind]
    hint = "declare it at the top level of the file"
    if site.symbol.kind == "secret" and site.function is not None:
        return True
    if site.function is None and site.bind.scope is None:
        return True
    holder = site.holder
    pattern = nodes.field(holder, "name") if holder is not None else None
    if pattern is not None and pattern.type != "identifier":
        _report_pattern(pattern, site.module, findings)
    elif holder is not None and pattern is not None and not _is_found(pattern, holder, site.module):
        inside = site.module.scopes.function(holder) is not None
        where = "a function" if inside else "a block or namespace"
        message = f"the variable of this {title} stands inside {where}, and Encore does not find it"
        findings.add("E0204", site.span, message, hint=hint)
        return False
    elif site.function is not None and site.method != "named" and site.symbol.kind != "service":
        message = f"this {title} is declared inside a function, and exists only once that has run"
        findings.add("W0204", site.span, message, hint=hint)
    return True


def _is_found(name: Node, declarator: Node, module: Module) -> bool:
    """Whether the variable is of the top level, or only braces stand between: ``{ const x }``."""
    if module.scopes.of(name, nodes.text(name)) is None:
        return True
    for ancestor in module.scopes.around(declarator):
        if ancestor.type == "program":
            return True
        if ancestor.type not in _PLAIN:
            return False
    return False
