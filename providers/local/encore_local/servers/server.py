"""What every server of a local environment can be asked and told.

In: a server's class says how it is configured, started and checked. Out: one interface,
:class:`Server`, for plan, apply, status and stop. A server never decides by itself to run: only
``start`` starts, and ``status``, ``desired`` and ``actual`` change nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Protocol

ServerState = Literal["running", "stopped", "missing"]
HOST = "127.0.0.1"


class Server(Protocol):
    """One process that holds resources. Every method may raise ``InfraError``."""

    @property
    def name(self) -> str:
        """``postgres``, ``aws`` or ``cache/<cluster>``."""
        ...

    @property
    def type(self) -> str:
        """``local:server:Postgres``, ``local:server:Aws`` or ``local:server:Valkey``."""
        ...

    @property
    def port(self) -> int: ...

    @property
    def endpoint(self) -> str:
        """``127.0.0.1:<port>``, with ``http://`` before it for ``aws``."""
        ...

    @property
    def data(self) -> Path: ...

    @property
    def log(self) -> Path: ...

    def status(self) -> ServerState:
        """``missing``: never made here. A zombie or a process of another folder does not count."""
        ...

    def desired(self) -> dict[str, Any]:
        """The properties that :meth:`start` would give it, plain JSON without secrets."""
        ...

    def actual(self) -> dict[str, Any] | None:
        """The properties it runs with, or last ran with; None while ``missing``."""
        ...

    def knows_password(self) -> bool:
        """Whether the secret store still holds the password that it was started with."""
        ...

    def check_port(self) -> None:
        """Raise ``InfraError`` (code ``port-taken``) where another process holds its port."""
        ...

    def start(self) -> None:
        """Make it run with its desired properties and answer; restarts it where they differ.

        Repairs what a killed predecessor left. Returns when it answers a real request.
        """
        ...

    def stop(self) -> bool:
        """End it and keep its data; whether it was running."""
        ...

    def remove(self) -> None:
        """End it and delete its data, log and record."""
        ...


def start_all(servers: Iterable[Server]) -> None:
    """Start the servers side by side; waits for all, then raises the first error by order.

    Ctrl-C ends the wait at once: the threads do not hold the process back.
    """
    starts = tuple(_Start(server) for server in servers)
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    for start in starts:
        if start.error is not None:
            raise start.error


class _Start(threading.Thread):
    def __init__(self, server: Server) -> None:
        super().__init__(name=f"start {server.name}", daemon=True)
        self._server = server
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._server.start()
        except BaseException as error:  # noqa: BLE001  raised again by the one who waits
            self.error = error
