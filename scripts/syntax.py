"""Syntax errors on real code, ours beside TypeScript's: ``python -m scripts.syntax REPOSITORY…``.

REPOSITORY is ``NAME@COMMIT=FOLDER``: every ``.ts`` file below FOLDER is read by our parser and by
TypeScript's (``--typescript``: a folder with ``node_modules/typescript``; needs Node.js). The
table goes into ``docs/coverage.md``, the files on which the two differ to standard output.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.page import PAGE, replaced
from scripts.sources import Repository, repository

from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.parse import parse
from encore_provisioner.analysis.source import read_source

SCRIPT: Final = Path(__file__).with_name("syntax.cjs")


@dataclass(frozen=True, slots=True)
class Counts:
    """``ours`` and ``theirs`` are the files that only one of the two refuses."""

    repository: Repository
    files: int
    both: int
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


def count(repository: Repository, ours: Mapping[str, bool], theirs: Mapping[str, bool]) -> Counts:
    return Counts(
        repository,
        len(ours),
        sum(ours[path] and theirs[path] for path in ours),
        tuple(path for path in ours if ours[path] and not theirs[path]),
        tuple(path for path in ours if theirs[path] and not ours[path]),
    )


def compare(repository: Repository, typescript: str) -> Counts:
    paths = tuple(map(str, repository.files("*.ts")))
    ours = {path: _refused(path) for path in paths}
    theirs = _ask(typescript, paths)
    alone = tuple(path for path in paths if ours[path] and not theirs[path])
    return count(repository, ours, {**theirs, **_ask(typescript, alone, "grammar")})


def _refused(path: str) -> bool:
    return parse(read_source("a.ts", Path(path).read_bytes()), Findings()).broken


def _ask(typescript: str, paths: Sequence[str], *mode: str) -> dict[str, bool]:
    command = ["node", str(SCRIPT), typescript, *mode]
    said = subprocess.run(
        command, input="\n".join(paths), capture_output=True, text=True, check=True
    )
    answer: dict[str, bool] = json.loads(said.stdout)
    return answer


def table(counted: Sequence[Counts]) -> str:
    names = ("repository", "commit", "files", "both refuse", "only we", "only TypeScript")
    rows = [
        (f"`{c.repository.name}`", f"`{c.repository.commit[:10]}`", c.files, c.both, len(c.ours),
         len(c.theirs))
        for c in counted
    ]  # fmt: skip
    numbers = zip(*(row[2:] for row in rows), strict=True)
    total = ("all", "", *(sum(map(int, column)) for column in numbers))
    lines = [names, ("---", "---", *["---:"] * 4), *rows, total]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.syntax", description=__doc__)
    parser.add_argument("repositories", nargs="+", type=repository, metavar="NAME@COMMIT=FOLDER")
    parser.add_argument("--typescript", required=True, help="holds node_modules/typescript")
    options = parser.parse_args()
    counted = [compare(each, options.typescript) for each in options.repositories]
    for found in counted:
        for who, paths in (("we", found.ours), ("TypeScript", found.theirs)):
            for path in paths:
                print(f"only {who}: {path}")
    PAGE.write_text(replaced(PAGE.read_text(), "syntax", table(counted)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
