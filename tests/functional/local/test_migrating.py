"""Migrations without the rest of an apply, on a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.functional.local.conftest import Local
from tests.functional.local.test_local_migrations import sql_of
from tests.support.graphs import AppFolder, bucket

from encore_provisioner.errors import ApplyError, InfraError, RefusedError
from encore_provisioner.provider import DatabaseMigrations, PendingMigration

FIRST = "CREATE TABLE orders (id int);"


@pytest.fixture
def orders(shared: AppFolder) -> AppFolder:
    """An app with one migration for its database, which is not there yet."""
    app = shared.but(databases={"keep": None, "orders": "default"})
    for file in (shared.root / "migrations").rglob("*.sql"):
        file.unlink()
    app.migration("orders", "1_create.up.sql", FIRST)
    return app


def standing(local: Local, app: AppFolder) -> DatabaseMigrations:
    (found,) = [item for item in local.provider.migrations(app.target) if item.name == "orders"]
    return found


def migrate(local: Local, app: AppFolder) -> DatabaseMigrations:
    local.progress.clear()
    found = local.provider.migrate(app.target, on_progress=local.on_progress)
    return next(item for item in found if item.name == "orders")


def refusal(local: Local, app: AppFolder) -> InfraError:
    with pytest.raises(RefusedError) as caught:
        migrate(local, app)
    return caught.value


def test_a_database_that_is_not_there_yet(orders: AppFolder, local: Local) -> None:
    local.apply(orders.but(databases={"keep": None}))
    assert standing(local, orders) == DatabaseMigrations(
        name="orders", exists=False, pending=(PendingMigration(filename="1_create.up.sql"),)
    )
    error = refusal(local, orders)
    assert (error.code, local.progress) == ("database-missing", [])
    assert error.message == "orders is not there yet; nothing was changed"


def test_what_is_pending_runs_and_nothing_else(orders: AppFolder, local: Local) -> None:
    local.apply(orders)
    orders.migration("orders", "2_more.up.sql", "DROP TABLE orders; CREATE TABLE more (id int);")
    orders.migration("orders", "3_last.up.sql", "INSERT INTO more VALUES (3);")
    wider = orders.but(buckets=(bucket("new"),))
    assert standing(local, wider) == DatabaseMigrations(
        name="orders",
        exists=True,
        version=1,
        applied=("1_create.up.sql",),
        pending=(
            PendingMigration(filename="2_more.up.sql", destructive=("DROP TABLE orders",)),
            PendingMigration(filename="3_last.up.sql"),
        ),
    )
    assert sql_of(orders, local)("SELECT to_regclass('more')") == [(None,)]

    done = migrate(local, wider)

    assert (done.version, done.pending, len(done.applied)) == (3, (), 3)
    assert sql_of(orders, local)("SELECT id FROM more") == [(3,)]
    assert [(p.phase, p.step.name) for p in local.progress] == [
        ("started", "orders/2_more.up.sql"),
        ("done", "orders/2_more.up.sql"),
        ("started", "orders/3_last.up.sql"),
        ("done", "orders/3_last.up.sql"),
    ]
    assert local.changes(orders) == []
    assert ("create", "new") in local.changes(wider)
    assert migrate(local, wider) == done
    assert local.progress == []


def test_one_that_fails_is_told_and_those_before_it_stay(orders: AppFolder, local: Local) -> None:
    local.apply(orders)
    orders.migration("orders", "2_good.up.sql", "CREATE TABLE good (id int);")
    orders.migration("orders", "3_bad.up.sql", "CREATE TABLE bad (id int);\nSELECT nonsense;")
    with pytest.raises(ApplyError) as caught:
        migrate(local, orders)
    assert str(caught.value.at) == "migrations/orders/3_bad.up.sql:2:8"
    assert "1 step done; nothing was left to do after it." in caught.value.message
    assert [p.phase for p in local.progress] == ["started", "done", "started", "failed"]
    assert standing(local, orders).version == 2


def test_a_problem_stops_every_file(orders: AppFolder, local: Local) -> None:
    local.apply(orders)
    orders.migration("orders", "1_create.up.sql", f"{FIRST} -- edited")
    orders.migration("orders", "2_more.up.sql", "CREATE TABLE more (id int);")
    assert [problem.code for problem in standing(local, orders).problems] == ["E9001"]
    error = refusal(local, orders)
    assert (error.code, local.progress) == ("migrations-refused", [])
    assert standing(local, orders).version == 1


def test_what_another_tool_ran_is_recorded(orders: AppFolder, local: Local) -> None:
    local.apply(orders)
    sql = sql_of(orders, local)
    orders.migration("orders", "2_theirs.up.sql", "CREATE TABLE theirs (id int);")
    sql("CREATE TABLE theirs (id int)")
    sql("UPDATE public.schema_migrations SET version = 2", admin=True)
    found = standing(local, orders)
    assert (found.version, found.adopted, found.pending) == (2, ("2_theirs.up.sql",), ())
    assert migrate(local, orders).adopted == ()
    assert local.changes(orders) == []


def test_a_version_that_is_dirty(orders: AppFolder, local: Local) -> None:
    local.apply(orders)
    sql_of(orders, local)("UPDATE public.schema_migrations SET dirty = true", admin=True)
    found = standing(local, orders)
    assert (found.dirty, [problem.code for problem in found.problems]) == (True, ["E9003"])
    assert refusal(local, orders).code == "migrations-refused"
    sql_of(orders, local)("UPDATE public.schema_migrations SET dirty = false", admin=True)


def test_without_a_server_nobody_knows(tmp_path: Path, local: Local) -> None:
    app = AppFolder(root=tmp_path, databases={"orders": "default"})
    app.migration("orders", "1_create.up.sql", FIRST)
    for ask in (standing, migrate):
        with pytest.raises(RefusedError) as caught:
            ask(local, app)
        assert caught.value.code == "server-stopped"
        assert "`apply` starts it" in (caught.value.hint or "")
    assert not (tmp_path / ".encore").exists()


def test_without_databases_there_is_nothing(tmp_path: Path, local: Local) -> None:
    app = AppFolder(root=tmp_path)
    assert local.provider.migrations(app.target) == ()
    assert local.provider.migrate(app.target, on_progress=local.on_progress) == ()
    assert local.progress == []
    assert not (tmp_path / ".encore").exists()
