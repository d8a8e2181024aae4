"""The files of an app, read and parsed as they are asked for, and what each answer depends on.

In: the app's root, the paths of its sources, the import resolver. Out: modules by path, and the
declarations of each file. Whoever opens a trail learns which files and which imports all answers
since then depended on. Syntax trees are large, so only the last ones are kept.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from encore_config.diagnostics import Diagnostic
from encore_provisioner.analysis.declarations import find_declarations
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.imports import ImportResolver, Resolved
from encore_provisioner.analysis.index import FileIndex, Index
from encore_provisioner.analysis.modules import Module, read_module
from encore_provisioner.analysis.parse import parse
from encore_provisioner.analysis.resolver import Resolver, TypeTarget
from encore_provisioner.analysis.source import folder_of, read_source

_TREES_KEPT: Final = 96


@dataclass(slots=True)
class Trail:
    """What answers depended on: digests of files by path, and where imports led.

    ``declared`` are the files whose declarations' own trail is already a part of this one, and
    ``types`` those whose way is; they hold syntax trees, so they go when the trail ends.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ways: dict[tuple[str, str], str] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)
    types: dict[tuple[str, str], TypeTarget] = field(default_factory=dict)

    def add(self, other: Trail) -> None:
        self.files.update(other.files)
        self.ways.update(other.ways)
        self.declared |= other.declared


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as it was read: its module, and what is wrong with its syntax."""

    module: Module
    digest: bytes
    syntax: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Declares:
    """A file's declarations, what was found on the way, and what that depended on."""

    index: FileIndex
    findings: tuple[Diagnostic, ...]
    trail: Trail


def digest(raw: bytes) -> bytes:
    """What stands for a file's content."""
    return hashlib.blake2b(raw, digest_size=16).digest()


class Library(Mapping[str, Module]):
    def __init__(
        self, read: Callable[[str], bytes], paths: frozenset[str], imports: ImportResolver
    ) -> None:
        self._read = read
        self._paths = paths
        self._imports = imports
        self._opened: OrderedDict[str, Opened] = OrderedDict()
        self._declares: dict[str, Declares] = {}
        self._ways: dict[tuple[str, str], tuple[Resolved, str | None]] = {}
        self._trail = Trail()
        self.resolver = Resolver(self, self, self.types)
        self.index = Index(self._file_index, self.resolver)

    def __getitem__(self, path: str) -> Module:
        if path not in self._paths:
            raise KeyError(path)
        return self.open(path).module

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._paths))

    def __len__(self) -> int:
        return len(self._paths)

    def open(self, path: str) -> Opened:
        opened = self._opened.get(path)
        if opened is None:
            opened = self._opened[path] = self._open(path)
            if len(self._opened) > _TREES_KEPT:
                self._opened.popitem(last=False)
        else:
            self._opened.move_to_end(path)
        self._trail.files[path] = opened.digest
        return opened

    def _open(self, path: str) -> Opened:
        raw, findings = self._read(path), Findings()
        module = read_module(parse(read_source(path, raw), findings))
        return Opened(module, digest(raw), findings.sorted())

    def resolve(self, importer: str, specifier: str) -> Resolved:
        """Where an import leads, as the import resolver says."""
        key = (folder_of(importer), specifier)
        known = self._ways.get(key)
        if known is None:
            found = self._imports.resolve_from(*key)
            looks = self._imports.looks_at_files(specifier)
            known = self._ways[key] = (found, found.way if looks else None)
        found, way = known
        if way is not None:
            self._trail.ways[key] = way
        return found

    def looks_at_files(self, specifier: str) -> bool:
        return self._imports.looks_at_files(specifier)

    def types(self) -> dict[tuple[str, str], TypeTarget]:
        """Types by file and name that were found on this trail, and so are a part of it already."""
        return self._trail.types

    def declares(self, path: str) -> Declares:
        known = self._declares.get(path)
        if known is None:
            findings = Findings()
            with self.trail() as trail:
                items = tuple(find_declarations(self[path], self.resolver, findings))
            known = self._declares[path] = Declares(FileIndex(items), findings.sorted(), trail)
        if path not in self._trail.declared:
            self._trail.add(known.trail)
            self._trail.declared.add(path)
        return known

    def _file_index(self, path: str) -> FileIndex:
        return self.declares(path).index

    @contextmanager
    def trail(self) -> Iterator[Trail]:
        """What is asked inside depends on what the trail then holds."""
        outer, self._trail = self._trail, Trail()
        try:
            yield self._trail
        finally:
            self._trail.types.clear()
            outer.add(self._trail)
            self._trail = outer
