"""What is known of an environment: its outputs from the state, and the state made true again.

In: a target, doors. Out: outputs, a plan of what a refresh found. Nothing in AWS is changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from encore_aws import error_help, migrating, offline, site
from encore_aws import status as servers
from encore_aws.applying import conclude, patiently
from encore_aws.checking import checks
from encore_aws.inside import Inside
from encore_aws.replacement import RULES
from encore_aws.site import Doors, Site
from encore_config.graph import Graph
from encore_config.plan import Plan, summarise
from encore_provisioner.check import Check, Kind, OnCheck
from encore_provisioner.engine.deployment import Deployment
from encore_provisioner.engine.events import ended
from encore_provisioner.engine.following import Following
from encore_provisioner.engine.preview import deletions, refreshed
from encore_provisioner.engine.state import State
from encore_provisioner.errors import ApplyError, RefusedError

if TYPE_CHECKING:
    from encore_provisioner.provider import OnProgress, Outputs, ServerStatus, Target

OnInterrupt = Callable[[int], None]


def outputs(target: Target, doors: Doors) -> Outputs:
    """Those of the last apply. Raises ``RefusedError`` (``not-applied``), ``InfraError``."""
    return dict(state(site.open_site(target, doors)).outputs)


def status(target: Target, doors: Doors) -> tuple[ServerStatus, ...]:
    """Empty before the first apply. Raises ``InfraError``."""
    opened = site.open_site(target, doors)
    deployment = _deployment(opened)
    found = deployment.export() if deployment else State()
    return servers.status(found.resources, opened.account)


def doctor(target: Target, doors: Doors, *, on_check: OnCheck) -> tuple[Check, ...]:
    """Inside the network what only can be reached there, the rest from here. Raises ``InfraError``.

    That the function does not answer is told of what it would have looked at, and hides no more.
    """
    opened = site.open_site(target, doors)
    found = state(opened).outputs
    done: list[Check] = []
    from_here = checks(target.graph, found, opened.account, opened.name)
    for check in chain(_inside(target, found, opened), from_here):
        on_check(check)
        done.append(check)
    return tuple(done)


def _inside(target: Target, outputs: Mapping[str, Any], opened: Site) -> tuple[Check, ...]:
    if "function" not in outputs:
        return ()
    began = time.monotonic()
    try:
        return migrating.doctor(outputs, Inside(opened.account, outputs))
    except ApplyError as error:
        return tuple(_unreached(target.graph, error, time.monotonic() - began))


def _unreached(graph: Graph, error: ApplyError, seconds: float) -> Iterator[Check]:
    found: list[tuple[Kind, str]] = [
        *(("database", each.name) for each in graph.databases),
        *(("cache", each.name) for each in graph.caches),
    ]
    for kind, name in found:
        yield Check(
            kind=kind, name=name, ok=False, seconds=seconds,
            reason=error.message, hint=error.hint,
        )  # fmt: skip


def state(opened: Site) -> State:
    """What the state holds. Raises ``RefusedError`` (``not-applied``) where there is none."""
    deployment = _deployment(opened)
    found = deployment.export() if deployment else State()
    if deployment is None or not found.outputs:
        raise not_applied(opened.name)
    return found


def refresh(target: Target, doors: Doors, *, on_progress: OnProgress, lock_timeout: float) -> Plan:
    """Ask AWS for every resource and note what it says. Raises ``InfraError``."""
    now = offline.plan(target)
    opened = site.open_site(target, doors)
    known = deletions(now, state(opened), RULES)
    # Nothing happens to them but that they are looked at.
    looked_at = [msgspec.structs.replace(step, op="same") for step in known]
    following = Following(looked_at, on_progress, error_help.failed)
    deployment = _deployment(opened, following.interrupted)
    if deployment is None:
        raise not_applied(opened.name)
    happened = patiently(lambda: deployment.refresh(on_event=following), lock_timeout, opened.name)
    conclude(happened, following, opened.name)
    steps = refreshed(known, ended(happened.events))
    return msgspec.structs.replace(
        now,
        mode="preview",
        against="state",
        steps=steps,
        summary=summarise(steps),
        permissions=(),
        missing_secrets=(),
    )


def not_applied(environment: str) -> RefusedError:
    return RefusedError(
        f"the environment {environment} was not applied yet",
        code="not-applied",
        hint=f"run: encore-infra apply --env {environment}",
    )


def _deployment(opened: Site, on_interrupt: OnInterrupt = lambda _: None) -> Deployment | None:
    backend = site.look(opened)
    return None if backend is None else site.deploy(opened, backend, on_interrupt=on_interrupt)
