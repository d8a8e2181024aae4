"""The provider ``aws``: the methods of ``Provider``, each handed on to the module that does it.

Everything is imported where it is called: the offline plan must load neither the engine nor a
client of AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from encore_provisioner.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from encore_aws.site import Doors
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
    needs_id = True
    """Buckets must be called like no other in the world."""

    def __init__(self, doors: Doors | None = None) -> None:
        self._given = doors

    @property
    def _doors(self) -> Doors:
        from encore_aws.site import real_doors

        return self._given or real_doors()

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

        _refuse_ports(new_ports)
        if offline:
            return plan(target, against)
        from encore_aws import previewing

        return previewing.plan(target, self._doors, refresh=refresh)

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
        from encore_aws import applying

        _refuse_ports(new_ports)
        return applying.apply(
            target,
            plan,
            self._doors,
            on_progress=on_progress,
            allow_data_loss=allow_data_loss,
            lock_timeout=lock_timeout,
        )

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
        from encore_aws import refreshing

        return refreshing.refresh(
            target, self._doors, on_progress=on_progress, lock_timeout=lock_timeout
        )

    def plan_destroy(self, target: Target) -> Plan:
        from encore_aws import destroying

        return destroying.plan(target, self._doors)

    def destroy(
        self,
        target: Target,
        plan: Plan,
        *,
        on_progress: OnProgress,
        allow_data_loss: frozenset[str] = frozenset(),
        lock_timeout: float = 0.0,
    ) -> tuple[str, ...]:
        from encore_aws import destroying

        return destroying.destroy(
            target,
            plan,
            self._doors,
            on_progress=on_progress,
            allow_data_loss=allow_data_loss,
            lock_timeout=lock_timeout,
        )

    def stop(self, target: Target, *, lock_timeout: float = 0.0) -> tuple[str, ...]:
        del target, lock_timeout
        raise RefusedError(
            "nothing in AWS is stopped by this command: servers there are paid for until they are "
            "deleted",
            code="nothing-to-stop",
            hint="`stop` is for environments of the provider local",
        )

    def outputs(self, target: Target) -> Outputs:
        from encore_aws import reading

        return reading.outputs(target, self._doors)

    def bindings(self, target: Target, outputs: Outputs) -> Bindings:
        from encore_aws.bindings import bind
        from encore_aws.settings import settings

        return bind(target, settings(target.environment), outputs)

    def status(self, target: Target) -> tuple[ServerStatus, ...]:
        from encore_aws import reading

        return reading.status(target, self._doors)

    def secrets(self, target: Target) -> SecretStore:
        from encore_aws import site

        return site.open_site(target, self._doors).secrets()

    def migrations(self, target: Target) -> tuple[DatabaseMigrations, ...]:
        from encore_aws import migrations

        return migrations.standing(target, self._doors)

    def migrate(
        self, target: Target, *, on_progress: OnProgress, lock_timeout: float = 0.0
    ) -> tuple[DatabaseMigrations, ...]:
        from encore_aws import migrations

        # Each database has a lock of its own, which the function waits for.
        del lock_timeout
        return migrations.migrate(target, self._doors, on_progress=on_progress)

    def doctor(self, target: Target, *, on_check: OnCheck) -> tuple[Check, ...] | None:
        from encore_aws import diagnosing

        return diagnosing.doctor(target, self._doors, on_check=on_check)


def _refuse_ports(new_ports: bool) -> None:
    if new_ports:
        raise UsageError(
            "--new-ports chooses ports on this machine; servers in AWS have the usual ones",
            code="usage",
            hint="leave --new-ports out",
        )
