"""Which containers an environment has: what each hosts, and whose code runs in it.

In: a graph and settings. Out: one :class:`Container` for the whole app, or one for each service
and one for the gateway, as ``encore_provisioner.emit.scope`` knows them. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from encore_aws.settings import Settings
from encore_config.graph import Graph
from encore_config.plan import DeclarationRef

COMBINED: Final = "app"
"""The label of the container that holds everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """``service`` is what ``config --service`` takes; None for the whole app.

    ``hosted`` are the services whose endpoints and subscriptions are here. ``active`` are those
    whose code may run here: with the gateway comes the auth handler's. ``declaration`` is missing
    where no single one caused it.
    """

    label: str
    service: str | None
    hosted: frozenset[str]
    active: frozenset[str]
    declaration: DeclarationRef | None = None


def containers(graph: Graph, settings: Settings) -> tuple[Container, ...]:
    """In the order of the graph's services; the gateway's comes last."""
    if settings.containers.layout == "combined":
        return (whole(graph),)
    return (*of_services(graph), of_gateway(graph))


def opened(graph: Graph) -> Iterator[tuple[str, str]]:
    """Each service that opens a database or a cache, with ``database/<name>`` or ``cache/<name>``.

    The service is empty for code outside every one, which may run in any container.
    """
    for use in graph.uses:
        if use.kind in ("cache", "database"):
            yield use.service, f"{use.kind}/{use.name}"
    for keyspace in graph.keyspaces:
        yield keyspace.service, f"cache/{keyspace.cache}"


def holders(graph: Graph, settings: Settings) -> Counter[str]:
    """In how many containers each database and cache is opened, called as in :func:`opened`.

    The container with everything opens all that is declared. The graph is gone through once.
    """
    if settings.containers.layout == "combined":
        return Counter(
            [f"database/{database.name}" for database in graph.databases]
            + [f"cache/{cache.name}" for cache in graph.caches]
        )
    found = containers(graph, settings)
    running = Counter(service for container in found for service in container.active)
    users: dict[str, set[str]] = defaultdict(set)
    for service, name in opened(graph):
        users[name].add(service)
    return Counter(
        {
            name: len(found) if "" in services else sum(running[service] for service in services)
            for name, services in users.items()
        }
    )


def whole(graph: Graph) -> Container:
    services = frozenset(service.name for service in graph.services)
    return Container(label=COMBINED, service=None, hosted=services, active=services)


def of_services(graph: Graph) -> tuple[Container, ...]:
    return tuple(
        Container(
            label=service.name,
            service=service.name,
            hosted=frozenset({service.name}),
            active=frozenset({service.name}),
            declaration=DeclarationRef(kind="service", name=service.name, at=service.at),
        )
        for service in graph.services
    )


def of_gateway(graph: Graph) -> Container:
    gateway = graph.gateway
    handler = gateway.auth_handler
    return Container(
        label=gateway.name,
        service=gateway.name,
        hosted=frozenset(),
        active=frozenset({handler.service} if handler else ()),
        declaration=DeclarationRef(kind="gateway", name=gateway.name, at=gateway.at),
    )
