"""Whether an environment is still what a plan was made from.

In: where the state is. Out: a mark of all that it says is there: two of one state are the same, and
nothing else can be read from them. Whoever applies compares the mark of now with that of the plan
that a person has seen. The file is read as Pulumi's CLI writes it, because starting the CLI for it
takes most of a second; where the state is not in S3 or in a folder, the CLI must be asked.
"""

from __future__ import annotations

import gzip
import json
import urllib.parse
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from encore_aws.account import Account, AwsError, ask
from encore_aws.state_store import Backend
from encore_provisioner.engine.state import NOTHING, fingerprint
from encore_provisioner.errors import RefusedError

UNKNOWN: Final = ""
"""It lies elsewhere, or is not as the CLI writes it."""
STALE: Final = "plan-stale"
_ENDINGS: Final = (".json.gz", ".json")
"""Packed or not, as the CLI was told; both are there for a moment when that changes."""
_PACKED: Final = b"\x1f\x8b"
_ABSENT: Final = frozenset({"NoSuchKey", "NoSuchBucket", "404"})
_FOLDER: Final = "file://"


def mark(backend: Backend | None, project: str, stack: str, account: Account) -> str:
    """Of now; ``backend``: None where there is no place for a state yet. Raises ``AwsError``."""
    if backend is None:
        return NOTHING
    within = f".pulumi/stacks/{project}/{stack}"
    if backend.bucket:
        found = [_of(content) for content in _in_s3(backend, within, account)]
    elif backend.url.startswith(_FOLDER):
        found = [_of(content) for content in _in_folder(backend, within)]
    else:
        return UNKNOWN
    return UNKNOWN if UNKNOWN in found else "+".join(found) or NOTHING


def refuse_stale(shown: str, now: str) -> None:
    """Raise ``RefusedError`` (``plan-stale``) where the state is another one by now."""
    if UNKNOWN not in (shown, now) and shown != now:
        raise RefusedError(
            "somebody else has changed this environment since the plan was made, so it is not "
            "carried out",
            code=STALE,
            hint="run it again, and look at what it shows now",
        )


def _in_s3(backend: Backend, within: str, account: Account) -> Iterator[bytes]:
    s3 = account.client("s3", backend.region)

    def content(key: str) -> bytes:
        found: bytes = s3.get_object(Bucket=backend.bucket, Key=key)["Body"].read()
        return found

    for ending in _ENDINGS:
        key = f"{backend.prefix}/{within}{ending}"
        try:
            yield ask(f"read the state in s3://{backend.bucket}/{key}", partial(content, key))
        except AwsError as error:
            if error.answer not in _ABSENT:
                raise


def _in_folder(backend: Backend, within: str) -> Iterator[bytes]:
    folder = Path(urllib.parse.unquote(backend.url.removeprefix(_FOLDER)))
    for ending in _ENDINGS:
        path = folder / f"{within}{ending}"
        if path.is_file():
            yield path.read_bytes()


def _of(content: bytes) -> str:
    try:
        plain = gzip.decompress(content) if content.startswith(_PACKED) else content
        document: dict[str, Any] = json.loads(plain)
        return fingerprint(document["checkpoint"].get("latest") or {})
    except (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError):
        # Pulumi will say what is wrong with it.
        return UNKNOWN
