"""A graph for people: each service with its endpoints and what it uses, then each resource.

In: a ``Graph``. Out: lines. Every declaration carries its ``file:line``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from encore_config.graph import (
    Bucket,
    Cache,
    Database,
    Graph,
    Seconds,
    Service,
    Subscription,
    Topic,
    Use,
)
from encore_config.position import At
from encore_provisioner.cli.render.style import Line, Span, count, indent, line, table

_COUNTED = (
    ("services", "service", None),
    ("endpoints", "endpoint", None),
    ("databases", "database", None),
    ("topics", "topic", None),
    ("subscriptions", "subscription", None),
    ("buckets", "bucket", None),
    ("caches", "cache", None),
    ("secrets", "secret", None),
    ("metrics", "metric", None),
    ("cron_jobs", "cron job", None),
)


def graph_lines(graph: Graph, app: str) -> list[Line]:
    """The whole graph of the app named ``app``; sections without content are left out."""
    lines = _head(graph, app)
    for service in graph.services:
        lines += [(), *_service(graph, service)]
    resources = (
        *(_database(graph, item) for item in graph.databases),
        *(_topic(graph, item) for item in graph.topics),
        *(_bucket(graph, item) for item in graph.buckets),
        *(_cache(graph, item) for item in graph.caches),
    )
    for block in resources:
        lines += [(), *block]
    for block in (_secrets(graph), _metrics(graph), _cron_jobs(graph)):
        lines += [(), *block] if block else []
    return lines


def summary(graph: Graph) -> str:
    """``4 services, 2 databases``: what there is at all, in a fixed order."""
    numbers = [(len(getattr(graph, name)), one, many) for name, one, many in _COUNTED]
    return ", ".join(count(n, one, many) for n, one, many in numbers if n) or "nothing declared"


def _head(graph: Graph, app: str) -> list[Line]:
    lines = [line(("app ", "dim"), (app, "bold"), f" ({graph.app.language}): {summary(graph)}")]
    gateway = graph.gateway
    if gateway.auth_handler:
        handler = f"{gateway.auth_handler.service}.{gateway.auth_handler.name}"
        at = _place(gateway.at) if gateway.at else ("", "")
        lines.append(line(("gateway ", "dim"), gateway.name, f"  auth handler {handler}  ", at))
    return lines


def _service(graph: Graph, service: Service) -> list[Line]:
    endpoints = [
        (
            ", ".join(item.methods),
            (item.path, "bold"),
            item.name,
            item.access,
            item.kind,
            _place(item.at),
        )
        for item in graph.endpoints
        if item.service == service.name
    ]
    used = [_use(item) for item in graph.uses if item.service == service.name]
    handled = [
        (
            ("subscribes to", "dim"),
            f"topic {item.topic}",
            f"as {item.name}",
            _place(item.at),
        )
        for item in graph.subscriptions
        if item.service == service.name
    ]
    return [
        _title("service", service.name, service.at),
        *indent(table(endpoints), 2),
        *indent(table([*used, *handled]), 2),
    ]


def _use(use: Use) -> tuple[Span, str, str, Span]:
    more = f" and {count(len(use.at) - 1, 'more place')}" if len(use.at) > 1 else ""
    first: Span = (f"{use.at[0].file}:{use.at[0].line}{more}", "place") if use.at else ("", "")
    verb = "calls" if use.kind == "endpoint" else "uses"
    subject = use.name if use.kind == "endpoint" else f"{use.kind} {use.name}"
    operations = "" if use.operations in (("call",), ("access",)) else ", ".join(use.operations)
    return (verb, "dim"), subject, operations, first


def _database(graph: Graph, database: Database) -> list[Line]:
    facts: list[tuple[Span, str]] = []
    if database.migrations:
        number = count(len(database.migrations.files), "file")
        facts.append((("migrations", "dim"), f"{database.migrations.dir} ({number})"))
    return [
        _title("database", database.name, database.at),
        *_facts([*facts, _users(graph, "database", database.name)]),
    ]


def _topic(graph: Graph, topic: Topic) -> list[Line]:
    kind: str = topic.delivery
    if topic.ordering_attribute:
        kind += f", ordered by {topic.ordering_attribute}"
    facts: list[tuple[Span, str]] = [
        (("delivery", "dim"), kind),
        (("published by", "dim"), _names(graph, "topic", topic.name)),
    ]
    subscriptions = [
        (
            ("subscription", "dim"),
            item.name,
            f"in {item.service}",
            _retries(item),
            _place(item.at),
        )
        for item in graph.subscriptions
        if item.topic == topic.name
    ]
    return [
        _title("topic", topic.name, topic.at),
        *_facts(facts),
        *indent(table(subscriptions), 2),
    ]


def _retries(item: Subscription) -> str:
    number = (
        "default retries" if item.max_retries == 0 else count(item.max_retries, "retry", "retries")
    )
    return f"ack within {_duration(item.ack_deadline)}, {number}"


def _bucket(graph: Graph, bucket: Bucket) -> list[Line]:
    kind = ", ".join(
        (
            "public" if bucket.public else "private",
            "versioned" if bucket.versioned else "not versioned",
        )
    )
    return [
        _title("bucket", bucket.name, bucket.at),
        *_facts([(("kind", "dim"), kind), _users(graph, "bucket", bucket.name)]),
    ]


def _cache(graph: Graph, cache: Cache) -> list[Line]:
    keyspaces = [
        (
            ("keyspace", "dim"),
            item.key_pattern,
            f"in {item.service}" if item.service else "in no service",
            _place(item.at),
        )
        for item in graph.keyspaces
        if item.cache == cache.name
    ]
    eviction: tuple[Span, str] = (("eviction", "dim"), cache.eviction_policy)
    return [
        _title("cache", cache.name, cache.at),
        *_facts([eviction, _users(graph, "cache", cache.name)]),
        *indent(table(keyspaces), 2),
    ]


def _secrets(graph: Graph) -> list[Line]:
    rows = [
        ((s.name, "bold"), ", ".join(s.services) or "no service", _first(s.at))
        for s in graph.secrets
    ]
    return [line(("secrets", "dim")), *indent(table(rows), 2)] if rows else []


def _metrics(graph: Graph) -> list[Line]:
    rows = [
        ((m.name, "bold"), m.kind, ", ".join(m.services) or "no service", _place(m.at))
        for m in graph.metrics
    ]
    return [line(("metrics", "dim")), *indent(table(rows), 2)] if rows else []


def _cron_jobs(graph: Graph) -> list[Line]:
    rows = [
        (
            (job.name, "bold"),
            _schedule(job.schedule),
            f"calls {job.endpoint.service}.{job.endpoint.name}",
            _place(job.at),
        )
        for job in graph.cron_jobs
    ]
    return [line(("cron jobs", "dim")), *indent(table(rows), 2)] if rows else []


def _schedule(schedule: str) -> str:
    """``every:90`` and ``schedule:0 4 * * *`` as people say them."""
    form, _, value = schedule.partition(":")
    return f"every {_duration(int(value) * 60)}" if form == "every" else f"at {value}"


def _duration(value: Seconds) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if value and value % size == 0:
            return f"{value // size:g} {unit}"
    return f"{value:g} s"


def _title(kind: str, name: str, at: At) -> Line:
    return line((f"{kind} ", "dim"), (name, "bold"), "  ", _place(at))


def _place(at: At) -> Span:
    return f"{at.file}:{at.line}", "place"


def _first(at: Sequence[At]) -> Span:
    return _place(at[0]) if at else ("", "")


def _facts(rows: Iterable[tuple[Span, str]]) -> list[Line]:
    return indent(table([row for row in rows if row[1]]), 2)


def _users(graph: Graph, kind: str, name: str) -> tuple[Span, str]:
    return ("used by", "dim"), _names(graph, kind, name)


def _names(graph: Graph, kind: str, name: str) -> str:
    found = [
        use.service
        + (f" ({', '.join(use.operations)})" if kind == "bucket" and use.operations else "")
        for use in graph.uses
        if use.kind == kind and use.name == name
    ]
    return ", ".join(found) or "no service"
