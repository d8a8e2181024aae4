"""From ``infra.config.json`` to ``encore.runtime.v1.RuntimeConfig``, as the core itself maps it.

In: an :class:`InfraConfig` and, for each topic, what JSON cannot say about it. Out: the message
that the core makes from the same file at boot (``map_infra_to_runtime``), with two differences:
resource ids are names (``sql-role:0/orders``) where the core counts, so that equal configs give
equal bytes; and delivery guarantee and ordering attribute are those given for the topic.

May not: judge the config (``infra_reader.boot_problems`` does), read variables, sort anything
but maps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar, assert_never

from google.protobuf.duration_pb2 import Duration

from encore_config import infra
from encore_config.errors import DocumentError
from encore_config.graph import Delivery
from encore_config.proto import database_pb2 as db
from encore_config.proto import deployment_pb2 as dep
from encore_config.proto import infrastructure_pb2 as res
from encore_config.proto import observability_pb2 as obs
from encore_config.proto import pubsub_pb2 as ps
from encore_config.proto import runtime_pb2 as rt
from encore_config.proto import storage_pb2 as st
from encore_config.proto.secret_pb2 import SecretData

V = TypeVar("V")

DEFAULT_MAX_CONNECTIONS: Final = 100
"""What the core takes for SQL and Redis where the file says nothing (contract 4.5, 4.6)."""

ENV_TYPES: Final = {
    "development": rt.Environment.TYPE_DEVELOPMENT,
    "production": rt.Environment.TYPE_PRODUCTION,
    "ephemeral": rt.Environment.TYPE_EPHEMERAL,
    "test": rt.Environment.TYPE_TEST,
}
CLOUDS: Final = {
    "local": rt.Environment.CLOUD_LOCAL,
    "encore": rt.Environment.CLOUD_ENCORE,
    "aws": rt.Environment.CLOUD_AWS,
    "gcp": rt.Environment.CLOUD_GCP,
    "azure": rt.Environment.CLOUD_AZURE,
}
GUARANTEES: Final[Mapping[Delivery, ps.PubSubTopic.DeliveryGuarantee.ValueType]] = {
    "at-least-once": ps.PubSubTopic.DELIVERY_GUARANTEE_AT_LEAST_ONCE,
    "exactly-once": ps.PubSubTopic.DELIVERY_GUARANTEE_EXACTLY_ONCE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicExtra:
    """What only the protobuf carries of a topic."""

    delivery: Delivery = "at-least-once"
    ordering_attribute: str | None = None


PLAIN: Final = TopicExtra()


def from_infra(
    config: infra.InfraConfig, *, topics: Mapping[str, TopicExtra] | None = None
) -> rt.RuntimeConfig:
    """The message for ``config``; ``topics`` by Encore name, those left out are plain.

    Raises :class:`DocumentError` where the core would panic: a Redis ``auth`` without the
    field that its type needs (contract 4.6).
    """
    made = rt.RuntimeConfig()
    made.environment.CopyFrom(_environment(config.metadata or infra.Metadata()))
    made.infra.credentials.SetInParent()
    made.infra.resources.SetInParent()
    resources = made.infra.resources
    resources.gateways.extend(_gateways(config))
    made.deployment.CopyFrom(_deployment(config, [g.rid for g in resources.gateways]))
    resources.bucket_clusters.extend(_bucket_clusters(config.object_storage or ()))
    resources.pubsub_clusters.extend(_pubsub_clusters(config.pubsub or (), topics or {}))
    resources.app_secrets.extend(_secrets(config.secrets or {}))
    for index, server in enumerate(config.sql_servers or ()):
        _add_sql(made.infra, index, server)
    for name, redis in _by_key(config.redis):
        _add_redis(made.infra, name, redis)
    return made


def secret(value: infra.EnvString) -> SecretData:
    if isinstance(value, infra.EnvRef):
        return SecretData(env=value.env)
    return SecretData(embedded=value.encode("utf-8"))


def _by_key(items: Mapping[str, V] | None) -> Iterator[tuple[str, V]]:
    """Maps have no order in the core; here they are sorted, for equal bytes."""
    yield from sorted((items or {}).items(), key=lambda item: item[0])


def _seconds(value: int | None) -> Duration | None:
    return None if value is None else Duration(seconds=value)


def _environment(metadata: infra.Metadata) -> rt.Environment:
    return rt.Environment(
        app_slug=metadata.app_id or "",
        env_name=metadata.env_name or "",
        env_type=ENV_TYPES.get(metadata.env_type or "", rt.Environment.TYPE_UNSPECIFIED),
        cloud=CLOUDS.get(metadata.cloud or "", rt.Environment.CLOUD_UNSPECIFIED),
    )


def _deployment(config: infra.InfraConfig, gateways: list[str]) -> dep.Deployment:
    methods = _auth_methods(config.auth)
    made = dep.Deployment(
        hosted_gateways=gateways,
        hosted_services=[
            dep.HostedService(
                name=name, worker_threads=config.worker_threads, log_config=config.log_config
            )
            for name in config.hosted_services or ()
        ],
        auth_methods=methods,
        observability=_observability(config.metrics),
        metrics=[
            dep.Metric(encore_name=metric.name, services=metric.services)
            for metric in config.used_metrics or ()
        ],
    )
    if config.graceful_shutdown is not None:
        made.graceful_shutdown.CopyFrom(_shutdown(config.graceful_shutdown))
    if config.service_discovery is not None:
        made.service_discovery.SetInParent()
        for name, entry in _by_key(config.service_discovery):
            own = methods if entry.auth is None else _auth_methods(entry.auth)
            location = made.service_discovery.services[name]
            location.base_url = entry.base_url
            location.auth_methods.extend(own)
    return made


def _shutdown(graceful: infra.GracefulShutdown) -> dep.GracefulShutdown:
    return dep.GracefulShutdown(
        total=_seconds(graceful.total),
        shutdown_hooks=_seconds(graceful.shutdown_hooks),
        handlers=_seconds(graceful.handlers),
    )


def _auth_methods(auth: tuple[infra.KeyAuth, ...] | None) -> list[dep.ServiceAuth]:
    """One method for each key, as the core does; no list at all means ``noop``."""
    if auth is None:
        return [dep.ServiceAuth(noop=dep.ServiceAuth.NoopAuth())]
    keys = [
        # The core casts i32 to u32, so a negative id wraps.
        dep.EncoreAuthKey(id=entry.id % 2**32, data=secret(entry.key))
        for entry in auth
    ]
    return [
        dep.ServiceAuth(encore_auth=dep.ServiceAuth.EncoreAuth(auth_keys=[key])) for key in keys
    ]


def _observability(metrics: infra.Metrics | None) -> obs.Observability:
    if metrics is None:
        return obs.Observability()
    made = obs.MetricsProvider(
        rid="metrics", collection_interval=_seconds(metrics.collection_interval)
    )
    match metrics:
        case infra.Prometheus():
            made.prom_remote_write.remote_write_url.CopyFrom(secret(metrics.remote_write_url))
        case infra.Datadog():
            made.datadog.site = metrics.site
            made.datadog.api_key.CopyFrom(secret(metrics.api_key))
        case infra.GCPCloudMonitoring():
            made.gcp.project_id = metrics.project_id
            made.gcp.monitored_resource_type = metrics.monitored_resource_type
            made.gcp.monitored_resource_labels.update(metrics.monitored_resource_labels or {})
            made.gcp.metric_names.update(metrics.metric_names or {})
            made.gcp.SetInParent()
        case infra.AWSCloudWatch():
            made.aws.namespace = metrics.namespace
            made.aws.SetInParent()
        case _:
            assert_never(metrics)
    return obs.Observability(metrics=[made])


def _gateways(config: infra.InfraConfig) -> Iterator[res.Gateway]:
    base_url = (config.metadata or infra.Metadata()).base_url or ""
    for name in config.hosted_gateways or ():
        gateway = res.Gateway(rid=f"gateway:{name}", encore_name=name, base_url=base_url)
        if config.cors is not None:
            gateway.cors.CopyFrom(_cors(config.cors))
        yield gateway


def _cors(cors: infra.CORS) -> res.Gateway.CORS:
    made = res.Gateway.CORS(
        debug=bool(cors.debug),
        extra_allowed_headers=cors.allow_headers,
        extra_exposed_headers=cors.expose_headers,
        allow_private_network_access=True,
    )
    if cors.allow_origins_without_credentials is not None:
        made.allowed_origins_without_credentials.SetInParent()
        made.allowed_origins_without_credentials.allowed_origins.extend(
            cors.allow_origins_without_credentials
        )
    if cors.allow_origins_with_credentials is not None:
        made.allowed_origins.SetInParent()
        made.allowed_origins.allowed_origins.extend(cors.allow_origins_with_credentials)
    return made


def _bucket_clusters(storages: tuple[infra.ObjectStorage, ...]) -> Iterator[st.BucketCluster]:
    for index, storage in enumerate(storages):
        cluster = st.BucketCluster(rid=f"bucket-cluster:{index}")
        match storage:
            case infra.S3():
                cluster.s3.CopyFrom(_s3(storage))
            case infra.GCS():
                cluster.gcs.CopyFrom(st.BucketCluster.GCS(endpoint=storage.endpoint))
            case _:
                assert_never(storage)
        cluster.buckets.extend(
            st.Bucket(
                rid=f"bucket:{index}/{name}",
                encore_name=name,
                cloud_name=bucket.name,
                key_prefix=bucket.key_prefix,
                public_base_url=bucket.public_base_url,
            )
            for name, bucket in _by_key(storage.buckets)
        )
        yield cluster


def _s3(storage: infra.S3) -> st.BucketCluster.S3:
    key = storage.secret_access_key
    return st.BucketCluster.S3(
        region=storage.region,
        endpoint=storage.endpoint,
        access_key_id=storage.access_key_id,
        secret_access_key=None if key is None else secret(key),
    )


def _pubsub_clusters(
    blocks: tuple[infra.PubSub, ...], extras: Mapping[str, TopicExtra]
) -> Iterator[ps.PubSubCluster]:
    for index, block in enumerate(blocks):
        cluster = ps.PubSubCluster(rid=f"pubsub:{index}")
        match block:
            case infra.AWSSnsSqs():
                cluster.aws.SetInParent()
                _add_aws(cluster, block)
            case infra.GCPPubSub():
                cluster.gcp.SetInParent()
                _add_gcp(cluster, block)
            case infra.NSQ():
                cluster.nsq.hosts.append(block.hosts)
                _add_nsq(cluster, block)
            case _:
                assert_never(block)
        for topic in cluster.topics:
            extra = extras.get(topic.encore_name, PLAIN)
            topic.delivery_guarantee = GUARANTEES[extra.delivery]
            if extra.ordering_attribute is not None:
                topic.ordering_attr = extra.ordering_attribute
        yield cluster


def _add_aws(cluster: ps.PubSubCluster, block: infra.AWSSnsSqs) -> None:
    for name, topic in _by_key(block.topics):
        cluster.topics.add(encore_name=name, cloud_name=topic.arn)
        for sub_name, subscription in _by_key(topic.subscriptions):
            _add_subscription(cluster, (name, topic.arn), (sub_name, subscription.url))


def _add_nsq(cluster: ps.PubSubCluster, block: infra.NSQ) -> None:
    for name, topic in _by_key(block.topics):
        cluster.topics.add(encore_name=name, cloud_name=topic.name)
        for sub_name, subscription in _by_key(topic.subscriptions):
            _add_subscription(cluster, (name, topic.name), (sub_name, subscription.name))


def _add_gcp(cluster: ps.PubSubCluster, block: infra.GCPPubSub) -> None:
    """A subscription inherits the block's project, never its topic's (contract 4.7.2)."""
    for name, topic in _by_key(block.topics):
        made = cluster.topics.add(encore_name=name, cloud_name=topic.name)
        made.gcp_config.SetInParent()
        made.gcp_config.project_id = _project(topic.project_id, block)
        for sub_name, subscription in _by_key(topic.subscriptions):
            sub = _add_subscription(cluster, (name, topic.name), (sub_name, subscription.name))
            sub.gcp_config.SetInParent()
            sub.gcp_config.project_id = _project(subscription.project_id, block)
            push = subscription.push_config
            if push is not None:
                sub.rid = push.id
                sub.push_only = True
                sub.gcp_config.push_service_account = push.service_account
                sub.gcp_config.push_jwt_audience = push.jwt_audience


def _project(own: str | None, block: infra.GCPPubSub) -> str:
    return (block.project_id or "") if own is None else own


def _add_subscription(
    cluster: ps.PubSubCluster, topic: tuple[str, str], subscription: tuple[str, str]
) -> ps.PubSubSubscription:
    """Both pairs are (Encore name, cloud name)."""
    return cluster.subscriptions.add(
        topic_encore_name=topic[0],
        topic_cloud_name=topic[1],
        subscription_encore_name=subscription[0],
        subscription_cloud_name=subscription[1],
    )


def _secrets(secrets: Mapping[str, infra.EnvString]) -> Iterator[res.AppSecret]:
    for name, value in _by_key(secrets):
        yield res.AppSecret(rid=f"secret:{name}", encore_name=name, data=secret(value))


def _tls(tls: infra.TLSConfig | None) -> db.TLSConfig | None:
    """An absent object means TLS with the system's roots; only ``disabled`` means plaintext."""
    if tls is None:
        return db.TLSConfig()
    if tls.disabled:
        return None
    return db.TLSConfig(
        server_ca_cert=tls.ca,
        disable_tls_hostname_verification=tls.disable_tls_hostname_verification,
        disable_ca_validation=tls.disable_ca_validation,
    )


def _add_cert(made: res.Infrastructure, rid: str, cert: infra.ClientCert | None) -> str | None:
    """The rid of the certificate, now among the credentials; None when there is none."""
    if cert is None:
        return None
    made.credentials.client_certs.add(rid=rid, cert=cert.cert, key=secret(cert.key))
    return rid


def _max(value: int | None) -> int:
    return DEFAULT_MAX_CONNECTIONS if value is None else value


def _add_sql(made: res.Infrastructure, index: int, server: infra.SQLServer) -> None:
    tls = server.tls_config
    shared = _add_cert(made, f"cert:sql:{index}", tls.client_cert if tls else None)
    cluster = made.resources.sql_clusters.add(rid=f"sql-cluster:{index}")
    cluster.servers.add(
        rid=f"sql-server:{index}",
        host=server.host,
        kind=db.SERVER_KIND_PRIMARY,
        tls_config=_tls(tls),
    )
    for name, database in _by_key(server.databases):
        place = f"{index}/{name}"
        own = _add_cert(made, f"cert:sql:{place}", database.client_cert)
        made.credentials.sql_roles.add(
            rid=f"sql-role:{place}",
            username=database.username,
            password=secret(database.password),
            client_cert_rid=shared if own is None else own,
        )
        cluster.databases.add(
            rid=f"sql-database:{place}",
            encore_name=name,
            cloud_name=name if database.name is None else database.name,
        ).conn_pools.add(
            role_rid=f"sql-role:{place}",
            min_connections=database.min_connections or 0,
            max_connections=_max(database.max_connections),
        )


def _add_redis(made: res.Infrastructure, name: str, redis: infra.Redis) -> None:
    tls = redis.tls_config
    cert = _add_cert(made, f"cert:redis/{name}", tls.client_cert if tls else None)
    role = made.credentials.redis_roles.add(rid=f"redis-role:{name}", client_cert_rid=cert)
    if redis.auth is not None:
        _set_auth(role, name, redis.auth)
    # The core gives these two no rid either.
    cluster = made.resources.redis_clusters.add(in_memory=redis.in_memory)
    cluster.servers.add(host=redis.host, kind=db.SERVER_KIND_PRIMARY, tls_config=_tls(tls))
    cluster.databases.add(
        rid=f"redis-database:{name}",
        encore_name=name,
        database_idx=redis.database_index,
        key_prefix=redis.key_prefix,
    ).conn_pools.add(
        role_rid=f"redis-role:{name}",
        min_connections=redis.min_connections or 0,
        max_connections=_max(redis.max_connections),
    )


def _set_auth(role: db.RedisRole, name: str, auth: infra.RedisAuth) -> None:
    """Every type but ``acl`` is an ``auth_string`` to the core."""
    if auth.type == "acl":
        if auth.username is None:
            raise _lacks(name, auth, "username")
        if auth.password is None:
            raise _lacks(name, auth, "password")
        role.acl.username = auth.username
        role.acl.password.CopyFrom(secret(auth.password))
    else:
        if auth.auth_string is None:
            raise _lacks(name, auth, "auth_string")
        role.auth_string.CopyFrom(secret(auth.auth_string))


def _lacks(name: str, auth: infra.RedisAuth, field: str) -> DocumentError:
    return DocumentError(
        f'auth of type "{auth.type}" needs "{field}"; the core panics without it',
        path=("redis", name, "auth"),
        hint=f'add "{field}"',
    )
