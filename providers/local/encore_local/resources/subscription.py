"""SQS queues that SNS topics feed: one for each subscription, with a dead-letter queue.

The queue carries what the core leaves to others (contract §4.7.1): the deadline, the retention,
how often a message is tried, and the permission for its topic, and only it, to send.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from encore_config.graph import Subscription, Topic
from encore_local.aws import Doors, own_tags, queue_arn, queue_name, topic_arn
from encore_local.naming import physical_name
from encore_local.resources import topic as topics
from encore_provisioner.clients.aws import AwsError
from encore_provisioner.queues import (
    DEAD_LETTER_RETENTION,
    RETENTION,
    VISIBILITY,
    clamped,
    is_fifo,
    max_receives,
)

FORCES = frozenset({"queue", "fifo"})


def properties(subscription: Subscription, topic: Topic) -> dict[str, Any]:
    """``max_receive_count`` and what goes with it is None where messages are tried without end."""
    fifo = is_fifo(topic)
    parts = (subscription.topic, subscription.name)
    receives = max_receives(subscription)
    dead_letters = physical_name("dead-letter-queue", *parts, fifo=fifo)
    return {
        "topic": topics.physical(topic),
        "queue": physical_name("queue", *parts, fifo=fifo),
        "dead_letter_queue": dead_letters if receives is not None else None,
        "fifo": fifo,
        "visibility_timeout": clamped(subscription.ack_deadline, VISIBILITY),
        "message_retention": clamped(subscription.retention, RETENTION),
        "max_receive_count": receives,
        "dead_letter_retention": DEAD_LETTER_RETENTION if receives is not None else 0,
        "raw_message_delivery": False,
        "send_allowed_to": topics.physical(topic),
    }


def queue_policy(queue: str, topic: str) -> dict[str, Any]:
    """That SNS may send to ``queue``, for messages of ``topic``."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "topic",
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn(queue),
                "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn(topic)}},
            }
        ],
    }


def observe(doors: Doors) -> dict[str, dict[str, Any]]:
    """The properties of every queue that is no dead-letter queue, by its name."""
    urls = {queue_name(url): url for url in sorted(doors.sqs.list_queues())}
    attributes = {name: doors.sqs.queue_attributes(url) for name, url in urls.items()}
    feeds = {
        queue_name(feed.endpoint): (
            queue_name(feed.topic_arn),
            doors.sns.subscription_attributes(feed.arn),
        )
        for feed in sorted(doors.sns.list_subscriptions(), key=lambda feed: feed.arn)
        if feed.protocol == "sqs"
    }
    dead_letter = {_redrive(own)[0] for own in attributes.values()}
    return {name: _read(name, attributes, feeds) for name in attributes if name not in dead_letter}


def _read(
    name: str,
    attributes: Mapping[str, Mapping[str, str]],
    feeds: Mapping[str, tuple[str, Mapping[str, str]]],
) -> dict[str, Any]:
    own = attributes[name]
    topic, feed = feeds.get(name, (None, {}))
    dead_letter_queue, receives = _redrive(own)
    behind = attributes.get(dead_letter_queue or "", {})
    return {
        "topic": topic,
        "queue": name,
        "dead_letter_queue": dead_letter_queue if behind else None,
        "fifo": own.get("FifoQueue", "false") == "true",
        "visibility_timeout": int(own.get("VisibilityTimeout", "30")),
        "message_retention": int(own.get("MessageRetentionPeriod", "345600")),
        "max_receive_count": receives,
        "dead_letter_retention": int(behind.get("MessageRetentionPeriod", "0")),
        "raw_message_delivery": feed.get("RawMessageDelivery", "false") == "true",
        "send_allowed_to": _sender(name, own.get("Policy", "")),
    }


def _redrive(attributes: Mapping[str, str]) -> tuple[str | None, int | None]:
    try:
        policy = json.loads(attributes.get("RedrivePolicy", ""))
        return queue_name(policy["deadLetterTargetArn"]), int(policy["maxReceiveCount"])
    except (ValueError, KeyError, TypeError):
        return None, None


def _sender(queue: str, policy: str) -> str | None:
    """The one topic that may send, if the policy is exactly ours."""
    try:
        found = json.loads(policy)
        source = found["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"]
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    topic = queue_name(str(source))
    return topic if found == queue_policy(queue, topic) else None


def messages(doors: Doors, queue: str) -> int:
    """How many messages wait in ``queue`` or are being handled, about."""
    attributes = doors.sqs.queue_attributes(doors.queue_url(queue))
    keys = ("", "NotVisible", "Delayed")
    return sum(int(attributes.get(f"ApproximateNumberOfMessages{key}", "0")) for key in keys)


def put(doors: Doors, wanted: Mapping[str, Any], *, declared: str) -> None:
    """Make queues and subscription, or make them as wanted. Messages that wait are kept.

    The local server, unlike AWS, has no way to take a redrive policy from a queue that has one. A
    change to retries without end, which no source can ask for, is therefore never done with.
    """
    fifo = {"FifoQueue": "true"} if wanted["fifo"] else {}
    attributes = {
        "VisibilityTimeout": str(wanted["visibility_timeout"]),
        "MessageRetentionPeriod": str(wanted["message_retention"]),
        "Policy": json.dumps(queue_policy(wanted["queue"], wanted["topic"])),
    }
    if wanted["dead_letter_queue"] is not None:
        behind = {"MessageRetentionPeriod": str(wanted["dead_letter_retention"])}
        _put_queue(doors, wanted["dead_letter_queue"], fifo, behind, declared)
        redrive = {
            "deadLetterTargetArn": queue_arn(wanted["dead_letter_queue"]),
            "maxReceiveCount": wanted["max_receive_count"],
        }
        attributes["RedrivePolicy"] = json.dumps(redrive)
    _put_queue(doors, wanted["queue"], fifo, attributes, declared)
    _subscribe(doors, wanted)


def _put_queue(
    doors: Doors,
    name: str,
    fixed: Mapping[str, str],
    attributes: Mapping[str, str],
    declared: str,
) -> None:
    try:
        url = doors.sqs.queue_url(name)
    except AwsError as error:
        if not error.missing:
            raise
        url = doors.sqs.create_queue(name, attributes=fixed)
    doors.sqs.set_queue_attributes(url, attributes)
    doors.sqs.tag(url, own_tags("subscription", declared))


def _subscribe(doors: Doors, wanted: Mapping[str, Any]) -> None:
    endpoint = queue_arn(wanted["queue"])
    topic = topic_arn(wanted["topic"])
    for feed in sorted(doors.sns.list_subscriptions(), key=lambda feed: feed.arn):
        if feed.endpoint == endpoint and feed.topic_arn != topic:
            doors.sns.unsubscribe(feed.arn)
    arn = doors.sns.subscribe(topic, protocol="sqs", endpoint=endpoint)
    doors.sns.set_subscription_attribute(arn, "RawMessageDelivery", "false")


def delete(doors: Doors, actual: Mapping[str, Any]) -> None:
    """Remove subscription and queues; what is gone is fine."""
    names = [name for name in (actual["queue"], actual["dead_letter_queue"]) if name]
    endpoint = queue_arn(actual["queue"])
    for feed in sorted(doors.sns.list_subscriptions(), key=lambda feed: feed.arn):
        if feed.endpoint == endpoint:
            doors.sns.unsubscribe(feed.arn)
    for name in names:
        try:
            doors.sqs.delete_queue(doors.sqs.queue_url(name))
        except AwsError as error:
            if not error.missing:
                raise
