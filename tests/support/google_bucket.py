"""A bucket of Google Cloud Storage on this machine, for whoever keeps Pulumi's state in one."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from gcp_storage_emulator.server import create_server  # type: ignore[import-untyped]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleBucket:
    """``address`` is the emulator's, as host and port."""

    name: str
    address: str

    @property
    def environ(self) -> Mapping[str, str]:
        """What leads Google's own libraries there."""
        return {"STORAGE_EMULATOR_HOST": self.address, "GOOGLE_OAUTH_ACCESS_TOKEN": "anyone"}

    @property
    def keys(self) -> tuple[str, ...]:
        """Of the objects that are there now."""
        listed = f"http://{self.address}/storage/v1/b/{self.name}/o"
        with urllib.request.urlopen(listed) as answer:
            return tuple(item["name"] for item in json.load(answer).get("items", ()))


@contextmanager
def google_bucket(name: str) -> Iterator[GoogleBucket]:
    """An empty one, in memory."""
    server = create_server("127.0.0.1", 0, in_memory=True, default_bucket=name)
    server.start()
    try:
        port = server._api._httpd.server_port  # the package has no other way to tell it
        yield GoogleBucket(name=name, address=f"127.0.0.1:{port}")
    finally:
        server.stop()
