"""``migrate``: run the migrations that have not run, and nothing else; or show how they stand.

What is pending is shown, with the statements that delete data, before anybody is asked. ``apply``
does the same on its way.
"""

from __future__ import annotations

import argparse
import time

from encore_config.diagnostics import Diagnostic, Problem, has_errors
from encore_provisioner.cli.documents import DatabaseLine, Migrated, Migrations, PendingLine
from encore_provisioner.cli.options import (
    add_app_dir,
    add_env,
    add_format,
    add_lock_timeout,
    add_yes,
)
from encore_provisioner.cli.progress import Reporter
from encore_provisioner.cli.project import Project, open_project, open_sound_project
from encore_provisioner.cli.render.diagnostics import diagnostics_lines, verdict
from encore_provisioner.cli.render.migrations import migrations_lines, pending_told
from encore_provisioner.cli.render.style import Line, count, line, seconds
from encore_provisioner.cli.session import Session, interrupted
from encore_provisioner.cli.surface import FAILED, OK
from encore_provisioner.cli.terminal import no_answer
from encore_provisioner.errors import RefusedError
from encore_provisioner.provider import DatabaseMigrations

Found = tuple[DatabaseMigrations, ...]
_REFUSED = "migrations-refused"


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    add_env(parser)
    parser.add_argument("--status", action="store_true", help="show what has run, run nothing")
    add_yes(parser)
    add_lock_timeout(parser)
    add_format(parser, "text", "json")


def run(args: argparse.Namespace, session: Session) -> int:
    if args.status:
        return _status(args, session)
    project = open_sound_project(session, args.app, args.env)
    before = project.provider.migrations(project.target)
    _show(before, args, session)
    _refuse(before, args, session)
    if not _is_due(before):
        return _conclude(project, before, (), args, session)
    _agree(project, args, session)
    started = time.monotonic()
    after = _carry_out(project, args, session)
    ran = _ran(before, after)
    told = f"Ran {count(len(ran), 'migration')} in {seconds(time.monotonic() - started)}."
    session.terminal.note([line((told, "good"))])
    return _conclude(project, after, ran, args, session)


def _status(args: argparse.Namespace, session: Session) -> int:
    project = open_project(session, args.app, args.env)
    found = project.provider.migrations(project.target)
    problems = _problems(found)
    refused = has_errors(problems)
    if args.format == "json":
        told = Problem(code=_REFUSED, message=_refusal(problems)) if refused else None
        session.print_document(
            Migrations(
                error=told,
                diagnostics=problems,
                environment=project.environment.name,
                databases=_lines(found),
            )
        )
    else:
        session.terminal.product(_told(found))
        session.terminal.note(diagnostics_lines(problems, session.sources))
    return FAILED if refused else OK


def _show(found: Found, args: argparse.Namespace, session: Session) -> None:
    if args.format == "text":
        session.terminal.product(_told(found))
    elif session.terminal.interactive:
        session.terminal.note(_told(found))


def _told(found: Found) -> list[Line]:
    rows = migrations_lines(found)
    return [*rows, *([()] if rows else []), pending_told(found)]


def _refuse(found: Found, args: argparse.Namespace, session: Session) -> None:
    """Raise ``RefusedError`` where nothing may run; warnings are told."""
    problems = _problems(found)
    if has_errors(problems):
        raise RefusedError(_refusal(problems), code=_REFUSED, diagnostics=problems)
    session.terminal.note(diagnostics_lines(problems, session.sources))
    absent = [item.name for item in found if item.pending and not item.exists]
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        apply = session.command("apply", app=args.app, env=args.env)
        raise RefusedError(
            f"{', '.join(absent)} {verb} not there yet; nothing was changed",
            code="database-missing",
            hint=f"`{apply}` makes databases, and runs their migrations too",
        )


def _refusal(problems: tuple[Diagnostic, ...]) -> str:
    return f"no migration can run ({verdict(problems)}); nothing was changed"


def _problems(found: Found) -> tuple[Diagnostic, ...]:
    return tuple(problem for item in found for problem in item.problems)


def _is_due(found: Found) -> bool:
    """Whether anything is to run, or to be recorded."""
    return any(item.pending or item.adopted for item in found)


def _agree(project: Project, args: argparse.Namespace, session: Session) -> None:
    if args.yes:
        return
    if not session.terminal.interactive:
        raise no_answer(
            "running migrations", "look at them with --status, then run migrate with --yes"
        )
    question = f"\nRun this in {project.environment.name}? Type yes to go on: "
    if session.terminal.ask(question).lower() not in ("yes", "y"):
        raise RefusedError("declined; nothing was changed", code="declined")


def _carry_out(project: Project, args: argparse.Namespace, session: Session) -> Found:
    reporter = Reporter(session.terminal, (), as_json=args.format == "json", command="migrate")
    try:
        with reporter.shown():
            return project.provider.migrate(
                project.target, on_progress=reporter, lock_timeout=args.lock_timeout
            )
    except KeyboardInterrupt:
        raise interrupted(
            f"{count(reporter.done, 'migration')} ran and stay{reporter.cut_off}; "
            "`migrate --status` says what has run"
        ) from None


def _conclude(
    project: Project,
    found: Found,
    ran: tuple[str, ...],
    args: argparse.Namespace,
    session: Session,
) -> int:
    if args.format == "json":
        document = Migrated(
            diagnostics=(*project.diagnostics, *_problems(found)),
            environment=project.environment.name,
            ran=ran,
            databases=_lines(found),
        )
        session.print_document(document)
    return OK


def _ran(before: Found, after: Found) -> tuple[str, ...]:
    """``orders/2_more.up.sql``: what was pending and is not any more."""
    left = {f"{item.name}/{file.filename}" for item in after for file in item.pending}
    was = (f"{item.name}/{file.filename}" for item in before for file in item.pending)
    return tuple(name for name in was if name not in left)


def _lines(found: Found) -> tuple[DatabaseLine, ...]:
    return tuple(
        DatabaseLine(
            name=item.name,
            exists=item.exists,
            version=item.version,
            dirty=item.dirty,
            applied=item.applied,
            pending=tuple(
                PendingLine(filename=file.filename, destructive=file.destructive)
                for file in item.pending
            ),
            adopted=item.adopted,
        )
        for item in found
    )
