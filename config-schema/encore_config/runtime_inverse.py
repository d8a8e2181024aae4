"""From ``encore.runtime.v1.RuntimeConfig`` back to ``infra.config.json``, as far as it goes.

In: a message. Out: the config that says the most of it, and the list of what JSON cannot carry.
That list is not kept by hand: the config is mapped forward again and compared with the message
(``runtime_compare``), so whatever differs is a loss.

May not: show values in the list of losses; they may be secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration

from encore_config import infra
from encore_config.errors import DocumentError
from encore_config.proto import database_pb2 as db
from encore_config.proto import deployment_pb2 as dep
from encore_config.proto import infrastructure_pb2 as res
from encore_config.proto import observability_pb2 as obs
from encore_config.proto import pubsub_pb2 as ps
from encore_config.proto import runtime_pb2 as rt
from encore_config.proto import storage_pb2 as st
from encore_config.proto.secret_pb2 import SecretData
from encore_config.runtime_compare import differences
from encore_config.runtime_map import CLOUDS, ENV_TYPES, from_infra

T = TypeVar("T")
M = TypeVar("M", db.SQLServer, db.RedisServer)
P = TypeVar("P", db.SQLConnectionPool, db.RedisConnectionPool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """``losses`` are paths in the message, sorted: what the file does not say as it did."""

    config: infra.InfraConfig
    losses: tuple[str, ...]


def to_infra(runtime: rt.RuntimeConfig) -> Translated:
    """The config for ``runtime`` and what it loses.

    Raises :class:`DocumentError` for a message that the core would not boot with: a reference
    to a role, certificate or gateway that does not exist.
    """
    config = _config(runtime)
    return Translated(config=config, losses=differences(runtime, from_infra(config)))


def _config(runtime: rt.RuntimeConfig) -> infra.InfraConfig:
    deployment, resources = runtime.deployment, runtime.infra.resources
    by_rid = {gateway.rid: gateway for gateway in resources.gateways}
    hosted = [_at(by_rid, rid, "gateway") for rid in deployment.hosted_gateways]
    services = deployment.hosted_services
    first = services[0] if services else dep.HostedService()
    credentials = _Credentials(runtime.infra.credentials)
    return infra.InfraConfig(
        metadata=_metadata(runtime.environment, hosted),
        graceful_shutdown=_shutdown(deployment),
        auth=_auth(deployment.auth_methods),
        service_discovery=_discovery(deployment),
        metrics=_metrics(deployment.observability),
        used_metrics=_some(
            infra.UsedMetric(name=m.encore_name, services=tuple(m.services))
            for m in deployment.metrics
        ),
        sql_servers=_some(_sql(cluster, credentials) for cluster in resources.sql_clusters),
        redis=dict(_redis(resources.redis_clusters, credentials)) or None,
        pubsub=_some(block for c in resources.pubsub_clusters for block in _pubsub(c)),
        secrets={s.encore_name: _value(s.data) for s in resources.app_secrets} or None,
        hosted_services=_some(service.name for service in services),
        hosted_gateways=_some(gateway.encore_name for gateway in hosted),
        cors=_cors(hosted),
        object_storage=_some(s for c in resources.bucket_clusters for s in _storage(c)),
        worker_threads=first.worker_threads if first.HasField("worker_threads") else None,
        log_config=first.log_config if first.HasField("log_config") else None,
    )


class _Credentials:
    """Roles and certificates by rid."""

    def __init__(self, credentials: res.Infrastructure.Credentials) -> None:
        self._certs = {cert.rid: cert for cert in credentials.client_certs}
        self._sql = {role.rid: role for role in credentials.sql_roles}
        self._redis = {role.rid: role for role in credentials.redis_roles}

    def sql(self, rid: str) -> db.SQLRole:
        return _at(self._sql, rid, "SQL role")

    def redis(self, rid: str) -> db.RedisRole:
        return _at(self._redis, rid, "Redis role")

    def cert(self, role: db.SQLRole | db.RedisRole) -> infra.ClientCert | None:
        if not role.HasField("client_cert_rid"):
            return None
        cert = _at(self._certs, role.client_cert_rid, "client certificate")
        return infra.ClientCert(cert=cert.cert, key=_value(cert.key))


def _at(items: dict[str, T], rid: str, what: str) -> T:
    if rid not in items:
        raise DocumentError(f'there is no {what} with the rid "{rid}"', path=("infra",))
    return items[rid]


def _some(items: Iterable[T]) -> tuple[T, ...] | None:
    return tuple(items) or None


def _value(data: SecretData) -> infra.EnvString:
    """What has no form in JSON (a provider, bytes that are no text) becomes empty: a loss."""
    if data.WhichOneof("source") == "env":
        return infra.EnvRef(env=data.env)
    return data.embedded.decode("utf-8", errors="replace")


def _seconds(duration: Duration) -> int | None:
    """Whole seconds that fit 32 bits; anything else is a loss."""
    return duration.seconds if -(2**31) <= duration.seconds < 2**31 else None


def _metadata(environment: rt.Environment, hosted: list[res.Gateway]) -> infra.Metadata | None:
    types = {number: word for word, number in ENV_TYPES.items()}
    clouds = {number: word for word, number in CLOUDS.items()}
    made = infra.Metadata(
        app_id=environment.app_slug or None,
        env_name=environment.env_name or None,
        env_type=types.get(environment.env_type),
        cloud=clouds.get(environment.cloud),
        base_url=(hosted[0].base_url or None) if hosted else None,
    )
    return None if made == infra.Metadata() else made


def _shutdown(deployment: dep.Deployment) -> infra.GracefulShutdown | None:
    if not deployment.HasField("graceful_shutdown"):
        return None
    graceful = deployment.graceful_shutdown
    return infra.GracefulShutdown(
        total=_seconds(graceful.total) if graceful.HasField("total") else None,
        shutdown_hooks=_seconds(graceful.shutdown_hooks)
        if graceful.HasField("shutdown_hooks")
        else None,
        handlers=_seconds(graceful.handlers) if graceful.HasField("handlers") else None,
    )


def _auth(methods: Iterable[dep.ServiceAuth]) -> tuple[infra.KeyAuth, ...] | None:
    """None stands for ``noop``. Of several keys in one method, the one that signs is kept."""
    kinds = [method.WhichOneof("auth_method") for method in methods]
    if kinds == ["noop"]:
        return None
    signing = (
        max(method.encore_auth.auth_keys, key=lambda key: key.id)
        for method in methods
        if method.encore_auth.auth_keys
    )
    return tuple(infra.KeyAuth(id=_signed(key.id), key=_value(key.data)) for key in signing)


def _signed(number: int) -> int:
    """The i32 that the core casts to this u32."""
    return number - 2**32 if number >= 2**31 else number


def _discovery(deployment: dep.Deployment) -> dict[str, infra.ServiceDiscovery] | None:
    if not deployment.HasField("service_discovery"):
        return None
    own = list(deployment.auth_methods)
    return {
        name: infra.ServiceDiscovery(
            base_url=location.base_url,
            auth=None if list(location.auth_methods) == own else _auth(location.auth_methods),
        )
        for name, location in deployment.service_discovery.services.items()
    }


def _metrics(observability: obs.Observability) -> infra.Metrics | None:
    if not observability.metrics:
        return None
    provider = observability.metrics[0]
    has_interval = provider.HasField("collection_interval")
    interval = _seconds(provider.collection_interval) if has_interval else None
    match provider.WhichOneof("provider"):
        case "prom_remote_write":
            url = _value(provider.prom_remote_write.remote_write_url)
            return infra.Prometheus(remote_write_url=url, collection_interval=interval)
        case "datadog":
            key = _value(provider.datadog.api_key)
            return infra.Datadog(
                site=provider.datadog.site, api_key=key, collection_interval=interval
            )
        case "gcp":
            return infra.GCPCloudMonitoring(
                project_id=provider.gcp.project_id,
                monitored_resource_type=provider.gcp.monitored_resource_type,
                monitored_resource_labels=dict(provider.gcp.monitored_resource_labels) or None,
                metric_names=dict(provider.gcp.metric_names) or None,
                collection_interval=interval,
            )
        case "aws":
            return infra.AWSCloudWatch(
                namespace=provider.aws.namespace, collection_interval=interval
            )
        case _:
            return None


def _cors(hosted: list[res.Gateway]) -> infra.CORS | None:
    if not hosted or not hosted[0].HasField("cors"):
        return None
    cors = hosted[0].cors
    without = cors.allowed_origins_without_credentials.allowed_origins
    return infra.CORS(
        debug=cors.debug or None,
        allow_headers=_some(cors.extra_allowed_headers),
        expose_headers=_some(cors.extra_exposed_headers),
        allow_origins_without_credentials=tuple(without)
        if cors.HasField("allowed_origins_without_credentials")
        else None,
        allow_origins_with_credentials=tuple(cors.allowed_origins.allowed_origins)
        if cors.HasField("allowed_origins")
        else None,
    )


def _primary(servers: Iterable[M], empty: M) -> M:
    """The one server that the core uses."""
    found = [server for server in servers if server.kind == db.SERVER_KIND_PRIMARY]
    return found[0] if found else empty


def _writable(pools: Iterable[P], empty: P) -> P:
    """The one pool that the core uses."""
    found = [pool for pool in pools if not pool.is_readonly]
    return found[0] if found else empty


def _tls(
    server: db.SQLServer | db.RedisServer, cert: infra.ClientCert | None = None
) -> infra.TLSConfig:
    if not server.HasField("tls_config"):
        return infra.TLSConfig(disabled=True, client_cert=cert)
    tls = server.tls_config
    return infra.TLSConfig(
        ca=tls.server_ca_cert if tls.HasField("server_ca_cert") else None,
        client_cert=cert,
        disable_tls_hostname_verification=tls.disable_tls_hostname_verification,
        disable_ca_validation=tls.disable_ca_validation,
    )


def _sql(cluster: db.SQLCluster, credentials: _Credentials) -> infra.SQLServer:
    server = _primary(cluster.servers, db.SQLServer())
    pools = {
        d.encore_name: _writable(d.conn_pools, db.SQLConnectionPool())
        for d in cluster.databases
        if d.conn_pools
    }
    roles = {name: credentials.sql(pool.role_rid) for name, pool in pools.items()}
    return infra.SQLServer(
        host=server.host,
        tls_config=_tls(server),
        databases={
            d.encore_name: infra.SQLDatabase(
                name=d.cloud_name,
                username=roles[d.encore_name].username,
                password=_value(roles[d.encore_name].password),
                min_connections=pools[d.encore_name].min_connections,
                max_connections=pools[d.encore_name].max_connections,
                client_cert=credentials.cert(roles[d.encore_name]),
            )
            for d in cluster.databases
            if d.encore_name in roles
        },
    )


def _redis(
    clusters: Iterable[db.RedisCluster], credentials: _Credentials
) -> Iterator[tuple[str, infra.Redis]]:
    for cluster in clusters:
        server = _primary(cluster.servers, db.RedisServer())
        for database in cluster.databases:
            if not database.conn_pools:
                continue
            pool = _writable(database.conn_pools, db.RedisConnectionPool())
            role = credentials.redis(pool.role_rid)
            made = infra.Redis(
                host=server.host,
                database_index=database.database_idx,
                in_memory=cluster.in_memory,
                auth=_redis_auth(role),
                key_prefix=database.key_prefix if database.HasField("key_prefix") else None,
                tls_config=_tls(server, credentials.cert(role)),
                min_connections=pool.min_connections,
                max_connections=pool.max_connections,
            )
            yield database.encore_name, made


def _redis_auth(role: db.RedisRole) -> infra.RedisAuth | None:
    match role.WhichOneof("auth"):
        case "acl":
            return infra.RedisAuth(
                type="acl", username=role.acl.username, password=_value(role.acl.password)
            )
        case "auth_string":
            return infra.RedisAuth(type="auth_string", auth_string=_value(role.auth_string))
        case _:
            return None


def _pubsub(cluster: ps.PubSubCluster) -> Iterator[infra.PubSub]:
    """A block, or nothing for providers that JSON does not know."""
    match cluster.WhichOneof("provider"):
        case "aws":
            yield infra.AWSSnsSqs(
                topics={
                    topic.encore_name: infra.AWSTopic(
                        arn=topic.cloud_name,
                        subscriptions={
                            sub.subscription_encore_name: infra.AWSSubscription(
                                url=sub.subscription_cloud_name
                            )
                            for sub in _of(cluster, topic)
                        },
                    )
                    for topic in cluster.topics
                }
            )
        case "gcp":
            yield infra.GCPPubSub(topics={t.encore_name: _gcp(cluster, t) for t in cluster.topics})
        case "nsq":
            yield infra.NSQ(
                hosts=cluster.nsq.hosts[0] if cluster.nsq.hosts else "",
                topics={
                    topic.encore_name: infra.NSQTopic(
                        name=topic.cloud_name,
                        subscriptions={
                            sub.subscription_encore_name: infra.NSQSubscription(
                                name=sub.subscription_cloud_name
                            )
                            for sub in _of(cluster, topic)
                        },
                    )
                    for topic in cluster.topics
                },
            )


def _of(cluster: ps.PubSubCluster, topic: ps.PubSubTopic) -> Iterator[ps.PubSubSubscription]:
    for subscription in cluster.subscriptions:
        if subscription.topic_encore_name == topic.encore_name:
            yield subscription


def _gcp(cluster: ps.PubSubCluster, topic: ps.PubSubTopic) -> infra.GCPTopic:
    """Every project stands where it is used, so none is inherited."""
    return infra.GCPTopic(
        name=topic.cloud_name,
        project_id=topic.gcp_config.project_id or None,
        subscriptions={
            sub.subscription_encore_name: infra.GCPSubscription(
                name=sub.subscription_cloud_name,
                project_id=sub.gcp_config.project_id or None,
                push_config=infra.GCPPushConfig(
                    id=sub.rid,
                    service_account=sub.gcp_config.push_service_account,
                    jwt_audience=sub.gcp_config.push_jwt_audience,
                )
                if sub.push_only
                else None,
            )
            for sub in _of(cluster, topic)
        },
    )


def _storage(cluster: st.BucketCluster) -> Iterator[infra.ObjectStorage]:
    buckets = {
        bucket.encore_name: infra.Bucket(
            name=bucket.cloud_name,
            key_prefix=bucket.key_prefix if bucket.HasField("key_prefix") else None,
            public_base_url=bucket.public_base_url if bucket.HasField("public_base_url") else None,
        )
        for bucket in cluster.buckets
    }
    s3, gcs = cluster.s3, cluster.gcs
    match cluster.WhichOneof("provider"):
        case "s3":
            key = _value(s3.secret_access_key) if s3.HasField("secret_access_key") else None
            yield infra.S3(
                region=s3.region,
                endpoint=s3.endpoint if s3.HasField("endpoint") else None,
                access_key_id=s3.access_key_id if s3.HasField("access_key_id") else None,
                secret_access_key=key,
                buckets=buckets,
            )
        case "gcs":
            yield infra.GCS(
                endpoint=gcs.endpoint if gcs.HasField("endpoint") else None, buckets=buckets
            )
