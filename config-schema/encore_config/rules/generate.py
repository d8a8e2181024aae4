"""Makes ``rules.json`` from ``docs/diagnostics.md``: an installed package can explain its codes.

``python -m encore_config.rules.generate`` writes it beside this module; with ``--check`` it writes
nothing and exits 1 where it is stale. It needs a checkout: the page is not in the wheel.

The page: ``## 01 Files`` begins a section, ``### E0101: syntax error`` a code; what follows up to
the next heading belongs to it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from encore_config.codec import encode
from encore_config.rules import FILE, Rule, Rules

PAGE: Final = Path(__file__).parents[3] / "docs" / "diagnostics.md"
_ENTRY: Final = re.compile(r"### (?P<code>[EW]\d{4}): (?P<title>.+)")
_FENCE: Final = "```"


def read_page(text: str) -> tuple[Rule, ...]:
    """Every code of the page with its text."""
    entries: list[tuple[str, str, list[str]]] = []
    inside, fenced = False, False
    for row in text.splitlines():
        fenced ^= row.startswith(_FENCE)
        if not fenced and row.startswith("##"):
            heading = _ENTRY.fullmatch(row)
            inside = heading is not None
            if heading:
                entries.append((heading["code"], heading["title"].strip(), []))
        elif inside:
            entries[-1][2].append(row)
    return tuple(
        Rule(code=code, title=title, markdown="\n".join(rows).strip())
        for code, title, rows in entries
    )


def render(page: Path = PAGE) -> bytes:
    return encode(Rules(rules=read_page(page.read_text(encoding="utf-8"))))


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m encore_config.rules.generate [--check]\n")
        return 64
    target = Path(__file__).with_name(FILE)
    if not arguments:
        target.write_bytes(render())
    elif not target.is_file() or target.read_bytes() != render():
        sys.stderr.write(f"rules/{FILE} is stale: run python -m encore_config.rules.generate\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
