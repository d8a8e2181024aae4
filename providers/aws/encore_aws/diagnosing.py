"""The doctor: databases and caches through the function inside the network, the rest from here.

In: a target, doors. Out: a ``Check`` for everything that the app declares and can miss.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from encore_aws import migrating, site
from encore_aws.checking import checks
from encore_aws.inside import Inside
from encore_aws.reading import state
from encore_aws.site import Doors, Site
from encore_config.graph import Graph
from encore_provisioner.check import Check, Kind, OnCheck
from encore_provisioner.errors import ApplyError

if TYPE_CHECKING:
    from encore_provisioner.provider import Target


def doctor(target: Target, doors: Doors, *, on_check: OnCheck) -> tuple[Check, ...]:
    """Inside the network what only can be reached there, the rest from here. Raises ``InfraError``.

    That the function does not answer is told of what it would have looked at, and hides no more.
    """
    opened = site.open_site(target, doors)
    found = state(opened).outputs
    done: list[Check] = []
    from_here = checks(target.graph, found, opened.account, opened.name)
    for check in chain(_inside(target, found, opened), from_here):
        on_check(check)
        done.append(check)
    return tuple(done)


def _inside(target: Target, outputs: Mapping[str, Any], opened: Site) -> tuple[Check, ...]:
    if "function" not in outputs:
        return ()
    began = time.monotonic()
    try:
        return migrating.doctor(outputs, Inside(opened.account, outputs))
    except ApplyError as error:
        return tuple(_unreached(target.graph, error, time.monotonic() - began))


def _unreached(graph: Graph, error: ApplyError, seconds: float) -> Iterator[Check]:
    found: list[tuple[Kind, str]] = [
        *(("database", each.name) for each in graph.databases),
        *(("cache", each.name) for each in graph.caches),
    ]
    for kind, name in found:
        yield Check(
            kind=kind, name=name, ok=False, seconds=seconds,
            reason=error.message, hint=error.hint,
        )  # fmt: skip
