"""What AWS cannot do as declared, and what the environment says of things that are not there.

In: graph, settings, names. Out: diagnostics, errors for what an apply would refuse, warnings for
what works with a difference. Each kind finds its own; here they come together. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from encore_aws.naming import Names
from encore_aws.resources import (
    bucket,
    cache,
    container,
    database,
    function,
    log_group,
    network,
    role,
    secret,
)
from encore_aws.resources import subscription as queue
from encore_aws.resources import topic as topics
from encore_aws.settings import DEFAULTS, Settings
from encore_config.diagnostics import Diagnostic, order
from encore_config.graph import Graph
from encore_provisioner.queues import subscription_findings
from encore_provisioner.suggest import did_you_mean

NOT_DECLARED: Final = "E9202"

_KINDS: Final = (
    *(network, topics, queue, bucket, database, cache, secret, function, role, container),
)


def capabilities(graph: Graph, settings: Settings, names: Names) -> tuple[Diagnostic, ...]:
    """All findings, sorted; what several resources have from one setting is told once."""
    found = [*subscription_findings(graph), *_not_declared(graph, settings)]
    for kind in _KINDS:
        found += kind.findings(graph, settings, names)
    found += log_group.findings(graph, settings, names, _other_logs(graph, settings, names))
    return tuple(dict.fromkeys(sorted(found, key=order)))


def _other_logs(graph: Graph, settings: Settings, names: Names) -> Iterator[str]:
    """The names of log groups that are no container's."""
    for server in database.normalise(graph, settings, names).servers:
        yield server.log
    inside = function.normalise(graph, settings, names)
    if inside is not None:
        yield inside.log


def _not_declared(graph: Graph, settings: Settings) -> Iterator[Diagnostic]:
    """A setting of what the app does not declare does nothing, and is mostly a misspelt name."""
    where = f"environments.{settings.environment}"
    declared = _declared(graph)
    entry = settings.entry
    groups: dict[str, Iterable[str]] = {
        "databases": set(entry.databases or {}) - {DEFAULTS},
        "caches": set(entry.caches or {}) - {DEFAULTS},
        "buckets": set(entry.buckets or {}) - {DEFAULTS},
    }
    for key, found in groups.items():
        yield from _unknown(f"{where}.{key}", found, declared[key])
    for key in settings.adopt.__struct_fields__:
        yield from _unknown(f"{where}.adopt.{key}", getattr(settings.adopt, key), declared[key])


def _declared(graph: Graph) -> Mapping[str, tuple[str, ...]]:
    named: dict[str, Iterable[Any]] = {
        "databases": graph.databases,
        "caches": graph.caches,
        "buckets": graph.buckets,
        "topics": graph.topics,
        "secrets": graph.secrets,
    }
    found = {key: tuple(item.name for item in items) for key, items in named.items()}
    labels = tuple(f"{item.topic}/{item.name}" for item in graph.subscriptions)
    return {**found, "subscriptions": labels}


def _unknown(where: str, found: Iterable[str], known: tuple[str, ...]) -> Iterator[Diagnostic]:
    what = where.rsplit(".", 1)[1]
    for name in sorted(set(found) - set(known)):
        listed = f"declared {what}: {', '.join(known)}" if known else f"the app declares no {what}"
        yield Diagnostic(
            code=NOT_DECLARED,
            severity="error",
            message=f"{where}.{name}: the app declares nothing of this name",
            hint=did_you_mean(name, known, otherwise=listed),
        )
