"""AWS on this machine: moto behind real HTTP on loopback, with a guard of ours before it.

The guard does what moto leaves out and the tests need: it refuses what AWS refuses and moto takes,
it knows what moto does not (most of ElastiCache, the certificates of RDS, the dates of a secret's
versions), it lets real servers and functions run where it is given an :class:`Inside`, and it fails
where a test wants it to. It runs in a thread of the test's own process, so a test may look into it;
other processes reach it by its address. One neighbour for each service: ``moto_parts`` (S3,
Secrets Manager), ``moto_rds``, ``moto_elasticache``, ``moto_lambda``, ``moto_queues`` (SNS, SQS),
``moto_network``, ``moto_cloudfront``.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from tests.support import moto_wire as wire
from tests.support.aws_inside import Inside
from tests.support.moto_cloudfront import CloudFront
from tests.support.moto_elasticache import ElastiCache, user_of
from tests.support.moto_lambda import Lambda
from tests.support.moto_network import Lying, Network
from tests.support.moto_parts import ACCOUNT, REGION, S3, Part, SecretsManager, secret_of
from tests.support.moto_queues import Queues
from tests.support.moto_rds import Rds, instance_of
from tests.support.moto_wire import Answer, Call, Environ, Page, Reply, StartResponse
from werkzeug.serving import make_server

OTHER_ACCOUNT: Final = "999988887777"
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "only-for-moto",
}
_LONG: Final = frozenset({"ReceiveMessage"})
"""Waits for up to 20 s; others go on meanwhile."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """``is_late``: moto does what was asked, and then this is answered; ``answer`` None: nothing
    is answered, the connection ends.
    """

    operation: str
    answer: Answer | None
    times: int
    is_late: bool = False


class MotoServer:
    """``calls``: the operations that were asked for, in their order, refused ones too.

    ``inside``: where real servers stand; without it RDS and ElastiCache have addresses that lead
    nowhere, and no function runs.
    """

    def __init__(self, inside: Inside | None = None) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        # Moto's memory is not made for several at once.
        self._moto_lock = threading.RLock()
        self._faults: list[Fault] = []
        self._slow: dict[str, float] = {}
        self.calls: list[Call] = []
        self.caches = ElastiCache(inside)
        self.rds = Rds(inside)
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Silent
        )
        self.functions = Lambda(inside, lambda: self.environment, self._servers)
        self._parts: tuple[Part, ...] = (
            *(S3(), SecretsManager(), self.caches, self.rds, self.functions),
            *(CloudFront(), Queues(self._through), Network(self._lying)),
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """All that a process needs so that its AWS is this one, and nobody else's."""
        return {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]

    def fail(
        self,
        operation: str,
        code: str,
        *,
        words: str = "",
        status: int = 400,
        times: int = 1,
        late: bool = False,
    ) -> None:
        """Answer the next ``times`` calls of ``operation`` with this error."""
        answer = (status, code, words or f"{code} of the test")
        self._faults.append(Fault(operation=operation, answer=answer, times=times, is_late=late))

    def cut(self, operation: str, *, times: int = 1) -> None:
        """Do what the next ``times`` calls of ``operation`` ask for, and answer nothing."""
        self._faults.append(Fault(operation=operation, answer=None, times=times, is_late=True))

    def slow(self, operation: str, seconds: float) -> None:
        """Let each call of ``operation`` take so much longer."""
        self._slow[operation] = seconds

    def heal(self) -> None:
        self._faults.clear()
        self._slow.clear()

    def forget(self) -> None:
        """An empty account."""
        self.heal()
        self.calls.clear()
        for part in self._parts:
            part.forget()
        environ: Environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/moto-api/reset"}
        wire.through(self._moto, wire.complete(environ))

    def _answer(self, environ: Environ, start: StartResponse) -> Page:
        call = wire.call_of(environ)
        with self._lock:
            self.calls.append(call)
            fault = self._fault(call.operation)
        time.sleep(self._slow.get(call.operation, 0))
        if fault is not None and not fault.is_late and fault.answer is not None:
            return wire.page(wire.failed(call, fault.answer), start)
        reply = self._done(call)
        if fault is not None and fault.answer is None:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("the test cuts the connection")
        if fault is not None and fault.answer is not None:
            reply = wire.failed(call, fault.answer)
        return wire.page(reply, start)

    def _fault(self, operation: str) -> Fault | None:
        for fault in self._faults:
            if fault.operation == operation and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def _done(self, call: Call) -> Reply:
        for part in self._parts:
            with self._moto_lock:
                refused = part.refuse(call)
            if refused is not None:
                return wire.failed(call, refused)
        for part in self._parts:
            try:
                reply = part.answer(call)
            except wire.Refused as refusal:
                return wire.failed(call, refusal.answer)
            if reply is not None:
                return reply
        reply = self._through(call)
        for each in (self.rds, self.caches, self.functions):
            reply = each.after(call, reply)
        return reply

    def _through(self, call: Call) -> Reply:
        with nullcontext() if call.operation in _LONG else self._moto_lock:
            return wire.through(self._moto, call.environ)

    def _servers(self) -> Iterator[Lying]:
        yield from self.rds.servers()
        yield from self.caches.caches.servers()

    def _lying(self) -> Iterator[Lying]:
        yield from self._servers()
        yield from self.functions.lying()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for part in self._parts:
            part.forget()


@contextmanager
def running(inside: Inside | None = None) -> Iterator[MotoServer]:
    server = MotoServer(inside)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Silent(MotoRequestHandler):
    """Without a line on stderr for each request."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        del type, message, args


__all__ = [
    "ACCOUNT",
    "REGION",
    "Call",
    "MotoServer",
    "instance_of",
    "running",
    "secret_of",
    "user_of",
]
