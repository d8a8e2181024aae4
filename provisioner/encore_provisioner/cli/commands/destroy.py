"""``destroy``: remove everything of an environment, its data too, and look again.

On a terminal one types the environment's name. Without one, ``--yes`` and an explicit ``--env``
say the same; an environment of type ``production`` then wants every loss by its name as well.
"""

from __future__ import annotations

import argparse

from encore_config.plan import Plan
from encore_provisioner.cli.commands.apply import refuse_losses
from encore_provisioner.cli.commands.plan import secret_command
from encore_provisioner.cli.documents import Destroyed
from encore_provisioner.cli.options import (
    add_allow_data_loss,
    add_app_dir,
    add_env,
    add_format,
    add_lock_timeout,
    add_yes,
)
from encore_provisioner.cli.progress import Reporter
from encore_provisioner.cli.project import Project, open_project
from encore_provisioner.cli.render.plan_text import kept_lines, plan_lines
from encore_provisioner.cli.render.style import count, line
from encore_provisioner.cli.runtime_files import remove_runtime
from encore_provisioner.cli.session import Session, interrupted
from encore_provisioner.cli.surface import OK
from encore_provisioner.cli.terminal import no_answer
from encore_provisioner.errors import RefusedError


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    add_env(parser)
    add_yes(parser)
    add_allow_data_loss(parser)
    add_lock_timeout(parser)
    add_format(parser, "text", "json")


def run(args: argparse.Namespace, session: Session) -> int:
    project = open_project(session, args.app, args.env)
    plan = project.provider.plan_destroy(project.target)
    _show(plan, args, session)
    allowed = _consent(project, plan, args, session)
    left = _carry_out(project, plan, allowed, args, session)
    if left:
        raise _remains(project, left)
    remove_runtime(project.target)
    if args.format == "json":
        session.print_document(Destroyed(plan=plan, left=left))
    else:
        end = " but what is kept:" if plan.kept else "."
        told = line((f"Nothing is left of {plan.environment}{end}", "good"))
        session.terminal.product([told, *kept_lines(plan)[1:]])
    return OK


def _show(plan: Plan, args: argparse.Namespace, session: Session) -> None:
    lines = plan_lines(
        plan,
        columns=session.terminal.width(),
        set_secret=secret_command(plan, session, args.app),
        purpose="destroy",
    )
    if args.format == "text":
        session.terminal.product(lines)
    elif session.terminal.interactive:
        session.terminal.note(lines)


def _consent(
    project: Project, plan: Plan, args: argparse.Namespace, session: Session
) -> frozenset[str]:
    """The losses that the person agrees to; raises ``RefusedError`` where they do not."""
    named = frozenset(args.allow_data_loss)
    if named:
        refuse_losses(plan, named)
    if not plan.changes:
        return named
    if args.yes:
        return _consent_by_options(project, plan, args, session)
    if not session.terminal.interactive:
        again = session.command("destroy", app=args.app)
        raise no_answer(
            f"the end of {plan.environment}",
            f"{again} --env {plan.environment} --yes does it without a question",
        )
    question = f"\nThis cannot be undone. Type the environment's name, {plan.environment}: "
    if session.terminal.ask(question) != plan.environment:
        raise RefusedError("declined; nothing was changed", code="declined")
    return frozenset(plan.losses)


def _consent_by_options(
    project: Project, plan: Plan, args: argparse.Namespace, session: Session
) -> frozenset[str]:
    if args.env is None:
        again = session.command("destroy", app=args.app)
        raise RefusedError(
            "destroy --yes wants the environment by its name; nothing was changed",
            code="not-confirmed",
            hint=f"{again} --env {plan.environment} --yes",
        )
    if project.environment.type == "production":
        refuse_losses(plan, frozenset(args.allow_data_loss))
    return frozenset(plan.losses)


def _carry_out(
    project: Project,
    plan: Plan,
    allowed: frozenset[str],
    args: argparse.Namespace,
    session: Session,
) -> tuple[str, ...]:
    reporter = Reporter(
        session.terminal, plan.changes, as_json=args.format == "json", command="destroy"
    )
    try:
        with reporter.shown():
            return project.provider.destroy(
                project.target,
                plan,
                on_progress=reporter,
                allow_data_loss=allowed,
                lock_timeout=args.lock_timeout,
            )
    except KeyboardInterrupt:
        raise interrupted(
            f"{reporter.done} of {count(reporter.total, 'step')} were done{reporter.cut_off}; "
            "the next destroy goes on from there, the next apply builds it up again"
        ) from None


def _remains(project: Project, left: tuple[str, ...]) -> RefusedError:
    listed = "\n".join(left)
    return RefusedError(
        f"not everything of {project.environment.name} could be removed; this is left:\n{listed}",
        code="not-all-destroyed",
        hint="run destroy again; if it stays, remove it by hand",
    )
