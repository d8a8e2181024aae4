"""Whether a query reads or writes, where its text makes that certain. A pure function.

Conservative: a word that may hide a write (``FOR UPDATE``, ``nextval``) makes it unknown, and the
caller then knows no more than that the database is accessed.
"""

from __future__ import annotations

import re
from typing import Final

from encore_config.graph import Operation

_NOISE: Final = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|(\$\w*\$).*?\1", re.DOTALL
)
_WORD: Final = re.compile(r"[a-z_]\w*")
_CHANGES: Final = frozenset(
    {
        "alter",
        "call",
        "comment",
        "copy",
        "create",
        "delete",
        "drop",
        "grant",
        "insert",
        "merge",
        "refresh",
        "reindex",
        "revoke",
        "truncate",
        "update",
    }
)
_DOUBTFUL: Final = _CHANGES | {"into", "nextval", "setval", "do", "execute", "notify"}
_LOOKS: Final = frozenset({"select", "show", "table", "values"})


def query_operations(query: str) -> frozenset[Operation]:
    """``read``, ``write`` or nothing that is certain."""
    words = _WORD.findall(_NOISE.sub(" ", query).lower())
    if not words:
        return frozenset()
    changes = _DOUBTFUL.intersection(words)
    if words[0] in _CHANGES or (
        words[0] == "with" and changes & {"insert", "update", "delete", "merge"}
    ):
        return frozenset({"write"})
    if changes:
        return frozenset()
    reads = words[0] in _LOOKS or (words[0] == "with" and "select" in words)
    return frozenset({"read"}) if reads else frozenset()
