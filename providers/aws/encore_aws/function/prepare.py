"""``prepare`` and ``drop``: roles with passwords, logical databases, one server at a time.

In: a request. Out: what was changed, by database. A password is made by AWS where its secret has no
value, and by nobody otherwise; the role is given the secret's password only where it does not open
the database already. Whatever ends it, the next call finishes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from encore_aws.function import postgres, roles
from encore_aws.function.documents import (
    Drop,
    Dropped,
    Prepare,
    Prepared,
    PreparedDatabase,
    Server,
    WantedDatabase,
)
from encore_aws.function.doors import Doors, admin_login
from encore_aws.function.errors import ConnectError, FunctionError, SqlError
from encore_aws.function.postgres import Login, Postgres
from encore_aws.function.problems import error_of
from encore_provisioner.postgres import running

MAINTENANCE = "postgres"
"""The database that every server of RDS has."""
LOCK = running.lock_key("encore_infra prepare")
_LIMITS = "SET lock_timeout = '30s'; SET statement_timeout = '120s'"
_BEING_COPIED = "55006"
_TRIES = 4
_PAUSE = 2.0


@contextlib.contextmanager
def admin(
    doors: Doors, server: Server, database: str = MAINTENANCE, acting_as: str | None = None
) -> Iterator[tuple[Postgres, Login]]:
    """A session of the first user. Its password is read each time, and once more where it was just
    changed. Raises :class:`ConnectError`.
    """
    session, login = open_admin(doors, server, database, acting_as)
    with contextlib.closing(session):
        yield session, login


def open_admin(
    doors: Doors, server: Server, database: str, acting_as: str | None
) -> tuple[Postgres, Login]:
    """As :func:`admin`, and to be closed by who asks."""

    def attempt() -> tuple[Postgres, Login]:
        user, password = admin_login(doors.secrets, server.admin_secret)
        login = Login(
            host=server.host,
            port=server.port,
            ca=server.ca,
            database=database,
            user=user,
            password=password,
            acting_as=acting_as,
        )
        return doors.connect(login), login

    try:
        return attempt()
    except ConnectError as error:
        if error.state != postgres.WRONG_PASSWORD:
            raise
    return attempt()


@contextlib.contextmanager
def _held(doors: Doors, server: Server) -> Iterator[tuple[Postgres, Login]]:
    """As :func:`admin`, alone among those who make and delete databases there."""
    with admin(doors, server) as (session, login):
        session.rows(_LIMITS)
        with running.locked(session, LOCK, sleep=doors.sleep) as free:
            if not free:
                raise _busy(login)
            yield session, login


def prepare(request: Prepare, doors: Doors) -> Prepared:
    """Databases that are done stay done where a later one fails."""
    done: list[PreparedDatabase] = []
    notes: tuple[str, ...] = ()
    try:
        with _held(doors, request.server) as (session, login):
            notes = roles.ensure_shared(session, login.user)
            for wanted in request.databases:
                changed = _put(wanted, session, login, doors)
                done.append(PreparedDatabase(name=wanted.name, changed=changed))
    except FunctionError as error:
        return Prepared(databases=tuple(done), notes=notes, error=error_of(error))
    return Prepared(databases=tuple(done), notes=notes)


def drop(request: Drop, doors: Doors) -> Dropped:
    """Databases that are gone stay gone where a later one fails."""
    done: list[PreparedDatabase] = []
    try:
        with _held(doors, request.server) as (session, _):
            for gone in request.databases:
                done.append(PreparedDatabase(name=gone.name, changed=roles.drop(session, gone)))
    except FunctionError as error:
        return Dropped(databases=tuple(done), error=error_of(error))
    return Dropped(databases=tuple(done))


def _put(wanted: WantedDatabase, session: Postgres, login: Login, doors: Doors) -> tuple[str, ...]:
    place = wanted.password
    password = doors.secrets.ensure(place.secret, length=place.length, exclude=place.exclude)
    changed = _patiently(lambda: roles.put(session, wanted, login.user, password), doors)
    own = replace(
        login, database=wanted.database, user=wanted.role, password=password, acting_as=None
    )
    if _opens(doors, own):
        return changed
    roles.set_password(session, wanted.role, password)
    doors.connect(own).close()
    return (*changed, "password set")


def _opens(doors: Doors, login: Login) -> bool:
    try:
        doors.connect(login).close()
    except ConnectError as error:
        if error.state != postgres.WRONG_PASSWORD:
            raise
        return False
    return True


def _patiently(deed: Callable[[], tuple[str, ...]], doors: Doors) -> tuple[str, ...]:
    """A database is made as a copy of one that nobody may be in meanwhile."""
    for _ in range(_TRIES):
        try:
            return deed()
        except SqlError as error:
            if error.state != _BEING_COPIED:
                raise
        doors.sleep(_PAUSE)
    return deed()


def _busy(login: Login) -> FunctionError:
    return FunctionError(
        "server-busy",
        f"another apply has been preparing the databases of {login.where} for more than 30 s",
        "Wait for it to end, then try again.",
    )
