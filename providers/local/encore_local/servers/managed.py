"""What all servers do alike: be found, be started once, be ended, be removed.

In: a subclass that says what to run, how it is asked whether it answers, and which program it
is. Out: the interface ``server.Server``. What it may not do: touch a process that does not sit
in this server's own data folder.
"""

from __future__ import annotations

import abc
import errno
import hashlib
import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from encore_local.files import clear_errors, file_error
from encore_local.layout import Layout
from encore_local.secrets import LocalSecrets
from encore_local.servers import ports
from encore_local.servers.process import (
    Launch,
    Processes,
    ProcessInfo,
    end,
    is_alive,
    is_launching,
    launch,
    works_in,
)
from encore_local.servers.registry import Registry, ServerRecord
from encore_local.servers.server import HOST, ServerState
from encore_provisioner.errors import InfraError

_POLL = 0.02
_ANSWER_AT_ONCE = 5.0
_STRAY_PATIENCE = 3.0
_PORT_PATIENCE = 2.0
_FULL = 1_000_000
_LOG_LIMIT = 10_000_000
_LOG_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What the servers of one environment share."""

    layout: Layout
    secrets: LocalSecrets
    registry: Registry
    processes: Processes


class ManagedServer(abc.ABC):
    """A server with a record in ``servers.json`` and a data folder. See ``server.Server``."""

    type: str
    gentle_signal: int = signal.SIGTERM
    start_timeout: float = 60.0

    def __init__(
        self, host: Host, *, name: str, data: Path, port: int, password: str | None = None
    ) -> None:
        """``password``: the name under which the secret store holds the server's own."""
        self.host = host
        self.name = name
        self.data = data
        self.port = port
        self._password = password

    @property
    def log(self) -> Path:
        return self.host.layout.log(self.name)

    @property
    def endpoint(self) -> str:
        return f"{HOST}:{self.port}"

    @abc.abstractmethod
    def desired(self) -> dict[str, Any]: ...

    @abc.abstractmethod
    def prepare(self) -> Launch:
        """Make its data folder fit to start, and say what to run. Nothing runs in it now."""

    @abc.abstractmethod
    def answers(self) -> bool:
        """Whether it answers a real request now, on :attr:`port` and with our password."""

    @abc.abstractmethod
    def is_program(self, process: ProcessInfo) -> bool:
        """Whether a process that sits in the data folder is this server or a part of it."""

    def status(self) -> ServerState:
        if not self.data.exists():
            return "missing"
        return "running" if self.running() else "stopped"

    def actual(self) -> dict[str, Any] | None:
        if not self.data.exists():
            return None
        record = self.host.registry.get(self.name)
        return dict(record.properties) if record else {}

    def running(self) -> ProcessInfo | None:
        """The living process of the last start; pid, start time and data folder all match."""
        record = self.host.registry.get(self.name)
        process = self.host.processes.get(record.pid) if record else None
        if process is None or record is None or process.started != record.started:
            return None
        return process if works_in(process, self.data) else None

    def knows_password(self) -> bool:
        """Whether the store holds the very password that the server was started with."""
        record = self.host.registry.get(self.name)
        return record is None or record.password in (None, self._fingerprint())

    def _fingerprint(self) -> str:
        value = self.host.secrets.generated(self._password) if self._password else None
        return hashlib.sha256(value.encode()).hexdigest()[:16] if value else ""

    def check_port(self) -> None:
        deadline = time.monotonic() + _PORT_PATIENCE
        while not (ports.is_free(self.port) or self._runs_on_its_port()):
            holder = ports.find_holder(self.port)
            # A process of this server that no record names is ended by the start.
            if holder is not None and holder.pid in {stray.pid for stray in self.strays()}:
                return
            # One that was killed looks dead a moment before its threads let go of the port:
            # in that moment nobody holds it.
            if holder is not None or time.monotonic() >= deadline:
                raise ports.port_taken(self.name, self.port, holder)
            time.sleep(_POLL)

    def _runs_on_its_port(self) -> bool:
        record = self.host.registry.get(self.name)
        is_own = record is not None and record.properties.get("port") == self.port
        return is_own and self.running() is not None

    def start(self) -> None:
        as_desired = self.knows_password() and self.actual() == self.desired()
        if self.running() and as_desired and self._soon(_ANSWER_AT_ONCE):
            return
        self.stop()
        self.check_port()
        self._keep_log_small()
        log_size = self.log.stat().st_size if self.log.exists() else 0
        process = self._launch(self.prepare())
        self._await(process, log_size)

    def stop(self) -> bool:
        process = self.running()
        if process is not None:
            for part in self.strays():
                # A stopped part (Ctrl-Z, a debugger) would keep the whole from ending.
                self.host.processes.signal(part, signal.SIGCONT)
            end([process], self.host.processes, gently=self.gentle_signal)
        strays = parents_first(self.strays())
        end(strays, self.host.processes, gently=self.gentle_signal, patience=_STRAY_PATIENCE)
        return process is not None

    def remove(self) -> None:
        self.stop()
        remove_tree(self.data)
        for log in (self.log, _old(self.log)):
            with clear_errors(log, "delete"):
                log.unlink(missing_ok=True)
        self.host.registry.drop(self.name)

    def strays(self) -> tuple[ProcessInfo, ...]:
        """Processes of this server that no record names: orphans, or a start that was killed."""
        return tuple(
            process for process in self.host.processes.all() if self.is_at_work(process, self.data)
        )

    def is_at_work(self, process: ProcessInfo, folder: Path) -> bool:
        """Whether it is this server, a part of it, or about to become it, in ``folder``."""
        at_work = works_in(process, folder) and self.is_program(process)
        return at_work or is_launching(process, folder)

    def _launch(self, wanted: Launch) -> ProcessInfo | None:
        pid = launch(wanted)
        process = self.host.processes.get(pid)
        if process is not None:
            record = ServerRecord(
                pid=pid,
                started=process.started,
                data=str(self.data),
                properties=self.desired(),
                password=self._fingerprint(),
            )
            self.host.registry.put(self.name, record)
        return process

    def _await(self, process: ProcessInfo | None, log_size: int) -> None:
        deadline = time.monotonic() + self.start_timeout
        while process is not None and is_alive(process, self.host.processes):
            if self.answers():
                return
            if time.monotonic() >= deadline:
                end([process], self.host.processes, gently=self.gentle_signal)
                raise self._no_start(f"did not answer within {self.start_timeout:.0f} s", log_size)
            time.sleep(_POLL)
        # Another program may have taken the port between the check and the start.
        self.check_port()
        raise self._no_start("ended at once", log_size)

    def _soon(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL)
        return True

    def _no_start(self, what: str, log_size: int) -> InfraError:
        if shutil.disk_usage(self.data).free < _FULL:
            # Then the log could not say it either.
            return file_error(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), self.data, "use")
        lines = last_lines(self.log, since=log_size)
        told = "\n".join(f"  {line}" for line in lines)
        return InfraError(
            f"the server {self.name} {what}" + (f"; it said:\n{told}" if told else ""),
            code="server-start-failed",
            hint=f"The whole log is {self.log}. Its data is untouched in {self.data}.",
        )

    def _keep_log_small(self) -> None:
        with clear_errors(self.log, "rename"):
            if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
                self.log.replace(_old(self.log))


def parents_first(processes: tuple[ProcessInfo, ...]) -> tuple[ProcessInfo, ...]:
    """A server before its own parts, so that it can end them in its own way."""
    pids = {process.pid for process in processes}
    return tuple(sorted(processes, key=lambda process: (process.parent in pids, process.pid)))


def _old(log: Path) -> Path:
    return log.with_name(f"{log.name}.old")


def last_lines(log: Path, *, since: int = 0, count: int = _LOG_LINES) -> tuple[str, ...]:
    """The last lines of a log, of what was written after its byte ``since``."""
    try:
        with log.open("rb") as file:
            file.seek(since)
            text = file.read().decode(errors="replace")
    except OSError:
        return ()
    return tuple(text.splitlines()[-count:])


def remove_tree(folder: Path) -> None:
    """Delete a folder and all in it; nothing to do where it does not exist."""
    with clear_errors(folder, "delete"):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            return
