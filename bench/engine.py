"""What a plan and an apply cost beside Pulumi alone, as tables: ``python -m bench.engine``.

First ``examples/shop``, applied, where nothing changes: our commands beside Pulumi's CLI with the
same program, the same state and the same plugin. In each round every figure is measured once, in
turn, so that a noisy machine slows all alike; what is printed is the median of the rounds, of
ratios the median of their pairs. Then apps of many services with a plugin that answers at once: how
long the engine works, and how much of that it writes its state. AWS is a double on this machine, so
nothing here is AWS's own time. ``--check`` exits 1 where a bound is not kept.
"""

from __future__ import annotations

import argparse
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench.engine_bare import Case
from bench.engine_scale import Computed, Scale, computed
from bench.engine_scale import measured as scaled
from bench.main_job import ROOT, machine
from tests.support.aws_plugin.install import version
from tests.support.aws_world import World, world
from tests.support.tool import Tool

ENVIRONMENT: Final = "production"
MOST: Final = 1.3
_PAIRS: Final = (("plan", "preview"), ("apply", "up"))
_MEASURED: Final = (
    f"\n{'services':>8} {'resources':>10} {'apply, s':>9} {'of it state':>12} "
    f"{'preview, s':>11} {'again, s':>9} {'state, MB':>10}"
)
_COMPUTED: Final = (
    f"\n{'services':>8} {'resources':>10} {'unwritten, s':>12} {'each more writes, s':>20} "
    f"{'apply, s':>9} {'of it state':>12} {'state, MB':>10}"
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10, 30, 100])
    parser.add_argument("--computed", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--check", action="store_true", help="exit 1 where a bound is not kept")
    args = parser.parse_args(arguments)
    print(machine())
    with tempfile.TemporaryDirectory(prefix="bench-engine-") as name:
        with world(Path(name) / "world") as found:
            ratios = unchanged(found, Path(name), args.rounds)
            engine = found.engine
        if args.sizes:
            print(_MEASURED)
        for size in args.sizes:
            _tell(scaled(size, engine, version()))
        if args.computed:
            print(_COMPUTED)
        for size in args.computed:
            _tell_computed(computed(size, engine, version()))
    over = [what for what, ratio in ratios.items() if ratio > MOST]
    if over:
        print(f"more than {MOST} × Pulumi alone: {', '.join(over)}")
    return 1 if over and args.check else 0


def unchanged(found: World, folder: Path, rounds: int) -> dict[str, float]:
    """The ratio of each of our commands to Pulumi's own."""
    tool = found.app(folder / "shop")
    tool.ok("apply", "--env", ENVIRONMENT, "--yes")
    case = folder / "case.pickle"
    case.write_bytes(pickle.dumps(_case(found, tool)))
    seconds: dict[str, list[float]] = {name: [] for pair in _PAIRS for name in pair}
    for _ in range(rounds):
        for ours, bare in _PAIRS:
            yes = ["--yes"] if ours == "apply" else []
            command = [ours, "--env", ENVIRONMENT, *yes]
            seconds[ours].append(_took(lambda c=command: tool.ok(*c)))  # type: ignore[misc]
            seconds[bare].append(_took(lambda b=bare: _bare(b, case, found)))  # type: ignore[misc]
    ratios = {}
    print(f"\n{'examples/shop, nothing changes':32} {'ours, s':>8} {'Pulumi, s':>10} {'ratio':>6}")
    for ours, bare in _PAIRS:
        ratios[ours] = statistics.median(
            a / b for a, b in zip(seconds[ours], seconds[bare], strict=True)
        )
        told = (statistics.median(seconds[name]) for name in (ours, bare))
        print(f"{f'{ours} | pulumi {bare}':32} {next(told):8.2f} {next(told):10.2f} "
              f"{ratios[ours]:6.2f}")  # fmt: skip
    return ratios


def _tell(scale: Scale) -> None:
    print(f"{scale.services:8} {scale.resources:10} {scale.first:9.1f} {scale.share:12.0%} "
          f"{scale.preview:11.1f} {scale.again:9.1f} {scale.state:10.1f}", flush=True)  # fmt: skip


def _tell_computed(found: Computed) -> None:
    print(f"{found.services:8} {found.resources:10} {found.unwritten:12.1f} {found.each:20.3f} "
          f"{found.first:9.0f} {found.writing / found.first:12.0%} {found.state:10.1f}",
          flush=True)  # fmt: skip


def _bare(operation: str, case: Path, found: World) -> None:
    subprocess.run(
        [sys.executable, "-m", "bench.engine_bare", operation, str(case)],
        cwd=ROOT, env=found.environ, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _case(found: World, tool: Tool) -> Case:
    """What our own commands tell the engine, read where they find it."""
    from encore_aws import site
    from encore_aws.site import Doors
    from encore_provisioner.analysis import analyse
    from encore_provisioner.cli.project import target_of
    from encore_provisioner.environments import load_environments, resolve

    os.environ.update(found.environ)
    environment = resolve(load_environments(tool.app), ENVIRONMENT)
    target = target_of(tool.app, analyse(tool.app), environment)
    opened = site.open_site(target, Doors(environ=found.environ))
    backend = site.look(opened)
    assert backend is not None
    outputs = site.deploy(opened, backend).export().outputs
    certificates = outputs.get("certificates", {})
    given = site.given(opened, site.files(opened, backend), certificates)
    return Case(
        graph=target.graph, environment=environment, names=opened.names, given=given,
        cli=str(found.engine.executable), work=str(opened.folders.work),
        variables={
            "PULUMI_HOME": str(opened.folders.home), "PULUMI_BACKEND_URL": backend.url,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        },
    )  # fmt: skip


def _took(run: Callable[[], object]) -> float:
    began = time.monotonic()
    run()
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
