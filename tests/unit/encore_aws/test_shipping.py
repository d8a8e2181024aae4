"""Migrations shipped and run through the function, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from tests.support.graphs import AppFolder
from tests.support.migrated_app import MigratedApp, environment, place
from tests.support.moto_server import ACCOUNT, OTHER_ACCOUNT, MotoServer

from encore_aws import migrating, shipping
from encore_aws.account import Account, AwsError
from encore_aws.function.documents import Migrate, StatusAnswer
from encore_aws.given import Files
from encore_provisioner.errors import ApplyError, RefusedError
from encore_provisioner.postgres.judging import MigrationFile, digest

TEXTS = {"1_a": "CREATE TABLE a (id int);", "2_b": "SELECT 2;", "3_c": "SELECT 3;"}
FILES = Files(bucket="state-of-shop", prefix="shop/production", owner=ACCOUNT)
WRITTEN = "shop/production/migrations/"


@pytest.fixture
def app(tmp_path: Path) -> MigratedApp:
    folder = AppFolder(root=tmp_path, databases={"orders": "default"}, environment=environment())
    made = MigratedApp(folder=folder)
    made.files(orders=TEXTS)
    made.function.databases["orders"] = {}
    return made


@pytest.fixture
def bucket(account: Account) -> Account:
    account.client("s3").create_bucket(
        Bucket=FILES.bucket, CreateBucketConfiguration={"LocationConstraint": account.region}
    )
    return account


def migrate(app: MigratedApp, account: Account, files: Files | None = FILES) -> StatusAnswer:
    outputs, inside = app.outputs, app.inside
    found = migrating.status(app.target, outputs, inside)
    steps = migrating.steps(app.target, found)
    return shipping.migrate(app.target, outputs, inside, files, account, steps, app.on_progress)


def sent(app: MigratedApp) -> list[list[str]]:
    """The numbers of the files in each call."""
    return [
        [file.filename.partition("_")[0] for file in request.database.migrations.files]
        for request in app.function.of(Migrate)
    ]


def test_each_file_runs_in_a_call_of_its_own_and_is_told(app: MigratedApp, bucket: Account) -> None:
    migrate(app, bucket)
    assert sorted(app.function.databases["orders"]) == [1, 2, 3]
    assert sent(app) == [["1"], ["1", "2"], ["1", "2", "3"]]
    assert app.told == [
        f"{phase} orders/{name}.up.sql" for name in TEXTS for phase in ("started", "done")
    ]
    assert all(event.seconds is not None for event in app.events if event.phase == "done")


def test_the_function_finds_the_files_by_hash(app: MigratedApp, bucket: Account) -> None:
    migrate(app, bucket)
    s3 = bucket.client("s3")
    for text in TEXTS.values():
        key = WRITTEN + digest(text)
        assert s3.get_object(Bucket=FILES.bucket, Key=key)["Body"].read().decode() == text
    request = app.function.of(Migrate)[0]
    assert f"{request.objects.prefix}/" == WRITTEN
    assert request.objects.bucket == FILES.bucket


def test_what_is_there_is_not_sent_again(app: MigratedApp, bucket: Account) -> None:
    work = migrating.judged(app.target, None)
    assert len(shipping.ship(work, FILES, bucket)) == 3
    assert shipping.ship(work, FILES, bucket) == ()


def test_nothing_is_put_into_a_bucket_of_somebody_else(
    app: MigratedApp, account: Account, moto: MotoServer
) -> None:
    theirs = boto3.client("s3", region_name=account.region)
    work = migrating.judged(app.target, None)
    stranger = Files(bucket="taken", prefix="p", owner=OTHER_ACCOUNT)
    theirs.create_bucket(
        Bucket="taken", CreateBucketConfiguration={"LocationConstraint": account.region}
    )
    with pytest.raises(AwsError):
        shipping.ship(work, stranger, account)
    assert "PutObject" not in moto.operations


def test_the_second_time_nothing_is_called(app: MigratedApp, bucket: Account) -> None:
    migrate(app, bucket)
    calls = len(app.function.of(Migrate))
    app.told.clear()
    migrate(app, bucket)
    assert len(app.function.of(Migrate)) == calls
    assert app.told == []


def test_a_call_without_time_for_all_is_followed_by_another(
    app: MigratedApp, bucket: Account
) -> None:
    app.files(orders={f"{number}_x": f"SELECT {number};" for number in range(4, 61)})
    app.function.most = 2
    migrate(app, bucket)
    assert sorted(app.function.databases["orders"]) == list(range(1, 61))
    assert app.told.count("done orders/60_x.up.sql") == 1
    assert len([event for event in app.told if event.startswith("started")]) == 60


def test_what_never_finds_time_ends(app: MigratedApp, bucket: Account) -> None:
    app.function.stuck = True
    with pytest.raises(ApplyError) as caught:
        migrate(app, bucket)
    assert caught.value.code == "migration-stuck"
    assert "1_a.up.sql" in caught.value.message
    assert len(app.function.of(Migrate)) == 2


def test_a_file_that_fails_is_told_with_its_place_and_those_before_it_stay(
    app: MigratedApp, bucket: Account
) -> None:
    app.function.fails = {"2_b.up.sql"}
    with pytest.raises(ApplyError) as caught:
        migrate(app, bucket)
    assert caught.value.code == "migration-failed"
    assert place(caught.value) == ("migrations/orders/2_b.up.sql", 2, 7)
    assert sorted(app.function.databases["orders"]) == [1]
    assert app.told == [
        "started orders/1_a.up.sql", "done orders/1_a.up.sql",
        "started orders/2_b.up.sql", "failed orders/2_b.up.sql",
    ]  # fmt: skip


def test_a_failure_in_a_call_of_several_files_is_that_of_the_one(
    app: MigratedApp, bucket: Account
) -> None:
    app.files(orders={f"{number}_x": f"SELECT {number};" for number in range(4, 51)})
    app.function.fails = {"4_x.up.sql"}
    with pytest.raises(ApplyError):
        migrate(app, bucket)
    assert sorted(app.function.databases["orders"]) == [1, 2, 3]
    assert app.told[-1] == "failed orders/4_x.up.sql"
    assert "done orders/3_c.up.sql" in app.told


def test_before_one_is_run_all_are_judged(app: MigratedApp, bucket: Account) -> None:
    app.folder = app.folder.but(databases={"orders": "default", "zoo": "default"})
    app.files(zoo={"1_z": "COMMIT;"})
    app.function.databases["zoo"] = {}
    with pytest.raises(RefusedError):
        shipping.migrate(app.target, app.outputs, app.inside, FILES, bucket, (), app.on_progress)
    assert app.function.of(Migrate) == []


def test_what_another_tool_ran_is_recorded_by_one_call(app: MigratedApp, bucket: Account) -> None:
    app.function.by_others["orders"] = {3}
    migrate(app, bucket)
    assert sorted(app.function.databases["orders"]) == [1, 2, 3]
    assert sent(app) == [["1", "2", "3"]]
    assert [event for event in app.told if event.startswith("done")] == [
        f"done orders/{name}.up.sql" for name in TEXTS
    ]


def test_prisma_s_files_may_come_late(app: MigratedApp, bucket: Account) -> None:
    app.folder = app.folder.but(databases={"orders": "prisma"})
    app.function.by_others["orders"] = {3}
    migrate(app, bucket)
    assert sent(app) == [["1", "3"], ["1", "2", "3"]]


def test_without_a_bucket_nothing_runs(app: MigratedApp, account: Account) -> None:
    with pytest.raises(RefusedError) as caught:
        migrate(app, account, None)
    assert caught.value.code == "no-files"


def files(count: int) -> Iterator[MigrationFile]:
    for number in range(count):
        yield MigrationFile(number=number, filename=str(number), path="", text="", sha256="")


@pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 50, 51, 1_000])
def test_many_files_share_calls(count: int) -> None:
    pending = tuple(files(count))
    found = shipping.parts(pending)
    assert tuple(file for part in found for file in part) == pending
    assert len(found) <= shipping.MOST_CALLS
    assert all(len(part) == 1 for part in found) == (count <= shipping.MOST_CALLS)
