"""``stop``: end the servers of an environment on this machine; its data stays."""

from __future__ import annotations

import argparse

from encore_provisioner.cli.documents import Stopped
from encore_provisioner.cli.options import add_app_dir, add_env, add_format, add_lock_timeout
from encore_provisioner.cli.project import open_project
from encore_provisioner.cli.render.style import line
from encore_provisioner.cli.session import Session
from encore_provisioner.cli.surface import OK


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    add_env(parser)
    add_lock_timeout(parser)
    add_format(parser, "text", "json")


def run(args: argparse.Namespace, session: Session) -> int:
    project = open_project(session, args.app, args.env)
    stopped = project.provider.stop(project.target, lock_timeout=args.lock_timeout)
    if args.format == "json":
        session.print_document(Stopped(stopped=stopped))
        return OK
    session.terminal.product(line(("stopped ", "dim"), name) for name in stopped)
    again = session.command("apply", app=args.app, env=project.environment.name)
    told = f"The data stays; `{again}` starts them again." if stopped else "Nothing was running."
    session.terminal.product([line(told)])
    return OK
