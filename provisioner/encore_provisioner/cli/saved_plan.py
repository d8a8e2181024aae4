"""A plan that was written down earlier, and whether it is still what would happen.

In: the file of ``plan --out``, the app and environment of this run, a fresh plan. Out: the saved
plan, or a refusal that says what differs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from encore_config import codec
from encore_config.errors import DocumentError
from encore_config.plan import Plan, Step
from encore_provisioner.errors import RefusedError
from encore_provisioner.provider import Target

STALE: Final = "plan-stale"
"""The code of a refusal because of what has changed since a plan was made, of providers too."""

Key = tuple[str, str]


def read_plan(path: Path, target: Target) -> Plan:
    """The plan in ``path``, made for this app and environment.

    Raises ``RefusedError``: ``bad-plan-file``, ``other-plan`` (another app or environment, or
    made offline).
    """
    plan = read_file(path)
    _refuse_other(path, plan, target)
    return plan


def read_file(path: Path) -> Plan:
    """The plan in ``path``, whatever it is of. Raises ``RefusedError`` (``bad-plan-file``)."""
    try:
        return codec.decode(path.read_bytes(), Plan)
    except OSError as error:
        raise _bad_file(path, error.strerror or str(error), None) from error
    except DocumentError as error:
        raise _bad_file(path, str(error), error.hint) from error


def refuse_stale(saved: Plan, fresh: Plan) -> None:
    """Raise ``RefusedError`` (``plan-stale``) when ``fresh`` would do anything else.

    Where a declaration stands in the source does not matter, what is done to it does.
    """
    before, now = _actions(saved), _actions(fresh)
    if before == now:
        return
    changed = sorted(k for k in {*before, *now} if before.get(k) != now.get(k))
    shown = ", ".join(f"{kind} {name}" for kind, name in changed[:3])
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    raise RefusedError(
        f"the situation has changed since the plan was made: {shown}{more}; nothing was changed",
        code=STALE,
        hint="make a new plan, look at it, and apply that one",
    )


def _actions(plan: Plan) -> dict[Key, tuple[object, ...]]:
    """What is done to each resource that changes."""
    return {(step.type, step.name): _action(step) for step in plan.changes}


def _action(step: Step) -> tuple[object, ...]:
    return step.op, step.urn, step.diff, step.data_loss


def _refuse_other(path: Path, plan: Plan, target: Target) -> None:
    environment = target.environment
    wanted = (target.app_id, environment.name, environment.provider)
    made_for = (plan.app, plan.environment, plan.provider)
    if made_for != wanted:
        raise RefusedError(
            f"{path} is a plan for {_told(made_for)}, this is {_told(wanted)}",
            code="other-plan",
            hint="make the plan for this app and environment",
        )
    if plan.mode == "offline":
        raise RefusedError(
            f"{path} was made with --offline, without a look at what is really there",
            code="other-plan",
            hint="make it without --offline",
        )


def _told(names: tuple[str, str, str]) -> str:
    app, environment, provider = names
    return f"app {app}, environment {environment}, provider {provider}"


def _bad_file(path: Path, reason: str, hint: str | None) -> RefusedError:
    return RefusedError(
        f"{path} is no plan: {reason}",
        code="bad-plan-file",
        hint=hint or "make one with `plan --out FILE`",
    )
