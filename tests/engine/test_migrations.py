"""Migrations of a database that only the function inside the network reaches: what runs, what
is undone, what is refused. One environment; the tests add files to it, in their order.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.aws_world import World
from tests.support.changed_app import ChangedApp, changed, entry, new_app, service, step_of

FOLDER = "store/migrations"
FILES = {
    "encore.infra.yaml": entry(kind="ephemeral"),
    "store/encore.service.ts": service("store"),
    "store/db.ts": """import { SQLDatabase } from "encore.dev/storage/sqldb";
export const db = new SQLDatabase("orders", { migrations: "./migrations" });
""",
    f"{FOLDER}/1_orders.up.sql": "CREATE TABLE orders (id text PRIMARY KEY);\n",
}


@pytest.fixture(scope="module")
def app(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChangedApp]:
    world.forget()
    made = new_app(world, tmp_path_factory.mktemp("migrating"), FILES)
    made.apply()
    yield made
    world.forget()


def rows(app: ChangedApp, text: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in app.world.sql(text, database="orders")]


def version(app: ChangedApp) -> list[tuple[object, ...]]:
    return rows(app, "SELECT version, dirty FROM schema_migrations")


def test_the_status_says_what_has_run_and_what_is_pending(app: ChangedApp) -> None:
    app.write(
        {f"{FOLDER}/2_total.up.sql": "ALTER TABLE orders ADD total int;\nDELETE FROM orders;\n"}
    )
    found = app.run("migrate", "--status", "--format", "json")
    assert found.code == 0, found.text
    (database,) = found.json()["databases"]
    assert database["exists"] is True
    assert (database["version"], database["dirty"]) == (1, False)
    assert database["applied"] == ["1_orders.up.sql"]
    assert database["pending"] == [
        {"filename": "2_total.up.sql", "destructive": ["DELETE FROM orders"]}
    ]
    assert version(app) == [(1, False)], "to look changes nothing"


def test_migrate_runs_what_is_pending_and_nothing_else(app: ChangedApp) -> None:
    before = len(app.deeds())
    done = app.run("migrate", "--yes", "--format", "json")
    assert done.code == 0, done.text
    assert done.json()["ran"] == ["orders/2_total.up.sql"]
    assert version(app) == [(2, False)]
    assert rows(app, "SELECT id, total FROM orders") == []
    assert len(app.deeds()) == before, "the engine did nothing"


def test_one_that_fails_in_the_middle_is_undone_and_tells_its_line(app: ChangedApp) -> None:
    """The file before it stays; of itself nothing does."""
    app.write(
        {
            f"{FOLDER}/3_notes.up.sql": "CREATE TABLE notes (id int);\n",
            f"{FOLDER}/4_broken.up.sql": (
                "CREATE TABLE half (id int);\n\nINSERT INTO half\n  SELECT 1/0;\n"
                "CREATE TABLE other (id int);\n"
            ),
        }
    )
    error = app.refused("apply")
    assert "division by zero" in error["message"]
    told = app.run("apply", "--yes")
    assert told.code == 1
    assert f"{FOLDER}/4_broken.up.sql:3:1" in told.err, told.err
    assert version(app) == [(3, False)]
    assert rows(app, "SELECT to_regclass('half'), to_regclass('notes')::text") == [(None, "notes")]


def test_a_mistake_in_the_syntax_is_shown_where_it_stands(app: ChangedApp) -> None:
    app.write(
        {f"{FOLDER}/4_broken.up.sql": "CREATE TABLE half (id int);\nCREATE TABEL whole ();\n"}
    )
    told = app.run("migrate", "--yes")
    assert told.code == 1
    assert f"{FOLDER}/4_broken.up.sql:2:8" in told.err, told.err
    assert 'syntax error at or near "TABEL"' in told.err
    assert "CREATE TABEL whole ();" in told.err, "the line of the source"
    assert version(app) == [(3, False)]
    assert rows(app, "SELECT to_regclass('half')") == [(None,)]


def test_the_next_apply_goes_on_from_there(app: ChangedApp) -> None:
    app.write({f"{FOLDER}/4_broken.up.sql": "CREATE TABLE half (id int);\n"})
    plan = app.apply()
    assert changed(plan) == {"create orders/4_broken.up.sql"}, "the rest was done"
    assert version(app) == [(4, False)]
    assert not app.plan().changes


def test_an_index_is_made_concurrently_in_a_file_of_its_own(app: ChangedApp) -> None:
    mixed = "CREATE INDEX CONCURRENTLY by_total ON orders (total);\n"
    app.write({f"{FOLDER}/5_index.up.sql": f"{mixed}CREATE TABLE more (id int);\n"})
    error = app.refused("migrate")
    assert "cannot run inside a transaction block" in error["message"]
    assert f"{FOLDER}/5_index.up.sql:1:1" in error["message"]
    assert "a file of its own" in error["hint"]
    assert version(app) == [(4, False)]
    app.write({f"{FOLDER}/5_index.up.sql": mixed})
    app.apply()
    assert version(app) == [(5, False)]
    found = rows(app, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_total'::regclass")
    assert found == [(True,)]


def test_a_file_that_was_changed_after_it_ran_is_refused_by_the_plan(app: ChangedApp) -> None:
    app.write({f"{FOLDER}/1_orders.up.sql": "CREATE TABLE orders (id uuid PRIMARY KEY);\n"})
    refused = app.refused("plan")
    assert refused["code"] == "migrations-refused"
    assert "was changed after it had been applied" in refused["message"]
    before = len(app.deeds())
    assert app.refused("apply")["code"] == "migrations-refused"
    assert len(app.deeds()) == before
    status = app.run("migrate", "--status")
    assert status.code == 1
    assert "E9001" in status.text
    assert version(app) == [(5, False)]
    app.write({f"{FOLDER}/1_orders.up.sql": FILES[f"{FOLDER}/1_orders.up.sql"]})
    assert app.plan().summary.update == 0


def test_the_app_may_use_what_migrations_made(app: ChangedApp) -> None:
    """The role of the app's secret, over TLS, owns the tables."""
    owners = rows(app, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public' "
                       "AND tablename <> 'schema_migrations'")  # fmt: skip
    assert owners == [("orders",)]
    assert step_of(app.plan(), "database/orders").op == "same"


def test_a_database_that_was_deleted_by_an_apply_that_failed_gets_its_tables_again(
    app: ChangedApp,
) -> None:
    """It was deleted inside its server before the engine began, and the engine came to no end: the
    state still has it, and nobody may believe that its migrations have run.
    """
    ledger = {
        "store/ledger.ts": FILES["store/db.ts"]
        .replace("orders", "ledger")
        .replace("db =", "ledger =")
        .replace("./migrations", "./ledger"),
        "store/ledger/1_entries.up.sql": "CREATE TABLE entries (id int);\n",
    }
    topic = {
        "store/ledger.ts": 'import { Topic } from "encore.dev/pubsub";\nexport const late = '
        'new Topic<{ id: string }>("late", { deliveryGuarantee: "at-least-once" });\n'
    }
    app.write(ledger)
    app.apply()
    app.write(topic)
    app.world.fault("aws:sns/topic:", "::topic/late", message="AuthorizationError: no")
    failed = app.run("apply", "--yes", "--allow-data-loss", "database/ledger")
    assert failed.code == 1, failed.text
    assert rows(app, "SELECT count(*) FROM pg_database WHERE datname = 'ledger'") == [(0,)]
    app.world.heal()
    app.write(ledger)
    assert "create ledger/1_entries.up.sql" in changed(app.plan())
    app.apply()
    found = app.world.sql("SELECT to_regclass('entries')::text", database="ledger")
    assert [tuple(row) for row in found] == [("entries",)]
