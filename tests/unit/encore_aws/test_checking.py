"""What the doctor sees from here, against moto."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.graphs import bucket, graph, secret, subscription, topic
from tests.support.moto_server import MotoServer

from encore_aws.account import Account, AwsError
from encore_aws.checking import checks
from encore_config.graph import Graph
from encore_provisioner.check import Check

GRAPH = graph(
    topics=[topic("orders")],
    subscriptions=[subscription("orders", "mail")],
    buckets=[bucket("files", versioned=True), bucket("plain")],
    secrets=[secret("Key")],
)


def letting_in(topic_arn: str, queue_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def outputs(account: Account) -> dict[str, Any]:
    """All that the graph declares, made as an apply makes it."""
    sns, sqs, s3 = (account.client(name) for name in ("sns", "sqs", "s3"))
    secrets = account.client("secretsmanager")
    topic_arn = sns.create_topic(Name="orders")["TopicArn"]
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_arn = f"arn:aws:sqs:{account.region}:{account.id}:dead"
    queue_arn = f"arn:aws:sqs:{account.region}:{account.id}:mail"
    redrive = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3}
    attributes = {"Policy": letting_in(topic_arn, queue_arn), "RedrivePolicy": json.dumps(redrive)}
    url = sqs.create_queue(QueueName="mail", Attributes=attributes)["QueueUrl"]
    subscribed = sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn)
    for name in ("files", "plain"):
        place = {"LocationConstraint": account.region}
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    s3.put_bucket_versioning(Bucket="files", VersioningConfiguration={"Status": "Enabled"})
    key = secrets.create_secret(Name="Key", SecretString="x" * 20)["ARN"]
    return {
        "topics": {"orders": topic_arn},
        "subscriptions": {"orders/mail": {"url": url, "arn": queue_arn}},
        "buckets": {"files": {"name": "files"}, "plain": {"name": "plain"}},
        "variables": {"INFRA_SECRET_Key": key},
        "dead": dead,
        "subscribed": subscribed["SubscriptionArn"],
    }


def found(account: Account, outputs: dict[str, Any], of: Graph = GRAPH) -> dict[str, Check]:
    return {
        f"{check.kind}/{check.name}": check for check in checks(of, outputs, account, "production")
    }


def test_all_is_well_and_each_says_what_was_seen(account: Account, outputs: dict[str, Any]) -> None:
    seen = found(account, outputs)
    assert {name: (check.ok, check.detail) for name, check in seen.items()} == {
        "topic/orders": (True, "orders"),
        "subscription/orders/mail": (True, "0 waiting"),
        "bucket/files": (True, "files, keeps versions"),
        "bucket/plain": (True, "plain"),
        "secret/Key": (True, "has a value"),
    }


def unsubscribe(account: Account, outputs: dict[str, Any]) -> None:
    account.client("sns").unsubscribe(SubscriptionArn=outputs["subscribed"])


def shut_out(account: Account, outputs: dict[str, Any]) -> None:
    url = outputs["subscriptions"]["orders/mail"]["url"]
    account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


def delete_queue(account: Account, outputs: dict[str, Any]) -> None:
    account.client("sqs").delete_queue(QueueUrl=outputs["subscriptions"]["orders/mail"]["url"])


def delete_topic(account: Account, outputs: dict[str, Any]) -> None:
    account.client("sns").delete_topic(TopicArn=outputs["topics"]["orders"])


def stop_versions(account: Account, outputs: dict[str, Any]) -> None:
    del outputs
    account.client("s3").put_bucket_versioning(
        Bucket="files", VersioningConfiguration={"Status": "Suspended"}
    )


def delete_bucket(account: Account, outputs: dict[str, Any]) -> None:
    del outputs
    account.client("s3").delete_bucket(Bucket="plain")


def delete_secret(account: Account, outputs: dict[str, Any]) -> None:
    arn = outputs["variables"]["INFRA_SECRET_Key"]
    account.client("secretsmanager").delete_secret(SecretId=arn, RecoveryWindowInDays=7)


def forget_secret(account: Account, outputs: dict[str, Any]) -> None:
    arn = outputs["variables"]["INFRA_SECRET_Key"]
    account.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def empty_secret(account: Account, outputs: dict[str, Any]) -> None:
    arn = account.client("secretsmanager").create_secret(Name="empty")["ARN"]
    outputs["variables"]["INFRA_SECRET_Key"] = arn


@pytest.mark.parametrize(
    ("name", "spoil", "reason"),
    [
        ("subscription/orders/mail", unsubscribe, "does not deliver to its queue"),
        ("subscription/orders/mail", shut_out, "policy does not let the topic in"),
        ("subscription/orders/mail", delete_queue, "cannot look at the queue of orders/mail"),
        ("topic/orders", delete_topic, "cannot look at the topic orders"),
        ("bucket/files", stop_versions, "the bucket does not keep them"),
        ("bucket/plain", delete_bucket, "cannot look at the bucket plain"),
        ("secret/Key", delete_secret, "it was deleted"),
        ("secret/Key", forget_secret, "its place is gone"),
        ("secret/Key", empty_secret, "it has no value"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(
    account: Account,
    outputs: dict[str, Any],
    name: str,
    spoil: Callable[[Account, dict[str, Any]], None],
    reason: str,
) -> None:
    spoil(account, outputs)
    check = found(account, outputs)[name]
    assert not check.ok
    assert reason in (check.reason or "")
    assert check.hint


def test_what_was_never_made_is_told_as_such(account: Account, outputs: dict[str, Any]) -> None:
    more = graph(topics=[topic("orders"), topic("new")])
    check = found(account, outputs, more)["topic/new"]
    assert (check.ok, check.reason) == (False, "it was not made yet")


def test_dead_letters_are_worth_knowing_and_stop_nothing(
    account: Account, outputs: dict[str, Any]
) -> None:
    account.client("sqs").send_message(QueueUrl=outputs["dead"], MessageBody="x")
    check = found(account, outputs)["subscription/orders/mail"]
    assert check.ok
    assert check.hint == "1 message could not be handled and lie in dead"


def test_credentials_that_are_refused_are_no_hundred_failed_checks(
    account: Account, outputs: dict[str, Any], moto: MotoServer
) -> None:
    moto.fail("GetTopicAttributes", "ExpiredToken", times=9)
    with pytest.raises(AwsError):
        found(account, outputs)
