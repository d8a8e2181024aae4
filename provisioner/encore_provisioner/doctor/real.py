"""The real doors to AWS's services and to plain HTTP, with limits that suit a diagnosis."""

from __future__ import annotations

from urllib.parse import urlsplit

from encore_provisioner.clients.s3 import S3
from encore_provisioner.clients.sigv4 import Credentials
from encore_provisioner.clients.sns import Sns
from encore_provisioner.clients.sqs import Sqs
from encore_provisioner.clients.transport import (
    HttpTransport,
    Limits,
    Request,
    Response,
    UnreachableError,
)
from encore_provisioner.doctor.targets import AwsTarget, BucketTarget

_LIMITS = Limits(connect=5.0, read=5.0)


def _connect(endpoint: str) -> HttpTransport:
    return HttpTransport(endpoint, limits=_LIMITS)


def open_objects(target: BucketTarget, credentials: Credentials) -> S3:
    return S3(
        endpoint=target.endpoint,
        region=target.region,
        credentials=credentials,
        connect=_connect,
    )


def open_topics(target: AwsTarget, credentials: Credentials) -> Sns:
    return Sns(
        endpoint=target.sns,
        region=target.region or "",
        credentials=credentials,
        transport=_connect(target.sns),
    )


def open_queues(target: AwsTarget, credentials: Credentials) -> Sqs:
    return Sqs(
        endpoint=target.sqs,
        region=target.region or "",
        credentials=credentials,
        transport=_connect(target.sqs),
    )


def fetch(url: str) -> Response:
    """GET without credentials; raises ``UnreachableError``. Redirects are not followed."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    try:
        transport = _connect(origin)
    except ValueError as error:
        raise UnreachableError(url, str(error), refused=False, timed_out=False) from error
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        return transport.send(Request(method="GET", target=target, headers={"host": parts.netloc}))
    finally:
        transport.close()
