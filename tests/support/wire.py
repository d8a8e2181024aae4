"""A transport that records what is sent and answers what it was told."""

from __future__ import annotations

from datetime import UTC, datetime

from encore_provisioner.clients.sigv4 import Credentials
from encore_provisioner.clients.transport import Request, Response, UnreachableError

CREDENTIALS = Credentials(access_key_id="KEY", secret_access_key="not-a-real-secret")


def fixed_clock() -> datetime:
    return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def answer(body: str | bytes = b"", *, status: int = 200, **headers: str) -> Response:
    """``headers`` are named with ``_`` for ``-``."""
    data = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=named, body=data)


class FakeTransport:
    """Gives its answers one by one; an exception among them means that nobody answers."""

    def __init__(self, *answers: Response | Exception, host: str = "127.0.0.1:1") -> None:
        self.host = host
        self.requests: list[Request] = []
        self.closed = False
        self._answers = list(answers)

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        given = self._answers.pop(0)
        if isinstance(given, Exception):
            refused = isinstance(given, ConnectionRefusedError)
            raise UnreachableError(self.host, str(given), refused=refused, timed_out=False)
        return given

    def close(self) -> None:
        self.closed = True
