"""Keeps the objects of the S3 server on disk, with all their versions.

In: what the server holds in its memory, and after each request that may have changed an object,
which one. Out: files, and at the start the memory as it was. The server's own way is not used: it
names files by keys, so that ``a`` and ``a/b`` exclude each other and ``a//b`` is ``a/b``, and it
forgets all versions but the newest.

A key has a record, ``<hash of the key>.json``, and a file for the content of each version. The
record is replaced last and whole: before that the object is the former one, after it the new one,
whenever the process is killed. Contents leave the memory when they are on disk. Files are not
flushed one by one. It may change nothing outside its folder, and raises ``OSError``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from encore_local.files import PRIVATE_FILE, PRIVATE_FOLDER

Record = dict[str, Any]
Key = tuple[str, str]
Version = tuple[str, str, str | None]

# Where the server looks for the content: in a newest object, in a version.
_CONTENT = ("body", "data")
_FILE, _RECORD = "file", ".json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The server's own tables. A bucket has its newest objects under ``objects``, by key."""

    buckets: MutableMapping[str, Record]
    versions: MutableMapping[Key, list[Record]]
    tags: MutableMapping[Version, Record]
    acls: MutableMapping[Version, str]


class OnDisk(Record):
    """A server's record of which the content is in ``path``, and read whenever it is asked for."""

    def __init__(self, record: Record, path: Path) -> None:
        super().__init__(record)
        self.path = path

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        return self.path.read_bytes() if name in _CONTENT else value

    def get(self, name: str, default: Any = None) -> Any:
        if name in _CONTENT and name in self:
            return self.path.read_bytes()
        return super().get(name, default)


class StoredObjects:
    """``memory``'s objects in ``folder``, which must exist."""

    def __init__(self, folder: Path, memory: Memory) -> None:
        self._folder = folder
        self._memory = memory
        # The files of each key, to remove those that a newer record no longer names.
        self._files: dict[Path, frozenset[Path]] = {}

    def load(self) -> None:
        """Put all that is on disk into the memory; remove what no record names."""
        for folder in (entry for entry in self._folder.iterdir() if entry.is_dir()):
            bucket = unquote(folder.name)
            for path in folder.glob(f"*/*{_RECORD}"):
                self._load_key(bucket, path)
            self._remove_unnamed(folder)

    def has_versions(self, bucket: str) -> bool:
        """Whether ``bucket`` holds versions, deletion markers included."""
        tables = self._memory.versions
        return any(name == bucket and tables[name, key] for name, key in tables)

    def unsaved(self, bucket: str) -> list[str]:
        """The keys of ``bucket`` whose newest content is in memory alone."""
        objects = self._objects(bucket)
        return [key for key, record in objects.items() if not isinstance(record, OnDisk)]

    def save(self, bucket: str, key: str) -> None:
        """Make the disk hold of ``key`` what the memory holds."""
        path = self._path(bucket, key)
        objects = self._objects(bucket)
        versions = self._memory.versions.get((bucket, key)) or []
        if key not in objects and not versions:
            self._remove(path)
            return
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        with self._contents(path) as put_away:
            newest = put_away(objects[key]) if key in objects else None
            kept = [put_away(version) for version in versions]
            document = self._document((bucket, key), newest, kept)
            _write(path, json.dumps(document).encode())
        if newest is not None:
            objects[key] = newest
        versions[:] = kept
        named = frozenset(r.path for r in (newest, *kept) if isinstance(r, OnDisk))
        _unlink(self._files.get(path, frozenset()) - named)
        self._files[path] = named

    def forget(self, bucket: str) -> None:
        """Remove all files of a bucket that is deleted."""
        folder = self._folder / quote(bucket, safe="")
        if folder.is_dir():
            shutil.rmtree(folder)

    def _objects(self, bucket: str) -> dict[str, Record]:
        objects: dict[str, Record] = self._memory.buckets.get(bucket, {}).get("objects", {})
        return objects

    def _path(self, bucket: str, key: str) -> Path:
        name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / quote(bucket, safe="") / name[:2] / f"{name}{_RECORD}"

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        _unlink(self._files.pop(path, frozenset()))

    @contextlib.contextmanager
    def _contents(self, path: Path) -> Iterator[PutAway]:
        """Puts contents into files, which are removed again when the block fails."""
        put_away = PutAway(path)
        try:
            yield put_away
        except BaseException:
            _unlink(frozenset(put_away.written.values()))
            raise

    def _document(self, key: Key, newest: Record | None, versions: list[Record]) -> Record:
        ids = {None, *(record.get("version_id") for record in (newest or {}, *versions))}
        tags = [[i, self._memory.tags[(*key, i)]] for i in ids if (*key, i) in self._memory.tags]
        acls = [[i, self._memory.acls[(*key, i)]] for i in ids if (*key, i) in self._memory.acls]
        return {
            "key": key[1],
            "newest": None if newest is None else _without_content(newest),
            "versions": [_without_content(version) for version in versions],
            "tags": tags,
            "acls": acls,
        }

    def _load_key(self, bucket: str, path: Path) -> None:
        try:
            document = json.loads(path.read_bytes())
        except ValueError as error:
            # A power cut; the files stay for whoever wants to look at them.
            _log.warning("an object of the bucket %s is lost: %s: %s", bucket, path, error)
            return
        key = document["key"]
        restored = [_restored(kept, path) for kept in (document["newest"], *document["versions"])]
        newest, versions = restored[0], [version for version in restored[1:] if version]
        made: Record = {"created": _now(), "objects": {}, "region": None}
        held = self._memory.buckets.get(bucket) or made
        self._memory.buckets[bucket] = held
        if newest is not None:
            held["objects"][key] = newest
        if versions:
            self._memory.versions[bucket, key] = versions
        for version, tags in document["tags"]:
            self._memory.tags[bucket, key, version] = tags
        for version, acl in document["acls"]:
            self._memory.acls[bucket, key, version] = acl
        named = (r.path for r in (newest, *versions) if isinstance(r, OnDisk))
        self._files[path] = frozenset(named)

    def _remove_unnamed(self, folder: Path) -> None:
        named = {path for paths in self._files.values() for path in paths}
        for path in folder.glob("*/*"):
            record = path.with_name(path.name.partition(".")[0] + _RECORD)
            unreadable = record.exists() and record not in self._files
            if path.suffix != _RECORD and path not in named and not unreadable:
                path.unlink()


class PutAway:
    """Writes the content of records into files beside ``record``, each content once."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self.written: dict[int, Path] = {}

    def __call__(self, record: Record) -> Record:
        content = next((name for name in _CONTENT if name in record), None)
        if content is None or isinstance(record, OnDisk):
            return record
        # A newest object and its version share their bytes, which both keep alive until the end.
        body = record[content] or b""
        if id(body) not in self.written:
            path = self._record.with_suffix(f".{secrets.token_hex(8)}")
            _write(path, body)
            self.written[id(body)] = path
        return OnDisk({**record, content: None}, self.written[id(body)])


def _without_content(record: Record) -> Record:
    kept = {name: record[name] for name in record if name not in _CONTENT}
    return {**kept, _FILE: record.path.name} if isinstance(record, OnDisk) else kept


def _restored(kept: Record | None, path: Path) -> Record | None:
    """The server's record again; None where a power cut took the content."""
    if kept is None or _FILE not in kept:
        return kept
    file = path.with_name(kept[_FILE])
    if not file.is_file() or file.stat().st_size != kept["size"]:
        _log.warning("the content of a version is lost: %s", file)
        return None
    record = {name: kept[name] for name in kept if name != _FILE}
    return OnDisk({**record, **dict.fromkeys(_CONTENT)}, file)


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f"{path.name}.new")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(temporary, flags, PRIVATE_FILE), "wb") as file:
            file.write(data)
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _unlink(paths: frozenset[Path]) -> None:
    for path in paths:
        # What cannot be removed now is named by no record, so the next start removes it.
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
