"""Signs a call, sends it, and turns what goes wrong into :class:`AwsError`.

The part that SNS, SQS and S3 have in common. A call is tried once: the only repetition is
the transport's, for servers that are still starting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from encore_provisioner.clients.sigv4 import (
    Credentials,
    Pairs,
    Scope,
    Unsigned,
    query_string,
    sign,
)
from encore_provisioner.clients.transport import (
    HttpTransport,
    Request,
    Response,
    Transport,
    UnreachableError,
)
from encore_provisioner.errors import InfraError

_MISSING = frozenset(
    {
        "404",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchCORSConfiguration",
        "NoSuchKey",
        "NoSuchTagSet",
        "NoSuchVersion",
        "NotFound",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFound",
    }
)


class AwsError(InfraError):
    """A service refused a call: ``code`` and ``detail`` are its words, ``status`` is HTTP's."""

    def __init__(self, code: str, message: str, operation: str, status: int) -> None:
        super().__init__(f"{operation} failed: {message} ({code})", code=code)
        self.detail = message
        self.operation = operation
        self.status = status

    @property
    def missing(self) -> bool:
        """The thing that was asked for does not exist."""
        return self.code in _MISSING


class AwsUnreachableError(AwsError):
    """No answer from the endpoint; ``status`` is 0."""

    def __init__(self, cause: UnreachableError, operation: str) -> None:
        super().__init__("Unreachable", str(cause), operation, 0)
        self.endpoint = cause.endpoint
        self.reason = cause.reason
        self.refused = cause.refused
        self.timed_out = cause.timed_out


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call before it is signed; ``operation`` is for messages only."""

    operation: str
    method: str = "POST"
    path: str = "/"
    query: Pairs = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    wait: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who calls which service where. ``transport`` and ``clock`` are the world."""

    transport: Transport
    credentials: Credentials
    scope: Scope
    clock: Callable[[], datetime] = utc_now

    def send(self, call: Call) -> Response:
        """The answer, whatever its status; raises :class:`AwsUnreachableError`."""
        headers = sign(
            Unsigned(
                method=call.method,
                path=call.path,
                query=call.query,
                headers={"host": self.transport.host, **call.headers},
                body=call.body,
            ),
            credentials=self.credentials,
            scope=self.scope,
            now=self.clock(),
        )
        target = f"{call.path}?{query_string(call.query)}" if call.query else call.path
        try:
            return self.transport.send(
                Request(
                    method=call.method,
                    target=target,
                    headers=headers,
                    body=call.body,
                    wait=call.wait,
                )
            )
        except UnreachableError as error:
            raise AwsUnreachableError(error, call.operation) from error


def door(
    service: str,
    *,
    endpoint: str,
    region: str,
    credentials: Credentials,
    transport: Transport | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Door:
    """A door to ``service``; without ``transport``, real HTTP to ``endpoint``."""
    return Door(
        transport=transport or HttpTransport(endpoint),
        credentials=credentials,
        scope=Scope(region=region, service=service),
        clock=clock,
    )
