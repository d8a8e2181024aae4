"""The whole program: every kind of resource of one environment, in the order of their needs.

In: a graph, settings, names, and what only an apply knows. Out: a function that makes resources and
returns the stack's outputs, and beside it why each resource is there. It decides nothing itself and
does not know how it is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from encore_aws.cloud import root
from encore_aws.given import NOTHING, Given
from encore_aws.naming import Names
from encore_aws.resources import (
    bucket,
    cache,
    container,
    database,
    function,
    network,
    role,
    secret,
    subscription,
    topic,
)
from encore_aws.settings import Settings
from encore_aws.stage import Note, Stage
from encore_config.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """All that is to be made, decided."""

    network: network.Wanted
    topics: topic.Wanted
    subscriptions: subscription.Wanted
    buckets: bucket.Wanted
    databases: database.Wanted
    caches: cache.Wanted
    function: function.Wanted | None
    secrets: secret.Wanted
    roles: role.Wanted
    containers: container.Wanted


def normalise(graph: Graph, settings: Settings, names: Names) -> Wanted:
    """Pure; the same input gives the same value."""
    given = (graph, settings, names)
    return Wanted(
        network=network.normalise(*given),
        topics=topic.normalise(*given),
        subscriptions=subscription.normalise(*given),
        buckets=bucket.normalise(*given),
        databases=database.normalise(*given),
        caches=cache.normalise(*given),
        function=function.normalise(*given),
        secrets=secret.normalise(*given),
        roles=role.normalise(*given),
        containers=container.normalise(*given),
    )


class Program:
    """Call it inside Pulumi's runtime, once; ``notes`` are complete when the call returns."""

    def __init__(
        self, wanted: Wanted, settings: Settings, names: Names, given: Given = NOTHING
    ) -> None:
        self._wanted, self._settings, self._names = wanted, settings, names
        self._given = given
        self.notes: Mapping[str, Note] = {}

    def __call__(self) -> dict[str, Any]:
        settings = self._settings
        provider = root.Provider(
            "aws",
            region=settings.region,
            allowed_account_ids=[settings.account] if settings.account else None,
        )
        stage = Stage(self._names, provider, tags=settings.tags)
        outputs = {"region": settings.region, **_create(self._wanted, self._given, stage)}
        if self._given.certificates:
            outputs["certificates"] = dict(sorted(self._given.certificates.items()))
        if self._given.permissions:
            outputs["permissions"] = {
                service: {what: list(actions) for what, actions in found.items()}
                for service, found in self._given.permissions.items()
            }
        self.notes = stage.notes
        return outputs


def _create(wanted: Wanted, given: Given, stage: Stage) -> dict[str, Any]:
    """Storage before what uses it; roles when everything that they may reach is there."""
    made, found = network.create(wanted.network, stage)
    found |= secret.create(wanted.secrets, stage)
    found |= database.create(wanted.databases, made, stage)
    found |= cache.create(wanted.caches, made, stage)
    found |= function.create(wanted.function, made, found, given, stage)
    found |= topic.create(wanted.topics, stage)
    found |= subscription.create(wanted.subscriptions, found, stage)
    found |= bucket.create(wanted.buckets, stage)
    found |= role.create(wanted.roles, found, stage)
    return found | container.create(wanted.containers, found, stage)
