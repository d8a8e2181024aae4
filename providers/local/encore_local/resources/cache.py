"""Cache clusters: the servers themselves are the resources. Here: whether one holds data."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from encore_local.model import Data
from encore_local.servers.server import HOST
from encore_local.servers.valkey import read_answer, request

if TYPE_CHECKING:
    from encore_local.servers.valkey import ValkeyServer

_TIMEOUT = 2.0


def data_in(server: ValkeyServer, password: str | None) -> Data:
    """Whether a running server holds a key. ``unknown`` where it does not say."""
    if password is None:
        return "unknown"
    try:
        with socket.create_connection((HOST, server.port), timeout=_TIMEOUT) as connection:
            connection.sendall(request("AUTH", password) + request("INFO", "keyspace"))
            with connection.makefile("rb") as answers:
                answer = read_answer(answers) and read_answer(answers)
    except (OSError, ValueError):
        return "unknown"
    if not answer:
        return "unknown"
    return "some" if b"db" in answer[0] else "none"
