"""From outputs to what the app is handed: config fields, grants, variables. Pure.

In: a target, its settings, the outputs of an apply. Out: ``Bindings``. No secret's value is among
them: each stands behind a variable that the container gets from Secrets Manager.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from encore_aws.resources import bucket, cache, database, secret
from encore_aws.resources import subscription as queue
from encore_aws.resources import topic as topics
from encore_aws.resources.container import PORT
from encore_aws.settings import Settings
from encore_config import infra
from encore_config.graph import Graph
from encore_provisioner.binding import Binding, Bindings, grants_of
from encore_provisioner.errors import RefusedError
from encore_provisioner.provider import Target


def bind(target: Target, settings: Settings, outputs: Mapping[str, Any]) -> Bindings:
    """Raises ``RefusedError`` (``not-applied``) for a declaration that the outputs lack."""
    graph = target.graph
    try:
        items = tuple(_items(graph, settings, outputs))
    except KeyError as error:
        raise RefusedError(
            f"the environment {settings.environment} holds no {error.args[0]}: it was applied "
            "before the app declared it, or not at all",
            code="not-applied",
            hint=f"run: encore-infra apply --env {settings.environment}",
        ) from error
    return Bindings(
        app_id=target.app_id,
        environment=settings.environment,
        environment_type=settings.type,
        cloud="aws",
        base_url=None,
        items=items,
        grants=tuple(grants_of(graph)),
        variables={"AWS_REGION": settings.region, "PORT": str(PORT)},
        service_auth=secret.expose_service_key(graph, settings),
        metrics=_metrics(settings),
    )


def _items(graph: Graph, settings: Settings, outputs: Mapping[str, Any]) -> Iterator[Binding]:
    roots = outputs.get("certificates", {})
    yield from database.expose(graph, settings, outputs, roots)
    yield from cache.expose(graph, settings, outputs)
    yield from topics.expose(graph, outputs)
    yield from queue.expose(graph, outputs)
    yield from bucket.expose(graph, settings.region, outputs)
    yield from secret.expose(graph)


def _metrics(settings: Settings) -> infra.Metrics | None:
    if settings.namespace is None:
        return None
    return infra.AWSCloudWatch(namespace=settings.namespace)
