"""Signatures, against the examples that AWS publishes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_provisioner.clients.sigv4 import (
    Credentials,
    Pairs,
    Scope,
    Unsigned,
    presign,
    query_string,
    sign,
    signature,
)

AUGUST = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
MAY = datetime(2013, 5, 24, tzinfo=UTC)
EXAMPLE = Credentials(
    access_key_id="AKIDEXAMPLE", secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)
S3_EXAMPLE = Credentials(
    access_key_id="AKIAIOSFODNN7EXAMPLE",
    secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
)
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
SUITE_HOST = {"host": "example.amazonaws.com"}
BUCKET_HOST = {"host": "examplebucket.s3.amazonaws.com"}
VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"


@dataclass(frozen=True, kw_only=True)
class Vector:
    name: str
    signature: str
    service: str = "service"
    method: str = "GET"
    path: str = "/"
    query: Pairs = ()
    headers: tuple[tuple[str, str], ...] = tuple(SUITE_HOST.items())
    body: bytes = b""


VECTORS = (
    Vector(
        name="the guide's ListUsers",
        service="iam",
        query=(("Action", "ListUsers"), ("Version", "2010-05-08")),
        headers=(("Host", "iam.amazonaws.com"), *FORM.items()),
        signature="5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    ),
    Vector(name="get-vanilla", signature=VANILLA),
    Vector(name="get-slash-dot-slash", path="/./", signature=VANILLA),
    Vector(name="get-relative", path="/example/..", signature=VANILLA),
    Vector(name="get-relative-relative", path="/example1/example2/../..", signature=VANILLA),
    Vector(name="get-slash", path="//", signature=VANILLA),
    Vector(
        name="get-vanilla-query-order-key-case",
        query=(("Param2", "value2"), ("Param1", "value1")),
        signature="b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    Vector(
        name="post-vanilla",
        method="POST",
        signature="5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ),
    Vector(
        name="S3 GET object",
        service="s3",
        path="/test.txt",
        headers=(*BUCKET_HOST.items(), ("Range", "bytes=0-9")),
        signature="f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    Vector(
        name="S3 PUT object",
        service="s3",
        method="PUT",
        path="/test%24file.text",
        headers=(
            *BUCKET_HOST.items(),
            ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ),
        body=b"Welcome to Amazon S3.",
        signature="98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    Vector(
        name="S3 GET bucket lifecycle",
        service="s3",
        query=(("lifecycle", ""),),
        headers=tuple(BUCKET_HOST.items()),
        signature="fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ),
    Vector(
        name="S3 list objects",
        service="s3",
        query=(("max-keys", "2"), ("prefix", "J")),
        headers=tuple(BUCKET_HOST.items()),
        signature="34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ),
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_published_signatures(vector: Vector) -> None:
    of_s3 = vector.service == "s3"
    headers = sign(
        Unsigned(
            method=vector.method,
            path=vector.path,
            query=vector.query,
            headers=dict(vector.headers),
            body=vector.body,
        ),
        credentials=S3_EXAMPLE if of_s3 else EXAMPLE,
        scope=Scope(region="us-east-1", service=vector.service),
        now=MAY if of_s3 else AUGUST,
    )
    assert headers["authorization"].rpartition("Signature=")[2] == vector.signature


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_server_finds_the_same_signature(vector: Vector) -> None:
    """From nothing but what stands in the request that was sent."""
    of_s3 = vector.service == "s3"
    credentials = S3_EXAMPLE if of_s3 else EXAMPLE
    scope = Scope(region="us-east-1", service=vector.service)
    request = Unsigned(
        method=vector.method,
        path=vector.path,
        query=vector.query,
        headers=dict(vector.headers),
        body=vector.body,
    )
    now = MAY if of_s3 else AUGUST
    sent = sign(request, credentials=credentials, scope=scope, now=now)
    received = replace(
        request, headers={name: sent[name] for name in sent if name != "authorization"}, body=b""
    )
    found = signature(
        received,
        payload_hash=hashlib.sha256(vector.body).hexdigest(),
        credentials=credentials,
        scope=scope,
        now=now,
    )
    assert found == vector.signature


def test_published_link() -> None:
    query = presign(
        Unsigned(method="GET", path="/test.txt", headers=BUCKET_HOST),
        credentials=S3_EXAMPLE,
        scope=Scope(region="us-east-1", service="s3"),
        now=MAY,
        expires=86400,
    )
    assert query.endswith(
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    assert "X-Amz-Expires=86400" in query


def test_header_names_the_scope_and_every_signed_header() -> None:
    headers = sign(
        Unsigned(method="POST", path="/", headers={"Host": "h", "X-Amz-Target": "t"}),
        credentials=Credentials(access_key_id="K", secret_access_key="s", session_token="tok"),
        scope=Scope(region="eu-north-1", service="sqs"),
        now=AUGUST,
    )
    assert headers["authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=K/20150830/eu-north-1/sqs/aws4_request, "
        "SignedHeaders=host;x-amz-date;x-amz-security-token;x-amz-target, Signature="
    )
    assert headers["x-amz-date"] == "20150830T123600Z"
    assert headers["x-amz-security-token"] == "tok"


def test_the_time_zone_of_the_clock_does_not_matter() -> None:
    def signed(now: datetime) -> dict[str, str]:
        request = Unsigned(method="GET", path="/", headers=SUITE_HOST)
        scope = Scope(region="us-east-1", service="sns")
        return sign(request, credentials=EXAMPLE, scope=scope, now=now)

    elsewhere = AUGUST.astimezone(timezone(timedelta(hours=14)))
    assert signed(elsewhere) == signed(AUGUST)


def test_secrets_stay_out_of_repr() -> None:
    credentials = Credentials(
        access_key_id="K", secret_access_key="hush-secret", session_token="hush-token"
    )
    assert "hush" not in repr(credentials)


pairs = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=6)


@given(pairs)
def test_the_order_of_a_query_does_not_matter(given_pairs: list[tuple[str, str]]) -> None:
    assert query_string(reversed(given_pairs)) == query_string(given_pairs)


@given(pairs)
def test_a_query_holds_only_unreserved_characters(given_pairs: list[tuple[str, str]]) -> None:
    assert set(query_string(given_pairs)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~%&="
    )
