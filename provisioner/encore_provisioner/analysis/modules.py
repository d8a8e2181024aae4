"""What one file imports, exports and declares at its top level.

In: a parsed file. Out: a :class:`Module`: names only, nothing resolved yet. Type-only imports
and exports are kept apart because no value passes through them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.parse import Parsed
from encore_provisioner.analysis.scopes import Scopes
from encore_provisioner.analysis.source import Place, Span

NAMESPACE = "*"
DEFAULT = "default"


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """``imported`` is the other module's export: a name, ``default`` or ``*`` (a namespace)."""

    local: str
    specifier: str
    imported: str
    type_only: bool
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """``local`` of this file, or with a ``specifier`` the export ``local`` of another module."""

    name: str
    local: str
    specifier: str | None
    type_only: bool
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """``values`` and ``types`` are the top-level bindings: variables by declarator, types by node.

    ``specifiers`` are all modules from which values come, with the place that names each;
    ``repeated`` are imports that bind a name again, each after the one before it.
    """

    parsed: Parsed
    imports: dict[str, Import]
    exports: dict[str, Export]
    stars: tuple[str, ...]
    default_value: Node | None
    values: dict[str, Node]
    types: dict[str, Node]
    specifiers: tuple[tuple[str, Node], ...]
    repeated: tuple[tuple[Import, Import], ...]
    scopes: Scopes

    @property
    def path(self) -> str:
        return self.parsed.source.path

    def span(self, node: Node) -> Span:
        return self.parsed.span(node)

    def place(self, node: Node) -> Place:
        return self.parsed.span(node).place

    def node(self, place: Place) -> Node | None:
        """The expression that stood at ``place`` when it was made from a node of this file."""
        return self.parsed.root.named_descendant_for_byte_range(place.start, place.stop)


@dataclass(slots=True)
class _Draft:
    text: bytes
    imports: dict[str, Import] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    default_value: Node | None = None
    values: dict[str, Node] = field(default_factory=dict)
    types: dict[str, Node] = field(default_factory=dict)
    specifiers: list[tuple[str, Node]] = field(default_factory=list)
    repeated: list[tuple[Import, Import]] = field(default_factory=list)


def read_module(parsed: Parsed) -> Module:
    draft = _Draft(parsed.source.text)
    for statement in _statements(parsed.root):
        match statement.type:
            case "import_statement":
                _import(statement, draft)
            case "export_statement":
                _export(statement, draft)
            case _:
                _declaration(statement, draft)
    return Module(
        parsed=parsed,
        imports=draft.imports,
        exports=draft.exports,
        stars=tuple(draft.stars),
        default_value=draft.default_value,
        values=draft.values,
        types=draft.types,
        specifiers=tuple(draft.specifiers),
        repeated=tuple(draft.repeated),
        scopes=Scopes(parsed.source.text, parsed.root),
    )


def _statements(root: Node) -> Iterator[Node]:
    """The top-level statements; those that stand inside an error too."""
    todo = list(reversed(root.named_children))
    while todo:
        node = todo.pop()
        if node.is_error:
            todo.extend(reversed(node.named_children))
        else:
            yield node


def _is_type_only(statement: Node) -> bool:
    """Whether the word ``type`` stands in an import, an export, or one specifier of these."""
    if statement.child_count == 1:
        return False
    return any(child.type == "type" for child in statement.children)


def _specifier(statement: Node) -> str | None:
    source = nodes.field(statement, "source")
    return nodes.string_value(source) if source is not None else None


def _import(statement: Node, draft: _Draft) -> None:
    specifier = _specifier(statement)
    if specifier is None:
        return
    type_only = _is_type_only(statement)
    if not type_only:
        draft.specifiers.append((specifier, nodes.field(statement, "source") or statement))
    for local, imported, node in _imported(statement):
        # A specifier of its own may be `type X`; no value passes through it either.
        no_value = type_only or _is_type_only(node)
        found = Import(local, specifier, imported, no_value, node)
        if local in draft.imports:
            draft.repeated.append((draft.imports[local], found))
        draft.imports[local] = found


def _imported(statement: Node) -> Iterator[tuple[str, str, Node]]:
    """Local name, imported name and place of each part of an import."""
    clause = next((c for c in statement.named_children if c.type == "import_clause"), None)
    for part in clause.named_children if clause else ():
        if part.type == "identifier":
            yield nodes.text(part), DEFAULT, part
        elif part.type == "namespace_import":
            for name in part.named_children:
                yield nodes.text(name), NAMESPACE, part
        elif part.type == "named_imports":
            for item in part.named_children:
                given = nodes.field(item, "name")
                if item.type == "import_specifier" and given is not None:
                    alias = nodes.field(item, "alias") or given
                    yield nodes.text(alias), _export_name(given), item


def _export_name(node: Node) -> str:
    return nodes.string_value(node) or nodes.text(node)


def _export(statement: Node, draft: _Draft) -> None:
    declaration = nodes.field(statement, "declaration")
    value = nodes.field(statement, "value")
    if _is_default(statement, declaration or value, draft.text):
        _export_default(statement, declaration, value, draft)
    elif declaration is not None:
        for name in _declaration(declaration, draft):
            draft.exports[name] = Export(name, name, None, False, statement)
    else:
        _export_names(statement, draft)


def _is_default(statement: Node, inner: Node | None, text: bytes) -> bool:
    if inner is not None and b"default" not in text[statement.start_byte : inner.start_byte]:
        return False
    return any(child.type == DEFAULT for child in statement.children)


def _export_default(
    statement: Node, declaration: Node | None, value: Node | None, draft: _Draft
) -> None:
    if value is not None and nodes.unwrap(value).type == "identifier":
        local = nodes.text(nodes.unwrap(value))
        draft.exports[DEFAULT] = Export(DEFAULT, local, None, False, statement)
    elif value is not None:
        draft.default_value = value
    elif declaration is not None:
        for name in _declaration(declaration, draft):
            draft.exports[DEFAULT] = Export(DEFAULT, name, None, False, statement)


def _export_names(statement: Node, draft: _Draft) -> None:
    specifier = _specifier(statement)
    type_only = _is_type_only(statement)
    if specifier is not None and not type_only:
        draft.specifiers.append((specifier, nodes.field(statement, "source") or statement))
    if specifier is not None and any(child.type == "*" for child in statement.children):
        draft.stars.append(specifier)
    for part in statement.named_children:
        if part.type == "export_clause":
            for name, local, item in _export_specifiers(part):
                no_value = type_only or _is_type_only(item)
                draft.exports[name] = Export(name, local, specifier, no_value, item)
        elif part.type == "namespace_export" and specifier is not None:
            for name_node in part.named_children:
                name = _export_name(name_node)
                draft.exports[name] = Export(name, NAMESPACE, specifier, type_only, part)


def _export_specifiers(clause: Node) -> Iterator[tuple[str, str, Node]]:
    for item in clause.named_children:
        name = nodes.field(item, "name")
        if item.type == "export_specifier" and name is not None:
            alias = nodes.field(item, "alias") or name
            yield _export_name(alias), _export_name(name), item


def _declaration(statement: Node, draft: _Draft) -> tuple[str, ...]:
    """Record what a top-level statement declares; the names of it."""
    if not nodes.is_variable(statement):
        return _named(statement, draft)
    names: list[str] = []
    for declarator in nodes.declarators(statement):
        pattern = nodes.field(declarator, "name")
        for name in nodes.pattern_names(pattern) if pattern is not None else ():
            draft.values[nodes.text(name)] = declarator
            names.append(nodes.text(name))
    return tuple(names)


def _named(statement: Node, draft: _Draft) -> tuple[str, ...]:
    """Record a statement that declares one name: a type, class, enum or function."""
    node = nodes.field(statement, "name")
    if node is None or node.type not in ("identifier", "type_identifier"):
        return ()
    name = nodes.text(node)
    match statement.type:
        case "interface_declaration" | "type_alias_declaration":
            draft.types.setdefault(name, statement)
        case "class_declaration" | "abstract_class_declaration" | "enum_declaration":
            draft.types[name] = statement
            draft.values[name] = statement
        case "function_declaration" | "generator_function_declaration":
            draft.values[name] = statement
        case _:
            return ()
    return (name,)
