"""Rules that need to know the variables of the process, or the app; see ``infra_boot``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from encore_config import infra
from encore_config.errors import Path
from encore_config.graph import Graph
from encore_config.infra_problem import BootProblem, Effect, later, stops

Reference = tuple[Path, infra.EnvString | None, Effect, str]
"""A place that may hold ``$env``, what happens when its variable is missing, in words."""

_EXPANDED: Final = "envref:"


def variable_problems(
    config: infra.InfraConfig, environ: Mapping[str, str]
) -> Iterator[BootProblem]:
    """Variables that are missing or would be expanded (contract 3), and the region (4.7.1)."""
    for path, value, effect, consequence in _references(config):
        if not isinstance(value, infra.EnvRef):
            continue
        if value.env not in environ:
            yield BootProblem(
                path=path,
                effect=effect,
                consequence=f"{value.env} is not set: {consequence}",
                remedy=f"set {value.env}",
            )
        elif environ[value.env].startswith(_EXPANDED):
            yield from _expanded(path, value.env, environ)
    if "AWS_REGION" not in environ and _needs_region(config):
        yield later(
            ("pubsub",),
            "SNS, SQS and CloudWatch take the region from AWS_REGION only, never from an ARN",
            "set AWS_REGION",
        )


def _expanded(path: Path, name: str, environ: Mapping[str, str]) -> Iterator[BootProblem]:
    chunks = environ[name].removeprefix(_EXPANDED).split(",")
    missing = sum(chunk not in environ for chunk in chunks)
    if missing:
        yield later(
            path,
            f'the value of {name} begins with "{_EXPANDED}", a list of variables, and '
            f"{missing} of them are not set",
            "set them, or begin the value otherwise",
        )


def _needs_region(config: infra.InfraConfig) -> bool:
    aws = any(isinstance(block, infra.AWSSnsSqs) for block in config.pubsub or ())
    return aws or isinstance(config.metrics, infra.AWSCloudWatch)


def _references(config: infra.InfraConfig) -> Iterator[Reference]:
    yield from _server_references(config)
    for index, storage in enumerate(config.object_storage or ()):
        if isinstance(storage, infra.S3):
            path: Path = ("object_storage", index, "secret_access_key")
            consequence = "the process panics when a bucket is first used"
            yield path, storage.secret_access_key, "fails-later", consequence
    for index, key in enumerate(config.auth or ()):
        yield ("auth", index, "key"), key.key, "fails-later", "each call between services fails"
    for name, entry in (config.service_discovery or {}).items():
        for index, key in enumerate(entry.auth or ()):
            path = ("service_discovery", name, "auth", index, "key")
            yield path, key.key, "fails-later", "each call to this service fails"
    for name, value in (config.secrets or {}).items():
        consequence = "the app throws when it reads the secret, or gets an empty text where local"
        yield ("secrets", name), value, "fails-later", consequence
    if isinstance(config.metrics, infra.Prometheus):
        url = config.metrics.remote_write_url
        yield ("metrics", "remote_write_url"), url, "fails-later", "metrics are switched off"
    if isinstance(config.metrics, infra.Datadog):
        api_key = config.metrics.api_key
        yield ("metrics", "api_key"), api_key, "fails-later", "metrics are switched off"


def _server_references(config: infra.InfraConfig) -> Iterator[Reference]:
    consequence = "the process ends at boot"
    for index, server in enumerate(config.sql_servers or ()):
        shared = server.tls_config.client_cert if server.tls_config else None
        for name, database in server.databases.items():
            path: Path = ("sql_servers", index, "databases", name)
            yield (*path, "password"), database.password, "stops-boot", consequence
            cert = database.client_cert or shared
            if cert:
                yield (*path, "client_cert", "key"), cert.key, "stops-boot", consequence
    for name, redis in (config.redis or {}).items():
        if redis.auth and not redis.in_memory:
            for key in ("password",) if redis.auth.type == "acl" else ("auth_string",):
                value = redis.auth.password if key == "password" else redis.auth.auth_string
                yield ("redis", name, "auth", key), value, "stops-boot", consequence


def graph_problems(config: infra.InfraConfig, graph: Graph) -> Iterator[BootProblem]:
    """Where config and app disagree about what there is."""
    yield from _unknown(config, graph)
    yield from _unbound(config, graph)
    yield from _lossy(config, graph)
    yield from _uncounted(config, graph)


def _topics(config: infra.InfraConfig) -> Iterator[tuple[Path, str, Mapping[str, object]]]:
    for index, block in enumerate(config.pubsub or ()):
        for name, topic in block.topics.items():
            yield ("pubsub", index, "topics", name), name, topic.subscriptions


def _unknown(config: infra.InfraConfig, graph: Graph) -> Iterator[BootProblem]:
    topics = {topic.name for topic in graph.topics}
    subscriptions = {(sub.topic, sub.name) for sub in graph.subscriptions}
    for path, name, subs in _topics(config):
        if name not in topics:
            yield stops(
                path,
                "the app declares no such topic, and the core stops at one it does not know",
                "remove it, or build the image again from the source that declares it",
            )
            continue
        for sub in subs:
            if (name, sub) not in subscriptions:
                yield later(
                    (*path, "subscriptions", sub), "the app has no such subscription", "remove it"
                )
    services = {service.name for service in graph.services}
    for index, name in enumerate(config.hosted_services or ()):
        if name not in services:
            yield later(("hosted_services", index), "the app has no such service", "remove it")


def _unbound(config: infra.InfraConfig, graph: Graph) -> Iterator[BootProblem]:
    """What a hosted service uses and the config does not hold."""
    hosted = set(config.hosted_services or ())
    if config.hosted_gateways and graph.gateway.auth_handler:
        hosted.add(graph.gateway.auth_handler.service)
    bound = _bound(config)
    for kind, name, service in sorted(_wanted(graph)):
        if service in hosted and name not in bound[kind]:
            consequence, key = _CONSEQUENCES[kind]
            yield later(
                (key,), f'{kind} "{name}" of {service} is not configured: {consequence}', "add it"
            )


_CONSEQUENCES: Final[Mapping[str, tuple[str, str]]] = {
    "database": ("its queries fail", "sql_servers"),
    "cache": ("its operations fail", "redis"),
    "topic": ("publish throws", "pubsub"),
    "subscription": ("it never receives a message", "pubsub"),
    "bucket": ("its operations fail", "object_storage"),
    "secret": ("reading it throws", "secrets"),
}
"""By kind: what the app sees, and the key of the config where the resource belongs."""


def _wanted(graph: Graph) -> set[tuple[str, str, str]]:
    """Kind, name and service of everything that a service needs."""
    used = {(use.kind, use.name, use.service) for use in graph.uses if use.kind in _CONSEQUENCES}
    secrets = {("secret", secret.name, s) for secret in graph.secrets for s in secret.services}
    keyspaces = {("cache", keyspace.cache, keyspace.service) for keyspace in graph.keyspaces}
    received = {("subscription", f"{s.topic}/{s.name}", s.service) for s in graph.subscriptions}
    return {*used, *secrets, *keyspaces, *received}


def _bound(config: infra.InfraConfig) -> dict[str, set[str]]:
    return {
        "database": {name for server in config.sql_servers or () for name in server.databases},
        "cache": set(config.redis or {}),
        "topic": {name for _, name, _ in _topics(config)},
        "subscription": {f"{name}/{sub}" for _, name, subs in _topics(config) for sub in subs},
        "bucket": {name for storage in config.object_storage or () for name in storage.buckets},
        "secret": set(config.secrets or {}),
    }


def _lossy(config: infra.InfraConfig, graph: Graph) -> Iterator[BootProblem]:
    special = {
        topic.name
        for topic in graph.topics
        if topic.ordering_attribute is not None or topic.delivery == "exactly-once"
    }
    for path, name, _ in _topics(config):
        if name in special:
            yield later(
                path,
                "it is ordered or exactly-once, which this file cannot say: it becomes a plain one",
                "hand the process ENCORE_RUNTIME_CONFIG",
            )


def _uncounted(config: infra.InfraConfig, graph: Graph) -> Iterator[BootProblem]:
    hosted = set(config.hosted_services or ())
    listed = {metric.name for metric in config.used_metrics or ()}
    for metric in graph.metrics:
        if hosted.intersection(metric.services) and metric.name not in listed:
            yield later(
                ("used_metrics",),
                f'metric "{metric.name}" is dropped where it is counted outside a request',
                "add it, with the services that write it",
            )
