"""The state made true again: every resource asked for, and what differs told.

In: a target, doors. Out: a plan of what a refresh found. Nothing in AWS is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from encore_aws import error_help, offline, site
from encore_aws.applying import conclude
from encore_aws.reading import not_applied, stack, state
from encore_aws.replacement import RULES
from encore_aws.site import Doors
from encore_config.plan import Plan
from encore_provisioner.engine.events import ended
from encore_provisioner.engine.following import Following
from encore_provisioner.engine.preview import deletions, plan_of_state, refreshed
from encore_provisioner.engine.turn import Turn
from encore_provisioner.waiting import notices

if TYPE_CHECKING:
    from encore_provisioner.provider import OnProgress, Target


def refresh(target: Target, doors: Doors, *, on_progress: OnProgress, lock_timeout: float) -> Plan:
    """Ask AWS for every resource and note what it says. Raises ``InfraError``."""
    now = offline.plan(target)
    opened = site.open_site(target, doors)
    known = deletions(now, state(opened), RULES)
    # Nothing happens to them but that they are looked at.
    looked_at = [msgspec.structs.replace(step, op="same") for step in known]
    following = Following(looked_at, on_progress, error_help.failed)
    deployment = stack(opened, following.interrupted)
    if deployment is None:
        raise not_applied(opened.name)
    turn = Turn(environment=opened.name, timeout=lock_timeout, on_wait=notices(on_progress))
    happened = turn.take(lambda: deployment.refresh(on_event=following))
    conclude(happened, following, opened.name)
    return plan_of_state(now, refreshed(known, ended(happened.events)))
