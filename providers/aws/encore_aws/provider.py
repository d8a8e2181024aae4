"""The provider ``aws``: the methods of ``Provider``, each handed on to the module that does it.

So far it plans offline. What needs Pulumi's engine is refused, before anything is touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from encore_provisioner.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from encore_config.diagnostics import Diagnostic
    from encore_config.plan import Plan
    from encore_provisioner.binding import Bindings
    from encore_provisioner.check import Check, OnCheck
    from encore_provisioner.provider import (
        DatabaseMigrations,
        NextStep,
        OnProgress,
        Outputs,
        SecretStore,
        ServerStatus,
        Target,
    )


class AwsProvider:
    name = "aws"
    needs_secrets = False
    """Nothing waits for a value until a container starts, and the place is made by apply."""

    def capabilities(self, target: Target) -> tuple[Diagnostic, ...]:
        from encore_aws.offline import findings

        return findings(target)

    def plan(
        self,
        target: Target,
        *,
        offline: bool = False,
        against: Plan | None = None,
        new_ports: bool = False,
        refresh: bool = False,
    ) -> Plan:
        from encore_aws.offline import plan

        del refresh
        _refuse_ports(new_ports)
        if not offline:
            raise _not_yet("plan what is really there", target)
        return plan(target, against)

    def apply(
        self,
        target: Target,
        plan: Plan,
        *,
        on_progress: OnProgress,
        allow_data_loss: frozenset[str] = frozenset(),
        new_ports: bool = False,
        lock_timeout: float = 0.0,
    ) -> Outputs:
        del plan, on_progress, allow_data_loss, lock_timeout
        _refuse_ports(new_ports)
        self._refuse("apply", target)

    def next_steps(self, target: Target) -> tuple[NextStep, ...]:
        from encore_aws.containers import containers
        from encore_aws.settings import settings
        from encore_provisioner.provider import NextStep

        found = containers(target.graph, settings(target.environment))
        services = [item.service for item in found if item.service]
        option = f" --service {services[0]}" if services else ""
        each = f"and for {', '.join(services[1:])}" if services[1:] else ""
        return (
            NextStep(title="a container", command=f"config --format env{option}", text=each),
            NextStep(title="check it", command="doctor"),
        )

    def refresh(
        self, target: Target, *, on_progress: OnProgress, lock_timeout: float = 0.0
    ) -> Plan:
        del on_progress, lock_timeout
        self._refuse("refresh", target)

    def plan_destroy(self, target: Target) -> Plan:
        self._refuse("destroy", target)

    def destroy(
        self,
        target: Target,
        plan: Plan,
        *,
        on_progress: OnProgress,
        allow_data_loss: frozenset[str] = frozenset(),
        lock_timeout: float = 0.0,
    ) -> tuple[str, ...]:
        del plan, on_progress, allow_data_loss, lock_timeout
        self._refuse("destroy", target)

    def stop(self, target: Target, *, lock_timeout: float = 0.0) -> tuple[str, ...]:
        del target, lock_timeout
        raise RefusedError(
            "nothing in AWS is stopped by this command: servers there are paid for until they are "
            "deleted",
            code="nothing-to-stop",
            hint="`stop` is for environments of the provider local",
        )

    def outputs(self, target: Target) -> Outputs:
        self._refuse("know what is there", target)

    def bindings(self, target: Target, outputs: Outputs) -> Bindings:
        from encore_aws.bindings import bind
        from encore_aws.settings import settings

        return bind(target, settings(target.environment), outputs)

    def status(self, target: Target) -> tuple[ServerStatus, ...]:
        self._refuse("ask what is there", target)

    def secrets(self, target: Target) -> SecretStore:
        self._refuse("set, remove or list secrets", target)

    def migrations(self, target: Target) -> tuple[DatabaseMigrations, ...]:
        self._refuse("ask which migrations have run", target)

    def migrate(
        self, target: Target, *, on_progress: OnProgress, lock_timeout: float = 0.0
    ) -> tuple[DatabaseMigrations, ...]:
        del on_progress, lock_timeout
        self._refuse("run migrations", target)

    def doctor(self, target: Target, *, on_check: OnCheck) -> tuple[Check, ...] | None:
        del on_check
        self._refuse("check what is there", target)

    def _refuse(self, what: str, target: Target) -> NoReturn:
        raise _not_yet(what, target)


def _refuse_ports(new_ports: bool) -> None:
    if new_ports:
        raise UsageError(
            "--new-ports chooses ports on this machine; servers in AWS have the usual ones",
            code="usage",
            hint="leave --new-ports out",
        )


def _not_yet(what: str, target: Target) -> RefusedError:
    name = target.environment.name
    return RefusedError(
        f"the provider aws cannot {what} yet; nothing was done",
        code="not-yet",
        hint=f"what works: encore-infra plan --env {name} --offline",
    )
