"""Which port each server of an environment has, and who holds one that is taken.

In: names of servers, ports that are kept or fixed, and what is free. Out: a port for each name,
or an ``InfraError`` that names the port and its holder. Nothing stays bound.
"""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from encore_local.servers.server import HOST
from encore_provisioner.errors import InfraError

FIRST, LAST = 20000, 29999
_LISTEN = "0A"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortHolder:
    pid: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command})"


def choose_ports(
    servers: Iterable[str],
    *,
    seed: str,
    kept: Mapping[str, int],
    fixed: Mapping[str, int],
    is_free: Callable[[int], bool],
) -> dict[str, int]:
    """A port for each of ``servers``: the fixed one, else the kept one, else a free one.

    ``seed`` (the app's real path and the environment) makes the same app tend to the same
    ports. A kept port is not tested: a server of ours may hold it. Raises ``InfraError``
    (``no-free-port``).
    """
    names = sorted(set(servers))
    chosen = {name: fixed[name] for name in names if name in fixed}
    for name in names:
        if name not in chosen and name in kept and kept[name] not in chosen.values():
            chosen[name] = kept[name]
    # Ports of servers that are fixed but not wanted now are left alone as well.
    avoid = {*chosen.values(), *fixed.values()}
    for name in names:
        if name not in chosen:
            chosen[name] = _first_free(f"{seed}\0{name}", avoid, is_free)
            avoid.add(chosen[name])
    return {name: chosen[name] for name in names}


def _first_free(seed: str, avoid: set[int], is_free: Callable[[int], bool]) -> int:
    size = LAST - FIRST + 1
    start = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") % size
    for step in range(size):
        port = FIRST + (start + step) % size
        if port not in avoid and is_free(port):
            return port
    raise InfraError(
        f"no port from {FIRST} to {LAST} is free on {HOST}",
        code="no-free-port",
        hint="End some of the programs that listen there, or fix ports under `ports:` in "
        "encore.infra.yaml.",
    )


def is_free(port: int) -> bool:
    """Whether a server could listen on ``127.0.0.1:port`` and nobody answers there now.

    The bind fails too where someone listens on all addresses (0.0.0.0 or ::); macOS lets it
    pass, hence the connection first.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        if probe.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection of a former server that still winds down is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def port_taken(server: str, port: int, holder: PortHolder | None) -> InfraError:
    """The error that names a taken port and its holder, as :func:`find_holder` knows it."""
    end = f"Stop that process{f' (kill {holder.pid})' if holder else ''}"
    return InfraError(
        f"port {port} of the server {server} is taken by {holder or 'another process'}",
        code="port-taken",
        hint=f"{end}, or run `encore infra apply --new-ports` to choose others; a port under "
        "`ports:` in encore.infra.yaml has to be changed there.",
    )


def find_holder(port: int, *, proc: Path = Path("/proc")) -> PortHolder | None:
    """Who listens on ``port``; None where this machine or our rights do not tell."""
    return _find_with_lsof(port) if sys.platform == "darwin" else _find_in_proc(port, proc)


def _find_in_proc(port: int, proc: Path) -> PortHolder | None:
    sockets = {f"socket:[{inode}]" for inode in listening_inodes(port, proc)}
    if not sockets:
        return None
    for folder in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        if _holds(folder, sockets):
            return PortHolder(pid=int(folder.name), command=_command(folder))
    return None


def listening_inodes(port: int, proc: Path) -> tuple[str, ...]:
    """The inodes of the sockets that listen on ``port`` on any address (proc(5), net/tcp)."""
    found: list[str] = []
    for name in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        rows = (line.split() for line in lines)
        found += [
            row[9]
            for row in rows
            if row[3] == _LISTEN and int(row[1].rpartition(":")[2], 16) == port
        ]
    return tuple(sorted(set(found)))


def _holds(folder: Path, sockets: set[str]) -> bool:
    try:
        return any(str(fd.readlink()) in sockets for fd in (folder / "fd").iterdir())
    except OSError:  # gone meanwhile, or another user's
        return False


def _command(folder: Path) -> str:
    try:
        words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        return shorten(" ".join(word for word in words if word)) or folder.name
    except OSError:
        return "unknown command"


def shorten(command: str, *, limit: int = 120) -> str:
    return command if len(command) <= limit else f"{command[: limit - 1]}…"


def _find_with_lsof(port: int) -> PortHolder | None:
    command = ["/usr/sbin/lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_lsof(output)


def parse_lsof(output: str) -> PortHolder | None:
    """The first process in ``lsof -Fpc`` output: lines ``p<pid>`` and ``c<command>``."""
    fields = {line[0]: line[1:] for line in reversed(output.splitlines()) if line}
    if "p" not in fields:
        return None
    return PortHolder(pid=int(fields["p"]), command=fields.get("c", "unknown command"))
