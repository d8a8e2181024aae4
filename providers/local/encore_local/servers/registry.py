"""Remembers the servers that were started: ``servers.json``.

In: a record for each start. Out: the last record of a server, or None. A file that cannot be
read is as good as none: a server that runs is found again by its data folder.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import msgspec

from encore_config.document import SCHEMA_VERSION, SchemaVersion, Value
from encore_local.files import clear_errors, write_atomic


class ServerRecord(Value, frozen=True, kw_only=True):
    """One start of a server; ``properties`` are those that it was started with.

    ``password`` is a fingerprint of its password then, to know whether the store still has it.
    """

    pid: int
    started: str
    data: str
    properties: dict[str, Any] = {}
    password: str | None = None


class ServersDocument(Value, frozen=True, kw_only=True):
    schema: SchemaVersion = SCHEMA_VERSION
    servers: dict[str, ServerRecord] = {}


class Registry:
    """Reads and writes ``servers.json``. Threads may share it; processes hold the lock first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()

    def get(self, name: str) -> ServerRecord | None:
        return self._load().servers.get(name)

    def ports(self) -> dict[str, int]:
        """The port that each server was started with last, by its name."""
        found = {
            name: record.properties.get("port") for name, record in self._load().servers.items()
        }
        return {name: port for name, port in sorted(found.items()) if isinstance(port, int)}

    def put(self, name: str, record: ServerRecord) -> None:
        with self._turn:
            document = self._load()
            self._save({**document.servers, name: record})

    def drop(self, name: str) -> None:
        with self._turn:
            servers = self._load().servers
            if name in servers:
                self._save({key: value for key, value in servers.items() if key != name})

    def _load(self) -> ServersDocument:
        with clear_errors(self._path, "read"):
            try:
                data = self._path.read_bytes()
            except FileNotFoundError:
                return ServersDocument()
        try:
            return msgspec.json.decode(data, type=ServersDocument)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ServersDocument()

    def _save(self, servers: dict[str, ServerRecord]) -> None:
        document = ServersDocument(servers=servers)
        compact = msgspec.json.encode(document, order="deterministic")
        write_atomic(self._path, msgspec.json.format(compact, indent=2) + b"\n")
