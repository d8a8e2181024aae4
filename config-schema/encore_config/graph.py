"""The graph of an app: every service and declaration, and who uses what.

The same for every language and every cloud. Lists are sorted by name (uses by service, kind
and name). Durations are seconds: integers when whole. Defaults are filled in. The document
holds no absolute path and no time, so the same source gives the same bytes.
"""

from __future__ import annotations

from typing import Literal

from encore_config.document import SCHEMA_VERSION, SchemaVersion, Value
from encore_config.position import At

Seconds = int | float
Language = Literal["typescript", "go", "python"]
Access = Literal["public", "private", "auth"]
EndpointKind = Literal["typed", "raw", "stream_in", "stream_out", "stream_in_out", "static"]
Delivery = Literal["at-least-once", "exactly-once"]
MigrationSource = Literal["default", "prisma", "drizzle", "drizzle/v1"]
EvictionPolicy = Literal[
    "noeviction",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-ttl",
    "volatile-random",
]
MetricKind = Literal["counter", "gauge"]
UseKind = Literal["database", "topic", "bucket", "cache", "metric", "endpoint"]
BucketOperation = Literal[
    "list",
    "read",
    "write",
    "delete",
    "attrs",
    "signed_upload",
    "signed_download",
    "public_url",
]
Operation = Literal[
    "access",
    "attrs",
    "call",
    "delete",
    "increment",
    "list",
    "public_url",
    "publish",
    "read",
    "set",
    "signed_download",
    "signed_upload",
    "write",
]


class App(Value, frozen=True, kw_only=True):
    """``id`` is that of ``encore.app``; empty when the app is not linked to a platform."""

    id: str
    language: Language


class ServiceEndpoint(Value, frozen=True, kw_only=True):
    """The name of an endpoint or auth handler within its service."""

    service: str
    name: str


class Gateway(Value, frozen=True, kw_only=True):
    """The app's one gateway; ``explicit`` when the source declares it."""

    name: str = "api-gateway"
    explicit: bool = False
    auth_handler: ServiceEndpoint | None = None
    at: At | None = None


class Service(Value, frozen=True, kw_only=True):
    """``root`` is the folder that holds the service, relative to the app (``.`` for the app)."""

    name: str
    root: str
    at: At


class Endpoint(Value, frozen=True, kw_only=True):
    service: str
    name: str
    methods: tuple[str, ...]
    path: str
    access: Access
    kind: EndpointKind
    at: At


class MigrationFile(Value, frozen=True, kw_only=True):
    """``filename`` is relative to the migrations' folder; ``number`` orders the files."""

    filename: str
    number: int
    description: str


class Migrations(Value, frozen=True, kw_only=True):
    """``dir`` is relative to the app's root. Only files that migrate upwards are listed."""

    dir: str
    source: MigrationSource
    files: tuple[MigrationFile, ...]


class Database(Value, frozen=True, kw_only=True):
    name: str
    migrations: Migrations | None
    at: At


class Topic(Value, frozen=True, kw_only=True):
    name: str
    delivery: Delivery
    ordering_attribute: str | None
    at: At


class Subscription(Value, frozen=True, kw_only=True):
    """``max_concurrency`` is missing when the source sets none; ``max_retries`` 0 stays 0."""

    topic: str
    name: str
    service: str
    ack_deadline: Seconds
    retention: Seconds
    min_backoff: Seconds
    max_backoff: Seconds
    max_retries: int
    max_concurrency: int | None
    at: At


class Bucket(Value, frozen=True, kw_only=True):
    name: str
    public: bool
    versioned: bool
    at: At


class Cache(Value, frozen=True, kw_only=True):
    name: str
    eviction_policy: EvictionPolicy
    at: At


class Keyspace(Value, frozen=True, kw_only=True):
    """``service`` is empty when the keyspace is declared outside every service."""

    cache: str
    service: str
    key_pattern: str
    at: At


class Secret(Value, frozen=True, kw_only=True):
    name: str
    services: tuple[str, ...]
    at: tuple[At, ...]


class Metric(Value, frozen=True, kw_only=True):
    name: str
    kind: MetricKind
    services: tuple[str, ...]
    at: At


class CronJob(Value, frozen=True, kw_only=True):
    """``schedule`` is ``every:<minutes>`` or ``schedule:<cron expression>``."""

    name: str
    title: str
    schedule: str
    endpoint: ServiceEndpoint
    at: At


class Use(Value, frozen=True, kw_only=True):
    """That a service uses a resource; an endpoint is named ``service.endpoint``."""

    service: str
    kind: UseKind
    name: str
    operations: tuple[Operation, ...]
    at: tuple[At, ...]


class Graph(Value, frozen=True, kw_only=True):
    schema: SchemaVersion = SCHEMA_VERSION
    app: App
    gateway: Gateway
    services: tuple[Service, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    databases: tuple[Database, ...] = ()
    topics: tuple[Topic, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    caches: tuple[Cache, ...] = ()
    keyspaces: tuple[Keyspace, ...] = ()
    secrets: tuple[Secret, ...] = ()
    metrics: tuple[Metric, ...] = ()
    cron_jobs: tuple[CronJob, ...] = ()
    uses: tuple[Use, ...] = ()
