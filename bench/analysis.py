"""What the analysis costs beside tree-sitter alone, as a table: ``python -m bench.analysis``.

Apps are made anew in a temporary folder (see ``apps``). In each round every figure is measured
once, in a fresh process and in turn, so that a noisy machine slows all alike; what is printed is
the median of the rounds. ``--check`` exits 1 where a bound is not kept.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import apps, compiler
from bench.main_job import TOOL, machine, seconds
from bench.memory import peak_megabytes

HERE: Final = Path(__file__).parent
SIZES: Final = (10, 100, 1000)
ROUNDS: Final = 5
ROUNDS_LARGE: Final = 3
LARGE: Final = 3000
BOUNDS: Final = {"cold": 2.5, "warm": 0.4, "body changed": 0.4, "declaration changed": 0.4}
PER_SERVICE: Final = 1.25
FIGURES: Final = (
    "read the files", "tree-sitter alone", "cold", "warm", "body changed", "declaration changed",
    "whole command, cold", "whole command, warm",
)  # fmt: skip


@dataclass
class Result:
    """The figures of one size: seconds by name, one for each round; peak memory in MB."""

    services: int
    rounds: int
    files: int = 0
    bytes: int = 0
    peak: float = 0.0
    seconds: dict[str, list[float]] = field(default_factory=dict)
    compiler: float | str = ""

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, base: str = "tree-sitter alone") -> float:
        pairs = zip(self.seconds[name], self.seconds[base], strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)


class WrongResultError(Exception):
    """The analysis did not find what the app holds, so its time says nothing."""


def measure(what: str, root: Path, cache: Path) -> Mapping[str, float]:
    command = [sys.executable, str(HERE / "measure.py"), what, str(root)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment(cache)
    )
    if done.returncode:
        raise WrongResultError(f"{what} failed:\n{done.stderr}")
    measured: Mapping[str, float] = json.loads(done.stdout)
    return measured


def environment(cache: Path) -> dict[str, str]:
    return {**os.environ, "ENCORE_INFRA_CACHE": str(cache)}


def run_round(number: int, root: Path, folder: Path, result: Result) -> None:
    cache = folder / f"cache{number}"
    result.seconds.setdefault("read the files", []).append(measure("read", root, cache)["seconds"])
    result.seconds.setdefault("tree-sitter alone", []).append(
        measure("parse", root, cache)["seconds"]
    )
    graphs: dict[str, object] = {}
    for name in ("cold", "warm", "body changed", "declaration changed"):
        if name.endswith("changed"):
            change(root, name, number)
        found = measure("analyse", root, cache)
        check_found(found, result.services)
        graphs[name] = found["graph"]
        result.seconds.setdefault(name, []).append(found["seconds"])
    if number == 0:
        graphs["afresh"] = measure("analyse", root, folder / "afresh")["graph"]
        check_graphs(graphs)
    whole = folder / f"whole{number}"
    for name in ("whole command, cold", "whole command, warm"):
        result.seconds.setdefault(name, []).append(seconds(lambda: command(root, whole)))


def command(root: Path, cache: Path) -> None:
    subprocess.run(
        [TOOL, "graph", str(root), "--format", "json"],
        stdout=subprocess.DEVNULL,
        env=environment(cache),
        check=True,
    )


def check_found(found: Mapping[str, float], services: int) -> None:
    if found["findings"] or found["services"] != services + 1:
        raise WrongResultError(f"{found['services']} services, {found['findings']} findings")


def check_graphs(graphs: Mapping[str, object]) -> None:
    """A cache that gives another graph than an empty one would is no gain."""
    if not graphs["cold"] == graphs["warm"] == graphs["body changed"]:
        raise WrongResultError("the graph changed though no declaration did")
    if graphs["declaration changed"] == graphs["cold"]:
        raise WrongResultError("a changed declaration did not change the graph")
    if graphs["declaration changed"] != graphs["afresh"]:
        raise WrongResultError("the graph from the cache differs from the graph without it")


def change(root: Path, what: str, number: int) -> None:
    """Change one file in the middle of the app: a function's body, or what a topic declares."""
    service = sorted(path for path in root.iterdir() if (path / "db.ts").exists())[number]
    if what == "body changed":
        file = min(service.glob("*-rules.ts"))
        old, new = r"\n  const factor = [^;]*;", rf"\n  const factor = {number + 1} * 2;"
    else:
        file = service / "events.ts"
        old, new = "at-least-once", "exactly-once"
    text = file.read_text(encoding="utf-8")
    changed = re.sub(old, new, text, count=1)
    if changed == text:
        raise WrongResultError(f"nothing to change in {file.name}")
    file.write_text(changed, encoding="utf-8")


def run_size(services: int, rounds: int, with_compiler: bool) -> Result:
    result = Result(services, rounds)
    with tempfile.TemporaryDirectory(prefix="encore-infra-bench-") as temporary:
        folder = Path(temporary)
        root = folder / "app"
        apps.write_app(root, services)
        first = measure("read", root, folder)
        result.files, result.bytes = int(first["files"]), int(first["bytes"])
        for number in range(rounds):
            run_round(number, root, folder, result)
        argv = [sys.executable, str(HERE / "measure.py"), "analyse", str(root)]
        result.peak = peak_megabytes(argv, environment(folder / "memory"))
        if with_compiler:
            result.compiler = compiler.seconds_of(root, apps.clients(services))
    return result


def table(results: Sequence[Result]) -> Iterator[str]:
    yield "| | " + " | ".join(f"{r.services:,} services" for r in results) + " |"
    yield "|---" * (len(results) + 1) + "|"
    yield row("files", (f"{r.files:,}, {r.bytes / 1e6:.1f} MB" for r in results))
    yield row("rounds", (str(r.rounds) for r in results))
    for name in FIGURES:
        yield row(name, (figure(r, name) for r in results))
    yield row("cold, per service", (f"{each_service(r) * 1000:.1f} ms" for r in results))
    yield row("peak memory, cold", (f"{r.peak:,.0f} MB" for r in results))
    if any(r.compiler for r in results):
        yield row("`npx tsc --noEmit`", map(compiled, results))


def row(name: str, cells: Iterator[str] | map[str]) -> str:
    return f"| {name} | " + " | ".join(cells) + " |"


def figure(result: Result, name: str) -> str:
    text = f"{result.median(name):.2f} s"
    if name in BOUNDS:
        text += f", {result.ratio(name):.2f} ×"
    return text


def compiled(result: Result) -> str:
    if isinstance(result.compiler, str):
        return result.compiler or "–"
    ratio = result.compiler / result.median("whole command, cold")
    return f"{result.compiler:.1f} s, {ratio:.1f} × our whole command, cold"


def each_service(result: Result) -> float:
    return result.median("cold") / result.services


def verdicts(results: Sequence[Result]) -> Iterator[tuple[bool, str]]:
    """Small apps are not judged: what an import costs outweighs what is measured."""
    for result in results:
        if result.services < 100:
            continue
        for name, bound in BOUNDS.items():
            ratio = result.ratio(name)
            text = f"{result.services:,} services, {name}: {ratio:.2f} × tree-sitter alone"
            yield ratio <= bound, f"{text}, bound {bound}"
    by_size = {result.services: result for result in results}
    if 100 in by_size and max(by_size) > 100:
        most = max(by_size)
        growth = each_service(by_size[most]) / each_service(by_size[100])
        text = f"per service at {most:,}: {growth:.2f} × that at 100, bound {PER_SERVICE}"
        yield growth <= PER_SERVICE, text


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("services", nargs="*", type=int, help="sizes of apps (10 100 1000)")
    parser.add_argument("--rounds", type=int, help="rounds for each size (5; 3 for large apps)")
    parser.add_argument("--tsc", action="store_true", help="time TypeScript's compiler too (npm)")
    parser.add_argument("--check", action="store_true", help="exit 1 where a bound is not kept")
    given = parser.parse_args()
    results = []
    for services in given.services or SIZES:
        rounds = given.rounds or (ROUNDS_LARGE if services >= LARGE else ROUNDS)
        with_compiler = given.tsc and 100 <= services < LARGE
        results.append(run_size(services, rounds, with_compiler))
        print(f"{services:,} services done", file=sys.stderr)
    print(f"{machine()}; medians; × is the ratio to tree-sitter alone\n")
    print("\n".join(table(results)), "\n")
    judged = list(verdicts(results))
    for kept, text in judged:
        print(f"{'kept' if kept else 'NOT KEPT'}: {text}")
    if given.check and not all(kept for kept, _ in judged):
        sys.exit(1)


if __name__ == "__main__":
    main()
