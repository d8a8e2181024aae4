"""A mark is the same as long as the state is, wherever it lies and whoever wrote it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.aws_state import MADE, quick
from tests.support.steps import TOPIC

from encore_aws.account import Account
from encore_aws.state_mark import UNKNOWN, mark, refuse_stale
from encore_aws.state_store import Backend
from encore_provisioner.engine.state import NOTHING
from encore_provisioner.errors import RefusedError

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
Write = Callable[[str, bytes], None]


def written(name: str = "events", cipher: str = "v1:a", when: str = "1") -> bytes:
    """As Pulumi's CLI writes a state into its backend."""
    topic = {
        "urn": TOPIC.urn,
        "type": TOPIC.type,
        "outputs": {"name": name, "word": {**SECRET, "ciphertext": cipher}},
    }
    latest = {"manifest": {"time": when}, "resources": [topic]}
    return json.dumps({"version": 3, "checkpoint": {"stack": "x", "latest": latest}}).encode()


EMPTY = json.dumps({"version": 3, "checkpoint": {"stack": "x", "latest": None}}).encode()


@pytest.fixture(params=["s3", "folder"])
def place(
    request: pytest.FixtureRequest, account: Account, tmp_path: Path
) -> tuple[Backend, Write]:
    if request.param == "s3":
        backend, s3 = quick(MADE, account), account.client("s3")

        def put(ending: str, content: bytes) -> None:
            key = f"{backend.prefix}/.pulumi/stacks/shop/dev{ending}"
            s3.put_object(Bucket=backend.bucket, Key=key, Body=content)

        return backend, put

    def write(ending: str, content: bytes) -> None:
        path = tmp_path / "kept å" / ".pulumi" / "stacks" / "shop" / f"dev{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    url = f"file://{tmp_path}/kept%20%C3%A5"
    return Backend(url=url, secrets_provider="passphrase"), write


def of(backend: Backend | None, account: Account, stack: str = "dev") -> str:
    return mark(backend, "shop", stack, account)


def test_where_nothing_was_applied_there_is_nothing(
    place: tuple[Backend, Write], account: Account
) -> None:
    backend, write = place
    assert of(None, account) == NOTHING
    assert of(backend, account) == NOTHING
    write(".json", EMPTY)
    assert of(backend, account) == NOTHING


def test_it_changes_with_what_is_there_and_with_nothing_else(
    place: tuple[Backend, Write], account: Account
) -> None:
    backend, write = place
    write(".json", written())
    first = of(backend, account)
    assert first not in (NOTHING, UNKNOWN)
    write(".json", written(cipher="v1:b", when="2"))
    assert of(backend, account) == first
    write(".json", written(name="others"))
    assert of(backend, account) != first
    assert of(backend, account, "other") == NOTHING


def test_packed_it_is_the_same(place: tuple[Backend, Write], account: Account) -> None:
    backend, write = place
    write(".json.gz", gzip.compress(written()))
    packed = of(backend, account)
    write(".json", written(name="others"))
    assert of(backend, account) != packed
    other = replace(backend, prefix=f"{backend.prefix}/not")
    assert (of(other, account) == NOTHING) == bool(backend.bucket)


BROKEN: dict[str, bytes] = {
    "empty": b"",
    "cut off": b"{",
    "a list": b"[]",
    "a number": b'{"checkpoint": 3}',
    "packed and cut off": gzip.compress(written())[:40],
    "no text": b"\xff\xfe",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_for_pulumi_to_say(
    place: tuple[Backend, Write], account: Account, content: bytes
) -> None:
    backend, write = place
    write(".json", content)
    assert of(backend, account) == UNKNOWN


@pytest.mark.parametrize("url", ["gs://acme-state/x", "https://api.pulumi.com"])
def test_elsewhere_there_is_no_mark(account: Account, url: str) -> None:
    assert of(Backend(url=url, secrets_provider=None), account) == UNKNOWN


def test_only_two_marks_that_differ_are_refused() -> None:
    for shown, now in (("a", "a"), (UNKNOWN, "a"), ("a", UNKNOWN), (NOTHING, NOTHING)):
        refuse_stale(shown, now)
    for shown, now in (("a", "b"), (NOTHING, "a"), ("a", NOTHING)):
        with pytest.raises(RefusedError) as refused:
            refuse_stale(shown, now)
        assert refused.value.code == "plan-stale"
