"""Removes everything of an environment, and looks again whether anything is left.

In: a target, the plan that a person has seen, what may be lost. Out: what is left, one line for
each thing. It goes server by server: a server ends, its data goes, and with it what was in it.
Killed anywhere, it is finished by the next one: what is on disk says what there is to remove.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from encore_config.plan import Plan, Step
from encore_local.apply import Reporter
from encore_local.hands import Hands
from encore_local.journal import Journal
from encore_local.layout import Layout, prepare
from encore_local.lock import hold
from encore_local.model import SECRET, SERVER_OF, SERVERS, Actual, names_of
from encore_local.planner import plan_destroy
from encore_local.refusals import refuse_stale
from encore_local.servers.managed import ManagedServer, remove_tree
from encore_local.servers.ports import find_holder, is_free
from encore_local.servers.process import system_processes
from encore_local.site import Site, open_site
from encore_provisioner.errors import ApplyError, InfraError
from encore_provisioner.losses import refuse_losses
from encore_provisioner.provider import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trace:
    """Where a server would be seen if it were left."""

    server: ManagedServer
    port: int


def destroy(
    target: Target,
    shown: Plan,
    *,
    reporter: Reporter,
    allow_data_loss: frozenset[str],
    lock_timeout: float,
) -> tuple[str, ...]:
    """See ``Provider.destroy``. Raises ``RefusedError`` before anything changes."""
    site = open_site(target)
    if not site.layout.folder.exists():
        return ()
    prepare(site.layout)
    lock = site.layout.lock
    with hold(lock, command="destroy", timeout=lock_timeout, on_wait=reporter.note):
        site = open_site(target, move_aside=True)
        plan = plan_destroy(site)
        refuse_stale(shown, plan)
        if target.environment.type == "production":
            refuse_losses(plan, allow_data_loss)
        traces = _traces(site)
        _remove_all(site, plan, reporter)
        reporter.checkpoint("before folder")
        _remove_folder(site.layout)
    return _left(site.layout, traces)


def _traces(site: Site) -> tuple[_Trace, ...]:
    return tuple(
        _Trace(server=server, port=server.port)
        for server in site.fleet.all
        if isinstance(server, ManagedServer)
    )


def _remove_all(site: Site, plan: Plan, reporter: Reporter) -> None:
    journal = Journal(site.layout.state, site.state, names_of(site.target))
    with Hands(site) as hands:
        for server in (step for step in plan.steps if step.type in SERVERS):
            inside = [s for s in plan.steps if SERVER_OF.get(s.type) == server.type]
            since = [(step, reporter.started(step)) for step in (*inside, server)]
            try:
                hands.remove_server(_actual(server))
            except InfraError as error:
                reporter.failed(server, since[-1][1], error.message)
                raise _failure(server, error) from error
            for step, start in since:
                journal.gone(_actual(step))
                reporter.done(step, start)
    for step in (s for s in plan.steps if s.type == SECRET):
        start = reporter.started(step)
        site.secrets.remove(step.name)
        reporter.done(step, start)


def _actual(step: Step) -> Actual:
    return Actual(
        type=step.type,
        name=step.name,
        urn=step.urn,
        declaration=step.declaration,
        properties={},
    )


def _failure(step: Step, error: InfraError) -> ApplyError:
    return ApplyError(
        f"could not remove the server {step.name}: {error.message}",
        code=error.code,
        hint=error.hint or "Run destroy again: it takes up where this one ended.",
    )


def _remove_folder(layout: Layout) -> None:
    """The folder of the environment; those above it too, once nothing else is in them."""
    remove_tree(layout.folder)
    shared = layout.folder.parent
    others = [path for path in shared.iterdir() if path.name != ".gitignore"]
    if not others:
        remove_tree(shared)
        with contextlib.suppress(OSError):  # not empty: Encore's own tools use it
            shared.parent.rmdir()


def _left(layout: Layout, traces: tuple[_Trace, ...]) -> tuple[str, ...]:
    """Look again, as if nothing were known of what was done."""
    left = [line for trace in traces for line in _left_of(trace)]
    left += _dwellers(layout.folder, known="".join(left))
    if layout.folder.exists():
        left += [f"the folder {path}" for path in _files(layout.folder)]
    return tuple(left)


def _dwellers(folder: Path, *, known: str) -> list[str]:
    """Processes that still work somewhere below ``folder``, though no server is known there."""
    inside = f"{folder.resolve()}/"
    return [
        f"process {process.pid} ({' '.join(process.command)}), which works in {process.folder_path}"
        for process in system_processes().all()
        if process.folder_path.startswith(inside) and f"process {process.pid} " not in known
    ]


def _left_of(trace: _Trace) -> list[str]:
    name = trace.server.name
    left = [
        f"process {process.pid} of the server {name} ({' '.join(process.command)})"
        for process in trace.server.strays()
    ]
    if trace.port and not is_free(trace.port):
        holder = find_holder(trace.port)
        left.append(f"port {trace.port} of the server {name}, held by {holder or 'a process'}")
    return left


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) or [folder]
