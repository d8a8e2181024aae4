"""Roles and logical databases on a server of RDS, made or made as wanted. SQL.

In: a session of the server's first user, who is no superuser but may make roles and databases. Out:
what was changed, in words. A role carries a mark, as a comment that is made with it, so that nobody
else's role is ever taken over. Every deed can be done again; none touches a row.

``MIGRATOR`` runs migrations: a role without a login that the first user takes on. It may do what
the first user may, owns nothing but what migrations made, and so that can be told and handed over.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import Final

from scramp import ScramException
from scramp.utils import saslprep

from encore_aws.function.documents import DroppedDatabase, WantedDatabase
from encore_aws.function.errors import FunctionError, SqlError
from encore_provisioner.postgres.door import Session, literal, quoted
from encore_provisioner.postgres.verifier import scram_verifier

MIGRATOR: Final = "encore_infra_migrator"
SERVICES: Final = "encore_services"
"""The group role that migrations may name (contract §4.5)."""
POWERS: Final = "rds_superuser"
"""What RDS gives to the first user in place of a superuser's rights."""
_MARK: Final = "encore-infra "
_TAKEN: Final = ("42710", "42P04", "23505")
"""SQLSTATEs of a role or database that exists: somebody was quicker."""


def ensure_shared(session: Session, admin: str) -> tuple[str, ...]:
    """The group and the migrator. Gives notes: what this server does not allow."""
    _ensure_role(session, SERVICES, "NOLOGIN")
    _ensure_role(session, MIGRATOR, "NOLOGIN CREATEROLE")
    # Whoever made a role may give it, and yet is no member of it.
    session.rows(f"GRANT {quoted(MIGRATOR)} TO {quoted(admin)}")
    session.rows(f"GRANT {quoted(SERVICES)} TO {quoted(MIGRATOR)}")
    if not session.rows(f"SELECT 1 FROM pg_roles WHERE rolname = {literal(POWERS)}"):
        return ()
    try:
        session.rows(f"GRANT {quoted(POWERS)} TO {quoted(MIGRATOR)}")
    except SqlError as error:
        return (
            f"{MIGRATOR} could not be made a member of {POWERS} ({error.message}): migrations "
            "cannot create extensions that need it",
        )
    return ()


def _ensure_role(session: Session, role: str, options: str) -> None:
    if session.rows(f"SELECT 1 FROM pg_roles WHERE rolname = {literal(role)}"):
        return
    _unless_taken(session, f"CREATE ROLE {quoted(role)} {options}")


def _unless_taken(session: Session, text: str) -> None:
    try:
        session.rows(text)
    except SqlError as error:
        if error.state not in _TAKEN:
            raise


def put(session: Session, wanted: WantedDatabase, admin: str, password: str) -> tuple[str, ...]:
    """Make role and database, or make them as wanted. Raises :class:`FunctionError` for a role or a
    database that is not ours.
    """
    return (*_put_role(session, wanted, admin, password), *_put_database(session, wanted, admin))


def mark(declared: str) -> str:
    return _MARK + json.dumps({"database": declared})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Role:
    may_login: bool
    is_ours: bool
    is_member: bool


def _find_role(session: Session, role: str) -> _Role | None:
    found = session.rows(
        "SELECT rolcanlogin::int, coalesce(shobj_description(r.oid, 'pg_authid'), ''),"
        " (EXISTS (SELECT FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid"
        f" WHERE m.member = r.oid AND g.rolname = {literal(SERVICES)}))::int"
        f" FROM pg_roles AS r WHERE rolname = {literal(role)}"
    )
    if not found:
        return None
    [(login, comment, member)] = found
    return _Role(may_login=login == "1", is_ours=comment.startswith(_MARK), is_member=member == "1")


def _put_role(
    session: Session, wanted: WantedDatabase, admin: str, password: str
) -> tuple[str, ...]:
    role, name = wanted.role, quoted(wanted.role)
    changed: list[str] = []
    found = _find_role(session, role)
    if found is None:
        # One text is one transaction: no role of ours is ever without its mark.
        session.rows(
            f"CREATE ROLE {name} LOGIN PASSWORD{literal(_verifier(password))};"
            f" COMMENT ON ROLE {name} IS{literal(mark(wanted.name))}"
        )
        changed.append("role made")
        found = _Role(may_login=True, is_ours=True, is_member=False)
    if not found.is_ours:
        raise FunctionError(
            "role-taken",
            f"the role {role} exists on the server and was made by somebody else; nothing of it "
            "was changed",
            f"Rename or drop it (ALTER ROLE {name} RENAME TO …), then apply again; or give the "
            f"database {wanted.name} a server of its own.",
        )
    if not found.may_login:
        session.rows(f"ALTER ROLE {name} LOGIN")
        changed.append("login allowed")
    session.rows(f"GRANT {name} TO {quoted(admin)}; GRANT {name} TO {quoted(MIGRATOR)}")
    if not found.is_member:
        session.rows(f"GRANT {quoted(SERVICES)} TO {name}")
        changed.append(f"member of {SERVICES}")
    return tuple(changed)


def set_password(session: Session, role: str, password: str) -> None:
    """Only its verifier is sent: the password is in no log of the server."""
    session.rows(f"ALTER ROLE {quoted(role)} PASSWORD{literal(_verifier(password))}")


def _verifier(password: str) -> str:
    """Of the password as clients normalise it; one that they cannot they take as it is."""
    with contextlib.suppress(ScramException):
        password = saslprep(password)
    return scram_verifier(password)


def _find_database(session: Session, database: str) -> tuple[str, bool, str] | None:
    """Its owner, whether everybody may come in, its mark."""
    found = session.rows(
        "SELECT r.rolname, (EXISTS (SELECT FROM"
        " aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a"
        " WHERE a.grantee = 0))::int,"
        " coalesce(shobj_description(d.oid, 'pg_database'), '')"
        " FROM pg_database AS d JOIN pg_roles AS r ON r.oid = d.datdba"
        f" WHERE d.datname = {literal(database)}"
    )
    if not found:
        return None
    [(owner, public, comment)] = found
    return owner, public == "1", comment


def _put_database(session: Session, wanted: WantedDatabase, admin: str) -> tuple[str, ...]:
    name, role = quoted(wanted.database), quoted(wanted.role)
    changed: list[str] = []
    if _find_database(session, wanted.database) is None:
        _unless_taken(session, f"CREATE DATABASE {name} OWNER {role}")
        changed.append("database made")
    owner, public, comment = _find_database(session, wanted.database) or ("", True, "")
    if owner not in (wanted.role, admin, MIGRATOR):
        raise FunctionError(
            "database-taken",
            f"the database {wanted.database} exists on the server and belongs to {owner}; nothing "
            "of it was changed",
            f"If it is the app's: ALTER DATABASE {name} OWNER TO {role}, and REASSIGN OWNED for "
            "what is in it. If not, rename it. Then apply again.",
        )
    if owner != wanted.role:
        session.rows(f"ALTER DATABASE {name} OWNER TO {role}")
        changed.append(f"owner set, which was {owner}")
    if public:
        session.rows(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        changed.append("closed to other roles")
    if comment != mark(wanted.name):
        session.rows(f"COMMENT ON DATABASE {name} IS{literal(mark(wanted.name))}")
    return tuple(changed)


def drop(session: Session, gone: DroppedDatabase) -> tuple[str, ...]:
    """Delete a database with all its rows, and its role. What does not carry our mark stays, and
    what is gone already is no error. The app's sessions are ended.
    """
    return (*_drop_database(session, gone), *_drop_role(session, gone))


def _drop_database(session: Session, gone: DroppedDatabase) -> tuple[str, ...]:
    found = _find_database(session, gone.database)
    if found is None:
        return ()
    if found[2] != mark(gone.name):
        return (f"the database {gone.database} stays: somebody else made it",)
    session.rows(f"DROP DATABASE {quoted(gone.database)} WITH (FORCE)")
    return ("database deleted",)


def _drop_role(session: Session, gone: DroppedDatabase) -> tuple[str, ...]:
    found = _find_role(session, gone.role)
    if found is None:
        return ()
    if not found.is_ours:
        return (f"the role {gone.role} stays: somebody else made it",)
    session.rows(f"DROP ROLE {quoted(gone.role)}")
    return ("role deleted",)
