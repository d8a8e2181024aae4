"""The checks of topics and subscriptions on SNS and SQS: they are read, never written.

What is looked at is what the core needs and never sets up itself (runtime binding contract,
4.7.1): existence, FIFO where it sends a group id, the SNS envelope, the way from topic to queue,
and a dead-letter queue.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from encore_provisioner.clients.aws import AwsError
from encore_provisioner.clients.sns import PENDING, Subscription
from encore_provisioner.doctor.check import CheckError, Finding
from encore_provisioner.doctor.reasons import APPLY, aws_failure
from encore_provisioner.doctor.targets import AwsTarget, SubscriptionTarget, TopicTarget

_SENDERS = ("*", "sns.amazonaws.com")
_SOURCE_TESTS = frozenset({"ArnEquals", "ArnLike", "StringEquals", "StringLike"})


class Topics(Protocol):
    """What is read through :class:`encore_provisioner.clients.sns.Sns`."""

    def topic_attributes(self, arn: str) -> dict[str, str]: ...

    def list_subscriptions(self, topic_arn: str | None = None) -> Iterator[Subscription]: ...

    def subscription_attributes(self, arn: str) -> dict[str, str]: ...


class Queues(Protocol):
    """What is read through :class:`encore_provisioner.clients.sqs.Sqs`."""

    def queue_attributes(self, url: str) -> dict[str, str]: ...

    def queue_url(self, name: str) -> str: ...


def check_topic(target: TopicTarget, aws: AwsTarget, topics: Topics) -> Finding:
    _same_region(target.arn, aws)
    try:
        attributes = topics.topic_attributes(target.arn)
    except AwsError as error:
        raise aws_failure(error, what=f"the topic {target.arn}") from error
    _fifo_agrees(target, is_fifo=attributes.get("FifoTopic") == "true", what="topic")
    return Finding(detail=f"{target.arn}, {'FIFO' if target.ordered else 'standard'}")


def check_subscription(target: SubscriptionTarget, topics: Topics, queues: Queues) -> Finding:
    try:
        attributes = queues.queue_attributes(target.url)
    except AwsError as error:
        raise aws_failure(error, what=f"the queue {target.url}") from error
    arn = attributes.get("QueueArn", "")
    is_fifo = attributes.get("FifoQueue") == "true"
    _fifo_agrees(target.topic, is_fifo=is_fifo, what="queue")
    _envelope(_link(target, arn, topics), topics)
    _topic_may_send(attributes.get("Policy"), queue=arn, topic=target.topic.arn)
    dead = _dead_letters(attributes.get("RedrivePolicy"), queues, is_fifo=is_fifo)
    waiting = _messages(attributes)
    detail = f"{target.url}, {waiting} waiting, {dead} dead"
    hint = f"Failed for good, now in the dead-letter queue: {dead}." if dead else None
    return Finding(detail=detail, hint=hint)


def _same_region(arn: str, aws: AwsTarget) -> None:
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "sns":
        raise CheckError(f"{arn} is no ARN of an SNS topic", hint=APPLY)
    if parts[3] != aws.region:
        raise CheckError(
            f"the topic is in {parts[3]}, but AWS_REGION is {aws.region}: the app cannot reach it",
            hint="SNS and SQS take their region from AWS_REGION only, never from the ARN.",
        )


def _fifo_agrees(topic: TopicTarget, *, is_fifo: bool, what: str) -> None:
    if topic.ordered and not is_fifo:
        raise CheckError(
            f"the topic is ordered or exactly-once, but the {what} is not FIFO", hint=APPLY
        )
    if is_fifo and not topic.ordered:
        raise CheckError(
            f"the {what} is FIFO, but the runtime config says nothing of order: "
            "the app sends no group id and cannot publish",
            hint="Hand the app ENCORE_RUNTIME_CONFIG (the protobuf) instead of the JSON file.",
        )


def _link(target: SubscriptionTarget, queue_arn: str, topics: Topics) -> Subscription:
    """The SNS subscription from the topic to the queue."""
    try:
        found = tuple(topics.list_subscriptions(target.topic.arn))
    except AwsError as error:
        raise aws_failure(error, what=f"the topic {target.topic.arn}") from error
    for link in found:
        if link.protocol == "sqs" and link.endpoint == queue_arn:
            return link
    raise CheckError(f"the topic {target.topic.arn} does not feed the queue", hint=APPLY)


def _envelope(link: Subscription, topics: Topics) -> None:
    if link.arn == PENDING:
        raise CheckError("the subscription waits for a confirmation", hint=APPLY)
    try:
        attributes = topics.subscription_attributes(link.arn)
    except AwsError as error:
        raise aws_failure(error, what=f"the subscription {link.arn}") from error
    if attributes.get("RawMessageDelivery", "false").lower() == "true":
        raise CheckError(
            "raw message delivery is on: the app cannot parse what it receives, "
            "and every message ends in the dead-letter queue",
            hint="Run `encore-infra apply`, or set RawMessageDelivery to false.",
        )


def _dead_letters(redrive: str | None, queues: Queues, *, is_fifo: bool) -> int:
    """How many messages failed for good; raises when there is no queue for them."""
    policy = _json(redrive)
    target = str(policy.get("deadLetterTargetArn", ""))
    if not target:
        raise CheckError(
            "it has no dead-letter queue: a message that fails is retried until it expires",
            hint=APPLY,
        )
    try:
        dead = queues.queue_attributes(queues.queue_url(target.rpartition(":")[2]))
    except AwsError as error:
        raise aws_failure(error, what=f"the dead-letter queue {target}") from error
    if (dead.get("FifoQueue") == "true") != is_fifo:
        kind = "FIFO" if is_fifo else "standard"
        raise CheckError(f"the dead-letter queue {target} must be {kind} too", hint=APPLY)
    return _messages(dead)


def _messages(attributes: Mapping[str, str]) -> int:
    return int(attributes.get("ApproximateNumberOfMessages", "0"))


def _topic_may_send(policy: str | None, *, queue: str, topic: str) -> None:
    statements = _json(policy).get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict) and _allows(statement, queue, topic):
            return
    raise CheckError(
        f"the policy of the queue does not let the topic {topic} send to it", hint=APPLY
    )


def _allows(statement: dict[str, Any], queue: str, topic: str) -> bool:
    principal = statement.get("Principal")
    named = principal if isinstance(principal, dict) else {"AWS": principal}
    senders = {sender for value in named.values() for sender in _texts(value)}
    actions = {action.lower() for action in _texts(statement.get("Action"))}
    return (
        statement.get("Effect") == "Allow"
        and bool(senders.intersection(_SENDERS))
        and bool(actions & {"*", "sqs:*", "sqs:sendmessage"})
        and bool({"*", queue}.intersection(_texts(statement.get("Resource"))))
        and _source_fits(statement.get("Condition"), topic)
    )


def _source_fits(condition: object, topic: str) -> bool:
    """Only conditions on the source's ARN are judged; others are taken to fit."""
    if not isinstance(condition, dict):
        return True
    wanted = [
        sources
        for test, keys in condition.items()
        if test in _SOURCE_TESTS and isinstance(keys, dict)
        for key, value in keys.items()
        if key.lower() == "aws:sourcearn"
        for sources in [_texts(value)]
    ]
    return all(topic in sources or "*" in sources for sources in wanted)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _json(text: str | None) -> dict[str, Any]:
    """The object in an attribute; an empty one when it is absent or no JSON."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
