"""``validate``: every finding about the source and the environment file, all in one run."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from encore_config.diagnostics import Diagnostic, Diagnostics, Problem, has_errors, order
from encore_provisioner.analysis import analyse
from encore_provisioner.cli.options import add_app_dir, add_format
from encore_provisioner.cli.project import open_root
from encore_provisioner.cli.render.diagnostics import diagnostics_lines, verdict
from encore_provisioner.cli.render.github import github
from encore_provisioner.cli.render.style import line
from encore_provisioner.cli.session import Session
from encore_provisioner.cli.surface import FAILED, OK
from encore_provisioner.environments import load_environments
from encore_provisioner.errors import EnvironmentFileError


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    add_format(parser, "text", "json", "github")


def run(args: argparse.Namespace, session: Session) -> int:
    root = open_root(session, args.app)
    found = findings(root)
    told = verdict(found)
    failed = has_errors(found)
    if args.format == "json":
        problem = Problem(code="source-errors", message=told) if failed else None
        session.print_document(Diagnostics(error=problem, diagnostics=found))
    elif args.format == "github":
        session.terminal.document(github(found, prefix=_prefix(root)))
    else:
        session.terminal.product(diagnostics_lines(found, session.sources))
        session.terminal.product([line((told, "error" if failed else "good"))])
    return FAILED if failed else OK


def findings(root: Path) -> tuple[Diagnostic, ...]:
    """What is wrong in the source and in the environment file, sorted."""
    found = analyse(root).diagnostics
    try:
        load_environments(root)
    except EnvironmentFileError as error:
        if not error.diagnostics:
            raise
        found = (*found, *error.diagnostics)
    return tuple(sorted(found, key=order))


def _prefix(root: Path) -> str:
    """From the repository's root, as the workflow has it, to the app."""
    base = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    if root == base or not root.is_relative_to(base):
        return ""
    return f"{root.relative_to(base).as_posix()}/"
