"""Graphs and targets for the tests of providers, made by hand: no source is analysed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from encore_config.environment import Environment, EnvironmentEntry
from encore_config.graph import (
    App,
    Bucket,
    Cache,
    Database,
    Gateway,
    Graph,
    MigrationFile,
    Migrations,
    MigrationSource,
    Secret,
    Service,
    Subscription,
    Topic,
    Use,
)
from encore_config.position import At
from encore_provisioner.provider import Target

LOCAL = Environment(name="local")
_MIGRATION = re.compile(r"(\d+)_(.+?)(\.up)?\.sql")


def at(file: str = "shop/main.ts", line: int = 3, column: int = 14) -> At:
    return At(file=file, line=line, column=column)


def topic(name: str, **changes: Any) -> Topic:
    values = {"delivery": "at-least-once", "ordering_attribute": None, "at": at(), **changes}
    return Topic(name=name, **values)


def subscription(topic_name: str, name: str, **changes: Any) -> Subscription:
    values: dict[str, Any] = {
        "service": "shop",
        "ack_deadline": 30,
        "retention": 7 * 86400,
        "min_backoff": 10,
        "max_backoff": 600,
        "max_retries": 100,
        "max_concurrency": None,
        "at": at(),
    }
    return Subscription(topic=topic_name, name=name, **{**values, **changes})


def bucket(name: str, **changes: Any) -> Bucket:
    return Bucket(name=name, **{"public": False, "versioned": False, "at": at(), **changes})


def cache(name: str, policy: Any = "allkeys-lru") -> Cache:
    return Cache(name=name, eviction_policy=policy, at=at())


def secret(name: str) -> Secret:
    return Secret(name=name, services=("shop",), at=(at(),))


def database(
    name: str, folder: Path | None = None, *, root: Path, source: MigrationSource = "default"
) -> Database:
    """With the migrations that lie in ``folder`` now."""
    if folder is None:
        return Database(name=name, migrations=None, at=at())
    found = [(path, _MIGRATION.fullmatch(path.name)) for path in sorted(folder.glob("*.sql"))]
    files = [
        MigrationFile(filename=path.name, number=int(match[1]), description=match[2])
        for path, match in found
        if match
    ]
    migrations = Migrations(
        dir=folder.relative_to(root).as_posix(),
        source=source,
        files=tuple(sorted(files, key=lambda file: file.number)),
    )
    return Database(name=name, migrations=migrations, at=at())


def graph(**parts: Any) -> Graph:
    named: dict[str, Any] = {key: tuple(value) for key, value in parts.items()}
    return Graph(
        app=App(id="shop", language="typescript"),
        gateway=Gateway(),
        services=(Service(name="shop", root="shop", at=at()),),
        **named,
    )


def use(kind: Any, name: str, *operations: Any) -> Use:
    return Use(service="shop", kind=kind, name=name, operations=operations, at=(at(),))


@dataclass(frozen=True, kw_only=True)
class AppFolder:
    """An app under test: a folder, and what it declares. Databases have folders of their own."""

    root: Path
    databases: dict[str, MigrationSource | None] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)
    environment: Environment = LOCAL

    def migration(self, database_name: str, filename: str, text: str | bytes) -> Path:
        folder = self.root / "migrations" / database_name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / filename
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def but(self, **changes: Any) -> AppFolder:
        """The same app with other topics, buckets …; ``databases`` maps names to sources."""
        databases = changes.pop("databases", self.databases)
        environment = changes.pop("environment", self.environment)
        parts = {**self.parts, **changes}
        return replace(self, databases=databases, parts=parts, environment=environment)

    @property
    def target(self) -> Target:
        folders = {name: self.root / "migrations" / name for name in self.databases}
        databases = [
            database(
                name,
                folders[name] if source and folders[name].exists() else None,
                root=self.root,
                source=source or "default",
            )
            for name, source in sorted(self.databases.items())
        ]
        return Target(
            root=self.root,
            app_id="shop",
            graph=graph(databases=databases, **self.parts),
            environment=self.environment,
            cors={},
        )


def settings(**keys: Any) -> Environment:
    kind = keys.pop("type", "development")
    return Environment(name="local", type=kind, settings=EnvironmentEntry(**keys))
