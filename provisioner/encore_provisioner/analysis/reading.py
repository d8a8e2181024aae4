"""One file → its facts: the first half of the analysis.

In: a library of the app's files and a path. Out: :class:`Facts`. A finding may point into another
file that was consulted; nothing here looks at the app as a whole.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from encore_provisioner.analysis.declarations.model import Service
from encore_provisioner.analysis.facts import Facts, Specifier, Way
from encore_provisioner.analysis.files import SERVICE_FILE
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.imports import Resolved
from encore_provisioner.analysis.index import FileIndex
from encore_provisioner.analysis.library import Library
from encore_provisioner.analysis.links import find_links
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.uses.scan import Scan


def read_facts(path: str, library: Library) -> Facts:
    findings = Findings()
    with library.trail() as trail:
        opened, declares = library.open(path), library.declares(path)
        module = opened.module
        findings.extend(declares.findings)
        _check_service_file(module, declares.index, findings)
        _check_repeated(module, declares.index, findings)
        links = tuple(find_links(module, library.index, findings))
        scan = Scan(module, library.index, findings)
        uses = tuple(scan.uses())
        imported, outside = set[str](), list[Specifier]()
        for specifier, found in _imports(module, library):
            if found.file:
                imported.add(found.file)
            if not found.file or found.unseen or found.script:
                outside.append(specifier)
    consulted = sorted(pair for pair in trail.files.items() if pair[0] != path)
    return Facts(
        path=path,
        digest=opened.digest,
        broken=module.parsed.broken,
        syntax=opened.syntax,
        findings=findings.sorted(),
        declared=declares.index.items,  # type: ignore[arg-type]  # the union of all its classes
        links=links,
        uses=uses,
        clients=tuple(scan.clients),
        namespaces=tuple(scan.namespaces),
        imported=tuple(sorted(imported)),
        outside=tuple(outside),
        consulted=tuple(consulted),
        ways=tuple(Way(*key, file) for key, file in sorted(trail.ways.items())),
    )


def _imports(module: Module, library: Library) -> Iterator[tuple[Specifier, Resolved]]:
    """Each import that leads to a source, or that should lead to a file."""
    for text, node in module.specifiers:
        found = library.resolve(module.path, text)
        if found.file or (found.virtual is None and library.looks_at_files(text)):
            statement = node.parent
            passed_on = statement is not None and statement.type == "export_statement"
            yield Specifier(text, module.place(node), passed_on), found


def _check_repeated(module: Module, index: FileIndex, findings: Findings) -> None:
    """Encore refuses a name imported twice where it resolves names: in files with declarations."""
    if all(isinstance(item, Service) for item in index.items):
        return
    for first, second in module.repeated:
        message = f"`{second.local}` is imported twice"
        places = [("the first time", module.place(first.node))]
        findings.add(
            "E0209", module.place(second.node), message, hint="remove one of them", related=places
        )


def _check_service_file(module: Module, index: FileIndex, findings: Findings) -> None:
    here = [item for item in index.items if isinstance(item, Service)]
    if posixpath.basename(module.path) == SERVICE_FILE and not here:
        message = f"{SERVICE_FILE} declares no service"
        hint = 'write `export default new Service("name")`'
        findings.add("E0402", module.place(module.parsed.root), message, hint=hint)
    for second in here[1:]:
        message = "a file may declare only one service"
        places = [("the first one", here[0].place)]
        findings.add("E0405", second.place, message, hint="remove this one", related=places)
