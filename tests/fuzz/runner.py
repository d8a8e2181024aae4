"""Generated apps against the promises of analysis: ``make fuzz``, nightly.

A run takes a fresh seed and prints it. What breaks is told with the command that repeats it, and
its app is kept to be looked at. Exit code 1 when something broke.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import secrets
import shutil
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from tests.fuzz.apps import write
from tests.fuzz.inputs import Input, make
from tests.fuzz.promises import Analyse, Bench, Pace, check, measure

from encore_provisioner.analysis import analyse

HANGS_AFTER: Final = 180  # seconds for one input
BATCH: Final = 250
WORK: Final = "in-work-"
NUMBER: Final = "number"
ENOUGH: Final = 20


@dataclass(frozen=True, slots=True)
class Failure:
    number: int
    changes: tuple[str, ...]
    report: str
    app: str


def look_at(seed: str, numbers: range, kept: Path, analysis: Analyse = analyse) -> list[Failure]:
    """Check one batch. An input that hangs ends the process, also inside foreign code.

    Its app then stays below ``kept``, beside its number.
    """
    with tempfile.TemporaryDirectory(prefix=WORK, dir=kept) as name:
        bench = Bench(Path(name), analysis)
        (bench.folder / NUMBER).write_text(str(numbers.start))
        pace = measure(bench.folder)
        failures: list[Failure] = []
        for number in numbers:
            (bench.folder / NUMBER).write_text(str(number))
            faulthandler.dump_traceback_later(HANGS_AFTER, exit=True)
            failures.extend(_failures(make(seed, number), bench, pace, kept))
        faulthandler.cancel_dump_traceback_later()
        return failures


def _failures(given: Input, bench: Bench, pace: Pace, kept: Path) -> Iterator[Failure]:
    try:
        check(given, bench, pace)
    except Exception:  # noqa: BLE001 - whatever it is, it is the finding
        app = write(given.app, kept / str(given.number) / "app")
        yield Failure(given.number, given.changes, traceback.format_exc(), str(app))


def main(arguments: Sequence[str] | None = None, analysis: Analyse = analyse) -> int:
    options = _options(arguments)
    kept = Path(tempfile.mkdtemp(prefix="encore-fuzz-kept-"))
    print(
        f"seed {options.seed}, {len(options.numbers)} inputs, {options.jobs} processes", flush=True
    )
    failures, hung = 0, False
    try:
        for found in _batches(options, kept, analysis):
            _tell(found, options.seed)
            failures += 1
            if failures >= ENOUGH:
                print(f"{ENOUGH} inputs broke a promise; that is enough for one run")
                break
    except BrokenProcessPool:
        hung = True
        for work in sorted(kept.glob(f"{WORK}*")):
            number = (work / NUMBER).read_text()
            print(f"\ninput {number} may hang, or end the process; its app is below {work}")
            print(f"again: {_command(options.seed, number)}")
    if not failures and not hung:
        shutil.rmtree(kept)
        print("every promise was kept")
    return int(bool(failures or hung))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", default=secrets.token_hex(4), help="default: a fresh one")
    parser.add_argument("--inputs", type=int, default=100_000, help="how many (%(default)s)")
    parser.add_argument("--only", type=int, help="look at this one input")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args(arguments)
    options.numbers = range(options.inputs)
    if options.only is not None:
        options.numbers = range(options.only, options.only + 1)
    return options


def _batches(options: argparse.Namespace, kept: Path, analysis: Analyse) -> Iterator[Failure]:
    start, done, numbers = time.monotonic(), 0, options.numbers
    parts = [numbers[at : at + BATCH] for at in range(0, len(numbers), BATCH)]
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        running = {pool.submit(look_at, options.seed, part, kept, analysis): part for part in parts}
        try:
            for future in as_completed(running):
                yield from future.result()
                done += len(running[future])
                if done * 10 // len(numbers) > (done - len(running[future])) * 10 // len(numbers):
                    print(f"{done} inputs in {time.monotonic() - start:.0f} s", flush=True)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _tell(failure: Failure, seed: str) -> None:
    print(f"\ninput {failure.number} ({', '.join(failure.changes)}), its app in {failure.app}")
    print(failure.report)
    print(f"again: {_command(seed, failure.number)}", flush=True)


def _command(seed: str, number: int | str) -> str:
    return f"make fuzz FUZZ='--seed {seed} --only {number}'"
