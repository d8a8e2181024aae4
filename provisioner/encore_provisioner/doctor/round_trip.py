"""The round trip of a message: a temporary topic, a temporary queue, publish, receive, parse.

The app's own topics and queues are not touched: a message there would reach the app. Both
temporary things are removed whatever happens, and so is what killed runs left behind. The
envelope is read as the core reads it (runtime binding contract, 4.7.1).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any, Protocol

from encore_provisioner.clients.aws import AwsError
from encore_provisioner.clients.sqs import Message
from encore_provisioner.doctor.check import CheckError, Finding, InterruptedCheckError
from encore_provisioner.doctor.names import PREFIX, is_leftover, reserved_name
from encore_provisioner.doctor.reasons import aws_failure

REQUIRED = ("Type", "MessageId", "TopicArn", "Message", "Timestamp", "UnsubscribeURL")
"""The keys of the envelope without which the core cannot parse a message."""

_PAYLOAD = '{\n  "from": "encore-infra doctor"\n}'
_ATTRIBUTE = ("encore_doctor", "1")
_RECEIVES = 5


class TopicRoom(Protocol):
    """Where temporary topics live: :class:`encore_provisioner.clients.sns.Sns`."""

    def create_topic(self, name: str, *, attributes: Mapping[str, str] | None = None) -> str: ...

    def delete_topic(self, arn: str) -> None: ...

    def list_topics(self) -> Iterator[str]: ...

    def subscribe(
        self,
        topic_arn: str,
        *,
        protocol: str,
        endpoint: str,
        attributes: Mapping[str, str] | None = None,
    ) -> str: ...

    def unsubscribe(self, arn: str) -> None: ...

    def publish(
        self,
        topic_arn: str,
        message: str,
        *,
        attributes: Mapping[str, str] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
    ) -> str: ...


class QueueRoom(Protocol):
    """Where temporary queues live: :class:`encore_provisioner.clients.sqs.Sqs`."""

    def create_queue(self, name: str, *, attributes: Mapping[str, str] | None = None) -> str: ...

    def delete_queue(self, url: str) -> None: ...

    def list_queues(self, prefix: str = "") -> Iterator[str]: ...

    def queue_attributes(self, url: str) -> dict[str, str]: ...

    def set_queue_attributes(self, url: str, attributes: Mapping[str, str]) -> None: ...

    def receive(self, url: str, *, limit: int = 1, wait: int = 0) -> tuple[Message, ...]: ...


def check_round_trip(
    topics: TopicRoom, queues: QueueRoom, *, fifo: bool, stopped: Callable[[], bool]
) -> Finding:
    """Raises ``CheckError``; ``stopped`` is asked between the steps."""
    name = reserved_name() + (".fifo" if fifo else "")
    started = time.monotonic()
    try:
        with ExitStack() as cleanup:
            cleanup.callback(_sweep, topics, queues, name)
            queue = queues.create_queue(name, attributes=_kind("FifoQueue", fifo))
            cleanup.callback(_unless_gone, queues.delete_queue, queue)
            topic = topics.create_topic(name, attributes=_kind("FifoTopic", fifo))
            cleanup.callback(_unless_gone, topics.delete_topic, topic)
            _stop_if(stopped)
            cleanup.enter_context(_subscribed(topics, queues, topic, queue))
            _publish(topics, topic, name, fifo=fifo)
            _parse(_receive(queues, queue, stopped), topic)
    except AwsError as error:
        raise aws_failure(error, what=f"the temporary topic and queue {name}") from error
    milliseconds = (time.monotonic() - started) * 1000
    kind = "FIFO" if fifo else "standard"
    return Finding(detail=f"{kind} topic to queue and back in {milliseconds:.0f} ms")


def _kind(attribute: str, fifo: bool) -> dict[str, str]:
    return {attribute: "true"} if fifo else {}


def _stop_if(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise InterruptedCheckError


@contextmanager
def _subscribed(topics: TopicRoom, queues: QueueRoom, topic: str, queue: str) -> Iterator[None]:
    arn = queues.queue_attributes(queue)["QueueArn"]
    queues.set_queue_attributes(queue, {"Policy": _policy(queue=arn, topic=topic)})
    link = topics.subscribe(
        topic, protocol="sqs", endpoint=arn, attributes={"RawMessageDelivery": "false"}
    )
    try:
        yield
    finally:
        topics.unsubscribe(link)


def _policy(*, queue: str, topic: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _publish(topics: TopicRoom, topic: str, name: str, *, fifo: bool) -> None:
    """As the core does: ids only for FIFO topics, the deduplication id always a new one."""
    topics.publish(
        topic,
        _PAYLOAD,
        attributes=dict((_ATTRIBUTE,)),
        group_id="doctor" if fifo else None,
        deduplication_id=name if fifo else None,
    )


def _receive(queues: QueueRoom, queue: str, stopped: Callable[[], bool]) -> str:
    """Polls of a second each, so that an interrupt does not wait long."""
    for _ in range(_RECEIVES):
        _stop_if(stopped)
        messages = queues.receive(queue, wait=1)
        if messages:
            return messages[0].body
    raise CheckError(
        f"a published message did not arrive within {_RECEIVES} seconds",
        hint="Look at the server's log.",
    )


def _parse(body: str, topic: str) -> None:
    envelope = parse_envelope(body)
    attributes = envelope.get("MessageAttributes") or {}
    name, value = _ATTRIBUTE
    attribute = attributes.get(name) if isinstance(attributes, dict) else None
    sent_back = (envelope["TopicArn"], envelope["Message"])
    if sent_back != (topic, _PAYLOAD) or attribute != {"Type": "String", "Value": value}:
        raise CheckError("the message came back changed")


def parse_envelope(body: str) -> dict[str, Any]:
    """The SNS envelope as the core parses it; raises ``CheckError`` where the core would fail."""
    try:
        envelope = json.loads(body)
    except ValueError:
        envelope = None
    if not isinstance(envelope, dict):
        raise CheckError("the queue delivers no SNS envelope: raw message delivery is on")
    for key in REQUIRED:
        if not isinstance(envelope.get(key), str):
            raise CheckError(f"the SNS envelope lacks {key}: the app cannot parse it")
    try:
        moment = datetime.fromisoformat(envelope["Timestamp"])
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CheckError("the Timestamp of the SNS envelope is not RFC 3339")
    return envelope


def _sweep(topics: TopicRoom, queues: QueueRoom, own: str) -> None:
    """Former runs' leftovers, and this run's when a creation was cut short but happened."""
    now = time.time()

    def ours(name: str) -> bool:
        return name == own or is_leftover(name, now=now)

    old_queues = [u for u in queues.list_queues(PREFIX) if ours(u.rpartition("/")[2])]
    old_topics = [a for a in topics.list_topics() if ours(a.rpartition(":")[2])]
    with ExitStack() as every:
        # Each is tried, even when another one fails.
        for url in old_queues:
            every.callback(_unless_gone, queues.delete_queue, url)
        for arn in old_topics:
            every.callback(_unless_gone, topics.delete_topic, arn)


def _unless_gone(delete: Callable[[str], None], name: str) -> None:
    """Another run may have swept it at the same time."""
    try:
        delete(name)
    except AwsError as error:
        if not error.missing:
            raise
