"""From the graph to the resources of this machine, in the order in which they are made. Pure.

In: the app's graph, the ports that are chosen, what each server would run with. Out: wanted
resources: servers first, then secrets, databases each with its migrations, topics,
subscriptions and buckets. Lists are sorted by name, so the same app gives the same plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from encore_config.graph import Database, Graph, Subscription
from encore_config.plan import UNKNOWN, DeclarationRef
from encore_config.position import At
from encore_local.model import (
    AWS,
    BUCKET,
    DATABASE,
    MIGRATION,
    POSTGRES,
    SECRET,
    SUBSCRIPTION,
    TOPIC,
    VALKEY,
    Names,
    Wanted,
)
from encore_local.resources import bucket as buckets
from encore_local.resources import database as databases
from encore_local.resources import secret as secrets
from encore_local.resources import subscription as subscriptions
from encore_local.resources import topic as topics
from encore_provisioner.postgres.judging import MigrationFile


def server_type(name: str) -> str:
    return {"postgres": POSTGRES, "aws": AWS}.get(name, VALKEY)


def server_declaration(graph: Graph, name: str) -> DeclarationRef | None:
    """A cache's server is the cache; the other two serve many declarations."""
    kind, _, cluster = name.partition("/")
    if kind != "cache":
        return None
    at = next((cache.at for cache in graph.caches if cache.name == cluster), None)
    return DeclarationRef(kind="cache", name=cluster, at=at)


def desired_servers(
    graph: Graph,
    names: Names,
    *,
    runs_with: Mapping[str, Mapping[str, Any]],
    ports: Mapping[str, int],
) -> tuple[Wanted, ...]:
    """``runs_with`` gives the properties of each wanted server; a port not chosen is unknown."""
    return tuple(
        Wanted(
            type=server_type(name),
            name=name,
            urn=names.urn(server_type(name), name),
            declaration=server_declaration(graph, name),
            properties={**properties, "port": ports.get(name, UNKNOWN)},
        )
        for name, properties in runs_with.items()
    )


def desired_resources(
    graph: Graph,
    names: Names,
    *,
    with_value: frozenset[str],
    files: Mapping[str, tuple[MigrationFile, ...]],
) -> tuple[Wanted, ...]:
    """``with_value``: the secrets that have one; ``files``: each database's migrations."""
    return (
        *_secrets(graph, names, with_value),
        *_databases(graph, names, files),
        *_topics(graph, names),
        *_subscriptions(graph, names),
        *_buckets(graph, names),
    )


def _secrets(graph: Graph, names: Names, with_value: frozenset[str]) -> Iterator[Wanted]:
    for secret in graph.secrets:
        if secret.name in with_value:
            at = secret.at[0] if secret.at else None
            declared = DeclarationRef(kind="secret", name=secret.name, at=at)
            yield _wanted(names, SECRET, declared, secrets.properties())


def _databases(
    graph: Graph, names: Names, files: Mapping[str, tuple[MigrationFile, ...]]
) -> Iterator[Wanted]:
    for database in graph.databases:
        declared = DeclarationRef(kind="database", name=database.name, at=database.at)
        properties = databases.properties(database)
        yield _wanted(names, DATABASE, declared, properties, databases.FORCES)
        for file in files.get(database.name, ()):
            yield desired_migration(names, database, file)


def migration_name(database: str, filename: str) -> str:
    return f"{database}/{filename}"


def desired_migration(names: Names, database: Database, file: MigrationFile) -> Wanted:
    name = migration_name(database.name, file.filename)
    place = At(file=file.path, line=1, column=1)
    return Wanted(
        type=MIGRATION,
        name=name,
        urn=names.urn(MIGRATION, name),
        declaration=DeclarationRef(kind="database", name=database.name, at=place),
        properties={"version": file.number, "sha256": file.sha256},
    )


def _topics(graph: Graph, names: Names) -> Iterator[Wanted]:
    for topic in graph.topics:
        declared = DeclarationRef(kind="topic", name=topic.name, at=topic.at)
        yield _wanted(names, TOPIC, declared, topics.properties(topic), topics.FORCES)


def _subscriptions(graph: Graph, names: Names) -> Iterator[Wanted]:
    by_name = {topic.name: topic for topic in graph.topics}
    for subscription in graph.subscriptions:
        topic = by_name.get(subscription.topic)
        if topic is None:  # an error of the source, which analysis reports
            continue
        name = subscription_name(subscription)
        declared = DeclarationRef(kind="subscription", name=name, at=subscription.at)
        properties = subscriptions.properties(subscription, topic)
        yield _wanted(names, SUBSCRIPTION, declared, properties, subscriptions.FORCES)


def subscription_name(subscription: Subscription) -> str:
    return f"{subscription.topic}/{subscription.name}"


def _buckets(graph: Graph, names: Names) -> Iterator[Wanted]:
    for bucket in graph.buckets:
        declared = DeclarationRef(kind="bucket", name=bucket.name, at=bucket.at)
        yield _wanted(names, BUCKET, declared, buckets.properties(bucket), buckets.FORCES)


def _wanted(
    names: Names,
    type_: str,
    declaration: DeclarationRef,
    properties: dict[str, Any],
    forces: frozenset[str] = frozenset(),
) -> Wanted:
    return Wanted(
        type=type_,
        name=declaration.name,
        urn=names.urn(type_, declaration.name),
        declaration=declaration,
        properties=properties,
        forces=forces,
    )
