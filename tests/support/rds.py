"""A server of RDS on this machine: a real PostgreSQL behind TLS whose first user is no superuser.

What RDS changes in PostgreSQL is not here: that ``rds_superuser`` may create extensions which are
not trusted. What PostgreSQL itself allows to a role that may make roles and databases is.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from tests.support.servers import make_place
from tests.support.tls_front import Authority, make_authority, tls_front

from encore_local.servers.postgres import PostgresServer

FIRST_USER = "first user"
FIRST_PASSWORD = "first-password-of-the-server-1"


def like_rds(user: str, password: str) -> str:
    """What a new server lacks to be one of RDS, as SQL."""
    return f"""
CREATE ROLE rds_superuser NOLOGIN;
GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO rds_superuser WITH ADMIN OPTION;
CREATE ROLE "{user}" LOGIN CREATEROLE CREATEDB PASSWORD '{password}';
GRANT rds_superuser TO "{user}" WITH ADMIN OPTION;
ALTER DATABASE postgres OWNER TO "{user}";
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rds:
    """``port`` speaks TLS for the name ``host``; ``server`` is the plain one behind it."""

    server: PostgresServer
    authority: Authority
    port: int
    host: str = "localhost"

    def sql(self, text: str, *, database: str = "postgres") -> list[tuple[Any, ...]]:
        """As the superuser, whom RDS gives to nobody."""
        return rows(self.server.connection(database), text)

    def sql_as(self, user: str, password: str, database: str, text: str) -> list[tuple[Any, ...]]:
        keywords = {**self.server.connection(database), "user": user, "password": password}
        return rows(keywords, text)

    @staticmethod
    def first_user(password: str = FIRST_PASSWORD) -> str:
        """What RDS keeps in Secrets Manager."""
        return json.dumps({"username": FIRST_USER, "password": password})


def rows(keywords: dict[str, Any], text: str) -> list[tuple[Any, ...]]:
    """The rows of the last statement."""
    with psycopg.connect(**keywords, autocommit=True) as connection:
        cursor = connection.execute(text.encode())
        while cursor.nextset():
            pass
        return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def rds(folder: Path) -> Iterator[Rds]:
    server = make_place(folder).postgres
    server.start()
    try:
        authority = make_authority(folder / "tls")
        with tls_front(server.port, authority, postgres=True) as port:
            made = Rds(server=server, authority=authority, port=port)
            made.sql(like_rds(FIRST_USER, FIRST_PASSWORD))
            yield made
    finally:
        server.remove()
