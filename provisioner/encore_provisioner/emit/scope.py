"""Which resources one container of the app needs.

In: the graph and, for a container that holds one service only, its name. Out: a :class:`Scope`.
The container that hosts the gateway also runs the auth handler, so that handler's service
counts as if it were hosted there (contract 4.2).

May not: know bindings, clouds or config formats.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from encore_config.graph import Graph, UseKind
from encore_provisioner.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What one container hosts and what of the graph it needs; every tuple is sorted.

    ``remote`` are services of other containers that this one calls; ``subscriptions`` are pairs
    of topic and name; ``metrics`` pairs of name and the services here that write it.
    """

    services: tuple[str, ...]
    gateways: tuple[str, ...]
    whole: bool
    remote: tuple[str, ...]
    databases: tuple[str, ...]
    caches: tuple[str, ...]
    buckets: tuple[str, ...]
    topics: tuple[str, ...]
    subscriptions: tuple[tuple[str, str], ...]
    secrets: tuple[str, ...]
    metrics: tuple[tuple[str, tuple[str, ...]], ...]


def scope(graph: Graph, service: str | None = None) -> Scope:
    """All of the app (None), one service, or the gateway alone (by its name).

    Raises :class:`UsageError`, code ``unknown-service``.
    """
    names = tuple(sorted(s.name for s in graph.services))
    gateway = graph.gateway.name
    if service is None:
        return _scope(graph, hosted=names, gateways=(gateway,), whole=True)
    if service == gateway:
        return _scope(graph, hosted=(), gateways=(gateway,), whole=False)
    if service not in names:
        raise UsageError(
            f'the app has no service "{service}"',
            code="unknown-service",
            hint=f"its containers are: {', '.join((*names, gateway))}",
        )
    return _scope(graph, hosted=(service,), gateways=(), whole=False)


def _scope(
    graph: Graph, *, hosted: tuple[str, ...], gateways: tuple[str, ...], whole: bool
) -> Scope:
    active = set(hosted)
    if gateways and graph.gateway.auth_handler:
        active.add(graph.gateway.auth_handler.service)
    subscriptions = {(s.topic, s.name) for s in graph.subscriptions if whole or s.service in hosted}
    published = _used(graph, "topic", active)
    keyspaces = {k.cache for k in graph.keyspaces if _concerns((k.service,), active)}
    return Scope(
        services=hosted,
        gateways=gateways,
        whole=whole,
        remote=_remote(graph, active, hosted, gateways),
        databases=_chosen(
            (d.name for d in graph.databases), _used(graph, "database", active), whole
        ),
        caches=_chosen(
            (c.name for c in graph.caches), _used(graph, "cache", active) | keyspaces, whole
        ),
        buckets=_chosen((b.name for b in graph.buckets), _used(graph, "bucket", active), whole),
        topics=_chosen(
            (t.name for t in graph.topics), published | {topic for topic, _ in subscriptions}, whole
        ),
        subscriptions=tuple(sorted(subscriptions)),
        secrets=tuple(
            sorted({s.name for s in graph.secrets if whole or _concerns(s.services, active)})
        ),
        metrics=_metrics(graph, active),
    )


def _chosen(declared: Iterable[str], used: set[str], whole: bool) -> tuple[str, ...]:
    """All that is declared, or what is declared and used."""
    return tuple(sorted({name for name in declared if whole or name in used}))


def _used(graph: Graph, kind: UseKind, services: set[str]) -> set[str]:
    return {
        use.name for use in graph.uses if use.kind == kind and _concerns((use.service,), services)
    }


def _concerns(owners: tuple[str, ...], services: set[str]) -> bool:
    """Code that stands outside every service may run in any of them."""
    return not any(owners) or not services.isdisjoint(owners)


def _remote(
    graph: Graph, active: set[str], hosted: tuple[str, ...], gateways: tuple[str, ...]
) -> tuple[str, ...]:
    """A gateway forwards to every service; a service calls those that its code names."""
    called = {name.split(".", 1)[0] for name in _used(graph, "endpoint", active)}
    wanted = {s.name for s in graph.services} if gateways else called
    return tuple(sorted(wanted - set(hosted)))


def _metrics(graph: Graph, active: set[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = ((m.name, tuple(sorted(active.intersection(m.services)))) for m in graph.metrics)
    return tuple(sorted((name, services) for name, services in found if services))
