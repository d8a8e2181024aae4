"""One small app and its bindings, for the tests of emission."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from encore_config import codec, infra
from encore_config.graph import Graph
from encore_provisioner.binding import (
    Binding,
    Bindings,
    BucketBinding,
    CacheBinding,
    SecretBinding,
    SqlBinding,
    SubscriptionBinding,
    TopicBinding,
)

AT = {"file": "shop.ts", "line": 3, "column": 7}
DEADLINES = {
    "ack_deadline": 30, "retention": 604800, "min_backoff": 10, "max_backoff": 600,
    "max_retries": 100, "max_concurrency": None,
}  # fmt: skip


def topic(name: str, delivery: str = "at-least-once", ordering: str | None = None) -> Any:
    return {"name": name, "delivery": delivery, "ordering_attribute": ordering, "at": AT}


def use(service: str, kind: str, name: str) -> Any:
    return {"service": service, "kind": kind, "name": name, "operations": [], "at": [AT]}


def graph(**changes: Any) -> Graph:
    """Services orders, mail and auth; ``auth`` holds the auth handler."""
    value = {
        "app": {"id": "shop", "language": "typescript"},
        "gateway": {"explicit": True, "auth_handler": {"service": "auth", "name": "check"}},
        "services": [{"name": n, "root": n, "at": AT} for n in ("auth", "mail", "orders")],
        "databases": [{"name": n, "migrations": None, "at": AT} for n in ("orders", "users")],
        "topics": [topic("placed"), topic("sent")],
        "subscriptions": [
            {"topic": "placed", "name": "confirm", "service": "mail", "at": AT, **DEADLINES}
        ],
        "buckets": [{"name": "photos", "public": True, "versioned": False, "at": AT}],
        "caches": [
            {"name": name, "eviction_policy": "allkeys-lru", "at": AT} for name in ("hot", "warm")
        ],
        "keyspaces": [{"cache": "hot", "service": "orders", "key_pattern": "k", "at": AT}],
        "secrets": [
            {"name": "MailKey", "services": ["mail"], "at": [AT]},
            {"name": "Shared", "services": [], "at": [AT]},
        ],
        "metrics": [
            {"name": "sold", "kind": "counter", "services": ["mail", "orders"], "at": AT},
            {"name": "idle", "kind": "gauge", "services": [], "at": AT},
        ],
        "uses": [
            use("auth", "database", "users"),
            use("mail", "bucket", "photos"),
            use("mail", "cache", "warm"),
            use("orders", "database", "orders"),
            use("orders", "endpoint", "mail.send"),
            use("orders", "topic", "placed"),
        ],
        **changes,
    }  # fmt: skip
    return codec.convert(value, Graph)


def database(name: str, **changes: Any) -> SqlBinding:
    login = infra.SQLDatabase(
        name=name, username=name, password=infra.EnvRef(env=f"INFRA_SQL_{name}_PASSWORD")
    )
    binding = SqlBinding(
        name=name, server="127.0.0.1:20001", tls=infra.TLSConfig(disabled=True), database=login
    )
    return replace(binding, **changes)


def cache(name: str, port: int) -> CacheBinding:
    redis = infra.Redis(
        host=f"127.0.0.1:{port}",
        database_index=0,
        in_memory=False,
        auth=infra.RedisAuth(type="acl", username="app", password=infra.EnvRef(env="CACHE")),
        tls_config=infra.TLSConfig(disabled=True),
    )
    return CacheBinding(name=name, redis=redis)


def bucket(name: str, **changes: Any) -> BucketBinding:
    binding = BucketBinding(
        name=name,
        region="us-east-1",
        bucket=infra.Bucket(name=f"shop-{name}"),
        endpoint="http://127.0.0.1:20002",
        access_key_id="encore-local",
        secret_access_key=infra.EnvRef(env="INFRA_S3_SECRET_KEY"),
    )
    return replace(binding, **changes)


ITEMS: tuple[Binding, ...] = (
    database("orders"),
    database("users"),
    cache("hot", 20003),
    cache("warm", 20004),
    TopicBinding(name="placed", arn="arn:aws:sns:us-east-1:000000000000:placed"),
    TopicBinding(name="sent", arn="arn:aws:sns:us-east-1:000000000000:sent"),
    SubscriptionBinding(topic="placed", name="confirm", url="http://127.0.0.1:20002/q/confirm"),
    bucket("photos"),
    SecretBinding(name="MailKey", env="INFRA_SECRET_MailKey"),
    SecretBinding(name="Shared", env="INFRA_SECRET_Shared"),
)

VALUES = {
    "INFRA_SQL_orders_PASSWORD": "po",
    "INFRA_SQL_users_PASSWORD": "pu",
    "CACHE": "pc",
    "INFRA_S3_SECRET_KEY": "ps",
    "INFRA_SECRET_MailKey": "pm",
    "INFRA_SECRET_Shared": "ph",
}


def bindings(*items: Binding, **changes: Any) -> Bindings:
    made = Bindings(
        app_id="shop",
        environment="local",
        environment_type="development",
        cloud="local",
        base_url="http://127.0.0.1:20000",
        items=items or ITEMS,
        variables={"PORT": "20000", "AWS_REGION": "us-east-1"},
        env_values=VALUES,
    )
    return replace(made, **changes)
