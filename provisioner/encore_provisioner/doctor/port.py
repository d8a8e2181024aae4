"""The check of the app's port: free, or held by the app itself."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Callable, Mapping

from encore_provisioner.clients.transport import Response, UnreachableError
from encore_provisioner.doctor.check import CheckError, Finding

DEFAULT = 8080
"""What the core listens on without ``PORT`` (contract 1.1)."""

_HINT = "End that program, or choose new ports with `encore-infra apply --new-ports`."


def check_port(
    environ: Mapping[str, str],
    bindable: Callable[[int], bool],
    fetch: Callable[[str], Response],
) -> Finding:
    """Raises ``CheckError`` when another program holds the port."""
    text = environ.get("PORT", str(DEFAULT))
    port = int(text) if text.isdigit() else 0
    if not 0 < port < 65536:
        raise CheckError(f"PORT is {text!r}, which is no port", hint="Run `encore-infra apply`.")
    if bindable(port):
        return Finding(detail=f"{port} is free")
    state = _health(port, fetch)
    if state is None:
        raise CheckError(f"another program holds {port}: the app cannot start", hint=_HINT)
    return Finding(detail=f"{port} is held by a running Encore app ({state})")


def _health(port: int, fetch: Callable[[str], Response]) -> str | None:
    """The code that the core's health endpoint gives; None when this is no Encore app."""
    try:
        answer = fetch(f"http://127.0.0.1:{port}/__encore/healthz")
        health = json.loads(answer.body)
    except (UnreachableError, ValueError):
        return None
    return str(health["code"]) if isinstance(health, dict) and "code" in health else None


def bindable(port: int) -> bool:
    """Whether ``0.0.0.0:port``, where the core listens, can be bound now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True
