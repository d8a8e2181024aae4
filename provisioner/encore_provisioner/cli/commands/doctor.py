"""``doctor``: does every bound resource answer, with the app's own credentials?"""

from __future__ import annotations

import argparse

from encore_config.diagnostics import Problem, has_errors
from encore_config.graph import Graph
from encore_provisioner.check import Check, OnCheck
from encore_provisioner.cli.documents import CheckResult, Doctor
from encore_provisioner.cli.options import add_app_dir, add_env, add_format
from encore_provisioner.cli.project import Project, open_project
from encore_provisioner.cli.render.listing import check_lines, checks_verdict, subject_width
from encore_provisioner.cli.render.style import line
from encore_provisioner.cli.session import Session, interrupted
from encore_provisioner.cli.surface import FAILED, OK
from encore_provisioner.doctor import diagnose, read_inputs


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    add_env(parser)
    add_format(parser, "text", "json")


def run(args: argparse.Namespace, session: Session) -> int:
    project = open_project(session, args.app, args.env)
    on_check = _silent if args.format == "json" else _shown(session, project.target.graph)
    try:
        checks = project.provider.doctor(project.target, on_check=on_check)
        if checks is None:
            checks = _from_here(project, on_check)
    except KeyboardInterrupt:
        raise interrupted("what the doctor had made for its checks is removed") from None
    return _conclude(tuple(map(_result, checks)), args.format, session)


def _from_here(project: Project, on_check: OnCheck) -> tuple[Check, ...]:
    """Everything by connecting from this machine, with nothing but what ``apply`` wrote."""
    inputs = read_inputs(project.target.state_dir)
    graph = None if has_errors(project.diagnostics) else project.target.graph
    return diagnose(inputs.config, inputs.environ, on_check=on_check, graph=graph)


def _conclude(checks: tuple[CheckResult, ...], form: str, session: Session) -> int:
    failed = any(not check.ok for check in checks)
    told = checks_verdict(checks)
    if form == "json":
        problem = Problem(code="doctor-failed", message=told) if failed else None
        session.print_document(Doctor(error=problem, checks=checks))
    else:
        session.terminal.product([(), line((told, "error" if failed else "good"))])
    return FAILED if failed else OK


def _shown(session: Session, graph: Graph) -> OnCheck:
    """Each check as soon as it is known: one that hangs must not hide the others."""
    subjects, columns = subject_width(graph), session.terminal.width()
    show = session.terminal.product
    return lambda check: show(check_lines(_result(check), subjects, columns))


def _silent(_check: Check) -> None:
    """JSON has one document, at the end."""


def _result(check: Check) -> CheckResult:
    return CheckResult(
        kind=check.kind,
        name=check.name,
        ok=check.ok,
        seconds=round(check.seconds, 3),
        detail=check.detail,
        reason=check.reason,
        hint=check.hint,
    )
