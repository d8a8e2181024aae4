"""Migrations on a real PostgreSQL: golang-migrate's semantics, files whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from tests.functional.local.conftest import Local
from tests.support.graphs import AppFolder

from encore_local.layout import Layout
from encore_local.secrets import POSTGRES_ADMIN, LocalSecrets, database_key
from encore_local.servers.postgres import ADMIN
from encore_provisioner.errors import ApplyError, RefusedError

Sql = Callable[..., list[tuple[Any, ...]]]


def sql_of(app: AppFolder, local: Local, database: str = "orders") -> Sql:
    """Runs statements in a database as its own role, or as the superuser."""
    layout = Layout(folder=app.target.state_dir)
    secrets = LocalSecrets(layout.secrets, declared={})

    def run(text: str, *, admin: bool = False) -> list[tuple[Any, ...]]:
        made = local.provider.outputs(app.target)
        role = made["databases"][database]
        key = POSTGRES_ADMIN if admin else database_key(database)
        with psycopg.connect(
            host=made["postgres"]["host"],
            port=made["postgres"]["port"],
            user=ADMIN if admin else role["username"],
            password=secrets.generated(key),
            dbname=role["database"],
            autocommit=True,
        ) as connection:
            cursor = connection.execute(text)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def orders(shared: AppFolder) -> AppFolder:
    folder = shared.root / "migrations"
    if folder.exists():
        for file in sorted(folder.rglob("*.sql")):
            file.unlink()
    return shared.but(databases={"keep": None, "orders": "default"})


def test_files_run_once_in_order_and_are_recorded(orders: AppFolder, local: Local) -> None:
    orders.migration("orders", "1_create.up.sql", "CREATE TABLE orders (id int);")
    orders.migration("orders", "10_third.up.sql", "INSERT INTO orders VALUES (10);")
    orders.migration("orders", "2_fill.up.sql", "INSERT INTO orders VALUES (2);")
    local.apply(orders)
    sql = sql_of(orders, local)

    assert sql("SELECT id FROM orders ORDER BY ctid") == [(2,), (10,)]
    assert sql("SELECT version, dirty FROM public.schema_migrations") == [(10, False)]
    rows = sql("SELECT version, filename FROM encore_infra.migrations ORDER BY 1", admin=True)
    assert rows == [(1, "1_create.up.sql"), (2, "2_fill.up.sql"), (10, "10_third.up.sql")]

    assert local.changes(orders) == []
    local.apply(orders)
    assert sql("SELECT count(*) FROM orders") == [(2,)]


def test_each_migration_to_run_is_a_step(orders: AppFolder, local: Local) -> None:
    orders.migration("orders", "1_create.up.sql", "CREATE TABLE orders (id int);")
    local.apply(orders)
    orders.migration("orders", "2_more.up.sql", "CREATE TABLE more (id int);")
    plan = local.plan(orders)
    (step,) = plan.changes
    assert (step.op, step.type, step.name) == (
        "create",
        "local:database:Migration",
        "orders/2_more.up.sql",
    )
    assert str(step.declaration) == "database/orders"
    assert step.declaration is not None
    assert str(step.declaration.at) == "migrations/orders/2_more.up.sql:1:1"


TABLE = "CREATE TABLE a (id int PRIMARY KEY);\n"
FAILING = {
    "syntax": (f"{TABLE}\nCREATE TABEL b (id int);", "3:8", 'syntax error at or near "TABEL"'),
    "unicode": (f"{TABLE}-- é\n/* ü */ SELECT nope;", "3:16", 'column "nope" does not exist'),
    "no-position": (f"{TABLE}\r\n  {TABLE}", "3:3", 'relation "a" already exists'),
    "run-time": (f"{TABLE}INSERT INTO a VALUES (1);\nSELECT 1/0;", "3:1", "division by zero"),
    "quote": ("SELECT 'never closed;\n", "1:8", "unterminated quoted string"),
    "comment": (f"{TABLE}/* never closed", "2:1", "unterminated /* comment"),
    "concurrently": (
        f"{TABLE}CREATE INDEX CONCURRENTLY i ON a (id);",
        "2:1",
        "CREATE INDEX CONCURRENTLY",
    ),
    "copy": (f"{TABLE}COPY a FROM STDIN;", "2:1", "COPY from the client"),
    "deferred": (
        f"{TABLE}CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\n"
        "INSERT INTO b VALUES (7);",
        "",
        "violates foreign key constraint",
    ),
    "function": (
        f"{TABLE}DO $$ BEGIN\n  PERFORM nope(); END $$;",
        "2:1",
        "function nope() does not exist",
    ),
    "bom": ("\ufeffSELECT 1;", "1:1", "syntax error"),
}


@pytest.mark.parametrize(("text", "place", "says"), FAILING.values(), ids=FAILING)
def test_a_failing_file_is_rolled_back_whole(
    orders: AppFolder, local: Local, text: str, place: str, says: str
) -> None:
    orders.migration("orders", "1_good.up.sql", "CREATE TABLE good (id int);")
    orders.migration("orders", "2_bad.up.sql", text)
    orders.migration("orders", "3_never.up.sql", "CREATE TABLE never (id int);")
    with pytest.raises(ApplyError) as caught:
        local.apply(orders)

    error = caught.value
    assert error.code == "migration-failed"
    where = "migrations/orders/2_bad.up.sql" + (f":{place}" if place else "")
    assert f"{where}: PostgreSQL says: " in error.message
    assert says in error.message
    assert error.hint
    if place:
        assert str(error.at) == where
    assert "migration orders/3_never.up.sql" in error.message

    sql = sql_of(orders, local)
    tables = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relowner = current_user::regrole"
    assert sql(tables + " ORDER BY 1") == [("good",), ("schema_migrations",)]
    assert sql("SELECT version, dirty FROM schema_migrations") == [(1, False)]

    orders.migration("orders", "2_bad.up.sql", "CREATE TABLE mended (id int);")
    local.apply(orders)
    assert sql("SELECT version, dirty FROM schema_migrations") == [(3, False)]


def test_rows_that_are_copied_to_nobody_hinder_nothing(orders: AppFolder, local: Local) -> None:
    copy = "COPY (SELECT generate_series(1, 200000)) TO STDOUT;"
    orders.migration("orders", "1_a.up.sql", f"{TABLE}{copy}CREATE TABLE b (id int);")
    orders.migration("orders", "2_b.up.sql", f"{copy}SELECT 1/0;")
    with pytest.raises(ApplyError, match="division by zero") as caught:
        local.apply(orders)
    assert str(caught.value.at) == f"migrations/orders/2_b.up.sql:1:{len(copy) + 1}"
    sql = sql_of(orders, local)
    assert sql("SELECT to_regclass('b') IS NOT NULL") == [(True,)]
    assert sql("SELECT version FROM schema_migrations") == [(1,)]


def test_what_runs_in_no_transaction_runs_alone(orders: AppFolder, local: Local) -> None:
    orders.migration("orders", "1_table.up.sql", TABLE)
    orders.migration("orders", "2_index.up.sql", "CREATE INDEX CONCURRENTLY i ON a (id);")
    orders.migration("orders", "3_table.up.sql", "CREATE TABLE b (id int);")
    local.apply(orders)
    sql = sql_of(orders, local)
    assert sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") == [(True,)]
    assert sql("SELECT version, dirty FROM schema_migrations") == [(3, False)]
    assert local.changes(orders) == []


def test_what_fails_alone_does_not_count_as_applied(orders: AppFolder, local: Local) -> None:
    orders.migration("orders", "1_table.up.sql", f"{TABLE}CREATE TABLE b (n int);")
    orders.migration("orders", "2_fill.up.sql", "INSERT INTO b VALUES (1), (1);")
    orders.migration("orders", "3_index.up.sql", "\nCREATE UNIQUE INDEX CONCURRENTLY i ON b (n);")
    with pytest.raises(ApplyError) as caught:
        local.apply(orders)
    assert str(caught.value.at) == "migrations/orders/3_index.up.sql:2:1"
    assert "could not create unique index" in caught.value.message
    assert "does not count as applied" in caught.value.message
    assert "INVALID" in (caught.value.hint or "")
    sql = sql_of(orders, local)
    assert sql("SELECT version, dirty FROM schema_migrations") == [(2, False)]

    sql("DROP INDEX i; DELETE FROM b")
    local.apply(orders)
    assert sql("SELECT version, dirty FROM schema_migrations") == [(3, False)]


def test_a_changed_file_is_an_error_with_both_hashes(orders: AppFolder, local: Local) -> None:
    path = orders.migration("orders", "1_create.up.sql", "CREATE TABLE a (id int);\n")
    local.apply(orders)
    path.write_bytes(b"CREATE TABLE a (id int);\r\n")
    assert local.changes(orders) == []

    path.write_text("CREATE TABLE a (id bigint);\n")
    with pytest.raises(RefusedError) as caught:
        local.plan(orders)
    assert caught.value.code == "migrations-refused"
    (found,) = caught.value.diagnostics
    assert found.code == "E9001"
    message = found.message
    assert "migrations/orders/1_create.up.sql was changed" in message
    (row,) = sql_of(orders, local)(
        "SELECT sha256, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
        " FROM encore_infra.migrations",
        admin=True,
    )
    assert f"applied on {row[1]}" in message
    assert f"was {row[0]} and is " in message
    path.write_text("CREATE TABLE a (id int);\n")


def test_a_new_file_below_the_current_version_is_an_error(orders: AppFolder, local: Local) -> None:
    orders.migration("orders", "1_create.up.sql", "CREATE TABLE a (id int);")
    orders.migration("orders", "5_more.up.sql", "CREATE TABLE b (id int);")
    local.apply(orders)
    late = orders.migration("orders", "3_late.up.sql", "CREATE TABLE c (id int);")
    with pytest.raises(RefusedError) as caught:
        local.plan(orders)
    assert [d.code for d in caught.value.diagnostics] == ["E9002"]
    assert "migrations/orders/3_late.up.sql" in caught.value.message
    late.unlink()


def test_a_vanished_file_is_a_warning(orders: AppFolder, local: Local) -> None:
    orders.migration("orders", "1_create.up.sql", "CREATE TABLE a (id int);")
    gone = orders.migration("orders", "2_more.up.sql", "CREATE TABLE b (id int);")
    local.apply(orders)
    gone.unlink()
    plan = local.plan(orders)
    assert plan.changes == ()
    (step,) = [s for s in plan.steps if s.name == "orders"]
    assert "2_more.up.sql" in step.reason
    (warning,) = local.provider.capabilities(orders.target)
    assert (warning.code, warning.severity) == ("W9001", "warning")
    local.apply(orders)


def test_a_dirty_row_of_another_tool_is_an_error(orders: AppFolder, local: Local) -> None:
    orders.migration("orders", "1_create.up.sql", "CREATE TABLE a (id int);")
    local.apply(orders)
    sql = sql_of(orders, local)
    sql("UPDATE schema_migrations SET dirty = true")
    with pytest.raises(RefusedError) as caught:
        local.plan(orders)
    assert [d.code for d in caught.value.diagnostics] == ["E9003"]
    assert "SET dirty = false" in (caught.value.hint or "")
    sql("UPDATE schema_migrations SET dirty = false")
    assert local.changes(orders) == []


def test_what_encores_own_tools_ran_is_adopted(orders: AppFolder, local: Local) -> None:
    """They leave one row with the highest version, and nothing in our table."""
    local.apply(orders)
    sql = sql_of(orders, local)
    sql(
        "CREATE TABLE a (id int); INSERT INTO a VALUES (1);"
        "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY,"
        " dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (2, false)"
    )
    orders.migration("orders", "1_create.up.sql", "CREATE TABLE a (id int);")
    orders.migration("orders", "2_fill.up.sql", "INSERT INTO a VALUES (1);")
    orders.migration("orders", "3_more.up.sql", "INSERT INTO a VALUES (2);")
    steps = {step.name: (step.op, step.reason) for step in local.plan(orders).changes}
    note = "was applied by another tool; its hash is recorded"
    assert steps["orders/1_create.up.sql"] == ("update", note)
    assert steps["orders/2_fill.up.sql"] == ("update", note)
    assert steps["orders/3_more.up.sql"][0] == "create"
    local.apply(orders)
    assert sql("SELECT id FROM a ORDER BY 1") == [(1,), (2,)]
    assert sql("SELECT version, dirty FROM schema_migrations") == [(3, False)]
    assert sql("SELECT count(*) FROM encore_infra.migrations", admin=True) == [(3,)]
    assert local.changes(orders) == []


@pytest.mark.parametrize("source", ["prisma", "drizzle/v1"])
def test_other_sources_keep_a_row_for_each_file(
    orders: AppFolder, local: Local, source: Any
) -> None:
    app = orders.but(databases={"keep": None, "orders": source})
    app.migration("orders", "1_a.sql", "CREATE TABLE a (id int);")
    app.migration("orders", "5_b.sql", "CREATE TABLE b (id int);")
    local.apply(app)
    app.migration("orders", "3_late.sql", "CREATE TABLE c (id int);")
    assert local.changes(app) == [("create", "orders/3_late.sql")]
    local.apply(app)
    sql = sql_of(app, local)
    rows = sql("SELECT version, dirty FROM schema_migrations ORDER BY 1")
    assert rows == [(1, False), (3, False), (5, False)]


def test_a_file_with_its_own_transaction_is_still_one(orders: AppFolder, local: Local) -> None:
    orders.migration(
        "orders", "1_own.up.sql", "BEGIN;\nCREATE TABLE a (id int);\nCOMMIT;\nCREATE TABEL b();"
    )
    with pytest.raises(ApplyError, match=r"1_own\.up\.sql:4:8"):
        local.apply(orders)
    assert sql_of(orders, local)("SELECT to_regclass('a')") == [(None,)]

    orders.migration("orders", "1_own.up.sql", "BEGIN;\nCREATE TABLE a (id int);\nCOMMIT;\n")
    local.apply(orders)
    assert sql_of(orders, local)("SELECT to_regclass('a')") == [("a",)]


def test_a_file_with_two_transactions_is_refused_before_anything(
    orders: AppFolder, local: Local
) -> None:
    orders.migration("orders", "1_create.up.sql", "CREATE TABLE a (id int);")
    orders.migration("orders", "2_two.up.sql", "BEGIN; COMMIT;\nBEGIN; COMMIT;")
    with pytest.raises(RefusedError) as caught:
        local.apply(orders)
    assert caught.value.code == "migration-refused"
    assert str(caught.value.at) == "migrations/orders/2_two.up.sql:2:1"
    assert "orders" not in local.provider.outputs(orders.target).get("databases", {})


def test_settings_of_a_file_do_not_reach_the_next(orders: AppFolder, local: Local) -> None:
    orders.migration(
        "orders",
        "1_odd.up.sql",
        "CREATE TEMP TABLE t (id int); SET search_path = pg_catalog;"
        " SET ROLE encore_services; SELECT set_config('role', 'encore_services', false);",
    )
    orders.migration("orders", "2_plain.up.sql", "CREATE TABLE t (id int); -- no newline")
    local.apply(orders)
    assert sql_of(orders, local)("SELECT relpersistence FROM pg_class WHERE relname = 't'") == [
        ("p",)
    ]


KINDS = """
CREATE SCHEMA extra;
CREATE TABLE extra.t (id bigserial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, at date);
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (10);
CREATE VIEW v AS SELECT * FROM extra.t;
CREATE MATERIALIZED VIEW mv AS SELECT * FROM extra.t;
CREATE SEQUENCE s;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TYPE pair AS (a int, b int);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE FUNCTION f(x int, y text DEFAULT ';') RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;
CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 ELSE 2 END; END;
CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE COLLATION plain FROM "C";
CREATE STATISTICS st ON id, n FROM extra.t;
CREATE TEXT SEARCH CONFIGURATION ts (COPY = english);
CREATE EXTENSION vector;
CREATE TABLE items (id int, e vector(3));
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


def test_everything_a_migration_makes_belongs_to_the_app(orders: AppFolder, local: Local) -> None:
    orders.migration("orders", "1_kinds.up.sql", KINDS)
    local.apply(orders)
    sql = sql_of(orders, local)
    left = sql(
        "SELECT named.type, named.identity FROM pg_shdepend AS o,"
        " LATERAL pg_identify_object(o.classid, o.objid, 0) AS named"
        " WHERE o.refobjid = '\"encore-migrator\"'::regrole AND o.deptype = 'o'"
        " AND o.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = o.classid"
        "                 AND d.objid = o.objid AND d.deptype = 'e') ORDER BY 1, 2",
        admin=True,
    )
    assert left == [
        ("extension", "vector"),
        ("schema", "encore_infra"),
        ("table", "encore_infra.migrations"),
    ]

    sql("ALTER TABLE extra.t ADD COLUMN more int")
    sql("ALTER TABLE parts_1 ADD CONSTRAINT c CHECK (id > 0)")
    sql("REFRESH MATERIALIZED VIEW mv")
    sql("ALTER TYPE mood ADD VALUE 'fair'")
    sql(
        "CREATE OR REPLACE FUNCTION f(x int, y text DEFAULT ';') RETURNS int"
        " LANGUAGE sql AS 'SELECT 2'"
    )
    sql("DROP AGGREGATE total(int); DROP OPERATOR === (int, int); DROP PROCEDURE p()")
    sql("SELECT nextval('extra.t_id_seq'), nextval('s')")
    sql("DROP SCHEMA extra CASCADE")
    sql("SET ROLE view_owner; ALTER TABLE theirs ADD COLUMN x int; RESET ROLE")
    sql("SELECT lo_unlink(4711)")
    assert sql("SELECT extowner::regrole::text FROM pg_extension WHERE extname = 'vector'") == [
        ('"encore-migrator"',)
    ]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sql("DROP EXTENSION vector CASCADE")
    sql("DROP OWNED BY view_owner; DROP ROLE view_owner", admin=True)


def test_an_extension_that_is_not_there_is_refused_before_anything(
    orders: AppFolder, local: Local
) -> None:
    orders.migration("orders", "1_create.up.sql", "CREATE TABLE a (id int);")
    orders.migration(
        "orders", "2_geo.up.sql", '-- CREATE EXTENSION nothing;\n CREATE EXTENSION "postgis";'
    )
    (found,) = local.provider.capabilities(orders.target)
    assert (found.code, str(found.at)) == ("E9010", "migrations/orders/2_geo.up.sql:2:2")
    with pytest.raises(RefusedError) as caught:
        local.apply(orders)
    assert caught.value.code == "not-possible-here"
    assert "postgres: {bin: DIR}" in (caught.value.hint or "")
    assert "orders" not in local.provider.outputs(orders.target).get("databases", {})


def test_only_the_app_may_connect(orders: AppFolder, local: Local) -> None:
    other = orders.but(databases={"keep": None, "orders": "default", "other": None})
    local.apply(other)
    secrets = LocalSecrets(Layout(folder=other.target.state_dir).secrets, declared={})
    made = local.provider.outputs(other.target)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(
            host="127.0.0.1",
            port=made["postgres"]["port"],
            user="other",
            password=secrets.generated(database_key("other")),
            dbname="orders",
        )


def test_a_lost_password_is_made_anew(orders: AppFolder, local: Local) -> None:
    local.apply(orders)
    layout = Layout(folder=orders.target.state_dir)
    LocalSecrets(layout.secrets, declared={}).forget([database_key("orders")])
    (step,) = local.plan(orders).changes
    assert (step.op, step.name, [d.path for d in step.diff]) == ("update", "orders", ["password"])
    assert step.diff[0].after == {"secret": True}
    local.apply(orders)
    assert sql_of(orders, local)("SELECT 1") == [(1,)]
