"""CloudWatch's log groups: one for each container, so that none can write into another's.

A group that nobody made is made by the first line of a log, and then keeps everything for ever; so
they are made here, with the days that they keep.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from encore_aws import arns
from encore_aws.cloud import cloudwatch
from encore_aws.containers import Container, containers
from encore_aws.naming import Names
from encore_aws.settings import Settings
from encore_aws.stage import Note, Stage
from encore_config.diagnostics import Diagnostic
from encore_config.graph import Graph

LOGS_NEED_KEY: Final = "W9241"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLogGroup:
    """``days``: after which lines are deleted. ``key``: the ARN of a key of the person's own."""

    container: Container
    name: str
    days: int
    key: str | None
    protect: bool

    @property
    def label(self) -> str:
        return f"log-group/{self.container.label}"


Wanted = tuple[WantedLogGroup, ...]


def normalise(graph: Graph, settings: Settings, names: Names) -> Wanted:
    return tuple(
        WantedLogGroup(
            container=container,
            name=names.name("log-group", container.label),
            days=settings.containers.log_days,
            key=settings.key,
            protect=settings.protect,
        )
        for container in containers(graph, settings)
    )


def arn_of(wanted: WantedLogGroup, settings: Settings, *, unnamed: str) -> str:
    """``unnamed`` stands for the account where the file does not name it."""
    return arns.of(settings, "logs", f"log-group:{wanted.name}", unnamed=unnamed)


def create(wanted: Wanted, stage: Stage) -> dict[str, Any]:
    """``log_groups``: name and ARN by the container's label."""
    return {"log_groups": {group.container.label: _create(group, stage) for group in wanted}}


def _create(wanted: WantedLogGroup, stage: Stage) -> dict[str, Any]:
    container = wanted.container
    note = Note(reason="keeps what the container prints", declaration=container.declaration)
    group = cloudwatch.LogGroup(
        wanted.label,
        name=wanted.name,
        retention_in_days=wanted.days,
        kms_key_id=wanted.key,
        tags=stage.tags(container.declaration, container.service),
        opts=stage.options(wanted.label, note, protect=wanted.protect),
    )
    return {"name": group.name, "arn": group.arn}


def key_statements(
    graph: Graph, settings: Settings, names: Names, others: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """What the policy of the person's own key must hold so that the groups can be made.

    ``others``: the names of groups that are no container's. Empty without such a key. ``Resource``
    is the key itself: its policy knows no other.
    """
    if settings.key is None:
        return []
    own = [group.name for group in normalise(graph, settings, names)]
    groups = [
        arns.of(settings, "logs", f"log-group:{name}", unnamed="*") for name in (*own, *others)
    ]
    return [
        {
            "Sid": "logs",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{settings.region}.{settings.dns_suffix}"},
            "Action": [
                "kms:Decrypt",
                "kms:Describe*",
                "kms:Encrypt",
                "kms:GenerateDataKey*",
                "kms:ReEncrypt*",
            ],
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        }
    ]


def findings(
    graph: Graph, settings: Settings, names: Names, others: Iterable[str] = ()
) -> Iterator[Diagnostic]:
    for statement in key_statements(graph, settings, names, others):
        yield Diagnostic(
            code=LOGS_NEED_KEY,
            severity="warning",
            message=f"environments.{settings.environment}.key: no log group can be made before the "
            "key's own policy lets CloudWatch Logs use it, and nothing here changes a key of yours",
            hint=f"add to the key's policy: {json.dumps(statement)}",
        )
