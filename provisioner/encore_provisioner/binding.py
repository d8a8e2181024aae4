"""What the app needs in order to reach its resources, independent of any provider.

A provider returns one :class:`Binding` for each resource: the fields of the runtime config
*and* the permissions that go with them, so that the two cannot drift. The package ``emit``
turns the set of them into the runtime config.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from encore_config import infra
from encore_config.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """That a service may do something: ``operation`` of the graph's vocabulary on ``target``."""

    service: str
    kind: str
    operation: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlBinding:
    """A database on a server; ``server`` and ``tls`` are shared by databases with equal values."""

    name: str
    server: str
    tls: infra.TLSConfig
    database: infra.SQLDatabase


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheBinding:
    name: str
    redis: infra.Redis


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicBinding:
    """An SNS topic. Delivery and ordering come from the graph."""

    name: str
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionBinding:
    """An SQS queue fed by a topic."""

    topic: str
    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketBinding:
    """A bucket in an S3 service; buckets with equal ``region``, ``endpoint`` and keys share one."""

    name: str
    region: str
    bucket: infra.Bucket
    endpoint: str | None = None
    access_key_id: str | None = None
    secret_access_key: infra.EnvRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretBinding:
    name: str
    env: str


Binding = (
    SqlBinding | CacheBinding | TopicBinding | SubscriptionBinding | BucketBinding | SecretBinding
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """Everything that one environment hands to the app.

    ``variables`` are further variables of the app's process (``PORT``, ``AWS_REGION`` …); one
    may be a key, so they are kept out of every ``repr`` too.
    ``service_urls`` and ``service_auth`` are for apps in several containers: the address of each
    service, and the one key that signs calls between them. ``metrics``: where the core sends its
    own and the app's metrics; nowhere when missing.
    ``env_values`` gives the content of each ``$env`` name where this machine holds it (local
    provider); it is secret, kept out of every ``repr`` and never written but to ``runtime.env``.
    """

    app_id: str
    environment: str
    environment_type: str
    cloud: str
    base_url: str | None
    items: tuple[Binding, ...] = ()
    grants: tuple[Grant, ...] = ()
    variables: dict[str, str] = field(default_factory=dict, repr=False)
    service_urls: dict[str, str] = field(default_factory=dict)
    service_auth: infra.KeyAuth | None = None
    metrics: infra.Metrics | None = None
    env_values: dict[str, str] = field(default_factory=dict, repr=False)


def env_name(prefix: str, name: str, suffix: str = "") -> str:
    """The variable behind an ``$env`` reference: ``INFRA_SQL_orders_PASSWORD``.

    Letters (case kept), digits and ``_`` of ``name`` stay; where any other character stood,
    ``_`` stands and a short hash of the whole name is added, so that no two names meet.
    """
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    if plain != name:
        plain = f"{plain}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return "_".join(part for part in (prefix, plain, suffix) if part)


def secret_variable(name: str) -> str:
    """The variable behind a declared secret: ``INFRA_SECRET_StripeKey``, for every provider."""
    return env_name("INFRA_SECRET", name)


def database_variable(name: str) -> str:
    """The variable behind the password of a database's role."""
    return env_name("INFRA_SQL", name, "PASSWORD")


def cache_variable(name: str) -> str:
    """The variable behind the password of a cache's user."""
    return env_name("INFRA_REDIS", name, "PASSWORD")


_BOUND: Final = frozenset({"database", "topic", "bucket", "cache"})


def grants_of(graph: Graph) -> Iterator[Grant]:
    """Who may do what, as the graph says. This machine enforces it by passwords, a cloud by IAM."""
    for use in graph.uses:
        if use.kind in _BOUND:
            for operation in use.operations:
                yield Grant(
                    service=use.service, kind=use.kind, operation=operation, target=use.name
                )
    for subscription in graph.subscriptions:
        yield Grant(
            service=subscription.service,
            kind="subscription",
            operation="subscribe",
            target=f"{subscription.topic}/{subscription.name}",
        )
    for secret in graph.secrets:
        for service in secret.services:
            yield Grant(service=service, kind="secret", operation="read", target=secret.name)
