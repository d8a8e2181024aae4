"""``secret set|list|rm``: the values of the app's declared secrets.

A value comes from stdin, a file or a hidden prompt, never from an argument, where everyone on this
machine could read it. No value is ever shown.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from encore_config.diagnostics import has_errors
from encore_provisioner.cli.documents import SecretChanged, SecretLine, Secrets
from encore_provisioner.cli.options import (
    Parser,
    WrongUsageError,
    add_app_option,
    add_env,
    add_format,
)
from encore_provisioner.cli.project import Project, open_project
from encore_provisioner.cli.render.listing import secrets_lines
from encore_provisioner.cli.render.style import line
from encore_provisioner.cli.session import Session
from encore_provisioner.cli.surface import OK
from encore_provisioner.cli.terminal import no_answer
from encore_provisioner.errors import RefusedError
from encore_provisioner.suggest import did_you_mean


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=Parser)
    for name, action, summary in (
        ("set", _set, "give a secret its value, from stdin, a file or a hidden prompt"),
        ("list", _list, "names, when each was set, and who uses it; never a value"),
        ("rm", _remove, "take a secret's value away"),
    ):
        sub = actions.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        if action is not _list:
            sub.add_argument("name", metavar="NAME", help="as the source declares it")
            sub.add_argument("value", nargs="*", help=argparse.SUPPRESS)
        if action is _set:
            sub.add_argument("--file", metavar="FILE", type=Path, help="read the value from it")
        add_app_option(sub)
        add_env(sub)
        add_format(sub, "text", "json")
        sub.set_defaults(action=action, usage=sub.format_usage())


def run(args: argparse.Namespace, session: Session) -> int:
    code: int = args.action(args, session)
    return code


def _set(args: argparse.Namespace, session: Session) -> int:
    _refuse_value_as_argument(args)
    project = open_project(session, args.app, args.env)
    _require_declared(project, args.name)
    value = _read_value(args.name, args.file, session)
    project.provider.secrets(project.target).set(args.name, value)
    who = "the next apply hands it to the app"
    if not project.provider.needs_secrets:
        who = "containers that start from now on get it"
    told = f"{args.name} is set in {project.environment.name}; {who}."
    return _changed(told, project, args, session)


def _list(args: argparse.Namespace, session: Session) -> int:
    project = open_project(session, args.app, args.env)
    secrets = tuple(
        SecretLine(name=s.name, set_at=s.set_at, services=s.services, known=s.known)
        for s in project.provider.secrets(project.target).list()
    )
    if args.format == "json":
        document = Secrets(environment=project.environment.name, secrets=secrets)
        session.print_document(document)
    elif secrets:
        session.terminal.product(secrets_lines(secrets))
    else:
        session.terminal.product([line("The app declares no secrets.")])
    return OK


def _remove(args: argparse.Namespace, session: Session) -> int:
    _refuse_value_as_argument(args)
    project = open_project(session, args.app, args.env)
    store = project.provider.secrets(project.target)
    if not store.remove(args.name):
        known = [s.name for s in store.list() if s.set_at]
        raise RefusedError(
            f"{args.name} has no value in {project.environment.name}",
            code="unknown-secret",
            hint=did_you_mean(args.name, known, otherwise=f"set: {', '.join(known) or 'none'}"),
        )
    told = f"{args.name} has no value in {project.environment.name} any more."
    return _changed(told, project, args, session)


def _changed(told: str, project: Project, args: argparse.Namespace, session: Session) -> int:
    if args.format == "json":
        document = SecretChanged(environment=project.environment.name, name=args.name)
        session.print_document(document)
    else:
        session.terminal.product([line(told)])
    return OK


def _refuse_value_as_argument(args: argparse.Namespace) -> None:
    """Without a word of what was typed: it may be the secret."""
    if args.value or "=" in args.name:
        message = "a value is never an argument, others could read it there; pipe it in or type it"
        raise WrongUsageError(message, args.usage)


def _require_declared(project: Project, name: str) -> None:
    declared = tuple(secret.name for secret in project.target.graph.secrets)
    if name in declared:
        return
    unsure = " (as far as it can be read)" if has_errors(project.diagnostics) else ""
    listed = f"it declares {', '.join(declared) or 'none'}"
    raise RefusedError(
        f"the app{unsure} declares no secret `{name}`; {listed}",
        code="unknown-secret",
        hint=did_you_mean(name, declared, otherwise=f'declare it first: secret("{name}")'),
    )


def _read_value(name: str, file: Path | None, session: Session) -> str:
    terminal = session.terminal
    if file is not None:
        value = _decoded(name, _read_file(name, file))
    elif not terminal.input_is_typed:
        value = _decoded(name, terminal.read_all())
    elif terminal.interactive:
        value = terminal.ask_hidden(f"Value of {name} (not shown): ")
    else:
        raise no_answer(f"the value of {name}", "pipe the value in")
    if not value:
        raise RefusedError(
            f"no value was given for {name}; nothing was changed",
            code="secret-refused",
            hint="pipe the value in, name a file that holds it, or type it at the prompt",
        )
    return value


def _read_file(name: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RefusedError(
            f"cannot read {file}: {error.strerror or error}; {name} was not changed",
            code="secret-refused",
            hint="name a file that holds the value and nothing else",
        ) from error


def _decoded(name: str, raw: bytes) -> str:
    """The value without the one line end that most programs and editors add."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedError(
            f"the value of {name} is not UTF-8 text; nothing was changed",
            code="secret-refused",
            hint="encode it, for example as base64, and decode it in the app",
        ) from None
    return text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n")
