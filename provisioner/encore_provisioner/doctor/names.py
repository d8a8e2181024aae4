"""Names that only the doctor uses, with their age in them.

``encore-doctor-<seconds since 1970>-<random>``: a killed run's leftovers can be told by name, so
that the next run removes them, but not those of a run that goes on at the same time.
"""

from __future__ import annotations

import re
import secrets
import time

PREFIX = "encore-doctor"
LEFTOVER_SECONDS = 600
_RESERVED = re.compile(r"encore-doctor[-/](\d{10,})-[0-9a-f]{12}(?:\.fifo)?")


def reserved_name(*, separator: str = "-", now: float | None = None) -> str:
    """A new name; buckets use ``/`` as separator."""
    seconds = int(time.time() if now is None else now)
    return f"{PREFIX}{separator}{seconds}-{secrets.token_hex(6)}"


def is_leftover(name: str, *, now: float) -> bool:
    """Whether ``name`` is one of ours and older than any run that could still go on."""
    match = _RESERVED.fullmatch(name)
    return match is not None and now - int(match[1]) > LEFTOVER_SECONDS
