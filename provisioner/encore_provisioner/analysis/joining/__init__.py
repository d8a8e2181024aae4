"""From the facts of all files to the app's graph: the second half of the analysis.

    imports       which imports lead nowhere, or elsewhere for Encore                  (A1)
    register      place or name → declaration; subscription → topic and the like
    services      which services there are, which file belongs to which         (A4)
    uses          which service uses which resource, by which operation         (A7, C)
    checks        what must be unique, what does not fit together               (A8)
    assets        what the source names on disk: migrations, static files
    graph         the document

In: facts, in the order of the walk, and the app's root. Out: the graph, with findings. No stage
here sees source text or syntax.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from encore_config.graph import Graph
from encore_provisioner.analysis.facts import Facts
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.imports import ImportResolver
from encore_provisioner.analysis.joining.assets import check_assets, read_migrations
from encore_provisioner.analysis.joining.checks import Checked, check
from encore_provisioner.analysis.joining.graph import Found, build_graph
from encore_provisioner.analysis.joining.imports import check_imports
from encore_provisioner.analysis.joining.register import Register
from encore_provisioner.analysis.joining.services import Importers, find_services
from encore_provisioner.analysis.joining.uses import Join, attribute, join_uses
from encore_provisioner.app import AppFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The app as it was read."""

    root: Path
    app_file: AppFile
    facts: Sequence[Facts]
    imports: ImportResolver


def join(source: Source, findings: Findings) -> Graph:
    """The graph; findings about files whose syntax is broken are left out, but for the syntax."""
    rest = Findings()
    for file in source.facts:
        findings.extend(file.syntax)
        rest.extend(file.findings)
    graph = _graph(source, rest)
    broken = {file.path for file in source.facts if file.broken}
    findings.extend(d for d in rest if d.at is None or d.at.file not in broken)
    return graph


def _graph(source: Source, findings: Findings) -> Graph:
    facts = source.facts
    check_imports(facts, source.imports, source.root, findings)
    register = Register(facts)
    register.check_references(findings)
    declarations, links = register.declarations, register.links(facts)
    services = find_services(declarations, source.root.resolve().name, findings)
    importers = Importers(services, {file.path: file.imported for file in facts})
    uses = join_uses(facts, Join(register, links, services, findings))
    check(Checked(declarations, links, services, importers), findings)
    check_assets(declarations, source.root, findings)
    return build_graph(
        Found(
            app_id=source.app_file.id,
            language=source.app_file.language,
            declarations=declarations,
            links=links,
            services=services,
            importers=importers,
            uses=attribute(uses, services, importers, findings),
            migrations=read_migrations(declarations, source.root, findings),
        )
    )
