"""What planning made before, kept on disk by the content of all that it was made from.

In: the bytes that a result depends on, and a function that makes it. Out: its bytes, made now or
then. The same input gives the same bytes, so nothing is ever out of date; whatever the result
depends on must be among the parts of the key. The cache may be deleted at any time and damaged:
what cannot be read is made anew. A disk that takes nothing is no error. It is no shield against
somebody who may write it.

A file holds a magic word, a digest of what follows, and the bytes. Those that were not used for
longest go when there are too many.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

from encore_provisioner.user_cache import default_folder

Part = bytes | str

MOST_FILES: Final = 200
MOST_BYTES: Final = 50_000_000
_MAGIC: Final = b"encplans"
_DIGEST: Final = 32
_SUFFIX: Final = ".plan"


def cached(key: str, make: Callable[[], bytes], *, folder: Path | None = None) -> bytes:
    """What was made for this key: from the cache, else from ``make``, whose errors are raised.

    ``folder``: the cache's folder; None means the user's, which ``ENCORE_INFRA_CACHE=off``
    switches off.
    """
    home = folder or default_folder(os.environ)
    if home is None:
        return make()
    file = home / "plans" / f"{key}{_SUFFIX}"
    found = _read(file)
    if found is None:
        found = make()
        _write(file, found)
    return found


def key_of(*parts: Part, packages: Iterable[str], libraries: Iterable[str]) -> str:
    """The key of what is made from ``parts`` by this code.

    ``packages`` are import names whose own source counts, ``libraries`` are distributions whose
    version does; none of them is imported.
    """
    versions = (f"{name} {_version(name)}" for name in sorted(libraries))
    sources = map(source_digest, sorted(packages))
    return _digest((sys.version, *versions, *sources, *parts)).hex()


@cache
def source_digest(package: str) -> bytes:
    """A digest of all source files of an installed package, found without importing it.

    Read once for a process: a plan and its findings have keys of their own.
    """
    from importlib.util import find_spec

    spec = find_spec(package)
    mixed = hashlib.sha256(package.encode())
    for place in sorted((spec and spec.submodule_search_locations) or ()):
        root = Path(place)
        for file in sorted(root.rglob("*.py")):
            name = file.relative_to(root).as_posix().encode()
            mixed.update(_digest((name, file.read_bytes())))
    return mixed.digest()


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "missing"


def _digest(parts: Iterable[Part]) -> bytes:
    """Of the parts with their borders: no two lists of parts have the same."""
    mixed = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        mixed.update(f"{len(raw)}:".encode() + raw)
    return mixed.digest()


def _read(file: Path) -> bytes | None:
    start = len(_MAGIC) + _DIGEST
    try:
        raw = file.read_bytes()
    except OSError:
        return None
    body = raw[start:]
    if raw[:start] != _MAGIC + hashlib.sha256(body).digest():
        return None
    with contextlib.suppress(OSError):
        os.utime(file)  # what is used stays longest
    return body


def _write(file: Path, body: bytes) -> None:
    raw = _MAGIC + hashlib.sha256(body).digest() + body
    if len(raw) > MOST_BYTES:
        return
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(raw)
            Path(name).replace(file)
        finally:
            Path(name).unlink(missing_ok=True)
        _forget(file.parent)


def _forget(folder: Path) -> None:
    """Remove what was not used for longest, beyond the bounds; half-written files count too."""
    files = [(path.stat(), path) for path in folder.iterdir()]
    files.sort(key=lambda item: (item[0].st_mtime_ns, item[1].name), reverse=True)
    size = 0
    for number, (stat, path) in enumerate(files):
        size += stat.st_size
        if number >= MOST_FILES or size > MOST_BYTES:
            path.unlink(missing_ok=True)
