"""Logical databases and steps of migrations: what is to run, and what speaks against it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.graphs import AppFolder
from tests.support.migrated_app import MigratedApp, environment, names, place

from encore_aws import migrating, offline
from encore_aws.function.documents import LARGEST_FILE, Drop, Prepare, Status
from encore_aws.migrating import LOGICAL, MIGRATION
from encore_config.plan import DeclarationRef, Step
from encore_provisioner.errors import ApplyError, RefusedError
from encore_provisioner.postgres.judging import Recorded, digest

CREATE, MORE = "CREATE TABLE a (id int);", "ALTER TABLE a ADD b int;"


@pytest.fixture
def app(tmp_path: Path) -> MigratedApp:
    folder = AppFolder(root=tmp_path, databases={"orders": "default"}, environment=environment())
    made = MigratedApp(folder=folder)
    made.files(orders={"1_a": CREATE, "2_b": MORE})
    return made


def ran(app: MigratedApp, **numbers: str) -> None:
    """Files that have run, by our own hand: ``_1="CREATE …"``."""
    rows = app.function.databases.setdefault("orders", {})
    for key, text in numbers.items():
        number = int(key.strip("_"))
        rows[number] = Recorded(filename=f"{number}_x.up.sql", sha256=digest(text), applied_at="t")


def steps(app: MigratedApp) -> tuple[Step, ...]:
    found = migrating.status(app.target, app.outputs, app.inside)
    return migrating.steps(app.target, found)


def test_before_the_first_apply_every_file_is_to_run(app: MigratedApp) -> None:
    found = migrating.steps(app.target, None)
    assert names(found) == ["create orders/1_a.up.sql", "create orders/2_b.up.sql"]
    first = found[0]
    assert first.type == MIGRATION
    assert first.declaration is not None
    assert str(first.declaration) == "database/orders"
    assert str(first.declaration.at) == "migrations/orders/1_a.up.sql:1:1"
    assert {item.path: item.after for item in first.diff} == {
        "sha256": digest(CREATE),
        "version": 1,
    }
    assert first.reason == "has not run in this database"


def test_a_step_comes_after_that_of_its_database(app: MigratedApp) -> None:
    plan = offline.make_plan(app.target)
    (database,) = (step for step in plan.steps if step.type == LOGICAL)
    for step in migrating.steps(app.target, None):
        assert step.needs == {"": (database.urn,)}
        assert step.urn.split("::")[:2] == database.urn.split("::")[:2]


def test_what_has_run_has_no_step(app: MigratedApp) -> None:
    ran(app, _1=CREATE)
    assert names(steps(app)) == ["create orders/2_b.up.sql"]
    ran(app, _2=MORE)
    assert steps(app) == ()


def test_what_another_tool_ran_is_recorded(app: MigratedApp) -> None:
    app.function.databases["orders"] = {}
    app.function.by_others["orders"] = {1}
    found = steps(app)
    assert names(found) == ["update orders/1_a.up.sql", "create orders/2_b.up.sql"]
    assert found[0].reason == "was applied by another tool; its hash is recorded"


def test_a_step_names_what_deletes_data(app: MigratedApp) -> None:
    app.files(orders={"3_c": "DROP TABLE a;"})
    *_, last = migrating.steps(app.target, None)
    assert last.reason == "has not run in this database; it deletes data: DROP TABLE a"
    assert not last.data_loss, "who wrote it meant it"


def edited(app: MigratedApp) -> None:
    ran(app, _1="SELECT 1;")


def late(app: MigratedApp) -> None:
    app.files(orders={"5_e": "SELECT 5;"})
    ran(app, _1=CREATE, _5="SELECT 5;")


def dirty(app: MigratedApp) -> None:
    ran(app, _1=CREATE)
    app.function.dirty.add("orders")


def broken(app: MigratedApp) -> None:
    app.files(orders={"3_c": "COMMIT;"})


def large(app: MigratedApp) -> None:
    app.files(orders={"3_c": "-" * (LARGEST_FILE + 1)})


@pytest.mark.parametrize(
    ("speaks", "code", "file"),
    [
        (edited, "migrations-refused", "migrations/orders/1_a.up.sql"),
        (late, "migrations-refused", "migrations/orders/2_b.up.sql"),
        (dirty, "migrations-refused", "shop/main.ts"),
        (broken, "migration-refused", "migrations/orders/3_c.up.sql"),
        (large, "file-too-large", "migrations/orders/3_c.up.sql"),
    ],
    ids=["edited", "late", "dirty", "own transaction", "too large"],
)
def test_what_cannot_all_run_is_refused_in_the_plan(
    app: MigratedApp, speaks: Callable[[MigratedApp], None], code: str, file: str
) -> None:
    speaks(app)
    with pytest.raises(RefusedError) as caught:
        steps(app)
    assert caught.value.code == code
    assert place(caught.value)[0] == file
    assert caught.value.hint


def test_an_adopted_database_has_no_steps_and_is_not_asked(app: MigratedApp) -> None:
    app.folder = app.folder.but(environment=environment("orders"))
    assert migrating.steps(app.target, None) == ()
    assert migrating.status(app.target, app.outputs, app.inside).databases == ()
    assert app.function.requests == []
    (standing,) = migrating.standing(app.target, None)
    assert [problem.code for problem in standing.problems] == ["W9250"]
    assert standing.pending == ()


def test_each_server_is_asked_once_for_all_its_databases(app: MigratedApp) -> None:
    both = {"orders": "default", "audit": None}
    app.folder = app.folder.but(databases=both)
    migrating.status(app.target, app.outputs, app.inside)
    assert len(app.function.of(Status)) == 1
    app.folder = app.folder.but(environment=environment(layout="separate"))
    found = migrating.status(app.target, app.outputs, app.inside)
    assert len(app.function.of(Status)) == 3
    assert [one.name for one in found.databases] == ["audit", "orders"]


def test_a_database_that_is_new_since_the_last_apply_is_not_asked(app: MigratedApp) -> None:
    former = app.outputs
    app.folder = app.folder.but(databases={"orders": "default", "new": "default"})
    app.files(new={"1_n": CREATE})
    found = migrating.status(app.target, former, app.inside)
    assert [one.name for one in found.databases] == ["orders"]
    assert "create new/1_n.up.sql" in names(migrating.steps(app.target, found))


def test_how_things_stand(app: MigratedApp) -> None:
    app.files(orders={"3_c": "DELETE FROM a;"})
    ran(app, _1=CREATE)
    app.function.by_others["orders"] = {2}
    found = migrating.status(app.target, app.outputs, app.inside)
    (standing,) = migrating.standing(app.target, found)
    assert (standing.name, standing.exists, standing.version) == ("orders", True, 2)
    assert standing.applied == ("1_a.up.sql", "2_b.up.sql")
    assert standing.adopted == ("2_b.up.sql",)
    assert [(one.filename, one.destructive) for one in standing.pending] == [
        ("3_c.up.sql", ("DELETE FROM a",))
    ]
    (nothing,) = migrating.standing(app.target, None)
    assert (nothing.exists, nothing.version, nothing.dirty) == (False, None, False)


def logical(name: str, op: str = "create") -> Step:
    declared = DeclarationRef(kind="database", name=name)
    return Step(op=op, type=LOGICAL, name=str(declared), urn=f"urn:{name}", declaration=declared)  # type: ignore[arg-type]


def test_databases_are_prepared_and_told(app: MigratedApp) -> None:
    app.folder = app.folder.but(databases={"orders": "default", "audit": None})
    plan = [logical("audit"), logical("orders", "update"), logical("gone", "delete")]
    found = migrating.prepare(app.target, app.outputs, app.inside, plan, app.on_progress)
    assert [one.name for one in found.databases] == ["audit", "orders"]
    assert found.notes == ("a note",)
    assert app.told == [
        "started database/audit", "started database/orders",
        "done database/audit", "done database/orders",
    ]  # fmt: skip
    assert len(app.function.of(Prepare)) == 1


def test_what_has_no_step_is_prepared_and_not_told(app: MigratedApp) -> None:
    migrating.prepare(app.target, app.outputs, app.inside, (), app.on_progress)
    assert app.told == []
    assert len(app.function.of(Prepare)) == 1


def test_a_database_that_cannot_be_prepared_fails_and_those_before_it_are_done(
    app: MigratedApp,
) -> None:
    app.folder = app.folder.but(databases={"orders": "default", "audit": None})
    app.function.fails = {"orders"}
    plan = [logical("audit"), logical("orders")]
    with pytest.raises(ApplyError) as caught:
        migrating.prepare(app.target, app.outputs, app.inside, plan, app.on_progress)
    assert (caught.value.code, caught.value.hint) == ("role-taken", "rename it")
    assert app.told[2:] == ["done database/audit", "failed database/orders"]
    assert app.events[-1].message == "orders is taken"


def test_which_steps_are_told_here(app: MigratedApp) -> None:
    (step, _) = migrating.steps(app.target, None)
    assert migrating.is_ours(step)
    assert migrating.is_ours(logical("orders"))
    assert not migrating.is_ours(logical("orders", "delete")), "the engine tells it"


def test_lost_databases_are_deleted_where_their_server_stays(app: MigratedApp) -> None:
    former_folder = app.folder.but(databases={"orders": "default", "gone": None})
    former = MigratedApp(folder=former_folder).outputs
    app.function.databases = {"orders": {}, "gone": {}}
    (done,) = migrating.drop(app.target, former, app.inside, ["gone", "never"])
    assert (done.name, done.changed) == ("gone", ("database deleted",))
    assert set(app.function.databases) == {"orders"}


def test_with_its_server_a_database_goes_by_itself(app: MigratedApp) -> None:
    separate = environment(layout="separate")
    app.folder = app.folder.but(environment=separate)
    former_folder = app.folder.but(databases={"orders": "default", "gone": None})
    former = MigratedApp(folder=former_folder).outputs
    assert migrating.drop(app.target, former, app.inside, ["gone"]) == ()
    assert app.function.of(Drop) == []


def test_a_database_that_cannot_be_deleted_stops_all(app: MigratedApp) -> None:
    app.function.fails = {"orders"}
    with pytest.raises(ApplyError) as caught:
        migrating.drop(app.target, app.outputs, app.inside, ["orders"])
    assert caught.value.message == "in use"


def test_the_doctor_s_checks_come_back(app: MigratedApp) -> None:
    app.function.fails = {"orders"}
    (found,) = migrating.doctor(app.outputs, app.inside)
    assert (found.kind, found.name, found.ok, found.seconds) == ("database", "orders", False, 0.5)
    assert migrating.doctor({}, app.inside) == ()
