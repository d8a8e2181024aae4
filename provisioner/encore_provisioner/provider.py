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
from encore_provisioner.check import Check, OnCheck

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is done or waited for besides the steps, in one line for people.

    Such as that another process holds the environment, or how far a bucket is emptied. It stands
    until the next one, or until a step begins or ends.
    """

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """The person interrupted: nothing more is begun, and what is in flight comes to its end."""


OnStep = Callable[[Progress], None]
Event = Progress | Notice | Stopping
OnProgress = Callable[[Event], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretInfo:
    """A secret without its value: ``set_at`` is ISO 8601 in UTC, or None while it has no value.

    ``known`` is False where nobody may look, so that it may have one all the same.
    """

    name: str
    set_at: str | None
    services: tuple[str, ...]
    known: bool = True


class SecretStore(Protocol):
    """The values of the app's declared secrets in one environment."""

    def set(self, name: str, value: str) -> None: ...

    def remove(self, name: str) -> bool: ...

    def list(self) -> tuple[SecretInfo, ...]: ...


ServerState = Literal[
    "running", "stopped", "missing", "creating", "modifying", "deleting", "failed", "unknown"
]
"""``missing``: it should be there and is not. ``unknown``: nobody could be asked, or the answer is
none of these words and stands in ``detail``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """One running or stopped server, or one cloud resource, as ``status`` shows it."""

    name: str
    state: ServerState
    endpoint: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingMigration:
    """A file that has not run. ``destructive``: its statements that delete data, as written and on
    one line each.
    """

    filename: str
    destructive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseMigrations:
    """How the migrations of one declared database stand, at the moment of the answer.

    ``exists``: whether the database is there yet. ``version`` is the highest that has run, None
    before the first. ``applied``, ``pending`` and ``adopted`` are file names in the order of their
    numbers; ``adopted`` are those among ``applied`` that another tool ran and that nobody has
    recorded with their hashes yet. A ``problem`` of severity error keeps all of them from running.
    """

    name: str
    exists: bool
    version: int | None = None
    dirty: bool = False
    applied: tuple[str, ...] = ()
    pending: tuple[PendingMigration, ...] = ()
    adopted: tuple[str, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What a person may do after an apply: ``title`` in two or three words, then how.

    ``command`` are the words behind the program's name (``config --service orders``); the command
    line adds the app's folder and the environment. ``text`` stands instead of it, or behind it.
    """

    title: str
    command: str = ""
    text: str = ""


class Provider(Protocol):
    """See ARCHITECTURE.md, "Providers". Every method may raise ``InfraError``.

    ``needs_secrets``: whether an apply is refused while a declared secret has no value.
    ``needs_id``: whether names hold the environment's ``id``, which the first apply then makes.
    """

    name: str
    needs_secrets: bool
    needs_id: bool

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
        refresh: bool = False,
    ) -> Plan:
        """Compare the graph with what is really there (offline: with the last known state).

        ``against``, only offline: an earlier plan to compare with instead; a provider that knows
        the last state by itself refuses it. ``refresh``, never offline: ask what is really there
        first, where a plan otherwise trusts what the last apply knew; a provider that always asks
        need not heed it. ``new_ports`` is refused where nobody chooses ports. Starts nothing and
        changes nothing.
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

    def next_steps(self, target: Target) -> tuple[NextStep, ...]:
        """What a person does after an apply, in that order; the files of the runtime config and
        secrets without a value are named by whoever asks."""
        ...

    def refresh(
        self, target: Target, *, on_progress: OnProgress, lock_timeout: float = 0.0
    ) -> Plan:
        """Ask what is really there and remember that; nothing but the memory changes.

        The plan has a step for each resource: ``update`` where it is another one than remembered
        (``before`` is what was remembered), ``delete`` where it is gone, ``same``; none of them
        loses data, since that is lost already or still there. A provider that asks anew with
        every plan refuses with code ``nothing-to-refresh``.
        """
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
        """Remove everything and look again: what is left against our will, one line each.

        What is kept on purpose stands in ``Plan.kept`` and is not left.
        """
        ...

    def stop(self, target: Target, *, lock_timeout: float = 0.0) -> tuple[str, ...]:
        """End the servers, keep the data; the names of those that were running."""
        ...

    def outputs(self, target: Target) -> Outputs: ...

    def bindings(self, target: Target, outputs: Outputs) -> Bindings: ...

    def status(self, target: Target) -> tuple[ServerStatus, ...]: ...

    def secrets(self, target: Target) -> SecretStore: ...

    def migrations(self, target: Target) -> tuple[DatabaseMigrations, ...]:
        """How the migrations of every declared database stand, in the graph's order.

        Changes nothing. Raises ``RefusedError`` where the databases cannot be asked.
        """
        ...

    def migrate(
        self, target: Target, *, on_progress: OnProgress, lock_timeout: float = 0.0
    ) -> tuple[DatabaseMigrations, ...]:
        """Run what is pending and record what was adopted; how things stand then.

        Nothing else is made or changed. Refused before the first file where any database has a
        problem of severity error. A file that fails is told as in :meth:`apply`: by ``Progress``
        and an ``ApplyError``; what ran before it stays.
        """
        ...

    def doctor(self, target: Target, *, on_check: OnCheck) -> tuple[Check, ...] | None:
        """Check what the app needs from wherever it can be reached, in a stable order.

        ``on_check`` gets each as soon as those before it are done. None: everything can be reached
        from this machine, with nothing but the files that ``apply`` wrote.
        """
        ...
