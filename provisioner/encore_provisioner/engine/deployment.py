"""One stack on Pulumi's engine: previewed, deployed, destroyed, each by one process of the CLI.

In: a program, the names of project and stack, a :class:`Backend`, folders. Out: what the engine
told, event by event, the stack's outputs, and whether it failed. It decides nothing about data,
prints nothing and asks nothing. This is the one module that calls the Automation API.
"""

from __future__ import annotations

import json
import re
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pulumi.automation import (
    CommandError,
    ConcurrentUpdateError,
    EngineEvent,
    LocalWorkspace,
    ProjectBackend,
    ProjectSettings,
    Stack,
    StackNotFoundError,
)
from pulumi.automation._stack import StackInitMode  # the package leaves it out

from encore_provisioner.engine import state
from encore_provisioner.engine.command import Command
from encore_provisioner.engine.failures import failure
from encore_provisioner.engine.inline import inline
from encore_provisioner.engine.recording import Program
from encore_provisioner.engine.values import STACK
from encore_provisioner.garbage import no_collection

OnEvent = Callable[[EngineEvent], None]

_LOCK_WENT: Final = re.compile(r"GetObject, .*NoSuchKey|object doesn't exist")
"""The CLI lists the locks, then reads each. One that went in between was of somebody done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Where the state is (``url``), and what encrypts its secrets (``secrets_provider``; None where
    the backend has its own).

    ``variables`` are further ones of the CLI, such as a passphrase; no ``repr`` shows them.
    """

    url: str
    secrets_provider: str | None
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """``work`` belongs to one environment, ``home`` (Pulumi's own, with its plugins) to all."""

    work: Path
    home: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What one operation told. ``outputs`` are the stack's, as plain data.

    ``failure`` is what the CLI printed of an operation that failed, None of one that did not;
    ``is_busy``: it did not begin, because another one holds the stack. ``interrupts``: how often
    the person interrupted it.
    """

    events: tuple[EngineEvent, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    failure: str | None = None
    is_busy: bool = False
    interrupts: int = 0


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
        self._project, self._name, self._command = project, stack, command
        self._folders = folders
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
        with inline(program) as run:
            return self._run("preview", run, on_event, refresh=refresh or None)

    def up(self, program: Program, *, on_event: OnEvent) -> Happened:
        with inline(program) as run:
            return self._run("up", run, on_event)

    def refresh(self, *, on_event: OnEvent) -> Happened:
        return self._run("refresh", None, on_event)

    def touch(self) -> Happened:
        """An operation that takes the lock, changes nothing and lets it go: ``is_busy`` where
        another process is at work.
        """
        own = f"urn:pulumi:{self._name}::{self._project}::{STACK}::{self._project}-{self._name}"
        # What is not there cannot be a target; where nothing is, all of it is quickly refreshed.
        only = {"target": [own]} if self.export().resources else {}
        return self._run("refresh", None, lambda _: None, **only)

    def destroy(self, *, on_event: OnEvent) -> Happened:
        """The stack itself stays, empty, with its history."""
        return self._run("destroy", None, on_event)

    def export(self) -> state.State:
        """What the state says is there. Raises ``InfraError``; a stack that is not there yet has
        an empty one.
        """
        return state.read(self._exported())

    def fingerprint(self) -> str:
        """Of what the state says is there: see ``state.fingerprint``. Raises ``InfraError``."""
        return state.fingerprint(self._exported())

    def unprotect(self, urns: Iterable[str]) -> None:
        """Take protection off these resources in the state; in the cloud nothing changes.

        Raises ``InfraError``.
        """
        for urn in sorted(set(urns)):
            self._cli("state", "unprotect", urn, "--yes")

    def unprotect_all(self) -> None:
        """As :meth:`unprotect`, of all resources at once."""
        self._cli("state", "unprotect", "--all", "--yes")

    def remove(self) -> None:
        """Forget the stack, which must be empty; one that is not there is forgotten already.

        Raises ``InfraError``.
        """
        with suppress(StackNotFoundError):
            self._cli("stack", "rm", "--yes", "--preserve-config")

    @contextmanager
    def rehearsal(self) -> Iterator[Deployment]:
        """A copy of this stack, on this machine and for as long as this lasts, with nothing of it
        protected: what would happen can be previewed there, also where the engine stops at the
        first protected resource. Raises ``InfraError``.
        """
        document = self._exported()
        for item in (document.get("deployment") or {}).get("resources") or []:
            item.pop("protect", None)
        with scratch(self._project, self._name, self._folders, self._command) as copy:
            if document:
                copy._import(document)
            yield copy

    def _exported(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self._cli("stack", "export"))
        except StackNotFoundError:
            return {}
        return found

    def _import(self, document: Mapping[str, Any]) -> None:
        path = self._folders.work / "state.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        try:
            self._cli("stack", "import", "--file", str(path))
        finally:
            path.unlink()

    def _cli(self, *words: str) -> str:
        stack = Stack(self._name, self._workspace, StackInitMode.SELECT)
        try:
            return str(stack._run_pulumi_cmd_sync(list(words)).stdout)
        except StackNotFoundError:
            raise
        except CommandError as error:
            raise failure(self._failed(error, []), self._name) from None

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

        given = options if program is None else {**options, "program": program}
        stack = Stack(self._name, self._workspace, StackInitMode.SELECT)
        try:
            with no_collection():
                getattr(stack, operation)(on_event=told, **given)
        except StackNotFoundError:
            return self._without_stack(operation, program, on_event, **options)
        except CommandError as error:
            return self._failed(error, events)
        return Happened(
            events=tuple(events), outputs=_outputs(events), interrupts=self._command.interrupts
        )

    def _without_stack(
        self,
        operation: str,
        program: Callable[[], None] | None,
        on_event: OnEvent,
        **options: Any,
    ) -> Happened:
        """Only ``up`` makes the stack: a preview leaves nothing behind; else nothing is there."""
        match operation:
            case "up":
                self._workspace.create_stack(self._name)
                return self._run(operation, program, on_event, **options)
            case "preview":
                with scratch(self._project, self._name, self._folders, self._command) as empty:
                    return empty._run(operation, program, on_event, **options)
            case _:
                return Happened()

    def _failed(self, error: CommandError, events: list[EngineEvent]) -> Happened:
        return Happened(
            events=tuple(events),
            failure=str(error),
            is_busy=isinstance(error, ConcurrentUpdateError)
            or (not events and bool(_LOCK_WENT.search(str(error)))),
            interrupts=self._command.interrupts,
        )


@contextmanager
def scratch(project: str, stack: str, folders: Folders, command: Command) -> Iterator[Deployment]:
    """An empty stack of these names whose state lies on this machine and is gone afterwards.

    Its work folder is one of its own, below that of ``folders``.
    """
    folders.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rehearsal-", dir=folders.work) as place:
        kept, work = Path(place, "state"), Path(place, "work")
        kept.mkdir()
        for file in folders.work.glob("*.zip"):
            work.mkdir(exist_ok=True)
            (work / file.name).symlink_to(file)
        made = Deployment(
            project=project,
            stack=stack,
            backend=Backend(
                url=kept.as_uri(),
                secrets_provider="passphrase",
                variables={"PULUMI_CONFIG_PASSPHRASE": secrets.token_urlsafe()},
            ),
            folders=replace(folders, work=work),
            command=command,
        )
        made._workspace.create_stack(stack)
        yield made


def _outputs(events: list[EngineEvent]) -> Mapping[str, Any]:
    """The stack's own outputs are those of its resource, told last."""
    for event in reversed(events):
        told = event.res_outputs_event
        if told is not None and told.metadata.type == STACK and told.metadata.new:
            return dict(told.metadata.new.outputs or {})
    return {}
