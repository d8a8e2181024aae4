"""What analysis found in the source, before services and references are known. Data only.

Each declaration keeps the nodes that later stages resolve (a subscription's topic, a cron job's
endpoint). ``name`` is None where the source gives none that could be read: the declaration then
still answers references to its variable, so that one mistake gives one finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tree_sitter import Node

from encore_config.graph import (
    Access,
    Delivery,
    EndpointKind,
    EvictionPolicy,
    MetricKind,
    Migrations,
    Seconds,
)
from encore_provisioner.analysis.catalogue import TITLES, Kind, Symbol
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.scopes import Scope
from encore_provisioner.analysis.source import Span


@dataclass(frozen=True, slots=True)
class Bind:
    """The variable that holds a declaration: contract A2.

    ``name`` is None when it is anonymous, ``default`` for ``export default new …``. ``member`` is
    the key under which an object literal holds it (``const o = {a: new …}``).
    """

    name: str | None = None
    scope: Scope = None
    member: str | None = None
    node: Node | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A place where a tracked symbol of the SDK is constructed, called or referred to.

    ``method`` is the ``raw`` of ``api.raw`` or the ``named`` of ``Bucket.named``. ``function``
    is the innermost function around it.
    """

    module: Module
    symbol: Symbol
    node: Node
    method: str | None
    bind: Bind
    function: Node | None

    @property
    def span(self) -> Span:
        return self.module.span(self.node)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Declaration:
    kind: ClassVar[Kind]
    name: str | None
    module: Module
    node: Node
    bind: Bind

    @property
    def span(self) -> Span:
        return self.module.span(self.node)

    @property
    def path(self) -> str:
        return self.module.path

    @property
    def title(self) -> str:
        return f"{TITLES[self.kind]} `{self.name}`" if self.name else TITLES[self.kind]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Service(Declaration):
    kind = "service"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Endpoint(Declaration):
    """``url`` is None where the path is Encore's default, ``/<service>.<endpoint>``.

    ``url_node`` and ``config`` are where findings about the path point to.
    """

    kind = "endpoint"
    methods: tuple[str, ...]
    url: str | None
    url_node: Node | None
    access: Access
    endpoint_kind: EndpointKind


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AuthHandler(Declaration):
    kind = "auth_handler"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Gateway(Declaration):
    kind = "gateway"
    auth_handler: Node | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Database(Declaration):
    kind = "database"
    migrations: Migrations | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Topic(Declaration):
    kind = "topic"
    delivery: Delivery
    ordering_attribute: str | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Subscription(Declaration):
    kind = "subscription"
    topic: Node
    ack_deadline: Seconds
    retention: Seconds
    min_backoff: Seconds
    max_backoff: Seconds
    max_retries: int
    max_concurrency: int | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Bucket(Declaration):
    kind = "bucket"
    public: bool
    versioned: bool


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cache(Declaration):
    kind = "cache"
    eviction_policy: EvictionPolicy


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Keyspace(Declaration):
    """``name`` is the variable's; identity is the place."""

    kind = "keyspace"
    cluster: Node
    key_pattern: str | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Secret(Declaration):
    kind = "secret"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Metric(Declaration):
    kind = "metric"
    metric_kind: MetricKind


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CronJob(Declaration):
    kind = "cron_job"
    title_text: str
    schedule: str | None
    endpoint: Node


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reference:
    """``SQLDatabase.named("…")`` and its like: another name for a declaration elsewhere."""

    kind: Kind
    name: str
    module: Module
    node: Node
    bind: Bind

    @property
    def span(self) -> Span:
        return self.module.span(self.node)


Declared = Declaration | Reference
