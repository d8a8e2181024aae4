"""What analysis promises for every input, checked on one app.

In: an :class:`Input`, an empty folder and the analysis. Out: nothing, or
:class:`BrokenPromiseError`. The analysis' own exceptions are not caught: a traceback is what this
looks for.
"""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fuzz.apps import App, Link, seeds, sources, write
from tests.fuzz.inputs import Input

from encore_config.codec import decode, encode
from encore_config.diagnostics import Diagnostic, Diagnostics
from encore_config.graph import Graph
from encore_config.position import At, End
from encore_provisioner.analysis import Analysis, analyse
from encore_provisioner.cli.render.diagnostics import Sources, diagnostics_lines
from encore_provisioner.cli.render.github import github
from encore_provisioner.cli.render.graph_text import graph_lines
from encore_provisioner.cli.render.mermaid import mermaid
from encore_provisioner.errors import AppError

Analyse = Callable[..., Analysis]
"""As :func:`encore_provisioner.analysis.analyse`."""
_TRIES: Final = 3
_LINKS: Final = 8
_SLOWER: Final = 60
_ALWAYS: Final = 0.5  # seconds


class BrokenPromiseError(AssertionError):
    """A promise does not hold."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long this machine takes for each byte of a real app."""

    per_byte: float

    def limit(self, app: App) -> float:
        size = sum(len(entry) for entry in app.values() if isinstance(entry, bytes))
        return _ALWAYS + _SLOWER * self.per_byte * size


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and how an input is looked at: nothing else is written to ``folder``."""

    folder: Path
    analyse: Analyse = analyse

    @property
    def root(self) -> Path:
        return self.folder / "one" / "app"

    def result(self, root: Path, **options: Path) -> Analysis | None:
        try:
            return self.analyse(root, **options, processes=1)
        except AppError:  # the one refusal: encore.app itself cannot be read
            return None

    def seconds(self, root: Path) -> float:
        start = time.process_time()
        self.result(root)
        return time.process_time() - start


def measure(folder: Path) -> Pace:
    app = seeds()[-1]
    root = write(app, folder / "pace")
    spent = min(Bench(folder).seconds(root) for _ in range(3))
    return Pace(spent / sum(map(len, sources(app).values())))


def check(given: Input, bench: Bench, pace: Pace) -> None:
    """Everything, or the rarer checks for some of the inputs only: each costs a run or more."""
    root = write(given.app, bench.root)
    start = time.process_time()
    first = bench.result(root)
    spent = time.process_time() - start
    if first is None:
        return
    check_time(bench, spent, pace.limit(given.app))
    check_document(first)
    check_positions(first, given.app)
    for number, rare in enumerate(RARE):
        if given.number % len(RARE) == number:
            rare(given, bench, first)


def written(found: Analysis) -> bytes:
    return encode(found.graph) + encode(Diagnostics(diagnostics=found.diagnostics))


def same(one: Analysis | None, other: Analysis | None, why: str) -> None:
    left = written(one).decode() if one else ""
    right = written(other).decode() if other else ""
    if left != right:
        lines = zip(left.splitlines(), right.splitlines(), strict=False)
        first = next(((a, b) for a, b in lines if a != b), (left[-200:], right[-200:]))
        raise BrokenPromiseError(f"{why}: {first[0]!r} and {first[1]!r}")


def check_document(found: Analysis) -> None:
    if decode(encode(found.graph), Graph) != found.graph:
        raise BrokenPromiseError("the graph does not come back from its own JSON")
    document = Diagnostics(diagnostics=found.diagnostics)
    if decode(encode(document), Diagnostics) != document:
        raise BrokenPromiseError("the findings do not come back from their own JSON")


def check_positions(found: Analysis, app: App) -> None:
    lines: dict[str, list[str]] = {}
    files = {_printable(path): _content(path, app) for path in app}
    for at, end in _positions(found):
        if at.file not in lines:
            lines[at.file] = _lines(files.get(at.file, b""))
        _check_inside(at.line, at.column, lines[at.file], at)
        if end is not None:
            _check_inside(end.line, end.column, lines[at.file], at)
            if (end.line, end.column) < (at.line, at.column):
                raise BrokenPromiseError(f"{at} ends before it begins")


def _content(path: str, app: App) -> bytes:
    """The text of a file, or of what a link of the app leads to."""
    for _ in range(_LINKS):
        entry = app.get(path)
        if not isinstance(entry, Link):
            return entry if isinstance(entry, bytes) else b""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.target))
    return b""


def _printable(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _lines(raw: bytes) -> list[str]:
    text = raw.decode("utf-8-sig", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _check_inside(line: int, column: int, lines: list[str], at: At) -> None:
    if line > len(lines) or column > len(lines[line - 1]) + 1:
        raise BrokenPromiseError(f"{at} to {line}:{column} does not lie inside its file")


def _positions(found: Analysis) -> Iterator[tuple[At, End | None]]:
    for diagnostic in found.diagnostics:
        yield from _of_finding(diagnostic)
    todo: list[object] = [found.graph]
    while todo:
        value = todo.pop()
        if isinstance(value, At):
            yield value, None
        elif isinstance(value, tuple):
            todo.extend(value)
        elif hasattr(value, "__struct_fields__"):
            todo.extend(getattr(value, name) for name in value.__struct_fields__)


def _of_finding(diagnostic: Diagnostic) -> Iterator[tuple[At, End | None]]:
    if diagnostic.at is not None:
        yield diagnostic.at, diagnostic.end
    for other in diagnostic.related:
        yield other.at, None


def check_again(_: Input, bench: Bench, first: Analysis) -> None:
    same(first, bench.result(bench.root), "a second run differs")


def check_order(given: Input, bench: Bench, first: Analysis) -> None:
    """The files are written in another order, and each line ends in another way."""
    ends = (b"\r\n", b"\r", b"\n")[given.number // len(RARE) % 3]
    app = {
        path: b"\n".join(_whole_lines(entry)).replace(b"\n", ends)
        if path.endswith(".ts") and isinstance(entry, bytes)
        else entry
        for path, entry in given.app.items()
    }
    root = write(app, bench.folder / "two" / "app", backwards=True)
    why = f"other line ends ({ends!r}) or another order of files differ"
    same(first, bench.result(root), why)


def _whole_lines(raw: bytes) -> list[bytes]:
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")


def check_cache(given: Input, bench: Bench, first: Analysis) -> None:
    """With a cache of the app as it was, then of the changed one, then of a damaged one."""
    kept, root = bench.folder / "cache", bench.root
    write(given.before, root)
    bench.result(root, cache=kept)
    write(given.app, root)
    found = bench.result(root, cache=kept)
    same(first, found, "the cache of the app before the change makes it differ")
    same(first, bench.result(root, cache=kept), "a full cache makes it differ")
    for pack in sorted(path for path in kept.rglob("*") if path.is_file()):
        raw = bytearray(pack.read_bytes())
        if raw:
            raw[given.number % len(raw)] ^= 1 + given.number % 255
            pack.write_bytes(raw)
    same(first, bench.result(root, cache=kept), "a damaged cache makes it differ")


def check_shown(_: Input, bench: Bench, first: Analysis) -> None:
    """Whatever was found can be shown to people."""
    graph_lines(first.graph, "app")
    mermaid(first.graph)
    github(first.diagnostics)
    diagnostics_lines(first.diagnostics, Sources(bench.root))


RARE: Final = (check_again, check_order, check_cache, check_shown)


def check_time(bench: Bench, spent: float, limit: float) -> None:
    """Within the limit in one of a few tries: the machine may be busy."""
    tries = 1
    while spent > limit and tries < _TRIES:
        spent, tries = min(spent, bench.seconds(bench.root)), tries + 1
    if spent > limit:
        raise BrokenPromiseError(
            f"analysis takes {spent:.2f} s; at most {limit:.2f} s were expected"
        )
