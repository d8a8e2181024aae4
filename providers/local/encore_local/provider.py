"""The provider `local`: the methods of ``Provider``, each handed on to the module that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from encore_config.diagnostics import Diagnostic
    from encore_config.plan import Plan
    from encore_local.apply import Reporter
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


def _pass(_where: str) -> None:
    """The checkpoint of every day: go on."""


class LocalProvider:
    """Real servers on this machine. ``checkpoint`` is told where an apply or destroy stands."""

    name = "local"
    needs_secrets = True
    needs_id = False

    def __init__(self, *, checkpoint: Callable[[str], None] = _pass) -> None:
        self._checkpoint = checkpoint

    def capabilities(self, target: Target) -> tuple[Diagnostic, ...]:
        from encore_local.capabilities import capabilities

        return capabilities(target)

    def plan(
        self,
        target: Target,
        *,
        offline: bool = False,
        against: Plan | None = None,
        new_ports: bool = False,
        refresh: bool = False,
    ) -> Plan:
        from encore_local.planner import plan_apply
        from encore_local.refusals import refuse_against
        from encore_local.site import open_site

        del refresh  # servers are asked with every plan
        refuse_against(against)
        return plan_apply(open_site(target, new_ports=new_ports), offline=offline).plan

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
        from encore_local.apply import apply

        return apply(
            target,
            plan,
            reporter=self._reporter(on_progress),
            allow_data_loss=allow_data_loss,
            new_ports=new_ports,
            lock_timeout=lock_timeout,
        )

    def next_steps(self, target: Target) -> tuple[NextStep, ...]:
        from encore_local.status import next_steps

        return next_steps(target)

    def refresh(
        self, target: Target, *, on_progress: OnProgress, lock_timeout: float = 0.0
    ) -> Plan:
        from encore_local.refusals import nothing_to_refresh

        del target, on_progress, lock_timeout
        raise nothing_to_refresh()

    def plan_destroy(self, target: Target) -> Plan:
        from encore_local.planner import plan_destroy
        from encore_local.site import open_site

        return plan_destroy(open_site(target))

    def destroy(
        self,
        target: Target,
        plan: Plan,
        *,
        on_progress: OnProgress,
        allow_data_loss: frozenset[str] = frozenset(),
        lock_timeout: float = 0.0,
    ) -> tuple[str, ...]:
        from encore_local.destroy import destroy

        return destroy(
            target,
            plan,
            reporter=self._reporter(on_progress),
            allow_data_loss=allow_data_loss,
            lock_timeout=lock_timeout,
        )

    def stop(self, target: Target, *, lock_timeout: float = 0.0) -> tuple[str, ...]:
        from encore_local.status import stop

        return stop(target, lock_timeout=lock_timeout)

    def outputs(self, target: Target) -> Outputs:
        from encore_local.layout import Layout
        from encore_local.outputs import outputs_of
        from encore_local.state import load_state

        layout = Layout(folder=target.state_dir)
        return outputs_of(load_state(layout.state, move_aside=False).state)

    def bindings(self, target: Target, outputs: Outputs) -> Bindings:
        from encore_local.bindings import bind
        from encore_local.site import secrets_of

        return bind(target, outputs, secrets_of(target))

    def status(self, target: Target) -> tuple[ServerStatus, ...]:
        from encore_local.status import status

        return status(target)

    def secrets(self, target: Target) -> SecretStore:
        from encore_local.layout import Layout, prepare
        from encore_local.site import secrets_of

        prepare(Layout(folder=target.state_dir))
        return secrets_of(target)

    def migrations(self, target: Target) -> tuple[DatabaseMigrations, ...]:
        from encore_local.migrating import migrations

        return migrations(target)

    def migrate(
        self, target: Target, *, on_progress: OnProgress, lock_timeout: float = 0.0
    ) -> tuple[DatabaseMigrations, ...]:
        from encore_local.migrating import migrate

        return migrate(target, reporter=self._reporter(on_progress), lock_timeout=lock_timeout)

    def doctor(self, target: Target, *, on_check: OnCheck) -> tuple[Check, ...] | None:
        del target, on_check
        return None  # all of it listens on this machine

    def _reporter(self, on_progress: OnProgress) -> Reporter:
        from encore_local.apply import Reporter

        return Reporter(on_progress=on_progress, checkpoint=self._checkpoint)
