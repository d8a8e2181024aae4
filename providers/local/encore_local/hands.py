"""Does one step to one resource. Every deed can be done again without harm.

In: a wanted or an actual resource whose server runs. Out: the resource made, changed or gone.
Connections are opened on first need and closed together. Decides nothing and records nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from encore_local.model import (
    AWS,
    BUCKET,
    DATABASE,
    POSTGRES,
    SUBSCRIPTION,
    TOPIC,
    VALKEY,
    Actual,
    Wanted,
)
from encore_local.naming import MIGRATOR_ROLE, physical_name
from encore_local.secrets import POSTGRES_ADMIN, S3_KEY, cache_key, database_key

if TYPE_CHECKING:
    from psycopg import Connection

    from encore_local.aws import Doors
    from encore_local.servers.postgres import PostgresServer
    from encore_local.servers.server import Server
    from encore_local.site import Site
    from encore_provisioner.postgres.judging import Applied, MigrationFile


class Hands:
    """A context: leaving it closes what was opened."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._open = contextlib.ExitStack()
        self._doors: Doors | None = None
        self._admin: Connection[tuple[Any, ...]] | None = None
        self._migrators: dict[str, Connection[tuple[Any, ...]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    # --- deeds -----------------------------------------------------------------------------

    def put(self, wanted: Wanted) -> None:
        """Make a resource, or make it as wanted."""
        properties = wanted.properties
        match wanted.type:
            case type_ if type_ == DATABASE:
                self._put_database(wanted)
            case type_ if type_ == TOPIC:
                from encore_local.resources import topic

                topic.put(self.doors, properties, declared=wanted.name)
            case type_ if type_ == SUBSCRIPTION:
                from encore_local.resources import subscription

                subscription.put(self.doors, properties, declared=wanted.name)
            case type_ if type_ == BUCKET:
                from encore_local.resources import bucket

                bucket.put(self.doors, properties, declared=wanted.name)
            case _:
                raise ValueError(f"nothing makes a {wanted.type}")

    def delete(self, actual: Actual) -> None:
        """Remove a resource and what it holds, and forget the password that opened it."""
        properties = actual.properties
        match actual.type:
            case type_ if type_ == DATABASE:
                self._drop_database(actual.name, properties)
            case type_ if type_ == TOPIC:
                from encore_local.resources import topic

                topic.delete(self.doors, properties)
            case type_ if type_ == SUBSCRIPTION:
                from encore_local.resources import subscription

                subscription.delete(self.doors, properties)
            case type_ if type_ == BUCKET:
                from encore_local.resources import bucket

                bucket.delete(self.doors, properties)
            case _:
                raise ValueError(f"nothing removes a {actual.type}")

    def migrate(self, database: str, file: MigrationFile, *, sequential: bool) -> Applied:
        """Run one file, unless another tool has run it meanwhile; what the database says then."""
        from encore_local.resources import migration

        physical = physical_name("database", database)
        role = physical_name("role", database)
        return migration.migrate(
            self._migrator(physical), file, database=physical, role=role, sequential=sequential
        )

    def contents(self, actual: Actual) -> tuple[str, ...]:
        """What a server holds now, by physical names: databases, or buckets. Not for a cache."""
        if actual.type == POSTGRES:
            from encore_local.resources import database

            return tuple(found.database for found in database.observe(self._sql()))
        if actual.type == AWS:
            return tuple(sorted(self.doors.s3.list_buckets()))
        return ()

    def remove_server(self, actual: Actual) -> None:
        """End a server, delete its data, and forget its passwords."""
        self._close()
        self._site.servers[actual.name].remove()
        self._site.secrets.forget(_server_keys(actual, self._site))

    # --- doors -----------------------------------------------------------------------------

    @property
    def doors(self) -> Doors:
        if self._doors is None:
            from encore_local.aws import open_doors

            aws = self._site.fleet.aws
            if aws is None:
                raise ValueError("the site has no server for S3, SNS and SQS")
            _start(aws)
            key = self._site.secrets.ensure([S3_KEY])[S3_KEY]
            self._doors = open_doors(aws.endpoint, key)
            self._open.callback(self._doors.close)
        return self._doors

    def _postgres(self) -> PostgresServer:
        if self._site.fleet.postgres is None:
            raise ValueError("the site has no PostgreSQL server")
        return self._site.fleet.postgres

    def _sql(self) -> Connection[tuple[Any, ...]]:
        if self._admin is None:
            from encore_local.sql import connect

            _start(self._postgres())
            self._admin = self._open.enter_context(connect(self._postgres().connection()))
        return self._admin

    def _migrator(self, physical: str) -> Connection[tuple[Any, ...]]:
        """A superuser who is not the server's own: what it makes can be handed over."""
        if physical not in self._migrators:
            from encore_local.resources.database import MIGRATOR_KEY
            from encore_local.sql import connect

            self._ensure_shared_roles()
            keywords = {
                **self._postgres().connection(physical),
                "user": MIGRATOR_ROLE,
                "password": self._site.secrets.ensure([MIGRATOR_KEY])[MIGRATOR_KEY],
            }
            self._migrators[physical] = self._open.enter_context(connect(keywords))
        return self._migrators[physical]

    def _ensure_shared_roles(self) -> None:
        from encore_local.resources import database

        password = self._site.secrets.ensure([database.MIGRATOR_KEY])[database.MIGRATOR_KEY]
        database.ensure_shared_roles(self._sql(), password)

    def _put_database(self, wanted: Wanted) -> None:
        from encore_local.resources import database

        key = database_key(wanted.name)
        password = self._site.secrets.ensure([key])[key]
        self._ensure_shared_roles()
        database.put(self._sql(), wanted.properties, declared=wanted.name, password=password)

    def _drop_database(self, name: str, properties: Mapping[str, Any]) -> None:
        from encore_local.resources import database

        database.drop(self._sql(), properties)
        self._site.secrets.forget([database_key(name)])

    def _close(self) -> None:
        self._open.close()
        self._open = contextlib.ExitStack()
        self._doors, self._admin, self._migrators = None, None, {}


def _start(server: Server) -> None:
    """One that nothing needs any more may be down; it has to run to be emptied."""
    if server.status() != "running":
        server.start()


def _server_keys(actual: Actual, site: Site) -> tuple[str, ...]:
    """The keys in the secret store of all that a server's passwords open."""
    from encore_local.resources.database import MIGRATOR_KEY

    if actual.type == VALKEY:
        return (cache_key(actual.name.removeprefix("cache/")),)
    if actual.type == AWS:
        return (S3_KEY,)
    if actual.type != POSTGRES:
        raise ValueError(f"{actual.type} is no server")
    records = site.state.resources.values()
    databases = tuple(database_key(r.name) for r in records if r.type == DATABASE)
    return (POSTGRES_ADMIN, MIGRATOR_KEY, *databases)
