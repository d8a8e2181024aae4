"""``apply``: show the plan, ask, carry it out, write the runtime config.

All that can be refused is refused before the question, and the question stands before the first
change: errors of the source, lost data that was not allowed by name, secrets without a value where
the provider needs them, a plan that is no longer true.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from encore_config.diagnostics import Diagnostic
from encore_config.plan import Plan
from encore_provisioner.cli.commands.plan import secret_command
from encore_provisioner.cli.commands.plan import show as show_plan
from encore_provisioner.cli.documents import Applied
from encore_provisioner.cli.environment_id import ensure_id
from encore_provisioner.cli.files import ENV_FILE
from encore_provisioner.cli.options import (
    add_allow_data_loss,
    add_app_dir,
    add_env,
    add_format,
    add_lock_timeout,
    add_yes,
)
from encore_provisioner.cli.progress import Reporter
from encore_provisioner.cli.project import Project, open_sound_project
from encore_provisioner.cli.render.diagnostics import diagnostics_lines
from encore_provisioner.cli.render.plan_text import plan_lines, secret_lines
from encore_provisioner.cli.render.style import Line, count, line, seconds, table
from encore_provisioner.cli.runtime_files import (
    JSON_LOSES,
    VALUES_ELSEWHERE,
    emitted,
    relative,
    write_runtime,
)
from encore_provisioner.cli.saved_plan import STALE, read_plan, refuse_stale
from encore_provisioner.cli.session import Session, interrupted
from encore_provisioner.cli.surface import OK
from encore_provisioner.cli.terminal import no_answer
from encore_provisioner.emit import Emitted
from encore_provisioner.errors import RefusedError
from encore_provisioner.provider import NextStep, Outputs

_ATTEMPTS: Final = 3
"""How often a plan that was overtaken is made anew, where nobody has looked at it."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    add_env(parser)
    add_yes(parser)
    parser.add_argument("--plan", metavar="FILE", help="carry out the plan of `plan --out FILE`")
    add_allow_data_loss(parser)
    parser.add_argument(
        "--new-ports",
        action="store_true",
        help="choose other ports for the servers on this machine where the old ones are taken",
    )
    add_lock_timeout(parser)
    add_format(parser, "text", "json")


def run(args: argparse.Namespace, session: Session) -> int:
    if args.plan is None:
        ensure_id(session, args.app, args.env)
    project = open_sound_project(session, args.app, args.env)
    saved = read_plan(Path(args.plan), project.target) if args.plan is not None else None
    started = time.monotonic()
    for left in reversed(range(_ATTEMPTS)):
        plan = project.provider.plan(project.target, new_ports=args.new_ports)
        if saved:
            refuse_stale(saved, plan)
        _agree(project, plan, args, session)
        started = time.monotonic()
        try:
            done = _carry_out(project, plan, args, session)
            break
        except RefusedError as error:
            again = error.code == STALE and args.yes and not saved and left
            if not again:
                raise
            session.terminal.say("What is there has changed meanwhile; planning again.", "warning")
    if args.format == "json":
        warnings = (*project.diagnostics, *done.config.warnings)
        document = Applied(diagnostics=warnings, plan=plan, outputs=done.outputs, files=done.files)
        session.print_document(document)
    _report(project, plan, done.config.warnings, time.monotonic() - started, args, session)
    return OK


def refuse_losses(plan: Plan, allowed: frozenset[str]) -> None:
    """Raise ``RefusedError`` unless exactly what is lost was allowed, each by its name."""
    unknown = sorted(allowed - set(plan.losses))
    refused = sorted(set(plan.losses) - allowed)
    listed = ", ".join(plan.losses) or "nothing"
    if unknown:
        raise RefusedError(
            f"--allow-data-loss names {', '.join(unknown)}, but this plan loses {listed}; "
            "nothing was changed",
            code="unknown-data-loss",
            hint="name exactly what may be lost, as the plan shows it",
        )
    if refused:
        options = " ".join(f"--allow-data-loss {name}" for name in refused)
        raise RefusedError(
            f"this would lose the data of {', '.join(refused)} for good; nothing was changed",
            code="data-loss",
            hint=f"if that is what you want, add {options}",
        )


def _agree(project: Project, plan: Plan, args: argparse.Namespace, session: Session) -> None:
    """Show the plan; raise ``RefusedError`` unless it may be carried out."""
    needs_secrets = project.provider.needs_secrets
    _show(plan, args, session, needs_secrets=needs_secrets)
    refuse_losses(plan, frozenset(args.allow_data_loss))
    if needs_secrets:
        _refuse_missing_secrets(plan, args, session)
    if not plan.changes or args.yes:
        return
    if not session.terminal.interactive:
        raise no_answer("the plan", "look at it with `plan`, then run apply with --yes")
    _ask(plan, session)


def _show(plan: Plan, args: argparse.Namespace, session: Session, *, needs_secrets: bool) -> None:
    if args.format == "text":
        show_plan(plan, "text", session, app=args.app, needs_secrets=needs_secrets)
    elif session.terminal.interactive:
        command = secret_command(plan, session, args.app)
        lines = plan_lines(plan, columns=None, set_secret=command, needs_secrets=needs_secrets)
        session.terminal.note(lines)


def _refuse_missing_secrets(plan: Plan, args: argparse.Namespace, session: Session) -> None:
    if plan.missing_secrets:
        number = count(len(plan.missing_secrets), "secret")
        verb = "has" if len(plan.missing_secrets) == 1 else "have"
        command = secret_command(plan, session, args.app)
        raise RefusedError(
            f"{number} {verb} no value: {', '.join(plan.missing_secrets)}; nothing was changed",
            code="missing-secrets",
            hint="set the value, which is asked for or read from stdin:\n"
            + "\n".join(command(name) for name in plan.missing_secrets),
        )


def _ask(plan: Plan, session: Session) -> None:
    question = f"\nApply this to {plan.environment}? Type yes to go on: "
    if session.terminal.ask(question).lower() not in ("yes", "y"):
        raise RefusedError("declined; nothing was changed", code="declined")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    outputs: Outputs
    config: Emitted
    files: tuple[str, ...]


def _carry_out(project: Project, plan: Plan, args: argparse.Namespace, session: Session) -> _Done:
    """The plan's steps, then the runtime config."""
    target, provider = project.target, project.provider
    reporter = Reporter(session.terminal, plan.changes, as_json=args.format == "json")
    try:
        with reporter.shown():
            outputs = provider.apply(
                target,
                plan,
                on_progress=reporter,
                allow_data_loss=frozenset(args.allow_data_loss),
                new_ports=args.new_ports,
                lock_timeout=args.lock_timeout,
            )
        config = emitted(target, provider.bindings(target, outputs))
        return _Done(outputs=outputs, config=config, files=write_runtime(target, config))
    except KeyboardInterrupt:
        raise interrupted(
            f"{reporter.done} of {count(reporter.total, 'step')} were done and stay"
            f"{reporter.cut_off}; the next apply goes on from there"
        ) from None


def _report(
    project: Project,
    plan: Plan,
    warnings: tuple[Diagnostic, ...],
    took: float,
    args: argparse.Namespace,
    session: Session,
) -> None:
    """What was done, on stderr: the plan was the product."""
    lossy = any(item.code == JSON_LOSES for item in warnings)
    others = tuple(item for item in warnings if item.code not in _told_below(project))
    session.terminal.note(diagnostics_lines(others, session.sources)[:-1])
    if plan.changes:
        done = f"Applied {count(len(plan.changes), 'change')} in {seconds(took)}."
        session.terminal.note([(), line((done, "good"))])
    if not project.provider.needs_secrets:
        _remind(plan, args, session)
    session.terminal.note([(), *_next_steps(project, lossy, args, session)])


def _told_below(project: Project) -> tuple[str, ...]:
    """Findings about the config that the next steps say in their own words. What waits for no
    secrets keeps them elsewhere, and containers get them from there."""
    needs_secrets = project.provider.needs_secrets
    return (JSON_LOSES,) if needs_secrets else (JSON_LOSES, VALUES_ELSEWHERE)


def _remind(plan: Plan, args: argparse.Namespace, session: Session) -> None:
    """Of secrets without a value: their places are there now, and what starts finds them empty."""
    command = secret_command(plan, session, args.app)
    rows = secret_lines(plan, command, needed=False, applied=True)
    session.terminal.note([(), *rows] if rows else [])


def _next_steps(
    project: Project, lossy: bool, args: argparse.Namespace, session: Session
) -> list[Line]:
    """The files, then what the provider says; a command with this run's app and environment."""
    kept = "runtime.pb, " if lossy else "infra.config.json, runtime.pb, "
    rows = [("runtime config", f"{relative(project.target, '')}/: {kept}{ENV_FILE}")]
    for step in project.provider.next_steps(project.target):
        rows.append((step.title, _told(step, project, args, session)))
    lines = table([((name, "dim"), text) for name, text in rows])
    if lossy:
        told = f"infra.config.json is there too, but cannot say what is ordered ({JSON_LOSES})"
        lines.insert(1, line(" " * 16, (told, "warning")))
    return lines


def _told(step: NextStep, project: Project, args: argparse.Namespace, session: Session) -> str:
    if not step.command:
        return step.text
    env = project.environment.name
    command = session.command(step.command, app=args.app, env=env)
    return f"{command}  ({step.text})" if step.text else command
