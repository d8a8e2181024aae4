"""What is put on disk after which request, with a handler that only notes that it was asked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from encore_local.servers.ministack_s3 import Answer, Query, lasting
from encore_local.servers.stored_objects import Memory, OnDisk, StoredObjects


class World:
    """A bucket in a server's memory; its handler does nothing to it by itself."""

    def __init__(self, folder: Path) -> None:
        self.memory = Memory(buckets={"b": {"objects": {}}}, versions={}, tags={}, acls={})
        self.objects = StoredObjects(folder, self.memory)
        self.asked: list[str] = []

    def ask(self, method: str, path: str, query: Query | None = None, body: bytes = b"") -> Answer:
        async def handle(method: str, path: str, *_: Any, **more: Any) -> Answer:
            self.asked.append(f"{method} {path} {more}")
            return 204, {}, b""

        async def asking() -> Answer:
            handler = lasting(handle, self.objects)
            return await handler(method, path, {}, body, query or {}, signed_path="/x")

        return asyncio.run(asking())

    def hold(self, *keys: str) -> None:
        for key in keys:
            self.memory.buckets["b"]["objects"][key] = {"body": b"1", "size": 1}

    def saved(self) -> set[str]:
        held = self.memory.buckets["b"]["objects"]
        return {key for key, record in held.items() if isinstance(record, OnDisk)}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize(
    ("method", "path", "query", "saved"),
    [
        ("PUT", "/b/a", {}, {"a"}),
        ("PUT", "/b/a", {"tagging": [""]}, {"a"}),
        ("POST", "/b/a", {"uploadId": ["1"]}, {"a"}),
        ("DELETE", "/b/a", {}, {"a"}),
        ("PUT", "/b/c//d/", {}, {"c//d/"}),
        ("GET", "/b/a", {}, set()),
        ("HEAD", "/b/a", {}, set()),
        ("POST", "/b", {}, {"a", "c//d/"}),
    ],
)
def test_what_is_saved(world: World, method: str, path: str, query: Query, saved: set[str]) -> None:
    world.hold("a", "c//d/")
    assert world.ask(method, path, query)[0] == 204
    assert world.saved() == saved
    assert world.asked == [f"{method} {path} {{'signed_path': '/x'}}"]


def test_a_deletion_of_many_keys_at_once(world: World, tmp_path: Path) -> None:
    world.hold("a", "b&", "c")
    for key in ("a", "b&", "c"):
        world.objects.save("b", key)
    world.memory.buckets["b"]["objects"] = {"c": world.memory.buckets["b"]["objects"]["c"]}
    names = "<Object><Key>a</Key></Object><Object><Key>b&amp;</Key></Object>"
    body = f'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{names}</Delete>'
    world.ask("POST", "/b", {"delete": [""]}, body.encode())
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2
    assert world.ask("POST", "/b", {"delete": [""]}, b"<no xml")[0] == 204


def test_a_bucket_with_old_versions_is_not_empty(world: World) -> None:
    world.memory.versions["b", "a"] = [{"version_id": "1", "size": 1, "data": b"1"}]
    status, _, body = world.ask("DELETE", "/b", {"x-id": ["DeleteBucket"]})
    assert (status, world.asked) == (409, [])
    assert b"<Code>BucketNotEmpty</Code>" in body
    assert world.ask("DELETE", "/b", {"policy": [""]})[0] == 204
    world.memory.versions.clear()
    assert world.ask("DELETE", "/b")[0] == 204


def test_a_deleted_bucket_leaves_no_file(world: World, tmp_path: Path) -> None:
    world.hold("a")
    world.ask("PUT", "/b/a")
    world.memory.buckets.clear()
    world.ask("DELETE", "/b/")
    assert list(tmp_path.iterdir()) == []


def test_what_the_disk_refuses_is_told(world: World, tmp_path: Path) -> None:
    world.hold("a")
    (tmp_path / "b").write_text("in the way of the bucket's folder")
    status, headers, body = world.ask("PUT", "/b/a")
    assert (status, headers) == (503, {"Content-Type": "application/xml"})
    assert b"<Code>ServiceUnavailable</Code><Message>The disk did not take it: " in body
