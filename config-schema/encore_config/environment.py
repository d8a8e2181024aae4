"""The environment file ``encore.infra.yaml``: the environments of one app, as people write them.

The file stands beside ``encore.app``; every key is optional. A name that ends in ``*`` is a
pattern for environments that come and go (``pr-*``). ``extends`` names another entry whose
keys are taken over where this one has none; maps are merged, lists and values replaced.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from encore_config.document import SCHEMA_VERSION, SchemaVersion, Value

EnvironmentName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,38}(?!\n)$")]
EnvironmentType = Literal["development", "production", "ephemeral", "test"]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Ports(Value, frozen=True, kw_only=True):
    """Fixed ports of the servers on this machine; those left out are chosen once and kept."""

    app: Port | None = None
    postgres: Port | None = None
    aws: Port | None = None
    caches: dict[str, Port] = {}


class Postgres(Value, frozen=True, kw_only=True):
    """``bin``: the folder of another installation's programs (``initdb``, ``postgres``)."""

    bin: str | None = None


Nat = Literal["gateway", "gateway_per_zone", "instance", "none"]
Layout = Literal["shared", "separate", "per-service"]
CertificateAuthority = Literal["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"]
Days = Annotated[int, msgspec.Meta(ge=0, le=35)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Account = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{12}(?!\n)$", description="the 12 digits of an account")
]
"""A pattern needs a description: it is what the checker tells people."""


class Subnets(Value, frozen=True, kw_only=True):
    """Ids of subnets that a person has, by what may stand in them."""

    public: tuple[str, ...] | None = None
    compute: tuple[str, ...] | None = None
    storage: tuple[str, ...] | None = None


class Network(Value, frozen=True, kw_only=True):
    """A network to make (``cidr``, ``zones``, ``nat``) or one that is there (``vpc``)."""

    cidr: str | None = None
    zones: Annotated[int, msgspec.Meta(ge=2, le=3)] | None = None
    nat: Nat | None = None
    vpc: str | None = None
    subnets: Subnets | None = None


class DatabaseSettings(Value, frozen=True, kw_only=True):
    """Of one database, or under ``defaults`` of all. Storage in GiB.

    ``layout``: on one server with the others, on one of its own, or with those of its service.
    """

    layout: Layout | None = None
    size: str | None = None
    version: Annotated[int, msgspec.Meta(ge=14, le=18)] | None = None
    storage: Annotated[int, msgspec.Meta(ge=20, le=65536)] | None = None
    max_storage: Annotated[int, msgspec.Meta(ge=20, le=65536)] | None = None
    multi_az: bool | None = None
    backup_days: Days | None = None
    protect: bool | None = None
    final_snapshot: bool | None = None
    performance_insights: bool | None = None
    certificate_authority: CertificateAuthority | None = None
    max_connections: Positive | None = None


class CacheSettings(Value, frozen=True, kw_only=True):
    """Of one cache, or under ``defaults`` of all. ``replicas`` come on top of the primary."""

    engine: Literal["valkey", "redis"] | None = None
    version: str | None = None
    size: str | None = None
    replicas: Annotated[int, msgspec.Meta(ge=0, le=5)] | None = None
    multi_az: bool | None = None
    backup_days: Days | None = None
    protect: bool | None = None
    max_connections: Positive | None = None


Method = Literal["GET", "HEAD", "PUT", "POST", "DELETE"]


class CorsRule(Value, frozen=True, kw_only=True):
    """Which web pages may use a bucket from a browser. ``max_age`` in seconds."""

    origins: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    methods: Annotated[tuple[Method, ...], msgspec.Meta(min_length=1)] | None = None
    headers: tuple[str, ...] | None = None
    expose: tuple[str, ...] | None = None
    max_age: Annotated[int, msgspec.Meta(ge=0, le=86400)] | None = None


class BucketSettings(Value, frozen=True, kw_only=True):
    """Of one bucket, or under ``defaults`` of all.

    ``cache_seconds``: how long copies of a public bucket's objects may be given out unasked.
    ``empty_on_destroy``: objects do not keep the bucket from being deleted.
    """

    cors: tuple[CorsRule, ...] | None = None
    cache_seconds: Annotated[int, msgspec.Meta(ge=0, le=31_536_000)] | None = None
    protect: bool | None = None
    empty_on_destroy: bool | None = None


class SecretSettings(Value, frozen=True, kw_only=True):
    """``recovery_days``: how long a deleted secret can be restored: 0, or 7 to 30."""

    recovery_days: Annotated[int, msgspec.Meta(ge=0, le=30)] | None = None


class Containers(Value, frozen=True, kw_only=True):
    """The processes that run the app: how many, how large, from which image.

    ``cpu`` in 1,024ths of a processor and ``memory`` in MiB, as ECS counts; ``layout``: one
    container with all services, or one for each service.
    """

    layout: Literal["combined", "per-service"] | None = None
    image: str | None = None
    replicas: Positive | None = None
    worker_threads: Annotated[int, msgspec.Meta(ge=1, le=256)] | None = None
    cpu: Annotated[int, msgspec.Meta(ge=256, le=16384)] | None = None
    memory: Annotated[int, msgspec.Meta(ge=512, le=122_880)] | None = None
    log_days: Positive | None = None


class MetricsSettings(Value, frozen=True, kw_only=True):
    """Where the app's metrics go. ``namespace`` is CloudWatch's name for a set of them."""

    exporter: Literal["cloudwatch", "none"] | None = None
    namespace: str | None = None


class AdoptedDatabase(Value, frozen=True, kw_only=True):
    """A database that is there: the server's identifier, and who logs in.

    ``password`` is the ARN of the secret that holds it; ``database`` is the declared name where
    it is missing.
    """

    instance: str
    username: str
    password: str
    database: str | None = None


class AdoptedCache(Value, frozen=True, kw_only=True):
    """A cache that is there: its replication group, and who logs in, if anybody must.

    ``password`` is the ARN of the secret that holds it.
    """

    group: str
    username: str | None = None
    password: str | None = None


class Adopt(Value, frozen=True, kw_only=True):
    """What exists and is used, but never changed or deleted; by declared name.

    Topics, subscriptions (``<topic>/<name>``: the queue) and secrets by ARN, buckets by name.
    """

    databases: dict[str, AdoptedDatabase] = {}
    caches: dict[str, AdoptedCache] = {}
    topics: dict[str, str] = {}
    subscriptions: dict[str, str] = {}
    buckets: dict[str, str] = {}
    secrets: dict[str, str] = {}


class EnvironmentEntry(Value, frozen=True, kw_only=True):
    """One entry of the file. Which keys have a meaning is for the provider to say.

    ``account`` is the cloud account that everything must be in, ``key`` a key of the person's own
    that encrypts everything, ``trust`` who may take the roles of the containers.
    """

    provider: str | None = None
    extends: str | None = None
    type: EnvironmentType | None = None
    id: str | None = None
    region: str | None = None
    account: Account | None = None
    state: str | None = None
    key: str | None = None
    protect: bool | None = None
    tags: dict[str, str] | None = None
    ports: Ports | None = None
    postgres: Postgres | None = None
    network: Network | None = None
    databases: dict[str, DatabaseSettings] | None = None
    caches: dict[str, CacheSettings] | None = None
    buckets: dict[str, BucketSettings] | None = None
    secrets: SecretSettings | None = None
    compute: Literal["none"] | None = None
    containers: Containers | None = None
    trust: str | None = None
    metrics: MetricsSettings | None = None
    adopt: Adopt | None = None


class EnvironmentFile(Value, frozen=True, kw_only=True):
    schema: SchemaVersion = SCHEMA_VERSION
    environments: dict[str, EnvironmentEntry] = {}


class Environment(Value, frozen=True, kw_only=True):
    """One environment with ``extends`` and patterns resolved; what every later stage reads."""

    name: EnvironmentName
    provider: str = "local"
    type: EnvironmentType = "development"
    settings: EnvironmentEntry = EnvironmentEntry()
