"""``refresh``: ask what is really there, and remember that. Nothing there is changed."""

from __future__ import annotations

import argparse

from encore_config.plan import Plan
from encore_provisioner.cli.commands.plan import secret_command
from encore_provisioner.cli.documents import Refreshed
from encore_provisioner.cli.options import add_app_dir, add_env, add_format, add_lock_timeout
from encore_provisioner.cli.progress import Reporter
from encore_provisioner.cli.project import Project, open_project
from encore_provisioner.cli.render.plan_text import plan_lines
from encore_provisioner.cli.session import Session, interrupted
from encore_provisioner.cli.surface import OK


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    add_env(parser)
    add_lock_timeout(parser)
    add_format(parser, "text", "json")


def run(args: argparse.Namespace, session: Session) -> int:
    project = open_project(session, args.app, args.env)
    found = _ask(project, args, session)
    if args.format == "json":
        session.print_document(Refreshed(plan=found))
        return OK
    session.terminal.product(
        plan_lines(
            found,
            columns=session.terminal.width(),
            set_secret=secret_command(found, session, args.app),
            purpose="refresh",
        )
    )
    if found.changes:
        plan = session.command("plan", app=args.app, env=project.environment.name)
        session.terminal.say(f"`{plan}` shows what apply would make of it.")
    return OK


def _ask(project: Project, args: argparse.Namespace, session: Session) -> Plan:
    reporter = Reporter(session.terminal, (), as_json=args.format == "json", command="refresh")
    try:
        with reporter.shown():
            return project.provider.refresh(
                project.target, on_progress=reporter, lock_timeout=args.lock_timeout
            )
    except KeyboardInterrupt:
        raise interrupted(
            "nothing that is there was changed; the next refresh asks for all of it again"
        ) from None
