"""The door to one PostgreSQL database, opened as the core opens it.

In: a target with its password. Out: facts. Everything runs in one transaction that is rolled
back, so the database is left as it was.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from encore_provisioner.doctor.check import CheckError
from encore_provisioner.doctor.sql_tls import Way, first_certificate, ways
from encore_provisioner.doctor.targets import SqlTarget

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS = 5
_STATEMENT_LIMIT = "SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '2s'"

_UNWRITTEN = {
    b"min_protocol_version": b"3.0",
    b"require_auth": b"!sspi",
    b"sslcertmode": b"allow",
}
"""What stands for libpq's default where it does not tell it and empty means something else."""

_FACTS = """
    SELECT current_setting('server_version'),
           current_setting('max_connections')::int
             - current_setting('superuser_reserved_connections')::int
"""
_VERSION_TABLE = "SELECT to_regclass('public.schema_migrations') IS NOT NULL"
_VERSIONS = "SELECT version, dirty FROM public.schema_migrations ORDER BY version"
# The schema encore_infra is ours: what stands there about migrations is not for the app.
_UNUSABLE = """
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm')
       AND n.nspname NOT IN ('information_schema', 'encore_infra')
       AND n.nspname NOT LIKE 'pg\\_%'
       AND NOT (has_schema_privilege(n.oid, 'USAGE')
                AND has_table_privilege(c.oid, 'SELECT')
                AND (c.relkind IN ('v', 'm')
                     OR (has_table_privilege(c.oid, 'INSERT')
                         AND has_table_privilege(c.oid, 'UPDATE')
                         AND has_table_privilege(c.oid, 'DELETE'))))
       AND NOT EXISTS (SELECT 1 FROM pg_depend d
                        WHERE d.classid = 'pg_class'::regclass
                          AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlLogin:
    """A target with the secrets of it resolved; they stay out of every ``repr``."""

    target: SqlTarget
    password: str = field(repr=False)
    client_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A row of golang-migrate's table."""

    version: int
    dirty: bool


class SqlError(Exception):
    """What the driver or the server said, unchanged."""


class SqlSession(Protocol):
    """An open connection; every method but ``close`` may raise :class:`SqlError`."""

    def facts(self) -> tuple[str, int]:
        """The server's version and how many connections ordinary roles can open."""
        ...

    def encrypted(self) -> bool: ...

    def migrations(self) -> tuple[Migration, ...] | None:
        """None when there is no table of versions."""
        ...

    def unusable_tables(self) -> tuple[str, ...]:
        """Tables of others than extensions that the role may not read and write."""
        ...

    def try_table(self, name: str) -> None:
        """Create a table, write and read a row; undone at the end."""
        ...

    def close(self) -> None: ...


OpenSql = Callable[[SqlLogin], SqlSession]


class PsycopgSession:
    """The real :class:`SqlSession`."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._execute(_STATEMENT_LIMIT)

    def facts(self) -> tuple[str, int]:
        [(version, usable)] = self._rows(_FACTS)
        return str(version), int(usable)

    def encrypted(self) -> bool:
        return bool(self._connection.pgconn.ssl_in_use)

    def migrations(self) -> tuple[Migration, ...] | None:
        [(exists,)] = self._rows(_VERSION_TABLE)
        if not exists:
            return None
        rows = self._rows(_VERSIONS)
        return tuple(Migration(version=int(version), dirty=bool(dirty)) for version, dirty in rows)

    def unusable_tables(self) -> tuple[str, ...]:
        return tuple(str(name) for (name,) in self._rows(_UNUSABLE))

    def try_table(self, name: str) -> None:
        # Quoted because of its dashes; it is ours and holds no quote.
        self._execute(f'CREATE TABLE "{name}" (n int PRIMARY KEY)')
        self._execute(f'INSERT INTO "{name}" VALUES (1)')
        self._rows(f'SELECT n FROM "{name}"')

    def close(self) -> None:
        # Closing without a commit undoes everything.
        self._connection.close()

    def _rows(self, query: str) -> list[Any]:
        return self._execute(query).fetchall()

    def _execute(self, query: str) -> psycopg.Cursor[Any]:
        import psycopg

        try:
            return self._connection.execute(query.encode())
        except psycopg.Error as error:
            raise SqlError(str(error)) from error


def open_sql(login: SqlLogin) -> SqlSession:
    """Connect as the core would; raises ``SqlError``, or ``CheckError`` for a bad CA."""
    with tempfile.TemporaryDirectory(prefix="encore-doctor-") as folder:
        parameters = {
            **_without_environment(),
            **_parameters(login),
            **_files(login, Path(folder)),
        }
        ca_file = Path(folder) / "ca.pem"
        tls = login.target.tls
        if tls and tls.ca is not None:
            ca_file.write_text(_checked_ca(tls.ca))
        attempts = ways(tls, ca_file=ca_file, system_roots=_system_roots())
        return _connect(parameters, attempts)


def _connect(parameters: Mapping[str, str], attempts: tuple[Way, ...]) -> SqlSession:
    import psycopg
    from psycopg.conninfo import make_conninfo

    way, *others = attempts
    try:
        connection = psycopg.connect(make_conninfo("", **{**parameters, **way.parameters}))
    except psycopg.Error as error:
        refused = "server does not support SSL" in str(error)
        if others and way.unless_refused and refused:
            return _connect(parameters, tuple(others))
        raise SqlError(str(error)) from error
    return PsycopgSession(connection)


def _parameters(login: SqlLogin) -> dict[str, str]:
    target = login.target
    return {
        "host": target.host,
        "port": str(target.port),
        "dbname": target.physical,
        "user": target.username,
        "password": login.password,
        "connect_timeout": str(CONNECT_SECONDS),
        "application_name": "encore-infra doctor",
        "gssencmode": "disable",
    }


def _without_environment() -> dict[str, str]:
    """libpq's own defaults where a ``PG*`` variable of the shell would say otherwise.

    ``service`` cannot be undone so; everything that matters is named, so it adds nothing.
    """
    from psycopg.pq import Conninfo

    return {
        option.keyword.decode(): (option.compiled or _UNWRITTEN.get(option.keyword, b"")).decode()
        for option in Conninfo.get_defaults()
        if option.envvar
        and option.val not in (None, option.compiled)
        and option.keyword not in (b"service", b"servicefile")
    }


def _files(login: SqlLogin, folder: Path) -> dict[str, str]:
    """The client certificate. A file that is not there keeps libpq from those in the home."""
    nowhere = str(folder / "none.pem")
    cert_file, key_file = folder / "client.pem", folder / "client.key"
    certificate = login.target.client_cert
    if certificate is None or login.client_key is None:
        return {"sslcert": nowhere, "sslkey": nowhere, "sslcrl": nowhere}
    cert_file.write_text(certificate.cert)
    key_file.touch(mode=0o600)
    key_file.write_text(login.client_key)
    return {"sslcert": str(cert_file), "sslkey": str(key_file), "sslcrl": nowhere}


def _checked_ca(pem: str) -> str:
    first = first_certificate(pem)
    if first is None:
        raise CheckError(
            "the CA of the TLS settings is no PEM certificate; the app would not start",
            hint="Give the one root certificate that signed the server's, in PEM form.",
        )
    return first


def _system_roots() -> Path | None:
    found = ssl.get_default_verify_paths().cafile
    return Path(found) if found else None
