"""``env list|new|rm``: the entries of ``encore.infra.yaml``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import msgspec

from encore_config.environment import EnvironmentEntry, EnvironmentFile, EnvironmentType
from encore_provisioner.cli.documents import EnvironmentChanged, EnvironmentLine, Environments
from encore_provisioner.cli.environment_edit import add_entry, remove_entry
from encore_provisioner.cli.environment_id import random_id
from encore_provisioner.cli.files import ENV_FILE, PUBLIC, write_if_changed
from encore_provisioner.cli.options import Parser, add_app_option, add_format
from encore_provisioner.cli.project import open_file, open_project, open_root
from encore_provisioner.cli.render.listing import environments_lines
from encore_provisioner.cli.render.style import line
from encore_provisioner.cli.session import Session
from encore_provisioner.cli.surface import OK
from encore_provisioner.environments import (
    DEFAULT,
    FILE_NAME,
    NAME_RULE,
    is_environment_name,
    settings_of,
)
from encore_provisioner.errors import RefusedError, UsageError
from encore_provisioner.providers import known_providers, unknown_provider
from encore_provisioner.suggest import did_you_mean


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=Parser)
    summaries = {
        "list": "show the environments of the app",
        "new": f"add an environment to {FILE_NAME}",
        "rm": f"remove an environment from {FILE_NAME}; it must be destroyed before",
    }
    functions = {"list": _list, "new": _new, "rm": _remove}
    for name, summary in summaries.items():
        sub = actions.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        if name != "list":
            sub.add_argument("name", metavar="NAME", help="such as staging, or pr-* for a pattern")
        if name == "new":
            _configure_new(sub)
        add_app_option(sub)
        add_format(sub, "text", "json")
        sub.set_defaults(action=functions[name])


def run(args: argparse.Namespace, session: Session) -> int:
    code: int = args.action(args, session)
    return code


def _configure_new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--provider", metavar="NAME", help="who creates it (default: local)")
    parser.add_argument("--type", choices=get_args(EnvironmentType), help="what it is for")
    parser.add_argument("--extends", metavar="NAME", help="the environment it takes settings from")
    parser.add_argument("--region", metavar="REGION", help="where a cloud provider creates it")


def _list(args: argparse.Namespace, session: Session) -> int:
    file = open_file(session, args.app)
    root = session.root or Path.cwd()
    entries = {DEFAULT: EnvironmentEntry(), **file.environments}
    lines = tuple(_line(file, name, entry, root) for name, entry in sorted(entries.items()))
    if args.format == "json":
        session.print_document(Environments(environments=lines))
    else:
        session.terminal.product(environments_lines(lines))
    return OK


def _line(file: EnvironmentFile, name: str, entry: EnvironmentEntry, root: Path) -> EnvironmentLine:
    settings = settings_of(file, name)
    return EnvironmentLine(
        name=name,
        provider=settings.provider or DEFAULT,
        type=settings.type or "development",
        extends=entry.extends,
        pattern=name.endswith("*"),
        state=_has_state(root, name),
    )


def _new(args: argparse.Namespace, session: Session) -> int:
    if not is_environment_name(args.name, pattern=True):
        message = f"`{args.name}` is no name of an environment: {NAME_RULE}"
        raise UsageError(message, code="bad-environment-name")
    root = open_root(session, args.app)
    file = open_file(session, args.app)
    _refuse_new(args, file)
    path = root / FILE_NAME
    text = path.read_bytes().decode() if path.exists() else ""
    base = settings_of(file, args.extends) if args.extends else EnvironmentEntry()
    entry = _entry(args, base)
    write_if_changed(path, add_entry(text, args.name, entry).encode(), _mode(path))
    told = f"{args.name} is in {FILE_NAME}."
    if _is_in_cloud(entry, base) and not (entry.region or base.region):
        told += " It names no region yet: add one there, such as `region: eu-north-1`."
    if not args.name.endswith("*"):
        # What a cloud would get is planned on this machine alone.
        words = "plan --offline" if _is_in_cloud(entry, base) else "plan"
        told += f" Next: {session.command(words, app=args.app, env=args.name)}"
    return _changed(told, args, session)


def _refuse_new(args: argparse.Namespace, file: EnvironmentFile) -> None:
    known = {DEFAULT, *file.environments}
    if args.name in file.environments or (args.name == DEFAULT and not _says_anything(args)):
        raise RefusedError(
            f"there is an environment `{args.name}` already",
            code="environment-exists",
            hint=f"change it in {FILE_NAME}, or choose another name",
        )
    if args.extends is not None and args.extends not in known - {args.name}:
        raise RefusedError(
            f"there is no environment `{args.extends}` to extend",
            code="unknown-environment",
            hint=did_you_mean(args.extends, known, otherwise=f"known: {', '.join(sorted(known))}"),
        )
    if args.provider is not None and args.provider not in known_providers():
        raise unknown_provider(args.provider, known_providers())


def _says_anything(args: argparse.Namespace) -> bool:
    return any(v is not None for v in (args.provider, args.type, args.extends, args.region))


def _entry(args: argparse.Namespace, base: EnvironmentEntry) -> EnvironmentEntry:
    """The new entry. A pattern may share the ``id`` of what it extends: names of what is unique in
    the world hold a hash of the environment's name too.
    """
    entry = EnvironmentEntry(
        provider=args.provider or (None if args.extends else DEFAULT),
        extends=args.extends,
        type=args.type,
        region=args.region,
    )
    shares = args.name.endswith("*") and base.id is not None
    wants_id = _is_in_cloud(entry, base) and not shares
    return msgspec.structs.replace(entry, id=random_id() if wants_id else None)


def _is_in_cloud(entry: EnvironmentEntry, base: EnvironmentEntry) -> bool:
    return (entry.provider or base.provider or DEFAULT) != DEFAULT


def _remove(args: argparse.Namespace, session: Session) -> int:
    root = open_root(session, args.app)
    file = open_file(session, args.app)
    _refuse_unknown(args.name, file.environments)
    heirs = sorted(k for k, e in file.environments.items() if e.extends == args.name)
    if heirs and args.name != DEFAULT:
        raise RefusedError(
            f"{', '.join(heirs)} extends `{args.name}`",
            code="environment-extended",
            hint="change that first",
        )
    if not args.name.endswith("*"):
        _refuse_state(args, session, root)
    path = root / FILE_NAME
    text = remove_entry(path.read_bytes().decode(), args.name)
    write_if_changed(path, text.encode(), _mode(path))
    return _changed(f"{args.name} is no longer in {FILE_NAME}.", args, session)


def _refuse_unknown(name: str, known: Mapping[str, object]) -> None:
    if name in known:
        return
    reason = "which always exists, is not in the file" if name == DEFAULT else "is not in the file"
    raise RefusedError(
        f"`{name}`{',' if name == DEFAULT else ''} {reason} {FILE_NAME}",
        code="unknown-environment",
        hint=did_you_mean(name, known, otherwise=f"in it: {', '.join(sorted(known)) or 'none'}"),
    )


def _refuse_state(args: argparse.Namespace, session: Session, root: Path) -> None:
    """What was created must not be forgotten: it would cost money or disk for ever."""
    project = open_project(session, args.app, args.name)
    if _has_state(root, args.name) or project.provider.plan_destroy(project.target).changes:
        destroy = session.command(f"destroy --env {args.name}", app=args.app)
        raise RefusedError(
            f"something of {args.name} still exists",
            code="environment-in-use",
            hint=f"`{destroy}` removes it",
        )


def _has_state(root: Path, name: str) -> bool:
    folder = root / ".encore" / "infra" / name
    kept = ("state.json", "data", "servers.json", ENV_FILE)
    return any((folder / name).exists() for name in kept)


def _changed(told: str, args: argparse.Namespace, session: Session) -> int:
    if args.format == "json":
        session.print_document(EnvironmentChanged(name=args.name, file=FILE_NAME))
    else:
        session.terminal.product([line(told)])
    return OK


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777 if path.exists() else PUBLIC
