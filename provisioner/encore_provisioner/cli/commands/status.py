"""``status``: what runs, and where."""

from __future__ import annotations

import argparse

from encore_provisioner.cli.documents import Server, Status
from encore_provisioner.cli.options import add_app_dir, add_env, add_format
from encore_provisioner.cli.project import open_project
from encore_provisioner.cli.render.listing import status_lines
from encore_provisioner.cli.render.style import line
from encore_provisioner.cli.session import Session
from encore_provisioner.cli.surface import OK


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    add_env(parser)
    add_format(parser, "text", "json")


def run(args: argparse.Namespace, session: Session) -> int:
    project = open_project(session, args.app, args.env)
    servers = tuple(
        Server(name=s.name, state=s.state, endpoint=s.endpoint, detail=s.detail)
        for s in project.provider.status(project.target)
    )
    if args.format == "json":
        document = Status(
            app=project.target.app_id,
            environment=project.environment.name,
            provider=project.environment.provider,
            servers=servers,
        )
        session.print_document(document)
    elif servers:
        session.terminal.product(status_lines(servers))
    else:
        create = session.command("apply", app=args.app, env=project.environment.name)
        session.terminal.product([line(f"Nothing is here yet; `{create}` creates it.")])
    return OK
