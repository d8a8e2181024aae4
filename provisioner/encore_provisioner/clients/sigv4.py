"""AWS Signature Version 4 for requests: pure, no I/O, no clock of its own.

In: a request as it will go over the wire, credentials, scope and time. Out: the headers to
add (:func:`sign`), the query to send (:func:`presign`), or what a server must find in either
(:func:`signature`). Source of the rules: AWS, "Signature Version 4 signing process". S3 signs the
path as it stands on the wire; every other service signs the normalised path, encoded once more.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
_UNRESERVED = "-_.~"

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An access key; the secret parts stay out of every ``repr``."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a signature is valid: ``us-east-1`` and ``sqs``."""

    region: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """A request to be signed. ``path`` is percent-encoded, ``query`` is not.

    ``headers`` are all signed; ``host`` must be among them.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Pairs = ()
    body: bytes = b""


def encode(text: str, *, safe: str = "") -> str:
    """Percent-encode everything but RFC 3986's unreserved characters (and ``safe``)."""
    return quote(text, safe=_UNRESERVED + safe)


def query_string(pairs: Iterable[tuple[str, str]]) -> str:
    """The canonical query, which is also what goes over the wire."""
    return "&".join(f"{k}={v}" for k, v in sorted((encode(k), encode(v)) for k, v in pairs))


def sign(
    request: Unsigned, *, credentials: Credentials, scope: Scope, now: datetime
) -> dict[str, str]:
    """All headers to send: those of ``request`` (names in lower case) plus the signature's."""
    payload_hash = hashlib.sha256(request.body).hexdigest()
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers["x-amz-date"] = _timestamp(now)
    if credentials.session_token:
        headers["x-amz-security-token"] = credentials.session_token
    if scope.service == "s3":
        headers["x-amz-content-sha256"] = payload_hash
    complete = replace(request, headers=headers)
    signed = signature(
        complete, payload_hash=payload_hash, credentials=credentials, scope=scope, now=now
    )
    headers["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key_id}/{_scope(scope, now)}, "
        f"SignedHeaders={_signed_names(headers)}, Signature={signed}"
    )
    return headers


def presign(
    request: Unsigned, *, credentials: Credentials, scope: Scope, now: datetime, expires: int
) -> str:
    """The query string that lets its holder send ``request`` for ``expires`` seconds.

    The body is not signed (S3's rule for links), so any content may be sent.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = (
        *request.query,
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", f"{credentials.access_key_id}/{_scope(scope, now)}"),
        ("X-Amz-Date", _timestamp(now)),
        ("X-Amz-Expires", str(expires)),
        ("X-Amz-SignedHeaders", _signed_names(headers)),
    )
    if credentials.session_token:
        query = (*query, ("X-Amz-Security-Token", credentials.session_token))
    complete = replace(request, headers=headers, query=query)
    signed = signature(
        complete, payload_hash=UNSIGNED_PAYLOAD, credentials=credentials, scope=scope, now=now
    )
    return f"{query_string(query)}&X-Amz-Signature={signed}"


def signature(
    request: Unsigned, *, payload_hash: str, credentials: Credentials, scope: Scope, now: datetime
) -> str:
    """The signature, in hex, of a request whose headers (lower case) and query are complete.

    ``query`` is without ``X-Amz-Signature``, ``headers`` are those that are signed, ``now`` is
    the time that the request names.
    """
    canonical = _canonical_request(request, payload_hash, scope)
    return _signature(canonical, credentials, scope, now)


def _canonical_request(request: Unsigned, payload_hash: str, scope: Scope) -> str:
    headers = request.headers
    lines = (f"{name}:{_trimmed(headers[name])}\n" for name in sorted(headers))
    return "\n".join(
        (
            request.method,
            _canonical_path(request.path, scope),
            query_string(request.query),
            "".join(lines),
            _signed_names(headers),
            payload_hash,
        )
    )


def _canonical_path(path: str, scope: Scope) -> str:
    if scope.service == "s3":
        return path or "/"
    return encode(_without_dot_segments(path), safe="/")


def _without_dot_segments(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    trailing = "/" if kept and path.endswith("/") else ""
    return "/" + "/".join(kept) + trailing


def _trimmed(value: str) -> str:
    return " ".join(value.split())


def _signed_names(headers: Mapping[str, str]) -> str:
    return ";".join(sorted(headers))


def _signature(canonical: str, credentials: Credentials, scope: Scope, now: datetime) -> str:
    to_sign = "\n".join(
        (
            ALGORITHM,
            _timestamp(now),
            _scope(scope, now),
            hashlib.sha256(canonical.encode()).hexdigest(),
        )
    )
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in (_date(now), scope.region, scope.service, "aws4_request"):
        key = _hmac(key, part)
    return _hmac(key, to_sign).hex()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _scope(scope: Scope, now: datetime) -> str:
    return f"{_date(now)}/{scope.region}/{scope.service}/aws4_request"


def _date(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y%m%d")


def _timestamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
