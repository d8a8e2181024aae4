"""How many connections a server of RDS takes, and how many of them each pool of the app gets.

In: the name of an instance class, and how many pools there are. Out: numbers. Memory is that of
AWS's *Hardware specifications for DB instance classes*. A class that is not in the table has no
number, rather than a guess; what follows from it must then stand in the environment file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_MEMORY: Final[Mapping[str, int]] = {
    # GiB of the size `large`. A family with local disks (d), or more network (n, b), has the same.
    **dict.fromkeys(("t3", "t4g"), 8),
    **dict.fromkeys(("m5", "m5d", "m6g", "m6gd", "m6i", "m6id", "m6idn", "m6in"), 8),
    **dict.fromkeys(("m7g", "m7gd", "m7i", "m8g", "m8gd"), 8),
    **dict.fromkeys(("r5", "r5b", "r5d", "r6g", "r6gd", "r6i", "r6id", "r6idn", "r6in"), 16),
    **dict.fromkeys(("r7g", "r7gd", "r7i", "r8g", "r8gd"), 16),
    **dict.fromkeys(("x2g", "x2idn"), 32),
    **dict.fromkeys(("x2iedn", "x2iezn"), 64),
    "c6gd": 4,
}
_FACTORS: Final[Mapping[str, float]] = {
    "micro": 1 / 8,
    "small": 1 / 4,
    "medium": 1 / 2,
    "large": 1,
    "xlarge": 2,
}
_BURSTABLE_ONLY: Final = ("micro", "small")
_CLASS: Final = re.compile(r"db\.(?P<family>[a-z][a-z0-9]*)\.(?P<size>(?P<times>[1-9]\d?)?[a-z]+)")

_GIB: Final = 1 << 30
_FOR_EACH: Final = 9_531_392
"""Bytes: RDS's own default is LEAST(DBInstanceClassMemory/9531392, 5000) connections."""
_MOST: Final = 5_000
_USABLE: Final = 0.9
_SYSTEM: Final = 200 << 20
"""Bytes. ``DBInstanceClassMemory`` is what the system and RDS leave of the memory, and AWS does not
publish how much that is. Of a db.t4g.small with PostgreSQL 18 it is told in public that it takes
181 connections, where its whole 2 GiB would make 225; nine tenths less 200 MiB make 180. For other
classes this is an estimate on the low side, held against no server."""

RESERVED: Final = 10
"""Connections that no pool may take: 3 for PostgreSQL's superuser, 2 for RDS's, and the rest for
AWS's own agent, for the function that makes roles and runs migrations, and for a person."""
ROLLOUT: Final = 2
"""While a new version starts, the processes of the old one are still there."""
LARGEST_POOL: Final = 100
"""The core's own default. More connections than that make no process quicker."""


def is_class(size: str) -> bool:
    """Whether it has the shape of a class's name, ``db.t4g.micro``, known or not."""
    return re.fullmatch(r"db\.[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9.-]*", size) is not None


def memory(size: str) -> float | None:
    """GiB of the class ``size``; None for one that is not known here."""
    found = _CLASS.fullmatch(size)
    if found is None or found["family"] not in _MEMORY:
        return None
    times, name = found["times"], found["size"]
    if times:
        factor = 2.0 * int(times) if name == f"{times}xlarge" and int(times) > 1 else None
    elif name in _BURSTABLE_ONLY and not found["family"].startswith("t"):
        factor = None
    else:
        factor = _FACTORS.get(name)
    return None if factor is None else _MEMORY[found["family"]] * factor


def server_limit(size: str) -> int | None:
    """Connections that a server of this class takes by RDS's default, or a little fewer."""
    gib = memory(size)
    if gib is None:
        return None
    return min(_MOST, int((gib * _GIB * _USABLE - _SYSTEM) / _FOR_EACH))


def pool_size(free: int, pools: int, *, processes: int, workers: int) -> int:
    """Connections for each pool where ``free`` are to be had; 1 at least.

    ``pools``: how many databases the kinds of processes hold together; each runs ``processes``
    times, and each of its ``workers`` opens pools of its own (contract §4.5).
    """
    opened = max(1, pools) * processes * workers * ROLLOUT
    return max(1, min(LARGEST_POOL, free // opened))
