"""The shop applied, and what AWS then has: asked with boto3, and used as an app would.

One apply for the whole module; the tests stand in the order in which a person would go on.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from tests.support.aws_applied import all_of, changing, only_by_tls, outputs, tags
from tests.support.aws_world import World
from tests.support.moto_server import REGION
from tests.support.tool import Result, Tool

from encore_config import runtime
from encore_config.codec import decode
from encore_config.graph import Graph, Subscription, Topic
from encore_config.infra_reader import boot_problems, read_infra

ENVIRONMENT = ("--env", "production")
SECRETS = ("EmailApiKey", "PaymentWebhookSecret", "SessionKey")
FILES = ("infra.config.json", "runtime.pb", "runtime.env")


@dataclass(frozen=True, kw_only=True)
class Shop:
    world: World
    tool: Tool
    applied: Result
    graph: Graph
    outputs: Mapping[str, Any]
    config: Result
    """As JSON."""

    def secret(self, variable: str) -> str:
        """What a container finds in a variable."""
        client = self.world.client("secretsmanager")
        found: str = client.get_secret_value(SecretId=self.outputs["variables"][variable])[
            "SecretString"
        ]
        return found

    def files(self) -> dict[str, bytes]:
        folder = self.tool.app / ".encore" / "infra" / "production"
        return {name: (folder / name).read_bytes() for name in FILES}

    def topic(self, subscription: Subscription) -> Topic:
        (found,) = (each for each in self.graph.topics if each.name == subscription.topic)
        return found


@pytest.fixture(scope="module")
def shop(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    world.forget()
    tool = world.app(tmp_path_factory.mktemp("apply") / "shop")
    applied = tool.ok("apply", *ENVIRONMENT, "--yes")
    yield Shop(
        world=world,
        tool=tool,
        applied=applied,
        graph=decode(tool.ok("graph", "--format", "json").out.encode(), Graph),
        outputs=outputs(tool, "production"),
        config=tool.ok("config", *ENVIRONMENT, "--format", "infra"),
    )
    world.forget()


# --- what was told --------------------------------------------------------------------------


def test_the_report_ends_with_what_is_left_to_do(shop: Shop) -> None:
    assert "Plan: 148 to create, 0 to update, 0 to delete, 0 unchanged." in shop.applied.out
    assert "Applied 148 changes in " in shop.applied.text
    for name in SECRETS:
        assert f"  encore-infra secret set {name} --env production\n" in shop.applied.text
    assert "encore-infra doctor --env production" in shop.applied.text
    for title in ("database#server", "database/orders", "orders/001_create_orders.up.sql"):
        assert f" {title} (" in shop.applied.err, "told when it was created"


# --- what AWS has ---------------------------------------------------------------------------


def test_each_queue_is_as_its_subscription_says(shop: Shop) -> None:
    sqs = shop.world.client("sqs")
    assert len(shop.graph.subscriptions) == 6
    for each in shop.graph.subscriptions:
        url = shop.outputs["subscriptions"][f"{each.topic}/{each.name}"]["url"]
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert queue["VisibilityTimeout"] == str(each.ack_deadline)
        assert queue["MessageRetentionPeriod"] == str(each.retention)
        assert queue["SqsManagedSseEnabled"] == "true"
        assert only_by_tls(queue["Policy"])
        is_ordered = shop.topic(each).ordering_attribute is not None
        assert ("FifoQueue" in queue) is is_ordered is url.endswith(".fifo")
        redrive = json.loads(queue["RedrivePolicy"])
        assert redrive["maxReceiveCount"] == each.max_retries + 1
        dead = sqs.get_queue_url(QueueName=redrive["deadLetterTargetArn"].rpartition(":")[2])
        letters = sqs.get_queue_attributes(QueueUrl=dead["QueueUrl"], AttributeNames=["All"])
        assert int(letters["Attributes"]["MessageRetentionPeriod"]) >= each.retention


def test_each_topic_reaches_its_queues_in_an_envelope(shop: Shop) -> None:
    sns = shop.world.client("sns")
    found = {
        (item["TopicArn"], item["Endpoint"]): sns.get_subscription_attributes(
            SubscriptionArn=item["SubscriptionArn"]
        )["Attributes"]
        for item in all_of(shop.world, "sns", "list_subscriptions", "Subscriptions")
    }
    arns = shop.outputs["topics"]
    assert set(found) == {
        (
            arns[each.topic],
            shop.outputs["subscriptions"][f"{each.topic}/{each.name}"]["arn"],
        )
        for each in shop.graph.subscriptions
    }
    assert {item["RawMessageDelivery"] for item in found.values()} == {"false"}
    for topic in shop.graph.topics:
        attributes = sns.get_topic_attributes(TopicArn=arns[topic.name])["Attributes"]
        assert (attributes.get("FifoTopic") == "true") is (topic.ordering_attribute is not None)


def test_each_bucket_is_closed_encrypted_and_keeps_versions_as_declared(shop: Shop) -> None:
    s3 = shop.world.client("s3")
    assert {each.name for each in shop.graph.buckets if each.versioned} == {"invoices"}
    for each in shop.graph.buckets:
        name = shop.outputs["buckets"][each.name]["name"]
        versioning = s3.get_bucket_versioning(Bucket=name).get("Status")
        assert (versioning == "Enabled") is each.versioned
        closed = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert set(closed.values()) == {True}, "a public one is read through CloudFront"
        encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
        assert encryption["Rules"]
        assert only_by_tls(s3.get_bucket_policy(Bucket=name)["Policy"])
        found = tags(s3.get_bucket_tagging(Bucket=name)["TagSet"])
        assert found["encore:declaration"] == f"bucket/{each.name}"


def test_the_public_bucket_has_a_distribution_and_lets_it_alone_in(shop: Shop) -> None:
    bucket = shop.outputs["buckets"]["product-images"]
    client = shop.world.client("cloudfront")
    (found,) = client.list_distributions()["DistributionList"]["Items"]
    assert found["ARN"] == bucket["distribution"]
    assert bucket["url"] == f"https://{found['DomainName']}"
    (origin,) = found["Origins"]["Items"]
    assert origin["DomainName"].startswith(f"{bucket['name']}.s3.")
    policy = json.loads(shop.world.client("s3").get_bucket_policy(Bucket=bucket["name"])["Policy"])
    allowed = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
    assert {each["Condition"]["StringEquals"]["aws:SourceArn"] for each in allowed} == {
        bucket["distribution"]
    }


def test_the_server_is_closed_encrypted_protected_and_in_two_zones(shop: Shop) -> None:
    (server,) = shop.world.client("rds").describe_db_instances()["DBInstances"]
    assert server["DBInstanceIdentifier"] == shop.outputs["servers"]["shared"]["identifier"]
    assert (server["DBInstanceClass"], server["AllocatedStorage"]) == ("db.t4g.medium", 20)
    assert server["BackupRetentionPeriod"] == 14
    for wanted in ("MultiAZ", "StorageEncrypted", "DeletionProtection", "CopyTagsToSnapshot"):
        assert server[wanted] is True
    assert server["PubliclyAccessible"] is False
    assert server["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"
    zones = {each["SubnetIdentifier"] for each in server["DBSubnetGroup"]["Subnets"]}
    assert zones == set(shop.outputs["network"]["subnets"]["storage"])


def test_the_cache_is_encrypted_and_knows_one_user(shop: Shop) -> None:
    client = shop.world.client("elasticache")
    (group,) = client.describe_replication_groups()["ReplicationGroups"]
    assert (group["Engine"], group["CacheNodeType"]) == ("valkey", "cache.t4g.small")
    assert group["TransitEncryptionMode"] == "required"
    assert group["AtRestEncryptionEnabled"] is True
    assert (group["MultiAZ"], len(group["MemberClusters"])) == ("enabled", 2)
    (users,) = client.describe_user_groups()["UserGroups"]
    assert users["UserIds"] == [shop.outputs["caches"]["shop-cache"]["username"]]
    machine = shop.world.aws.caches.caches.machines[group["ReplicationGroupId"]]
    assert "allkeys-lru" in str(machine.ask("CONFIG", "GET", "maxmemory-policy"))


def test_each_secret_has_a_place_and_only_those_that_are_made_a_value(shop: Shop) -> None:
    found = {
        tags(item["Tags"]).get("encore:declaration", "of RDS"): item
        for item in all_of(shop.world, "secretsmanager", "list_secrets", "SecretList")
    }
    made = {"database/catalog", "database/orders", "cache/shop-cache", "of RDS"}
    assert set(found) == made | {f"secret/{name}" for name in SECRETS}
    with_value = {name for name, item in found.items() if item.get("SecretVersionsToStages")}
    assert with_value == made


def test_the_roles_are_there_with_what_the_plan_showed(shop: Shop) -> None:
    iam = shop.world.client("iam")
    app = shop.outputs["roles"]["app"]
    for kind in ("task", "execution"):
        name = app[kind].rpartition("/")[2]
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
        assert [each["Principal"] for each in trust] == [{"Service": "ecs-tasks.amazonaws.com"}]
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        documents = [_document(iam, each["PolicyArn"]) for each in attached]
        assert documents == [json.loads(text) for text in app["policies"][kind]]


def _document(iam: Any, arn: str) -> Any:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


# --- used as the app uses it ----------------------------------------------------------------


def test_what_is_published_comes_to_each_queue_of_the_topic_and_to_no_other(shop: Shop) -> None:
    sns, sqs = shop.world.client("sns"), shop.world.client("sqs")
    for topic in shop.graph.topics:
        ordered = (
            {"MessageGroupId": "cart-1", "MessageDeduplicationId": "msg_1"}
            if topic.ordering_attribute
            else {}
        )
        sns.publish(
            TopicArn=shop.outputs["topics"][topic.name],
            Message=json.dumps({"of": topic.name}, indent=2),
            MessageAttributes={
                "encore_parent_trace_id": {"DataType": "String", "StringValue": "trace"}
            },
            **ordered,
        )
    for name, queue in shop.outputs["subscriptions"].items():
        topic_name = name.partition("/")[0]
        (body,) = _received(sqs, queue["url"])
        assert body["Type"] == "Notification"
        assert body["TopicArn"] == shop.outputs["topics"][topic_name]
        assert json.loads(body["Message"]) == {"of": topic_name}
        assert body["MessageAttributes"]["encore_parent_trace_id"] == {
            "Type": "String",
            "Value": "trace",
        }
        assert {"MessageId", "Timestamp", "UnsubscribeURL"} <= set(body), "the core wants them"


def test_messages_of_one_cart_keep_their_order(shop: Shop) -> None:
    sns, sqs = shop.world.client("sns"), shop.world.client("sqs")
    for number in range(4):
        sns.publish(
            TopicArn=shop.outputs["topics"]["cart-events"],
            Message=str(number),
            MessageGroupId="cart-2",
            MessageDeduplicationId=f"msg_of_2_{number}",
        )
    url = shop.outputs["subscriptions"]["cart-events/learn-popularity"]["url"]
    assert [body["Message"] for body in _received(sqs, url)] == ["0", "1", "2", "3"]


def _received(sqs: Any, url: str) -> list[Any]:
    """All that waits, taken."""
    found: list[Any] = []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0
    ).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_an_object_is_put_into_each_bucket_and_got_back(shop: Shop) -> None:
    s3 = shop.world.client("s3")
    for bucket in shop.outputs["buckets"].values():
        s3.put_object(Bucket=bucket["name"], Key="a/b", Body=b"hello")
        found = s3.get_object(Bucket=bucket["name"], Key="a/b")
        assert found["Body"].read() == b"hello"
        assert found["ServerSideEncryption"] == "AES256"


def test_each_database_takes_its_role_over_tls_by_the_root_of_the_config(
    shop: Shop, tmp_path: Path
) -> None:
    (server,) = shop.config.json()["sql_servers"]
    root = tmp_path / "root.pem"
    root.write_text(server["tls_config"]["ca"])
    host, _, port = server["host"].partition(":")
    for name, table in (("catalog", "products"), ("orders", "order_lines")):
        database = server["databases"][name]
        keywords = {
            "host": host,
            "port": int(port),
            "dbname": database["name"],
            "user": database["username"],
            "sslmode": "verify-full",
            "sslrootcert": str(root),
        }
        password = shop.secret(database["password"]["$env"])
        with psycopg.connect(**keywords, password=password) as connection:
            connection.execute(f"SELECT * FROM {table} LIMIT 1")
            found = connection.execute("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE "
                                       "rolname = current_user").fetchone()  # fmt: skip
            assert found == (False, False)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(**keywords, password="guessed")
        other = {**keywords, "dbname": "orders" if name == "catalog" else "catalog"}
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(**other, password=password)


def test_the_cache_takes_its_user_over_tls_and_nobody_else(shop: Shop) -> None:
    found = shop.config.json()["redis"]["shop-cache"]
    assert found["tls_config"] == {}, "the roots of the machine, and TLS"
    host, _, port = found["host"].partition(":")
    auth = found["auth"]
    given: dict[str, Any] = {
        "host": host,
        "port": int(port),
        "ssl": True,
        "ssl_ca_certs": str(shop.world.inside.system_roots),
        "retry": Retry(NoBackoff(), 0),
    }
    password = shop.secret(auth["password"]["$env"])
    with redis.Redis(**given, username=auth["username"], password=password) as client:
        client.set("product/1", "x")
        assert client.get("product/1") == b"x"
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.flushall()
    for wrong in ({}, {"username": auth["username"], "password": "guessed"}):
        with redis.Redis(**given, **wrong) as client, pytest.raises(redis.AuthenticationError):
            client.get("product/1")


# --- the runtime config ---------------------------------------------------------------------


def test_the_config_boots_in_each_of_its_forms(shop: Shop) -> None:
    infra = read_infra(shop.config.out.encode())
    assert "W9101" in shop.config.err, "the order of a topic cannot be said in JSON"
    problems = boot_problems(infra, environ=_values(shop), graph=shop.graph)
    assert [each for each in problems if each.effect == "stops-boot"] == []
    as_runtime = shop.tool.ok("config", *ENVIRONMENT, "--format", "runtime")
    parsed = runtime.parse(runtime.decode_value(as_runtime.out.strip()))
    (cluster,) = parsed.infra.resources.pubsub_clusters
    ordered = {topic.encore_name: topic.ordering_attr for topic in cluster.topics}
    assert ordered["cart-events"] == "cartId"
    variables = dict(
        line.split("=", 1)
        for line in shop.tool.ok("config", *ENVIRONMENT, "--format", "env").out.splitlines()
    )
    assert variables["ENCORE_RUNTIME_CONFIG"] == as_runtime.out.strip()
    assert variables["AWS_REGION"] == REGION
    assert not set(variables) & set(shop.outputs["variables"]), "values stay in AWS"
    files = shop.files()
    assert json.loads(files["infra.config.json"]) == shop.config.json()
    assert runtime.decode_value(as_runtime.out.strip()) == files["runtime.pb"]


def _values(shop: Shop) -> dict[str, str]:
    """The variables of the container, as ECS would fill them in."""
    container = shop.outputs["containers"]["app"]
    return {**container["environment"], **dict.fromkeys(container["secrets"], "a value")}


# --- again ----------------------------------------------------------------------------------


def test_nothing_changed_is_nothing_to_do(shop: Shop) -> None:
    before = len(shop.world.aws.calls)
    planned = shop.tool("plan", *ENVIRONMENT, "--detailed-exitcode")
    assert planned.code == 0
    assert "No changes." in planned.out
    assert changing(shop.world.aws.calls[before:]) == [], "a plan writes nothing, not even a state"
    again = shop.tool.ok("apply", *ENVIRONMENT, "--yes", "--format", "json")
    assert again.json()["plan"]["summary"]["same"] == 140
    assert changing(shop.world.aws.calls[before:], state=True) == []


def test_another_machine_finds_the_same(shop: Shop) -> None:
    """One that has only the source, and nothing of what commands left here."""
    before = shop.files()
    shutil.rmtree(shop.tool.app / ".encore")
    for name in ("home", "tmp"):
        shutil.rmtree(shop.world.folder / name)
        (shop.world.folder / name).mkdir()
    calls = len(shop.world.aws.calls)
    found = shop.tool.ok("apply", *ENVIRONMENT, "--yes")
    assert "No changes." in found.out
    assert shop.files() == before
    assert changing(shop.world.aws.calls[calls:], state=True) == []


# --- doctor ---------------------------------------------------------------------------------


def test_doctor_fails_for_what_has_no_value_and_says_what_to_do(shop: Shop) -> None:
    found = shop.tool("doctor", *ENVIRONMENT)
    assert found.code == 1
    assert "3 of 19 checks failed" in found.text
    failed = [line.split()[1:3] for line in found.out.splitlines() if line.startswith("FAIL")]
    assert failed == [["secret", name] for name in SECRETS]
    for name in SECRETS:
        assert f"hint: encore-infra secret set {name} --env production" in found.text


def test_doctor_is_content_when_each_secret_has_a_value(shop: Shop) -> None:
    for name in SECRETS:
        shop.tool.ok("secret", "set", name, *ENVIRONMENT, stdin=f"value of {name}")
        assert shop.secret(f"INFRA_SECRET_{name}") == f"value of {name}"
    found = shop.tool.ok("doctor", *ENVIRONMENT, "--format", "json").json()
    assert {item["ok"] for item in found["checks"]} == {True}
    assert len(found["checks"]) == 19
    planned = shop.tool.ok("plan", *ENVIRONMENT)
    assert "have no value" not in planned.out
