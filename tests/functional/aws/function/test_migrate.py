"""Migrations through the function, on a real server whose first user is no superuser."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from tests.functional.aws.function.conftest import BUCKET, PREFIX, Inside, wait_for_statement

from encore_aws.function.documents import Migrated, Where
from encore_aws.function.postgres import Login, connect
from encore_provisioner.postgres.judging import digest
from encore_provisioner.postgres.running import lock_key

TABLE = "CREATE TABLE a (id int PRIMARY KEY);\n"
VERSIONS = "SELECT version, dirty FROM public.schema_migrations ORDER BY 1"


def test_files_run_once_in_order_and_are_recorded(ready: Inside) -> None:
    files = {
        "1_create.up.sql": "CREATE TABLE orders (id int);",
        "10_third.up.sql": "INSERT INTO orders VALUES (10);",
        "2_fill.up.sql": "INSERT INTO orders VALUES (2);",
    }
    before = ready.status(files)
    assert (before.exists, before.applied) == (True, ())
    assert before.pending == ("1_create.up.sql", "2_fill.up.sql", "10_third.up.sql")

    found = ready.migrate(files)
    assert found == Migrated(applied=before.pending)
    assert ready.sql("SELECT id FROM orders ORDER BY ctid") == [(2,), (10,)]
    assert ready.sql(VERSIONS) == [(10, False)]

    after = ready.status(files)
    assert (after.applied, after.pending, after.adopt) == (before.pending, (), ())
    assert [(row.version, row.dirty) for row in after.versions] == [(10, False)]
    assert [row.sha256 for row in after.recorded] == [digest(files[f]) for f in before.pending]
    assert ready.migrate(files) == Migrated()
    assert ready.sql("SELECT count(*) FROM orders") == [(2,)]


def test_what_a_migration_makes_belongs_to_the_app(ready: Inside) -> None:
    text = """
CREATE SCHEMA extra;
CREATE TABLE extra.t (id bigserial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY);
CREATE VIEW v AS SELECT * FROM extra.t;
CREATE MATERIALIZED VIEW mv AS SELECT * FROM extra.t;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE FUNCTION extra.f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;
CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE COLLATION plain FROM "C";
CREATE STATISTICS st ON id, n FROM extra.t;
CREATE TEXT SEARCH CONFIGURATION ts (COPY = english);
CREATE EXTENSION citext;
CREATE TABLE items (id int, e citext);
CREATE ROLE view_owner; GRANT view_owner TO encore_services;
GRANT CREATE ON SCHEMA public TO view_owner;
SET ROLE view_owner; CREATE TABLE theirs (id int); RESET ROLE;
GRANT SELECT ON items TO encore_services;
SELECT lo_create(4711);
CREATE TABLE later (id int PRIMARY KEY);
CREATE TABLE deferred (id int REFERENCES later DEFERRABLE INITIALLY DEFERRED);
INSERT INTO deferred VALUES (1);
INSERT INTO later VALUES (1);
"""
    found = ready.migrate({"1_kinds.up.sql": text, "2_more.up.sql": "CREATE TABLE more (id int);"})
    assert found.error is None
    left = ready.sql_as_root(
        "SELECT named.type, named.identity FROM pg_shdepend AS o,"
        " LATERAL pg_identify_object(o.classid, o.objid, 0) AS named"
        " WHERE o.refobjid IN (SELECT oid FROM pg_roles"
        "  WHERE rolname IN ('encore_infra_migrator', 'first user')) AND o.deptype = 'o'"
        " AND o.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " ORDER BY 1, 2"
    )
    assert left == [
        ("extension", "citext"),
        ("schema", "encore_infra"),
        ("table", "encore_infra.migrations"),
    ]
    ready.sql("ALTER TABLE extra.t ADD COLUMN more int; REFRESH MATERIALIZED VIEW mv")
    ready.sql("DROP TABLE more; DROP SCHEMA extra CASCADE; SELECT lo_unlink(4711)")
    ready.sql("SET ROLE view_owner; ALTER TABLE theirs ADD COLUMN x int; RESET ROLE")
    ready.sql_as_root("DROP OWNED BY view_owner; DROP ROLE view_owner")


FAILING = {
    "syntax": (f"{TABLE}\nCREATE TABEL b (id int);", (3, 8), 'syntax error at or near "TABEL"'),
    "unicode": (f"{TABLE}-- é🛒\n/* ü */ SELECT nope;", (3, 16), 'column "nope" does not exist'),
    "no-position": (f"{TABLE}\r\n  {TABLE}", (3, 3), 'relation "a" already exists'),
    "run-time": (f"{TABLE}INSERT INTO a VALUES (1);\nSELECT 1/0;", (3, 1), "division by zero"),
    "quote": ("SELECT 'never closed;\n", (1, 8), "unterminated quoted string"),
    "concurrently": (
        f"{TABLE}CREATE INDEX CONCURRENTLY i ON a (id);",
        (2, 1),
        "CREATE INDEX CONCURRENTLY",
    ),
    "copy-in": (f"{TABLE}COPY a FROM STDIN;", (2, 1), "COPY from the client"),
    "deferred": (
        f"{TABLE}CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\n"
        "INSERT INTO b VALUES (7);",
        None,
        "violates foreign key constraint",
    ),
    "superuser": ("CREATE ROLE x SUPERUSER;", (1, 1), "permission denied to create role"),
    "bom": ("\ufeffSELECT 1;", (1, 1), "syntax error"),
}


@pytest.mark.parametrize(("text", "place", "says"), FAILING.values(), ids=FAILING)
def test_a_failing_file_is_rolled_back_whole(
    ready: Inside, text: str, place: tuple[int, int] | None, says: str
) -> None:
    files = {
        "1_good.up.sql": "CREATE TABLE good (id int);",
        "2_bad.up.sql": text,
        "3_never.up.sql": "CREATE TABLE never (id int);",
    }
    found = ready.migrate(files)
    assert found.applied == ("1_good.up.sql",)
    assert found.pending == ("2_bad.up.sql", "3_never.up.sql")
    error = found.error
    assert error is not None
    assert error.code == "migration-failed"
    assert says in error.message
    assert "orders/migrations/2_bad.up.sql" in error.message
    assert error.hint
    assert error.at == (
        Where(file="orders/migrations/2_bad.up.sql", line=place[0], column=place[1])
        if place
        else None
    )
    tables = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relowner = current_user::regrole"
    assert ready.sql(tables + " ORDER BY 1") == [("good",), ("schema_migrations",)]
    assert ready.sql(VERSIONS) == [(1, False)]

    mended = ready.migrate({**files, "2_bad.up.sql": "CREATE TABLE mended (id int);"})
    assert mended.applied == ("2_bad.up.sql", "3_never.up.sql")


def test_rows_that_are_copied_to_nobody_hinder_nothing(ready: Inside) -> None:
    copy = "COPY (SELECT generate_series(1, 200000)) TO STDOUT;"
    found = ready.migrate(
        {
            "1_a.up.sql": f"{TABLE}{copy}CREATE TABLE b (id int);",
            "2_b.up.sql": f"{copy}SELECT 1/0;",
        }
    )
    assert found.applied == ("1_a.up.sql",)
    assert found.error is not None
    assert found.error.at is not None
    assert found.error.at.column == len(copy) + 1
    assert ready.sql("SELECT to_regclass('b') IS NOT NULL") == [(True,)]


def test_any_row_may_be_selected(ready: Inside) -> None:
    text = (
        "SELECT 'infinity'::date, '0001-01-01 BC'::date, '{{1,2},{3,NULL}}'::int[], "
        "'1 year -2 days'::interval, '\\x00ff'::bytea, NULL, 'NaN'::numeric, '{\"a\": 1}'::jsonb;"
        "SET client_encoding = 'LATIN1'; SELECT 'ü'; SET DateStyle = 'SQL'; SELECT now();"
    )
    assert ready.migrate({"1_a.up.sql": text, "2_b.up.sql": TABLE}).error is None
    assert ready.sql("SELECT to_regclass('a') IS NOT NULL") == [(True,)]


def test_settings_of_a_file_do_not_reach_the_next(ready: Inside) -> None:
    found = ready.migrate(
        {
            "1_odd.up.sql": "CREATE TEMP TABLE t (id int); SET search_path = pg_catalog;"
            " SET statement_timeout = 0; SET ROLE encore_services; SET ROLE NONE;"
            " SET SESSION AUTHORIZATION DEFAULT; CREATE TABLE public.mine (id int); RESET ROLE;",
            "2_plain.up.sql": "CREATE TABLE t (id int); -- no newline",
        }
    )
    assert found.error is None
    kinds = "SELECT relpersistence FROM pg_class WHERE relname = 't'"
    assert ready.sql(kinds) == [("p",)]
    assert ready.sql("SELECT tableowner = current_user FROM pg_tables WHERE tablename = 't'") == [
        (True,)
    ]


def test_what_runs_in_no_transaction_runs_alone(ready: Inside) -> None:
    files = {"1_a.up.sql": TABLE, "2_i.up.sql": "CREATE INDEX CONCURRENTLY i ON a (id);"}
    assert ready.migrate(files).error is None
    assert ready.sql(
        "SELECT indisvalid, pg_get_userbyid(relowner) = current_user FROM pg_index"
        " JOIN pg_class c ON c.oid = indexrelid WHERE relname = 'i'"
    ) == [(True, True)]
    assert ready.sql(VERSIONS) == [(2, False)]


def test_two_at_once_run_each_file_once(ready: Inside) -> None:
    files = {f"{n}_x.up.sql": f"CREATE TABLE t{n} (id int);" for n in range(1, 6)}
    files["6_i.up.sql"] = "CREATE INDEX CONCURRENTLY i ON t1 (id);"
    request = ready.request(files)
    results: list[Migrated] = []
    threads = [
        threading.Thread(target=lambda: results.append(ready.ask(request, Migrated)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found.error for found in results] == [None] * 3
    assert sorted(name for found in results for name in found.applied) == sorted(files)
    assert ready.sql(VERSIONS) == [(6, False)]


def test_another_tool_that_holds_the_lock_is_waited_for_and_named(ready: Inside) -> None:
    database = ready.wanted().database
    slept: list[float] = []
    with psycopg.connect(**ready.rds.server.connection(database)) as other:
        other.execute(f"SELECT pg_advisory_lock({lock_key(database)})")
        found = ready.but(sleep=slept.append).migrate({"1_a.up.sql": TABLE})
    assert found.error is not None
    assert found.error.code == "migrations-busy"
    assert found.pending == ("1_a.up.sql",)
    assert 29 < sum(slept) < 31


def test_an_edited_file_is_refused_before_anything(ready: Inside) -> None:
    ready.migrate({"1_a.up.sql": TABLE})
    found = ready.migrate({"1_a.up.sql": TABLE + "-- more\n", "2_b.up.sql": "SELECT 1;"})
    assert found.error is not None
    assert found.error.code == "migrations-refused"
    assert [finding.code for finding in found.findings] == ["E9001"]
    assert found.findings[0].at == Where(file="orders/migrations/1_a.up.sql", line=1, column=1)
    assert ready.sql(VERSIONS) == [(1, False)]
    assert [f.code for f in ready.status({"1_a.up.sql": "other"}).findings] == ["E9001"]


def test_other_line_ends_are_no_edit(ready: Inside) -> None:
    ready.migrate({"1_a.up.sql": TABLE})
    assert ready.migrate({"1_a.up.sql": TABLE.replace("\n", "\r\n")}) == Migrated()


def test_a_dirty_version_is_refused(ready: Inside) -> None:
    ready.migrate({"1_a.up.sql": TABLE})
    ready.sql("UPDATE schema_migrations SET dirty = true")
    found = ready.migrate({"1_a.up.sql": TABLE, "2_b.up.sql": "SELECT 1;"})
    assert [finding.code for finding in found.findings] == ["E9003"]
    assert found.error is not None
    assert "SET dirty = false" in found.error.hint


def test_a_late_file_is_refused_and_a_vanished_one_told(ready: Inside) -> None:
    ready.migrate({"1_a.up.sql": TABLE, "5_b.up.sql": "SELECT 1;"})
    late = ready.migrate(
        {"1_a.up.sql": TABLE, "3_c.up.sql": "SELECT 1;", "5_b.up.sql": "SELECT 1;"}
    )
    assert [finding.code for finding in late.findings] == ["E9002"]
    gone = ready.migrate({"5_b.up.sql": "SELECT 1;"})
    assert gone.error is None
    assert [(f.code, f.severity) for f in gone.findings] == [("W9001", "warning")]


def test_what_another_tool_ran_is_adopted_with_its_hash(ready: Inside) -> None:
    ready.sql(
        "CREATE TABLE a (id int); CREATE TABLE schema_migrations (version bigint NOT NULL"
        " PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (2, false)"
    )
    files = {"1_a.up.sql": TABLE, "2_b.up.sql": "SELECT 2;", "3_c.up.sql": "SELECT 3;"}
    assert ready.status(files).adopt == ("1_a.up.sql", "2_b.up.sql")
    found = ready.migrate(files)
    assert (found.adopted, found.applied) == (("1_a.up.sql", "2_b.up.sql"), ("3_c.up.sql",))
    assert ready.migrate(files) == Migrated()


@pytest.mark.parametrize("source", ["prisma", "drizzle/v1"])
def test_other_sources_keep_a_row_for_each_file(ready: Inside, source: str) -> None:
    first = {"1_a/migration.sql": "SELECT 1;", "5_b/migration.sql": "SELECT 5;"}
    ready.migrate(first, source=source)
    late = ready.migrate({**first, "3_late/migration.sql": "SELECT 3;"}, source=source)
    assert late.applied == ("3_late/migration.sql",)
    assert ready.sql(VERSIONS) == [(1, False), (3, False), (5, False)]


def test_a_database_that_is_not_there_yet_has_run_nothing(inside: Inside) -> None:
    found = inside.status({"1_a.up.sql": TABLE})
    assert (found.exists, found.pending) == (False, ("1_a.up.sql",))
    refused = inside.migrate({"1_a.up.sql": TABLE})
    assert refused.error is not None
    assert refused.error.code == "not-prepared"


REFUSED: dict[str, tuple[Callable[[Inside, str], None], str, str]] = {
    "missing": (
        lambda inside, key: inside.objects.delete_object(Bucket=BUCKET, Key=key),
        "aws-refused",
        "NoSuchKey",
    ),
    "exchanged": (
        lambda inside, key: inside.objects.put_object(
            Bucket=BUCKET, Key=key, Body=b"DROP TABLE good;"
        ),
        "file-changed",
        digest("DROP TABLE good;"),
    ),
    "no text": (
        lambda inside, key: inside.objects.put_object(Bucket=BUCKET, Key=key, Body=b"\xff"),
        "migration-unreadable",
        "byte 0",
    ),
    "too large": (
        lambda inside, key: inside.objects.put_object(
            Bucket=BUCKET, Key=key, Body=b" " * (8 * 1024 * 1024 + 1)
        ),
        "file-too-large",
        "8,388,609",
    ),
}


@pytest.mark.parametrize(("harm", "code", "says"), REFUSED.values(), ids=REFUSED)
def test_a_text_that_is_not_what_was_planned_runs_nothing(
    ready: Inside, harm: Callable[[Inside, str], None], code: str, says: str
) -> None:
    request = ready.request(
        {"1_good.up.sql": "CREATE TABLE good ();", "2_b.up.sql": f"SELECT {id(code)};"}
    )
    harm(ready, f"{PREFIX}/{request.database.migrations.files[1].sha256}")
    found = ready.ask(request, Migrated)
    assert found.error is not None
    assert found.error.code == code
    assert says in found.error.message
    assert found.applied == ()
    assert ready.sql("SELECT to_regclass('good') IS NULL") == [(True,)]


def test_a_file_with_two_transactions_is_refused_before_anything(ready: Inside) -> None:
    found = ready.migrate(
        {"1_good.up.sql": TABLE, "2_two.up.sql": "BEGIN; COMMIT;\nBEGIN; COMMIT;"}
    )
    assert found.error is not None
    assert found.error.code == "migration-refused"
    assert found.error.at == Where(file="orders/migrations/2_two.up.sql", line=2, column=1)
    assert found.applied == ()


# --- time ------------------------------------------------------------------------------------

SLOW = {
    "one statement": "CREATE TABLE slow (id int); SELECT pg_sleep(20);",
    "its own limit": "SET statement_timeout = 0; CREATE TABLE slow (id int); SELECT pg_sleep(20);",
    "many statements": "CREATE TABLE slow (id int);" + "SELECT pg_sleep(0.4);" * 50,
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_a_file_that_takes_too_long_is_cancelled_and_the_way_out_told(
    ready: Inside, text: str
) -> None:
    began = time.monotonic()
    found = ready.but(remaining=lambda: 21.5).migrate({"1_slow.up.sql": text})
    assert time.monotonic() - began < 10
    error = found.error
    assert error is not None
    assert error.code == "migration-too-long"
    assert "2 s" in error.message
    assert error.at is not None
    assert error.at.file == "orders/migrations/1_slow.up.sql"
    assert "INSERT INTO public.schema_migrations VALUES (1, false)" in error.hint
    assert ready.sql(
        "SELECT to_regclass('slow') IS NULL, to_regclass('schema_migrations') IS NULL"
    ) == [(True, False)]

    # What the hint says is then taken as done.
    ready.sql(
        "CREATE TABLE slow (id int); DELETE FROM schema_migrations;"
        " INSERT INTO public.schema_migrations VALUES (1, false)"
    )
    assert ready.migrate({"1_slow.up.sql": text}).adopted == ("1_slow.up.sql",)


def test_a_file_that_only_had_too_little_left_comes_first_in_the_next_call(ready: Inside) -> None:
    files = {
        "1_a.up.sql": TABLE,
        "2_slow.up.sql": "CREATE TABLE b (); SELECT pg_sleep(2);",
        "3_c.up.sql": "SELECT 3;",
    }
    left = iter((900.0, 20.5))
    found = ready.but(least=0.0, remaining=lambda: next(left)).migrate(files)
    assert found == Migrated(
        applied=("1_a.up.sql",), pending=("2_slow.up.sql", "3_c.up.sql"), more=True
    )
    assert ready.sql("SELECT to_regclass('b') IS NULL") == [(True,)]
    assert ready.migrate(files).applied == ("2_slow.up.sql", "3_c.up.sql")


def test_time_that_goes_by_in_waiting_counts(ready: Inside) -> None:
    """The limit comes while another tool holds the lock, and holds for what follows."""
    database = ready.wanted().database
    text = "CREATE TABLE slow (id int);" + "SELECT pg_sleep(0.4);" * 50
    slept = 0.0

    def sleep(seconds: float) -> None:
        nonlocal slept
        slept += seconds
        time.sleep(seconds)
        if slept > 2 and not other.closed:
            other.close()

    with psycopg.connect(**ready.rds.server.connection(database)) as other:
        other.execute(f"SELECT pg_advisory_lock({lock_key(database)})")
        began = time.monotonic()
        found = ready.but(remaining=lambda: 21.0, sleep=sleep).migrate({"1_slow.up.sql": text})
    assert time.monotonic() - began < 8
    assert found.applied == ()
    assert found.more or (found.error is not None and found.error.code == "migration-too-long")
    assert ready.sql("SELECT to_regclass('slow') IS NULL") == [(True,)]


def test_no_file_is_begun_in_the_last_minute_of_a_call(ready: Inside) -> None:
    files = {f"{n}_x.up.sql": f"SELECT {n};" for n in (1, 2, 3)}
    left = iter((900.0, 100.0))
    found = ready.but(remaining=lambda: next(left, 70.0)).migrate(files)
    assert found == Migrated(
        applied=("1_x.up.sql", "2_x.up.sql"), pending=("3_x.up.sql",), more=True
    )
    assert ready.migrate(files).applied == ("3_x.up.sql",)


def test_somebody_elses_cancel_is_no_time_limit(ready: Inside) -> None:
    def cancel() -> None:
        pid = wait_for_statement(ready, "pg_sleep(19)")
        ready.rds.sql(f"SELECT pg_cancel_backend({pid})")

    thread = threading.Thread(target=cancel)
    thread.start()
    found = ready.migrate({"1_slow.up.sql": "SELECT pg_sleep(19);"})
    thread.join()
    assert found.error is not None
    assert found.error.code == "migration-failed"
    assert "canceling statement due to user request" in found.error.message


def test_a_connection_that_breaks_is_told_and_mended_by_the_next_call(ready: Inside) -> None:
    def end() -> None:
        pid = wait_for_statement(ready, "pg_sleep(18)")
        ready.rds.sql(f"SELECT pg_terminate_backend({pid})")

    thread = threading.Thread(target=end)
    thread.start()
    text = "CREATE TABLE half (id int); SELECT pg_sleep(18);"
    found = ready.migrate({"1_slow.up.sql": text})
    thread.join()
    assert found.error is not None
    assert found.error.code in ("connection-lost", "migration-failed")
    assert found.pending == ("1_slow.up.sql",)
    assert ready.sql("SELECT to_regclass('half') IS NULL") == [(True,)]
    assert ready.migrate({"1_slow.up.sql": text.replace("18", "0")}).error is None


def test_a_migration_may_fail_with_words_that_hold_the_password(ready: Inside) -> None:
    """Nothing that was read in the call leaves it, whoever says it."""
    password = ready.password()
    opened: list[str] = []

    def connected(login: Login) -> Any:
        opened.append(login.password)
        return connect(login)

    admin = ready.rds.first_user()
    text = (
        "DO $$ BEGIN RAISE EXCEPTION 'the password is %', 'first-password-of-the-server-1'; END $$;"
    )
    found = ready.but(connect=connected).migrate({"1_a.up.sql": text})
    assert opened[0] in admin
    assert found.error is not None
    assert "the password is …" in found.error.message
    assert password not in str(found)
