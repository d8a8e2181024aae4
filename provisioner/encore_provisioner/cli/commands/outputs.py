"""``outputs``: what the last apply learned. No secret is among them."""

from __future__ import annotations

import argparse

from encore_provisioner.cli.documents import OutputsReport
from encore_provisioner.cli.options import add_app_dir, add_env, add_format
from encore_provisioner.cli.project import open_project
from encore_provisioner.cli.render.listing import outputs_lines
from encore_provisioner.cli.session import Session
from encore_provisioner.cli.surface import OK


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    add_env(parser)
    add_format(parser, "text", "json")


def run(args: argparse.Namespace, session: Session) -> int:
    project = open_project(session, args.app, args.env)
    outputs = project.provider.outputs(project.target)
    if args.format == "json":
        session.print_document(OutputsReport(outputs=outputs))
    else:
        session.terminal.product(outputs_lines(outputs))
    return OK
