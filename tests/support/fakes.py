"""A provider that creates everything in memory, for tests of whoever calls a provider.

``FakeProvider`` keeps its promises as a real one does: it plans by comparing, refuses a stale
plan, stops at a fault and goes on from there. ``FileFakeProvider`` keeps its world in a file, so
that the processes of a command line share it; the variables ``FAKE_*`` make it fail.
"""

# ruff: noqa: ARG002 (a fake is given what the protocol says, and needs only some of it)

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from encore_config import infra
from encore_config.diagnostics import Diagnostic
from encore_config.plan import DeclarationRef, Plan, PropertyDiff, Step, summarise
from encore_config.position import At
from encore_provisioner.binding import (
    Binding,
    Bindings,
    BucketBinding,
    CacheBinding,
    SecretBinding,
    SqlBinding,
    SubscriptionBinding,
    TopicBinding,
    env_name,
)
from encore_provisioner.check import Check, OnCheck
from encore_provisioner.engine.compare import Rule, compare
from encore_provisioner.errors import ApplyError, BusyError, RefusedError
from encore_provisioner.provider import (
    DatabaseMigrations,
    NextStep,
    OnProgress,
    Outputs,
    Progress,
    SecretInfo,
    SecretStore,
    ServerStatus,
    Target,
)

STATEFUL = ("bucket", "cache", "database", "subscription", "topic")
TYPES = tuple(f"fake:{kind}:{kind.title()}" for kind in STATEFUL)
ACCOUNT = "arn:aws:sns:us-east-1:000000000000"


@dataclass(slots=True)
class World:
    """What exists: ``kind/name`` → properties; and the secrets' values."""

    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    running: bool = False
    applied: bool = False
    port: int = 20000


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong. ``step`` fails; ``crash`` raises what no provider should; ``left`` stays
    after destroy; ``seconds`` is how long each step takes."""

    step: str = ""
    crash: str = ""
    left: str = ""
    seconds: float = 0.0
    unsupported: str = ""
    library: str = ""
    busy: bool = False
    stale: int = 0


class FakeProvider:
    """See the module's docstring. ``world`` is what exists before."""

    name = "fake"
    needs_secrets = True
    needs_id = False

    def __init__(self, world: World | None = None, faults: Faults | None = None) -> None:
        self.world = world or World()
        self.faults = faults or Faults()
        self.applies = 0

    def capabilities(self, target: Target) -> tuple[Diagnostic, ...]:
        return tuple(
            Diagnostic(
                code="E9900",
                severity="error",
                message=f'the fake provider has no {self.faults.unsupported} "{ref.name}"',
                hint="declare another one",
                at=ref.at,
            )
            for ref, _ in wanted(target)
            if ref.kind == self.faults.unsupported
        )

    def plan(
        self,
        target: Target,
        *,
        offline: bool = False,
        against: Plan | None = None,
        new_ports: bool = False,
        refresh: bool = False,
    ) -> Plan:
        self._crash("plan")
        if against is not None:
            new = tuple(self._step(target, *item, None) for item in wanted(target))
            now = self._plan(target, new, offline=True)
            return compare(against, now, dict.fromkeys(TYPES, Rule(holds="all of it")))
        declared = {str(ref): (ref, properties) for ref, properties in wanted(target)}
        have = self.load(target).resources
        changed = (self._step(target, *item, have.get(key)) for key, item in declared.items())
        gone = (self._deletion(target, key) for key in sorted(set(have) - set(declared)))
        missing = tuple(
            s.name for s in target.graph.secrets if s.name not in self.load(target).secrets
        )
        return self._plan(target, (*changed, *gone), offline=offline, missing=missing)

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
        if self.faults.busy and not lock_timeout:
            raise BusyError("process 7 holds it", code="busy", hint="--lock-timeout SECONDS")
        self.applies += 1
        if self.applies <= self.faults.stale or self.plan(target).changes != plan.changes:
            raise RefusedError("the plan is stale", code="plan-stale")
        if set(plan.losses) - allow_data_loss:
            raise RefusedError("data would be lost", code="data-loss")
        self._carry_out(target, plan, on_progress)
        world = self.load(target)
        world.running = world.applied = True
        world.port += new_ports
        self.save(target, world)
        return self.outputs(target)

    def next_steps(self, target: Target) -> tuple[NextStep, ...]:
        return (NextStep(title="check it", command="doctor"),)

    def refresh(
        self, target: Target, *, on_progress: OnProgress, lock_timeout: float = 0.0
    ) -> Plan:
        raise RefusedError("nothing is remembered", code="nothing-to-refresh", hint="plan asks")

    def plan_destroy(self, target: Target) -> Plan:
        gone = (self._deletion(target, key) for key in sorted(self.load(target).resources))
        return self._plan(target, tuple(gone))

    def destroy(
        self,
        target: Target,
        plan: Plan,
        *,
        on_progress: OnProgress,
        allow_data_loss: frozenset[str] = frozenset(),
        lock_timeout: float = 0.0,
    ) -> tuple[str, ...]:
        if set(plan.losses) - allow_data_loss:
            raise RefusedError("data would be lost", code="data-loss")
        self._carry_out(target, plan, on_progress)
        if self.faults.left:
            return (self.faults.left,)
        self.save(target, World())
        return ()

    def stop(self, target: Target, *, lock_timeout: float = 0.0) -> tuple[str, ...]:
        world = self.load(target)
        was, world.running = world.running, False
        self.save(target, world)
        return ("server",) if was else ()

    def outputs(self, target: Target) -> Outputs:
        world = self.load(target)
        if not world.applied:
            raise RefusedError("nothing was applied yet", code="not-applied", hint="apply first")
        return {"names": sorted(world.resources), "ports": {"app": world.port}}

    def bindings(self, target: Target, outputs: Outputs) -> Bindings:
        values = {env_name("INFRA_SECRET", k): v for k, v in self.load(target).secrets.items()}
        passwords = {
            env_name("INFRA_SQL", d.name, "PASSWORD"): "fake-sql-password"
            for d in target.graph.databases
        }
        return Bindings(
            app_id=target.app_id,
            environment=target.environment.name,
            environment_type=target.environment.type,
            cloud="local",
            base_url="http://127.0.0.1:20000",
            items=tuple(bound(target)),
            variables={"PORT": str(outputs["ports"]["app"])},
            env_values={**values, **passwords},
        )

    def status(self, target: Target) -> tuple[ServerStatus, ...]:
        world = self.load(target)
        if not world.resources:
            return ()
        return (
            ServerStatus(
                name="server",
                state="running" if world.running else "stopped",
                endpoint="127.0.0.1:20001",
            ),
        )

    def secrets(self, target: Target) -> SecretStore:
        return FakeSecrets(self, target)

    def migrations(self, target: Target) -> tuple[DatabaseMigrations, ...]:
        return ()

    def migrate(
        self, target: Target, *, on_progress: OnProgress, lock_timeout: float = 0.0
    ) -> tuple[DatabaseMigrations, ...]:
        return ()

    def doctor(self, target: Target, *, on_check: OnCheck) -> tuple[Check, ...] | None:
        return None

    def load(self, target: Target) -> World:
        return self.world

    def save(self, target: Target, world: World) -> None:
        self.world = world

    def _carry_out(self, target: Target, plan: Plan, on_progress: OnProgress) -> None:
        self._crash("apply")
        for step in plan.changes:
            on_progress(Progress(step=step, phase="started"))
            time.sleep(self.faults.seconds)
            if self.faults.step and self.faults.step == str(step.declaration):
                on_progress(Progress(step=step, phase="failed", seconds=0.25, message="no luck"))
                raise ApplyError(
                    f"{step.declaration} failed: no luck",
                    code="step-failed",
                    hint="apply again",
                    at=step.declaration.at if step.declaration else None,
                )
            world = self.load(target)
            if step.op == "delete":
                world.resources.pop(str(step.declaration), None)
            else:
                world.resources[str(step.declaration)] = {d.path: d.after for d in step.diff}
            self.save(target, world)
            on_progress(Progress(step=step, phase="done", seconds=0.25))

    def _crash(self, where: str) -> None:
        if self.faults.library == where:
            raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")
        if self.faults.crash == where:
            raise KeyError("an internal thing")

    def _step(
        self,
        target: Target,
        ref: DeclarationRef,
        properties: Mapping[str, Any],
        have: Mapping[str, Any] | None,
    ) -> Step:
        before = have or {}
        diff = tuple(
            PropertyDiff(path=path, before=before.get(path), after=value)
            for path, value in sorted(properties.items())
            if before.get(path) != value
        )
        if have is None:
            return _step(target, "create", ref, diff, "does not exist")
        if diff:
            everything = tuple(
                PropertyDiff(path=path, before=before.get(path), after=value)
                for path, value in sorted(properties.items())
            )
            return _step(target, "update", ref, everything, "differs")
        return _step(target, "same", ref, (), "is as declared")

    def _deletion(self, target: Target, key: str) -> Step:
        kind, _, name = key.partition("/")
        ref = DeclarationRef(kind=kind, name=name)
        step = _step(target, "delete", ref, (), "is not declared any more")
        return step if kind not in STATEFUL else _losing(step)

    def _plan(
        self,
        target: Target,
        steps: tuple[Step, ...],
        *,
        offline: bool = False,
        missing: tuple[str, ...] = (),
    ) -> Plan:
        return Plan(
            app=target.app_id,
            environment=target.environment.name,
            provider=self.name,
            mode="offline" if offline else "preview",
            summary=summarise(steps),
            steps=steps,
            missing_secrets=missing,
        )


class FakeSecrets:
    def __init__(self, provider: FakeProvider, target: Target) -> None:
        self._provider = provider
        self._target = target

    def set(self, name: str, value: str) -> None:
        world = self._provider.load(self._target)
        world.secrets[name] = value
        self._provider.save(self._target, world)

    def remove(self, name: str) -> bool:
        world = self._provider.load(self._target)
        had = world.secrets.pop(name, None) is not None
        self._provider.save(self._target, world)
        return had

    def list(self) -> tuple[SecretInfo, ...]:
        declared = {s.name: s.services for s in self._target.graph.secrets}
        have = self._provider.load(self._target).secrets
        return tuple(
            SecretInfo(
                name=name,
                set_at="2026-01-02T03:04:05Z" if name in have else None,
                services=declared.get(name, ()),
            )
            for name in sorted({*declared, *have})
        )


class FileFakeProvider(FakeProvider):
    """What an entry point names: the world is ``fake.json`` in the environment's state folder."""

    def __init__(self) -> None:
        known = os.environ.get
        super().__init__(
            faults=Faults(
                step=known("FAKE_STEP", ""),
                crash=known("FAKE_CRASH", ""),
                left=known("FAKE_LEFT", ""),
                seconds=float(known("FAKE_SECONDS", "0")),
                unsupported=known("FAKE_UNSUPPORTED", ""),
                library=known("FAKE_LIBRARY", ""),
                busy="FAKE_BUSY" in os.environ,
                stale=int(known("FAKE_STALE", "0")),
            )
        )

    def load(self, target: Target) -> World:
        path = target.state_dir / "fake.json"
        return World(**json.loads(path.read_text())) if path.exists() else World()

    def save(self, target: Target, world: World) -> None:
        target.state_dir.mkdir(parents=True, exist_ok=True)
        (target.state_dir / "fake.json").write_text(json.dumps(asdict(world)))
        marker = target.state_dir / "state.json"
        if world.resources:
            marker.write_text("{}")
        else:
            marker.unlink(missing_ok=True)


def wanted(target: Target) -> list[tuple[DeclarationRef, dict[str, Any]]]:
    """Every resource that the graph declares, with the properties that a plan compares."""
    graph = target.graph
    found: list[tuple[str, str, At, dict[str, Any]]] = [
        *(("database", d.name, d.at, {"name": d.name}) for d in graph.databases),
        *(
            ("topic", t.name, t.at, {"fifo": t.ordering_attribute is not None})
            for t in graph.topics
        ),
        *(
            ("subscription", f"{s.topic}/{s.name}", s.at, {"ack_deadline": s.ack_deadline})
            for s in graph.subscriptions
        ),
        *(("bucket", b.name, b.at, {"versioned": b.versioned}) for b in graph.buckets),
        *(("cache", c.name, c.at, {"eviction": c.eviction_policy}) for c in graph.caches),
    ]
    return [(DeclarationRef(kind=k, name=n, at=at), p) for k, n, at, p in found]


def bound(target: Target) -> list[Binding]:
    """A binding for each resource, as a provider on this machine would give it."""
    graph = target.graph
    items: list[Binding] = [
        SqlBinding(
            name=d.name,
            server="127.0.0.1:20001",
            tls=infra.TLSConfig(disabled=True),
            database=infra.SQLDatabase(
                username=d.name,
                password=infra.EnvRef(env=env_name("INFRA_SQL", d.name, "PASSWORD")),
            ),
        )
        for d in graph.databases
    ]
    items += [
        CacheBinding(
            name=c.name,
            redis=infra.Redis(host="127.0.0.1:20002", database_index=0, in_memory=False),
        )
        for c in graph.caches
    ]
    items += [TopicBinding(name=t.name, arn=f"{ACCOUNT}:{t.name}") for t in graph.topics]
    items += [
        SubscriptionBinding(topic=s.topic, name=s.name, url=f"http://127.0.0.1:20003/{s.name}")
        for s in graph.subscriptions
    ]
    items += [
        BucketBinding(
            name=b.name,
            region="us-east-1",
            bucket=infra.Bucket(name=b.name),
            endpoint="http://127.0.0.1:20003",
        )
        for b in graph.buckets
    ]
    items += [
        SecretBinding(name=s.name, env=env_name("INFRA_SECRET", s.name)) for s in graph.secrets
    ]
    return items


def install_fake(folder: Path, root: Path) -> dict[str, str]:
    """Make ``folder`` a package that offers the provider ``fake``; the variables that show it."""
    info = folder / "encore_fake-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: encore-fake\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[encore_infra.providers]\n"
        "fake = tests.support.fakes:FileFakeProvider\n"
        "cloud = tests.support.fake_cloud:FakeCloud\n"
        "broken = tests.support.fakes:NoSuchProvider\n"
        "lacking = encore_plugin_without_library:Provider\n"
    )
    (folder / "encore_plugin_without_library.py").write_text("import psycopg_of_the_future\n")
    return {"PYTHONPATH": os.pathsep.join((str(folder), str(root)))}


def _step(
    target: Target, op: Any, ref: DeclarationRef, diff: tuple[PropertyDiff, ...], reason: str
) -> Step:
    kind = f"fake:{ref.kind}:{ref.kind.title()}"
    environment = target.environment.name
    return Step(
        op=op,
        type=kind,
        name=ref.name,
        urn=f"urn:encore:{target.app_id}:{environment}::{kind}::{ref.name}",
        declaration=ref,
        diff=diff,
        reason=reason,
    )


def _losing(step: Step) -> Step:
    return Step(
        op=step.op,
        type=step.type,
        name=step.name,
        urn=step.urn,
        declaration=step.declaration,
        data_loss=True,
        reason=step.reason,
    )
