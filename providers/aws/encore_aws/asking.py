"""What the function inside the network is asked, made from what an apply learned. Pure.

In: the declared databases and caches, the outputs of an apply. Out: the parts of requests as
``function.documents`` has them. What is adopted belongs to somebody else: nothing is asked of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from encore_aws.function.documents import (
    CheckedCache,
    CheckedDatabase,
    Doctor,
    DroppedDatabase,
    File,
    MigratedDatabase,
    Migrations,
    PasswordPlace,
    Server,
    WantedDatabase,
)
from encore_aws.resources.secret import variable_of
from encore_config.graph import Database
from encore_provisioner.errors import RefusedError
from encore_provisioner.postgres.judging import MigrationFile

Outputs = Mapping[str, Any]


def is_there(outputs: Outputs, name: str) -> bool:
    """Whether an apply has made the database's place: its server, and the root to trust."""
    found = outputs.get("databases", {}).get(name)
    if found is None or found["server"] not in outputs.get("servers", {}):
        return False
    return found["ca_identifier"] in outputs.get("certificates", {})


def server_of(outputs: Outputs, name: str) -> str:
    """The key of the server that the database ``name`` lies on.

    Raises ``RefusedError`` (``not-applied``).
    """
    if not is_there(outputs, name):
        raise RefusedError(
            f"the environment holds no server for the database {name} yet",
            code="not-applied",
            hint="`encore-infra apply` makes it",
        )
    return str(outputs["databases"][name]["server"])


def by_server(outputs: Outputs, databases: Iterable[Database]) -> dict[str, list[Database]]:
    """The key of each server with those of ``databases`` that lie on it, sorted by the key."""
    found: dict[str, list[Database]] = {}
    for database in databases:
        found.setdefault(server_of(outputs, database.name), []).append(database)
    return dict(sorted(found.items()))


def server(outputs: Outputs, key: str) -> Server:
    """All databases of one server trust the same root."""
    found = outputs["servers"][key]
    roots = {
        outputs["certificates"][database["ca_identifier"]]
        for name, database in outputs["databases"].items()
        if database["server"] == key and is_there(outputs, name)
    }
    return Server(
        host=found["host"],
        port=int(found["port"]),
        ca=min(roots),
        admin_secret=found["admin_secret"],
    )


def wanted(outputs: Outputs, name: str) -> WantedDatabase:
    found = outputs["databases"][name]
    place = outputs["generated"][found["password"]]
    return WantedDatabase(
        name=name,
        database=found["database"],
        role=found["username"],
        password=PasswordPlace(
            secret=place["secret"], length=int(place["length"]), exclude=place["exclude"]
        ),
    )


def dropped(outputs: Outputs, name: str) -> DroppedDatabase:
    found = outputs["databases"][name]
    return DroppedDatabase(name=name, database=found["database"], role=found["username"])


def migrated(
    outputs: Outputs, database: Database, files: Iterable[MigrationFile]
) -> MigratedDatabase:
    found = outputs["databases"][database.name]
    return MigratedDatabase(
        name=database.name,
        database=found["database"],
        role=found["username"],
        migrations=Migrations(
            source=database.migrations.source if database.migrations else "default",
            files=tuple(
                File(
                    number=file.number,
                    filename=file.filename,
                    path=file.path,
                    sha256=file.sha256,
                )
                for file in files
            ),
        ),
    )


def doctor(outputs: Outputs) -> Doctor:
    """Every database and cache that is ours."""
    return Doctor(databases=tuple(_databases(outputs)), caches=tuple(_caches(outputs)))


def _databases(outputs: Outputs) -> Iterator[CheckedDatabase]:
    for name, found in sorted(outputs.get("databases", {}).items()):
        if is_there(outputs, name):
            yield CheckedDatabase(
                name=name,
                host=found["host"],
                port=int(found["port"]),
                ca=outputs["certificates"][found["ca_identifier"]],
                database=found["database"],
                role=found["username"],
                password=outputs["variables"][found["password"]],
            )


def _caches(outputs: Outputs) -> Iterator[CheckedCache]:
    """An adopted one has no user among the outputs."""
    for name, found in sorted(outputs.get("caches", {}).items()):
        if "username" in found:
            yield CheckedCache(
                name=name,
                host=found["host"],
                port=int(found["port"]),
                username=found["username"],
                password=outputs["variables"][variable_of("cache", name)],
            )
