"""What analysis found in the source, before services and references are known. Data only.

A declaration is kept without its syntax tree, so that it can be cached and sent between processes.
What later stages resolve (a subscription's topic, a cron job's endpoint) it keeps as the place of
that expression. ``name`` is None where the source gives none that could be read: the declaration
then still answers references to its variable, so that one mistake gives one finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import msgspec
from tree_sitter import Node

from encore_config.graph import (
    Access,
    Delivery,
    EndpointKind,
    EvictionPolicy,
    MetricKind,
    MigrationSource,
    Seconds,
)
from encore_provisioner.analysis.catalogue import TITLES, Kind, Symbol
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.scopes import Scope
from encore_provisioner.analysis.source import Place, Span


class Bind(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """The variable that holds a declaration: contract A2.

    ``name`` is None when it is anonymous, ``default`` for ``export default new …``. ``member`` is
    the key under which an object literal holds it (``const o = {a: new …}``). ``blank``: held by
    the variable ``_``, which is no name.
    """

    name: str | None = None
    scope: Scope = None
    member: str | None = None
    blank: bool = False


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
    def holder(self) -> Node | None:
        """The nearest variable around this, whose name Encore takes: also one of a function."""
        around = self.module.scopes.around(self.node)
        return next((node for node in around if node.type == "variable_declarator"), None)

    @property
    def span(self) -> Span:
        return self.module.span(self.node)

    @property
    def place(self) -> Place:
        return self.module.place(self.node)


class _Found(msgspec.Struct, frozen=True, kw_only=True, eq=False, array_like=True):
    """What declarations and references have in common; equal only to themselves."""

    name: str | None
    place: Place
    bind: Bind

    @property
    def path(self) -> str:
        return self.place.file


class Declaration(_Found, frozen=True, kw_only=True, eq=False, array_like=True):
    kind: ClassVar[Kind]

    @property
    def title(self) -> str:
        return f"{TITLES[self.kind]} `{self.name}`" if self.name else TITLES[self.kind]


class Service(Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="service"):
    kind = "service"


class Asset(msgspec.Struct, frozen=True, array_like=True):
    """A file or folder that must be there: ``path`` is relative to the folder of ``place``."""

    path: str
    folder: bool
    place: Place


class Endpoint(Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="endpoint"):
    """``url`` is None where the path is Encore's default, ``/<service>.<endpoint>``.

    ``url_place`` is where findings about the path point to; ``assets`` are those of static files.
    """

    kind = "endpoint"
    methods: tuple[str, ...]
    url: str | None
    url_place: Place | None
    access: Access
    endpoint_kind: EndpointKind
    assets: tuple[Asset, ...] = ()


class AuthHandler(
    Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="auth_handler"
):
    kind = "auth_handler"


class Gateway(Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="gateway"):
    kind = "gateway"
    auth_handler: Place | None


class MigrationFolder(msgspec.Struct, frozen=True, array_like=True):
    """The folder that a database names, relative to the folder of the file that names it."""

    path: str
    source: MigrationSource
    place: Place


class Database(Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="database"):
    kind = "database"
    migrations: MigrationFolder | None


class Topic(Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="topic"):
    kind = "topic"
    delivery: Delivery
    ordering_attribute: str | None


class Subscription(
    Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="subscription"
):
    kind = "subscription"
    topic: Place
    ack_deadline: Seconds
    retention: Seconds
    min_backoff: Seconds
    max_backoff: Seconds
    max_retries: int
    max_concurrency: int | None


class Bucket(Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="bucket"):
    kind = "bucket"
    public: bool
    versioned: bool


class Cache(Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="cache"):
    kind = "cache"
    eviction_policy: EvictionPolicy


class Keyspace(Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="keyspace"):
    """``name`` is the variable's; identity is the place."""

    kind = "keyspace"
    cluster: Place
    key_pattern: str | None


class Secret(Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="secret"):
    kind = "secret"


class Metric(Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="metric"):
    kind = "metric"
    metric_kind: MetricKind


class CronJob(Declaration, frozen=True, kw_only=True, eq=False, array_like=True, tag="cron_job"):
    kind = "cron_job"
    title_text: str
    schedule: str | None
    endpoint: Place


class Reference(_Found, frozen=True, kw_only=True, eq=False, array_like=True, tag="reference"):
    """``SQLDatabase.named("…")`` and its like: another name for a declaration elsewhere."""

    name: str
    kind: Kind

    @property
    def title(self) -> str:
        return f"{TITLES[self.kind]} `{self.name}`"


Declared = Declaration | Reference
AnyDeclared = (
    Service
    | Endpoint
    | AuthHandler
    | Gateway
    | Database
    | Topic
    | Subscription
    | Bucket
    | Cache
    | Keyspace
    | Secret
    | Metric
    | CronJob
    | Reference
)
"""Every class of :data:`Declared`, for decoding."""


class Target(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Which declaration is meant: the one at a place, or the one of a name.

    ``file``, ``start`` and ``stop`` are those of its place; with a ``name`` they are not given.
    """

    kind: Kind
    file: str = ""
    start: int = 0
    stop: int = 0
    name: str | None = None


def target_of(item: Declared) -> Target:
    if isinstance(item, Reference):
        return Target(item.kind, name=item.name)
    return Target(item.kind, item.place.file, item.place.start, item.place.stop)
