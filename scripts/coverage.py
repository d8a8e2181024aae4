"""What the analysis makes of real apps, as a table: ``python -m scripts.coverage PATH``.

PATH is a checkout of a repository with Encore.ts apps (``--others``: several repositories, for a
table of their own); nothing of them is kept but names and counts. ``--oracle CMD`` compares each
graph with Encore's own parser: ``CMD APP_DIR`` prints the app's metadata as JSON (see
``agreement``), or fails where Encore refuses the app. The table goes into ``docs/coverage.md``,
between its marks; exit code 1 where something differs.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from scripts.agreement import Difference, differences
from scripts.page import PAGE, replaced
from scripts.sources import Repository, repository

from encore_provisioner.analysis import Analysis, analyse

COLUMNS: Final = (
    ("services", "services"),
    ("endpoints", "endpoints"),
    ("databases", "databases"),
    ("topics", "topics"),
    ("subscriptions", "subscriptions"),
    ("buckets", "buckets"),
    ("caches", "caches"),
    ("secrets", "secrets"),
    ("metrics", "metrics"),
    ("cron jobs", "cron_jobs"),
    ("uses", "uses"),
)
STOPS: Final = ("E", "W0104")
"""What Encore's build stops at; a missing file is only a warning here, since it may be made yet."""


@dataclass(frozen=True, slots=True)
class Compared:
    """``refused``: Encore's own parser says no to the app."""

    refused: bool = False
    found: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class App:
    name: str
    counts: tuple[int, ...]
    codes: tuple[str, ...]
    compared: Compared | None

    @property
    def agrees(self) -> bool:
        """Encore refuses what is an error here and nothing else, and both say the same of it."""
        if self.compared is None:
            return True
        if self.compared.refused:
            return any(code.startswith(STOPS) for code in self.codes)
        return not self.compared.found and not any(code.startswith("E") for code in self.codes)


def look_at(folder: Path, root: Path, oracle: Sequence[str]) -> App | None:
    """None for an app in another language."""
    found = analyse(folder)
    if found.graph.app.language != "typescript":
        return None
    counts = tuple(len(getattr(found.graph, attribute)) for _, attribute in COLUMNS)
    codes = tuple(finding.code for finding in found.diagnostics)
    name = folder.relative_to(root).as_posix()
    return App(name, counts, codes, _compare(folder, found, oracle) if oracle else None)


def _compare(folder: Path, found: Analysis, oracle: Sequence[str]) -> Compared:
    answer = subprocess.run([*oracle, str(folder)], capture_output=True, check=False)
    if answer.returncode:
        return Compared(refused=True)
    return Compared(found=differences(found.graph, answer.stdout))


def table(apps: Sequence[App]) -> str:
    """As Markdown. A zero is left out, so that the eye finds what is there."""
    names = ["app", *(name for name, _ in COLUMNS), "findings", "as Encore"]
    rows = [
        [app.name, *map(_number, app.counts), findings(app.codes), verdict(app)] for app in apps
    ]
    total = [sum(column) for column in zip(*(app.counts for app in apps), strict=True)]
    everything = findings([code for app in apps for code in app.codes])
    compared = [app for app in apps if app.compared is not None]
    same = f"{sum(app.agrees for app in compared)} of {len(compared)}"
    rows.append([f"{len(apps)} apps", *map(_number, total), everything, same])
    rule = ["---", *("---:" for _ in COLUMNS), "---", "---"]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (names, rule, *rows))


def _number(count: int) -> str:
    return f"{count:,}" if count else ""


def findings(codes: Sequence[str]) -> str:
    return ", ".join(
        f"{code} × {times}" if times > 1 else code for code, times in sorted(Counter(codes).items())
    )


def verdict(app: App) -> str:
    if app.compared is None:
        return "not compared"
    if app.compared.refused:
        return "both refuse" if app.agrees else "only Encore refuses"
    if app.compared.found:
        return "differs: " + ", ".join(difference.kind for difference in app.compared.found)
    return "the same" if app.agrees else "only Encore accepts"


def section(apps: Sequence[App], repository: str, commit: str) -> str:
    return f"`{repository}` at commit `{commit}`:\n\n{table(apps)}"


def main() -> int:
    options = _options()
    oracle = shlex.split(options.oracle)
    if options.path is not None:
        commit = options.commit or _commit(options.path)
        given = [Repository(options.repository, commit, options.path.resolve())]
        apps = list(_apps(given, oracle, named=False))
        part, content = "apps", section(apps, options.repository, commit)
    else:
        apps = list(_apps(options.others, oracle, named=True))
        part, content = "other apps", table(apps)
    for app in apps:
        print(f"{app.name}: {verdict(app)} {findings(app.codes)}")
        for difference in app.compared.found if app.compared else ():
            print(f"  {difference.kind}: ours {difference.ours}, Encore's {difference.theirs}")
    PAGE.write_text(replaced(PAGE.read_text(), part, content))
    return int(not all(app.agrees for app in apps))


def _apps(given: Iterable[Repository], oracle: Sequence[str], *, named: bool) -> Iterator[App]:
    for source in given:
        prefix = f"`{source.name}` at `{source.commit[:10]}`: " if named else ""
        for file in source.files("encore.app"):
            app = look_at(file.parent, source.folder, oracle)
            if app is not None:
                yield replace(app, name=prefix + app.name)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.coverage", description=__doc__)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("path", nargs="?", type=Path, help="a checkout, with apps at any depth")
    given.add_argument(
        "--others", nargs="+", type=repository, metavar="NAME@COMMIT=FOLDER", default=()
    )
    parser.add_argument("--oracle", default="", help="prints Encore's metadata of the app it gets")
    parser.add_argument("--repository", default="encoredev/examples", help="(%(default)s)")
    parser.add_argument("--commit", help="default: what git says of PATH")
    return parser.parse_args()


def _commit(root: Path) -> str:
    said = subprocess.run(
        ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    return said.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
