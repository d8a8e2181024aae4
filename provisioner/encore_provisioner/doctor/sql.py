"""The check of one database: connect as its role, look, and try a table that is undone."""

from __future__ import annotations

from collections.abc import Mapping

from encore_config.graph import Graph, Migrations
from encore_provisioner.doctor.check import CheckError, Finding
from encore_provisioner.doctor.names import reserved_name
from encore_provisioner.doctor.reasons import APPLY, sql_failure
from encore_provisioner.doctor.sql_door import Migration, OpenSql, SqlError, SqlLogin, SqlSession
from encore_provisioner.doctor.targets import SqlTarget
from encore_provisioner.doctor.values import resolve

_SHOWN = 3


def check_database(
    target: SqlTarget, environ: Mapping[str, str], graph: Graph | None, open_sql: OpenSql
) -> Finding:
    """Raises ``CheckError``. ``graph`` adds the comparison of migrations."""
    login = _login(target, environ)
    where = target.host if target.host.startswith("/") else f"{target.host}:{target.port}"
    session: SqlSession | None = None
    try:
        session = open_sql(login)
        return _look(target, session, graph)
    except SqlError as error:
        raise sql_failure(
            str(error), where=where, user=target.username, database=target.physical
        ) from error
    finally:
        if session is not None:
            session.close()


def _login(target: SqlTarget, environ: Mapping[str, str]) -> SqlLogin:
    certificate = target.client_cert
    return SqlLogin(
        target=target,
        password=resolve(target.password, environ, what="password"),
        client_key=resolve(certificate.key, environ, what="client key") if certificate else None,
    )


def _look(target: SqlTarget, session: SqlSession, graph: Graph | None) -> Finding:
    version, connections = session.facts()
    migrations = _declared(graph, target.name)
    applied = session.migrations()
    if migrations is not None:
        _compare(migrations, applied)
    unusable = session.unusable_tables()
    if unusable:
        raise CheckError(
            f"the role {target.username} may not read and write {_some(unusable)}",
            hint="Grant the tables to the role, or run `encore-infra apply` to hand them over.",
        )
    session.try_table(reserved_name())
    detail = (
        f"PostgreSQL {version}, role {target.username}, "
        f"{'TLS' if session.encrypted() else 'no TLS'}{_level(applied)}, "
        f"pool {target.pool} of {connections} connections"
    )
    return Finding(detail=detail, hint=_hint(target, connections))


def _declared(graph: Graph | None, name: str) -> Migrations | None:
    databases = graph.databases if graph else ()
    return next((d.migrations for d in databases if d.name == name), None)


def _compare(declared: Migrations, applied: tuple[Migration, ...] | None) -> None:
    """A ``default`` set keeps one row, the newest version; other sets one row for each."""
    dirty = [row.version for row in applied or () if row.dirty]
    if dirty:
        raise CheckError(
            f"migration {dirty[0]} is marked dirty: it failed half-way",
            hint="Correct the migration, then run `encore-infra apply`.",
        )
    wanted = {file.number for file in declared.files}
    done = {row.version for row in applied or ()}
    if declared.source == "default":
        wanted = {max(wanted)} if wanted else set()
        missing = wanted if wanted and max(done, default=0) < max(wanted) else set()
    else:
        missing = wanted - done
    if missing:
        latest = f"the database is at {max(done)}" if done else "none has run"
        raise CheckError(
            f"migration {min(missing)} of {declared.dir} has not run; {latest}", hint=APPLY
        )


def _level(applied: tuple[Migration, ...] | None) -> str:
    return f", migration {applied[-1].version}" if applied else ""


def _hint(target: SqlTarget, connections: int) -> str | None:
    if target.server_pool > connections:
        return (
            f"The pools on this server add up to {target.server_pool} connections, more than the "
            f"{connections} it has for ordinary roles: lower max_connections."
        )
    return None


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
