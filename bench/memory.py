"""The most memory that a command and all its children hold at once.

Linux tells each process's fair share of what it holds (PSS), so that pages which processes share
count once. Elsewhere the largest of the processes is told, which is what the system counts.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_EVERY: Final = 0.05


def peak_megabytes(command: Sequence[str], environment: Mapping[str, str]) -> float:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=dict(environment))
    peak = 0
    while process.poll() is None:
        if _PROC.is_dir():
            peak = max(peak, sum(_kilobytes(pid) for pid in _family(process.pid)))
        time.sleep(_EVERY)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    if not peak:
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        peak = most // 1024 if sys.platform == "darwin" else most
    return peak / 1024


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        tasks = (_PROC / str(pid) / "task").iterdir()
        children = " ".join((task / "children").read_text() for task in tasks)
    except OSError:
        return
    for child in children.split():
        yield from _family(int(child))


def _kilobytes(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
