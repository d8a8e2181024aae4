"""HTTP over real sockets: connections kept, closed by the server, refused, silent."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from encore_provisioner.clients.transport import (
    HttpTransport,
    Limits,
    Request,
    UnreachableError,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Test: Yes\r\n\r\nok"
GET = Request(method="GET", target="/a?b=c", headers={"host": "h"})
Serve = Callable[[socket.socket, int], None]


@contextmanager
def serving(serve: Serve) -> Iterator[tuple[str, list[int]]]:
    """A server that gives each connection, and its number, to ``serve``."""
    connections: list[int] = []
    opened: list[socket.socket] = []
    server = socket.create_server(("127.0.0.1", 0))

    def loop() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            opened.append(connection)
            connections.append(len(connections))
            serve(connection, connections[-1])

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", connections
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
        for connection in opened:
            connection.close()


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(4096)
        if not part:
            break
        data += part
    return data


def answer(times: int) -> Serve:
    def serve(connection: socket.socket, _: int) -> None:
        for _ in range(times):
            if not read_request(connection):
                return
            connection.sendall(OK)
        connection.close()

    return serve


def test_a_connection_is_used_again() -> None:
    with serving(answer(2)) as (endpoint, connections):
        transport = HttpTransport(endpoint)
        first, second = transport.send(GET), transport.send(GET)
        transport.close()
    assert (first.status, first.body, first.headers["x-test"]) == (200, b"ok", "Yes")
    assert second == first
    assert connections == [0]


def test_a_connection_that_the_server_closed_is_replaced() -> None:
    with serving(answer(1)) as (endpoint, connections):
        transport = HttpTransport(endpoint)
        assert [transport.send(GET).status for _ in range(3)] == [200, 200, 200]
        transport.close()
    assert connections == [0, 1, 2]


def test_a_new_connection_that_breaks_is_not_tried_again() -> None:
    def serve(connection: socket.socket, _: int) -> None:
        read_request(connection)
        connection.close()

    with serving(serve) as (endpoint, connections):
        transport = HttpTransport(endpoint)
        with pytest.raises(UnreachableError) as caught:
            transport.send(GET)
    assert not caught.value.refused
    assert connections == [0]


def test_what_is_no_http() -> None:
    def serve(connection: socket.socket, _: int) -> None:
        read_request(connection)
        connection.sendall(b"-ERR unknown command\r\n")
        connection.close()

    with serving(serve) as (endpoint, _), pytest.raises(UnreachableError):
        HttpTransport(endpoint).send(GET)


def test_a_server_that_says_nothing_costs_the_limit() -> None:
    done = threading.Event()
    with serving(lambda *_: None) as (endpoint, _):
        started = time.monotonic()
        with pytest.raises(UnreachableError) as caught:
            HttpTransport(endpoint, limits=Limits(read=0.2)).send(GET)
        done.set()
    assert caught.value.timed_out
    assert 0.2 <= time.monotonic() - started < 2


def test_a_long_poll_has_longer() -> None:
    def serve(connection: socket.socket, _: int) -> None:
        read_request(connection)
        time.sleep(0.3)
        connection.sendall(OK)

    patient = Request(method="GET", target="/", headers={}, wait=5)
    with serving(serve) as (endpoint, _):
        transport = HttpTransport(endpoint, limits=Limits(read=0.1))
        assert transport.send(patient).status == 200
        transport.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_nobody_listens() -> None:
    port = free_port()
    with pytest.raises(UnreachableError) as caught:
        HttpTransport(f"http://127.0.0.1:{port}").send(GET)
    assert caught.value.refused
    assert str(caught.value) == f"http://127.0.0.1:{port}: connection refused"


def test_a_server_that_is_still_starting() -> None:
    """Refused twice, then there: the sleep between is when it starts."""
    port = free_port()
    started: list[socket.socket] = []
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            server = socket.create_server(("127.0.0.1", port))
            started.append(server)
            threading.Thread(target=lambda: answer(1)(server.accept()[0], 0)).start()

    transport = HttpTransport(
        f"http://127.0.0.1:{port}", limits=Limits(start=5), clock=lambda: 0.0, sleep=sleep
    )
    assert transport.send(GET).status == 200
    transport.close()
    started[0].close()
    assert len(naps) == 2


def test_the_wait_for_a_start_ends() -> None:
    now = iter(range(100))
    transport = HttpTransport(
        f"http://127.0.0.1:{free_port()}",
        limits=Limits(start=5),
        clock=lambda: float(next(now)),
        sleep=lambda _: None,
    )
    with pytest.raises(UnreachableError):
        transport.send(GET)
    assert next(now) == 6


def test_a_server_that_answered_once_is_not_waited_for() -> None:
    with serving(answer(1)) as (endpoint, _):
        naps: list[float] = []
        transport = HttpTransport(endpoint, limits=Limits(start=60), sleep=naps.append)
        transport.send(GET)
    with pytest.raises(UnreachableError):
        transport.send(GET)
    assert naps == []


def test_threads_share_a_transport() -> None:
    def serve(connection: socket.socket, _: int) -> None:
        def each() -> None:
            with connection:
                while read_request(connection):
                    connection.sendall(OK)

        threading.Thread(target=each, daemon=True).start()

    with serving(serve) as (endpoint, connections):
        transport = HttpTransport(endpoint)
        bodies: list[bytes] = []
        threads = [
            threading.Thread(
                target=lambda: bodies.extend(transport.send(GET).body for _ in range(20))
            )
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        transport.close()
    assert bodies == [b"ok"] * 80
    assert len(connections) <= 4


@pytest.mark.parametrize("endpoint", ["", "127.0.0.1:1", "ftp://127.0.0.1", "http://"])
def test_endpoints_that_are_none(endpoint: str) -> None:
    with pytest.raises(ValueError, match="no HTTP endpoint"):
        HttpTransport(endpoint)
