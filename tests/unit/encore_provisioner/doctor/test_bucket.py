"""A bucket's check on a bucket in memory: what is tried, and that every version goes again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.aws_fakes import FakeObjects

from encore_config import graph as graphs
from encore_config import infra
from encore_config.position import At
from encore_provisioner.clients.transport import Response, UnreachableError
from encore_provisioner.doctor.bucket import check_bucket
from encore_provisioner.doctor.check import CheckError, Finding
from encore_provisioner.doctor.targets import BucketTarget

ENVIRON = {"KEY": "secret", "AWS_ACCESS_KEY_ID": "chain", "AWS_SECRET_ACCESS_KEY": "s"}
LOCAL, CLOUD = "http://127.0.0.1:9", "https://s3.eu-north-1.amazonaws.com"
CONTENT = b"encore-infra doctor\n"


def target(endpoint: str = LOCAL, **changed: str) -> BucketTarget:
    return BucketTarget(
        name="uploads",
        bucket=infra.Bucket(name="shop-uploads", **changed),
        region="eu-north-1",
        endpoint=endpoint,
        access_key_id="id",
        secret_access_key=infra.EnvRef(env="KEY"),
    )


def answering(status: int, body: bytes = CONTENT) -> Callable[[str], Response]:
    return lambda _: Response(status=status, headers={}, body=body)


REFUSED = answering(403)


def check(
    objects: FakeObjects,
    of: BucketTarget | None = None,
    *,
    graph: graphs.Graph | None = None,
    fetch: Callable[[str], Response] = REFUSED,
) -> Finding:
    return check_bucket(of or target(), ENVIRON, graph, lambda *_: objects, fetch)


def test_in_order() -> None:
    objects = FakeObjects()
    finding = check(objects)
    assert finding == Finding(detail=f"shop-uploads at {LOCAL}, keeps versions, private")
    assert (objects.versions, objects.content, objects.closed) == ([], {}, True)


@pytest.mark.parametrize("call", ["put", "get", "delete"])
def test_whatever_fails_the_object_goes(call: str) -> None:
    objects = FakeObjects(fails=frozenset({call}))
    with pytest.raises(CheckError, match="the bucket shop-uploads was refused: not allowed"):
        check(objects)
    assert (objects.versions, objects.closed) == ([], True)


def test_an_object_that_comes_back_changed() -> None:
    objects = FakeObjects(garbles=True)
    with pytest.raises(CheckError, match="came back changed"):
        check(objects)
    assert objects.versions == []


def test_an_interrupt_removes_the_object() -> None:
    def interrupted(_: str) -> Response:
        raise KeyboardInterrupt

    objects = FakeObjects()
    with pytest.raises(KeyboardInterrupt):
        check(objects, fetch=interrupted)
    assert objects.versions == []


def test_only_reserved_keys_are_swept() -> None:
    objects = FakeObjects()
    prefixed = target(key_prefix="shop/")
    for key in (
        "shop/encore-doctor/1000000000-0123456789ab",
        "shop/encore-doctor/9999999999-0123456789ab",
        "shop/encore-doctor/mine",
        "encore-doctor/1000000000-0123456789ab",
    ):
        objects.put("shop-uploads", key, b"")
    check(objects, prefixed)
    assert [version.key for version in objects.versions] == [
        "shop/encore-doctor/9999999999-0123456789ab",
        "shop/encore-doctor/mine",
        "encore-doctor/1000000000-0123456789ab",
    ]


def test_public_objects_are_read_by_the_url_that_the_app_hands_out() -> None:
    asked: list[str] = []

    def fetch(url: str) -> Response:
        asked.append(url)
        return Response(status=200, headers={}, body=CONTENT)

    public = target(public_base_url="https://cdn.example/shop", key_prefix="shop/")
    finding = check(FakeObjects(), public, fetch=fetch)
    assert finding.detail.endswith("public at https://cdn.example/shop")
    [url] = asked
    assert url.startswith("https://cdn.example/shop/encore-doctor/")


@pytest.mark.parametrize("fetch", [answering(403), answering(200, b"else")])
def test_public_objects_that_cannot_be_read(fetch: Callable[[str], Response]) -> None:
    with pytest.raises(CheckError, match="to a reader without credentials"):
        check(FakeObjects(), target(public_base_url="https://cdn.example"), fetch=fetch)


def refusing(url: str) -> Response:
    raise UnreachableError(url, "no such host", refused=False, timed_out=False)


def test_a_public_url_that_cannot_be_reached() -> None:
    with pytest.raises(CheckError, match="public_base_url cannot be reached"):
        check(FakeObjects(), target(public_base_url="https://cdn.example"), fetch=refusing)


@pytest.mark.parametrize("endpoint", [LOCAL, CLOUD])
def test_private_objects_that_anyone_gets(endpoint: str) -> None:
    with pytest.raises(CheckError, match="anyone can read its objects"):
        check(FakeObjects(), target(endpoint), fetch=answering(200))


@pytest.mark.parametrize("fetch", [answering(403), answering(404), refusing])
def test_private_objects_that_nobody_gets(fetch: Callable[[str], Response]) -> None:
    assert check(FakeObjects(), target(CLOUD), fetch=fetch).hint is None


@pytest.mark.parametrize(
    ("endpoint", "start"),
    [
        (LOCAL, f"{LOCAL}/shop-uploads/encore-doctor/"),
        (CLOUD, "https://shop-uploads.s3.eu-north-1.amazonaws.com/encore-doctor/"),
    ],
)
def test_where_a_stranger_would_look(endpoint: str, start: str) -> None:
    asked: list[str] = []

    def fetch(url: str) -> Response:
        asked.append(url)
        return Response(status=403, headers={}, body=b"")

    check(FakeObjects(), target(endpoint), fetch=fetch)
    assert asked[0].startswith(start)


def graph(*, public: bool = False, versioned: bool = False) -> graphs.Graph:
    at = At(file="a.ts", line=1, column=1)
    return graphs.Graph(
        app=graphs.App(id="", language="typescript"),
        gateway=graphs.Gateway(),
        buckets=(graphs.Bucket(name="uploads", public=public, versioned=versioned, at=at),),
    )


def test_the_source_wants_versions() -> None:
    with pytest.raises(CheckError, match="keeps no versions"):
        check(FakeObjects(keeps=False), graph=graph(versioned=True))


def test_the_source_wants_it_public() -> None:
    with pytest.raises(CheckError, match="has no public_base_url"):
        check(FakeObjects(), graph=graph(public=True))


def test_versions_that_nobody_asked_for_are_fine() -> None:
    assert "keeps versions" in check(FakeObjects(), graph=graph()).detail


def test_half_a_key() -> None:
    half = BucketTarget(
        name="uploads",
        bucket=infra.Bucket(name="b"),
        region="r",
        endpoint=LOCAL,
        access_key_id="id",
        secret_access_key=None,
    )
    with pytest.raises(CheckError, match="both be there, or neither"):
        check(FakeObjects(), half)
