"""What stops an apply before it changes anything. Each raises ``RefusedError``, or is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from encore_config.diagnostics import has_errors
from encore_config.plan import Plan
from encore_local.capabilities import capabilities
from encore_local.model import SERVERS
from encore_local.site import secrets_of
from encore_provisioner.errors import RefusedError

if TYPE_CHECKING:
    from encore_local.model import Actual
    from encore_local.planner import Planned
    from encore_local.site import Site
    from encore_provisioner.provider import Target


def refuse_unable(target: Target) -> None:
    """Code ``not-possible-here``: something is declared that this machine cannot give."""
    found = capabilities(target)
    if has_errors(found):
        errors = tuple(d for d in found if d.severity == "error")
        raise RefusedError(
            f"{errors[0].message}; nothing was changed",
            code="not-possible-here",
            hint=errors[0].hint,
            at=errors[0].at,
            diagnostics=errors,
        )


def refuse_against(former: Plan | None) -> None:
    """Code ``not-comparable``: an earlier plan was given, but the state itself is here."""
    if former is not None:
        raise RefusedError(
            "the provider local compares with its own state, not with an earlier plan",
            code="not-comparable",
            hint="leave --against out: `plan --offline` compares with what was applied last",
        )


def nothing_to_refresh() -> RefusedError:
    """Code ``nothing-to-refresh``."""
    return RefusedError(
        "the provider local asks its servers with every plan, and remembers nothing that could be "
        "out of date",
        code="nothing-to-refresh",
        hint="`plan` shows what is there; `refresh` is for environments in a cloud",
    )


def refuse_missing_secrets(target: Target) -> None:
    """Code ``missing-secrets``."""
    missing = secrets_of(target).missing()
    if missing:
        name = missing[0]
        places = {secret.name: secret.at for secret in target.graph.secrets}
        at = next(iter(places.get(name, ())), None)
        plural = "s have" if len(missing) > 1 else " has"
        raise RefusedError(
            f"{len(missing)} secret{plural} no value: {', '.join(missing)}; nothing was changed",
            code="missing-secrets",
            hint="; ".join(f"encore-infra secret set {name}" for name in missing),
            at=at,
        )


def refuse_stale(shown: Plan, fresh: Plan) -> None:
    """Code ``plan-stale``: what was shown is not what would be done."""
    if shown.mode == "offline":
        raise RefusedError(
            "the plan was made offline, from the last known state",
            code="plan-offline",
            hint="Make it again without --offline.",
        )
    if (shown.app, shown.environment) != (fresh.app, fresh.environment):
        raise RefusedError(
            f"the plan is for {shown.app}/{shown.environment}, "
            f"not for {fresh.app}/{fresh.environment}",
            code="plan-stale",
            hint="Make a plan for this app and environment.",
        )
    if shown.changes != fresh.changes:
        raise RefusedError(
            "what is there has changed since the plan was made; nothing was changed",
            code="plan-stale",
            hint="Plan again, look at it, and apply that.",
        )


def not_ours(server: Actual, left: tuple[str, ...]) -> RefusedError:
    """Code ``not-ours``: a server that nothing needs holds what the plan did not name."""
    return RefusedError(
        f"the server {server.name} still holds {', '.join(left)}, which the plan did not name",
        code="not-ours",
        hint="Plan again: it names what belongs to the app. Move the rest away, or remove the "
        "whole environment with `destroy`.",
    )


def refuse_taken_ports(site: Site, planned: Planned) -> None:
    """Code ``port-taken``: another process listens where a server of ours has to."""
    for step in planned.plan.changes:
        if step.type not in SERVERS or step.op == "delete":
            continue
        server = site.servers[step.name]
        before = planned.observation.actual.get(step.urn)
        running = before is not None and before.known
        if not running or before is None or before.properties.get("port") != server.port:
            server.check_port()
