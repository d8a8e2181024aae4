"""The provider ``aws``: the methods of ``Provider``, each handed on to the module that does it.

So far it plans offline. What needs Pulumi's engine is refused, before anything is touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from encore_provisioner.errors import RefusedError

if TYPE_CHECKING:
    from encore_config.diagnostics import Diagnostic
    from encore_config.plan import Plan
    from encore_provisioner.binding import Bindings
    from encore_provisioner.provider import (
        OnProgress,
        Outputs,
        SecretStore,
        ServerStatus,
        Target,
    )


class AwsProvider:
    name = "aws"

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
    ) -> Plan:
        from encore_aws.offline import plan

        del new_ports  # servers in AWS have the usual ports
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
        del plan, on_progress, allow_data_loss, new_ports, lock_timeout
        self._refuse("apply", target)

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

    def _refuse(self, what: str, target: Target) -> NoReturn:
        raise _not_yet(what, target)


def _not_yet(what: str, target: Target) -> RefusedError:
    name = target.environment.name
    return RefusedError(
        f"the provider aws cannot {what} yet; nothing was done",
        code="not-yet",
        hint=f"what works: encore-infra plan --env {name} --offline",
    )
