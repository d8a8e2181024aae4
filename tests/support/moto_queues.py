"""SNS and SQS where AWS is stricter than moto: what a queue may be, and who may send to it.

A message of a topic comes to a queue only if the queue's policy lets that topic in, and never to
one whose key SNS may not use; nobody is told of either.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from tests.support.moto_parts import ACCOUNT, backend
from tests.support.moto_rights import allows, listed
from tests.support.moto_wire import Answer, Call, Reply, json_reply

_SNS: Final = "sns.amazonaws.com"
_LIMITS: Final = {
    "DelaySeconds": (0, 900),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
_RAW: Final = "RawMessageDelivery"


class Queues:
    """``through`` lets moto do a call."""

    def __init__(self, through: Callable[[Call], Reply]) -> None:
        self._through = through

    def refuse(self, call: Call) -> Answer | None:
        if call.operation not in ("CreateQueue", "SetQueueAttributes"):
            return None
        given = call.given
        return _of_limits(given.get("Attributes", {})) or _of_dead_letters(given)

    def answer(self, call: Call) -> Reply | None:
        """Moto delivers to every queue that is subscribed, so it must not see the others."""
        if call.service == "sqs" and call.operation == "SetQueueAttributes":
            with _keeping_the_policy(call.given):
                return self._through(call)
        if call.service == "sqs" and call.operation == "GetQueueAttributes":
            return _with_redrive_allowed(call.given, self._through(call))
        if call.service != "sns" or call.operation not in ("Publish", "PublishBatch"):
            return None
        with _only_those_who_get_it():
            return self._through(call)

    def forget(self) -> None:
        """Moto forgets its own."""


@contextmanager
def _keeping_the_policy(given: Mapping[str, Any]) -> Iterator[None]:
    """Moto takes it away with every other attribute that is set."""
    queue = _queue(given)
    before = queue.policy if queue is not None else None
    yield
    if queue is not None and "Policy" not in given.get("Attributes", {}):
        queue.policy = before


def _with_redrive_allowed(given: Mapping[str, Any], reply: Reply) -> Reply:
    """Moto keeps it and does not show it."""
    allowed = getattr(_queue(given), "redrive_allow_policy", None)
    wanted = {"All", "RedriveAllowPolicy"} & set(given.get("AttributeNames", []))
    if not reply.is_fine or not allowed or not wanted:
        return reply
    page = json.loads(reply.body or b"{}")
    page.setdefault("Attributes", {})["RedriveAllowPolicy"] = allowed
    return json_reply(reply.status, page)


def _queue(given: Mapping[str, Any]) -> Any:
    return backend("sqs").queues.get(str(given.get("QueueUrl", "")).rpartition("/")[2])


def _of_limits(attributes: Mapping[str, str]) -> Answer | None:
    for name, (least, most) in _LIMITS.items():
        value = attributes.get(name)
        if value is not None and not least <= int(value) <= most:
            return 400, "InvalidAttributeValue", f"Invalid value for the parameter {name}."
    return None


def _of_dead_letters(given: Mapping[str, Any]) -> Answer | None:
    """Moto refuses a standard one of a FIFO queue, and not the other way round."""
    policy = given.get("Attributes", {}).get("RedrivePolicy")
    target = str(json.loads(policy).get("deadLetterTargetArn", "")) if policy else ""
    name = given.get("QueueName") or str(given.get("QueueUrl", "")).rpartition("/")[2]
    if target and target.endswith(".fifo") != name.endswith(".fifo"):
        words = "Dead-letter queue must be same type of queue as the source."
        return 400, "InvalidParameterValue", words
    return None


@contextmanager
def _only_those_who_get_it() -> Iterator[None]:
    kept = backend("sns").subscriptions
    every = dict(kept)
    plain = [each for each in every.values() if each.attributes.get(_RAW) == "false"]
    for name, each in every.items():
        if each.protocol == "sqs" and not _gets(each):
            del kept[name]
    for each in plain:
        # Moto takes the word for a yes.
        del each.attributes[_RAW]
    try:
        yield
    finally:
        for each in plain:
            each.attributes[_RAW] = "false"
        kept.clear()
        kept.update(every)


def _gets(subscription: Any) -> bool:
    queue = backend("sqs").queues.get(subscription.endpoint.rpartition(":")[2])
    return queue is not None and _lets_in(queue, subscription.topic.arn) and _can_be_read(queue)


def _lets_in(queue: Any, topic: str) -> bool:
    policy = json.loads(queue.policy) if queue.policy else {"Statement": []}
    context = {"aws:SourceArn": topic, "aws:SourceAccount": ACCOUNT}
    return allows(_for_sns(policy), "sqs:SendMessage", queue.queue_arn, context)


def _can_be_read(queue: Any) -> bool:
    """SNS must be able to use the key with which the queue encrypts."""
    name = queue.kms_master_key_id
    if not name:
        return True
    if "alias/aws/" in name:
        return False
    key = backend("kms").describe_key(name)
    statements = _for_sns(json.loads(key.policy))
    return all(
        allows(statements, action, "*", {"aws:SourceAccount": ACCOUNT})
        for action in ("kms:GenerateDataKey", "kms:Decrypt")
    )


def _for_sns(policy: Mapping[str, Any]) -> list[Any]:
    return [
        {key: value for key, value in each.items() if key != "Principal"}
        for each in listed(policy["Statement"])
        if _is_sns(each.get("Principal"))
    ]


def _is_sns(principal: Any) -> bool:
    if isinstance(principal, Mapping):
        return _SNS in listed(principal.get("Service", [])) or principal.get("AWS") == "*"
    return bool(principal == "*")
