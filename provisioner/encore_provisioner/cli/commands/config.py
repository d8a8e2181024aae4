"""``config``: the runtime config of an environment that was applied."""

from __future__ import annotations

import argparse

from encore_provisioner.cli.options import add_app_dir, add_env, add_format
from encore_provisioner.cli.project import open_sound_project
from encore_provisioner.cli.render.diagnostics import diagnostics_lines
from encore_provisioner.cli.runtime_files import JSON_LOSES, emitted, env_text
from encore_provisioner.cli.session import Session
from encore_provisioner.cli.surface import OK
from encore_provisioner.errors import RefusedError
from encore_provisioner.suggest import did_you_mean


def configure(parser: argparse.ArgumentParser) -> None:
    add_app_dir(parser)
    add_env(parser)
    add_format(parser, "infra", "runtime", "env")
    parser.add_argument(
        "--service", metavar="NAME", help="for a container that holds this service alone"
    )


def run(args: argparse.Namespace, session: Session) -> int:
    project = open_sound_project(session, args.app, args.env)
    target, provider = project.target, project.provider
    _refuse_unknown(
        args.service, tuple(item.name for item in target.graph.services), target.graph.gateway.name
    )
    bindings = provider.bindings(target, provider.outputs(target))
    config = emitted(target, bindings, args.service)
    written = args.format == "infra"
    told = tuple(w for w in config.warnings if written or w.code != JSON_LOSES)
    session.terminal.note(diagnostics_lines(told, session.sources))
    texts = {
        "infra": lambda: config.infra_json.decode(),
        "runtime": lambda: f"{config.runtime_config_value}\n",
        "env": lambda: env_text(target, config, service=args.service),
    }
    session.terminal.document(texts[args.format]())
    return OK


def _refuse_unknown(service: str | None, known: tuple[str, ...], gateway: str) -> None:
    if service is None or service in (*known, gateway):
        return
    raise RefusedError(
        f"the app has no service `{service}`; it has {', '.join(known) or 'none'}",
        code="unknown-service",
        hint=did_you_mean(service, (*known, gateway), otherwise="`graph` shows the services"),
    )
