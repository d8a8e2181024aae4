"""From what analysis found to the document ``graph``: sorted, defaults filled in, nothing guessed.

In: declarations, links, services and attributed uses. Out: the graph. A declaration whose name
or target could not be read is left out; a finding tells of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

from encore_config import graph as document
from encore_config.graph import Graph, Language, Operation
from encore_config.position import At
from encore_provisioner.analysis.declarations.model import (
    AuthHandler,
    Bucket,
    Cache,
    CronJob,
    Database,
    Declaration,
    Endpoint,
    Gateway,
    Keyspace,
    Metric,
    Secret,
    Subscription,
    Topic,
)
from encore_provisioner.analysis.joining.register import Links
from encore_provisioner.analysis.joining.services import Importers, Services
from encore_provisioner.analysis.joining.uses import ServiceUse

D = TypeVar("D", bound=Declaration)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that the graph is made of."""

    app_id: str
    language: Language
    declarations: Sequence[Declaration]
    links: Links
    services: Services
    importers: Importers
    uses: Sequence[ServiceUse]
    migrations: Mapping[Declaration, document.Migrations]

    def each(self, kind: type[D], build: Callable[[D], T | None]) -> tuple[T, ...]:
        """Build a part of the document from each declaration of a kind; None leaves it out."""
        built = (build(d) for d in self.declarations if isinstance(d, kind))
        return tuple(part for part in built if part is not None)

    def service(self, declaration: Declaration) -> str | None:
        service = self.services.of(declaration.path)
        return service.name if service is not None else None


def build_graph(found: Found) -> Graph:
    """Names that two declarations share (an error of its own) stand for the first one."""
    return Graph(
        app=document.App(id=found.app_id, language=found.language),
        gateway=_gateway(found),
        services=tuple(
            document.Service(name=s.name, root=s.root, at=s.place.at)
            for s in sorted(found.services.items, key=lambda s: (s.name, s.root))
        ),
        endpoints=_sorted(_endpoints(found), "service", "name"),
        databases=_sorted(found.each(Database, lambda d: _database(d, found)), "name"),
        topics=_sorted(found.each(Topic, _topic), "name"),
        subscriptions=_sorted(
            found.each(Subscription, lambda s: _subscription(s, found)), "topic", "name"
        ),
        buckets=_sorted(found.each(Bucket, _bucket), "name"),
        caches=_sorted(found.each(Cache, _cache), "name"),
        keyspaces=_keyspaces(found),
        secrets=_secrets(found),
        metrics=_metrics(found),
        cron_jobs=_sorted(found.each(CronJob, lambda c: _cron_job(c, found)), "name"),
        uses=_uses(found.uses),
    )


def _sorted(parts: Iterable[T], *names: str) -> tuple[T, ...]:
    """Sorted by the named fields; of parts that are equal in them the first one stays."""
    key = attrgetter(*names)
    unique: dict[object, T] = {}
    for part in parts:
        unique.setdefault(key(part), part)
    return tuple(sorted(unique.values(), key=key))


def _gateway(found: Found) -> document.Gateway:
    declared = [d for d in found.declarations if isinstance(d, Gateway)]
    if not declared:
        return document.Gateway()
    handler = found.links.get(declared[0])
    reference = _service_endpoint(handler, found) if isinstance(handler, AuthHandler) else None
    return document.Gateway(explicit=True, auth_handler=reference, at=declared[0].place.at)


def _service_endpoint(target: Declaration | None, found: Found) -> document.ServiceEndpoint | None:
    service = found.service(target) if target is not None else None
    if target is None or target.name is None or service is None:
        return None
    return document.ServiceEndpoint(service=service, name=target.name)


def _endpoints(found: Found) -> tuple[document.Endpoint, ...]:
    return found.each(Endpoint, lambda e: _endpoint(e, found.service(e)))


def _endpoint(e: Endpoint, service: str | None) -> document.Endpoint | None:
    if e.name is None or service is None:
        return None
    return document.Endpoint(
        service=service,
        name=e.name,
        methods=e.methods,
        path=e.url if e.url is not None else f"/{service}.{e.name}",
        access=e.access,
        kind=e.endpoint_kind,
        at=e.place.at,
    )


def _database(d: Database, found: Found) -> document.Database | None:
    if d.name is None:
        return None
    return document.Database(name=d.name, migrations=found.migrations.get(d), at=d.place.at)


def _topic(t: Topic) -> document.Topic | None:
    if t.name is None:
        return None
    ordering = t.ordering_attribute
    return document.Topic(
        name=t.name, delivery=t.delivery, ordering_attribute=ordering, at=t.place.at
    )


def _subscription(s: Subscription, found: Found) -> document.Subscription | None:
    topic, service = found.links.get(s), found.service(s)
    if s.name is None or topic is None or topic.name is None or service is None:
        return None
    return document.Subscription(
        topic=topic.name,
        name=s.name,
        service=service,
        ack_deadline=s.ack_deadline,
        retention=s.retention,
        min_backoff=s.min_backoff,
        max_backoff=s.max_backoff,
        max_retries=s.max_retries,
        max_concurrency=s.max_concurrency,
        at=s.place.at,
    )


def _bucket(b: Bucket) -> document.Bucket | None:
    if b.name is None:
        return None
    return document.Bucket(name=b.name, public=b.public, versioned=b.versioned, at=b.place.at)


def _cache(c: Cache) -> document.Cache | None:
    if c.name is None:
        return None
    return document.Cache(name=c.name, eviction_policy=c.eviction_policy, at=c.place.at)


def _keyspaces(found: Found) -> tuple[document.Keyspace, ...]:
    """Keyspaces have no name of their own: none is left out for being like another."""
    parts = found.each(Keyspace, lambda k: _keyspace(k, found))
    return tuple(sorted(parts, key=attrgetter("cache", "service", "key_pattern", "at")))


def _keyspace(k: Keyspace, found: Found) -> document.Keyspace | None:
    cluster = found.links.get(k)
    if k.key_pattern is None or cluster is None or cluster.name is None:
        return None
    return document.Keyspace(
        cache=cluster.name,
        service=found.service(k) or "",
        key_pattern=k.key_pattern,
        at=k.place.at,
    )


def _secrets(found: Found) -> tuple[document.Secret, ...]:
    services: dict[str, set[str]] = {}
    places: dict[str, set[At]] = {}
    for secret in found.declarations:
        if isinstance(secret, Secret) and secret.name is not None:
            own = found.service(secret)
            names = (own,) if own is not None else found.importers.of(secret.path)
            services.setdefault(secret.name, set()).update(names)
            places.setdefault(secret.name, set()).add(secret.place.at)
    return tuple(
        document.Secret(
            name=name, services=tuple(sorted(services[name])), at=tuple(sorted(places[name]))
        )
        for name in sorted(services)
    )


def _metrics(found: Found) -> tuple[document.Metric, ...]:
    users: dict[str, set[str]] = {}
    for item in found.uses:
        if item.use.kind == "metric":
            users.setdefault(item.use.name, set()).add(item.service)
    return _sorted(found.each(Metric, lambda m: _metric(m, users)), "name")


def _metric(m: Metric, users: Mapping[str, set[str]]) -> document.Metric | None:
    if m.name is None:
        return None
    services = tuple(sorted(users.get(m.name, ())))
    return document.Metric(name=m.name, kind=m.metric_kind, services=services, at=m.place.at)


def _cron_job(c: CronJob, found: Found) -> document.CronJob | None:
    endpoint = _service_endpoint(found.links.get(c), found)
    if c.name is None or c.schedule is None or endpoint is None:
        return None
    return document.CronJob(
        name=c.name, title=c.title_text, schedule=c.schedule, endpoint=endpoint, at=c.place.at
    )


def _uses(uses: Iterable[ServiceUse]) -> tuple[document.Use, ...]:
    operations: dict[tuple[str, document.UseKind, str], set[Operation]] = {}
    places: dict[tuple[str, document.UseKind, str], set[At]] = {}
    for item in uses:
        key = (item.service, item.use.kind, item.use.name)
        operations.setdefault(key, set()).update(item.use.operations)
        places.setdefault(key, set()).add(item.use.place.at)
    return tuple(
        document.Use(
            service=key[0],
            kind=key[1],
            name=key[2],
            operations=tuple(sorted(operations[key])),
            at=tuple(sorted(places[key])),
        )
        for key in sorted(operations)
    )
