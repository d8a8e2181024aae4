"""``graph``: what the source declares, as far as it can be read."""

from __future__ import annotations

import argparse

from encore_config.diagnostics import has_errors
from encore_provisioner.app import app_id
from encore_provisioner.cli.options import add_app_dir, add_format
from encore_provisioner.cli.project import analyse_app, open_root
from encore_provisioner.cli.render.diagnostics import diagnostics_lines
from encore_provisioner.cli.render.graph_text import graph_lines
from encore_provisioner.cli.render.mermaid import mermaid
from encore_provisioner.cli.session import Session
from encore_provisioner.cli.surface import FAILED, OK


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    add_format(parser, "text", "json", "mermaid")


def run(args: argparse.Namespace, session: Session) -> int:
    root = open_root(session, args.app)
    analysis = analyse_app(root)
    session.terminal.note(diagnostics_lines(analysis.diagnostics, session.sources))
    if args.format == "json":
        session.print_document(analysis.graph)
    elif args.format == "mermaid":
        session.terminal.document(mermaid(analysis.graph))
    else:
        session.terminal.product(graph_lines(analysis.graph, app_id(root, analysis.app_file)))
    return FAILED if has_errors(analysis.diagnostics) else OK
