"""Text as Markdown that says exactly that, and never more of it than a comment takes.

In: names and values, which are data: what Markdown or HTML would act on is escaped. Out: text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from encore_provisioner.cli.render.style import count, visible

COMMENT: Final = 65_536
"""The characters that GitHub takes in one comment."""

_ROOM: Final = COMMENT - 1_536
"""Some are left to whoever posts the comment, for a mark of theirs."""

_LONGEST: Final = 200
_MEANS_SOMETHING: Final = re.compile(r"[\\`*_|\[\]~@]")


def escape(text: str) -> str:
    """``text`` as itself, in a paragraph or in a table's cell."""
    safe = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
    return re.sub(r"([\\`*_\[\]|#~@!])", r"\\\1", safe)


def code(text: str) -> str:
    """``text`` as code, in a paragraph or in a table's cell."""
    flat = visible(text).replace("\n", " ")
    flat = flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}…"
    safe = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _MEANS_SOMETHING.sub(lambda m: f"&#{ord(m.group())};", safe)
    return f"<code>{safe}</code>"


def cut_rows(head: Sequence[str], rows: Sequence[str], most: int) -> str:
    """A table or list of at most so many characters; what is left out is counted below."""
    kept: list[str] = []
    for row in rows:
        most -= len(row) + 1
        if most < 0:
            break
        kept.append(row)
    left = len(rows) - len(kept)
    told = f"\n\n…and {left} more, which `--format html` and `--format json` show." if left else ""
    return "\n".join([*head, *kept]) + told


def fitted(needed: Sequence[str], details: Sequence[str], *, what: str) -> str:
    """All of ``needed``, and of ``details`` in their order those that a comment still takes.

    ``what`` is what one block of the details is about. What is left out is said.
    """
    text, left = "\n\n".join(needed), 0
    for block in details:
        if len(text) + len(block) + 2 <= _ROOM:
            text += f"\n\n{block}"
        else:
            left += 1
    return f"{text}\n\n{_left(left, len(details), what)}\n" if left else f"{text}\n"


def joined(blocks: Iterable[str]) -> list[str]:
    """The blocks that say something."""
    return [block for block in blocks if block]


def _left(left: int, all_: int, what: str) -> str:
    return (
        f"**Left out**: the details of {left} of {count(all_, what)}, because a comment takes "
        f"{COMMENT:,} characters. `--format html` and `--format json` show all of them."
    )
