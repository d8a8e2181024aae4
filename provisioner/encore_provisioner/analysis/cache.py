"""Facts that were read before, kept on disk by the content of the file that they are of.

In: a folder of the cache and the facts of each run. Out: the facts of a file whose path and content
are the same as then; whether they still hold depends on what they consulted, and is for the caller
to see. The cache may be deleted at any time, shared between clones of an app and between machines,
and damaged: what cannot be read, or was written by another version of the analysis, is not there.
It is no shield against somebody who may write it.

A pack holds the facts of many files: a magic word, a digest of what follows, then key after key
with its facts, as MessagePack. Packs are replaced whole. Facts that the last run did not need stay
for other branches and clones until they outnumber those that it did.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from encore_provisioner.analysis.facts import Facts
from encore_provisioner.analysis.library import digest

_MAGIC: Final = b"encfacts"
_DIGEST: Final = 16
_FILES_PER_PACK: Final = 1_000
_MOST_PACKS: Final = 64
_FORGOTTEN_AFTER: Final = 30 * 86_400  # seconds

_FACTS: Final = msgspec.msgpack.Decoder(Facts)
_PACK: Final = msgspec.msgpack.Decoder(dict[bytes, bytes])


def encode_facts(facts: Facts) -> bytes:
    return msgspec.msgpack.encode(facts)


def decode_facts(raw: bytes) -> Facts:
    return _FACTS.decode(raw)


class FactsCache:
    """``app`` separates apps from each other; ``files`` is how many files this one has."""

    def __init__(self, folder: Path, app: str, files: int) -> None:
        packs = 1
        while packs * _FILES_PER_PACK < files and packs < _MOST_PACKS:
            packs *= 2
        self._versions = folder / "facts"
        name = hashlib.blake2b(f"{app}\0{packs}".encode(), digest_size=8).hexdigest()
        self._folder = self._versions / version() / name
        self._packs: list[dict[bytes, bytes] | None] = [None] * packs
        self._used: list[set[bytes]] = [set() for _ in range(packs)]
        self._changed: set[int] = set()

    def get(self, path: str, content: bytes) -> Facts | None:
        key = _key(path, content)
        number = self._number(key)
        raw = self._pack(number).get(key)
        if raw is None:
            return None
        try:
            facts = decode_facts(raw)
        except msgspec.MsgspecError:
            return None
        self._used[number].add(key)
        return facts

    def put(self, facts: Facts, raw: bytes) -> None:
        """Keep ``facts``, which are ``raw`` when encoded."""
        key = _key(facts.path, facts.digest)
        number = self._number(key)
        self._pack(number)[key] = raw
        self._used[number].add(key)
        self._changed.add(number)

    def save(self) -> None:
        """Write the packs that changed. A disk that takes nothing is no error: it is a cache."""
        if not self._changed:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            for number in sorted(self._changed):
                _replace(self._file(number), _packed(self._kept(number)))
            self._forget_versions()

    def _number(self, key: bytes) -> int:
        return key[0] % len(self._packs)

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:02}.pack"

    def _pack(self, number: int) -> dict[bytes, bytes]:
        pack = self._packs[number]
        if pack is None:
            pack = self._packs[number] = _read(self._file(number))
        return pack

    def _kept(self, number: int) -> dict[bytes, bytes]:
        pack, used = self._pack(number), self._used[number]
        spare = [key for key in pack if key not in used]
        dropped = set(spare[: max(0, len(spare) - len(used))])
        return {key: raw for key, raw in pack.items() if key not in dropped}

    def _forget_versions(self) -> None:
        """Remove what versions of the analysis wrote that nobody has used for long."""
        os.utime(self._folder.parent)
        for other in self._versions.iterdir():
            if time.time() - other.stat().st_mtime > _FORGOTTEN_AFTER:
                for file in sorted(other.rglob("*"), reverse=True):
                    file.rmdir() if file.is_dir() else file.unlink()
                other.rmdir()


@cache
def version() -> str:
    """What stands for the analysis itself: its own source and the libraries it reads with."""
    here = Path(__file__).parent
    mixed = hashlib.blake2b(digest_size=16)
    libraries = " ".join(map(_installed, ("tree_sitter", "tree_sitter_typescript", "pgparse")))
    mixed.update(f"{sys.version_info[:2]} {msgspec.__version__} {libraries}".encode())
    for file in sorted((*here.rglob("*.py"), *_documents())):
        mixed.update(file.name.encode() + b"\0" + digest(file.read_bytes()))
    return mixed.hexdigest()


def _installed(module: str) -> str:
    """The name and version of a library, as the folder tells that it is installed in.

    ``importlib.metadata`` says the same, but loading it takes a third of a warm analysis.
    """
    spec = find_spec(module)
    if spec is not None and spec.origin is not None:
        home = Path(spec.origin).parent
        folder = home.parent if spec.submodule_search_locations else home
        for place in sorted(folder.glob(f"{module}-*.dist-info")):
            return place.name
    from importlib.metadata import version as installed

    return f"{module}-{installed(module)}"


def _documents() -> Iterable[Path]:
    import encore_config

    return Path(encore_config.__path__[0]).glob("*.py")


def _key(path: str, content: bytes) -> bytes:
    return digest(path.encode("utf-8", "surrogateescape") + b"\0" + content)


def _read(file: Path) -> dict[bytes, bytes]:
    start = len(_MAGIC) + _DIGEST
    try:
        raw = file.read_bytes()
        if raw[:start] == _MAGIC + digest(raw[start:]):
            return _PACK.decode(raw[start:])
    except (OSError, msgspec.MsgspecError):
        pass
    return {}


def _packed(pack: Mapping[bytes, bytes]) -> bytes:
    body = msgspec.msgpack.encode(pack)
    return _MAGIC + digest(body) + body


def _replace(file: Path, raw: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(raw)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
