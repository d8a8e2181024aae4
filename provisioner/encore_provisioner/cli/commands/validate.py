"""``validate``: every finding about the source and the environment file, all in one run."""

from __future__ import annotations

import argparse
import os
from importlib import metadata
from pathlib import Path

from encore_config.diagnostics import Diagnostic, Diagnostics, Problem, has_errors, order
from encore_provisioner.cli.options import add_app_dir, add_format
from encore_provisioner.cli.project import analyse_app, open_root
from encore_provisioner.cli.render.diagnostics import Sources, diagnostics_lines, verdict
from encore_provisioner.cli.render.github import github, github_failure
from encore_provisioner.cli.render.style import line
from encore_provisioner.cli.session import Session
from encore_provisioner.cli.surface import FAILED, OK
from encore_provisioner.environments import load_environments
from encore_provisioner.errors import EnvironmentFileError, InfraError


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    parser.add_argument("--strict", action="store_true", help="fail for warnings too")
    add_format(parser, "text", "json", "github", "sarif")


def run(args: argparse.Namespace, session: Session) -> int:
    try:
        root = open_root(session, args.app)
        found = findings(root)
    except InfraError as error:
        _tell_failure(error.problem(), args.format, session)
        raise
    problem = judge(found, strict=args.strict)
    if args.format == "json":
        session.print_document(Diagnostics(error=problem, diagnostics=found))
    elif args.format == "github":
        session.terminal.document(github(found, prefix=_prefix(root)))
    elif args.format == "sarif":
        session.terminal.document(_sarif(found, session.sources, _prefix(root)))
    else:
        told = line((problem.message, "error") if problem else (verdict(found), "good"))
        session.terminal.product([*diagnostics_lines(found, session.sources), told])
    return FAILED if problem else OK


def findings(root: Path) -> tuple[Diagnostic, ...]:
    """What is wrong in the source and in the environment file, sorted."""
    found = analyse_app(root).diagnostics
    try:
        load_environments(root)
    except EnvironmentFileError as error:
        if not error.diagnostics:
            raise
        found = (*found, *error.diagnostics)
    return tuple(sorted(found, key=order))


def judge(found: tuple[Diagnostic, ...], *, strict: bool) -> Problem | None:
    """Why the run fails, if it does: an error, or any finding where none is allowed."""
    told = verdict(found)
    if has_errors(found):
        return Problem(code="source-errors", message=told)
    if strict and found:
        return Problem(code="source-warnings", message=f"{told}; --strict allows none")
    return None


def _tell_failure(problem: Problem, form: str, session: Session) -> None:
    """For readers of stdout alone; the failure itself goes its way."""
    if form == "github":
        session.terminal.document(github_failure(problem))
    elif form == "sarif":
        session.terminal.document(_sarif((), session.sources, "", problem))


def _sarif(
    found: tuple[Diagnostic, ...], sources: Sources, prefix: str, problem: Problem | None = None
) -> str:
    from encore_config.rules import load
    from encore_provisioner.cli.render.sarif import Tool, sarif

    addresses = metadata.metadata("encore-infra").get_all("Project-URL") or []
    urls = dict(address.split(", ", 1) for address in addresses)
    tool = Tool(
        version=metadata.version("encore-infra"),
        rules=load(),
        home=urls.get("Homepage"),
        pages=urls.get("Diagnostics"),
    )
    return sarif(found, sources, tool, prefix=prefix, problem=problem)


def _prefix(root: Path) -> str:
    """From the repository's root, as the workflow has it, to the app."""
    base = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    if root == base or not root.is_relative_to(base):
        return ""
    return f"{root.relative_to(base).as_posix()}/"
