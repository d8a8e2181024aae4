"""What most commands begin with: the app, its source read, one environment, its provider.

In: arguments as typed. Out: the values that the stages want. It shows findings, because a person
must see them before anything is done on their ground.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from encore_config.diagnostics import Diagnostic, has_errors, order
from encore_config.environment import Environment, EnvironmentFile
from encore_provisioner.analysis import Analysis, analyse
from encore_provisioner.app import app_id, find_app
from encore_provisioner.cli.render.diagnostics import diagnostics_lines, verdict
from encore_provisioner.cli.session import Session
from encore_provisioner.environments import DEFAULT, load_environments, resolve
from encore_provisioner.errors import AppError
from encore_provisioner.provider import Provider, Target
from encore_provisioner.providers import load_provider
from encore_provisioner.user_cache import default_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """An app with one of its environments and the provider that serves it."""

    target: Target
    provider: Provider
    diagnostics: tuple[Diagnostic, ...]

    @property
    def environment(self) -> Environment:
        return self.target.environment


def open_root(session: Session, folder: str | None) -> Path:
    """The app's root for ``folder`` as typed. Raises ``AppError`` (``no-app``)."""
    start = Path(folder) if folder is not None else Path.cwd()
    if not start.is_dir():
        raise AppError(
            f"no Encore app here: {start} is {'no folder' if start.exists() else 'not there'}",
            code="no-app",
            hint="give the folder of an app, the one that holds encore.app",
        )
    session.root = find_app(start)
    return session.root


def analyse_app(root: Path) -> Analysis:
    """The app's source, with what was read before from the user's cache."""
    return analyse(root, cache=default_folder(os.environ))


def open_environment(session: Session, folder: str | None, name: str | None) -> Environment:
    return resolve(open_file(session, folder), name or DEFAULT)


def open_file(session: Session, folder: str | None) -> EnvironmentFile:
    return load_environments(open_root(session, folder))


def open_project(session: Session, folder: str | None, name: str | None) -> Project:
    """App, environment and provider, whatever the state of the source."""
    environment = open_environment(session, folder, name)
    root = session.root or Path.cwd()
    analysis = analyse_app(root)
    return Project(
        target=target_of(root, analysis, environment),
        provider=load_provider(environment.provider),
        diagnostics=analysis.diagnostics,
    )


def open_sound_project(session: Session, folder: str | None, name: str | None) -> Project:
    """As :func:`open_project`, but errors of the source, and what the provider cannot do, end it.

    Warnings are shown on stderr.
    """
    project = open_project(session, folder, name)
    _require(project.diagnostics, "the app's source has errors", "source-errors")
    told = tuple(sorted(project.provider.capabilities(project.target), key=order))
    findings = (*project.diagnostics, *told)
    refused = f"the provider `{project.environment.provider}` cannot do all that is declared"
    _require(findings, refused, "unsupported")
    session.terminal.note(diagnostics_lines(findings, session.sources))
    return Project(target=project.target, provider=project.provider, diagnostics=findings)


def target_of(root: Path, analysis: Analysis, environment: Environment) -> Target:
    return Target(
        root=root,
        app_id=app_id(root, analysis.app_file),
        graph=analysis.graph,
        environment=environment,
        cors=analysis.app_file.global_cors,
    )


def _require(findings: tuple[Diagnostic, ...], what: str, code: str) -> None:
    if has_errors(findings):
        raise AppError(
            f"{what} ({verdict(findings)}); nothing was changed",
            code=code,
            diagnostics=findings,
        )
