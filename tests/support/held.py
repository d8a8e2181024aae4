"""An environment that another process holds, as far as Pulumi can tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tests.support.aws_world import World

WHO: Final = "bo@mill, process 7, since 2026-01-02T03:04:05Z"
_CONTENT: Final = {
    "pid": 7, "username": "bo", "hostname": "mill", "timestamp": "2026-01-02T03:04:05Z",
}  # fmt: skip
_STATE: Final = re.compile(r"(?P<before>.*)\.pulumi/stacks/(?P<stack>[^.]+)\.json(\.gz)?")


@contextmanager
def held(world: World) -> Iterator[None]:
    """The one environment in the account."""
    s3 = world.client("s3")
    bucket, found = _state(s3)
    key = f"{found['before']}.pulumi/locks/organization/{found['stack']}/another.json"
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(_CONTENT).encode())
    try:
        yield
    finally:
        s3.delete_object(Bucket=bucket, Key=key)


def _state(s3: Any) -> tuple[str, re.Match[str]]:
    (found,) = (
        (bucket["Name"], match)
        for bucket in s3.list_buckets()["Buckets"]
        for item in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
        if (match := _STATE.fullmatch(item["Key"]))
    )
    return found
