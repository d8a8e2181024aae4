"""Ports: chosen by the app, kept, fixed by a person, or taken by somebody with a name."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_local.servers.ports import (
    FIRST,
    LAST,
    PortHolder,
    choose_ports,
    find_holder,
    is_free,
    listening_inodes,
    parse_lsof,
    port_taken,
    shorten,
)
from encore_provisioner.errors import InfraError

NAMES = ("app", "postgres", "aws", "cache/main")


def always(_: int) -> bool:
    return True


def test_the_same_app_gets_the_same_ports_and_another_app_others() -> None:
    one = choose_ports(NAMES, seed="a\0local", kept={}, fixed={}, is_free=always)
    assert one == choose_ports(reversed(NAMES), seed="a\0local", kept={}, fixed={}, is_free=always)
    assert sorted(one) == sorted(NAMES)
    other = choose_ports(NAMES, seed="b\0local", kept={}, fixed={}, is_free=always)
    assert set(one.values()).isdisjoint(other.values())


@given(st.sets(st.text(max_size=8), max_size=30), st.text(max_size=8), st.integers(0, 9))
def test_ports_are_in_range_distinct_and_free(names: set[str], seed: str, digit: int) -> None:
    def free(port: int) -> bool:
        return port % 10 != digit

    ports = choose_ports(names, seed=seed, kept={}, fixed={}, is_free=free)
    assert len(set(ports.values())) == len(names)
    assert all(FIRST <= port <= LAST and free(port) for port in ports.values())


def test_a_taken_preference_gives_the_next_one() -> None:
    first = choose_ports(["app"], seed="a", kept={}, fixed={}, is_free=always)["app"]
    chosen = choose_ports(
        ["app"], seed="a", kept={}, fixed={}, is_free=lambda port: port not in (first, first + 1)
    )
    assert chosen == {"app": first + 2}


def test_fixed_before_kept_before_chosen() -> None:
    ports = choose_ports(
        NAMES,
        seed="a",
        kept={"postgres": 20001, "aws": 20002, "gone": 20003},
        fixed={"aws": 5000, "unused": 5001},
        is_free=always,
    )
    assert (ports["aws"], ports["postgres"]) == (5000, 20001)
    assert set(ports) == set(NAMES)


def test_a_kept_port_is_not_tested_but_never_given_twice() -> None:
    ports = choose_ports(
        ["aws", "postgres"],
        seed="a",
        kept={"postgres": 20001},
        fixed={"aws": 20001},
        is_free=lambda port: port != 20001,
    )
    assert ports["aws"] == 20001
    assert ports["postgres"] != 20001
    kept = choose_ports(
        ["aws"], seed="a", kept={"aws": 20001}, fixed={}, is_free=lambda port: port != 20001
    )
    assert kept == {"aws": 20001}


def test_a_chosen_port_avoids_what_is_fixed_for_others() -> None:
    preferred = choose_ports(["app"], seed="a", kept={}, fixed={}, is_free=always)["app"]
    chosen = choose_ports(["app"], seed="a", kept={}, fixed={"aws": preferred}, is_free=always)
    assert chosen["app"] == preferred + 1


def test_no_free_port_is_said() -> None:
    with pytest.raises(InfraError) as caught:
        choose_ports(["app"], seed="a", kept={}, fixed={}, is_free=lambda _: False)
    assert caught.value.code == "no-free-port"


@pytest.fixture(params=["127.0.0.1", "0.0.0.0", "::"])
def listener(request: pytest.FixtureRequest) -> Iterator[int]:
    family = socket.AF_INET6 if request.param == "::" else socket.AF_INET
    with socket.socket(family) as server:
        if family == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((request.param, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_listener_on_any_address_takes_the_port(listener: int) -> None:
    assert not is_free(listener)
    error = port_taken("postgres", listener, find_holder(listener))
    assert error.code == "port-taken"
    assert f"port {listener} of the server postgres" in error.message
    assert f"process {os.getpid()} (" in error.message
    assert error.hint is not None
    assert "--new-ports" in error.hint


def test_a_bound_port_is_taken_before_anybody_listens() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        assert not is_free(server.getsockname()[1])


def test_a_port_is_free_again_although_a_connection_winds_down() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the server's side closes first and keeps TIME_WAIT
            client.recv(1)
    assert is_free(port)


def test_an_unknown_holder_is_another_process() -> None:
    error = port_taken("aws", 20001, None)
    assert error.message == "port 20001 of the server aws is taken by another process"


TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4E21 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1
   1: 0100007F:4E21 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 222 1
   2: 00000000:4E22 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1
"""
TCP6 = """\
  sl  local_address                         remote_address st tx rx tr tm
   0: 00000000000000000000000000000000:4E21 0000000000:0000 0A 0:0 00:0 0 0 0 444
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/tcp").write_text(TCP)
    (tmp_path / "net/tcp6").write_text(TCP6)
    for pid, inode, command in ((7, 222, b"client\0"), (30, 333, b"node\0--port\0" + b"20002\0")):
        (tmp_path / str(pid) / "fd").mkdir(parents=True)
        (tmp_path / str(pid) / "fd/3").symlink_to(f"socket:[{inode}]")
        (tmp_path / str(pid) / "cmdline").write_bytes(command)
    return tmp_path


@pytest.mark.skipif("sys.platform == 'darwin'", reason="CANNOT RUN: this system has no /proc")
def test_the_holder_is_found_in_proc(proc: Path) -> None:
    assert listening_inodes(20001, proc) == ("111", "444")
    assert find_holder(20002, proc=proc) == PortHolder(pid=30, command="node --port 20002")
    assert find_holder(20001, proc=proc) is None
    assert find_holder(20003, proc=proc) is None


def test_the_holder_is_read_from_lsof() -> None:
    assert parse_lsof("p123\ncnode\nf20\np999\ncother\n") == PortHolder(pid=123, command="node")
    assert parse_lsof("") is None


def test_a_long_command_is_cut() -> None:
    assert shorten("a" * 120) == "a" * 120
    assert shorten("a" * 121) == "a" * 119 + "…"
