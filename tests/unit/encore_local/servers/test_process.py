"""Which process is which: facts read from a made-up /proc, and a real child."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from encore_local.servers.process import (
    Launch,
    LinuxProcesses,
    ProcessInfo,
    PsutilProcesses,
    allowed_environment,
    end,
    file_id,
    is_alive,
    launch,
    run,
    system_processes,
    works_in,
)
from encore_provisioner.errors import InfraError

LINUX_ONLY = pytest.mark.skipif(
    sys.platform != "linux", reason="CANNOT RUN: this system has no /proc"
)


def made_up(
    proc: Path, pid: int, folder: Path, *, state: str = "S", ticks: int = 77, name: str = "postgres"
) -> None:
    """Files as proc(5) describes them."""
    (proc / "sys/kernel/random").mkdir(parents=True, exist_ok=True)
    (proc / "sys/kernel/random/boot_id").write_text("boot-1\n")
    own = proc / str(pid)
    own.mkdir()
    fields = [state, "1", *["0"] * 17, str(ticks), *["0"] * 10]
    (own / "stat").write_text(f"{pid} (a) b ( {name}) {' '.join(fields)}\n")
    (own / "cmdline").write_bytes(b"postgres\0-D\0x\0")
    (own / "cwd").symlink_to(folder)
    (own / "exe").symlink_to(f"/programs/{name} (deleted)")


@LINUX_ONLY
def test_a_process_is_read_from_proc(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    made_up(tmp_path / "proc", 42, data)
    process = LinuxProcesses(tmp_path / "proc").get(42)
    assert process == ProcessInfo(
        pid=42,
        parent=1,
        owner=os.getuid(),
        started="boot-1/77",
        folder=file_id(data),
        folder_path=str(data),
        program="/programs/postgres",
        command=("postgres", "-D", "x"),
    )


@LINUX_ONLY
@pytest.mark.parametrize("state", ["Z", "X"])
def test_a_zombie_is_dead(tmp_path: Path, state: str) -> None:
    made_up(tmp_path / "proc", 42, tmp_path, state=state)
    assert LinuxProcesses(tmp_path / "proc").get(42) is None


@LINUX_ONLY
def test_no_process_is_none_and_all_come_by_pid(tmp_path: Path) -> None:
    for pid in (100, 9):
        made_up(tmp_path / "proc", pid, tmp_path)
    made_up(tmp_path / "proc", 50, tmp_path, state="Z")
    processes = LinuxProcesses(tmp_path / "proc")
    assert processes.get(1) is None
    assert [process.pid for process in processes.all()] == [9, 100]


@LINUX_ONLY
def test_after_a_reboot_the_same_pid_and_ticks_are_another_start(tmp_path: Path) -> None:
    made_up(tmp_path / "proc", 42, tmp_path)
    processes = LinuxProcesses(tmp_path / "proc")
    before = processes.get(42)
    assert before is not None
    assert is_alive(before, processes)
    (tmp_path / "proc/sys/kernel/random/boot_id").write_text("boot-2\n")
    assert not is_alive(before, processes)


def info(folder: Path, *, path: str = "") -> ProcessInfo:
    return ProcessInfo(
        pid=1,
        parent=0,
        owner=0,
        started="s",
        folder=file_id(folder),
        folder_path=path or str(folder),
        program="",
        command=(),
    )


def test_a_copied_data_folder_is_another_and_a_moved_one_the_same(tmp_path: Path) -> None:
    original, copy = tmp_path / "data", tmp_path / "copy"
    original.mkdir()
    copy.mkdir()
    process = info(original)
    assert works_in(process, original)
    assert not works_in(process, copy)
    assert works_in(process, original.rename(tmp_path / "moved"))


def test_a_process_of_a_deleted_data_folder_is_found_by_its_path(tmp_path: Path) -> None:
    gone = tmp_path / "data"
    process = info(gone, path=f"{gone} (deleted)")
    assert works_in(process, gone)
    gone.mkdir()
    assert works_in(process, gone)
    assert not works_in(process, tmp_path / "dat")


SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"


class Started:
    """Starts detached Pythons and ends them, whatever the test did."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes = system_processes()
        self.made: list[ProcessInfo] = []

    def __call__(self, program: str, **environment: str) -> ProcessInfo:
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        argv = (sys.executable, "-S", "-E", "-c", program)
        pid = launch(Launch(argv=argv, folder=self.folder, log=log, environment=environment))
        process = self.processes.get(pid)
        assert process is not None
        self.made.append(process)
        deadline = time.monotonic() + 20
        while "\n" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        return process


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    starter = Started(tmp_path)
    yield starter
    for process in starter.made:
        end([process], starter.processes, patience=0)


def test_a_launched_program_is_detached(started: Started) -> None:
    process = started(SLEEPER)
    assert works_in(process, started.folder)
    assert os.getsid(process.pid) != os.getsid(0)
    assert process.parent != os.getpid()
    assert os.stat(started.folder / "log").st_mode & 0o777 == 0o600  # noqa: PTH116


def test_psutil_tells_the_same(started: Started) -> None:
    process = started(SLEEPER)
    told = PsutilProcesses().get(process.pid)
    assert told is not None
    assert works_in(told, started.folder)
    assert (told.command, told.program, told.owner, told.parent) == (
        process.command,
        process.program,
        process.owner,
        process.parent,
    )
    end([told], PsutilProcesses())
    assert started.processes.get(process.pid) is None
    assert PsutilProcesses().get(process.pid) is None


def test_a_program_gets_no_more_of_the_environment_than_allowed(started: Started) -> None:
    # It must live on: one that ends at once is gone before it can be looked up.
    shown = "print(sorted(set(os.environ) - {'LC_CTYPE'}), flush=True)"
    started(f"import os, time; {shown}; time.sleep(60)", MINE="1")
    expected = sorted({*allowed_environment(os.environ), "MINE"} - {"LC_CTYPE"})
    assert (started.folder / "log").read_text().strip() == str(expected)
    assert allowed_environment({"PATH": "p", "PYTHONPATH": "x", "PGPORT": "1"}) == {"PATH": "p"}


def test_end_is_gentle_first(started: Started) -> None:
    process = started(SLEEPER)
    begun = time.monotonic()
    end([process], started.processes)
    assert time.monotonic() - begun < 5
    assert not is_alive(process, started.processes)
    end([process], started.processes)  # what has gone needs no end


def test_end_is_firm_when_that_does_not_help(started: Started) -> None:
    process = started(STUBBORN)
    end([process], started.processes, patience=0.3)
    assert not is_alive(process, started.processes)


def test_another_process_with_the_same_pid_is_left_alone(started: Started) -> None:
    process = started(SLEEPER)
    former = replace(process, started="an earlier start")
    end([former], started.processes)
    started.processes.signal(former, signal.SIGKILL)
    assert is_alive(process, started.processes)


@LINUX_ONLY
def test_an_old_kernel_does_too(started: Started) -> None:
    def too_old(pid: int) -> int:
        raise OSError(errno.ENOSYS, f"pidfd_open({pid})")

    processes = LinuxProcesses(open_pid=too_old)
    process = started(SLEEPER)
    processes.signal(replace(process, started="an earlier start"), signal.SIGKILL)
    assert is_alive(process, processes)
    end([process], processes)
    assert not is_alive(process, processes)
    processes.signal(process, signal.SIGKILL)  # what has gone needs no signal


@LINUX_ONLY
def test_a_system_without_a_boot_id_still_has_start_times(tmp_path: Path) -> None:
    made_up(tmp_path / "proc", 42, tmp_path)
    (tmp_path / "proc/sys/kernel/random/boot_id").unlink()
    process = LinuxProcesses(tmp_path / "proc").get(42)
    assert process is not None
    assert process.started == "/77"


def test_our_own_zombie_child_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as child:
        processes = system_processes()
        deadline = time.monotonic() + 20
        while processes.get(child.pid) is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert processes.get(child.pid) is None
        os.kill(child.pid, 0)  # the corpse is still there


@pytest.mark.parametrize(
    ("program", "reason"), [("no-such-program", "No such file"), (".", "Permission denied")]
)
def test_a_program_that_cannot_run_is_named(tmp_path: Path, program: str, reason: str) -> None:
    wanted = Launch(argv=(str(tmp_path / program),), folder=tmp_path, log=tmp_path / "log")
    with pytest.raises(InfraError) as caught:
        launch(wanted)
    assert caught.value.code == "cannot-start"
    assert str(tmp_path / program) in caught.value.message
    assert reason in caught.value.message
    result = run(wanted, timeout=20)
    assert result.returncode == 1
    assert reason in result.stderr


def test_a_folder_that_is_not_there_is_a_reason_too(tmp_path: Path) -> None:
    wanted = Launch(argv=(sys.executable,), folder=tmp_path / "none", log=tmp_path / "log")
    with pytest.raises(InfraError, match="none"):
        launch(wanted)


def test_run_hands_over_input_outputs_and_exit_code(tmp_path: Path) -> None:
    program = "import sys; print(input()[::-1]); print('err', file=sys.stderr); sys.exit(3)"
    argv = (sys.executable, "-S", "-c", program)
    result = run(Launch(argv=argv, folder=tmp_path, log=tmp_path / "log"), text="abc\n", timeout=20)
    assert (result.returncode, result.stdout, result.stderr) == (3, "cba\n", "err\n")


def test_run_gives_up(tmp_path: Path) -> None:
    argv = (sys.executable, "-S", "-c", SLEEPER)
    with pytest.raises(InfraError) as caught:
        run(Launch(argv=argv, folder=tmp_path, log=tmp_path / "log"), timeout=0.5)
    assert caught.value.code == "too-slow"
    assert not [p for p in system_processes().all() if works_in(p, tmp_path)]


def test_no_repr_shows_the_environment(tmp_path: Path) -> None:
    secret = Launch(argv=("x",), folder=tmp_path, log=tmp_path, environment={"KEY": "hidden"})
    assert "hidden" not in repr(secret)
