"""From an app's source to its graph and its findings. The code is parsed, never run.

    files         which files belong to the app, their text                     (A1)
    parse         text → syntax tree
    modules       tree → imports, exports, top-level names
    resolver      name → what it stands for, across modules
    declarations  which resources are declared, arguments as literals           (A2, A3, A5, A6)
    services      which services there are, which file belongs to which         (A4)
    index, links  variable → declaration; subscription → topic and the like
    uses          which service uses which resource, by which operation         (A7, C)
    checks        what must be unique, what does not fit together               (A8)
    graph         the document

Each stage takes what the former ones returned and returns its own; none reaches back. Sections
are those of the declaration contract; the first two digits of a finding's code name them too.

Two truths are kept apart. The graph says what the code does. The findings say where Encore's own
build would refuse that (an error) or lose it (a warning).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from encore_config.diagnostics import Diagnostic
from encore_config.graph import App, Gateway, Graph
from encore_provisioner.analysis.checks import Facts, check
from encore_provisioner.analysis.declarations import find_declarations
from encore_provisioner.analysis.declarations.model import Declaration, Declared
from encore_provisioner.analysis.files import read_sources
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.graph import Found, build_graph
from encore_provisioner.analysis.imports import OUTSIDE, ImportResolver, read_paths
from encore_provisioner.analysis.index import Index, check_references
from encore_provisioner.analysis.links import find_links
from encore_provisioner.analysis.modules import Module, read_module
from encore_provisioner.analysis.parse import parse
from encore_provisioner.analysis.resolver import Resolver
from encore_provisioner.analysis.services import Importers, Services, find_services
from encore_provisioner.analysis.uses import attribute, keyspace_uses
from encore_provisioner.analysis.uses.model import Context
from encore_provisioner.analysis.uses.namespaces import check_namespaces
from encore_provisioner.analysis.uses.scan import Scan
from encore_provisioner.app import AppFile, check_app_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """``diagnostics`` are sorted by place; the graph holds what could be read despite them."""

    graph: Graph
    diagnostics: tuple[Diagnostic, ...]
    app_file: AppFile


def analyse(root: Path) -> Analysis:
    """Read the app in ``root``. Whatever stands in its source becomes findings, never an error.

    Raises ``AppError`` (``no-app``) only where ``encore.app`` is missing or cannot be read.
    """
    app_file, app_findings = check_app_file(root)
    findings = Findings()
    findings.extend(app_findings)
    if app_file.language != "typescript":
        if not app_findings:
            _report_language(app_file, findings)
        graph = Graph(app=App(id=app_file.id, language=app_file.language), gateway=Gateway())
    else:
        graph = _typescript(root, app_file, findings)
    return Analysis(graph=graph, diagnostics=findings.sorted(), app_file=app_file)


def _typescript(root: Path, app_file: AppFile, findings: Findings) -> Graph:
    modules = tuple(read_module(parse(s, findings)) for s in read_sources(root, findings))
    by_path = {module.path: module for module in modules}
    imports = ImportResolver(root, frozenset(by_path), read_paths(root, findings))
    resolver = Resolver(by_path, imports)
    rest = Findings()
    declared = find_declarations(modules, resolver, root, rest)
    services = find_services(modules, declared, root.resolve().name, rest)
    importers = Importers(services, _edges(modules, imports, rest))
    graph = _connect(modules, declared, resolver, services, importers, app_file, rest)
    broken = {module.path for module in modules if module.parsed.broken}
    findings.extend(d for d in rest.sorted() if d.at is None or d.at.file not in broken)
    return graph


def _connect(
    modules: tuple[Module, ...],
    declared: tuple[Declared, ...],
    resolver: Resolver,
    services: Services,
    importers: Importers,
    app_file: AppFile,
    findings: Findings,
) -> Graph:
    index = Index(declared, resolver)
    check_references(declared, index, findings)
    declarations = tuple(d for d in declared if isinstance(d, Declaration))
    links = find_links(declared, index, findings)
    scan = Scan(index, services, links, declarations, Context(resolver, findings))
    uses = (*keyspace_uses(declarations, links), *scan.modules(modules))
    check_namespaces(scan.namespaces, uses, services, findings)
    check(Facts(declarations, links, services, importers), findings)
    return build_graph(
        Found(
            app_id=app_file.id,
            language=app_file.language,
            declarations=declarations,
            links=links,
            services=services,
            importers=importers,
            uses=attribute(uses, services, importers, findings),
        )
    )


def _edges(
    modules: tuple[Module, ...], imports: ImportResolver, findings: Findings
) -> dict[str, frozenset[str]]:
    """Which file imports values from which; an import that leads nowhere is W0104."""
    edges: dict[str, frozenset[str]] = {}
    for module in modules:
        files: set[str] = set()
        for specifier, node in module.specifiers:
            found = imports.resolve(module.path, specifier)
            if found.file is None:
                message = f"`{specifier}` leads to no file, and Encore's build stops there"
                hint = "correct the path, or generate the file before the build"
                findings.add("W0104", module.span(node), message, hint=hint)
            elif found.file != OUTSIDE:
                files.add(found.file)
        edges[module.path] = frozenset(files)
    return edges


def _report_language(app_file: AppFile, findings: Findings) -> None:
    message = f"this is an app in {app_file.language}; only TypeScript apps are read today"
    hint = 'an Encore.ts app says `"lang": "typescript"` in encore.app'
    findings.extend(
        [
            Diagnostic(
                code="E1004",
                severity="error",
                message=message,
                at=app_file.language_at,
                end=app_file.language_end,
                hint=hint,
            )
        ]
    )
