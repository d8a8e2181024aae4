"""What the main job costs, as a table: ``make bench``.

Every figure is the median of several runs on this machine, in one go. Whole processes are
timed from outside, because that is what a person waits for. ``--help`` is given as a ratio to
``python -c pass``, measured in turn with it, so that a noisy machine slows both.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
TOOL = str(BIN / "encore-infra")


def run(*command: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed ({done.returncode}):\n{done.stderr}")
    return done


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def paired_ratio(ours: Sequence[str], base: Sequence[str], runs: int = 15) -> tuple[float, float]:
    """The median time of ``ours`` and the median of the ratios to ``base``, run in turn."""
    run(*ours), run(*base)
    pairs = [(seconds(lambda: run(*ours)), seconds(lambda: run(*base))) for _ in range(runs)]
    return statistics.median(a for a, _ in pairs), statistics.median(a / b for a, b in pairs)


def median(action: Callable[[], object], runs: int = 5) -> float:
    return statistics.median(seconds(action) for _ in range(runs))


def set_secrets(app: str) -> None:
    listed = json.loads(run(TOOL, "secret", "list", "--app", app, "--format", "json").stdout)
    for secret in listed["secrets"]:
        run(TOOL, "secret", "set", secret["name"], "--app", app, stdin="for-the-benchmark")


def first_apply(app: str) -> float:
    """From nothing to a green doctor, ``initdb`` included; leaves the environment running."""
    set_secrets(app)

    def whole() -> None:
        run(TOOL, "apply", app, "--yes")
        run(TOOL, "doctor", app)

    return seconds(whole)


def main_job(app: str) -> list[tuple[str, str, str]]:
    firsts = []
    for _ in range(2):
        firsts.append(first_apply(app))
        run(TOOL, "destroy", app, "--yes", "--env", "local")
    firsts.append(first_apply(app))
    try:
        same = median(lambda: run(TOOL, "apply", app, "--yes"))
        plan = median(lambda: run(TOOL, "plan", app))
        doctor = median(lambda: run(TOOL, "doctor", app))
    finally:
        run(TOOL, "destroy", app, "--yes", "--env", "local")
    return [
        ("first apply to a green doctor", f"{statistics.median(firsts):.2f} s", "10 s"),
        ("apply that changes nothing", f"{same:.2f} s", "1.5 s"),
        ("plan of a running environment", f"{plan:.2f} s", "–"),
        ("doctor", f"{doctor:.2f} s", "–"),
    ]


def machine() -> str:
    system = f"{platform.system()} {platform.machine()}"
    return f"{system}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main() -> None:
    python = str(BIN / "python")
    help_time, help_ratio = paired_ratio((TOOL, "--help"), (python, "-c", "pass"))
    _, argparse_ratio = paired_ratio((python, "-c", "import argparse"), (python, "-c", "pass"))
    with tempfile.TemporaryDirectory(prefix="encore-infra-bench-") as folder:
        app = str(
            shutil.copytree(ROOT / "examples" / "shop", Path(folder) / "shop", ignore=ignored)
        )
        graph = median(lambda: run(TOOL, "graph", app, "--format", "json"), runs=9)
        rows = [
            ("--help", f"{help_time * 1000:.0f} ms, {help_ratio:.2f} × python -c pass", "2.5 ×"),
            ("argparse alone", f"{argparse_ratio:.2f} × python -c pass", "–"),
            ("graph of examples/shop", f"{graph:.2f} s", "0.5 s"),
            *main_job(app),
        ]
    print(f"{machine()}; medians\n")
    print("| what | measured | bound |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def ignored(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in (".encore", "node_modules")}


if __name__ == "__main__":
    main()
