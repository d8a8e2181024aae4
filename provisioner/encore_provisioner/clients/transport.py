"""HTTP/1.1 to one server, over connections that are kept and used again.

``http.client`` rather than urllib3: a third of the import time, and all that is needed here is
one host, whole bodies and time limits. Connections go back to a pool, so threads may share a
transport. Proxies of the environment are not used: an endpoint is reached as it is written.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
_PAUSE_SECONDS = 0.02
_STALE = (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """``target`` is the encoded path with its query. ``wait`` is what the server may take to
    answer, in seconds, on top of the usual limit (long polling)."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    wait: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class UnreachableError(Exception):
    """No answer: nobody listens, the connection broke, or the time is over.

    ``refused`` when nothing listens at the address, ``timed_out`` when nothing came in time.
    """

    def __init__(self, endpoint: str, reason: str, *, refused: bool, timed_out: bool) -> None:
        super().__init__(f"{endpoint}: {reason}")
        self.endpoint = endpoint
        self.reason = reason
        self.refused = refused
        self.timed_out = timed_out


class Transport(Protocol):
    """Sends one request and returns the answer whatever its status; raises UnreachableError."""

    @property
    def host(self) -> str:
        """The value of the ``Host`` header."""
        ...

    def send(self, request: Request) -> Response: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds. ``start``: how long a server that was never reached may refuse connections."""

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    start: float = 0.0


@dataclass(slots=True, kw_only=True)
class _Pool:
    """The connections nobody uses now, and whether the server ever answered."""

    idle: list[http.client.HTTPConnection] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    answered: bool = False

    def take(self) -> http.client.HTTPConnection | None:
        with self.lock:
            return self.idle.pop() if self.idle else None

    def give(self, connection: http.client.HTTPConnection) -> None:
        with self.lock:
            self.idle.append(connection)

    def empty(self) -> None:
        with self.lock:
            connections, self.idle = self.idle, []
        for connection in connections:
            connection.close()


class HttpTransport:
    """The real :class:`Transport`. ``endpoint`` is ``http(s)://host[:port]`` without a path."""

    def __init__(
        self,
        endpoint: str,
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"no HTTP endpoint: {endpoint!r}")
        self.endpoint = f"{parts.scheme}://{parts.netloc}"
        self._secure = parts.scheme == "https"
        self._address = (parts.hostname, parts.port)
        self._host = parts.netloc.rpartition("@")[2]
        self._limits = limits or Limits()
        self._clock = clock
        self._sleep = sleep
        self._pool = _Pool()

    @property
    def host(self) -> str:
        return self._host

    def close(self) -> None:
        self._pool.empty()

    def send(self, request: Request) -> Response:
        """Connections refused before the first answer are tried again for ``limits.start``."""
        deadline = self._clock() + self._limits.start
        while True:
            try:
                response = self._send_once(request)
            except UnreachableError as error:
                if self._pool.answered or not error.refused or self._clock() >= deadline:
                    raise
                self._sleep(_PAUSE_SECONDS)
            else:
                self._pool.answered = True
                return response

    def _send_once(self, request: Request) -> Response:
        """A kept connection may have been closed by the server meanwhile: then a new one."""
        kept = self._pool.take()
        if kept is not None:
            try:
                return self._exchange(kept, request)
            except _STALE:
                self._pool.empty()
            except (OSError, http.client.HTTPException) as error:
                raise self._unreachable(error) from error
        try:
            return self._exchange(self._connect(), request)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._address
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(host, port, timeout=self._limits.connect)
        connection.connect()
        return connection

    def _exchange(self, connection: http.client.HTTPConnection, request: Request) -> Response:
        try:
            connection.sock.settimeout(self._limits.read + request.wait)
            connection.request(
                request.method, request.target, body=request.body, headers=dict(request.headers)
            )
            answer = connection.getresponse()
            body = answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            self._pool.give(connection)
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Response(status=answer.status, headers=headers, body=body)

    def _unreachable(self, error: Exception) -> UnreachableError:
        refused = isinstance(error, ConnectionRefusedError)
        timed_out = isinstance(error, TimeoutError)
        if refused:
            reason = "connection refused"
        elif timed_out:
            reason = "no answer in time"
        else:
            reason = str(error) or type(error).__name__
        return UnreachableError(self.endpoint, reason, refused=refused, timed_out=timed_out)
