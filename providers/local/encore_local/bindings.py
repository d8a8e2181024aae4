"""From outputs and secrets to what the app is handed: config fields, grants, variables. Pure.

In: a target, the outputs of its last apply, its secret store. Out: ``Bindings``. Everything is
on 127.0.0.1 without TLS, said explicitly, because the core takes a missing TLS object for TLS
(contract §4.5, §4.6).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from encore_config import infra
from encore_config.graph import Graph
from encore_local.aws import ACCESS_KEY_ID, REGION
from encore_local.desired import subscription_name
from encore_local.outputs import not_applied
from encore_local.secrets import S3_KEY, LocalSecrets, cache_key, database_key
from encore_provisioner.binding import (
    Binding,
    Bindings,
    BucketBinding,
    CacheBinding,
    SecretBinding,
    SqlBinding,
    SubscriptionBinding,
    TopicBinding,
    cache_variable,
    database_variable,
    grants_of,
    secret_variable,
)
from encore_provisioner.provider import Outputs, Target

MAX_CONNECTIONS = 20
"""For each database and each worker of the app; the server allows 200 in all."""
S3_SECRET = "INFRA_S3_SECRET_KEY"
_PLAINTEXT = infra.TLSConfig(disabled=True)


def bind(target: Target, outputs: Outputs, secrets: LocalSecrets) -> Bindings:
    """Raises ``RefusedError`` (``not-applied``) for a declaration that the outputs lack."""
    graph = target.graph
    items: tuple[Binding, ...] = (
        *_databases(graph, outputs),
        *_caches(graph, outputs),
        *_topics(graph, outputs),
        *_subscriptions(graph, outputs),
        *_buckets(graph, outputs),
        *(SecretBinding(name=s.name, env=secret_variable(s.name)) for s in graph.secrets),
    )
    return Bindings(
        app_id=target.app_id,
        environment=target.environment.name,
        environment_type=target.environment.type,
        cloud="local",
        base_url=_part(outputs, "app")["url"],
        items=items,
        grants=tuple(grants_of(graph)),
        variables=_variables(graph, outputs, secrets),
        env_values=_env_values(graph, secrets),
    )


def _part(outputs: Outputs, *path: str) -> dict[str, Any]:
    found: Any = outputs
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise not_applied(" ".join((path[0].removesuffix("s"), *path[1:])))
    return found


def _databases(graph: Graph, outputs: Outputs) -> Iterator[SqlBinding]:
    for database in graph.databases:
        made = _part(outputs, "databases", database.name)
        server = _part(outputs, "postgres")
        yield SqlBinding(
            name=database.name,
            server=f"{server['host']}:{server['port']}",
            tls=_PLAINTEXT,
            database=infra.SQLDatabase(
                name=made["database"],
                username=made["username"],
                password=infra.EnvRef(env=database_variable(database.name)),
                max_connections=MAX_CONNECTIONS,
            ),
        )


def _caches(graph: Graph, outputs: Outputs) -> Iterator[CacheBinding]:
    for cache in graph.caches:
        made = _part(outputs, "caches", cache.name)
        yield CacheBinding(
            name=cache.name,
            redis=infra.Redis(
                host=f"{made['host']}:{made['port']}",
                database_index=0,
                in_memory=False,
                auth=infra.RedisAuth(
                    type="auth_string", auth_string=infra.EnvRef(env=cache_variable(cache.name))
                ),
                tls_config=_PLAINTEXT,
                max_connections=MAX_CONNECTIONS,
            ),
        )


def _topics(graph: Graph, outputs: Outputs) -> Iterator[TopicBinding]:
    for topic in graph.topics:
        yield TopicBinding(name=topic.name, arn=_part(outputs, "topics", topic.name)["arn"])


def _subscriptions(graph: Graph, outputs: Outputs) -> Iterator[SubscriptionBinding]:
    for subscription in graph.subscriptions:
        made = _part(outputs, "subscriptions", subscription_name(subscription))
        yield SubscriptionBinding(topic=subscription.topic, name=subscription.name, url=made["url"])


def _buckets(graph: Graph, outputs: Outputs) -> Iterator[BucketBinding]:
    for bucket in graph.buckets:
        made = _part(outputs, "buckets", bucket.name)
        yield BucketBinding(
            name=bucket.name,
            region=REGION,
            bucket=infra.Bucket(name=made["bucket"], public_base_url=made.get("public_base_url")),
            endpoint=_part(outputs, "aws")["endpoint"],
            access_key_id=ACCESS_KEY_ID,
            secret_access_key=infra.EnvRef(env=S3_SECRET),
        )


def _variables(graph: Graph, outputs: Outputs, secrets: LocalSecrets) -> dict[str, str]:
    """SNS and SQS are reached by variables only (contract §4.7.1); the rest by the config."""
    variables = {"PORT": str(_part(outputs, "app")["port"])}
    if graph.topics:
        endpoint = _part(outputs, "aws")["endpoint"]
        variables |= {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_ENDPOINT_URL_SNS": endpoint,
            "AWS_ENDPOINT_URL_SQS": endpoint,
            "AWS_REGION": REGION,
            "AWS_SECRET_ACCESS_KEY": secrets.generated(S3_KEY) or "",
        }
    return variables


def _env_values(graph: Graph, secrets: LocalSecrets) -> dict[str, str]:
    values = {secret_variable(name): value for name, value in secrets.values().items()}
    generated = {
        **{database_variable(d.name): database_key(d.name) for d in graph.databases},
        **{cache_variable(c.name): cache_key(c.name) for c in graph.caches},
        **({S3_SECRET: S3_KEY} if graph.buckets else {}),
    }
    for name, key in generated.items():
        value = secrets.generated(key)
        if value is not None:
            values[name] = value
    return dict(sorted(values.items()))
