"""The facts of all files of an app: from the cache where they still hold, else read anew.

In: the app's root and its sources. Out: facts in the order of the walk, and the import resolver
that they were read with. Facts hold as long as the file has the same content, each file that was
consulted has, and each import that was followed leads to the same file.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

from encore_provisioner.analysis.cache import FactsCache, decode_facts, encode_facts
from encore_provisioner.analysis.facts import Facts
from encore_provisioner.analysis.files import SourceFile
from encore_provisioner.analysis.imports import ImportResolver
from encore_provisioner.analysis.library import Library, digest
from encore_provisioner.analysis.reading import read_facts

_WORTH_A_PROCESS: Final = 1_500_000  # bytes of source
_MOST_PROCESSES: Final = 8
_SHARES_EACH: Final = 8

Encoded = tuple[Facts, bytes]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the facts of files, in this process."""

    files: dict[str, SourceFile]
    imports: ImportResolver

    def library(self) -> Library:
        return Library(self._read, frozenset(self.files), self.imports)

    def _read(self, path: str) -> bytes:
        try:
            return self.files[path].read()
        except OSError:
            return b""  # it was there a moment ago; the next run says so


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file's content, as the walk saw it."""

    digest: bytes
    size: int


def collect(
    stamps: dict[str, Stamp], reader: Reader, cache: FactsCache | None, processes: int | None
) -> tuple[Facts, ...]:
    """``processes`` is how many may read side by side; None: as many as pay."""
    known = dict(_known(stamps, reader.imports, cache)) if cache is not None else {}
    stale = [path for path in stamps if path not in known]
    size = sum(stamps[path].size for path in stale)
    for facts, raw in _read(stale, reader, _processes(size) if processes is None else processes):
        known[facts.path] = facts
        if cache is not None:
            cache.put(facts, raw)
    if cache is not None:
        cache.save()
    return tuple(known[path] for path in stamps)


def _known(
    stamps: dict[str, Stamp], imports: ImportResolver, cache: FactsCache
) -> Iterator[tuple[str, Facts]]:
    for path, stamp in stamps.items():
        facts = cache.get(path, stamp.digest)
        if facts is not None and facts.path == path and _holds(facts, stamps, imports):
            yield path, facts


def _holds(facts: Facts, stamps: dict[str, Stamp], imports: ImportResolver) -> bool:
    for path, content in facts.consulted:
        stamp = stamps.get(path)
        if stamp is None or stamp.digest != content:
            return False
    return all(
        imports.resolve_from(way.folder, way.specifier).way == way.answer for way in facts.ways
    )


def _processes(size: int) -> int:
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(cores, _MOST_PROCESSES, size // _WORTH_A_PROCESS))


def _read(stale: Sequence[str], reader: Reader, processes: int) -> Iterator[Encoded]:
    if processes > 1:
        yield from _read_together(stale, reader, processes)
    else:
        yield from _read_here(stale, reader.library())


def _read_here(stale: Iterable[str], library: Library) -> Iterator[Encoded]:
    for path in stale:
        facts = read_facts(path, library)
        yield facts, encode_facts(facts)


def _read_together(stale: Sequence[str], reader: Reader, processes: int) -> Iterator[Encoded]:
    """Neighbours in the walk go to the same process, since they import each other most."""
    size = -(-len(stale) // (processes * _SHARES_EACH))
    shares = [stale[start : start + size] for start in range(0, len(stale), size)]
    # A fork has all that is read so far; elsewhere than on Linux it is not safe.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(processes, context, _start, (reader,)) as pool:
        for encoded in pool.map(_share, shares):
            yield from ((decode_facts(raw), raw) for raw in encoded)


_libraries: list[Library] = []
"""Of a process that reads for another: its one library, from :func:`_start` on."""


def _start(reader: Reader) -> None:
    _libraries[:] = [reader.library()]


def _share(paths: Sequence[str]) -> list[bytes]:
    return [raw for _, raw in _read_here(paths, _libraries[0])]


def stamp_files(
    files: Iterable[SourceFile], unreadable: list[tuple[SourceFile, OSError]]
) -> Iterator[tuple[SourceFile, Stamp]]:
    """The content of each file; those that cannot be read go to ``unreadable``."""
    for file in files:
        try:
            raw = file.read()
        except OSError as error:
            unreadable.append((file, error))
        else:
            yield file, Stamp(digest(raw), len(raw))
