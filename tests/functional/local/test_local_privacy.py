"""Private means private on this machine too."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from minio import Minio
from tests.support.tool import Tool

from encore_local.aws import open_doors
from encore_local.resources.bucket import read_policy


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def key_of(tool: Tool) -> str:
    block = tool.infra()["object_storage"][0]
    return tool.variables()[block["secret_access_key"]["$env"]]


def client(tool: Tool) -> tuple[Minio, dict[str, dict[str, str]], str]:
    block = tool.infra()["object_storage"][0]
    secret = key_of(tool)
    minio = Minio(
        block["endpoint"].removeprefix("http://"),
        access_key=block["access_key_id"],
        secret_key=secret,
        secure=False,
        region=block["region"],
    )
    return minio, block["buckets"], block["endpoint"]


def test_who_may_read_what(running_shop: Tool) -> None:
    minio, buckets, endpoint = client(running_shop)
    with (running_shop.app / "encore.app").open("rb") as body:
        for name in ("invoices", "product-images"):
            minio.put_object(buckets[name]["name"], "x.txt", body, -1, part_size=10 << 20)
            body.seek(0)
    private, public = buckets["invoices"]["name"], buckets["product-images"]
    assert status(f"{endpoint}/{private}/x.txt") == 403
    assert status(f"{endpoint}/{private}") == 403
    assert status(f"{public['public_base_url']}/x.txt") == 200
    assert status(f"{endpoint}/{public['name']}") == 403
    assert status(minio.presigned_get_object(private, "x.txt")) == 200
    for name in (private, public["name"]):
        minio.remove_object(name, "x.txt")


@pytest.mark.parametrize("opened", ["policy", "block"])
def test_an_opened_bucket_is_closed_by_the_next_apply(running_shop: Tool, opened: str) -> None:
    minio, buckets, endpoint = client(running_shop)
    private, key = buckets["invoices"]["name"], key_of(running_shop)
    doors = open_doors(endpoint, key)
    try:
        doors.s3.set_public_access_block(private, False)
        if opened == "policy":
            minio.set_bucket_policy(private, json.dumps(read_policy(private)))
    finally:
        doors.close()
    plan = running_shop.ok("plan", "--format", "json").json()
    assert plan["summary"]["update"] == 1
    running_shop.apply()
    assert running_shop.ok("plan", "--format", "json").json()["summary"]["update"] == 0
    assert status(f"{endpoint}/{private}/nothing") == 403
