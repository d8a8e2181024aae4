"""All servers of an environment together, and what may happen to any of them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.servers import Place, kill, make_place, pid_of

from encore_local.servers.managed import ManagedServer
from encore_local.servers.process import ProcessInfo
from encore_local.servers.server import Server, start_all
from encore_provisioner.errors import InfraError

NAMES = ("postgres", "aws", "cache/main")


def named(place: Place, name: str) -> ManagedServer:
    servers = {"postgres": place.postgres, "aws": place.aws, "cache/main": place.cache}
    return servers[name]


@pytest.fixture
def running(place: Place) -> Place:
    start_all(place.fleet.all)
    return place


def test_each_one_that_was_killed_is_noticed_and_only_it_is_started(running: Place) -> None:
    for name in NAMES:
        before = {other: pid_of(named(running, other)) for other in NAMES}
        kill(named(running, name))
        states = {server.name: server.status() for server in running.fleet.all}
        assert states == {**dict.fromkeys(NAMES, "running"), name: "stopped"}
        start_all(running.fleet.all)
        after = {other: pid_of(named(running, other)) for other in NAMES}
        assert {other for other in NAMES if before[other] != after[other]} == {name}


def test_stop_ends_all_and_a_second_stop_none(running: Place) -> None:
    assert [server.stop() for server in running.fleet.all] == [True] * 3
    assert running.processes() == ()
    assert [server.stop() for server in running.fleet.all] == [False] * 3
    assert {server.status() for server in running.fleet.all} == {"stopped"}


def test_remove_leaves_no_file_and_no_process(running: Place) -> None:
    for server in running.fleet.all:
        server.remove()
    left = sorted(str(p.relative_to(running.layout.folder)) for p in _files(running))
    assert left == ["secrets.json", "servers.json"]
    assert running.processes() == ()


def _files(place: Place) -> list[Path]:
    return [path for path in place.layout.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "address"),
    [("postgres", "127.0.0.1"), ("aws", "0.0.0.0"), ("cache/main", "127.0.0.1")],
)
def test_a_taken_port_names_port_and_holder(place: Place, name: str, address: str) -> None:
    server = named(place, name)
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((address, server.port))
        holder.listen()
        with pytest.raises(InfraError) as caught:
            server.start()
    assert caught.value.code == "port-taken"
    assert f"port {server.port} of the server {name}" in caught.value.message
    assert f"process {os.getpid()} (" in caught.value.message
    assert caught.value.hint is not None
    assert "--new-ports" in caught.value.hint
    assert server.status() == "missing"
    server.start()
    assert server.status() == "running"


class Failing:
    """A server that cannot start."""

    name, type, port, endpoint = "failing", "local:server:Failing", 1, "x"
    data = log = Path("x")

    def status(self) -> str:
        return "missing"

    def start(self) -> None:
        raise InfraError("it cannot", code="cannot-start")


def test_one_that_fails_does_not_hide_the_others(place: Place) -> None:
    failing: Server = Failing()  # type: ignore[assignment]  # only what is asked here
    with pytest.raises(InfraError, match="it cannot"):
        start_all([failing, place.cache])
    assert place.cache.status() == "running"
    start_all([])


IN_A_TERMINAL = """
import sys, time
from pathlib import Path
from tests.support.servers import make_place
from encore_local.servers.server import start_all
place = make_place(Path(sys.argv[1]))
start_all(place.fleet.all)
print("up", flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def in_a_terminal(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command that leads a process group, as a shell starts it."""
    command = [sys.executable, "-c", IN_A_TERMINAL, str(root)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        yield child
        child.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_servers_outlive_the_command_and_its_terminal(place: Place, number: signal.Signals) -> None:
    with in_a_terminal(place.layout.folder.parents[2]) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        os.killpg(child.pid, number)
        child.wait(10)
    time.sleep(0.2)
    same = make_place(
        place.layout.folder.parents[2],
        ports={name: named(place, name).port for name in NAMES},
    )
    assert {server.status() for server in same.fleet.all} == {"running"}


@pytest.mark.parametrize("after", [0.1, 0.4, 0.8, 1.1])
def test_ctrl_c_in_the_middle_ends_the_command_at_once_and_the_next_start_repairs(
    place: Place, after: float
) -> None:
    with in_a_terminal(place.layout.folder.parents[2]) as child:
        time.sleep(after)
        begun = time.monotonic()
        os.killpg(child.pid, signal.SIGINT)
        child.wait(10)
        assert time.monotonic() - begun < 3
    start_all(place.fleet.all)
    assert {server.status() for server in place.fleet.all} == {"running"}
    for name in NAMES:
        assert [p.pid for p in _mains(place, name)] == [pid_of(named(place, name))]


def _mains(place: Place, name: str) -> list[ProcessInfo]:
    """The processes of a server that are no part of another one."""
    inside = named(place, name).strays()
    pids = {p.pid for p in inside}
    return [p for p in inside if p.parent not in pids]
