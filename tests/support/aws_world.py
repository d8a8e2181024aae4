"""AWS for whole commands: the guard with real servers in it, Pulumi's CLI, and a plugin for it.

In: a folder. Out: a :class:`World` that a test starts once and empties for each test. Nothing of it
reaches another network than loopback: the way out leads to a proxy that is not there. All that a
command leaves behind (logs, caches, temporary files) is below the folder, so it can be searched.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
import psutil
from tests.support import moto_server
from tests.support.aws_inside import Inside, PostgresMachine
from tests.support.moto_parts import backend
from tests.support.moto_server import ACCOUNT, CREDENTIALS, REGION, MotoServer
from tests.support.tool import SHOP, Tool, copy_app

from encore_aws.trust import BUNDLE
from encore_provisioner.engine.installation import Installation, find
from encore_provisioner.user_cache import FOLDER_VARIABLE

REAL_PLUGIN: Final = "ENCORE_TEST_AWS_PLUGIN"
"""``real``: not our plugin but the genuine one, of ``PULUMI_HOME`` (else ``~/.pulumi``)."""
_ACCOUNT_OF_SHOP: Final = "111122223333"
_NOBODY: Final = "http://127.0.0.1:9"


@dataclass(frozen=True, kw_only=True)
class World:
    """``aws`` is what was asked of it and can be told to fail; ``engine`` is Pulumi's CLI."""

    folder: Path
    inside: Inside
    aws: MotoServer
    engine: Installation

    # --- for who runs in it ------------------------------------------------------------------

    @property
    def environ(self) -> dict[str, str]:
        """The whole environment of a command, but for what is in its app's folder."""
        return {
            **self.aws.environment,
            "PATH": f"{self.engine.executable.parent}:{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "LANG": "C.UTF-8",
            FOLDER_VARIABLE: str(self.folder / "cache"),
            BUNDLE: str(self.folder / "bundle.pem"),
            "SSL_CERT_FILE": str(self.inside.system_roots),
            "HTTP_PROXY": _NOBODY,
            "HTTPS_PROXY": _NOBODY,
            "NO_PROXY": "127.0.0.1,localhost",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "AWS_DOUBLE_STORE": str(self.folder / "store"),
            "AWS_DOUBLE_FAULTS": str(self.folder / "faults.json"),
            "AWS_DOUBLE_LOG": str(self.folder / "double.log"),
        }

    @property
    def pulumi_home(self) -> Path:
        """Where a command finds the plugin."""
        return self.folder / "cache" / "pulumi" / "home"

    @property
    def bundle(self) -> bytes:
        """What AWS's trust store has."""
        return self.inside.bundle

    def app(self, folder: Path, source: Path = SHOP) -> Tool:
        """A copy of an app that belongs to this account, and the command line on it."""
        copied = copy_app(source, folder)
        file = copied / "encore.infra.yaml"
        file.write_text(file.read_text().replace(_ACCOUNT_OF_SHOP, ACCOUNT))
        return Tool(app=copied, env=self.environ)

    # --- looking -----------------------------------------------------------------------------

    def client(self, service: str) -> Any:
        """Of boto3, with all rights."""
        return boto3.client(
            service,
            endpoint_url=self.aws.url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    @property
    def databases(self) -> Mapping[str, PostgresMachine]:
        """The servers of RDS that run, by their identifier."""
        return self.aws.rds.machines

    def sql(self, text: str, *, database: str = "postgres", server: str | None = None) -> list[Any]:
        """As the superuser of a server of RDS; ``server`` may be left out where there is one."""
        (name,) = (server,) if server is not None else self.databases
        return self.databases[name].sql(text, database=database)

    def journal(self) -> list[dict[str, Any]]:
        """What our plugin did since the account was emptied."""
        file = self.folder / "double.log"
        lines = file.read_text().splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]

    def secret_values(self) -> set[str]:
        """Every value that Secrets Manager has had, and the passwords inside."""
        found: set[str] = set()
        for secret in backend("secretsmanager").secrets.values():
            for version in secret.versions.values():
                found |= set(_words_in(version.get("secret_string") or ""))
        return found

    def spilled(self, values: Iterable[str], *places: Path) -> list[str]:
        """Where one of ``values`` stands: files of commands, of ``places``, objects of S3."""
        wanted = [value.encode() for value in values]
        return [
            name
            for name, content in (*self._files(places), *_objects())
            if any(value in content for value in wanted)
        ]

    def _files(self, places: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
        own = (self.folder / name for name in _OWN)
        for place in (*own, self.inside.folder / "functions" / "log", *places):
            for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
                if path.is_file() and not path.is_symlink():
                    yield str(path), _plain(path.read_bytes())

    # --- changing ----------------------------------------------------------------------------

    def fault(self, type_: str, name: str = "", *, operation: str = "create", **what: Any) -> None:
        """Let our plugin fail: see ``aws_plugin.faults``. They add up until ``heal``."""
        file = self.folder / "faults.json"
        known = json.loads(file.read_text()) if file.exists() else []
        given = {"type": type_, "name": name, "operation": operation, "when": "before", **what}
        new = file.with_suffix(".tmp")
        new.write_text(json.dumps([*known, given]))
        new.replace(file)

    @property
    def spent(self) -> bool:
        """Whether every fault was met as often as it was to be."""
        known = json.loads((self.folder / "faults.json").read_text())
        return all(each.get("times", 1) <= 0 for each in known)

    def heal(self) -> None:
        (self.folder / "faults.json").unlink(missing_ok=True)
        self.aws.heal()

    def forget(self) -> None:
        """An empty account, and nothing left of the commands before."""
        self.heal()
        self.aws.forget()
        (self.folder / "double.log").unlink(missing_ok=True)
        for name in ("tmp", "store", "home"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()


_PACKED: Final = b"\x1f\x8b"
_OWN: Final = ("tmp", "store", "home", "cache", "double.log")


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """Raises ``InfraError`` (``no-engine``) where there is no CLI."""
    folder.mkdir(parents=True, exist_ok=True)
    inside = Inside(folder / "inside", REGION)
    try:
        with moto_server.running(inside) as aws:
            made = World(folder=folder, inside=inside, aws=aws, engine=engine())
            (folder / "bundle.pem").write_bytes(inside.bundle)
            _install(made.pulumi_home)
            made.forget()
            yield made
    finally:
        inside.stop()


def engine() -> Installation:
    """On PATH or in the user's own cache, whatever cache the tests have."""
    return find({name: value for name, value in os.environ.items() if name != FOLDER_VARIABLE})


def _install(home: Path) -> None:
    if os.environ.get(REAL_PLUGIN) != "real":
        from tests.support.aws_plugin.install import install

        install(home, sys.executable)
        return
    home.mkdir(parents=True)
    theirs = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    (home / "plugins").symlink_to(theirs / "plugins")


def _words_in(text: str) -> Iterator[str]:
    """The text; of a document with a password that, since its other parts are known to all."""
    try:
        found = json.loads(text)
    except ValueError:
        found = text
    if isinstance(found, dict):
        yield from (value for key, value in found.items() if key == "password")
    elif text:
        yield text


def _objects() -> Iterator[tuple[str, bytes]]:
    """With their old versions."""
    for name, bucket in backend("s3").buckets.items():
        for key, versions in bucket.keys.lists():
            for version in versions:
                yield f"s3://{name}/{key}", _plain(getattr(version, "value", b""))


def _plain(content: bytes) -> bytes:
    return gzip.decompress(content) if content.startswith(_PACKED) else content


@contextlib.contextmanager
def arguments() -> Iterator[set[str]]:
    """The arguments of every process that is seen below this one meanwhile."""
    found: set[str] = set()
    over = threading.Event()

    def look() -> None:
        own = psutil.Process()
        while not over.wait(0.01):
            for process in own.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    found.update(process.cmdline())

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
