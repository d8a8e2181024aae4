"""``infra.config.json`` as Encore's Rust core parses it, field for field.

Source: the runtime binding contract, sections 3 and 4 (``infracfg.rs`` of the core). Fields
without a default are required by the core, and stand in the order of its own types (which also
lets it read an object given as an array). It wants strict JSON, takes no number for a string,
and ignores unknown fields. Null stands for an absent field where the type here allows None, and
nowhere else. Integers are 32 bits wide.

The codec writes these types; ``infra_reader`` reads them, with the core's own strictness (msgspec
would let an entry of ``auth`` pass without its ``type``).
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]


class EnvRef(msgspec.Struct, frozen=True, kw_only=True):
    """``{"$env": "NAME"}``: the value of a variable of the app's process, read at boot."""

    env: str = msgspec.field(name="$env")


EnvString = str | EnvRef


class _Field(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of the file. Absent optional fields are left out, never written as ``""`` or null."""


class ClientCert(_Field, frozen=True, kw_only=True):
    cert: str
    key: EnvString


class TLSConfig(_Field, frozen=True, kw_only=True):
    """``TLSConfig(disabled=True)`` is plaintext; an absent object is *not* off (§4.5, §4.6)."""

    disabled: bool = False
    ca: str | None = None
    client_cert: ClientCert | None = None
    disable_tls_hostname_verification: bool = False
    disable_ca_validation: bool = False


class SQLDatabase(_Field, frozen=True, kw_only=True):
    """``name`` is the physical database; absent, the map's key. ``username`` takes no ``$env``."""

    name: str | None = None
    max_connections: Int32 | None = None
    min_connections: Int32 | None = None
    username: str
    password: EnvString
    client_cert: ClientCert | None = None


class SQLServer(_Field, frozen=True, kw_only=True):
    """``host`` is ``host``, ``host:port`` or the folder of a Unix socket; no IPv6 literal."""

    host: str
    tls_config: TLSConfig | None = None
    databases: dict[str, SQLDatabase]


class RedisAuth(_Field, frozen=True, kw_only=True):
    """``type``: ``acl`` (with username and password) or ``auth_string`` (with auth_string)."""

    type: str
    username: str | None = None
    password: EnvString | None = None
    auth_string: EnvString | None = None


class Redis(_Field, frozen=True, kw_only=True):
    host: str
    database_index: Int32
    auth: RedisAuth | None = None
    key_prefix: str | None = None
    tls_config: TLSConfig | None = None
    max_connections: Int32 | None = None
    min_connections: Int32 | None = None
    in_memory: bool


class GCPPushConfig(_Field, frozen=True, kw_only=True):
    service_account: str
    jwt_audience: str
    id: str


class GCPSubscription(_Field, frozen=True, kw_only=True):
    name: str
    project_id: str | None = None
    push_config: GCPPushConfig | None = None


class GCPTopic(_Field, frozen=True, kw_only=True):
    name: str
    project_id: str | None = None
    subscriptions: dict[str, GCPSubscription] = {}


class GCPPubSub(_Field, frozen=True, kw_only=True, tag="gcp_pubsub", tag_field="type"):
    project_id: str | None = None
    topics: dict[str, GCPTopic]


class AWSSubscription(_Field, frozen=True, kw_only=True):
    url: str


class AWSTopic(_Field, frozen=True, kw_only=True):
    arn: str
    subscriptions: dict[str, AWSSubscription] = {}


class AWSSnsSqs(_Field, frozen=True, kw_only=True, tag="aws_sns_sqs", tag_field="type"):
    topics: dict[str, AWSTopic]


class NSQSubscription(_Field, frozen=True, kw_only=True):
    name: str


class NSQTopic(_Field, frozen=True, kw_only=True):
    name: str
    subscriptions: dict[str, NSQSubscription] = {}


class NSQ(_Field, frozen=True, kw_only=True, tag="nsq", tag_field="type"):
    hosts: str
    topics: dict[str, NSQTopic]


PubSub = GCPPubSub | AWSSnsSqs | NSQ


class Bucket(_Field, frozen=True, kw_only=True):
    """``key_prefix`` is prepended to keys; ``public_base_url`` must already contain it."""

    name: str
    key_prefix: str | None = None
    public_base_url: str | None = None


class S3(_Field, frozen=True, kw_only=True, tag="s3", tag_field="type"):
    region: str
    endpoint: str | None = None
    access_key_id: str | None = None
    secret_access_key: EnvString | None = None
    buckets: dict[str, Bucket] = {}


class GCS(_Field, frozen=True, kw_only=True, tag="gcs", tag_field="type"):
    endpoint: str | None = None
    buckets: dict[str, Bucket] = {}


ObjectStorage = S3 | GCS


class Metadata(_Field, frozen=True, kw_only=True):
    app_id: str | None = None
    env_name: str | None = None
    env_type: str | None = None
    cloud: str | None = None
    base_url: str | None = None


class CORS(_Field, frozen=True, kw_only=True):
    debug: bool | None = None
    allow_headers: tuple[str, ...] | None = None
    expose_headers: tuple[str, ...] | None = None
    allow_origins_without_credentials: tuple[str, ...] | None = None
    allow_origins_with_credentials: tuple[str, ...] | None = None


class GracefulShutdown(_Field, frozen=True, kw_only=True):
    """Seconds. The core uses ``total`` only."""

    total: Int32 | None = None
    shutdown_hooks: Int32 | None = None
    handlers: Int32 | None = None


class KeyAuth(_Field, frozen=True, kw_only=True, tag="key", tag_field="type"):
    id: Int32
    key: EnvString


class ServiceDiscovery(_Field, frozen=True, kw_only=True):
    """``base_url`` has no trailing slash: paths are appended textually."""

    base_url: str
    auth: tuple[KeyAuth, ...] | None = None


class Prometheus(_Field, frozen=True, kw_only=True, tag="prometheus", tag_field="type"):
    collection_interval: Int32 | None = None
    remote_write_url: EnvString


class Datadog(_Field, frozen=True, kw_only=True, tag="datadog", tag_field="type"):
    collection_interval: Int32 | None = None
    site: str
    api_key: EnvString


class GCPCloudMonitoring(
    _Field, frozen=True, kw_only=True, tag="gcp_cloud_monitoring", tag_field="type"
):
    collection_interval: Int32 | None = None
    project_id: str
    monitored_resource_type: str
    monitored_resource_labels: dict[str, str] | None = None
    metric_names: dict[str, str] | None = None


class AWSCloudWatch(_Field, frozen=True, kw_only=True, tag="aws_cloudwatch", tag_field="type"):
    collection_interval: Int32 | None = None
    namespace: str


Metrics = Prometheus | Datadog | GCPCloudMonitoring | AWSCloudWatch


class UsedMetric(_Field, frozen=True, kw_only=True):
    name: str
    services: tuple[str, ...]


class InfraConfig(_Field, frozen=True, kw_only=True):
    """The whole file: what one container of the app reads at boot."""

    metadata: Metadata | None = None
    graceful_shutdown: GracefulShutdown | None = None
    auth: tuple[KeyAuth, ...] | None = None
    service_discovery: dict[str, ServiceDiscovery] | None = None
    metrics: Metrics | None = None
    used_metrics: tuple[UsedMetric, ...] | None = None
    sql_servers: tuple[SQLServer, ...] | None = None
    redis: dict[str, Redis] | None = None
    pubsub: tuple[PubSub, ...] | None = None
    secrets: dict[str, EnvString] | None = None
    hosted_services: tuple[str, ...] | None = None
    hosted_gateways: tuple[str, ...] | None = None
    cors: CORS | None = None
    object_storage: tuple[ObjectStorage, ...] | None = None
    worker_threads: Int32 | None = None
    log_config: str | None = None
