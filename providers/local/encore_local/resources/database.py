"""PostgreSQL databases: one for each declaration, with a role of its own that owns it.

The role logs in with a generated password and is a member of ``encore_services``, the group that
migrations may grant to (contract §4.5). Nobody else may connect. What is ours carries a mark, as
a comment on the database and on the role, so that it is known without the state.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from encore_config.graph import Database
from encore_config.plan import SECRET
from encore_local.naming import MIGRATOR_ROLE, SERVICES_ROLE, physical_name
from encore_provisioner.postgres.door import literal, quoted
from encore_provisioner.postgres.verifier import scram_verifier

if TYPE_CHECKING:
    from psycopg import Connection

FORCES = frozenset({"database"})
MIGRATOR_KEY = "role/encore-migrator"
"""Key of the migrator's password in the secret store."""
_MARK = "encore-infra "


def properties(database: Database) -> dict[str, Any]:
    return {
        "database": physical_name("database", database.name),
        "owner": physical_name("role", database.name),
        "member_of": [SERVICES_ROLE],
        "others_may_connect": False,
        "password": SECRET,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A database on the server. ``declared``: the name in its mark, None where there is none.

    ``verifier`` is what PostgreSQL keeps in place of the owner's password.
    """

    database: str
    owner: str
    login: bool
    member: bool
    others_may_connect: bool
    verifier: str
    declared: str | None


_OBSERVE = f"""
SELECT d.datname, r.rolname, r.rolcanlogin,
       EXISTS (SELECT FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid
               WHERE m.member = r.oid AND g.rolname = '{SERVICES_ROLE}'),
       EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
               WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT'),
       coalesce(r.rolpassword, ''),
       shobj_description(d.oid, 'pg_database'), shobj_description(r.oid, 'pg_authid')
FROM pg_database AS d JOIN pg_authid AS r ON r.oid = d.datdba
WHERE NOT d.datistemplate AND d.datname <> 'postgres'
ORDER BY d.datname
"""


def observe(connection: Connection[tuple[Any, ...]]) -> tuple[Found, ...]:
    """Every database of the server but PostgreSQL's own."""
    return tuple(
        Found(
            database=name,
            owner=owner,
            login=login,
            member=member,
            others_may_connect=public,
            verifier=verifier,
            declared=_declared(comment) or _declared(role_comment),
        )
        for name, owner, login, member, public, verifier, comment, role_comment in (
            connection.execute(_OBSERVE).fetchall()
        )
    )


def actual(found: Found, password: str | None) -> dict[str, Any]:
    """The properties of a database; a password that does not fit is no password."""
    fits = password is not None and found.login and fits_verifier(password, found.verifier)
    return {
        "database": found.database,
        "owner": found.owner,
        "member_of": [SERVICES_ROLE] if found.member else [],
        "others_may_connect": found.others_may_connect,
        "password": SECRET if fits else None,
    }


def fits_verifier(password: str, verifier: str) -> bool:
    """Whether ``password`` is the one of a SCRAM-SHA-256 verifier (RFC 5803)."""
    try:
        _, rounds_and_salt, keys = verifier.split("$")
        rounds, salt = rounds_and_salt.split(":")
        stored = base64.b64decode(keys.split(":")[0], validate=True)
        salted = hashlib.pbkdf2_hmac(
            "sha256", password.encode(), base64.b64decode(salt, validate=True), int(rounds)
        )
    except (ValueError, binascii.Error):
        return False
    client = hmac.digest(salted, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(client).digest(), stored)


def mark(declared: str) -> str:
    return _MARK + json.dumps({"database": declared})


def _declared(comment: str | None) -> str | None:
    if not comment or not comment.startswith(_MARK):
        return None
    try:
        return str(json.loads(comment.removeprefix(_MARK))["database"])
    except (ValueError, KeyError, TypeError):
        return None


def ensure_shared_roles(connection: Connection[tuple[Any, ...]], migrator_password: str) -> None:
    """The group that migrations may name, and the superuser who runs them."""
    _ensure_role(connection, SERVICES_ROLE, "NOLOGIN")
    _ensure_role(
        connection,
        MIGRATOR_ROLE,
        f"SUPERUSER LOGIN PASSWORD{literal(scram_verifier(migrator_password))}",
    )
    _grant_group(connection, MIGRATOR_ROLE)


def put(
    connection: Connection[tuple[Any, ...]],
    wanted: Mapping[str, Any],
    *,
    declared: str,
    password: str,
) -> None:
    """Make role and database, or make them as wanted. No row is touched."""
    name, owner = wanted["database"], wanted["owner"]
    verifier = literal(scram_verifier(password))
    _ensure_role(connection, owner, f"LOGIN PASSWORD{verifier}")
    connection.execute(f"COMMENT ON ROLE {quoted(owner)} IS{literal(mark(declared))}")
    _grant_group(connection, owner)
    if not _exists(connection, name):
        connection.execute(f"CREATE DATABASE {quoted(name)} OWNER {quoted(owner)}")
    connection.execute(f"COMMENT ON DATABASE {quoted(name)} IS{literal(mark(declared))}")
    connection.execute(f"ALTER DATABASE {quoted(name)} OWNER TO {quoted(owner)}")
    connection.execute(f"REVOKE ALL ON DATABASE {quoted(name)} FROM PUBLIC")


def _ensure_role(connection: Connection[tuple[Any, ...]], role: str, options: str) -> None:
    row = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if row else "CREATE"
    connection.execute(f"{verb} ROLE {quoted(role)} {options}")


def _grant_group(connection: Connection[tuple[Any, ...]], role: str) -> None:
    connection.execute(f"GRANT {quoted(SERVICES_ROLE)} TO {quoted(role)}")


def _exists(connection: Connection[tuple[Any, ...]], database: str) -> bool:
    row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    return row is not None


def drop(connection: Connection[tuple[Any, ...]], actual: Mapping[str, Any]) -> None:
    """Remove database and role; what is gone is fine. A role that owns more is kept."""
    connection.execute(f"DROP DATABASE IF EXISTS {quoted(actual['database'])} WITH (FORCE)")
    owner = actual["owner"]
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_authid'), EXISTS ("
        " SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = r.oid)"
        " FROM pg_authid AS r WHERE rolname = %s",
        [owner],
    ).fetchone()
    if row and _declared(row[0]) is not None and not row[1]:
        connection.execute(f"DROP ROLE {quoted(owner)}")
