"""Signatures as the server's side sees them: what opens the door, what does not, and garbage."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from minio import Minio

from encore_local.servers.access import (
    Head,
    lets_everyone_read,
    needs_body,
    public_object,
    refusal,
)
from encore_provisioner.clients.sigv4 import (
    Credentials,
    Pairs,
    Scope,
    Unsigned,
    presign,
    query_string,
    sign,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
KEY = Credentials(access_key_id="encore-local", secret_access_key="right")
WRONG = Credentials(access_key_id="encore-local", secret_access_key="wrong")
STRANGER = Credentials(access_key_id="stranger", secret_access_key="right")
HOST = {"host": "127.0.0.1:1"}
BODY = b"Action=Publish"
DAYS = 24 * 60 * 60
MISMATCH = "does not match"


def by_header(
    service: str = "s3",
    *,
    key: Credentials = KEY,
    path: str = "/b/a%20b/%C3%BC",
    query: Pairs = (("versionId", "1 2"), ("x", "ü")),
    more: tuple[tuple[str, str], ...] = (),
    at: datetime = NOW,
) -> Head:
    request = Unsigned(
        method="PUT", path=path, headers={**HOST, **dict(more)}, query=query, body=BODY
    )
    headers = sign(
        request, credentials=key, scope=Scope(region="us-east-1", service=service), now=at
    )
    return Head(method="PUT", path=path, query=query_string(query), headers=headers)


def by_link(
    *,
    key: Credentials = KEY,
    expires: int = 60,
    at: datetime = NOW,
    method: str = "GET",
    path: str = "/b/a%20b/%C3%BC",
) -> Head:
    query = presign(
        Unsigned(method=method, path=path, headers=HOST, query=(("x", "ü"),)),
        credentials=key,
        scope=Scope(region="us-east-1", service="s3"),
        now=at,
        expires=expires,
    )
    return Head(method=method, path=path, query=query, headers=HOST)


def judge(head: Head, *, body: bytes = BODY, now: datetime = NOW) -> str | None:
    hashed = hashlib.sha256(body).hexdigest() if needs_body(head) else None
    return refusal(head, credentials=KEY, body_hash=hashed, now=now)


@pytest.mark.parametrize(
    "head",
    [
        by_header(),
        by_header("sqs", path="/"),
        by_header("sns", path="/a//b/../c"),
        by_header(more=(("x-amz-meta-who", " a   ü "), ("content-type", "text/x"))),
        by_header(at=NOW - timedelta(minutes=14)),
        by_header(at=NOW + timedelta(minutes=14)),
        by_link(),
        by_link(method="PUT"),
        by_link(expires=7 * DAYS, at=NOW - timedelta(days=7)),
        by_link(path="/b//../a'(b)!*~"),
    ],
)
def test_what_is_signed_with_the_key_is_admitted(head: Head) -> None:
    assert head.is_signed
    assert judge(head) is None


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (by_header(key=WRONG), MISMATCH),
        (by_header("sqs", key=WRONG), MISMATCH),
        (by_link(key=WRONG), MISMATCH),
        (by_header(key=STRANGER), "no access key stranger"),
        (by_link(key=STRANGER), "no access key stranger"),
        (by_header(at=NOW - timedelta(minutes=16)), "older than 15 minutes"),
        (by_header(at=NOW + timedelta(minutes=16)), "not valid yet"),
        (by_link(at=NOW + timedelta(minutes=16)), "not valid yet"),
        (by_link(at=NOW - timedelta(seconds=61)), "has expired"),
        (by_link(expires=7 * DAYS + 1), "7 days at most"),
        (by_link(expires=10**12), "cannot be read"),
        (by_link(expires=-1), "cannot be read"),
    ],
)
def test_other_keys_and_other_times_are_refused(head: Head, reason: str) -> None:
    assert reason in (judge(head) or "")


Change = Callable[[Head], Head]


def headers(**changed: str) -> Change:
    named = {name.replace("_", "-"): value for name, value in changed.items()}
    return lambda head: dataclasses.replace(head, headers={**head.headers, **named})


def replace(**changed: str) -> Change:
    return lambda head: dataclasses.replace(head, **changed)  # type: ignore[arg-type]  # all are text


def query(old: str, new: str) -> Change:
    def change(head: Head) -> Head:
        assert old in head.query
        return dataclasses.replace(head, query=head.query.replace(old, new))

    return change


CHANGES: tuple[tuple[str, Change], ...] = (
    ("method", replace(method="DELETE")),
    ("path", replace(path="/b/another")),
    ("path, one escape", replace(path="/b/a%20b/%c3%bd")),
    ("host", headers(host="b.s3.amazonaws.com")),
    ("a query more", lambda head: dataclasses.replace(head, query=head.query + "&acl=")),
    ("a query less", query("x=%C3%BC", "y=1")),
    ("a header that says what to do", headers(x_amz_copy_source="/private/key")),
)


@pytest.mark.parametrize(("name", "change"), CHANGES, ids=[name for name, _ in CHANGES])
@pytest.mark.parametrize("head", [by_header(), by_link()], ids=["header", "link"])
def test_a_request_that_was_changed_is_refused(name: str, change: Change, head: Head) -> None:
    assert judge(change(head)) is not None, name


@pytest.mark.parametrize(
    "change",
    [
        headers(x_amz_date="20260501T120001Z"),
        headers(x_amz_content_sha256="0" * 64),
        headers(authorization=""),
        headers(authorization="AWS encore-local:abc"),
    ],
)
def test_changed_headers_of_a_signature_are_refused(change: Change) -> None:
    assert judge(change(by_header())) is not None


@pytest.mark.parametrize(
    "change",
    [
        query("X-Amz-Expires=60", "X-Amz-Expires=600"),
        query("X-Amz-Expires=60", "X-Amz-Expires=60&X-Amz-Expires=600"),
        query("X-Amz-Expires=60", "X-Amz-Expires="),
        query("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        query("aws4_request", "another"),
        query("us-east-1", "eu-west-1"),
        query("X-Amz-Date=2026", "X-Amz-Date=9999"),
        headers(authorization=by_header().headers["authorization"]),
    ],
)
def test_a_changed_link_is_refused(change: Change) -> None:
    assert judge(change(by_link())) is not None


def test_a_body_that_was_changed_is_refused() -> None:
    assert judge(by_header("sqs"), body=b"Action=Delete") is not None


def test_a_client_may_send_fewer_escapes_than_it_signs() -> None:
    signed = by_link(path="/b/a%28b%29%27")
    assert judge(signed) is None
    sent = by_link(path="/b/a%28b%29%27")
    assert judge(dataclasses.replace(sent, path="/b/a(b)'")) is None


@pytest.mark.parametrize("key", ["plain", "a b/ü~+&?.txt", "quotes'\"", "a//b", "日本", "a(b)!*"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_links_of_another_library_are_admitted(method: str, key: str) -> None:
    minio = Minio(
        "127.0.0.1:1",
        access_key=KEY.access_key_id,
        secret_key=KEY.secret_access_key,
        secure=False,
        region="us-east-1",
    )
    url = urlsplit(minio.get_presigned_url(method, "bucket", key))
    head = Head(method=method, path=url.path, query=url.query, headers=HOST)
    assert judge(head, now=datetime.now(UTC)) is None
    assert judge(head, now=datetime.now(UTC) + timedelta(days=8)) is not None


TEXT = st.text(max_size=40)
PARTS = st.sampled_from(
    [
        "AWS4-HMAC-SHA256 Credential=encore-local/20260501/us-east-1/s3/aws4_request",
        "encore-local/20260501/us-east-1/s3/aws4_request",
        "AWS4-HMAC-SHA256",
        ", SignedHeaders=host",
        f", Signature={'0' * 64}",
        "99991231T235959Z",
        "20260501T120000Z",
        "60",
        "ü",
        "%",
        "\0",
    ]
)
GARBAGE = st.one_of(TEXT, st.lists(PARTS, max_size=8).map("".join))
NAMES = st.sampled_from(["authorization", "x-amz-date", "host", "x-amz-content-sha256", "x-amz-a"])
QUERIES = st.sampled_from(
    [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
        "acl",
        "%ff",
    ]
)


@given(
    method=TEXT,
    path=GARBAGE,
    query=st.lists(st.tuples(QUERIES, GARBAGE)).map(
        lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
    ),
    found=st.dictionaries(NAMES, GARBAGE),
)
def test_garbage_is_refused_and_raises_nothing(
    method: str, path: str, query: str, found: dict[str, str]
) -> None:
    head = Head(method=method, path=path, query=query, headers=found)
    assert refusal(head, credentials=KEY, body_hash=None, now=NOW) is not None
    public_object(head)


@pytest.mark.parametrize(
    ("method", "path", "query", "host", "expected"),
    [
        ("GET", "/b/k", "", "127.0.0.1:1", ("b", "k")),
        ("HEAD", "/b/a%20b/%C3%BC", "", "localhost:1", ("b", "a b/ü")),
        ("GET", "/b/k", "v=123", "localhost", ("b", "k")),
        ("GET", "/b//", "", "localhost", ("b", "/")),
        ("GET", "/b%2Fk", "", "localhost", ("b", "k")),
        ("GET", "/a%2Fpolicy/k", "", "localhost", ("a", "policy/k")),
        ("PUT", "/b/k", "", "localhost", None),
        ("DELETE", "/b/k", "", "localhost", None),
        ("POST", "/b/k", "", "localhost", None),
        ("GET", "/b", "", "localhost", None),
        ("GET", "/b/", "", "localhost", None),
        ("GET", "/", "", "localhost", None),
        ("GET", "/b", "list-type=2", "localhost", None),
        ("GET", "/b/k", "acl", "localhost", None),
        ("GET", "/b/k", "ACL=", "localhost", None),
        ("GET", "/b/k", "versionId=1", "localhost", None),
        ("GET", "/b/k", "response-content-type=text/html", "localhost", None),
        ("GET", "/b/k", "", "private.s3.amazonaws.com", None),
        ("GET", "/b/k", "", "", None),
    ],
)
def test_what_an_unsigned_request_may_ask_for(
    method: str, path: str, query: str, host: str, expected: tuple[str, str] | None
) -> None:
    head = Head(method=method, path=path, query=query, headers={"host": host})
    assert not head.is_signed
    assert public_object(head) == expected


OPEN = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
ALL = {**OPEN, "Resource": "arn:aws:s3:::b/*"}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([ALL], True),
        ([{**ALL, "Principal": {"AWS": "*"}, "Action": ["s3:ListBucket", "s3:*"]}], True),
        ([{**ALL, "Resource": ["arn:aws:s3:::other/*", "arn:aws:s3:::b/ke?"]}], True),
        ([{**ALL, "Resource": "arn:aws:s3:::b/public/*"}], False),
        ([{**ALL, "Resource": "arn:aws:s3:::b"}], False),
        ([{**ALL, "Resource": "arn:aws:s3:::b/[k]ey"}], False),
        ([OPEN], False),
        ([{**ALL, "Effect": "Deny"}], False),
        ([ALL, {**ALL, "Effect": "Deny", "Resource": "arn:aws:s3:::b/key"}], False),
        ([{**ALL, "Action": "s3:ListBucket"}], False),
        ([{**ALL, "Principal": {"AWS": "arn:aws:iam::1:root"}}], False),
        ([{**ALL, "Condition": {"IpAddress": {}}}], False),
        ([], False),
        ("no list", False),
    ],
)
def test_policies(statements: object, expected: bool) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": statements}).encode()
    assert lets_everyone_read(document, "b", "key") is expected


@given(st.one_of(st.binary(), st.recursive(st.text(), st.lists).map(json.dumps).map(str.encode)))
def test_a_policy_that_cannot_be_read_opens_nothing(policy: bytes) -> None:
    assert not lets_everyone_read(policy, "b", "key")
