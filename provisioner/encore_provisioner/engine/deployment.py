"""One stack on Pulumi's engine: previewed, deployed, destroyed, each by one process of the CLI.

In: a program, the names of project and stack, a :class:`Backend`, folders. Out: what the engine
told, event by event, and the stack's outputs. It decides nothing about data, prints nothing and
asks nothing. This is the one module that calls the Automation API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi.automation import (
    CommandError,
    EngineEvent,
    LocalWorkspace,
    ProjectBackend,
    ProjectSettings,
    Stack,
    StackNotFoundError,
)
from pulumi.automation._stack import StackInitMode  # the package leaves it out

from encore_provisioner.engine.command import Command
from encore_provisioner.engine.recording import Program

OnEvent = Callable[[EngineEvent], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Where the state is (``url``), and what encrypts its secrets (``secrets_provider``).

    ``variables`` are further ones of the CLI, such as a passphrase; no ``repr`` shows them.
    """

    url: str
    secrets_provider: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """``work`` belongs to one environment, ``home`` (Pulumi's own, with its plugins) to all."""

    work: Path
    home: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What one operation told. ``outputs`` are the stack's, as plain data."""

    events: tuple[EngineEvent, ...]
    outputs: Mapping[str, Any] = field(default_factory=dict)


class Deployment:
    """``project`` and ``stack`` name the state; the same two always mean the same one."""

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        backend: Backend,
        folders: Folders,
        command: Command,
    ) -> None:
        self._name = stack
        folders.work.mkdir(parents=True, exist_ok=True)
        folders.home.mkdir(parents=True, exist_ok=True)
        self._workspace = LocalWorkspace(
            work_dir=str(folders.work),
            pulumi_home=str(folders.home),
            env_vars={"PULUMI_BACKEND_URL": backend.url, **backend.variables},
            secrets_provider=backend.secrets_provider,
            project_settings=ProjectSettings(
                name=project, runtime="python", backend=ProjectBackend(url=backend.url)
            ),
            pulumi_command=command,
        )

    def preview(self, program: Program, *, refresh: bool = False, on_event: OnEvent) -> Happened:
        """Raises ``CommandError`` where the engine fails, as all of these do."""
        return self._run("preview", _exported(program), on_event, refresh=refresh or None)

    def up(self, program: Program, *, refresh: bool = False, on_event: OnEvent) -> Happened:
        return self._run("up", _exported(program), on_event, refresh=refresh or None)

    def refresh(self, *, on_event: OnEvent) -> Happened:
        return self._run("refresh", None, on_event)

    def destroy(self, *, on_event: OnEvent) -> Happened:
        """The stack itself stays, empty, with its history."""
        return self._run("destroy", None, on_event)

    def _run(
        self,
        operation: str,
        program: Callable[[], None] | None,
        on_event: OnEvent,
        **options: Any,
    ) -> Happened:
        events: list[EngineEvent] = []

        def told(event: EngineEvent) -> None:
            events.append(event)
            on_event(event)

        if program is not None:
            options["program"] = program
        stack = Stack(self._name, self._workspace, StackInitMode.SELECT)
        try:
            getattr(stack, operation)(on_event=told, **options)
        except StackNotFoundError:
            # Only the very first operation: the stack is made, and asked again.
            events.clear()
            self._workspace.create_stack(self._name)
            getattr(stack, operation)(on_event=told, **options)
        return Happened(events=tuple(events), outputs=_outputs(events))


def _exported(program: Program) -> Callable[[], None]:
    import pulumi

    def run() -> None:
        for name, value in program().items():
            pulumi.export(name, value)

    return run


def _outputs(events: list[EngineEvent]) -> Mapping[str, Any]:
    """The stack's own outputs are those of its resource, told last."""
    for event in reversed(events):
        told = event.res_outputs_event
        if told is not None and told.metadata.type == "pulumi:pulumi:Stack" and told.metadata.new:
            return dict(told.metadata.new.outputs or {})
    return {}


__all__ = ["Backend", "CommandError", "Deployment", "Folders", "Happened"]
