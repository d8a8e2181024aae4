"""Who may send what to the server of S3, SNS and SQS: the part of IAM that this machine needs.

In: the head of an HTTP request, the hash of its body where it names none, the one access key that
the environment has. Out: why the request is refused, or None. It does no I/O: a bucket's policy
is asked of the server by ``ministack_process``.

A request with a signature, in its headers or as a link, must have been signed with the secret key.
One without may read an object by its address, if the bucket's policy lets everyone. The rules are
AWS's: see "Signature Version 4 signing process" and "Authenticating Requests: Using Query
Parameters".
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, unquote_to_bytes

from encore_provisioner.clients.sigv4 import (
    ALGORITHM,
    UNSIGNED_PAYLOAD,
    Credentials,
    Pairs,
    Scope,
    Unsigned,
    signature,
)

PAYLOAD_HASH = "x-amz-content-sha256"
_HEADER = re.compile(
    rf"{ALGORITHM} Credential=(?P<credential>\S+?), ?SignedHeaders=(?P<names>\S+?), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})\s*"
)
_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_SKEW = timedelta(minutes=15)
_LONGEST_LINK = 7 * 24 * 60 * 60
# Queries with which GET asks for something else than an object's newest content.
_OTHER_THAN_CONTENT = frozenset(
    [
        "acl",
        "attributes",
        "legal-hold",
        "partnumber",
        "retention",
        "tagging",
        "torrent",
        "uploadid",
        "versionid",
    ]
)
_THIS_MACHINE = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A request without its body. ``path`` is as on the wire; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def pairs(self) -> Pairs:
        return tuple(parse_qsl(self.query, keep_blank_values=True))

    @property
    def is_signed(self) -> bool:
        return "authorization" in self.headers or self.is_link

    @property
    def is_link(self) -> bool:
        return any(name == "X-Amz-Signature" for name, _ in self.pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """What a request says of its own signature; ``expires`` is None for one in the headers."""

    key: str
    scope: Scope
    date: datetime
    names: tuple[str, ...]
    signature: str
    expires: int | None = None


def needs_body(head: Head) -> bool:
    """Whether the signature covers the body by a hash that no header names."""
    return "authorization" in head.headers and PAYLOAD_HASH not in head.headers


def refusal(
    head: Head, *, credentials: Credentials, body_hash: str | None, now: datetime
) -> str | None:
    """Why the signature of a signed request does not open the door; None if it does.

    ``body_hash`` is the body's SHA-256 in hex where :func:`needs_body` asks for it.
    """
    claim = _claim(head)
    if claim is None:
        return "The signature cannot be read: one of Signature Version 4 is expected."
    if claim.key != credentials.access_key_id:
        return f"There is no access key {claim.key}."
    if (wrong := _wrong_time(claim, now) or _unsigned_header(claim, head)) is not None:
        return wrong
    hashed = head.headers.get(PAYLOAD_HASH, body_hash or "")
    payload = hashed if claim.expires is None else UNSIGNED_PAYLOAD
    for path in {head.path, _encoded_once(head.path)}:
        expected = signature(
            _as_signed(head, claim, path),
            payload_hash=payload,
            credentials=credentials,
            scope=claim.scope,
            now=claim.date,
        )
        if hmac.compare_digest(expected, claim.signature):
            return None
    return "The signature does not match: another secret key, or the request was changed."


def _wrong_time(claim: _Claim, now: datetime) -> str | None:
    if claim.date > now + _SKEW:
        return "The signature is not valid yet."
    if claim.expires is None:
        late = now > claim.date + _SKEW
        return "The signature is older than 15 minutes." if late else None
    if claim.expires > _LONGEST_LINK:
        return "A link is valid for 7 days at most."
    late = now > claim.date + timedelta(seconds=claim.expires)
    return "The link has expired." if late else None


def _unsigned_header(claim: _Claim, head: Head) -> str | None:
    """An ``x-amz-`` header says what to do, for example what to copy, and so must be signed."""
    needed = {name for name in head.headers if name.startswith("x-amz-")} | {"host"}
    missing = sorted(needed - set(claim.names))
    return f"The header {missing[0]} is not signed." if missing else None


def _encoded_once(path: str) -> str:
    """``path`` as S3 writes it, for a client that signs this and sends fewer escapes."""
    return quote(unquote_to_bytes(path), safe="/-_.~")


def _as_signed(head: Head, claim: _Claim, path: str) -> Unsigned:
    return Unsigned(
        method=head.method,
        path=path,
        headers={name: head.headers.get(name, "") for name in claim.names},
        query=tuple(pair for pair in head.pairs if pair[0] != "X-Amz-Signature"),
    )


def _claim(head: Head) -> _Claim | None:
    if not head.is_link:
        return _header_claim(head)
    # With both, the server would believe the one that was not checked.
    return None if "authorization" in head.headers else _link_claim(head)


def _header_claim(head: Head) -> _Claim | None:
    match = _HEADER.fullmatch(head.headers.get("authorization", ""))
    if match is None:
        return None
    date = head.headers.get("x-amz-date", "")
    return _read(match["credential"], date, match["names"], match["signature"])


def _link_claim(head: Head) -> _Claim | None:
    query = dict(head.pairs)
    expires = re.fullmatch("[0-9]{1,9}", query.get("X-Amz-Expires", ""))
    if len(query) != len(head.pairs) or query.get("X-Amz-Algorithm") != ALGORITHM or not expires:
        return None
    return _read(
        query.get("X-Amz-Credential", ""),
        query.get("X-Amz-Date", ""),
        query.get("X-Amz-SignedHeaders", ""),
        query["X-Amz-Signature"],
        expires=int(expires[0]),
    )


def _read(
    credential: str, date: str, names: str, found: str, *, expires: int | None = None
) -> _Claim | None:
    parts = credential.split("/")
    if len(parts) != 5 or not found.isascii():
        return None
    try:
        moment = datetime.strptime(date, _TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return _Claim(
        key=parts[0],
        scope=Scope(region=parts[2], service=parts[3]),
        date=moment,
        names=tuple(names.split(";")),
        signature=found,
        expires=expires,
    )


def public_object(head: Head) -> tuple[str, str] | None:
    """Bucket and key of the object that an unsigned request wants to read; None: it wants more."""
    host = head.headers.get("host", "")
    names = {name.lower() for name, _ in head.pairs}
    if head.method not in ("GET", "HEAD") or not _THIS_MACHINE.fullmatch(host):
        return None
    if names & _OTHER_THAN_CONTENT or any(name.startswith("response-") for name in names):
        return None
    # Taken apart only when it is decoded, as the server does: "%2F" divides for it too.
    bucket, _, key = unquote(head.path).lstrip("/").partition("/")
    return (bucket, key) if bucket and key else None


def lets_everyone_read(policy: bytes, bucket: str, key: str) -> bool:
    """Whether a bucket's policy, as JSON, gives this object to whoever asks.

    What it cannot judge, such as conditions, opens nothing; any denial closes all.
    """
    try:
        document = json.loads(policy)
    except ValueError:
        return False
    found = document.get("Statement", []) if isinstance(document, dict) else []
    statements = [s for s in found if isinstance(s, dict)] if isinstance(found, list) else []
    if any(s.get("Effect") != "Allow" for s in statements):
        return False
    return any(_gives(s, f"arn:aws:s3:::{bucket}/{key}") for s in statements)


def _gives(statement: Mapping[str, object], arn: str) -> bool:
    return (
        statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        and not statement.get("Condition")
        and any(action in ("s3:GetObject", "s3:*", "*") for action in _listed(statement, "Action"))
        and any(_matches(pattern, arn) for pattern in _listed(statement, "Resource"))
    )


def _listed(statement: Mapping[str, object], name: str) -> list[str]:
    value = statement.get(name)
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]


def _matches(pattern: str, arn: str) -> bool:
    """IAM's own wildcards: any characters, or one."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, arn, re.DOTALL) is not None
