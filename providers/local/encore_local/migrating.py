"""Migrations alone, without the rest of an apply: how they stand, and running them.

In: a target whose servers run. Out: how each database stands. Files, verdicts and deeds are those
of an apply; nothing here starts a server or makes a database.
"""

from __future__ import annotations

from encore_config.graph import Database
from encore_local.apply import Reporter, run_migrations
from encore_local.layout import prepare
from encore_local.lock import hold
from encore_local.model import DATABASE, POSTGRES, Actual, Observation, names_of
from encore_local.observe import NOT_RUNNING, observe
from encore_local.planner import Files, plan_apply, read_all, wanted_resources
from encore_local.site import Site, open_site
from encore_provisioner.errors import RefusedError
from encore_provisioner.postgres.destructive import destructive
from encore_provisioner.postgres.judging import NONE_APPLIED, NOTHING_APPLIED, Applied
from encore_provisioner.postgres.migrations import judge
from encore_provisioner.provider import DatabaseMigrations, PendingMigration, Target


def migrations(target: Target) -> tuple[DatabaseMigrations, ...]:
    """See ``Provider.migrations``. Raises ``RefusedError`` (``server-stopped``)."""
    site = open_site(target)
    files = read_all(target)
    return _standing(site, files, observe(site, wanted_resources(site, files)))


def migrate(
    target: Target, *, reporter: Reporter, lock_timeout: float
) -> tuple[DatabaseMigrations, ...]:
    """See ``Provider.migrate``. Raises ``RefusedError`` before, ``ApplyError`` after a change."""
    if not migrations(target):
        return ()
    site = open_site(target)
    prepare(site.layout)
    lock = site.layout.lock
    with hold(lock, command="migrate", timeout=lock_timeout, on_wait=reporter.note):
        site = open_site(target, move_aside=True)
        planned = plan_apply(site)
        _refuse_absent(_standing(site, planned.files, planned.observation))
        run_migrations(site, planned, reporter)
    return migrations(target)


def _standing(site: Site, files: Files, observation: Observation) -> tuple[DatabaseMigrations, ...]:
    databases = site.target.graph.databases
    names = names_of(site.target)
    if databases:
        _refuse_stopped(observation.actual.get(names.urn(POSTGRES, "postgres")))
    return tuple(
        _of(
            database,
            files,
            observation.applied.get(database.name, NONE_APPLIED),
            exists=names.urn(DATABASE, database.name) in observation.actual,
        )
        for database in databases
    )


def _of(database: Database, files: Files, applied: Applied, *, exists: bool) -> DatabaseMigrations:
    own = files[database.name]
    verdict = judge(database, own, applied)
    return DatabaseMigrations(
        name=database.name,
        exists=exists,
        version=None if applied.current == NOTHING_APPLIED else applied.current,
        dirty=bool(applied.dirty),
        applied=tuple(file.filename for file in own if file not in verdict.pending),
        pending=tuple(
            PendingMigration(filename=file.filename, destructive=destructive(file.text))
            for file in verdict.pending
        ),
        adopted=tuple(file.filename for file in verdict.adopt),
        problems=(*verdict.errors, *verdict.warnings),
    )


def _refuse_stopped(server: Actual | None) -> None:
    """Code ``server-stopped``: what a server holds that cannot be asked, nobody knows."""
    if server is None or not server.known:
        why = server.note if server else NOT_RUNNING
        raise RefusedError(
            f"PostgreSQL cannot be asked which migrations have run ({why}); nothing was changed",
            code="server-stopped",
            hint="`apply` starts it, and runs the migrations too",
        )


def _refuse_absent(found: tuple[DatabaseMigrations, ...]) -> None:
    """Code ``database-missing``: making a database is for an apply."""
    absent = [item.name for item in found if not item.exists and item.pending]
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        raise RefusedError(
            f"{', '.join(absent)} {verb} not there yet; nothing was changed",
            code="database-missing",
            hint="`apply` makes databases, and runs their migrations too",
        )
