"""Carries a plan out, one step after the other, and writes each down before the next.

In: a target, the plan that a person has seen, and what may be lost. Out: the outputs, or an
error that names the step, the declaration, the cause, and what is and is not done. The order:

    refuse     everything that can be known beforehand: secrets, data loss, a plan that no
               longer fits, ports that others hold. Nothing has changed until here.
    servers    started side by side
    look       what their resources are now; only if a server had to be started
    resources  made, changed, removed, in the plan's order

Every deed can be repeated, so an apply that is killed anywhere is finished by the next one.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from encore_config.plan import Plan, Step
from encore_local.hands import Hands
from encore_local.journal import Journal
from encore_local.layout import prepare
from encore_local.lock import hold
from encore_local.model import MIGRATION, SERVERS, Actual, Wanted, names_of
from encore_local.outputs import outputs_of
from encore_local.planner import Planned, plan_apply
from encore_local.refusals import (
    not_ours,
    refuse_missing_secrets,
    refuse_stale,
    refuse_taken_ports,
    refuse_unable,
)
from encore_local.site import Site, open_site, with_ports
from encore_local.state import identity
from encore_provisioner.errors import ApplyError, InfraError
from encore_provisioner.losses import refuse_losses
from encore_provisioner.postgres.migrations import is_sequential
from encore_provisioner.provider import Notice, OnProgress, Outputs, Progress, Target

_HARMLESS = frozenset({"create", "update"})

Checkpoint = Callable[[str], None]
"""Told where an apply stands; tests end the process there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Who is told, and what time it is."""

    on_progress: OnProgress
    checkpoint: Checkpoint
    clock: Callable[[], float] = time.monotonic

    def note(self, text: str) -> None:
        self.on_progress(Notice(text=text))

    def started(self, step: Step) -> float:
        self.checkpoint(f"before {step.urn}")
        self.on_progress(Progress(step=step, phase="started"))
        return self.clock()

    def done(self, step: Step, since: float) -> None:
        self.checkpoint(f"after {step.urn}")
        self.on_progress(Progress(step=step, phase="done", seconds=self.clock() - since))

    def failed(self, step: Step, since: float, message: str) -> None:
        seconds = self.clock() - since
        self.on_progress(Progress(step=step, phase="failed", seconds=seconds, message=message))


def apply(
    target: Target,
    shown: Plan,
    *,
    reporter: Reporter,
    allow_data_loss: frozenset[str],
    new_ports: bool,
    lock_timeout: float,
) -> Outputs:
    """See ``Provider.apply``. Raises ``RefusedError`` before, ``ApplyError`` after a change."""
    refuse_unable(target)
    refuse_missing_secrets(target)
    site = open_site(target)
    prepare(site.layout)
    lock = site.layout.lock
    with hold(lock, command="apply", timeout=lock_timeout, on_wait=reporter.note):
        site = open_site(target, new_ports=new_ports, move_aside=True)
        planned = plan_apply(site)
        refuse_stale(shown, planned.plan)
        refuse_losses(planned.plan, allow_data_loss)
        refuse_missing_secrets(target)
        site.secrets.repair_mode()
        site = with_ports(site)
        refuse_taken_ports(site, planned)
        return _Run(site, planned, reporter).carry_out()


def run_migrations(site: Site, planned: Planned, reporter: Reporter) -> None:
    """Of a plan the migrations alone; the caller holds the lock, and the server runs.

    Raises ``ApplyError``.
    """
    _Run(site, planned, reporter).migrate()


class _Run:
    """One apply under its lock."""

    def __init__(self, site: Site, planned: Planned, reporter: Reporter) -> None:
        self._site = site
        self._shown = planned
        self._reporter = reporter
        self._journal = Journal(site.layout.state, site.state, names_of(site.target))
        self._done: list[Step] = []
        self._todo: list[Step] = list(planned.plan.changes)

    def carry_out(self) -> Outputs:
        site = self._site
        self._journal.begin(identity(site.target.root), site.ports)
        self._reporter.checkpoint("begun")
        started = self._start_servers()
        planned = plan_apply(site) if started else self._shown
        # Ports are known now, whatever the shown plan said of them.
        self._todo = list(self._permitted(planned))
        with Hands(site) as hands:
            for step in tuple(self._todo):
                self._carry_out(hands, planned, step)
        for database, applied in planned.observation.applied.items():
            if not any(s.type == MIGRATION and _database(s) == database for s in self._done):
                self._journal.migrated(database, applied)
        self._journal.settle(self._with_ports(planned))
        return outputs_of(self._journal.state)

    def migrate(self) -> None:
        self._todo = [step for step in self._shown.plan.changes if step.type == MIGRATION]
        if not self._todo:
            return
        self._journal.begin(identity(self._site.target.root), self._site.ports)
        with Hands(self._site) as hands:
            for step in tuple(self._todo):
                self._carry_out(hands, self._shown, step)

    # --- servers ---------------------------------------------------------------------------

    def _start_servers(self) -> bool:
        steps = [s for s in self._todo if s.type in SERVERS and s.op in ("create", "update")]
        if not steps:
            return False
        servers = self._site.servers
        results: queue.SimpleQueue[tuple[Step, BaseException | None]] = queue.SimpleQueue()
        since: dict[str, float] = {}
        for step in steps:
            since[step.urn] = self._reporter.started(step)
            start = servers[step.name].start
            # Daemons: Ctrl-C must not wait for a server that takes its time.
            threading.Thread(target=_start, args=(start, step, results), daemon=True).start()
        failures = [self._await_server(results, since) for _ in steps]
        for step, error in sorted((f for f in failures if f), key=lambda f: f[0].urn):
            raise self._failure(step, error) from error
        return True

    def _await_server(
        self,
        results: queue.SimpleQueue[tuple[Step, BaseException | None]],
        since: dict[str, float],
    ) -> tuple[Step, InfraError] | None:
        step, error = results.get()
        if error is None:
            wanted = next(w for w in self._with_ports(self._shown) if w.urn == step.urn)
            self._finish(step, since[step.urn], lambda: self._journal.made(wanted))
            return None
        if not isinstance(error, InfraError):
            raise error
        self._reporter.failed(step, since[step.urn], error.message)
        return step, error

    def _with_ports(self, planned: Planned) -> tuple[Wanted, ...]:
        """What is wanted, with the ports that are chosen by now."""
        ports = self._site.ports
        return tuple(
            replace(w, properties={**w.properties, "port": ports[w.name]})
            if w.type in SERVERS
            else w
            for w in planned.wanted
        )

    # --- resources -------------------------------------------------------------------------

    def _permitted(self, planned: Planned) -> Iterable[Step]:
        """What is left to do. Nothing is removed that the shown plan did not say."""
        shown = {step.urn: step for step in self._shown.plan.changes}
        for step in planned.plan.changes:
            before = shown.get(step.urn)
            if step.type in SERVERS and step.op != "delete":
                continue
            if before is not None and _same_deed(before, step):
                yield before
            elif step.op in _HARMLESS:
                yield step

    def _carry_out(self, hands: Hands, planned: Planned, step: Step) -> None:
        since = self._reporter.started(step)
        try:
            record = self._deed(hands, planned, step)
        except InfraError as error:
            self._reporter.failed(step, since, error.message)
            raise self._failure(step, error) from error
        except Exception as error:
            translated = _translate(error)
            if translated is None:
                raise
            self._reporter.failed(step, since, translated.message)
            raise self._failure(step, translated) from error
        self._finish(step, since, record)

    def _finish(self, step: Step, since: float, record: Callable[[], None]) -> None:
        self._reporter.checkpoint(f"did {step.urn}")
        record()
        self._done.append(step)
        self._todo = [other for other in self._todo if other.urn != step.urn]
        self._reporter.done(step, since)

    def _deed(self, hands: Hands, planned: Planned, step: Step) -> Callable[[], None]:
        """Do it; returns how to write it down."""
        actual = planned.observation.actual.get(step.urn)
        if step.op == "delete" and actual is not None:
            self._delete(hands, actual)
            return lambda: self._journal.gone(actual)
        if step.type == MIGRATION:
            return self._migrate(hands, planned, step)
        wanted = next(w for w in planned.wanted if w.urn == step.urn)
        if step.op == "replace" and actual is not None:
            hands.delete(actual)
        hands.put(wanted)
        return lambda: self._journal.made(wanted)

    @staticmethod
    def _delete(hands: Hands, actual: Actual) -> None:
        if actual.type not in SERVERS:
            hands.delete(actual)
            return
        # All of ours in it is gone by now. A stopped server did not say what else it holds.
        left = hands.contents(actual)
        if left:
            raise not_ours(actual, left)
        hands.remove_server(actual)

    def _migrate(self, hands: Hands, planned: Planned, step: Step) -> Callable[[], None]:
        name = _database(step)
        filename = step.name.removeprefix(f"{name}/")
        file = next(f for f in planned.files[name] if f.filename == filename)
        database = next(d for d in self._site.target.graph.databases if d.name == name)
        applied = hands.migrate(name, file, sequential=is_sequential(database))
        return lambda: self._journal.migrated(name, applied)

    def _failure(self, step: Step, error: InfraError) -> ApplyError:
        at = error.at or (step.declaration.at if step.declaration else None)
        rest = [other for other in self._todo if other.urn != step.urn]
        done = f"{len(self._done)} step{'' if len(self._done) == 1 else 's'} done"
        left = f"not done: {_listed(rest)}" if rest else "nothing was left to do after it"
        return ApplyError(
            f"could not {step.op} {describe(step)}: {error.message}\n{done}; {left}.",
            code=error.code,
            hint=error.hint,
            at=at,
            end=error.end,
            diagnostics=error.diagnostics,
        )


def _same_deed(one: Step, other: Step) -> bool:
    """Making and changing are one deed: what a stopped server holds shows only once it runs."""
    return one.op == other.op or {one.op, other.op} <= _HARMLESS


def _start(
    start: Callable[[], None],
    step: Step,
    results: queue.SimpleQueue[tuple[Step, BaseException | None]],
) -> None:
    try:
        start()
    except BaseException as error:  # noqa: BLE001  raised again by the one who waits
        results.put((step, error))
    else:
        results.put((step, None))


def _translate(error: Exception) -> InfraError | None:
    """An error of PostgreSQL's client as one for people; None for anything else."""
    import psycopg

    if not isinstance(error, psycopg.Error):
        return None
    return InfraError(
        f"PostgreSQL says: {' '.join(str(error).split())}",
        code="postgres-failed",
        hint="The server's log, which `status` names, says more. `apply` takes up where it ended.",
    )


def _database(step: Step) -> str:
    """The database of a migration's step."""
    return step.declaration.name if step.declaration else step.name.partition("/")[0]


def describe(step: Step) -> str:
    """``database orders`` or ``migration orders/1_init.up.sql``, for sentences."""
    kind = step.type.split(":")[1] if step.type != MIGRATION else "migration"
    place = step.declaration.at if step.declaration else None
    return f"{kind} {step.name}" + (f" ({place})" if place and step.type != MIGRATION else "")


def _listed(steps: list[Step], limit: int = 6) -> str:
    named = ", ".join(describe(step) for step in steps[:limit])
    more = len(steps) - limit
    return f"{named} and {more} more" if more > 0 else named
