"""What a provider is: the one interface between the command line and a cloud or this machine.

A provider is found by entry point (group ``encore_infra.providers``), the built-in ones too,
and constructed without arguments. It prints nothing, asks nothing and knows no exit codes: it
returns values, reports progress to a callback and raises ``InfraError``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from encore_config.diagnostics import Diagnostic
from encore_config.environment import Environment
from encore_config.graph import Graph
from encore_config.plan import Plan, Step
from encore_provisioner.binding import Bindings

Outputs = dict[str, Any]
"""What apply learned, as plain JSON: endpoints, ARNs, URLs, ports. Never a secret's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One app and one of its environments: all that a provider is told.

    ``app_id`` is the id of ``encore.app`` or, where that is empty, a slug of the folder's name.
    ``cors`` is ``global_cors`` of ``encore.app`` as written there.
    """

    root: Path
    app_id: str
    graph: Graph
    environment: Environment
    cors: dict[str, Any]

    @property
    def state_dir(self) -> Path:
        """``.encore/infra/<environment>/`` in the app."""
        return self.root / ".encore" / "infra" / self.environment.name


Phase = Literal["started", "finishing", "done", "failed", "abandoned"]
"""``finishing``: after an interruption this one is still waited for. ``abandoned``: it was cut off,
and nobody knows whether it was done."""

STEPS_FAILED: Final = "steps-failed"
"""The code of an ``ApplyError`` that says no more than ``Progress`` has said already: whoever
heard that tells it, with the places, what is done and what is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a step failed, as far as that can be told from what the cloud said.

    ``code`` is a stable word for programs; ``remedy`` is what a person can do.
    """

    code: str
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """That a step began or ended; ``seconds`` is the time it took, once it ended.

    ``message`` is what the provider says of a failure, without what only machines need.
    """

    step: Step
    phase: Phase
    seconds: float | None = None
    message: str = ""
    reason: Reason | None = None


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretInfo:
    """A secret without its value: ``set_at`` is ISO 8601 in UTC, or None while it has no value."""

    name: str
    set_at: str | None
    services: tuple[str, ...]


class SecretStore(Protocol):
    """The values of the app's declared secrets in one environment."""

    def set(self, name: str, value: str) -> None: ...

    def remove(self, name: str) -> bool: ...

    def list(self) -> tuple[SecretInfo, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """One running or stopped server, or one cloud resource, as ``status`` shows it."""

    name: str
    state: Literal["running", "stopped", "missing"]
    endpoint: str
    detail: str = ""


class Provider(Protocol):
    """See ARCHITECTURE.md, "Providers". Every method may raise ``InfraError``."""

    name: str

    def capabilities(self, target: Target) -> tuple[Diagnostic, ...]:
        """What this provider cannot do as declared, before anything is touched."""
        ...

    def plan(
        self,
        target: Target,
        *,
        offline: bool = False,
        against: Plan | None = None,
        new_ports: bool = False,
    ) -> Plan:
        """Compare the graph with what is really there (offline: with the last known state).

        ``against``, only offline: an earlier plan to compare with instead; a provider that knows
        the last state by itself refuses it. Starts nothing and changes nothing.
        """
        ...

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
        """Carry out ``plan``; refuse it when what is there has changed since it was made."""
        ...

    def plan_destroy(self, target: Target) -> Plan: ...

    def destroy(
        self,
        target: Target,
        plan: Plan,
        *,
        on_progress: OnProgress,
        allow_data_loss: frozenset[str] = frozenset(),
        lock_timeout: float = 0.0,
    ) -> tuple[str, ...]:
        """Remove everything and look again: what is left, one line each; nothing when all gone."""
        ...

    def stop(self, target: Target, *, lock_timeout: float = 0.0) -> tuple[str, ...]:
        """End the servers, keep the data; the names of those that were running."""
        ...

    def outputs(self, target: Target) -> Outputs: ...

    def bindings(self, target: Target, outputs: Outputs) -> Bindings: ...

    def status(self, target: Target) -> tuple[ServerStatus, ...]: ...

    def secrets(self, target: Target) -> SecretStore: ...
