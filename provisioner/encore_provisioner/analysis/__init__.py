"""From an app's source to its graph and its findings. The code is parsed, never run.

One file at a time, from its text to its facts (``reading``); facts are plain data:

    files         which files belong to the app                                 (A1)
    parse         text → syntax tree
    modules       tree → imports, exports, top-level names
    resolver      name → what it stands for, across modules
    declarations  which resources are declared, arguments as literals           (A2, A3, A5, A6)
    index, links  variable → declaration; subscription → topic and the like
    uses          where which resource is used, by which operation              (A7, C)

Then the facts of all files together become the graph (``joining``). Between the two stand
``library`` (opens files as they are asked for, and notes what each answer depended on),
``collect`` and ``cache`` (read only what changed, on all cores where that pays).

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
from encore_provisioner.analysis.cache import FactsCache
from encore_provisioner.analysis.collect import Reader, collect, stamp_files
from encore_provisioner.analysis.files import (
    SourceFile,
    check_package,
    find_sources,
    report_unreadable,
)
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.imports import ImportResolver, read_paths
from encore_provisioner.analysis.joining import Source, join
from encore_provisioner.app import AppFile, app_id, check_app_file
from encore_provisioner.garbage import no_collection


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """``diagnostics`` are sorted by place; the graph holds what could be read despite them."""

    graph: Graph
    diagnostics: tuple[Diagnostic, ...]
    app_file: AppFile


def analyse(root: Path, *, cache: Path | None = None, processes: int | None = None) -> Analysis:
    """Read the app in ``root``. Whatever stands in its source becomes findings, never an error.

    ``cache`` is a folder that keeps what was read for the next time; it may be gone, shared or
    damaged. ``processes`` may read side by side; None: as many as pay. Neither changes the result.
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
        with no_collection():
            graph = _typescript(root, app_file, findings, cache, processes)
    return Analysis(graph=graph, diagnostics=findings.sorted(), app_file=app_file)


def _typescript(
    root: Path, app_file: AppFile, findings: Findings, cache: Path | None, processes: int | None
) -> Graph:
    check_package(root, findings)
    unreadable: list[tuple[SourceFile, OSError]] = []
    scripts: set[str] = set()
    found = list(stamp_files(find_sources(root, findings, scripts), unreadable))
    for file, error in unreadable:
        report_unreadable(file.path, error, findings)
    files = {file.path: file for file, _ in found}
    stamps = {file.path: stamp for file, stamp in found}
    paths = read_paths(root, findings)
    imports = ImportResolver(root, frozenset(files), paths, frozenset(scripts))
    kept = FactsCache(cache, app_id(root, app_file), len(files)) if cache is not None else None
    facts = collect(stamps, Reader(files, imports), kept, processes)
    return join(Source(root=root, app_file=app_file, facts=facts, imports=imports), findings)


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
