"""Bindings and a scope to ``infra.config.json`` (contract 8, the safe-emission rules).

In: what one container needs (:class:`Scope`) and what the provider made (:class:`Bindings`).
Out: an :class:`InfraConfig` that leaves nothing to the core's surprising defaults: TLS is
spelled out on every server, connections are bounded, every secret has its own ``$env``.

May not: read files or variables, or leave out a resource that the container needs: a missing
binding is an error here, because the core would only say so at the first use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from encore_config import infra
from encore_config.codec import convert
from encore_config.errors import DocumentError
from encore_provisioner import binding
from encore_provisioner.binding import Bindings
from encore_provisioner.emit.scope import Scope
from encore_provisioner.errors import AppError, RefusedError

T = TypeVar("T", bound=binding.Binding)

MAX_CONNECTIONS = 30
"""For each database and process where the binding says nothing; the core's default of 100 is
all that PostgreSQL allows in total (contract, gotcha 17)."""


def infra_config(scope: Scope, bindings: Bindings, *, cors: Mapping[str, Any]) -> infra.InfraConfig:
    """The config of one container. Empty parts are left out.

    Raises :class:`RefusedError` (``not-bound``) and :class:`AppError` (``invalid-cors``).
    """
    found = _Found(bindings)
    return infra.InfraConfig(
        metadata=_metadata(bindings),
        auth=None if scope.whole or bindings.service_auth is None else (bindings.service_auth,),
        service_discovery=_discovery(scope, bindings) or None,
        metrics=bindings.metrics,
        used_metrics=tuple(infra.UsedMetric(name=n, services=s) for n, s in scope.metrics) or None,
        sql_servers=_sql_servers(found.all(binding.SqlBinding, scope.databases)) or None,
        redis=_redis(found.all(binding.CacheBinding, scope.caches)) or None,
        pubsub=_pubsub(scope, found) or None,
        secrets=_secrets(found.all(binding.SecretBinding, scope.secrets)) or None,
        hosted_services=scope.services or None,
        hosted_gateways=scope.gateways or None,
        cors=_cors(cors) if scope.gateways else None,
        object_storage=_storages(found.all(binding.BucketBinding, scope.buckets)) or None,
    )


class _Found:
    """The bindings by type and name."""

    def __init__(self, bindings: Bindings) -> None:
        self._environment = bindings.environment
        self._items: dict[tuple[type, str], binding.Binding] = {
            (type(item), _name(item)): item for item in bindings.items
        }

    def one(self, kind: type[T], name: str) -> T:
        item = self._items.get((kind, name))
        if not isinstance(item, kind):
            noun = kind.__name__.removesuffix("Binding").lower()
            raise RefusedError(
                f'{noun} "{name}" does not exist yet in the environment "{self._environment}"',
                code="not-bound",
                hint=f"run: encore-infra apply --env {self._environment}",
            )
        return item

    def all(self, kind: type[T], names: Iterable[str]) -> tuple[T, ...]:
        return tuple(self.one(kind, name) for name in names)


def _name(item: binding.Binding) -> str:
    if isinstance(item, binding.SubscriptionBinding):
        return f"{item.topic}/{item.name}"
    return item.name


def _metadata(bindings: Bindings) -> infra.Metadata:
    return infra.Metadata(
        app_id=bindings.app_id,
        env_name=bindings.environment,
        env_type=bindings.environment_type,
        cloud=bindings.cloud,
        base_url=bindings.base_url or None,
    )


def _discovery(scope: Scope, bindings: Bindings) -> dict[str, infra.ServiceDiscovery]:
    known = bindings.service_urls
    return {
        name: infra.ServiceDiscovery(base_url=known[name].rstrip("/"))
        for name in scope.remote
        if name in known
    }


def _sql_servers(items: tuple[binding.SqlBinding, ...]) -> tuple[infra.SQLServer, ...]:
    """One entry for each server and TLS setting, in the order of host and first database."""
    groups: dict[tuple[str, bytes], list[binding.SqlBinding]] = {}
    for item in sorted(items, key=lambda item: (item.server, item.name)):
        groups.setdefault((item.server, msgspec.json.encode(item.tls)), []).append(item)
    return tuple(
        infra.SQLServer(
            host=group[0].server,
            tls_config=group[0].tls,
            databases={item.name: _database(item.database) for item in group},
        )
        for group in groups.values()
    )


def _database(database: infra.SQLDatabase) -> infra.SQLDatabase:
    bound = database.max_connections or MAX_CONNECTIONS
    return msgspec.structs.replace(database, max_connections=bound)


def _redis(items: tuple[binding.CacheBinding, ...]) -> dict[str, infra.Redis]:
    return {
        item.name: msgspec.structs.replace(
            item.redis,
            tls_config=item.redis.tls_config or infra.TLSConfig(),
            max_connections=item.redis.max_connections or MAX_CONNECTIONS,
        )
        for item in items
    }


def _pubsub(scope: Scope, found: _Found) -> tuple[infra.PubSub, ...]:
    """One block: a Go app reads only the last of several (contract 4.7)."""
    topics = {item.name: item for item in found.all(binding.TopicBinding, scope.topics)}
    subscriptions = found.all(
        binding.SubscriptionBinding, (f"{topic}/{name}" for topic, name in scope.subscriptions)
    )
    if not topics:
        return ()
    block = infra.AWSSnsSqs(
        topics={
            name: infra.AWSTopic(
                arn=topic.arn,
                subscriptions={
                    item.name: infra.AWSSubscription(url=item.url)
                    for item in subscriptions
                    if item.topic == name
                },
            )
            for name, topic in topics.items()
        }
    )
    return (block,)


def _secrets(items: tuple[binding.SecretBinding, ...]) -> dict[str, infra.EnvString]:
    return {item.name: infra.EnvRef(env=item.env) for item in items}


def _storages(items: tuple[binding.BucketBinding, ...]) -> tuple[infra.ObjectStorage, ...]:
    """One block for each S3 service and key, in the order of their first buckets."""
    groups: dict[bytes, list[binding.BucketBinding]] = {}
    for item in items:
        groups.setdefault(msgspec.json.encode(_service(item)), []).append(item)
    return tuple(
        msgspec.structs.replace(
            _service(group[0]), buckets={item.name: item.bucket for item in group}
        )
        for group in groups.values()
    )


def _service(item: binding.BucketBinding) -> infra.S3:
    return infra.S3(
        region=item.region,
        endpoint=item.endpoint,
        access_key_id=item.access_key_id,
        secret_access_key=item.secret_access_key,
    )


def _cors(written: Mapping[str, Any]) -> infra.CORS:
    """``global_cors``; origins in lower case, as the core compares them (contract 4.2)."""
    try:
        cors = convert(dict(written), infra.CORS)
    except DocumentError as error:
        raise AppError(
            f"global_cors in encore.app cannot be used: {error}",
            code="invalid-cors",
            hint=error.hint or "see https://encore.dev/docs/ts/develop/cors",
        ) from error
    return msgspec.structs.replace(
        cors,
        allow_origins_without_credentials=_lower(cors.allow_origins_without_credentials),
        allow_origins_with_credentials=_lower(cors.allow_origins_with_credentials),
    )


def _lower(origins: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if origins is None else tuple(origin.lower() for origin in origins)


def env_references(value: Any) -> Iterator[str]:
    """The names that ``$env`` references in any part of a config point to."""
    if isinstance(value, infra.EnvRef):
        yield value.env
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from env_references(getattr(value, name))
    elif isinstance(value, Mapping):
        for child in value.values():
            yield from env_references(child)
    elif isinstance(value, tuple):
        for child in value:
            yield from env_references(child)
