"""Migrations alone: how they stand, and what is pending run, without anything else being changed.

In: a target, doors. Out: how every declared database stands. An environment must have been applied:
databases and the function that reaches them are made by ``apply``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from encore_aws import migrating, shipping, site
from encore_aws.inside import Inside
from encore_aws.reading import state
from encore_aws.site import Doors, Site
from encore_provisioner.waiting import OnWait, notices

if TYPE_CHECKING:
    from encore_provisioner.provider import DatabaseMigrations, OnProgress, Target


def standing(target: Target, doors: Doors) -> tuple[DatabaseMigrations, ...]:
    """Changes nothing. Raises ``InfraError``."""
    if not migrating.ours(target):
        return migrating.standing(target, None)
    outputs, inside, _ = _open(target, doors)
    return migrating.standing(target, migrating.status(target, outputs, inside))


def migrate(
    target: Target, doors: Doors, *, on_progress: OnProgress
) -> tuple[DatabaseMigrations, ...]:
    """Raises ``InfraError``; what ran before stays."""
    if not migrating.ours(target):
        return migrating.standing(target, None)
    outputs, inside, opened = _open(target, doors, notices(on_progress))
    steps = migrating.steps(target, migrating.status(target, outputs, inside))
    where = site.files(opened, site.look(opened))
    shipping.migrate(target, outputs, inside, where, opened.account, steps, on_progress)
    return migrating.standing(target, migrating.status(target, outputs, inside))


def _open(
    target: Target, doors: Doors, on_wait: OnWait = lambda _: None
) -> tuple[Mapping[str, Any], Inside, Site]:
    opened = site.open_site(target, doors)
    outputs = state(opened).outputs
    return outputs, Inside(opened.account, outputs, on_wait=on_wait), opened
