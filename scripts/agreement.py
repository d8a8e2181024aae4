"""Whether a graph and Encore's own metadata say the same of one app, where both say it.

In: a :class:`Graph`, and Encore's metadata as JSON: the message ``Data`` of Encore's
``meta.proto`` with the proto's own field names and with numbers for enums. Out: what only one of
the two says, kind by kind. What metadata does not know (operations on databases, positions) and
what the graph does not keep (types, texts) is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from encore_config.graph import Graph

Facts = Mapping[str, frozenset[tuple[object, ...]]]
_ACCESS: Final = ("private", "public", "auth")
_SEGMENT: Final = ("", ":", "*", "!")
_DELIVERY: Final = ("at-least-once", "exactly-once")
_METRIC: Final = ("counter", "gauge")
_BUCKET: Final = (
    "?", "list", "read", "write", "update", "attrs", "delete", "public_url", "signed_upload",
    "signed_download",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """What only the graph says of a kind, and what only Encore says."""

    kind: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


def differences(graph: Graph, metadata: bytes) -> tuple[Difference, ...]:
    ours, theirs = of_graph(graph), of_metadata(metadata)
    pairs = ((kind, ours[kind], theirs[kind]) for kind in ours)
    return tuple(
        Difference(kind, _told(left - right), _told(right - left))
        for kind, left, right in pairs
        if left != right
    )


def _told(facts: frozenset[tuple[object, ...]]) -> tuple[str, ...]:
    return tuple(sorted(" ".join(map(str, fact)) for fact in facts))


class _Named(msgspec.Struct):
    name: str


class _Segment(msgspec.Struct):
    type: int
    value: str


class _Path(msgspec.Struct):
    segments: list[_Segment]

    def text(self) -> str:
        return "/".join(_SEGMENT[part.type] + part.value for part in self.segments)


class _Endpoint(_Named):
    service_name: str
    access_type: int
    path: _Path
    http_methods: list[str]
    static_assets: object | None


class _BucketUse(msgspec.Struct):
    bucket: str
    operations: list[int]


class _Service(_Named):
    rel_path: str
    rpcs: list[_Endpoint]
    databases: list[str]
    buckets: list[_BucketUse]
    metrics: list[str]


class _Call(_Named):
    pkg: str


class _Package(msgspec.Struct):
    service_name: str
    secrets: list[str]
    rpc_calls: list[_Call]


class _Migration(msgspec.Struct):
    filename: str
    number: int


class _Database(_Named):
    migration_rel_path: str | None
    migrations: list[_Migration]


class _Retries(msgspec.Struct):
    min_backoff: int
    max_backoff: int
    max_retries: int


class _Subscription(_Named):
    service_name: str
    ack_deadline: int
    message_retention: int
    retry_policy: _Retries
    max_concurrency: int | None


class _Publisher(msgspec.Struct):
    service_name: str


class _Topic(_Named):
    delivery_guarantee: int
    ordering_key: str
    publishers: list[_Publisher]
    subscriptions: list[_Subscription]


class _Bucket(_Named):
    public: bool
    versioned: bool


class _Keyspace(msgspec.Struct):
    service: str
    path_pattern: _Path | None


class _Cache(_Named):
    eviction_policy: str
    keyspaces: list[_Keyspace]


class _Metric(_Named):
    kind: int


class _CronJob(msgspec.Struct):
    id: str
    title: str
    schedule: str
    endpoint: _Call


class _AuthHandler(_Named):
    service_name: str


class _Explicit(msgspec.Struct):
    auth_handler: _AuthHandler | None


class _Gateway(msgspec.Struct):
    encore_name: str
    explicit: _Explicit | None


class Metadata(msgspec.Struct):
    """The part of the message that is compared."""

    svcs: list[_Service]
    pkgs: list[_Package]
    sql_databases: list[_Database]
    pubsub_topics: list[_Topic]
    buckets: list[_Bucket]
    cache_clusters: list[_Cache]
    metrics: list[_Metric]
    cron_jobs: list[_CronJob]
    gateways: list[_Gateway]


def of_metadata(raw: bytes) -> Facts:
    data = msgspec.json.decode(raw, type=Metadata)
    return {kind: frozenset(read(data)) for kind, read in _METADATA.items()}


def _rows_of_topics(data: Metadata) -> list[tuple[object, ...]]:
    return [
        (t.name, s.name, s.service_name, s.ack_deadline / 1e9, s.message_retention / 1e9,
         s.retry_policy.min_backoff / 1e9, s.retry_policy.max_backoff / 1e9,
         s.retry_policy.max_retries, s.max_concurrency)
        for t in data.pubsub_topics
        for s in t.subscriptions
    ]  # fmt: skip


def _rows_of_gateways(data: Metadata) -> list[tuple[object, ...]]:
    """A gateway that is not declared is the default one, for both."""
    handlers = ((g, g.explicit.auth_handler) for g in data.gateways if g.explicit is not None)
    return [(g.encore_name, *((h.service_name, h.name) if h else ())) for g, h in handlers]


def _called(call: _Call, data: Metadata) -> str:
    """Encore names the service of what is called by its folder."""
    names = {service.rel_path: service.name for service in data.svcs}
    return f"{names.get(call.pkg, call.pkg)}.{call.name}"


def _rows_of_calls(data: Metadata) -> list[tuple[object, ...]]:
    return [(p.service_name, _called(call, data)) for p in data.pkgs for call in p.rpc_calls]


def _migrations(files: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    """Sorted by us: the order of two with one number is that of the folder for Encore."""
    return tuple(f"{number}:{name}" for number, name in sorted(files))


_METADATA: Final[Mapping[str, Callable[[Metadata], list[tuple[object, ...]]]]] = {
    "services": lambda d: [(s.name, s.rel_path) for s in d.svcs],
    "endpoints": lambda d: [
        (e.service_name, e.name, f"/{e.path.text()}", _ACCESS[e.access_type],
         ",".join(sorted(e.http_methods)), e.static_assets is not None)
        for s in d.svcs for e in s.rpcs
    ],
    "gateway": _rows_of_gateways,
    "databases": lambda d: [
        (b.name, b.migration_rel_path or "",
         *_migrations((m.number, m.filename) for m in b.migrations))
        for b in d.sql_databases
    ],
    "topics": lambda d: [
        (t.name, _DELIVERY[t.delivery_guarantee], t.ordering_key) for t in d.pubsub_topics
    ],
    "subscriptions": _rows_of_topics,
    "buckets": lambda d: [(b.name, b.public, b.versioned) for b in d.buckets],
    "caches": lambda d: [(c.name, c.eviction_policy) for c in d.cache_clusters],
    "keyspaces": lambda d: [
        (c.name, k.service, k.path_pattern.text())
        for c in d.cache_clusters for k in c.keyspaces if k.path_pattern is not None
    ],
    "metrics": lambda d: [(m.name, _METRIC[m.kind]) for m in d.metrics],
    "cron jobs": lambda d: [
        (c.id, c.title, c.schedule, _called(c.endpoint, d)) for c in d.cron_jobs
    ],
    "secrets": lambda d: [(name, p.service_name) for p in d.pkgs for name in p.secrets],
    "uses of databases": lambda d: [(s.name, name) for s in d.svcs for name in s.databases],
    "uses of topics": lambda d: [
        (p.service_name, t.name) for t in d.pubsub_topics for p in t.publishers
    ],
    "uses of buckets": lambda d: [
        (s.name, b.bucket, ",".join(sorted(_BUCKET[o] for o in b.operations)))
        for s in d.svcs for b in s.buckets
    ],
    "uses of caches": lambda d: [
        (k.service, c.name) for c in d.cache_clusters for k in c.keyspaces
    ],
    "uses of metrics": lambda d: [(s.name, name) for s in d.svcs for name in s.metrics],
    "calls of endpoints": _rows_of_calls,
}  # fmt: skip


def of_graph(graph: Graph) -> Facts:
    return {kind: frozenset(read(graph)) for kind, read in _GRAPH.items()}


def _rows_of_databases(graph: Graph) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for database in graph.databases:
        found = database.migrations
        files = found.files if found is not None else ()
        names = _migrations((file.number, file.filename) for file in files)
        rows.append((database.name, found.dir if found is not None else "", *names))
    return rows


def _rows_of_gateway(graph: Graph) -> list[tuple[object, ...]]:
    gateway, handler = graph.gateway, graph.gateway.auth_handler
    row = (gateway.name, *((handler.service, handler.name) if handler else ()))
    return [row] if gateway.explicit else []


def _uses(graph: Graph, kind: str) -> list[tuple[object, ...]]:
    return [(use.service, use.name) for use in graph.uses if use.kind == kind]


_GRAPH: Final[Mapping[str, Callable[[Graph], list[tuple[object, ...]]]]] = {
    "services": lambda g: [(s.name, "" if s.root == "." else s.root) for s in g.services],
    "endpoints": lambda g: [
        (e.service, e.name, e.path, e.access, ",".join(sorted(e.methods)), e.kind == "static")
        for e in g.endpoints
    ],
    "gateway": _rows_of_gateway,
    "databases": _rows_of_databases,
    "topics": lambda g: [(t.name, t.delivery, t.ordering_attribute or "") for t in g.topics],
    "subscriptions": lambda g: [
        (s.topic, s.name, s.service, s.ack_deadline, s.retention, s.min_backoff, s.max_backoff,
         s.max_retries, s.max_concurrency)
        for s in g.subscriptions
    ],
    "buckets": lambda g: [(b.name, b.public, b.versioned) for b in g.buckets],
    "caches": lambda g: [(c.name, c.eviction_policy) for c in g.caches],
    "keyspaces": lambda g: [(k.cache, k.service, k.key_pattern) for k in g.keyspaces],
    "metrics": lambda g: [(m.name, m.kind) for m in g.metrics],
    "cron jobs": lambda g: [
        (c.name, c.title, c.schedule, f"{c.endpoint.service}.{c.endpoint.name}")
        for c in g.cron_jobs
    ],
    "secrets": lambda g: [(s.name, service) for s in g.secrets for service in s.services],
    "uses of databases": lambda g: _uses(g, "database"),
    "uses of topics": lambda g: _uses(g, "topic"),
    "uses of buckets": lambda g: [
        (u.service, u.name, ",".join(sorted(u.operations))) for u in g.uses if u.kind == "bucket"
    ],
    "uses of caches": lambda g: _uses(g, "cache"),
    "uses of metrics": lambda g: _uses(g, "metric"),
    "calls of endpoints": lambda g: _uses(g, "endpoint"),
}  # fmt: skip
