"""S3: paths and bodies of each call, and what becomes of the answers."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.wire import CREDENTIALS, FakeTransport, answer, fixed_clock

from encore_provisioner.clients.aws import AwsError
from encore_provisioner.clients.s3 import S3, CorsRule, ObjectInfo, ObjectVersion, path_style

NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
RULE = CorsRule(
    origins=("https://a.example",),
    methods=("GET", "PUT"),
    headers=("*",),
    expose_headers=("etag",),
    max_age=60,
)


def door(
    *answers: Any, endpoint: str = "http://127.0.0.1:1", region: str = "us-east-1"
) -> tuple[S3, FakeTransport]:
    transport = FakeTransport(*answers, host=urlsplit(endpoint).netloc)
    s3 = S3(
        endpoint=endpoint,
        region=region,
        credentials=CREDENTIALS,
        connect=lambda _: transport,
        clock=fixed_clock,
    )
    return s3, transport


def md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


BLOCKS = "".join(
    f"<{name}>false</{name}>"
    for name in (
        "BlockPublicAcls",
        "BlockPublicPolicy",
        "IgnorePublicAcls",
        "RestrictPublicBuckets",
    )
)

CALLS: tuple[tuple[str, Callable[[S3], object], str, bytes], ...] = (
    ("create_bucket", lambda s3: s3.create_bucket("b-1"), "PUT /b-1", b""),
    ("delete_bucket", lambda s3: s3.delete_bucket("b-1"), "DELETE /b-1", b""),
    ("bucket_exists", lambda s3: s3.bucket_exists("b-1"), "HEAD /b-1", b""),
    (
        "set_versioning",
        lambda s3: s3.set_versioning("b-1", True),
        "PUT /b-1?versioning=",
        f"<VersioningConfiguration {NS}><Status>Enabled</Status>"
        "</VersioningConfiguration>".encode(),
    ),
    (
        "set_versioning off",
        lambda s3: s3.set_versioning("b-1", False),
        "PUT /b-1?versioning=",
        f"<VersioningConfiguration {NS}><Status>Suspended</Status>"
        "</VersioningConfiguration>".encode(),
    ),
    ("set_policy", lambda s3: s3.set_policy("b-1", "{}"), "PUT /b-1?policy=", b"{}"),
    ("delete_policy", lambda s3: s3.delete_policy("b-1"), "DELETE /b-1?policy=", b""),
    (
        "set_public_access_block",
        lambda s3: s3.set_public_access_block("b-1", False),
        "PUT /b-1?publicAccessBlock=",
        f"<PublicAccessBlockConfiguration {NS}>{BLOCKS}</PublicAccessBlockConfiguration>".encode(),
    ),
    (
        "set_tags",
        lambda s3: s3.set_tags("b-1", {"b": "2", "a": "<&>"}),
        "PUT /b-1?tagging=",
        f"<Tagging {NS}><TagSet><Tag><Key>a</Key><Value>&lt;&amp;&gt;</Value></Tag>"
        "<Tag><Key>b</Key><Value>2</Value></Tag></TagSet></Tagging>".encode(),
    ),
    ("delete_tags", lambda s3: s3.delete_tags("b-1"), "DELETE /b-1?tagging=", b""),
    (
        "set_cors",
        lambda s3: s3.set_cors("b-1", [RULE]),
        "PUT /b-1?cors=",
        f"<CORSConfiguration {NS}><CORSRule><AllowedHeader>*</AllowedHeader>"
        "<AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod>"
        "<AllowedOrigin>https://a.example</AllowedOrigin><ExposeHeader>etag</ExposeHeader>"
        "<MaxAgeSeconds>60</MaxAgeSeconds></CORSRule></CORSConfiguration>".encode(),
    ),
    ("delete_cors", lambda s3: s3.delete_cors("b-1"), "DELETE /b-1?cors=", b""),
    (
        "put",
        lambda s3: s3.put("b-1", "a b/ü+&?.txt", b"x"),
        "PUT /b-1/a%20b/%C3%BC%2B%26%3F.txt",
        b"x",
    ),
    ("get", lambda s3: s3.get("b-1", "k"), "GET /b-1/k", b""),
    (
        "get a version",
        lambda s3: s3.get("b-1", "k", version_id="v/1"),
        "GET /b-1/k?versionId=v%2F1",
        b"",
    ),
    ("delete", lambda s3: s3.delete("b-1", "k"), "DELETE /b-1/k", b""),
    (
        "delete a version",
        lambda s3: s3.delete("b-1", "k", version_id="v"),
        "DELETE /b-1/k?versionId=v",
        b"",
    ),
    ("a key with a leading slash", lambda s3: s3.get("b-1", "/k"), "GET /b-1//k", b""),
    ("a key of dots", lambda s3: s3.get("b-1", "../k"), "GET /b-1/../k", b""),
)


@pytest.mark.parametrize(
    ("call", "line", "body"), [c[1:] for c in CALLS], ids=[c[0] for c in CALLS]
)
def test_requests(call: Callable[[S3], object], line: str, body: bytes) -> None:
    s3, transport = door(answer())
    call(s3)
    [request] = transport.requests
    assert f"{request.method} {request.target}" == line
    assert request.body == body
    assert request.headers["x-amz-content-sha256"] == hashlib.sha256(body).hexdigest()


def test_put_lets_the_server_check_the_content() -> None:
    s3, transport = door(answer(x_amz_version_id="v1"))
    assert s3.put("b-1", "k", b"data", content_type="text/plain") == "v1"
    headers = transport.requests[0].headers
    assert (headers["content-md5"], headers["content-type"]) == (md5(b"data"), "text/plain")


def test_a_region_of_its_own_is_named_at_creation() -> None:
    s3, transport = door(answer(), region="eu-north-1")
    s3.create_bucket("b-1")
    assert b"<LocationConstraint>eu-north-1</LocationConstraint>" in transport.requests[0].body


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("http://127.0.0.1:9000", True),
        ("http://[::1]:9000", True),
        ("https://s3.eu-north-1.amazonaws.com", False),
        ("http://localhost:9000", False),
    ],
)
def test_path_style_for_addresses_only(endpoint: str, expected: bool) -> None:
    assert path_style(endpoint) is expected


def test_names_get_the_bucket_into_the_host() -> None:
    origins: list[str] = []
    transport = FakeTransport(answer(b"x"), host="b-1.s3.eu-north-1.amazonaws.com")

    def connect(origin: str) -> FakeTransport:
        origins.append(origin)
        return transport

    s3 = S3(
        endpoint="https://s3.eu-north-1.amazonaws.com",
        region="eu-north-1",
        credentials=CREDENTIALS,
        connect=connect,
    )
    assert s3.get("b-1", "a/k") == b"x"
    assert origins == ["https://b-1.s3.eu-north-1.amazonaws.com"]
    assert transport.requests[0].target == "/a/k"


def test_lists_all_pages_of_objects() -> None:
    def page(key: str, token: str) -> Any:
        following = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
        return answer(
            f"<ListBucketResult {NS}><Contents><Key>{key}</Key><Size>3</Size>"
            f"<ETag>&quot;e&quot;</ETag></Contents>{following}</ListBucketResult>"
        )

    s3, transport = door(page("a", "t 1"), page("b", ""))
    assert list(s3.list_objects("b-1", "p/")) == [
        ObjectInfo(key="a", size=3, etag="e"),
        ObjectInfo(key="b", size=3, etag="e"),
    ]
    assert [request.target for request in transport.requests] == [
        "/b-1?list-type=2&prefix=p%2F",
        "/b-1?continuation-token=t%201&list-type=2&prefix=p%2F",
    ]


def test_lists_all_pages_of_versions() -> None:
    first = (
        "<R><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
        "<NextVersionIdMarker>v1</NextVersionIdMarker><DeleteMarker><Key>k</Key>"
        "<VersionId>v2</VersionId><IsLatest>true</IsLatest></DeleteMarker></R>"
    )
    second = (
        "<R><IsTruncated>false</IsTruncated><Version><Key>k</Key><VersionId>v1</VersionId>"
        "<IsLatest>false</IsLatest><Size>5</Size></Version></R>"
    )
    s3, transport = door(answer(first), answer(second))
    assert list(s3.list_versions("b-1", "p")) == [
        ObjectVersion(key="k", version_id="v2", latest=True, delete_marker=True, size=0),
        ObjectVersion(key="k", version_id="v1", latest=False, delete_marker=False, size=5),
    ]
    query = parse_qs(urlsplit(transport.requests[1].target).query)
    assert (query["key-marker"], query["version-id-marker"]) == (["k"], ["v1"])


def test_deletes_versions_in_batches() -> None:
    many = tuple(
        ObjectVersion(key=f"k<{n}", version_id=f"v{n}", latest=True, delete_marker=False, size=0)
        for n in range(1001)
    )
    s3, transport = door(answer("<DeleteResult/>"), answer("<DeleteResult/>"))
    s3.delete_versions("b-1", many)
    first, second = transport.requests
    assert (first.body.count(b"<Object>"), second.body.count(b"<Object>")) == (1000, 1)
    assert b"<Key>k&lt;1000</Key><VersionId>v1000</VersionId>" in second.body
    assert second.target == "/b-1?delete="
    assert second.headers["content-md5"] == md5(second.body)


def test_a_version_that_is_not_deleted_is_an_error() -> None:
    version = ObjectVersion(key="k", version_id="v", latest=True, delete_marker=False, size=0)
    failed = "<R><Error><Key>k</Key><Code>AccessDenied</Code><Message>no</Message></Error></R>"
    s3, _ = door(answer(failed))
    with pytest.raises(AwsError) as caught:
        s3.delete_versions("b-1", [version])
    assert (caught.value.code, caught.value.detail) == ("AccessDenied", "k: no")


READS: tuple[tuple[str, Callable[[S3], object], str, object, str, object], ...] = (
    ("policy", lambda s3: s3.policy("b-1"), '{"a": 1}', '{"a": 1}', "NoSuchBucketPolicy", None),
    (
        "tags",
        lambda s3: s3.tags("b-1"),
        "<R><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></R>",
        {"a": "1"},
        "NoSuchTagSet",
        {},
    ),
    (
        "cors",
        lambda s3: s3.cors("b-1"),
        "<R><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"
        "</CORSRule></R>",
        (CorsRule(origins=("*",), methods=("GET",)),),
        "NoSuchCORSConfiguration",
        (),
    ),
    (
        "public access",
        lambda s3: s3.public_access_blocked("b-1"),
        f"<R>{BLOCKS.replace('false', 'TRUE')}</R>",
        True,
        "NoSuchPublicAccessBlockConfiguration",
        False,
    ),
)


@pytest.mark.parametrize(
    ("call", "body", "value", "code", "without"), [r[1:] for r in READS], ids=[r[0] for r in READS]
)
def test_settings_that_may_be_absent(
    call: Callable[[S3], object], body: str, value: object, code: str, without: object
) -> None:
    absent = f"<Error><Code>{code}</Code><Message>none</Message></Error>"
    s3, _ = door(answer(body), answer(absent, status=404))
    assert call(s3) == value
    assert call(s3) == without


@pytest.mark.parametrize("call", [r[1] for r in READS], ids=[r[0] for r in READS])
def test_a_missing_bucket_is_not_a_missing_setting(call: Callable[[S3], object]) -> None:
    s3, _ = door(answer("<Error><Code>NoSuchBucket</Code></Error>", status=404))
    with pytest.raises(AwsError) as caught:
        call(s3)
    assert caught.value.missing


def test_partly_blocked_is_not_blocked() -> None:
    s3, _ = door(answer(f"<R>{BLOCKS.replace('false', 'true', 1)}</R>"))
    assert s3.public_access_blocked("b-1") is False


@pytest.mark.parametrize(("status", "expected"), [(200, True), (404, False)])
def test_existence(status: int, expected: bool) -> None:
    s3, _ = door(answer(status=status))
    assert s3.bucket_exists("b-1") is expected


def test_a_forbidden_bucket_is_not_a_missing_one() -> None:
    s3, _ = door(answer(status=403))
    with pytest.raises(AwsError) as caught:
        s3.bucket_exists("b-1")
    assert (caught.value.code, caught.value.status) == ("403", 403)


def test_size() -> None:
    s3, _ = door(answer(content_length="12"), answer(status=404))
    assert (s3.size("b-1", "k"), s3.size("b-1", "k")) == (12, None)


def test_an_error_that_is_no_xml() -> None:
    s3, _ = door(answer("<html><p>Bad gateway", status=502))
    with pytest.raises(AwsError) as caught:
        s3.get("b-1", "k")
    assert (caught.value.code, caught.value.detail) == ("502", "<html><p>Bad gateway")


def test_links() -> None:
    s3, transport = door()
    link = urlsplit(s3.presign("PUT", "b-1", "a b", expires=60))
    assert (link.netloc, link.path) == ("127.0.0.1:1", "/b-1/a%20b")
    assert parse_qs(link.query)["X-Amz-Expires"] == ["60"]
    assert transport.requests == []


@pytest.mark.parametrize("seconds", [0, -1, 7 * 24 * 3600 + 1])
def test_links_of_impossible_length(seconds: int) -> None:
    s3, _ = door()
    with pytest.raises(ValueError, match="seconds"):
        s3.presign("GET", "b-1", "k", expires=seconds)
