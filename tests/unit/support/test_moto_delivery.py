"""What of queues, and of what topics deliver to them, AWS refuses or drops."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.moto_server import ACCOUNT, REGION

Client = Any


def topic_and_queue(client: Client, **attributes: str) -> tuple[str, str, str]:
    """ARN of the topic, URL and ARN of the queue, which is subscribed and lets nobody in."""
    topic = client("sns").create_topic(Name="orders")["TopicArn"]
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="mail", Attributes=attributes)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = found["Attributes"]["QueueArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, url, arn


def let_in(client: Client, url: str, queue: str, topic: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def test_who_must_come_over_tls_comes_over_tls(client: Client) -> None:
    topic, url, queue = topic_and_queue(client)
    let_in(client, url, queue, topic)
    sqs = client("sqs")
    text = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    policy = json.loads(text)
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": queue,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy["Statement"].append(refusal)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    assert received(client, topic, url) == ["hello"]
    del refusal["Condition"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    assert received(client, topic, url) == []


def received(client: Client, topic: str, url: str) -> list[Any]:
    client("sns").publish(TopicArn=topic, Message="hello")
    found = client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=0)
    return [json.loads(each["Body"])["Message"] for each in found.get("Messages", [])]


def test_a_queue_gets_what_its_policy_lets_in(client: Client) -> None:
    topic, url, queue = topic_and_queue(client)
    assert received(client, topic, url) == []
    let_in(client, url, queue, f"{topic}-of-another")
    assert received(client, topic, url) == []
    let_in(client, url, queue, topic)
    assert received(client, topic, url) == ["hello"]
    assert len(client("sns").list_subscriptions()["Subscriptions"]) == 1


def test_a_subscription_that_is_said_to_be_no_raw_one(client: Client) -> None:
    topic, url, queue = topic_and_queue(client)
    let_in(client, url, queue, topic)
    sns = client("sns")
    (found,) = sns.list_subscriptions()["Subscriptions"]
    arn = found["SubscriptionArn"]
    sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="false"
    )
    assert received(client, topic, url) == ["hello"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert attributes["RawMessageDelivery"] == "false"


def test_sns_must_be_able_to_use_the_key(client: Client) -> None:
    kms, sqs = client("kms"), client("sqs")
    own = kms.create_key()["KeyMetadata"]["KeyId"]
    topic, url, queue = topic_and_queue(client, KmsMasterKeyId="alias/aws/sqs")
    let_in(client, url, queue, topic)
    assert received(client, topic, url) == []
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": own})
    assert received(client, topic, url) == []
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    kms.put_key_policy(KeyId=own, PolicyName="default", Policy=policy)
    assert received(client, topic, url) == ["hello"]


@pytest.mark.parametrize(
    "attributes",
    [
        {"VisibilityTimeout": "43201"},
        {"MessageRetentionPeriod": "1209601"},
        {"MessageRetentionPeriod": "59"},
        {"DelaySeconds": "901"},
        {"ReceiveMessageWaitTimeSeconds": "21"},
    ],
)
def test_queues_have_limits(client: Client, attributes: dict[str, str]) -> None:
    sqs = client("sqs")
    with pytest.raises(ClientError, match="InvalidAttributeValue"):
        sqs.create_queue(QueueName="mail", Attributes=attributes)
    url = sqs.create_queue(QueueName="mail")["QueueUrl"]
    with pytest.raises(ClientError, match="InvalidAttributeValue"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)


@pytest.mark.parametrize(
    ("name", "fits", "other"),
    [("mail", "dead", "dead.fifo"), ("mail.fifo", "dead.fifo", "dead")],
)
def test_dead_letters_go_to_a_queue_of_the_same_kind(
    client: Client, name: str, fits: str, other: str
) -> None:
    sqs = client("sqs")

    def create(name: str, target: str | None = None) -> None:
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        if target is not None:
            arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{target}"
            redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": 3}
            attributes["RedrivePolicy"] = json.dumps(redrive)
        sqs.create_queue(QueueName=name, Attributes=attributes)

    create("dead")
    create("dead.fifo")
    with pytest.raises(ClientError, match="same type"):
        create(name, other)
    create(name, fits)
