"""Finds, starts and ends processes that outlive the command.

In: a pid or a data folder. Out: :class:`ProcessInfo`, facts of one moment. A dead process and a
zombie are both None. Only :func:`end` ends a process, and only the very one that it was given:
the same pid with the same start time.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from encore_local.files import clear_errors
from encore_provisioner.errors import InfraError

if TYPE_CHECKING:
    import psutil

FileId = tuple[int, int]
"""Device and inode: what a folder is, wherever it is moved and whatever is copied from it."""
Identity = Literal["same", "namespace"] | int

_POLL = 0.02
_LAUNCH_TIMEOUT = 20.0
_LAUNCHER = Path(__file__).with_name("launch.py")
_HANDED_ON = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessInfo:
    """A living process. ``started`` compares equal only for the same start in the same boot.

    ``folder`` is its working folder (None where we may not know), ``folder_path`` what the
    system calls it, ``program`` the path of its executable or, where hidden, its first word.
    """

    pid: int
    parent: int
    owner: int
    started: str
    folder: FileId | None
    folder_path: str
    program: str
    command: tuple[str, ...]


class Processes(Protocol):
    """The processes of this machine."""

    def get(self, pid: int) -> ProcessInfo | None:
        """The living process with that pid."""
        ...

    def all(self) -> Iterator[ProcessInfo]: ...

    def signal(self, process: ProcessInfo, number: int) -> None:
        """Send a signal, unless the process has gone and its pid belongs to another."""
        ...


def file_id(folder: Path) -> FileId | None:
    """The identity of a folder; None where there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino)


def works_in(process: ProcessInfo, folder: Path) -> bool:
    """Whether it sits in that very folder, or in one of that path that was deleted since."""
    identity = file_id(folder)
    if identity is not None and process.folder == identity:
        return True
    return process.folder_path == f"{folder} (deleted)"


class LinuxProcesses:
    """Reads ``/proc`` (proc(5)); the start time is field 22 of ``stat`` and the boot's id."""

    def __init__(
        self, proc: Path = Path("/proc"), *, open_pid: Callable[[int], int] | None = None
    ) -> None:
        self._proc = proc
        self._open_pid = open_pid or os.pidfd_open

    def get(self, pid: int) -> ProcessInfo | None:
        folder = self._proc / str(pid)
        try:
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if fields[0] in "ZXx":
                return None
            command = _words(folder / "cmdline")
            program = _link(folder / "exe").removesuffix(" (deleted)")
            return ProcessInfo(
                pid=pid,
                parent=int(fields[1]),
                owner=folder.stat().st_uid,
                started=f"{self._boot()}/{fields[19]}",
                folder=file_id(folder / "cwd"),
                folder_path=_link(folder / "cwd"),
                program=program or "".join(command[:1]),
                command=command,
            )
        except OSError:
            return None

    def all(self) -> Iterator[ProcessInfo]:
        for pid in sorted(int(path.name) for path in self._proc.glob("[0-9]*")):
            if (process := self.get(pid)) is not None:
                yield process

    def signal(self, process: ProcessInfo, number: int) -> None:
        with _denied(process):
            descriptor = self._open(process.pid)
            try:
                # Asked after the descriptor was made: it cannot point to a later process.
                if not is_alive(process, self):
                    return
                if descriptor is None:
                    os.kill(process.pid, number)
                else:
                    signal.pidfd_send_signal(descriptor, number)
            finally:
                if descriptor is not None:
                    os.close(descriptor)

    def _open(self, pid: int) -> int | None:
        try:
            return self._open_pid(pid)
        except ProcessLookupError:
            raise
        except OSError:  # Linux before 5.3, or a container that forbids it: then by number
            return None

    def _boot(self) -> str:
        try:
            return (self._proc / "sys/kernel/random/boot_id").read_text().strip()
        except OSError:  # some sandboxes have none; a new boot there is a new sandbox
            return ""


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def _words(path: Path) -> tuple[str, ...]:
    return tuple(word for word in path.read_bytes().decode(errors="replace").split("\0") if word)


class PsutilProcesses:
    """For systems without ``/proc`` (macOS), through psutil."""

    def get(self, pid: int) -> ProcessInfo | None:
        import psutil

        try:
            process = psutil.Process(pid)
            with process.oneshot():
                if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                    return None
                return _from_psutil(process)
        except psutil.NoSuchProcess:
            return None

    def all(self) -> Iterator[ProcessInfo]:
        import psutil

        for pid in psutil.pids():
            if (process := self.get(pid)) is not None:
                yield process

    def signal(self, process: ProcessInfo, number: int) -> None:
        with _denied(process):
            now = self.get(process.pid)
            if now is not None and now.started == process.started:
                os.kill(process.pid, number)


def _from_psutil(process: psutil.Process) -> ProcessInfo:
    import psutil

    try:
        folder_path, program = process.cwd(), process.exe()
        command = tuple(process.cmdline())
    except psutil.AccessDenied:  # another user's
        folder_path, program, command = "", process.name(), ()
    return ProcessInfo(
        pid=process.pid,
        parent=process.ppid(),
        owner=process.uids().real,
        started=str(process.create_time()),
        folder=file_id(Path(folder_path)) if folder_path else None,
        folder_path=folder_path,
        program=program,
        command=command,
    )


@contextlib.contextmanager
def _denied(process: ProcessInfo) -> Iterator[None]:
    try:
        yield
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise InfraError(
            f"process {process.pid} ({' '.join(process.command)}) belongs to another user",
            code="not-permitted",
            hint="Run the command as the user who ran `apply` before.",
        ) from error


def system_processes() -> Processes:
    """The processes of the machine that we run on."""
    return LinuxProcesses() if sys.platform == "linux" else PsutilProcesses()


def is_alive(process: ProcessInfo, processes: Processes) -> bool:
    now = processes.get(process.pid)
    return now is not None and now.started == process.started


def wait_gone(process: ProcessInfo, processes: Processes, seconds: float) -> bool:
    """Wait until it has gone; False when it still lives after ``seconds``."""
    deadline = time.monotonic() + seconds
    while is_alive(process, processes):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL)
    return True


def end(
    ended: Sequence[ProcessInfo],
    processes: Processes,
    *,
    gently: int = signal.SIGTERM,
    patience: float = 10.0,
) -> None:
    """End processes: all ``gently`` first, after ``patience`` seconds by force.

    Raises ``InfraError`` (code ``cannot-stop``) when one outlives even that.
    """
    for number, seconds in ((gently, patience), (signal.SIGKILL, 10.0)):
        for process in ended:
            processes.signal(process, number)
            # One that was stopped (Ctrl-Z, a debugger) takes a signal only when it goes on.
            processes.signal(process, signal.SIGCONT)
        deadline = time.monotonic() + seconds
        living = [p for p in ended if not wait_gone(p, processes, deadline - time.monotonic())]
        if not living:
            return
    raise InfraError(
        f"process {living[0].pid} ({' '.join(living[0].command)}) does not end",
        code="cannot-stop",
        hint="It hangs in the system, perhaps on a disk that does not answer: look at that first.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A program to run. ``environment`` is all that it gets besides a short allow-list."""

    argv: tuple[str, ...]
    folder: Path
    log: Path
    identity: Identity = "same"
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


def launch(wanted: Launch) -> int:
    """Start a program in a session of its own, its outputs in ``log``; its pid.

    It outlives this process and gets no Ctrl-C from its terminal. Raises ``InfraError`` (code
    ``cannot-start``) when it cannot be run at all; one that ends soon is the caller's matter.
    """
    with clear_errors(wanted.log, "write"):
        wanted.log.touch(mode=0o600)
    result = _launcher(wanted, detached=True, text="", timeout=_LAUNCH_TIMEOUT)
    if result.returncode != 0:
        raise InfraError(
            f"cannot start {wanted.argv[0]}: {result.stderr.strip()}",
            code="cannot-start",
            hint="Look at the permissions of that program and of the folder "
            f"{wanted.folder}, then apply again.",
        )
    return int(result.stdout)


def run(wanted: Launch, *, text: str = "", timeout: float) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, ``text`` as its input; its outputs and exit code.

    Raises ``InfraError`` (code ``too-slow``) after ``timeout`` seconds.
    """
    try:
        return _launcher(wanted, detached=False, text=text, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise InfraError(
            f"{wanted.argv[0]} did not end within {timeout:.0f} seconds",
            code="too-slow",
            hint="The machine may be too busy: apply again.",
        ) from error


def _launcher(
    wanted: Launch, *, detached: bool, text: str, timeout: float
) -> subprocess.CompletedProcess[str]:
    log = str(wanted.log) if detached else ""
    spec = json.dumps([wanted.identity, str(wanted.folder), log, list(wanted.argv)])
    return subprocess.run(
        [sys.executable, "-I", "-S", str(_LAUNCHER), spec],
        input=text,
        capture_output=True,
        text=True,
        timeout=timeout,
        env=allowed_environment(os.environ) | dict(wanted.environment),
        start_new_session=True,
        check=False,
    )


def is_launching(process: ProcessInfo, folder: Path) -> bool:
    """Whether it is our launcher on the way to run a program in ``folder``.

    When the command that called it was killed, it goes on and starts the program all the same.
    """
    if str(_LAUNCHER) not in process.command:
        return False
    try:
        spec = json.loads(process.command[-1])
        return bool(spec[1] == str(folder))
    except (ValueError, TypeError, LookupError):
        return False


def allowed_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a server may know of our environment: nothing that could change what it does."""
    return {name: environment[name] for name in _HANDED_ON if name in environment}
