"""What an apply would change, by the engine's own preview.

In: a target, doors. Out: a ``Plan``. Nothing is made for it: before the first apply there is no
state, and the engine works on an empty one on this machine. A resource that is protected and would
be deleted stops the engine; then a copy of the state without protection is previewed instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from encore_aws import lifting, migrating, offline, ran, site
from encore_aws.error_help import cleaned
from encore_aws.function.documents import StatusAnswer
from encore_aws.inside import Inside
from encore_aws.remembered import recalled
from encore_aws.replacement import RULES
from encore_aws.site import Doors, Site
from encore_config.plan import Plan, Step, summarise
from encore_provisioner.engine.compare import permission_changes
from encore_provisioner.engine.deployment import Deployment, Happened, scratch
from encore_provisioner.engine.events import changes, stack_outputs_before, trouble
from encore_provisioner.engine.failures import failure
from encore_provisioner.engine.preview import needs_state, preview_plan
from encore_provisioner.engine.state import Kept, State

if TYPE_CHECKING:
    from encore_aws.given import Files
    from encore_aws.state_store import Backend
    from encore_provisioner.engine.recording import Program
    from encore_provisioner.provider import Target

_PROTECTED = ("it is currently marked for protection", "because it is protected")


def plan(target: Target, doors: Doors, *, refresh: bool = False) -> Plan:
    """Raises ``InfraError``."""
    now = offline.plan(target)
    opened = site.open_site(target, doors)
    backend = site.look(opened)
    where = site.files(opened, backend)
    program = site.program(opened, site.given(opened, where, {}))
    # AWS is asked for secrets while the engine works; the engine wants the main thread.
    with ThreadPoolExecutor(max_workers=1) as beside, _deployment(opened, backend) as deployment:
        # Before the engine reads the state, so that what changes meanwhile is noticed.
        basis = site.mark(opened, backend, deployment)
        missing = beside.submit(opened.secrets().missing)
        happened, state = _previewed(deployment, program, refresh)
    if happened.failure is not None:
        raise failure(happened, opened.name, lambda text: cleaned((text,)))
    found = preview_plan(now, changes(happened.events), state, RULES)
    former = stack_outputs_before(happened.events)
    steps = (*found.steps, *_migrations(opened, found, former, where, refresh))
    return msgspec.structs.replace(
        found,
        basis=basis,
        steps=steps,
        summary=summarise(steps),
        permissions=permission_changes(recalled(former) or (), now.permissions),
        missing_secrets=missing.result(),
        kept=lifting.told(_going(found, state)),
        warnings=(*found.warnings, *(backend.warnings if backend else opened.place.warnings)),
    )


@contextmanager
def _deployment(opened: Site, backend: Backend | None) -> Iterator[Deployment]:
    if backend is not None and backend.is_begun:
        yield site.deploy(opened, backend)
        return
    command = site.command(opened)
    with scratch(opened.target.app_id, opened.name, opened.folders, command) as empty:
        yield empty


def _previewed(deployment: Deployment, program: Program, refresh: bool) -> tuple[Happened, State]:
    """What would happen, and the state where it takes that to judge it."""
    happened = deployment.preview(program, refresh=refresh, on_event=_silent)
    if happened.failure is not None and _is_protected(happened):
        with deployment.rehearsal() as copy:
            happened = copy.preview(program, refresh=refresh, on_event=_silent)
    if happened.failure is None and needs_state(changes(happened.events), RULES):
        return happened, deployment.export()
    return happened, State()


def _is_protected(happened: Happened) -> bool:
    said = [text for texts in trouble(happened.events).messages.values() for text in texts]
    return any(words in text for text in said for words in _PROTECTED)


def _migrations(
    opened: Site, found: Plan, former: Mapping[str, Any], where: Files | None, refresh: bool
) -> tuple[Step, ...]:
    """What has run only the databases know, and they are asked inside the network; but not where
    the last apply saw that all has run, and nothing can have changed since.
    """
    target = opened.target
    if "function" not in former:
        return migrating.steps(target, None)
    new = _new_databases(found)
    memory = ran.read(where, opened.account) if where and not (refresh or new) else {}
    if memory and ran.is_known(target, former, memory):
        return ()
    inside = Inside(opened.account, former)
    known = migrating.status(target, former, inside).databases
    there = tuple(item for item in known if item.name not in new)
    return migrating.steps(target, StatusAnswer(databases=there))


def _going(found: Plan, state: State) -> tuple[Kept, ...]:
    """What is in the state and would be deleted, for good or to be made anew."""
    urns = {step.urn for step in found.steps if step.op in ("delete", "replace")}
    return tuple(item for item in state.resources if item.urn in urns)


def _new_databases(found: Plan) -> frozenset[str]:
    """Those that are made, or made anew: whatever has run is not there any more."""
    return frozenset(
        step.declaration.name
        for step in found.steps
        if step.type == migrating.LOGICAL
        and step.op in ("create", "replace")
        and step.declaration is not None
    )


def _silent(_: object) -> None:
    """A preview takes seconds; nothing of it is told while it runs."""
