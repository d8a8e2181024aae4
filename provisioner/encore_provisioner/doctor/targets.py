"""What the runtime config tells the app to reach, one value for each thing.

In: the config in either encoding and the variables of the app's process. Out: frozen targets in
a stable order. Nothing is contacted and no secret is resolved here. Rules of the core's mapping
are those of the runtime binding contract, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from encore_config import infra

DEFAULT_POOL = 100
POOL_OF_ZERO = 30
"""The core's pool when ``max_connections`` is absent, and when it is zero or less (4.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlTarget:
    """A database. ``server_pool`` adds up all pools of the process on that server."""

    name: str
    physical: str
    host: str
    port: int
    username: str
    password: infra.EnvString
    tls: infra.TLSConfig | None
    client_cert: infra.ClientCert | None
    pool: int
    server_pool: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheTarget:
    name: str
    redis: infra.Redis
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketTarget:
    """``endpoint`` is always set: the config's, or AWS's for the region."""

    name: str
    bucket: infra.Bucket
    region: str
    endpoint: str
    access_key_id: str | None
    secret_access_key: infra.EnvString | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicTarget:
    """``ordered`` when the core sends a group id, so that the topic must be FIFO (4.7.1)."""

    name: str
    arn: str
    ordered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionTarget:
    topic: TopicTarget
    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsTarget:
    """Where SNS and SQS are, by the variables that the AWS SDK reads."""

    region: str | None
    sns: str
    sqs: str


def sql_targets(config: infra.InfraConfig, *, cpus: int) -> Iterator[SqlTarget]:
    """Databases by name. ``worker_threads`` 0 is one for each of ``cpus`` (contract 2)."""
    workers = 1 if config.worker_threads is None else config.worker_threads or cpus
    found = (
        _sql_target(name, database, server, workers)
        for server in config.sql_servers or ()
        for name, database in server.databases.items()
    )
    yield from sorted(found, key=lambda target: target.name)


def _sql_target(
    name: str, database: infra.SQLDatabase, server: infra.SQLServer, workers: int
) -> SqlTarget:
    host, port = split_host(server.host, 5432)
    server_cert = server.tls_config.client_cert if server.tls_config else None
    return SqlTarget(
        name=name,
        physical=database.name or name,
        host=host,
        port=port,
        username=database.username,
        password=database.password,
        tls=server.tls_config,
        client_cert=database.client_cert or server_cert,
        pool=pool_size(database.max_connections),
        server_pool=workers * sum(pool_size(d.max_connections) for d in server.databases.values()),
    )


def pool_size(maximum: int | None) -> int:
    if maximum is None:
        return DEFAULT_POOL
    return maximum if maximum > 0 else POOL_OF_ZERO


def split_host(host: str, default: int) -> tuple[str, int]:
    """As the core splits: at the first ``:``; a path is a Unix socket's."""
    if host.startswith("/"):
        return host, default
    name, colon, port = host.partition(":")
    return name, int(port) if colon and port.isdigit() else default


def cache_targets(config: infra.InfraConfig) -> Iterator[CacheTarget]:
    for name, redis in sorted((config.redis or {}).items()):
        host, port = split_host(redis.host, 6379)
        yield CacheTarget(name=name, redis=redis, host=host, port=port)


def bucket_targets(config: infra.InfraConfig) -> Iterator[BucketTarget]:
    found = (
        BucketTarget(
            name=name,
            bucket=bucket,
            region=store.region,
            endpoint=store.endpoint or f"https://s3.{store.region}.amazonaws.com",
            access_key_id=store.access_key_id,
            secret_access_key=store.secret_access_key,
        )
        for store in config.object_storage or ()
        if isinstance(store, infra.S3)
        for name, bucket in store.buckets.items()
    )
    yield from sorted(found, key=lambda target: target.name)


def topic_targets(
    config: infra.InfraConfig, ordered: frozenset[str]
) -> Iterator[tuple[TopicTarget, tuple[SubscriptionTarget, ...]]]:
    """Topics on SNS by name, each with its subscriptions by name."""
    topics = {
        name: topic
        for block in config.pubsub or ()
        if isinstance(block, infra.AWSSnsSqs)
        for name, topic in block.topics.items()
    }
    for name, topic in sorted(topics.items()):
        target = TopicTarget(name=name, arn=topic.arn, ordered=name in ordered)
        yield (
            target,
            tuple(
                SubscriptionTarget(topic=target, name=key, url=subscription.url)
                for key, subscription in sorted(topic.subscriptions.items())
            ),
        )


def unknown_services(config: infra.InfraConfig) -> tuple[str, ...]:
    """Services in the config that the doctor has no door to."""
    blocks = (*(config.pubsub or ()), *(config.object_storage or ()))
    names = {infra.GCPPubSub: "gcp_pubsub", infra.NSQ: "nsq", infra.GCS: "gcs"}
    return tuple(sorted({names[type(b)] for b in blocks if type(b) in names}))


def aws_target(environ: Mapping[str, str]) -> AwsTarget:
    """A service's own endpoint variable first, then the general one, then AWS itself."""
    region = environ.get("AWS_REGION") or None
    general = environ.get("AWS_ENDPOINT_URL")

    def endpoint(service: str) -> str:
        own = environ.get(f"AWS_ENDPOINT_URL_{service.upper()}")
        return own or general or f"https://{service}.{region}.amazonaws.com"

    return AwsTarget(
        region=region,
        sns=endpoint("sns"),
        sqs=endpoint("sqs"),
    )
