"""A plan carried out: what must be there before the engine runs, the engine, what comes after.

In: a target and the plan that the person has seen. Out: the stack's outputs. Before: the state, the
certificates, protections lifted of what may be lost. After: passwords, databases and their roles,
migrations. Each part can be repeated, so the next apply goes on where this one ended.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from encore_aws import (
    error_help,
    generated,
    lifting,
    migrating,
    ran,
    shipping,
    site,
    state_mark,
    trust,
)
from encore_aws.inside import Inside
from encore_aws.settings import Settings
from encore_aws.site import Doors, Site
from encore_config.plan import Plan
from encore_provisioner.engine.compare import hosts
from encore_provisioner.engine.deployment import Happened
from encore_provisioner.engine.failures import failure
from encore_provisioner.engine.following import Following
from encore_provisioner.engine.state import Kept
from encore_provisioner.engine.turn import Turn
from encore_provisioner.errors import ApplyError, RefusedError
from encore_provisioner.losses import refuse_losses
from encore_provisioner.provider import STEPS_FAILED, OnProgress, Outputs, Target
from encore_provisioner.waiting import OnWait, notices

if TYPE_CHECKING:
    from encore_aws.account import Account
    from encore_aws.given import Files


def apply(
    target: Target,
    plan: Plan,
    doors: Doors,
    *,
    on_progress: OnProgress,
    allow_data_loss: frozenset[str],
    lock_timeout: float,
) -> Outputs:
    """Raises ``InfraError``, and ``KeyboardInterrupt`` where the person interrupted."""
    refuse_losses(plan, allow_data_loss)
    opened = site.open_site(target, doors)
    _refuse_nameless(opened.settings)
    backend = site.ensure(opened)
    where = site.files(opened, backend, make=True)
    certificates = _certificates(opened)
    program = site.program(opened, site.given(opened, where, certificates))
    following = follow(plan, on_progress)
    deployment = site.deploy(opened, backend, on_interrupt=following.interrupted)
    turn = Turn(environment=opened.name, timeout=lock_timeout, on_wait=notices(on_progress))
    basis = plan.basis

    def check() -> None:
        state_mark.refuse_stale(basis, site.mark(opened, backend, deployment))

    going = frozenset(step.urn for step in plan.changes if step.op in ("delete", "replace"))
    if going:
        # An apply that is refused for another process's sake must not have emptied a bucket.
        turn.come(deployment)
        check()
        state = deployment.export()
        kept = [item for item in state.resources if item.urn in going]
        # Our own change of the state, before what may take hours and holds no lock.
        deployment.unprotect(item.urn for item in kept if item.protect)
        basis = site.mark(opened, backend, deployment)
        _make_way(kept, dict(state.outputs), opened, where, turn.on_wait)
    happened = turn.guarded(deployment, check, lambda: deployment.up(program, on_event=following))
    conclude(happened, following, opened.name)
    outputs = dict(happened.outputs)
    finish(opened, plan, outputs, where, on_progress)
    return outputs


def follow(plan: Plan, on_progress: OnProgress) -> Following:
    """The engine's share of a plan's steps."""
    steps = [step for step in plan.changes if not migrating.is_ours(step)]
    return Following(steps, on_progress, error_help.failed)


def conclude(happened: Happened, following: Following, environment: str) -> None:
    """Raise what the operation ended with, if it did not end well."""
    failed = following.close()
    if happened.interrupts:
        raise KeyboardInterrupt
    if happened.failure is None:
        return
    if failed:
        raise ApplyError("steps failed", code=STEPS_FAILED)
    raise failure(happened, environment, lambda text: error_help.cleaned((text,)))


def finish(
    opened: Site, plan: Plan, outputs: dict[str, Any], where: Files | None, on_progress: OnProgress
) -> None:
    """What the engine cannot do: passwords, databases and roles, migrations."""
    on_wait = notices(on_progress)
    generated.fill(outputs, opened.account, on_wait=on_wait)
    if "function" not in outputs:
        return
    target, inside = opened.target, Inside(opened.account, outputs, on_wait=on_wait)
    migrating.prepare(target, outputs, inside, plan.changes, on_progress)
    if any(step.type == migrating.MIGRATION for step in plan.changes):
        shipping.migrate(target, outputs, inside, where, opened.account, plan.changes, on_progress)
    if where is not None:
        _remember(target, outputs, where, opened.account)


def _remember(target: Target, outputs: Outputs, where: Files, account: Account) -> None:
    """All that the source has has run: the plan has asked, or it was run now."""
    found = ran.now(target, outputs)
    if ran.read(where, account) != found:
        ran.write(where, account, found)


def _refuse_nameless(settings: Settings) -> None:
    if settings.id is None:
        raise RefusedError(
            f"environments.{settings.environment} has no `id`, which names that must be unique in "
            "the world hold; nothing was done",
            code="no-id",
            hint="write one into encore.infra.yaml, four to eight letters and digits that nobody "
            "else has, such as `id: k3f9`; `env new` writes one by itself",
        )


def _certificates(opened: Site) -> dict[str, str]:
    """The roots that the app's pools must be told, of our servers and of adopted ones."""
    databases = opened.target.graph.databases
    adopted = opened.settings.adopt.databases
    found = [
        trust.of_instance(adopted[item.name].instance, opened.account)
        if item.name in adopted
        else opened.settings.database(item.name).certificate_authority
        for item in databases
    ]
    fetch = trust.fetch_bundle(opened.doors.environ)
    return trust.roots(found, opened.account, fetch, opened.folders.work) if found else {}


def _make_way(
    going: Collection[Kept], outputs: Outputs, opened: Site, where: Files | None, on_wait: OnWait
) -> None:
    """What may go, by the plan that the person agreed to, can go in AWS."""
    dropped = to_drop(going)
    if dropped:
        if where is not None:
            ran.forget(where, opened.account)
        inside = Inside(opened.account, outputs, on_wait=on_wait)
        migrating.drop(opened.target, outputs, inside, dropped)
    lifting.lift(lifting.obstacles(going), opened.account, on_wait=on_wait)


def to_drop(going: Collection[Kept]) -> list[str]:
    """The databases, by their declared names, that are deleted inside a server. One whose server
    goes too stays in there until then: the server's last snapshot must hold it.
    """
    urns = {item.urn for item in going}
    return [
        item.name.partition("/")[2]
        for item in going
        if item.type == migrating.LOGICAL and urns.isdisjoint(hosts(item, lifting.SERVER))
    ]
