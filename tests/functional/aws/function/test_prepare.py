"""Roles and logical databases on a real server whose first user is no superuser."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from tests.functional.aws.function.conftest import Inside

from encore_aws.function import documents
from encore_aws.function.documents import PasswordPlace, Prepared, WantedDatabase
from encore_aws.function.errors import ConnectError
from encore_aws.function.postgres import Login, connect
from encore_aws.function.roles import MIGRATOR


def changes(found: Prepared) -> dict[str, tuple[str, ...]]:
    assert found.error is None
    return {database.name: database.changed for database in found.databases}


def test_a_database_is_made_with_a_role_that_owns_it(inside: Inside) -> None:
    found = inside.prepare()
    assert found.notes == ()
    assert changes(found) == {
        "orders": (
            "role made",
            "member of encore_services",
            "database made",
            "closed to other roles",
        )
    }
    assert inside.sql("SELECT current_user = current_database()") == [(True,)]
    assert inside.sql("CREATE TABLE t (id int); SELECT count(*) FROM t") == [(0,)]
    rights = (
        "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    assert inside.sql(rights) == [(False, False, False)]
    assert inside.sql("SELECT pg_has_role('encore_services', 'MEMBER')") == [(True,)]


def test_the_second_time_nothing_is_changed(inside: Inside) -> None:
    inside.prepare()
    verifier = "SELECT rolpassword FROM pg_authid WHERE rolname LIKE 'orders%' ORDER BY oid"
    before = inside.rds.sql(verifier)
    assert changes(inside.prepare()) == {"orders": ()}
    assert inside.rds.sql(verifier) == before


def test_a_password_is_made_once_inside_aws_and_never_told(inside: Inside) -> None:
    event: Any = {
        "server": inside.server,
        "databases": (inside.wanted(),),
    }
    found = inside.prepare(*event["databases"])
    made = inside.password()
    assert len(made) == 64
    assert not set(made) & set('!"#$%&')
    assert made not in str(found)
    assert made not in str(inside.log)
    inside.prepare()
    assert inside.password() == made


def test_a_password_that_somebody_set_is_taken(inside: Inside) -> None:
    inside.secrets.put_secret_value(SecretId=inside.place("orders"), SecretString="chosen by hand")
    inside.prepare()
    assert inside.password() == "chosen by hand"
    assert inside.sql("SELECT 1") == [(1,)]


def test_only_the_apps_role_comes_in(inside: Inside) -> None:
    inside.prepare(inside.wanted("orders"), inside.wanted("users"))
    users = inside.wanted("users")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        inside.rds.sql_as(
            users.role, inside.password("users"), inside.wanted("orders").database, "SELECT 1"
        )


def test_a_password_that_fits_no_more_is_set_again(inside: Inside) -> None:
    inside.prepare()
    role = inside.wanted().role
    inside.rds.sql(f"ALTER ROLE \"{role}\" PASSWORD 'another'")
    assert changes(inside.prepare()) == {"orders": ("password set",)}
    assert inside.sql("SELECT 1") == [(1,)]


DAMAGE = {
    "no login": ("ALTER ROLE {0} NOLOGIN", ("login allowed",)),
    "no group": (
        'REVOKE encore_services FROM {0} GRANTED BY "first user"',
        ("member of encore_services",),
    ),
    "open": ("GRANT CONNECT ON DATABASE {0} TO PUBLIC", ("closed to other roles",)),
    "owner": ('ALTER DATABASE {0} OWNER TO "first user"', ("owner set, which was first user",)),
    "no membership": (
        'REVOKE {0} FROM "first user", encore_infra_migrator GRANTED BY "first user"',
        (),
    ),
}


@pytest.mark.parametrize(("text", "mended"), DAMAGE.values(), ids=DAMAGE)
def test_what_was_changed_by_hand_is_put_right(
    ready: Inside, text: str, mended: tuple[str, ...]
) -> None:
    ready.sql("CREATE TABLE kept AS SELECT 7 AS n")
    ready.rds.sql(text.format(f'"{ready.wanted().role}"'))
    assert changes(ready.prepare()) == {"orders": mended}
    assert ready.sql("SELECT n FROM kept") == [(7,)]
    assert ready.migrate({"1_a.up.sql": "ALTER TABLE kept ADD COLUMN m int;"}).error is None


ODD = {
    "reserved": "user",
    "upper": "Orders-Älter",
    "quotes": 'a"; DROP DATABASE postgres; --',
    "apostrophes": "a'); SELECT 'x",
    "backslash": "a\\' OR 1=1 --",
    "dollar": "$encore_hand_over$; SELECT 1",
    "percent": "100%s %(from)s",
    "unicode": "заказы 注文 🛒",
    "spaces": " leading and trailing ",
    "longest": "x" * 63,
}


@pytest.mark.parametrize("name", ODD.values(), ids=ODD)
def test_any_name_is_only_a_name(inside: Inside, name: str) -> None:
    wanted = WantedDatabase(
        name=name, database=name, role=name, password=PasswordPlace(secret=inside.place("odd"))
    )
    assert inside.prepare(wanted).error is None
    assert changes(inside.prepare(wanted)) == {name: ()}
    files = {"1_a.up.sql": "CREATE TABLE t (id int);", "2_b.up.sql": "CREATE SCHEMA s;"}
    request = inside.request(files)
    named = type(request.database)(
        name=name, database=name, role=name, migrations=request.database.migrations
    )
    request = type(request)(server=request.server, database=named, objects=request.objects)
    from encore_aws.function.documents import Migrated

    found = inside.ask(request, Migrated)
    assert found.error is None
    assert found.applied == ("1_a.up.sql", "2_b.up.sql")
    owners = "SELECT tableowner FROM pg_tables WHERE tablename = 't'"
    assert inside.rds.sql_as(name, inside.password("odd"), name, owners) == [(name,)]
    inside.rds.sql(f'DROP DATABASE "{name.replace(chr(34), 2 * chr(34))}" WITH (FORCE)')


def test_a_role_of_somebody_else_is_left_alone(inside: Inside) -> None:
    role = inside.wanted().role
    inside.rds.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'theirs'")
    found = inside.prepare(inside.wanted("users"), inside.wanted())
    assert [database.name for database in found.databases] == ["users"]
    assert found.error is not None
    assert found.error.code == "role-taken"
    assert role in found.error.message
    assert inside.rds.sql_as(role, "theirs", "postgres", "SELECT 1") == [(1,)]
    inside.rds.sql(f"DROP ROLE {role}")


def test_a_database_of_somebody_else_is_left_alone(inside: Inside) -> None:
    name = inside.wanted().database
    inside.rds.sql("CREATE ROLE legacy")
    inside.rds.sql(f"CREATE DATABASE {name} OWNER legacy")
    found = inside.prepare()
    assert found.error is not None
    assert found.error.code == "database-taken"
    assert "legacy" in found.error.message
    assert inside.rds.sql(
        "SELECT r.rolname FROM pg_database d JOIN pg_roles r ON r.oid = datdba"
        f" WHERE datname = '{name}'"
    ) == [("legacy",)]
    inside.rds.sql(f"DROP DATABASE {name}")
    inside.rds.sql("DROP ROLE legacy")
    assert inside.prepare().error is None


def test_a_database_that_the_first_user_made_becomes_the_apps(inside: Inside) -> None:
    from tests.support.rds import FIRST_PASSWORD, FIRST_USER

    name = inside.wanted().database
    inside.rds.sql_as(FIRST_USER, FIRST_PASSWORD, "postgres", f"CREATE DATABASE {name}")
    inside.rds.sql("CREATE TABLE kept AS SELECT 7 AS n", database=name)
    assert "owner set, which was first user" in changes(inside.prepare())["orders"]
    assert inside.rds.sql("SELECT n FROM kept", database=name) == [(7,)]


def test_many_at_once_make_each_thing_once(inside: Inside) -> None:
    wanted = [inside.wanted(name) for name in ("orders", "users", "carts")]
    results: list[Prepared] = []

    def work() -> None:
        results.append(inside.prepare(*wanted))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found.error for found in results] == [None] * 4
    made = [
        change for found in results for database in found.databases for change in database.changed
    ]
    assert made.count("role made") == made.count("database made") == 3
    assert "password set" not in made
    for name in ("orders", "users", "carts"):
        assert inside.sql("SELECT 1", name=name) == [(1,)]


def test_who_holds_the_server_for_long_is_told(inside: Inside) -> None:
    from encore_aws.function.prepare import LOCK

    slept: list[float] = []
    with psycopg.connect(**inside.rds.server.connection()) as other:
        other.execute(f"SELECT pg_advisory_lock({LOCK})")
        found = inside.but(sleep=slept.append).prepare()
    assert found.error is not None
    assert found.error.code == "server-busy"
    assert 29 < sum(slept) < 31


def test_the_admin_password_is_read_at_each_call(inside: Inside) -> None:
    from tests.support.rds import FIRST_PASSWORD, FIRST_USER

    inside.prepare()
    inside.rds.sql(f"ALTER ROLE \"{FIRST_USER}\" PASSWORD 'rotated'")
    try:
        refused = inside.prepare()
        assert refused.error is not None
        assert refused.error.code == "postgres-refused"
        assert "password authentication failed" in refused.error.message
        inside.secrets.put_secret_value(
            SecretId=inside.admin, SecretString=inside.rds.first_user("rotated")
        )
        assert inside.prepare().error is None
    finally:
        inside.rds.sql(f"ALTER ROLE \"{FIRST_USER}\" PASSWORD '{FIRST_PASSWORD}'")


def test_an_admin_password_that_changes_between_reading_and_coming_is_read_again(
    inside: Inside,
) -> None:
    refused: list[str] = []

    def connected(login: Login) -> Any:
        if not refused:
            refused.append(login.user)
            raise ConnectError("postgres-refused", "wrong", "…", state="28P01")
        return connect(login)

    assert inside.but(connect=connected).prepare().error is None
    assert refused == ["first user"]


def test_without_the_powers_of_rds_it_goes_on_and_says_so(inside: Inside) -> None:
    from tests.support.rds import FIRST_USER

    inside.rds.sql(f'REVOKE rds_superuser FROM {MIGRATOR}, "{FIRST_USER}" CASCADE')
    try:
        found = inside.prepare()
        assert found.error is None
        (note,) = found.notes
        assert "rds_superuser" in note
        assert "extensions" in note
    finally:
        inside.rds.sql(f'GRANT rds_superuser TO "{FIRST_USER}" WITH ADMIN OPTION')


def test_no_password_is_in_the_servers_own_log(inside: Inside) -> None:
    """Even where it logs every statement: only a password's verifier is ever sent."""
    plain = "nothing-to-escape-in-it"
    inside.secrets.put_secret_value(SecretId=inside.place("orders"), SecretString=plain)
    inside.rds.sql("ALTER DATABASE postgres SET log_statement = 'all'")
    try:
        inside.prepare()
        role = inside.wanted().role
        inside.rds.sql(f"ALTER ROLE \"{role}\" PASSWORD 'another'")
        assert changes(inside.prepare()) == {"orders": ("password set",)}
    finally:
        inside.rds.sql("ALTER DATABASE postgres RESET log_statement")
    log = inside.rds.server.log.read_text()
    assert log.count(f'ALTER ROLE "{role}" PASSWORD') >= 2
    assert f'CREATE ROLE "{role}" LOGIN PASSWORD' in log
    assert plain not in log


def dropped(inside: Inside, *names: str) -> dict[str, tuple[str, ...]]:
    gone = tuple(
        documents.DroppedDatabase(name=each.name, database=each.database, role=each.role)
        for each in map(inside.wanted, names)
    )
    found = inside.ask(documents.Drop(server=inside.server, databases=gone), documents.Dropped)
    assert found.error is None
    return {database.name: database.changed for database in found.databases}


def test_a_database_is_deleted_with_its_rows_and_its_role_and_no_other(inside: Inside) -> None:
    inside.prepare(inside.wanted("orders"), inside.wanted("users"))
    for name in ("orders", "users"):
        inside.sql("CREATE TABLE t AS SELECT 1", name=name)
    assert dropped(inside, "orders") == {"orders": ("database deleted", "role deleted")}
    physical = inside.wanted("orders").database
    assert inside.rds.sql(f"SELECT 1 FROM pg_database WHERE datname = '{physical}'") == []
    assert inside.rds.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{physical}'") == []
    assert inside.sql("SELECT count(*) FROM t", name="users") == [(1,)]


def test_a_database_that_is_gone_is_no_error(inside: Inside) -> None:
    inside.prepare()
    dropped(inside, "orders")
    assert dropped(inside, "orders") == {"orders": ()}


def test_a_database_is_deleted_under_an_app_that_is_connected(inside: Inside) -> None:
    inside.prepare()
    wanted = inside.wanted()
    keywords = {**inside.rds.server.connection(wanted.database), "user": wanted.role}
    with psycopg.connect(**{**keywords, "password": inside.password()}):
        assert dropped(inside, "orders")["orders"][0] == "database deleted"


def test_what_somebody_else_made_is_never_deleted(inside: Inside) -> None:
    physical = inside.wanted().database
    inside.rds.sql(f'CREATE ROLE "{physical}"')
    inside.rds.sql(f'CREATE DATABASE "{physical}"')
    assert dropped(inside, "orders") == {
        "orders": (
            f"the database {physical} stays: somebody else made it",
            f"the role {physical} stays: somebody else made it",
        )
    }
    assert inside.rds.sql(f"SELECT 1 FROM pg_database WHERE datname = '{physical}'") == [(1,)]
    inside.rds.sql(f'DROP DATABASE "{physical}"')
    inside.rds.sql(f'DROP ROLE "{physical}"')
