"""What an environment says of AWS, with every default filled in: what all kinds of resources read.

In: an ``Environment``. Out: :class:`Settings`, frozen, in which nothing is missing that a resource
needs. What cannot be is refused with every mistake at once. It reads no graph: whether a name in
the file is one that the app declares is for ``capabilities`` to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from encore_aws import defaults
from encore_aws.mistakes import can_grow, mistakes
from encore_config.environment import (
    Adopt,
    BucketSettings,
    CacheSettings,
    CertificateAuthority,
    CorsRule,
    DatabaseSettings,
    Environment,
    EnvironmentEntry,
    EnvironmentType,
    Layout,
    Nat,
    Subnets,
)
from encore_provisioner.errors import EnvironmentFileError

DEFAULTS: Final = "defaults"
"""The entry of ``databases``, ``caches`` and ``buckets`` that counts for all of them."""

_MOST_STORAGE: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """``vpc`` and ``subnets`` are ids of what a person has; without them one is made."""

    cidr: str
    zones: int
    nat: Nat
    vpc: str | None = None
    subnets: Subnets | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Storage in GiB. ``max_connections`` of one pool: computed where it is missing.

    ``is_own``: the file says something of this database's server, so it gets one of its own.
    """

    layout: Layout
    size: str
    version: int
    storage: int
    max_storage: int
    multi_az: bool
    backup_days: int
    protect: bool
    final_snapshot: bool
    performance_insights: bool
    certificate_authority: CertificateAuthority
    max_connections: int | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """``version`` is missing where the engine's usual one is meant."""

    engine: Literal["valkey", "redis"]
    version: str | None
    size: str
    replicas: int
    multi_az: bool
    backup_days: int
    protect: bool
    max_connections: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    cors: tuple[CorsRule, ...]
    cache_seconds: int
    protect: bool
    empty_on_destroy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Containers:
    """``trust``: ``ecs``, ``eks``, ``ec2`` or the ARN of who may take the roles."""

    layout: Literal["combined", "per-service"]
    image: str | None
    replicas: int
    worker_threads: int
    cpu: int
    memory: int
    log_days: int
    trust: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``key``: the ARN of the person's own key. ``namespace``: where CloudWatch takes metrics."""

    environment: str
    type: EnvironmentType
    region: str
    account: str | None
    id: str | None
    key: str | None
    protect: bool
    tags: Mapping[str, str]
    network: Network
    containers: Containers
    recovery_days: int
    namespace: str | None
    adopt: Adopt
    entry: EnvironmentEntry

    @property
    def partition(self) -> str:
        """The first part of every ARN after ``arn``: China and GovCloud have their own."""
        prefix = self.region.split("-")[0]
        return {"cn": "aws-cn"}.get(prefix, "aws-us-gov" if "-gov-" in self.region else "aws")

    @property
    def dns_suffix(self) -> str:
        """The end of every address of a service."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def database(self, name: str | None) -> Database:
        """Of the database ``name``; of the shared server with None."""
        found = _of(self.entry.databases, name, DatabaseSettings())
        values = self._values("databases", found, Database, protect=self.protect)
        if found.max_storage is None:
            room = min(2 * values["storage"], _MOST_STORAGE)
            most = max(values["max_storage"], room)
            # Near the end of what RDS has, a tenth more is more than there is.
            values["max_storage"] = most if can_grow(values["storage"], most) else values["storage"]
        is_own = name != DEFAULTS and _names_a_server((self.entry.databases or {}).get(name or ""))
        return Database(**{**values, "is_own": is_own})

    def cache(self, name: str) -> Cache:
        found = _of(self.entry.caches, name, CacheSettings())
        values = self._values("caches", found, Cache, protect=self.protect)
        if found.multi_az is None:
            # Nothing can take over where there is no replica, and ElastiCache refuses to try.
            values["multi_az"] = values["multi_az"] and values["replicas"] > 0
        return Cache(**values)

    def bucket(self, name: str) -> Bucket:
        found = _of(self.entry.buckets, name, BucketSettings())
        values = self._values("buckets", found, Bucket, protect=self.protect)
        return Bucket(**{**values, "cors": values["cors"] or ()})

    def _values(self, group: str, found: Any, shape: Any, **given: Any) -> dict[str, Any]:
        return {
            name: _first(
                getattr(found, name, None), given.get(name), _default(f"{group}.{name}", self.type)
            )
            for name in shape.__dataclass_fields__
            if name != "is_own"
        }


def settings(environment: Environment) -> Settings:
    """Raises ``EnvironmentFileError`` (``bad-aws-settings``) with every mistake as a finding."""
    found = tuple(mistakes(environment))
    if found:
        several = f"environments.{environment.name} has {len(found)} settings that cannot be"
        raise EnvironmentFileError(
            found[0].message if len(found) == 1 else several,
            code="bad-aws-settings",
            hint=found[0].hint if len(found) == 1 else None,
            diagnostics=found,
        )
    entry, kind = environment.settings, environment.type
    return Settings(
        environment=environment.name,
        type=kind,
        region=entry.region or "",
        account=entry.account,
        id=entry.id,
        key=entry.key,
        protect=_first(entry.protect, defaults.default("protect", kind)),
        tags=dict(sorted((entry.tags or {}).items())),
        network=_network(entry, kind),
        containers=_containers(entry, kind),
        recovery_days=_first(
            entry.secrets.recovery_days if entry.secrets else None,
            defaults.default("secrets.recovery_days", kind),
        ),
        namespace=_namespace(entry),
        adopt=entry.adopt or Adopt(),
        entry=entry,
    )


def _network(entry: EnvironmentEntry, kind: EnvironmentType) -> Network:
    given = entry.network
    return Network(
        cidr=_first(given and given.cidr, defaults.default("network.cidr", kind)),
        zones=_first(given and given.zones, defaults.default("network.zones", kind)),
        nat=_first(given and given.nat, defaults.default("network.nat", kind)),
        vpc=given.vpc if given else None,
        subnets=given.subnets if given else None,
    )


def _containers(entry: EnvironmentEntry, kind: EnvironmentType) -> Containers:
    given = entry.containers
    values = {
        name: _first(getattr(given, name, None), _default(f"containers.{name}", kind))
        for name in Containers.__dataclass_fields__
        if name != "trust"
    }
    return Containers(**values, trust=_first(entry.trust, defaults.default("trust", kind)))


def _namespace(entry: EnvironmentEntry) -> str | None:
    if entry.metrics is None or entry.metrics.exporter != "cloudwatch":
        return None
    return entry.metrics.namespace


def _of(group: Mapping[str, Any] | None, name: str | None, empty: Any) -> Any:
    """What the file says of ``name``, over what it says of all."""
    entries = group or {}
    shared, own = entries.get(DEFAULTS, empty), entries.get(name or DEFAULTS, empty)
    values = {
        field: _first(getattr(own, field), getattr(shared, field))
        for field in empty.__struct_fields__
    }
    return type(empty)(**values)


_OF_THE_SERVER: Final = frozenset(DatabaseSettings.__struct_fields__) - {
    "layout",
    "max_connections",
}


def _names_a_server(own: DatabaseSettings | None) -> bool:
    return own is not None and any(getattr(own, field) is not None for field in _OF_THE_SERVER)


def _default(key: str, kind: EnvironmentType) -> Any:
    return defaults.default(key, kind) if key in defaults.TABLE else None


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
