"""A provider as clouds are: it remembers, does not wait for secrets, and says how steps went.

Its world is a file, like that of ``FileFakeProvider``; the variables ``FAKE_*`` make it fail or
differ from what is remembered:

    FAKE_STEP      the declaration, or the migration, whose step fails
    FAKE_DRIFT     the declaration that somebody changed by hand
    FAKE_GONE      the declaration that somebody deleted
    FAKE_CHECK     the ``kind/name`` whose check fails
    FAKE_PROBLEM   the database whose migrations have a problem
    FAKE_CUT       a step is cut off: Ctrl-C was pressed twice
"""

# ruff: noqa: ARG002 (a fake is given what the protocol says, and needs only some of it)

from __future__ import annotations

import json
import os
from typing import Any, Final, cast

import msgspec
from tests.support.fakes import FakeSecrets, FileFakeProvider, World

from encore_config.diagnostics import Diagnostic
from encore_config.graph import Database
from encore_config.plan import DeclarationRef, Plan, PropertyDiff, Step
from encore_provisioner.check import Check, Kind, OnCheck
from encore_provisioner.errors import ApplyError, RefusedError, UsageError
from encore_provisioner.postgres.destructive import destructive
from encore_provisioner.provider import (
    STEPS_FAILED,
    DatabaseMigrations,
    NextStep,
    OnProgress,
    PendingMigration,
    Progress,
    Reason,
    SecretStore,
    ServerState,
    ServerStatus,
    Target,
)

WARNING: Final = "the state is kept in a folder of this machine"
KEPT: Final = "the final snapshot of database/orders"
REASON: Final = Reason(code="quota", cause="there are enough of these", remedy="ask for more")


class FakeCloud(FileFakeProvider):
    """See the module's docstring."""

    name = "cloud"
    needs_secrets = False
    needs_id = False

    def plan(
        self,
        target: Target,
        *,
        offline: bool = False,
        against: Plan | None = None,
        new_ports: bool = False,
        refresh: bool = False,
    ) -> Plan:
        if new_ports:
            raise UsageError("nobody chooses ports here", code="usage", hint="leave it out")
        plan = super().plan(target, offline=offline, against=against)
        if refresh:
            found = {step.urn: step for step in self._found(target)}
            steps = tuple(_corrected(step, found.get(step.urn)) for step in plan.steps)
            plan = self._plan(target, steps, missing=plan.missing_secrets)
        return msgspec.structs.replace(plan, warnings=(WARNING,))

    def next_steps(self, target: Target) -> tuple[NextStep, ...]:
        return (
            NextStep(title="a container", command="config --service orders", text="and for users"),
            NextStep(title="by hand", text="open the door"),
        )

    def refresh(
        self, target: Target, *, on_progress: OnProgress, lock_timeout: float = 0.0
    ) -> Plan:
        steps = self._found(target)
        world = self.load(target)
        for step in steps:
            looked = msgspec.structs.replace(step, op="same", diff=())
            on_progress(Progress(step=looked, phase="started"))
            if self.faults.step == str(step.declaration):
                on_progress(_failed(looked))
                raise ApplyError("a step failed", code=STEPS_FAILED)
            on_progress(Progress(step=looked, phase="done", seconds=0.25))
            if step.op == "delete":
                world.resources.pop(str(step.declaration))
            elif step.op == "update":
                world.resources[str(step.declaration)] |= {d.path: d.after for d in step.diff}
        self.save(target, world)
        return self._plan(target, steps)

    def plan_destroy(self, target: Target) -> Plan:
        return msgspec.structs.replace(super().plan_destroy(target), kept=(KEPT,))

    def status(self, target: Target) -> tuple[ServerStatus, ...]:
        words: tuple[ServerState, ...] = ("creating", "modifying", "deleting", "failed", "unknown")
        return tuple(
            ServerStatus(name=f"server {word}", state=word, endpoint="", detail="in eu-north-1")
            for word in words
        )

    def secrets(self, target: Target) -> SecretStore:
        return PlacedSecrets(self, target)

    def migrations(self, target: Target) -> tuple[DatabaseMigrations, ...]:
        ran = self._ran(target)
        have = self.load(target).resources
        return tuple(
            self._standing(target, d, ran.get(d.name, []), exists=f"database/{d.name}" in have)
            for d in target.graph.databases
        )

    def migrate(
        self, target: Target, *, on_progress: OnProgress, lock_timeout: float = 0.0
    ) -> tuple[DatabaseMigrations, ...]:
        for found in self.migrations(target):
            for file in found.pending:
                self._migrate(target, found.name, file.filename, on_progress)
        return self.migrations(target)

    def doctor(self, target: Target, *, on_check: OnCheck) -> tuple[Check, ...] | None:
        kind, _, name = os.environ.get("FAKE_CHECK", "").partition("/")
        checks = [Check(kind="config", name="runtime config", ok=True, seconds=0.0, detail="fine")]
        if kind:
            failed = Check(
                kind=cast(Kind, kind), name=name, ok=False, seconds=0.5, reason="no luck", hint="go"
            )
            checks.append(failed)
        for check in checks:
            on_check(check)
        return tuple(checks)

    def _carry_out(self, target: Target, plan: Plan, on_progress: OnProgress) -> None:
        """All that can go on goes on when a step fails, as an engine does it."""
        failed = False
        for step in plan.changes:
            on_progress(Progress(step=step, phase="started"))
            if self.faults.step == str(step.declaration):
                on_progress(_failed(step))
                failed = True
                continue
            if "FAKE_CUT" in os.environ:
                on_progress(Progress(step=step, phase="abandoned"))
                raise KeyboardInterrupt
            world = self.load(target)
            world.resources[str(step.declaration)] = {d.path: d.after for d in step.diff}
            if step.op == "delete":
                del world.resources[str(step.declaration)]
            self.save(target, world)
            on_progress(Progress(step=step, phase="done", seconds=0.25))
        if failed:
            raise ApplyError("a step failed", code=STEPS_FAILED)

    def _plan(self, target: Target, steps: tuple[Step, ...], **more: Any) -> Plan:
        return super()._plan(target, tuple(map(_as_pulumi, steps)), **more)

    def _found(self, target: Target) -> tuple[Step, ...]:
        """What is there against what is remembered."""
        known = os.environ.get
        gone, drifted = known("FAKE_GONE"), known("FAKE_DRIFT")
        steps = []
        for key, properties in sorted(self.load(target).resources.items()):
            kind, _, name = key.partition("/")
            step = msgspec.structs.replace(
                self._deletion(target, key),
                declaration=DeclarationRef(kind=kind, name=name),
                data_loss=False,
                op="delete" if key == gone else "update" if key == drifted else "same",
                reason="is gone" if key == gone else "",
                diff=tuple(
                    PropertyDiff(path=path, before=value, after="by hand")
                    for path, value in sorted(properties.items())
                    if key == drifted
                ),
            )
            steps.append(step)
        return tuple(map(_as_pulumi, steps))

    def _standing(
        self, target: Target, database: Database, ran: list[str], *, exists: bool
    ) -> DatabaseMigrations:
        folder = target.root / (database.migrations.dir if database.migrations else "")
        files = database.migrations.files if database.migrations else ()
        done = [file for file in files if file.filename in ran]
        problem = Diagnostic(
            code="E9001", severity="error", message="a file was changed", at=database.at
        )
        return DatabaseMigrations(
            name=database.name,
            exists=exists,
            version=max((file.number for file in done), default=None),
            applied=tuple(file.filename for file in done),
            pending=tuple(
                PendingMigration(
                    filename=file.filename,
                    destructive=destructive((folder / file.filename).read_text()),
                )
                for file in files
                if file not in done
            ),
            problems=(problem,) if os.environ.get("FAKE_PROBLEM") == database.name else (),
        )

    def _migrate(
        self, target: Target, database: str, filename: str, on_progress: OnProgress
    ) -> None:
        ref = DeclarationRef(kind="database", name=database)
        name = f"database/{database}#{filename}"
        step = Step(op="create", type="cloud:Migration", name=name, urn=name, declaration=ref)
        on_progress(Progress(step=step, phase="started"))
        if self.faults.step == filename:
            on_progress(_failed(step))
            raise ApplyError("a step failed", code=STEPS_FAILED)
        ran = self._ran(target)
        ran.setdefault(database, []).append(filename)
        (target.state_dir / "ran.json").write_text(json.dumps(ran))
        on_progress(Progress(step=step, phase="done", seconds=0.25))

    def _ran(self, target: Target) -> dict[str, list[str]]:
        path = target.state_dir / "ran.json"
        found: dict[str, list[str]] = json.loads(path.read_text()) if path.exists() else {}
        return found


class PlacedSecrets(FakeSecrets):
    """Apply makes the place, and only then a value can be kept."""

    def set(self, name: str, value: str) -> None:
        if not self.world.applied:
            raise RefusedError(
                f"{name} has no place yet", code="secret-without-place", hint="apply"
            )
        super().set(name, value)

    @property
    def world(self) -> World:
        return self._provider.load(self._target)


def _as_pulumi(step: Step) -> Step:
    """Named as the engine names what it makes, so that plans are shown by declaration."""
    if step.urn.startswith("urn:pulumi:"):
        return step
    declared = str(step.declaration)
    kind = step.type.replace("fake:", "aws:")
    urn = f"urn:pulumi:cloud::demo::{kind}::{declared}"
    return msgspec.structs.replace(step, type=kind, name=declared, urn=urn)


def _corrected(step: Step, found: Step | None) -> Step:
    """A step of a plan when one knows what is really there."""
    if found is None or found.op == "same":
        return step
    op = "create" if found.op == "delete" else "update"
    diff = tuple(
        msgspec.structs.replace(item, before=item.after, after=item.before) for item in found.diff
    )
    return msgspec.structs.replace(step, op=op, diff=diff, reason="is not as remembered")


def _failed(step: Step) -> Progress:
    return Progress(step=step, phase="failed", seconds=0.25, message="no luck", reason=REASON)
