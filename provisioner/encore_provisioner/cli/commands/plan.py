"""``plan``: what apply would change. Nothing is started and nothing is changed."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from encore_config import codec
from encore_config.plan import Plan
from encore_provisioner.cli.files import write_where_told
from encore_provisioner.cli.options import add_app_dir, add_env, add_format
from encore_provisioner.cli.project import open_sound_project
from encore_provisioner.cli.render.plan_html import plan_html
from encore_provisioner.cli.render.plan_markdown import plan_markdown
from encore_provisioner.cli.render.plan_text import plan_lines
from encore_provisioner.cli.saved_plan import read_file
from encore_provisioner.cli.session import Session
from encore_provisioner.cli.surface import CHANGES, OK
from encore_provisioner.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    add_env(parser)
    add_format(parser, "text", "json", "markdown", "html")
    parser.add_argument(
        "--offline",
        action="store_true",
        help="compare with the last known state; ask no server and no cloud",
    )
    parser.add_argument(
        "--against",
        metavar="FILE",
        help="with --offline: compare with an earlier plan, of `plan --offline --out FILE`",
    )
    parser.add_argument(
        "--refresh",
        action="store_true",
        help="ask the cloud first what is really there, not only what the last apply knew",
    )
    parser.add_argument("--out", metavar="FILE", help="also write the plan, for `apply --plan`")
    parser.add_argument(
        "--detailed-exitcode",
        action="store_true",
        help="exit 2 when there are changes, 0 when there are none",
    )


def run(args: argparse.Namespace, session: Session) -> int:
    former = _former(args)
    project = open_sound_project(session, args.app, args.env)
    plan = project.provider.plan(
        project.target, offline=args.offline, against=former, refresh=args.refresh
    )
    if args.out is not None:
        write_where_told(Path(args.out), codec.encode(plan))
    needs = project.provider.needs_secrets
    show(plan, args.format, session, app=args.app, needs_secrets=needs, unchanged=True)
    return CHANGES if args.detailed_exitcode and plan.changes else OK


def _former(args: argparse.Namespace) -> Plan | None:
    """What to compare with; read first, since the rest takes longer."""
    if args.refresh and args.offline:
        raise UsageError(
            "--refresh asks the cloud, --offline asks nobody",
            code="usage",
            hint="leave one of them out",
        )
    if args.against is None:
        return None
    if not args.offline:
        raise UsageError(
            "--against goes with --offline alone: else a plan is compared with what is there",
            code="usage",
            hint="add --offline, or leave --against out",
        )
    return read_file(Path(args.against))


def show(
    plan: Plan,
    form: str,
    session: Session,
    *,
    app: str | None,
    needs_secrets: bool,
    unchanged: bool = False,
) -> None:
    """The plan on stdout in one of its formats; as text with or without what stays as it is."""
    if form == "json":
        session.print_document(plan)
    elif form == "markdown":
        session.terminal.document(plan_markdown(plan, needs_secrets=needs_secrets))
    elif form == "html":
        session.terminal.document(plan_html(plan, needs_secrets=needs_secrets))
    else:
        width = session.terminal.width()
        command = secret_command(plan, session, app)
        session.terminal.product(
            plan_lines(
                plan,
                columns=width,
                set_secret=command,
                needs_secrets=needs_secrets,
                unchanged=unchanged,
            )
        )


def secret_command(plan: Plan, session: Session, app: str | None) -> Callable[[str], str]:
    """The command that gives a secret of the plan's environment its value."""

    def command(name: str) -> str:
        return session.command(f"secret set {name}", app=app, env=plan.environment)

    return command
