"""Whether a server runs, and what is ended: on processes made of values."""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from encore_local.layout import Layout, prepare
from encore_local.secrets import LocalSecrets
from encore_local.servers import process as process_module
from encore_local.servers.managed import Host, ManagedServer, last_lines, parents_first
from encore_local.servers.ports import is_free
from encore_local.servers.process import Launch, ProcessInfo, file_id
from encore_local.servers.registry import Registry, ServerRecord
from encore_provisioner.errors import InfraError


class FakeProcesses:
    """Processes by pid; a signal that can end one does so at once and is noted."""

    def __init__(self, *processes: ProcessInfo) -> None:
        self.living = {process.pid: process for process in processes}
        self.signals: list[tuple[int, int]] = []

    def get(self, pid: int) -> ProcessInfo | None:
        return self.living.get(pid)

    def all(self) -> Iterator[ProcessInfo]:
        yield from list(self.living.values())

    def signal(self, process: ProcessInfo, number: int) -> None:
        if number != signal.SIGCONT and self.living.get(process.pid) == process:
            self.signals.append((process.pid, number))
            del self.living[process.pid]


class Sleeper(ManagedServer):
    type = "local:server:Sleeper"
    gentle_signal = 2

    def desired(self) -> dict[str, Any]:
        return {"port": self.port, "depth": 3}

    def prepare(self) -> Launch:
        raise AssertionError("it must not be started here")

    def answers(self) -> bool:
        return True

    def is_program(self, process: ProcessInfo) -> bool:
        return process.program == "sleeper"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(folder=tmp_path / "local")
    prepare(made)
    (made.data / "sleeper").mkdir()
    return made


def server(layout: Layout, *processes: ProcessInfo, port: int = 20001) -> Sleeper:
    host = Host(
        layout=layout,
        secrets=LocalSecrets(layout.secrets, declared={}),
        registry=Registry(layout.servers),
        processes=FakeProcesses(*processes),
    )
    return Sleeper(host, name="sleeper", data=layout.data / "sleeper", port=port)


def process(layout: Layout, **changes: Any) -> ProcessInfo:
    folder = layout.data / "sleeper"
    made = ProcessInfo(
        pid=42,
        parent=1,
        owner=0,
        started="boot/1",
        folder=file_id(folder),
        folder_path=str(folder),
        program="sleeper",
        command=("sleeper",),
    )
    return replace(made, **changes)


def remember(layout: Layout, **changes: Any) -> None:
    properties = {"port": 20001, "depth": 3, **changes}
    record = ServerRecord(pid=42, started="boot/1", data="d", properties=properties)
    Registry(layout.servers).put("sleeper", record)


def signals(made: Sleeper) -> list[tuple[int, int]]:
    processes = made.host.processes
    assert isinstance(processes, FakeProcesses)
    return processes.signals


def test_without_a_data_folder_it_is_missing(layout: Layout) -> None:
    remember(layout)
    (layout.data / "sleeper").rmdir()
    made = server(layout)
    assert (made.status(), made.actual()) == ("missing", None)


def test_without_a_record_it_is_stopped_and_nothing_is_known(layout: Layout) -> None:
    made = server(layout, process(layout))
    assert (made.status(), made.actual()) == ("stopped", {})


def test_when_all_three_match_it_runs(layout: Layout) -> None:
    remember(layout, depth=2)
    made = server(layout, process(layout))
    assert made.status() == "running"
    assert made.actual() == {"port": 20001, "depth": 2}
    assert made.endpoint == "127.0.0.1:20001"


@pytest.mark.parametrize(
    "change",
    [{"pid": 43}, {"started": "boot/2"}, {"folder": (1, 1), "folder_path": "copy"}],
    ids=["another pid", "another start or boot", "another data folder"],
)
def test_when_one_differs_it_does_not_run_and_is_not_touched(
    layout: Layout, change: dict[str, Any]
) -> None:
    remember(layout)
    other = replace(process(layout, **change), program="stranger")
    made = server(layout, other)
    assert made.status() == "stopped"
    assert made.stop() is False
    assert signals(made) == []


def test_stop_is_gentle_and_says_whether_it_ran(layout: Layout) -> None:
    remember(layout)
    made = server(layout, process(layout))
    assert made.stop() is True
    assert signals(made) == [(42, 2)]
    assert made.status() == "stopped"
    assert made.stop() is False


def test_stop_ends_orphans_but_no_shell_that_happens_to_be_there(layout: Layout) -> None:
    orphan = process(layout, pid=50)
    shell = process(layout, pid=51, program="/bin/sh")
    elsewhere = process(layout, pid=52, folder=(1, 1), folder_path="copy")
    made = server(layout, orphan, shell, elsewhere)
    assert made.stop() is False
    assert signals(made) == [(50, 2)]


def test_a_launcher_whose_command_was_killed_is_ended_before_it_starts_a_server(
    layout: Layout,
) -> None:
    script = str(Path(process_module.__file__).with_name("launch.py"))
    home = (1, 1)

    def launcher(pid: int, *words: str) -> ProcessInfo:
        return process(layout, pid=pid, folder=home, folder_path="/", command=("python", *words))

    spec = json.dumps(["same", str(layout.data / "sleeper"), "log", ["sleeper"]])
    other = json.dumps(["same", str(layout.data / "another"), "log", ["sleeper"]])
    made = server(
        layout,
        launcher(60, "-I", script, spec),
        launcher(61, "-I", script, other),
        launcher(62, "-I", script, "no spec"),
        launcher(63, "-I", "other.py", spec),
    )
    made.stop()
    assert signals(made) == [(60, 2)]


def test_an_orphan_of_a_deleted_data_folder_is_ended(layout: Layout) -> None:
    folder = layout.data / "sleeper"
    orphan = process(layout, folder=(9, 9), folder_path=f"{folder} (deleted)")
    made = server(layout, orphan)
    folder.rmdir()
    made.stop()
    assert signals(made) == [(42, 2)]


def test_a_server_comes_before_its_parts(layout: Layout) -> None:
    part, whole = process(layout, pid=5, parent=90), process(layout, pid=90)
    assert parents_first((part, whole)) == (whole, part)


def test_start_leaves_a_server_alone_that_runs_as_desired(layout: Layout) -> None:
    remember(layout)
    made = server(layout, process(layout))
    made.start()
    assert signals(made) == []


def test_start_ends_one_that_runs_otherwise(layout: Layout) -> None:
    remember(layout, depth=2)
    made = server(layout, process(layout))
    with pytest.raises(AssertionError, match="must not be started"):
        made.start()
    assert signals(made) == [(42, 2)]


def test_a_taken_port_stops_the_start_before_anything_is_made(layout: Layout) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        made = server(layout, port=holder.getsockname()[1])
        with pytest.raises(InfraError) as caught:
            made.start()
        assert caught.value.code == "port-taken"
        with pytest.raises(InfraError, match="server sleeper is taken"):
            made.check_port()


def test_a_port_that_a_dead_process_still_gives_back_is_waited_for(layout: Layout) -> None:
    """A socket on its way from one process to another listens, and no process holds it."""
    holder = socket.create_server(("127.0.0.1", 0))
    made = server(layout, port=holder.getsockname()[1])
    here, there = socket.socketpair()
    socket.send_fds(here, [b"x"], [holder.fileno()])
    holder.close()

    def let_go() -> None:
        there.close()
        here.close()

    later = threading.Timer(0.3, let_go)
    later.start()
    try:
        assert not is_free(made.port)
        made.check_port()
        assert is_free(made.port)
    finally:
        later.join()


def test_its_own_port_is_not_taken(layout: Layout) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        remember(layout, port=port)
        server(layout, process(layout), port=port).check_port()


def test_remove_leaves_nothing(layout: Layout) -> None:
    remember(layout)
    made = server(layout, process(layout))
    (made.data / "sub").mkdir()
    (made.data / "sub" / "row").write_text("1")
    made.log.write_text("up\n")
    made.log.with_name("sleeper.log.old").write_text("up\n")
    made.remove()
    assert signals(made) == [(42, 2)]
    assert made.status() == "missing"
    assert list(layout.logs.iterdir()) == []
    assert Registry(layout.servers).get("sleeper") is None
    made.remove()


def test_only_what_was_said_since_is_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"former\n" + b"".join(b"line %d\n" % n for n in range(20)) + b"\xff\n")
    lines = last_lines(log, since=7)
    assert lines[0] == "line 9"
    assert lines[-1] == "\ufffd"
    assert len(lines) == 12
    assert last_lines(tmp_path / "none") == ()
