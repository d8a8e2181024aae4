"""What is known of an environment, read from its state: outputs, and how its servers are.

In: a target, doors. Out: outputs, what runs. Nothing is changed, in AWS or in the state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from encore_aws import site
from encore_aws import status as servers
from encore_aws.site import Doors, Site
from encore_provisioner.engine.state import State
from encore_provisioner.errors import RefusedError

if TYPE_CHECKING:
    from encore_provisioner.engine.deployment import Deployment
    from encore_provisioner.provider import Outputs, ServerStatus, Target

OnInterrupt = Callable[[int], None]


def outputs(target: Target, doors: Doors) -> Outputs:
    """Those of the last apply. Raises ``RefusedError`` (``not-applied``), ``InfraError``."""
    return dict(state(site.open_site(target, doors)).outputs)


def status(target: Target, doors: Doors) -> tuple[ServerStatus, ...]:
    """Empty before the first apply. Raises ``InfraError``."""
    opened = site.open_site(target, doors)
    deployment = stack(opened)
    found = deployment.export() if deployment else State()
    return servers.status(found.resources, opened.account)


def state(opened: Site) -> State:
    """What the state holds. Raises ``RefusedError`` (``not-applied``) where there is none."""
    deployment = stack(opened)
    found = deployment.export() if deployment else State()
    if deployment is None or not found.outputs:
        raise not_applied(opened.name)
    return found


def not_applied(environment: str) -> RefusedError:
    return RefusedError(
        f"the environment {environment} was not applied yet",
        code="not-applied",
        hint=f"run: encore-infra apply --env {environment}",
    )


def stack(opened: Site, on_interrupt: OnInterrupt = lambda _: None) -> Deployment | None:
    """None before the first apply."""
    backend = site.begun(opened)
    return None if backend is None else site.deploy(opened, backend, on_interrupt=on_interrupt)
