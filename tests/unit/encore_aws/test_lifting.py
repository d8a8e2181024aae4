"""What AWS refuses to delete can be deleted afterwards, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError
from tests.support.aws_cases import APP, AWS, target
from tests.support.aws_things import NAME, machine, server, told
from tests.support.fake_clock import Time
from tests.support.moto_server import REGION, MotoServer

from encore_aws import lifting, offline
from encore_aws.account import Account, AwsError
from encore_aws.lifting import (
    BUCKET,
    CACHE,
    LOG_GROUP,
    MACHINE,
    SECRET,
    SERVER,
    Obstacle,
    lift,
    obstacles,
)
from encore_aws.state_store import Backend
from encore_provisioner.engine.state import Kept
from encore_provisioner.errors import ApplyError

RDS_ID: Final = "db-ABC123"


def kept(kind: str, id_: str = "it", **properties: Any) -> Kept:
    return Kept(urn=f"urn:pulumi:e::p::{kind}::thing", type=kind, id=id_, inputs=properties)


# What is in the way.


CASES: Final[dict[str, tuple[Kept, str | None]]] = {
    "server": (
        kept(SERVER, RDS_ID, identifier="db", deletionProtection=True),
        "the deletion protection of the database server db",
    ),
    "server without": (kept(SERVER, RDS_ID, identifier="db", deletionProtection=False), None),
    "server that says nothing": (kept(SERVER, RDS_ID, identifier="db"), None),
    "server that only a refresh knows to be protected": (
        Kept(urn="u", type=SERVER, id="db", outputs={"deletionProtection": True}),
        "the deletion protection of the database server db",
    ),
    "bucket": (kept(BUCKET, "pictures"), "all objects of the bucket pictures"),
    "bucket that the plugin empties": (
        kept(BUCKET, "pictures", bucket="pictures", forceDestroy=True),
        "all objects of the bucket pictures",
    ),
    "bucket that was replaced": (
        Kept(urn="u", type=BUCKET, id="old", doomed=True),
        "all objects of the bucket old",
    ),
    "machine": (
        kept(MACHINE, "i-1", disableApiTermination=True),
        "the deletion protection of the machine i-1",
    ),
    "log group": (
        kept(LOG_GROUP, "/log", name="/log", deletionProtectionEnabled=True),
        "the deletion protection of the log group /log",
    ),
    "log group without": (kept(LOG_GROUP, "/log", name="/log"), None),
    "what was never made": (kept(BUCKET, ""), None),
    "anything else": (kept("aws:sns/topic:Topic", "arn", deletionProtection=True), None),
}


@pytest.mark.parametrize(("item", "what"), CASES.values(), ids=CASES.keys())
def test_what_is_in_the_way(item: Kept, what: str | None) -> None:
    found = obstacles([item])
    assert [one.what for one in found] == ([] if what is None else [what])
    assert all((one.type, one.id, one.urn) == (item.type, item.id, item.urn) for one in found)


def test_protection_of_the_program_is_found_in_its_own_plan() -> None:
    """By the properties' names as the program sets them."""
    plan = offline.make_plan(target(APP, AWS / "base", "production"))
    items = [
        kept(step.type, "it", **{item.path: item.after for item in step.diff})
        for step in plan.steps
        if step.type in (SERVER, BUCKET)
    ]
    assert {one.type for one in obstacles(items)} == {SERVER, BUCKET}
    names = [one.name for one in obstacles(items) if one.type == SERVER]
    assert all(name.startswith("store-production-") for name in names), names


# Lifting it.


def protected(account: Account) -> Obstacle:
    known, _ = server(account)
    rds = account.client("rds")
    rds.modify_db_instance(
        DBInstanceIdentifier=NAME, DeletionProtection=True, ApplyImmediately=True
    )
    properties: Mapping[str, Any] = {"identifier": NAME, "deletionProtection": True}
    (found,) = obstacles([kept(SERVER, known.id, **properties)])
    return found


def test_a_protected_server_can_be_deleted_afterwards(account: Account) -> None:
    found, rds = protected(account), account.client("rds")
    with pytest.raises(ClientError, match="protected DB Instance"):
        rds.delete_db_instance(DBInstanceIdentifier=NAME, SkipFinalSnapshot=True)
    time = Time()
    for _ in range(2):
        lift([found], account, clock=time.clock)
    assert time.seconds == 0
    rds.delete_db_instance(DBInstanceIdentifier=NAME, SkipFinalSnapshot=True)
    lift([found], account, clock=time.clock)


def test_a_bucket_with_objects_can_be_deleted_afterwards(account: Account) -> None:
    s3 = account.client("s3")
    for name in ("pictures", "others"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket=name, Key="one", Body=b"x")
    words: list[str] = []
    for _ in range(2):
        lift(obstacles([kept(BUCKET, "pictures")]), account, on_wait=words.append)
    s3.delete_bucket(Bucket="pictures")
    lift(obstacles([kept(BUCKET, "pictures")]), account)
    assert words[0] == "bucket pictures: 1 objects and old versions deleted"
    assert s3.list_objects_v2(Bucket="others")["KeyCount"] == 1


def test_a_protected_machine_can_be_deleted_afterwards(account: Account) -> None:
    known, undo = machine(account)
    ec2 = account.client("ec2")
    ec2.modify_instance_attribute(InstanceId=known.id, DisableApiTermination={"Value": True})
    with pytest.raises(ClientError, match="disableApiTermination"):
        undo()
    found = obstacles([kept(MACHINE, known.id, disableApiTermination=True)])
    lift(found, account)
    undo()
    lift(obstacles([kept(MACHINE, "i-0123456789abcdef0", disableApiStop=True)]), account)


@pytest.mark.parametrize("answer", [{}, "ResourceNotFoundException"])
def test_a_protected_log_group_is_freed(answer: Any) -> None:
    item = kept(LOG_GROUP, "/log", name="/log", deletionProtectionEnabled=True)
    lift(obstacles([item]), told(("put_log_group_deletion_protection", answer)))


def instance(status: str, *, protection: bool = True) -> tuple[str, dict[str, Any]]:
    found = {
        "DBInstanceIdentifier": "renamed",
        "DBInstanceStatus": status,
        "DeletionProtection": protection,
    }
    return "describe_db_instances", {"DBInstances": [found]}


SERVER_KEPT: Final = kept(SERVER, RDS_ID, identifier="db", deletionProtection=True)


def test_a_busy_server_is_waited_for() -> None:
    time, words = Time(), list[str]()
    account = told(
        instance("backing-up"),
        ("modify_db_instance", "InvalidDBInstanceState"),
        instance("backing-up"),
        ("modify_db_instance", "InvalidDBInstanceState"),
        instance("available"),
        ("modify_db_instance", {}),
        # It is taken, and not true yet.
        instance("modifying"),
        instance("available", protection=False),
    )
    lift(obstacles([SERVER_KEPT]), account, on_wait=words.append, clock=time.clock)
    assert words == [
        "the database server db is backing-up; waiting until RDS takes its deletion protection away"
    ]
    assert time.seconds == 30


def test_a_server_that_stays_busy_is_given_up() -> None:
    turn = [instance("upgrading"), ("modify_db_instance", "InvalidDBInstanceState")]
    account = told(*(turn * 400))  # type: ignore[arg-type]
    with pytest.raises(ApplyError, match="the database server db is upgrading, and") as caught:
        lift(obstacles([SERVER_KEPT]), account, clock=Time().clock)
    assert caught.value.code == "server-busy"


@pytest.mark.parametrize(
    "answer",
    [
        instance("deleting"),
        instance("available", protection=False),
        ("describe_db_instances", {"DBInstances": []}),
        ("describe_db_instances", "DBInstanceNotFound"),
    ],
)
def test_a_server_that_needs_nothing_is_left_alone(answer: Any) -> None:
    """Also where another server has its name by now: it is looked for by its own id."""
    lift(obstacles([SERVER_KEPT]), told(answer))


def test_a_server_is_looked_for_by_its_own_id_and_changed_by_the_name_it_has_now() -> None:
    by_id = {"Filters": [{"Name": "dbi-resource-id", "Values": [RDS_ID]}]}
    change = {
        "DBInstanceIdentifier": "renamed",
        "DeletionProtection": False,
        "ApplyImmediately": True,
    }
    account = told(
        (*instance("available"), by_id),
        ("modify_db_instance", {}, change),
        (*instance("available", protection=False), by_id),
    )
    lift(obstacles([SERVER_KEPT]), account)


def test_a_server_that_goes_meanwhile_is_no_error() -> None:
    account = told(
        instance("available"),
        ("modify_db_instance", "DBInstanceNotFound"),
        ("describe_db_instances", {"DBInstances": []}),
    )
    lift(obstacles([SERVER_KEPT]), account)


def test_what_is_refused_is_told(account: Account, moto: MotoServer) -> None:
    found = protected(account)
    moto.fail("ModifyDBInstance", "AccessDenied", status=403)
    with pytest.raises(AwsError, match="cannot take the deletion protection from the database"):
        lift([found], account)


# What stays.


def test_what_is_kept_is_told() -> None:
    items = [
        kept(
            SERVER,
            RDS_ID,
            identifier="db",
            finalSnapshotIdentifier="db-final-1",
            skipFinalSnapshot=False,
            deleteAutomatedBackups=False,
            backupRetentionPeriod=14.0,
        ),
        kept(CACHE, "c", finalSnapshotIdentifier="c-final-1"),
        kept(SECRET, "arn:b", name="b", recoveryWindowInDays=7.0),
        kept(SECRET, "arn:a", name="a", recoveryWindowInDays=7),
        kept(SECRET, "arn:c", name="c"),
        kept(SECRET, "arn:d", name="d", recoveryWindowInDays=0),
        kept("aws:sns/topic:Topic", "arn", name="t"),
    ]
    backend = Backend(
        url="s3://states/shop",
        secrets_provider=None,
        bucket="states",
        prefix="shop-production-1",
        key="arn:key",
    )
    assert lifting.told(items, backend=backend) == (
        "thing: a last snapshot, db-final-1, until somebody deletes it: `aws rds "
        "delete-db-snapshot --db-snapshot-identifier db-final-1`",
        "thing: the automatic backups of db, 14 days more: `aws rds "
        "describe-db-instance-automated-backups --db-instance-identifier db`",
        "thing: a last snapshot, c-final-1, until somebody deletes it: `aws elasticache "
        "delete-snapshot --snapshot-name c-final-1`",
        "secrets that can be restored for 7 days, and whose names are taken so long: a, b; `aws "
        "secretsmanager restore-secret --secret-id NAME`",
        "secrets that can be restored for 30 days, and whose names are taken so long: c; `aws "
        "secretsmanager restore-secret --secret-id NAME`",
        "the state's bucket states: it belongs to all environments of the app; this one's history "
        "lies under shop-production-1/",
        "the key arn:key, without which no state of the app can be read",
    )


NOTHING_KEPT: Final = [
    kept(SERVER, RDS_ID, identifier="db", skipFinalSnapshot=True, deleteAutomatedBackups=True),
    kept(SERVER, RDS_ID, finalSnapshotIdentifier="left over", skipFinalSnapshot=True),
    kept(SERVER, RDS_ID, deleteAutomatedBackups=False, backupRetentionPeriod=0),
    # What the plugin fills in where nothing is said.
    kept(SERVER, RDS_ID, backupRetentionPeriod=7),
    kept(CACHE, "c"),
    kept(SECRET, "arn", recoveryWindowInDays=0),
    kept(BUCKET, "pictures"),
]


@pytest.mark.parametrize("item", NOTHING_KEPT)
def test_what_is_not_kept_is_not_told(item: Kept) -> None:
    assert lifting.told([item]) == ()


def test_what_the_program_keeps_is_told_in_its_own_words() -> None:
    """By the properties' names as the program sets them."""
    plan = offline.make_plan(target(APP, AWS / "base", "production"))
    items = [
        kept(step.type, "it", **{item.path: item.after for item in step.diff})
        for step in plan.steps
    ]
    found = " ".join(lifting.told(items))
    assert "the automatic backups of store-production-" in found
    assert "secrets that can be restored for 30 days" in found
