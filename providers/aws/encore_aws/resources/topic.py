"""SNS topics, and for each subscription an SQS queue with a dead-letter queue (contract §4.7.1).

The queue carries what the core leaves to others: the deadline, the retention, how often a message
is tried, and the permission for its topic, and only it, to send. Messages arrive in SNS's envelope,
which is what the core reads; so raw delivery stays off.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from encore_aws.cloud import sns, sqs
from encore_aws.naming import Names
from encore_aws.stage import Note, Stage
from encore_config.graph import Graph, Subscription, Topic
from encore_config.plan import DeclarationRef
from encore_provisioner.binding import SubscriptionBinding, TopicBinding
from encore_provisioner.queues import (
    DEAD_LETTER_RETENTION,
    RETENTION,
    VISIBILITY,
    clamped,
    is_fifo,
    max_receives,
)

Outputs = Mapping[str, Any]

_LONG_POLL: Final = 20
"""Seconds that a fetch waits for a message: the most, and what the core asks for each time."""
_AWS_KEY: Final = "alias/aws/sns"
_VERSION: Final = "2012-10-17"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTopic:
    """``key`` encrypts what the topic holds: AWS's own for SNS, or the person's."""

    declared: Topic
    name: str
    fifo: bool
    key: str

    @property
    def reference(self) -> DeclarationRef:
        return DeclarationRef(kind="topic", name=self.declared.name, at=self.declared.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedQueue:
    """``key`` is None where SQS encrypts with a key that it manages itself.

    ``alias/aws/sqs`` is never the key: SNS may not use it, and its messages would be lost without
    an error.
    """

    declared: Subscription
    name: str
    dead_letter_name: str
    fifo: bool
    visibility: int
    retention: int
    receives: int
    key: str | None

    @property
    def label(self) -> str:
        return f"{self.declared.topic}/{self.declared.name}"

    @property
    def reference(self) -> DeclarationRef:
        return DeclarationRef(kind="subscription", name=self.label, at=self.declared.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    topics: tuple[WantedTopic, ...] = ()
    queues: tuple[WantedQueue, ...] = ()


def normalise(graph: Graph, names: Names, *, key: str | None = None) -> Wanted:
    """Every property, decided. ``key``: the ARN of a key of the person's own."""
    fifo = {topic.name: is_fifo(topic) for topic in graph.topics}
    return Wanted(
        topics=tuple(_topic(topic, names, key) for topic in graph.topics),
        queues=tuple(
            _queue(subscription, names, fifo[subscription.topic], key)
            for subscription in graph.subscriptions
        ),
    )


def _topic(topic: Topic, names: Names, key: str | None) -> WantedTopic:
    fifo = is_fifo(topic)
    kind = "fifo-topic" if fifo else "topic"
    return WantedTopic(
        declared=topic, name=names.name(kind, topic.name), fifo=fifo, key=key or _AWS_KEY
    )


def _queue(subscription: Subscription, names: Names, fifo: bool, key: str | None) -> WantedQueue:
    parts = (subscription.topic, subscription.name)
    prefix = "fifo-" if fifo else ""
    return WantedQueue(
        declared=subscription,
        name=names.name(f"{prefix}queue", *parts),
        dead_letter_name=names.name(f"{prefix}dead-letter-queue", *parts),
        fifo=fifo,
        visibility=clamped(subscription.ack_deadline, VISIBILITY),
        retention=clamped(subscription.retention, RETENTION),
        receives=max_receives(subscription),
        key=key,
    )


def create(wanted: Wanted, stage: Stage) -> dict[str, Any]:
    """``topics``: ARN by name. ``subscriptions``: URL and ARN by ``<topic>/<name>``."""
    topics = {topic.declared.name: _create_topic(topic, stage) for topic in wanted.topics}
    queues = {
        queue.label: _create_queue(queue, topics[queue.declared.topic], stage)
        for queue in wanted.queues
    }
    return {
        "topics": {name: topic.arn for name, topic in topics.items()},
        "subscriptions": {
            label: {"arn": queue.arn, "url": queue.url} for label, queue in queues.items()
        },
    }


def _create_topic(wanted: WantedTopic, stage: Stage) -> sns.Topic:
    name = str(wanted.reference)
    note = Note(reason="messages are published to it", declaration=wanted.reference)
    return sns.Topic(
        name,
        name=wanted.name,
        fifo_topic=True if wanted.fifo else None,
        # The core sends an id with each message, so contents are never compared.
        content_based_deduplication=False if wanted.fifo else None,
        fifo_throughput_scope="MessageGroup" if wanted.fifo else None,
        kms_master_key_id=wanted.key,
        tags=stage.tags(wanted.reference),
        opts=stage.options(name, note),
    )


def _create_queue(wanted: WantedQueue, topic: sns.Topic, stage: Stage) -> sqs.Queue:
    dead_letters = _create_dead_letters(wanted, stage)
    name, reference = f"{wanted.reference}#queue", wanted.reference
    note = Note(reason="holds messages until they are handled", declaration=reference)
    queue = sqs.Queue(
        name,
        name=wanted.name,
        visibility_timeout_seconds=wanted.visibility,
        message_retention_seconds=wanted.retention,
        receive_wait_time_seconds=_LONG_POLL,
        redrive_policy=dead_letters.arn.apply(lambda arn: _redrive(arn, wanted.receives)),
        **_common(wanted),
        tags=stage.tags(reference, wanted.declared.service),
        opts=stage.options(name, note),
    )
    _admit(wanted, queue, dead_letters, stage)
    _subscribe(wanted, queue, topic, stage)
    return queue


def _create_dead_letters(wanted: WantedQueue, stage: Stage) -> sqs.Queue:
    name, reference = f"{wanted.reference}#dead-letters", wanted.reference
    note = Note(reason="holds messages that failed too often", declaration=reference)
    return sqs.Queue(
        name,
        name=wanted.dead_letter_name,
        message_retention_seconds=DEAD_LETTER_RETENTION,
        **_common(wanted),
        tags=stage.tags(reference, wanted.declared.service),
        opts=stage.options(name, note),
    )


def _common(wanted: WantedQueue) -> dict[str, Any]:
    """Order and encryption: the same for a queue and its dead-letter queue."""
    found: dict[str, Any] = (
        {"kms_master_key_id": wanted.key} if wanted.key else {"sqs_managed_sse_enabled": True}
    )
    if wanted.fifo:
        found |= {
            "fifo_queue": True,
            "content_based_deduplication": False,
            "deduplication_scope": "messageGroup",
            "fifo_throughput_limit": "perMessageGroupId",
        }
    return found


def _admit(wanted: WantedQueue, queue: sqs.Queue, dead_letters: sqs.Queue, stage: Stage) -> None:
    """Only this queue may put messages aside into its dead-letter queue."""
    name = f"{wanted.reference}#dead-letters-from"
    note = Note(reason="no other queue may use it", declaration=wanted.reference)
    sqs.RedriveAllowPolicy(
        name,
        queue_url=dead_letters.url,
        redrive_allow_policy=queue.arn.apply(_allow_redrive),
        opts=stage.options(name, note),
    )


def _subscribe(wanted: WantedQueue, queue: sqs.Queue, topic: sns.Topic, stage: Stage) -> None:
    """The permission comes first: what SNS sends without it is lost."""
    name = f"{wanted.reference}#policy"
    note = Note(reason="its topic, and only it, may send", declaration=wanted.reference)
    policy = sqs.QueuePolicy(
        name,
        queue_url=queue.url,
        policy=pulumi.Output.all(queue.arn, topic.arn).apply(lambda arns: _senders(*arns)),
        opts=stage.options(name, note),
    )
    name = f"{wanted.reference}#subscription"
    note = Note(reason="brings the topic's messages into the queue", declaration=wanted.reference)
    sns.TopicSubscription(
        name,
        topic=topic.arn,
        protocol="sqs",
        endpoint=queue.arn,
        raw_message_delivery=False,
        opts=stage.options(name, note, needs=[policy]),
    )


def _redrive(dead_letters: str, receives: int) -> str:
    return json.dumps({"deadLetterTargetArn": dead_letters, "maxReceiveCount": receives})


def _allow_redrive(queue: str) -> str:
    return json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [queue]})


def _senders(queue: str, topic: str) -> str:
    statement = {
        "Sid": "topic",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return json.dumps({"Version": _VERSION, "Statement": [statement]})


def expose(graph: Graph, outputs: Outputs) -> Iterator[TopicBinding | SubscriptionBinding]:
    """Every topic and subscription of the graph. Raises ``KeyError`` where apply made one not."""
    for topic in graph.topics:
        yield TopicBinding(name=topic.name, arn=outputs["topics"][topic.name])
    for subscription in graph.subscriptions:
        label = f"{subscription.topic}/{subscription.name}"
        url = outputs["subscriptions"][label]["url"]
        yield SubscriptionBinding(topic=subscription.topic, name=subscription.name, url=url)
