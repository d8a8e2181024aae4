"""Objects on disk: after a restart the memory is what it was, for every key and version."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_local.servers.stored_objects import Memory, OnDisk, StoredObjects

KEYS = ("a", "a/b", "a//b", "a/", "../../a", ".", "a.json", "k" * 1024, "ünï ✓+%2F", "\0")


def memory() -> Memory:
    return Memory(buckets={}, versions={}, tags={}, acls={})


def content(body: bytes, name: str = "body", **more: Any) -> dict[str, Any]:
    return {name: body, "size": len(body), "etag": "e", "metadata": {"who": "ü"}, **more}


class World:
    """A server's memory and the folder in which its objects are kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.memory = memory()
        self.objects = StoredObjects(folder, self.memory)

    def put(self, key: str, body: bytes, bucket: str = "bucket") -> None:
        held = self.memory.buckets.setdefault(bucket, {"objects": {}})
        held["objects"][key] = content(body)
        self.objects.save(bucket, key)

    def restart(self) -> World:
        started = World(self.folder)
        started.objects.load()
        return started

    def all(self, bucket: str = "bucket") -> dict[str, bytes]:
        held = self.memory.buckets.get(bucket, {"objects": {}})
        return {key: record.get("body") for key, record in held["objects"].items()}

    def files(self) -> set[str]:
        return {path.name for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "inside").mkdir()
    yield World(tmp_path / "inside")
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_every_key_is_an_object_of_its_own(world: World) -> None:
    expected = {key: f"content of {key}".encode() for key in KEYS}
    for key, body in expected.items():
        world.put(key, body)
    assert world.all() == expected
    started = world.restart()
    assert started.all() == expected
    record = started.memory.buckets["bucket"]["objects"]["a"]
    assert (record["size"], record["metadata"]) == (12, {"who": "ü"})
    assert record.get("nothing", 7) == 7
    assert record["body"] == b"content of a"


def test_contents_leave_the_memory(world: World) -> None:
    world.put("a", b"1")
    held = world.memory.buckets["bucket"]["objects"]
    assert isinstance(held["a"], OnDisk)
    assert dict(held["a"])["body"] is None
    held["b"] = content(b"2")
    assert world.objects.unsaved("bucket") == ["b"]
    assert world.objects.unsaved("another") == []


def test_a_newer_content_replaces_the_former(world: World) -> None:
    world.put("a", b"old")
    before = world.files()
    world.put("a", b"new")
    assert len(before) == len(world.files()) == 2
    assert world.restart().all() == {"a": b"new"}


def test_what_is_deleted_leaves_no_file(world: World) -> None:
    world.put("a", b"1")
    del world.memory.buckets["bucket"]["objects"]["a"]
    world.objects.save("bucket", "a")
    world.objects.save("bucket", "never-there")
    assert world.files() == set()
    assert world.restart().memory.buckets == {}


def test_versions_markers_tags_and_acls(world: World) -> None:
    new = b"new content"
    newest = content(new, version_id="2")
    old = content(b"old", "data", version_id="1", is_latest=False)
    marker = {"version_id": "m", "size": 0, "is_delete_marker": True}
    latest = content(new, "data", version_id="2", is_latest=True)
    world.memory.buckets["bucket"] = {"objects": {"a": newest}}
    world.memory.versions["bucket", "a"] = [old, marker, latest]
    world.memory.tags["bucket", "a", "1"] = {"k": "v"}
    world.memory.tags["bucket", "b", "1"] = {"of": "another"}
    world.memory.acls["bucket", "a", None] = "<acl/>"
    world.objects.save("bucket", "a")
    assert len(world.files()) == 3, "a record, and both contents once"
    started = world.restart()
    versions = started.memory.versions["bucket", "a"]
    assert [v["version_id"] for v in versions] == ["1", "m", "2"]
    assert [v.get("data") for v in versions] == [b"old", None, new]
    assert versions[1] == marker
    assert started.all() == {"a": new}
    assert started.memory.tags == {("bucket", "a", "1"): {"k": "v"}}
    assert started.memory.acls == {("bucket", "a", None): "<acl/>"}
    assert started.objects.has_versions("bucket")
    assert not started.objects.has_versions("another")
    started.memory.versions["bucket", "a"].pop(0)
    started.objects.save("bucket", "a")
    assert [v.get("data") for v in started.restart().memory.versions["bucket", "a"]] == [None, new]
    assert len(world.files()) == 2


def test_a_deleted_bucket_is_gone_and_others_stay(world: World) -> None:
    world.put("a", b"1")
    world.put("a", b"2", bucket="other")
    world.objects.forget("bucket")
    world.objects.forget("never-there")
    assert list(world.restart().memory.buckets) == ["other"]


def test_a_start_removes_what_a_kill_left(world: World) -> None:
    world.put("a", b"1")
    [record] = world.folder.rglob("*.json")
    record.with_suffix(".0123").write_bytes(b"no record names it")
    record.with_suffix(".4567.new").write_bytes(b"half")
    record.with_suffix(".json.new").write_bytes(b"{")
    before = len(world.files())
    assert world.restart().all() == {"a": b"1"}
    assert (before, len(world.files())) == (5, 2)


def test_a_kill_before_the_record_leaves_the_former_object(world: World) -> None:
    world.put("a", b"former")
    [record] = world.folder.rglob("*.json")
    kept = record.read_bytes()
    world.put("b", b"other")
    record.with_suffix(".89ab").write_bytes(b"newer")
    assert record.read_bytes() == kept
    assert world.restart().all() == {"a": b"former", "b": b"other"}


def test_a_power_cut_takes_no_other_object_and_no_file(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for key in ("a", "b", "c"):
        world.put(key, key.encode() * 3)
    cut = {key: world.objects._path("bucket", key) for key in ("a", "b")}
    cut["a"].write_bytes(b"")
    body = next(path for path in cut["b"].parent.glob(f"{cut['b'].stem}.*") if path != cut["b"])
    body.write_bytes(b"")
    files = world.files()
    assert world.restart().all() == {"c": b"ccc"}
    assert "an object of the bucket bucket is lost" in caplog.text
    assert "the content of a version is lost" in caplog.text
    assert files - world.files() <= {body.name}


def test_what_the_disk_refuses_is_an_error_and_the_former_object_stays(world: World) -> None:
    world.put("a", b"former")
    [record] = world.folder.rglob("*.json")
    record.with_name(f"{record.name}.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        world.put("a", b"newer")
    record.with_name(f"{record.name}.new").rmdir()
    assert len(world.files()) == 2
    assert world.restart().all() == {"a": b"former"}
    world.put("a", b"newest")
    assert world.restart().all() == {"a": b"newest"}


STEPS = st.lists(
    st.tuples(st.sampled_from(["a", "a/b", "A"]), st.one_of(st.none(), st.binary(max_size=3))),
    max_size=12,
)


@given(steps=STEPS)
def test_any_order_of_writes_and_deletions(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bytes | None]]
) -> None:
    folder = tmp_path_factory.mktemp("objects")
    world, expected = World(folder), dict[str, bytes]()
    for key, body in steps:
        if body is None:
            expected.pop(key, None)
            world.memory.buckets.get("bucket", {"objects": {}})["objects"].pop(key, None)
            world.objects.save("bucket", key)
        else:
            expected[key] = body
            world.put(key, body)
    assert world.all() == world.restart().all() == expected
    assert len(world.files()) == 2 * len(expected)
    shutil.rmtree(folder)
