"""``doctor``: whether databases and caches can be reached as the app reaches them.

In: where each is and the secret of its password. Out: a check for each, in the order of the
request. A check that fails ends no other one, and nothing is left behind.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Literal

from encore_aws.function.cache import CacheLogin
from encore_aws.function.documents import Check, Checked, CheckedCache, CheckedDatabase, Doctor
from encore_aws.function.doors import Doors
from encore_aws.function.errors import FunctionError
from encore_aws.function.postgres import Login
from encore_provisioner.postgres import running

_LIMITS = "SET statement_timeout = '10s'; SET lock_timeout = '2s'"
# One text is one transaction, at whose end the table goes.
_ROUND_TRIP = (
    "CREATE TEMP TABLE encore_doctor (n int) ON COMMIT DROP;"
    " INSERT INTO encore_doctor VALUES (1); SELECT n FROM encore_doctor"
)


def doctor(request: Doctor, doors: Doors) -> Checked:
    return Checked(
        checks=(
            *(
                _check("database", one.name, lambda one=one: _database(one, doors), doors)  # type: ignore[misc]
                for one in request.databases
            ),
            *(
                _check("cache", one.name, lambda one=one: _cache(one, doors), doors)  # type: ignore[misc]
                for one in request.caches
            ),
        )
    )


def _check(
    kind: Literal["database", "cache"], name: str, look: Callable[[], str], doors: Doors
) -> Check:
    began = doors.clock()
    try:
        detail = look()
    except FunctionError as error:
        took = doors.clock() - began
        return Check(
            kind=kind, name=name, ok=False, seconds=took, reason=error.message, hint=error.hint
        )
    return Check(kind=kind, name=name, ok=True, seconds=doors.clock() - began, detail=detail)


def _database(wanted: CheckedDatabase, doors: Doors) -> str:
    login = Login(
        host=wanted.host,
        port=wanted.port,
        ca=wanted.ca,
        database=wanted.database,
        user=wanted.role,
        password=_password(wanted.password, doors),
    )
    with contextlib.closing(doors.connect(login)) as session:
        session.rows(_LIMITS)
        [(version,)] = session.rows("SHOW server_version")
        if session.rows(_ROUND_TRIP) != [("1",)]:
            raise FunctionError("odd-answer", "a row came back changed", "Look at the server.")
        level = _level(running.read_versions(session))
        return f"PostgreSQL {version}, role {wanted.role}, {session.tls or 'no TLS'}{level}"


def _level(versions: dict[int, bool]) -> str:
    if not versions:
        return ", no migrations"
    newest = max(versions)
    dirty = any(versions.values())
    if dirty:
        raise FunctionError(
            "migration-dirty",
            f"version {max(v for v, is_dirty in versions.items() if is_dirty)} is marked dirty: a "
            "migration was interrupted while it ran",
            "Run `encore-infra migrate`: it says how to go on.",
        )
    return f", migrated to {newest}"


def _cache(wanted: CheckedCache, doors: Doors) -> str:
    return doors.look(
        CacheLogin(
            host=wanted.host,
            port=wanted.port,
            ca=wanted.ca,
            username=wanted.username,
            password=_password(wanted.password, doors) if wanted.password else None,
        )
    )


def _password(arn: str, doors: Doors) -> str:
    found = doors.secrets.read(arn)
    if found is None:
        raise FunctionError(
            "secret-empty",
            f"the secret {arn} has no value yet",
            "Run `encore-infra apply`: it makes the password inside AWS.",
        )
    return found
