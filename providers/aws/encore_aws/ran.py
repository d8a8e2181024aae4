"""Which migrations have run, as the last apply saw it: kept beside the state, so that a plan need
not ask the databases where nothing can have changed.

In: the files' place, an account, outputs. Out: whether everything that the source has is known to
have run in the databases that are there now. It is a memory and no authority: what differs from it
in any way is asked for, and so is everything with ``plan --refresh``, ``migrate`` and its
``--status``. Each database is known by the secret of its server's first user, which every server
has anew, so a server that was restored or made again is asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from encore_aws import asking
from encore_aws.account import Account, AwsError, ask
from encore_aws.given import Files
from encore_aws.migrating import ours
from encore_aws.resources.function import MIGRATIONS
from encore_config.graph import Database
from encore_provisioner.postgres.migrations import read_files
from encore_provisioner.provider import Target

Outputs = Mapping[str, Any]
Memory = Mapping[str, Any]
"""By the database's declared name: its place, and its files with their hashes."""

_NAME: Final = "ran.json"
_SCHEMA: Final = 1
_ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchBucket"})


def is_known(target: Target, outputs: Outputs, memory: Memory) -> bool:
    """Whether every database of ours is the one that is remembered, with exactly these files."""
    return all(
        asking.is_there(outputs, one.name) and memory.get(one.name) == _entry(target, outputs, one)
        for one in ours(target)
    )


def now(target: Target, outputs: Outputs) -> Memory:
    """What is to be remembered when all that the source has has run."""
    return {one.name: _entry(target, outputs, one) for one in ours(target)}


def read(files: Files, account: Account) -> Memory:
    """Empty where nothing is remembered, or nothing that can be read. Raises :class:`AwsError`."""
    s3 = account.client("s3")
    try:
        found = ask(
            "read which migrations have run",
            lambda: s3.get_object(**_object(files))["Body"].read(),
        )
    except AwsError as error:
        if error.answer not in _ABSENT:
            raise
        return {}
    try:
        document = json.loads(found)
    except ValueError:
        return {}
    is_ours = isinstance(document, dict) and document.get("schema") == _SCHEMA
    return dict(document["databases"]) if is_ours else {}


def write(files: Files, account: Account, memory: Memory) -> None:
    """Raises :class:`AwsError`."""
    s3 = account.client("s3")
    body = json.dumps({"schema": _SCHEMA, "databases": memory}, sort_keys=True).encode()
    ask("note which migrations have run", lambda: s3.put_object(Body=body, **_object(files)))


def forget(files: Files, account: Account) -> None:
    """Before something is deleted inside the servers: what comes to no end is asked for.

    Raises :class:`AwsError`.
    """
    s3 = account.client("s3")
    ask("forget which migrations have run", lambda: s3.delete_object(**_object(files)))


def _entry(target: Target, outputs: Outputs, database: Database) -> dict[str, Any]:
    found = outputs["databases"][database.name]
    server = outputs["servers"][found["server"]]
    ran = {file.filename: file.sha256 for file in read_files(target.root, database)}
    return {"place": [server["admin_secret"], found["database"]], "files": ran}


def _object(files: Files) -> dict[str, str]:
    owner = {} if files.owner is None else {"ExpectedBucketOwner": files.owner}
    return {"Bucket": files.bucket, "Key": f"{files.prefix}/{MIGRATIONS}/{_NAME}", **owner}
