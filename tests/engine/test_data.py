"""What holds data, in an environment that protects it: refused by name, lifted for that name alone.

One app with two of everything is applied; then one of each kind is deleted, then the others are
replaced. What was not named must be protected before and after, in AWS and in the state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.aws_world import World
from tests.support.changed_app import (
    ChangedApp,
    allowing,
    differences,
    entry,
    new_app,
    permissions,
    service,
    step_of,
)
from tests.support.held import WHO, held

DATA = "store/data.ts"
GONE = "store/gone.ts"
FILES = {
    "encore.infra.yaml": entry(),
    "store/encore.service.ts": service("store"),
    "store/orders/1_orders.up.sql": "CREATE TABLE orders (id text PRIMARY KEY);\n",
    "store/stock/1_stock.up.sql": "CREATE TABLE stock (id text PRIMARY KEY);\n",
    "store/drafts/1_drafts.up.sql": "CREATE TABLE drafts (id text PRIMARY KEY);\n",
    DATA: """import { secret } from "encore.dev/config";
import { type Attribute, Subscription, Topic } from "encore.dev/pubsub";
import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";

interface Placed {
  id: Attribute<string>;
}

export const orders = new SQLDatabase("orders", { migrations: "./orders" });
export const stock = new SQLDatabase("stock", { migrations: "./stock" });
export const invoices = new Bucket("invoices");
export const placed = new Topic<Placed>("placed", { deliveryGuarantee: "at-least-once" });
export const key = secret("PayKey");
const _ = new Subscription(placed, "mail", { handler: async () => {} });
""",
    GONE: """import { secret } from "encore.dev/config";
import { Subscription, Topic } from "encore.dev/pubsub";
import { CacheCluster } from "encore.dev/storage/cache";
import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";

export const drafts = new SQLDatabase("drafts", { migrations: "./drafts" });
export const archive = new Bucket("archive", { versioned: true });
export const sessions = new CacheCluster("sessions", { evictionPolicy: "allkeys-lru" });
export const moved = new Topic<{ id: string }>("moved", { deliveryGuarantee: "at-least-once" });
export const key = secret("OldKey");
const _ = new Subscription(moved, "follow", { handler: async () => {} });
""",
}
REMOVED = (
    "bucket/archive",
    "cache/sessions",
    "database/drafts",
    "secret/OldKey",
    "subscription/moved/follow",
    "topic/moved",
)


@pytest.fixture(scope="module")
def app(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChangedApp]:
    """Applied, with something in it. The tests change it, in their order."""
    world.forget()
    made = new_app(world, tmp_path_factory.mktemp("data"), FILES)
    made.apply()
    world.sql("INSERT INTO orders VALUES ('first')", database="orders")
    world.sql("INSERT INTO drafts VALUES ('first')", database="drafts")
    client = world.client("s3")
    for name in ("invoices", "archive"):
        client.put_object(Bucket=bucket(made, name), Key="a", Body=b"first")
    yield made
    world.forget()


def bucket(app: ChangedApp, name: str) -> str:
    return app.kept(f"bucket/{name}").id


def server(world: World) -> Any:
    (found,) = world.client("rds").describe_db_instances()["DBInstances"]
    return found


def of_server(app: ChangedApp) -> list[str]:
    """What was done to the server: moto gives every one of them the same id."""
    done = (line for line in app.deeds() if line["urn"].endswith("::database#server"))
    return [line["operation"] for line in done]


def databases(world: World) -> set[str]:
    rows = world.sql("SELECT datname FROM pg_database WHERE NOT datistemplate")
    return {row[0] for row in rows} & {"orders", "stock", "drafts"}


def queues(world: World) -> set[str]:
    return set(world.client("sqs").list_queues().get("QueueUrls", ()))


def test_all_that_holds_data_is_protected(app: ChangedApp) -> None:
    kinds = {(item.type.rpartition(":")[2], item.protect) for item in app.state().resources}
    holding = {"Instance", "LogicalDatabase", "Bucket", "ReplicationGroup", "Topic", "Queue"}
    assert {(kind, True) for kind in holding} <= kinds
    assert {kind for kind, protect in kinds if not protect}.isdisjoint(
        holding - {"Instance", "Queue"}
    )
    assert server(app.world)["DeletionProtection"] is True


def test_what_would_be_deleted_is_refused_by_name_before_anything_begins(app: ChangedApp) -> None:
    """A plan must show all of it, and the engine stops at the first that is protected."""
    (app.tool.app / GONE).unlink()
    before, state = len(app.deeds()), app.state()
    plan = app.plan()
    assert plan.losses == REMOVED
    lost = [step for step in plan.changes if step.data_loss]
    assert all(step.op == "delete" for step in lost)
    assert all(step.reason.startswith("DATA LOSS: ") for step in lost)
    refused = app.refused("apply")
    assert refused["code"] == "data-loss"
    assert all(name in refused["message"] for name in REMOVED)
    assert all(f"--allow-data-loss {name}" in refused["hint"] for name in REMOVED)
    some = app.refused("apply", *allowing(*REMOVED[1:]))
    assert REMOVED[0] in some["message"]
    assert REMOVED[1] not in some["message"]
    other = app.refused("apply", *allowing(*REMOVED, "database/orders"))
    assert other["code"] == "unknown-data-loss"
    assert "database/orders" in other["message"]
    assert len(app.deeds()) == before
    assert app.state() == state
    assert server(app.world)["DeletionProtection"] is True


def test_who_comes_second_has_lost_nothing(app: ChangedApp) -> None:
    """Buckets are emptied and databases dropped before the engine runs, which has the lock."""
    before, state = len(app.deeds()), app.state()
    all_of_it = app.refused("destroy")["hint"].partition("--")
    with held(app.world):
        refused = app.refused("apply", *allowing(*REMOVED))
        ended = app.refused("destroy", *"".join(all_of_it[1:]).split())
    for error in (refused, ended):
        assert error["code"] == "busy"
        assert error["message"] == f"production is held by {WHO}; nothing was changed"
    assert len(app.deeds()) == before
    assert app.state() == state
    assert databases(app.world) == {"orders", "stock", "drafts"}
    assert server(app.world)["DeletionProtection"] is True
    for name in ("invoices", "archive"):
        there = app.world.client("s3").list_objects_v2(Bucket=bucket(app, name))
        assert [each["Key"] for each in there["Contents"]] == ["a"], name


def test_what_was_named_goes_and_nothing_else_loses_its_protection(app: ChangedApp) -> None:
    protected, kept = app.protected(), bucket(app, "invoices")
    before, servers = queues(app.world), of_server(app)
    assert databases(app.world) == {"orders", "stock", "drafts"}
    plan = app.apply(*REMOVED)
    assert plan.losses == REMOVED
    gone = {step.name for step in plan.changes if step.op == "delete"}
    assert app.protected() == protected - gone
    assert {"database#server", "database/orders", "bucket/invoices", "topic/placed"} <= (
        app.protected()
    )
    assert server(app.world)["DeletionProtection"] is True
    assert of_server(app) == servers
    assert databases(app.world) == {"orders", "stock"}
    assert app.world.sql("SELECT id FROM orders", database="orders") == [("first",)]
    (left,) = (
        each["Name"]
        for each in app.world.client("s3").list_buckets()["Buckets"]
        if "-state-" not in each["Name"]
    )
    assert left == kept
    assert len(before - queues(app.world)) == 2
    assert app.world.client("elasticache").describe_replication_groups()["ReplicationGroups"] == []
    assert len(app.world.client("sns").list_topics()["Topics"]) == 1
    assert not app.plan().changes


def test_a_topic_that_becomes_ordered_is_another_one_with_its_queues(app: ChangedApp) -> None:
    lost = ("subscription/placed/mail", "topic/placed")
    before = queues(app.world)
    app.replace(DATA, '"at-least-once" });', '"at-least-once", orderingAttribute: "id" });')
    refused = app.refused("apply")
    assert refused["code"] == "data-loss"
    assert all(name in refused["message"] for name in lost)
    assert queues(app.world) == before
    protected = app.protected()
    plan = app.apply(*lost)
    topic = step_of(plan, "topic/placed")
    assert topic.op == "replace"
    assert "fifoTopic" in {item.path for item in topic.diff if item.forces_replacement}
    now = queues(app.world)
    assert now.isdisjoint(before)
    assert len(now) == 2
    assert all(url.endswith(".fifo") for url in now)
    (found,) = app.world.client("sns").list_topics()["Topics"]
    assert found["TopicArn"].endswith(".fifo")
    assert app.protected() == protected
    assert server(app.world)["DeletionProtection"] is True


def test_another_key_is_another_server_without_its_databases(app: ChangedApp) -> None:
    """The server has the same name, so the old one goes first, with a last snapshot."""
    key = app.world.client("kms").create_key()["KeyMetadata"]["Arn"]
    old, protected, before = server(app.world), app.protected(), len(of_server(app))
    app.replace("encore.infra.yaml", "id: k3f9", f"id: k3f9, key: '{key}'")
    lost = ("database/orders", "database/stock")
    refused = app.refused("apply")
    assert refused["code"] == "data-loss"
    assert all(name in refused["message"] for name in lost)
    assert server(app.world)["DeletionProtection"] is True
    app.world.fault("aws:rds/instance", operation="delete", message="InvalidDBInstanceState: busy")
    failed = app.run("apply", "--yes", *allowing(*lost))
    assert failed.code == 1
    assert "InvalidDBInstanceState" in failed.err
    assert of_server(app)[before:] == ["delete"]
    rows = app.world.sql("SELECT id FROM orders", database="orders")
    assert rows == [("first",)], "the last snapshot must hold them"
    plan = app.apply(*lost)
    assert plan.losses == lost
    assert any("database#server: a last snapshot" in line for line in plan.kept)
    told = differences(step_of(plan, "database#server"))
    assert "kmsKeyId" in told
    now = server(app.world)
    assert of_server(app)[before:] == ["delete", "delete", "create"]
    assert now["DBInstanceIdentifier"] == old["DBInstanceIdentifier"]
    assert now["KmsKeyId"] == key
    assert now["DeletionProtection"] is True
    assert app.protected() == protected
    assert databases(app.world) == {"orders", "stock"}
    assert app.world.sql("SELECT id FROM orders", database="orders") == []
    rds = app.world.client("rds")
    (snapshot,) = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert snapshot["DBInstanceIdentifier"] == old["DBInstanceIdentifier"]
    assert not app.plan().changes


@pytest.fixture(scope="module")
def foreign(world: World) -> dict[str, str]:
    """Somebody else's, with something in it."""
    name = "acme-legacy-invoices"
    world.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"}
    )
    world.client("s3").put_object(Bucket=name, Key="old", Body=b"old")
    secret = world.client("secretsmanager").create_secret(Name="legacy", SecretString="theirs")
    topic = world.client("sns").create_topic(Name="legacy-placed")
    return {"bucket": name, "topic": topic["TopicArn"], "secret": secret["ARN"]}


def looks(world: World, foreign: dict[str, str]) -> list[Any]:
    """All that a person sees of what is theirs, but who listens to the topic."""
    sns, s3 = world.client("sns"), world.client("s3")
    secret = world.client("secretsmanager").describe_secret(SecretId=foreign["secret"])
    topic = sns.get_topic_attributes(TopicArn=foreign["topic"])["Attributes"]
    bucket = foreign["bucket"]
    return [
        {key: value for key, value in topic.items() if not key.startswith("Subscriptions")},
        sns.list_tags_for_resource(ResourceArn=foreign["topic"])["Tags"],
        (secret["Name"], secret.get("Tags"), secret.get("DeletedDate")),
        secret["VersionIdsToStages"],
        [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]],
        s3.get_bucket_versioning(Bucket=bucket).get("Status"),
        s3.get_bucket_acl(Bucket=bucket)["Grants"],
    ]


def adopting(app: ChangedApp, foreign: dict[str, str], folder: Path) -> ChangedApp:
    """Beside an environment that has made what it declares, by the same names."""
    adopt = (
        f"adopt: {{buckets: {{invoices: {foreign['bucket']}}}, "
        f"topics: {{placed: '{foreign['topic']}'}}, secrets: {{PayKey: '{foreign['secret']}'}}}}"
    )
    lines = FILES[DATA].splitlines(keepends=True)
    files = {
        "encore.infra.yaml": entry(adopt, name="second", kind="ephemeral"),
        "store/encore.service.ts": service("store"),
        DATA: "".join(line for line in lines if "SQLDatabase" not in line)
        + "export async function use() {\n"
        "  await invoices.upload('a', Buffer.from('a'));\n"
        "  await placed.publish({ id: key() });\n}\n",
    }
    return replace(new_app(app.world, folder, files), environment="second")


def test_what_is_adopted_is_used_and_never_changed_or_deleted(
    app: ChangedApp, foreign: dict[str, str], tmp_path: Path
) -> None:
    second = adopting(app, foreign, tmp_path / "adopting")
    before = looks(app.world, foreign)
    plan = second.apply()
    declared = {str(step.declaration) for step in plan.steps if step.declaration}
    assert declared == {"subscription/placed/mail"}
    assert {
        "store bucket/invoices write",
        "store topic/placed publish",
        "store secret/PayKey read",
    } <= permissions(plan, "gained")
    sns = app.world.client("sns")
    (found,) = sns.list_subscriptions_by_topic(TopicArn=foreign["topic"])["Subscriptions"]
    assert found["Protocol"] == "sqs"
    config = second.run("config", "--format", "infra").out
    assert foreign["bucket"] in config
    assert foreign["topic"] in config
    assert foreign["secret"] in second.run("outputs").out
    assert looks(app.world, foreign) == before
    refused = second.refused("destroy", *allowing("bucket/invoices"))
    assert refused["code"] == "unknown-data-loss"
    done = second.run("destroy", "--yes", "--format", "json", *allowing("subscription/placed/mail"))
    assert done.code == 0, done.text
    assert done.json()["left"] == []
    assert looks(app.world, foreign) == before
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=foreign["topic"])["Subscriptions"]
    assert subscriptions == []
    assert not app.plan().changes
