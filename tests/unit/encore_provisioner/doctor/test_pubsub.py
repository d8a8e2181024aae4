"""Topics and subscriptions as they are: what the core needs of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.aws_fakes import FakeAws

from encore_provisioner.doctor.check import CheckError
from encore_provisioner.doctor.pubsub import check_subscription, check_topic
from encore_provisioner.doctor.targets import AwsTarget, SubscriptionTarget, TopicTarget

AWS = AwsTarget(region="us-east-1", sns="http://s", sqs="http://q")


def made(
    *, fifo: bool = False, dead_fifo: bool | None = None
) -> tuple[FakeAws, SubscriptionTarget]:
    """A topic that feeds a queue with a dead-letter queue, all in order."""
    aws = FakeAws()
    end = ".fifo" if fifo else ""
    kind = {"FifoQueue": "true"} if fifo else {}
    arn = aws.create_topic(f"t{end}", attributes={"FifoTopic": "true"} if fifo else {})
    is_dead_fifo = fifo if dead_fifo is None else dead_fifo
    dead = aws.create_queue("dead", attributes={"FifoQueue": "true"} if is_dead_fifo else {})
    redrive = {"deadLetterTargetArn": aws.queues[dead]["QueueArn"], "maxReceiveCount": 3}
    url = aws.create_queue(f"q{end}", attributes={**kind, "RedrivePolicy": json.dumps(redrive)})
    queue = aws.queues[url]["QueueArn"]
    aws.queues[url]["Policy"] = json.dumps({"Statement": [statement(queue, arn)]})
    aws.subscribe(arn, protocol="sqs", endpoint=queue)
    topic = TopicTarget(name="t", arn=arn, ordered=fifo)
    return aws, SubscriptionTarget(topic=topic, name="s", url=url)


def statement(queue: str, topic: str, **changed: Any) -> dict[str, Any]:
    usual = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


@pytest.mark.parametrize("fifo", [False, True])
def test_in_order(fifo: bool) -> None:
    aws, target = made(fifo=fifo)
    kind = "FIFO" if fifo else "standard"
    assert check_topic(target.topic, AWS, aws).detail.endswith(kind)
    assert check_subscription(target, aws, aws).detail.endswith("0 waiting, 0 dead")


def test_nothing_is_changed() -> None:
    aws, target = made()
    aws.calls.clear()
    check_topic(target.topic, AWS, aws)
    check_subscription(target, aws, aws)
    assert aws.calls == []


ARNS = {
    "another service": "arn:aws:sqs:us-east-1:0:t",
    "no ARN": "orders",
    "another region": "arn:aws:sns:eu-north-1:0:t",
}


@pytest.mark.parametrize("arn", ARNS.values(), ids=ARNS.keys())
def test_arns_that_the_app_cannot_reach(arn: str) -> None:
    with pytest.raises(CheckError):
        check_topic(TopicTarget(name="t", arn=arn, ordered=False), AWS, FakeAws())


@pytest.mark.parametrize("fifo", [False, True])
def test_order_must_agree(fifo: bool) -> None:
    aws, target = made(fifo=fifo)
    other = TopicTarget(name="t", arn=target.topic.arn, ordered=not fifo)
    reason = "is FIFO, but" if fifo else "is not FIFO"
    with pytest.raises(CheckError, match=f"topic {reason}"):
        check_topic(other, AWS, aws)
    with pytest.raises(CheckError, match=f"queue {reason}"):
        check_subscription(SubscriptionTarget(topic=other, name="s", url=target.url), aws, aws)


@pytest.mark.parametrize("fifo", [False, True])
def test_a_dead_letter_queue_of_the_other_kind(fifo: bool) -> None:
    aws, target = made(fifo=fifo, dead_fifo=not fifo)
    with pytest.raises(CheckError, match=f"must be {'FIFO' if fifo else 'standard'} too"):
        check_subscription(target, aws, aws)


def test_a_pending_subscription() -> None:
    aws, target = made()
    [(arn, (link, attributes))] = aws.links.items()
    object.__setattr__(link, "arn", "PendingConfirmation")
    aws.links = {arn: (link, attributes)}
    with pytest.raises(CheckError, match="waits for a confirmation"):
        check_subscription(target, aws, aws)


@pytest.mark.parametrize("value", ["true", "True"])
def test_raw_delivery(value: str) -> None:
    aws, target = made()
    [(_, attributes)] = aws.links.values()
    attributes["RawMessageDelivery"] = value
    with pytest.raises(CheckError, match="raw message delivery is on"):
        check_subscription(target, aws, aws)


QUEUE, TOPIC = "arn:aws:sqs:us-east-1:000000000000:q", "arn:aws:sns:us-east-1:000000000000:t"
ALLOWED = {
    "the usual": statement(QUEUE, TOPIC),
    "everybody": statement(QUEUE, TOPIC, Principal="*", Condition=None),
    "AWS everybody": statement(QUEUE, TOPIC, Principal={"AWS": ["*"]}),
    "any action": statement(QUEUE, TOPIC, Action=["sqs:*"]),
    "another case": statement(QUEUE, TOPIC, Action="SQS:SendMessage"),
    "any queue": statement(QUEUE, TOPIC, Resource=["*"]),
    "several sources": statement(
        QUEUE, TOPIC, Condition={"StringEquals": {"AWS:SourceArn": ["x", TOPIC]}}
    ),
    "another condition": statement(
        QUEUE, TOPIC, Condition={"StringEquals": {"aws:SourceAccount": "0"}}
    ),
}
DENIED = {
    "deny": statement(QUEUE, TOPIC, Effect="Deny"),
    "another service": statement(QUEUE, TOPIC, Principal={"Service": "s3.amazonaws.com"}),
    "another action": statement(QUEUE, TOPIC, Action="sqs:ReceiveMessage"),
    "another queue": statement(f"{QUEUE}-x", TOPIC),
    "another topic": statement(QUEUE, f"{TOPIC}-x"),
    "no principal": statement(QUEUE, TOPIC, Principal=None),
    "no action": statement(QUEUE, TOPIC, Action=None),
    "nothing": {},
}


def with_policy(policy: str) -> None:
    aws, target = made()
    aws.queues[target.url]["Policy"] = policy
    check_subscription(target, aws, aws)


@pytest.mark.parametrize("allowed", ALLOWED.values(), ids=ALLOWED.keys())
def test_policies_that_let_the_topic_send(allowed: dict[str, Any]) -> None:
    with_policy(json.dumps({"Statement": allowed}))
    with_policy(json.dumps({"Statement": [DENIED["another action"], allowed]}))


@pytest.mark.parametrize("denied", DENIED.values(), ids=DENIED.keys())
def test_policies_that_do_not(denied: dict[str, Any]) -> None:
    with pytest.raises(CheckError, match="does not let the topic"):
        with_policy(json.dumps({"Statement": [denied]}))


@pytest.mark.parametrize("policy", ["", "{}", "[]", "nonsense", '{"Statement": ["x"]}'])
def test_policies_that_are_none(policy: str) -> None:
    with pytest.raises(CheckError, match="does not let the topic"):
        with_policy(policy)


@pytest.mark.parametrize("redrive", ["", "{}", "[]", "nonsense", '{"maxReceiveCount": 3}'])
def test_redrive_policies_that_are_none(redrive: str) -> None:
    aws, target = made()
    aws.queues[target.url]["RedrivePolicy"] = redrive
    with pytest.raises(CheckError, match="has no dead-letter queue"):
        check_subscription(target, aws, aws)
