"""The end of an environment: what would go, that it goes, and whether anything is left.

In: a target, doors. Out: a plan; then the lines of what is left, none where all is gone. The state
says what there is, not the program: what an older version of the app made goes too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from encore_aws import error_help, leftovers, lifting, offline, patience, site, state_mark
from encore_aws.applying import conclude, follow
from encore_aws.replacement import RULES
from encore_aws.site import Doors, Site
from encore_aws.state_store import Backend
from encore_config.plan import Plan
from encore_provisioner.engine.deployment import Deployment, Happened
from encore_provisioner.engine.events import trouble
from encore_provisioner.engine.preview import deletions, plan_of_state
from encore_provisioner.engine.state import NOTHING, State
from encore_provisioner.engine.turn import Turn
from encore_provisioner.losses import refuse_losses
from encore_provisioner.waiting import Clock, OnWait, notices

if TYPE_CHECKING:
    from encore_provisioner.provider import OnProgress, Target


def plan(target: Target, doors: Doors) -> Plan:
    """A step for everything in the state. Raises ``InfraError``."""
    now = offline.plan(target)
    opened = site.open_site(target, doors)
    backend = site.begun(opened)
    state, basis = _known(opened, backend)
    steps = deletions(now, state, RULES)
    kept = lifting.told(state.resources, backend=_with_key(backend, opened)) if steps else ()
    return msgspec.structs.replace(plan_of_state(now, steps, kept), basis=basis)


def _known(opened: Site, backend: Backend | None) -> tuple[State, str]:
    """What there is, and the mark of it, or of what it was just before."""
    if backend is None:
        return State(), NOTHING
    deployment = site.deploy(opened, backend)
    basis = site.mark(opened, backend, deployment)
    return deployment.export(), basis


def _with_key(backend: Backend | None, opened: Site) -> Backend | None:
    """Looking at the state needs no key, so who only looks was not told of it."""
    if backend is None:
        return None
    return replace(backend, key=site.key(opened, backend))


def destroy(
    target: Target,
    shown: Plan,
    doors: Doors,
    *,
    on_progress: OnProgress,
    allow_data_loss: frozenset[str],
    lock_timeout: float,
    clock: Clock | None = None,
) -> tuple[str, ...]:
    """Raises ``InfraError``, and ``KeyboardInterrupt`` where the person interrupted."""
    refuse_losses(shown, allow_data_loss)
    opened = site.open_site(target, doors)
    backend = site.begun(opened)
    known = leftovers.of_plan(offline.plan(target))
    if backend is None:
        return leftovers.left(known, opened.account)
    following, on_wait = follow(shown, on_progress), notices(on_progress)
    deployment = site.deploy(opened, backend, on_interrupt=following.interrupted)
    turn = Turn(environment=opened.name, timeout=lock_timeout, on_wait=on_wait)
    turn.come(deployment)
    state_mark.refuse_stale(shown.basis, site.mark(opened, backend, deployment))
    state = deployment.export()
    known = (*known, *leftovers.of_state(state))
    happened = until_gone(
        lambda: _make_way(state, deployment, opened, on_wait),
        lambda: turn.take(lambda: deployment.destroy(on_event=following)),
        on_wait,
        clock or Clock(),
    )
    conclude(happened, following, opened.name)
    left = leftovers.left(known, opened.account, on_wait=on_wait)
    if not left:
        deployment.remove()
    return left


def _make_way(state: State, deployment: Deployment, opened: Site, on_wait: OnWait) -> None:
    lifting.lift(lifting.obstacles(state.resources), opened.account, on_wait=on_wait)
    if any(item.protect for item in deployment.export().resources):
        deployment.unprotect_all()


def until_gone(
    way: Callable[[], None], run: Callable[[], Happened], on_wait: OnWait, clock: Clock
) -> Happened:
    """Again while AWS only needs time: it lets go of a function's network interfaces late.

    ``way`` is made before each try, since an app that still runs fills its buckets again.
    """
    began, tries = clock.now(), 1
    way()
    happened = run()
    while happened.failure is not None and not happened.interrupts:
        messages = _said(happened)
        seconds = patience.again(messages, tries, clock.now() - began)
        if seconds is None:
            break
        on_wait(f"{'; '.join(patience.why(messages))}; trying again in {seconds:g} s")
        clock.pause(seconds)
        tries += 1
        way()
        happened = run()
    return happened


def _said(happened: Happened) -> tuple[str, ...]:
    messages: Mapping[str, tuple[str, ...]] = trouble(happened.events).messages
    return tuple(error_help.cleaned((text,)) for texts in messages.values() for text in texts)
