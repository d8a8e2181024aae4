"""An app that stands in AWS is changed in eight ways, one after the other.

Each change is planned, applied and read back. What a plan holds is compared whole, so whatever the
change before had left undone would stand in it too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.aws_world import World
from tests.support.changed_app import (
    ChangedApp,
    changed,
    differences,
    entry,
    new_app,
    permissions,
    service,
    step_of,
)

STORE = "store/store.ts"
FILES = {
    "encore.infra.yaml": entry("containers: {layout: per-service}"),
    "store/encore.service.ts": service("store"),
    "store/migrations/1_orders.up.sql": (
        "CREATE TABLE orders (id text PRIMARY KEY);\nCREATE TABLE drafts (id text);\n"
    ),
    STORE: """import { Topic } from "encore.dev/pubsub";
import { Bucket } from "encore.dev/storage/objects";
import { SQLDatabase } from "encore.dev/storage/sqldb";

export const db = new SQLDatabase("orders", { migrations: "./migrations" });
export const invoices = new Bucket("invoices", { versioned: true });
export const placed = new Topic<{ id: string }>("placed", { deliveryGuarantee: "at-least-once" });

export async function place(id: string): Promise<void> {
  await db.exec`INSERT INTO orders (id) VALUES (${id})`;
  await invoices.upload(id, Buffer.from(id));
  await placed.publish({ id });
}
""",
    "mail/encore.service.ts": service("mail"),
    "mail/mail.ts": """import { Subscription } from "encore.dev/pubsub";
import { placed } from "../store/store";

const _ = new Subscription(placed, "mail", { handler: async () => {} });
""",
}


@pytest.fixture(scope="module")
def app(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChangedApp]:
    """Applied, with a row and a message in it. The tests change it, in their order."""
    world.forget()
    made = new_app(world, tmp_path_factory.mktemp("changing"), FILES)
    made.apply()
    world.sql("INSERT INTO orders VALUES ('first')", database="orders")
    yield made
    world.forget()


def names(found: list[Any], key: str) -> list[str]:
    return sorted(str(item[key]) for item in found)


def roles(world: World) -> list[str]:
    return names(world.client("iam").list_roles()["Roles"], "RoleName")


def actions(app: ChangedApp, role: str) -> set[str]:
    """What the policies of the role allow, which the state calls ``role/…``."""
    client, name = app.world.client("iam"), app.kept(f"role/{role}").id
    found: set[str] = set()
    for each in client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        about = client.get_policy(PolicyArn=each["PolicyArn"])["Policy"]
        version = client.get_policy_version(
            PolicyArn=each["PolicyArn"], VersionId=about["DefaultVersionId"]
        )
        document = version["PolicyVersion"]["Document"]
        whole = json.loads(document) if isinstance(document, str) else document
        for statement in whole["Statement"]:
            listed = statement["Action"]
            found |= {listed} if isinstance(listed, str) else set(listed)
    return found


def test_a_new_service_gets_a_role_of_its_own(app: ChangedApp) -> None:
    before = roles(app.world)
    app.write(
        {
            "audit/encore.service.ts": service("audit"),
            "audit/audit.ts": 'import { invoices } from "../store/store";\n'
            "export async function look() { for await (const _ of invoices.list({})) {} }\n",
        }
    )
    plan = app.apply()
    assert {step.op for step in plan.changes} == {"create"}
    assert all("audit" in step.name for step in plan.changes), changed(plan)
    assert permissions(plan, "gained") == {
        "audit bucket/invoices list",
        "audit password/service-key read",
    }
    assert permissions(plan, "lost") == set()
    new = set(roles(app.world)) - set(before)
    assert len(new) == 2, "one for its code, one for what starts it"
    assert all("audit" in name for name in new)


def test_a_removed_subscription_loses_its_messages(app: ChangedApp) -> None:
    sqs, sns = app.world.client("sqs"), app.world.client("sns")
    assert len(sqs.list_queues()["QueueUrls"]) == 2
    (app.tool.app / "mail" / "mail.ts").unlink()
    before = len(app.deeds())
    refused = app.refused("apply")
    assert refused["code"] == "data-loss"
    assert "subscription/placed/mail" in refused["message"]
    assert "--allow-data-loss subscription/placed/mail" in refused["hint"]
    assert len(app.deeds()) == before
    assert len(sqs.list_queues()["QueueUrls"]) == 2
    plan = app.apply("subscription/placed/mail")
    assert plan.losses == ("subscription/placed/mail",)
    assert {step.op for step in plan.changes} == {"delete"}, changed(plan)
    assert permissions(plan, "lost") == {"mail subscription/placed/mail consume"}
    assert "QueueUrls" not in sqs.list_queues()
    assert sns.list_subscriptions()["Subscriptions"] == []
    assert len(sns.list_topics()["Topics"]) == 1


def test_a_wider_permission_is_told_and_given(app: ChangedApp) -> None:
    assert "s3:GetObject" not in actions(app, "store")
    app.replace(STORE, "await placed", "await invoices.download(id);\n  await placed")
    plan = app.apply()
    assert changed(plan) == {"update role/store#policy-1"}
    assert list(differences(step_of(plan, "role/store#policy-1"))) == ["policy"]
    assert permissions(plan, "gained") == {"store bucket/invoices read"}
    assert permissions(plan, "lost") == set()
    assert "s3:GetObject" in actions(app, "store")
    assert "s3:GetObject" not in actions(app, "audit")


def test_a_bigger_server_is_changed_at_once_and_keeps_its_rows(app: ChangedApp) -> None:
    app.replace(
        "encore.infra.yaml",
        "containers:",
        "databases: {defaults: {size: db.m7g.large}}, containers:",
    )
    plan = app.apply()
    assert changed(plan) == {"update database#server"}
    told = differences(step_of(plan, "database#server"))
    assert told == {"instanceClass": ("db.t4g.medium", "db.m7g.large")}
    (server,) = app.world.client("rds").describe_db_instances()["DBInstances"]
    assert server["DBInstanceClass"] == "db.m7g.large"
    assert app.world.sql("SELECT id FROM orders", database="orders") == [("first",)]


def test_a_new_migration_is_a_step_and_runs(app: ChangedApp) -> None:
    text = "ALTER TABLE orders ADD COLUMN total int;\nDROP TABLE drafts;\n"
    app.write({"store/migrations/2_total.up.sql": text})
    plan = app.plan()
    assert changed(plan) == {"create orders/2_total.up.sql", "update database/orders"}
    step = step_of(plan, "orders/2_total.up.sql")
    assert "DROP TABLE drafts" in step.reason
    assert step.declaration is not None
    assert step.declaration.at is not None
    assert step.declaration.at.file == "store/migrations/2_total.up.sql"
    app.apply()
    assert app.world.sql("SELECT id, total FROM orders", database="orders") == [("first", None)]
    gone = app.world.sql("SELECT to_regclass('drafts')", database="orders")
    assert gone == [(None,)]


def test_a_renamed_bucket_is_another_one_and_the_old_is_emptied(app: ChangedApp) -> None:
    client = app.world.client("s3")
    old = app.kept("bucket/invoices").id
    for content in (b"one", b"two"):
        client.put_object(Bucket=old, Key="a", Body=content)
    client.delete_object(Bucket=old, Key="a")
    assert len(client.list_object_versions(Bucket=old)["Versions"]) == 2
    app.replace(STORE, '"invoices"', '"bills"')
    refused = app.refused("apply")
    assert (refused["code"], "bucket/invoices" in refused["message"]) == ("data-loss", True)
    assert len(client.list_object_versions(Bucket=old)["Versions"]) == 2
    plan = app.apply("bucket/invoices")
    step = step_of(plan, "bucket/invoices")
    assert step.op == "delete"
    assert step.reason.startswith("DATA LOSS: bucket/invoices is no longer declared")
    assert "create bucket/bills" in changed(plan)
    found = names(client.list_buckets()["Buckets"], "Name")
    assert old not in found
    assert app.kept("bucket/bills").id in found
    assert "bucket/bills" in app.protected()


def test_a_bucket_that_becomes_public_is_read_through_cloudfront(app: ChangedApp) -> None:
    cdn = app.world.client("cloudfront")
    assert cdn.list_distributions()["DistributionList"]["Quantity"] == 0
    app.replace(STORE, "versioned: true", "versioned: true, public: true")
    plan = app.apply()
    assert plan.losses == ()
    assert "create bucket/bills#cdn" in changed(plan)
    assert "update bucket/bills#policy" in changed(plan)
    assert not any(step.op in ("delete", "replace") for step in plan.changes)
    (distribution,) = cdn.list_distributions()["DistributionList"]["Items"]
    name = app.kept("bucket/bills").id
    assert name in distribution["Origins"]["Items"][0]["DomainName"]
    client = app.world.client("s3")
    policy = json.loads(client.get_bucket_policy(Bucket=name)["Policy"])
    readers = [item for item in policy["Statement"] if item["Effect"] == "Allow"]
    assert {item["Principal"]["Service"] for item in readers} == {"cloudfront.amazonaws.com"}
    closed = client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert all(closed.values())


def test_a_new_environment_stands_beside_the_first(app: ChangedApp) -> None:
    first = app.state()
    before = len(app.deeds())
    app.tool.ok("env", "new", "staging", "--provider", "aws", "--type", "ephemeral",
                "--region", "eu-north-1")  # fmt: skip
    staging = ChangedApp(world=app.world, tool=app.tool, environment="staging")
    plan = staging.apply()
    assert {step.op for step in plan.changes} == {"create"}
    assert staging.protected() == set()
    assert app.state() == first
    since = app.deeds()[before:]
    assert since
    assert all(line["urn"].startswith("urn:pulumi:staging::") for line in since)
    servers = app.world.client("rds").describe_db_instances()["DBInstances"]
    assert len(servers) == 2
    assert not app.plan().changes, "nothing of the first is left undone by any change"
