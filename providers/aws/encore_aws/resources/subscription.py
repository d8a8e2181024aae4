"""SQS queues that SNS topics feed: one for each subscription, with a dead-letter queue.

The queue carries what the core leaves to others (contract §4.7.1): the deadline, the retention, how
often a message is tried, and the permission for its topic, and only it, to send. Messages arrive in
SNS's envelope, which is what the core reads; so raw delivery stays off.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from encore_aws import adopting, arns
from encore_aws.adopting import Adopted
from encore_aws.cloud import sns, sqs
from encore_aws.naming import Names
from encore_aws.policies import VERSION
from encore_aws.resources import topic as topics
from encore_aws.settings import Settings
from encore_aws.stage import Note, Stage
from encore_config.diagnostics import Diagnostic
from encore_config.graph import Graph, Subscription
from encore_config.plan import DeclarationRef
from encore_provisioner.binding import SubscriptionBinding
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
_SNS: Final = "sns.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedQueue:
    """``key`` is None where SQS encrypts with a key that it manages itself.

    ``alias/aws/sqs`` is never the key: SNS may not use it, and its messages would be lost without
    an error. ``receives`` and ``dead_letter_name`` are None where messages are tried until they
    expire.
    """

    declared: Subscription
    name: str
    dead_letter_name: str | None
    fifo: bool
    visibility: int
    retention: int
    receives: int | None
    key: str | None
    protect: bool

    @property
    def label(self) -> str:
        return label_of(self.declared)

    @property
    def reference(self) -> DeclarationRef:
        return DeclarationRef(kind="subscription", name=self.label, at=self.declared.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedQueue:
    """A queue that is there; its address follows from its ARN."""

    arn: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``adopted`` by ``<topic>/<name>``."""

    queues: tuple[WantedQueue, ...] = ()
    adopted: Mapping[str, AdoptedQueue] = field(default_factory=dict)


def label_of(subscription: Subscription) -> str:
    return f"{subscription.topic}/{subscription.name}"


def normalise(graph: Graph, settings: Settings, names: Names) -> Wanted:
    """Every property, decided."""
    fifo = {topic.name: is_fifo(topic) for topic in graph.topics}
    known = settings.adopt.subscriptions
    labels = {label_of(subscription) for subscription in graph.subscriptions}
    return Wanted(
        queues=tuple(
            _queue(subscription, settings, names, fifo[subscription.topic])
            for subscription in graph.subscriptions
            if label_of(subscription) not in known
        ),
        adopted={label: _adopted(arn, settings) for label, arn in known.items() if label in labels},
    )


def _adopted(arn: str, settings: Settings) -> AdoptedQueue:
    """What is no ARN has no address; ``findings`` says so before anything is made."""
    found = arns.parse(arn)
    return AdoptedQueue(arn=arn, url=arns.queue_url(found, settings.dns_suffix) if found else "")


def physical(subscription: Subscription, names: Names, *, fifo: bool) -> str:
    """The queue's name in AWS, if it is one of ours."""
    return names.name("fifo-queue" if fifo else "queue", subscription.topic, subscription.name)


def _queue(subscription: Subscription, settings: Settings, names: Names, fifo: bool) -> WantedQueue:
    receives = max_receives(subscription)
    dead_letters = names.name(
        "fifo-dead-letter-queue" if fifo else "dead-letter-queue",
        subscription.topic,
        subscription.name,
    )
    return WantedQueue(
        declared=subscription,
        name=physical(subscription, names, fifo=fifo),
        dead_letter_name=None if receives is None else dead_letters,
        fifo=fifo,
        visibility=clamped(subscription.ack_deadline, VISIBILITY),
        retention=clamped(subscription.retention, RETENTION),
        receives=receives,
        key=settings.key,
        protect=settings.protect,
    )


def create(wanted: Wanted, outputs: Outputs, stage: Stage) -> dict[str, Any]:
    """``subscriptions``: URL and ARN by ``<topic>/<name>``. Reads ``topics`` of ``outputs``."""
    made = {
        queue.label: _create(queue, outputs["topics"][queue.declared.topic], stage)
        for queue in wanted.queues
    }
    return {
        "subscriptions": {
            **{label: {"arn": queue.arn, "url": queue.url} for label, queue in made.items()},
            **{label: {"arn": q.arn, "url": q.url} for label, q in wanted.adopted.items()},
        }
    }


def _create(wanted: WantedQueue, topic: pulumi.Input[str], stage: Stage) -> sqs.Queue:
    dead_letters = _create_dead_letters(wanted, stage)
    name, reference = f"{wanted.reference}#queue", wanted.reference
    queue = sqs.Queue(
        name,
        name=wanted.name,
        visibility_timeout_seconds=wanted.visibility,
        message_retention_seconds=wanted.retention,
        receive_wait_time_seconds=_LONG_POLL,
        redrive_policy=(
            dead_letters.arn.apply(lambda arn: _redrive(arn, wanted.receives))
            if dead_letters is not None
            else None
        ),
        **_common(wanted),
        tags=stage.tags(reference, wanted.declared.service),
        opts=stage.options(
            name, _note(wanted, "holds messages until they are handled"), protect=wanted.protect
        ),
    )
    if dead_letters is not None:
        _admit(wanted, queue, dead_letters, stage)
    _subscribe(wanted, queue, topic, stage)
    return queue


def _note(wanted: WantedQueue, reason: str) -> Note:
    return Note(reason=reason, declaration=wanted.reference)


def _create_dead_letters(wanted: WantedQueue, stage: Stage) -> sqs.Queue | None:
    if wanted.dead_letter_name is None:
        return None
    name, reference = f"{wanted.reference}#dead-letters", wanted.reference
    return sqs.Queue(
        name,
        name=wanted.dead_letter_name,
        message_retention_seconds=DEAD_LETTER_RETENTION,
        **_common(wanted),
        tags=stage.tags(reference, wanted.declared.service),
        opts=stage.options(
            name, _note(wanted, "holds messages that failed too often"), protect=wanted.protect
        ),
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
    sqs.RedriveAllowPolicy(
        name,
        queue_url=dead_letters.url,
        redrive_allow_policy=queue.arn.apply(_allow_redrive),
        opts=stage.options(name, _note(wanted, "no other queue may use it")),
    )
    name = f"{wanted.reference}#dead-letters-policy"
    sqs.QueuePolicy(
        name,
        queue_url=dead_letters.url,
        policy=dead_letters.arn.apply(policy),
        opts=stage.options(name, _note(wanted, "nobody comes without TLS")),
    )


def _subscribe(
    wanted: WantedQueue, queue: sqs.Queue, topic: pulumi.Input[str], stage: Stage
) -> None:
    """The permission comes first: what SNS sends without it is lost."""
    name = f"{wanted.reference}#policy"
    admitted = sqs.QueuePolicy(
        name,
        queue_url=queue.url,
        policy=pulumi.Output.all(queue.arn, topic).apply(lambda found: policy(*found)),
        opts=stage.options(name, _note(wanted, "its topic, and only it, may send")),
    )
    name = f"{wanted.reference}#subscription"
    sns.TopicSubscription(
        name,
        topic=topic,
        protocol="sqs",
        endpoint=queue.arn,
        raw_message_delivery=False,
        opts=stage.options(
            name, _note(wanted, "brings the topic's messages into the queue"), needs=[admitted]
        ),
    )


def _redrive(dead_letters: str, receives: int | None) -> str:
    return json.dumps({"deadLetterTargetArn": dead_letters, "maxReceiveCount": receives})


def _allow_redrive(queue: str) -> str:
    return json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [queue]})


def policy(queue: str, topic: str | None = None) -> str:
    """``topic``: the ARN of the one that may send, if any may. The app's roles say the rest."""
    statements: list[dict[str, Any]] = [
        {
            "Sid": "tls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": queue,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    if topic is not None:
        statements.append(
            {
                "Sid": "topic",
                "Effect": "Allow",
                "Principal": {"Service": _SNS},
                "Action": "sqs:SendMessage",
                "Resource": queue,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            }
        )
    return json.dumps({"Version": VERSION, "Statement": statements})


def key_statements(graph: Graph, settings: Settings, outputs: Outputs) -> list[dict[str, Any]]:
    """What the policy of the person's own key must hold so that SNS can write to the queues.

    Reads ``topics`` of ``outputs``. Empty without such a key, or without a queue of ours.
    """
    fed = sorted(
        {
            outputs["topics"][subscription.topic]
            for subscription in graph.subscriptions
            if label_of(subscription) not in settings.adopt.subscriptions
        }
    )
    return [_key_statement(fed)] if settings.key and fed else []


def _key_statement(fed: list[str]) -> dict[str, Any]:
    """``*`` is the key itself: a key's policy knows no other resource."""
    return {
        "Sid": "topics",
        "Effect": "Allow",
        "Principal": {"Service": _SNS},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": fed}},
    }


def findings(graph: Graph, settings: Settings, names: Names) -> Iterator[Diagnostic]:
    """What is wrong with queues that are there already, and what a key of one's own asks for."""
    fifo = {topic.name: is_fifo(topic) for topic in graph.topics}
    for subscription in graph.subscriptions:
        arn = settings.adopt.subscriptions.get(label_of(subscription))
        if arn is None:
            continue
        adopted = Adopted(
            key=f"subscriptions.{label_of(subscription)}",
            arn=arn,
            what="an SQS queue",
            service="sqs",
            fifo=fifo[subscription.topic],
            at=subscription.at,
        )
        yield from adopting.findings(adopted, settings)
        if subscription.topic not in settings.adopt.topics:
            yield _not_fed(subscription, arn)
    yield from _key_findings(graph, settings, names)


def _not_fed(subscription: Subscription, arn: str) -> Diagnostic:
    label = label_of(subscription)
    return Diagnostic(
        code="W9222",
        severity="warning",
        message=f"the queue of the subscription {label} exists and is left alone, but its topic is "
        f"a new one: nothing brings the topic's messages into {arn}",
        at=subscription.at,
        hint=f"subscribe the queue to the topic yourself, raw delivery off, with a queue policy "
        f"that lets SNS send; or name the topic under adopt.topics.{subscription.topic}",
    )


def _key_findings(graph: Graph, settings: Settings, names: Names) -> Iterator[Diagnostic]:
    known = {
        topic.name: settings.adopt.topics.get(topic.name)
        or arns.of(settings, "sns", topics.physical(topic, names), unnamed="<account>")
        for topic in graph.topics
    }
    for statement in key_statements(graph, settings, {"topics": known}):
        yield Diagnostic(
            code="W9221",
            severity="warning",
            message=f"environments.{settings.environment}.key is yours: unless its policy lets SNS "
            "use it, messages never reach their queues, and nobody is told",
            hint=f"add to the key's policy: {json.dumps(statement)}",
        )


def expose(graph: Graph, outputs: Outputs) -> Iterator[SubscriptionBinding]:
    """Every subscription of the graph. Raises ``KeyError`` where apply made one not."""
    for subscription in graph.subscriptions:
        url = outputs["subscriptions"][label_of(subscription)]["url"]
        yield SubscriptionBinding(topic=subscription.topic, name=subscription.name, url=url)
