"""What the offline plan costs beside Pulumi's SDK alone, as a table: ``python -m bench.plan``.

In each round every figure is measured once, in a fresh process and in turn, so that a noisy machine
slows all alike; what is printed is the median of the rounds, of ratios the median of their pairs.
``--check`` exits 1 where a bound is not kept.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from bench.main_job import ROOT, TOOL, machine, seconds

SIZES: Final = (10, 100, 1000)
WHATS: Final = ("ours", "bare", "bare-uncollected")
MOST_ON_TOP: Final = 1.30
LINEAR: Final = 1.25
"""So much more may a resource of the largest app cost than one of an app a tenth its size."""
COLD: Final = 3.5
CACHED: Final = 1.0
_FILE: Final = """environments:
  production:
    provider: aws
    type: production
    region: eu-north-1
    account: "111122223333"
    id: k3f9
"""
_HEADS: Final = (
    "services", "resources", "plan, s", "per resource, ms", "resources per s", "peak, MB",
    "× Pulumi's mocks", "× those without garbage search",
)  # fmt: skip


@dataclass
class Result:
    """Of one size: seconds by what was measured, one for each round."""

    services: int
    resources: int = 0
    megabytes: float = 0.0
    imports: list[float] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def median(self, what: str) -> float:
        return statistics.median(self.seconds[what])

    def ratio(self, base: str) -> float:
        pairs = zip(self.seconds["ours"], self.seconds[base], strict=True)
        return statistics.median(ours / bare for ours, bare in pairs)

    @property
    def each(self) -> float:
        """Milliseconds for each resource."""
        return 1000 * self.median("ours") / self.resources


def measure(what: str, services: int) -> Mapping[str, float]:
    command = [sys.executable, "-m", "bench.plan_measure", what, str(services)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"{what} of {services} services failed:\n{done.stderr}")
    measured: Mapping[str, float] = json.loads(done.stdout)
    return measured


def measured(services: int, rounds: int) -> Result:
    result = Result(services=services)
    for _ in range(rounds):
        for what in WHATS:
            found = measure(what, services)
            result.seconds.setdefault(what, []).append(found["seconds"])
            if what == "ours":
                result.resources = int(found["resources"])
                result.megabytes = max(result.megabytes, found["megabytes"])
                result.imports.append(found["imports"])
    return result


def whole_command(rounds: int) -> tuple[float, float]:
    """Seconds of the whole process for ``examples/shop``: without and with a cached plan."""
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder, "shop")
        shutil.copytree(ROOT / "examples/shop", app, ignore=shutil.ignore_patterns(".encore"))
        (app / "encore.infra.yaml").write_text(_FILE)
        cold = [_timed(app, Path(folder, f"cache{number}")) for number in range(rounds)]
        cached = [_timed(app, Path(folder, "cache0")) for _ in range(rounds)]
    return statistics.median(cold), statistics.median(cached)


def _timed(app: Path, cache: Path) -> float:
    command = [TOOL, "plan", str(app), "--env", "production", "--offline", "--format", "json"]
    environment = {**os.environ, "ENCORE_INFRA_CACHE": str(cache)}
    run: Callable[[], object] = lambda: subprocess.run(  # noqa: E731 - timed as one action
        command, env=environment, stdout=subprocess.DEVNULL, check=True
    )
    return seconds(run)


def table(results: Sequence[Result]) -> Iterator[str]:
    yield f"| {' | '.join(_HEADS)} |"
    yield "|---" * len(_HEADS) + "|"
    for r in results:
        yield (
            f"| {r.services:,} | {r.resources:,} | {r.median('ours'):.2f} | {r.each:.2f} "
            f"| {r.resources / r.median('ours'):,.0f} | {r.megabytes:,.0f} "
            f"| {r.ratio('bare'):.2f} | {r.ratio('bare-uncollected'):.2f} |"
        )


def broken(results: Sequence[Result], cold: float, cached: float) -> Iterator[str]:
    for r in results:
        if r.ratio("bare") > MOST_ON_TOP:
            yield f"{r.services} services: {r.ratio('bare'):.2f} × the mocks, over {MOST_ON_TOP}"
    for small, large in pairwise(results):
        if small.services >= 100 and large.each > LINEAR * small.each:
            yield f"{large.services} services: {large.each / small.each:.2f} × more per resource"
    if cold > COLD:
        yield f"examples/shop cold: {cold:.2f} s, over {COLD} s"
    if cached > CACHED:
        yield f"examples/shop from the cache: {cached:.2f} s, over {CACHED} s"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.plan")
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES), metavar="SERVICES")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="exit 1 where a bound is not kept")
    args = parser.parse_args()
    results = [measured(size, args.rounds) for size in args.sizes]
    cold, cached = whole_command(args.rounds)
    imports = statistics.median(value for result in results for value in result.imports)
    print(machine(), "\n")
    print("\n".join(table(results)))
    print(f"\nexamples/shop, whole process: cold {cold:.2f} s, from the cache {cached:.2f} s;")
    print(f"of the former, importing Pulumi takes {imports:.2f} s")
    found = list(broken(results, cold, cached))
    print("\n".join(f"BOUND BROKEN: {line}" for line in found) or "all bounds kept")
    return 1 if args.check and found else 0


if __name__ == "__main__":
    sys.exit(main())
