"""What SNS and SQS make of an app's topics and subscriptions, on this machine and in AWS.

In: topics and subscriptions of the graph. Out: the numbers that queues get, within AWS's limits,
and findings where those limits change what the app asked for. A pure module: it knows no server.
The core leaves to others what stands here: it enforces neither retries nor retention (contract
§4.7.1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from encore_config.diagnostics import Diagnostic
from encore_config.graph import Graph, Seconds, Subscription, Topic

Limits = tuple[int, int]
VISIBILITY: Final[Limits] = (1, 12 * 3600)
RETENTION: Final[Limits] = (60, 14 * 24 * 3600)
RECEIVES: Final[Limits] = (1, 1000)
DEAD_LETTER_RETENTION: Final = RETENTION[1]
DEFAULT_RETRIES: Final = 100
"""What ``max_retries: 0`` means to Encore's SDK."""
_MAX_DELAY: Final = 12 * 3600


def is_fifo(topic: Topic) -> bool:
    """Order and exactly-once need FIFO; the core sends group ids for these topics alone."""
    return topic.ordering_attribute is not None or topic.delivery == "exactly-once"


def clamped(seconds: Seconds, limits: Limits) -> int:
    """Whole seconds, rounded up, within AWS's limits."""
    low, high = limits
    return int(min(high, max(low, math.ceil(seconds))))


def max_receives(subscription: Subscription) -> int:
    """The first attempt and every retry."""
    retries = subscription.max_retries or DEFAULT_RETRIES
    return clamped(retries + 1, RECEIVES)


def subscription_findings(graph: Graph) -> Iterator[Diagnostic]:
    """Where SQS's limits change what the app asked for."""
    topics = {topic.name: topic for topic in graph.topics}
    for subscription in graph.subscriptions:
        yield from _limits(subscription)
        topic = topics.get(subscription.topic)
        if topic is not None:
            yield from _order(subscription, topic)


def _limits(subscription: Subscription) -> Iterator[Diagnostic]:
    deadline, retention = subscription.ack_deadline, subscription.retention
    yield from _clamped(subscription, "W9020", "ack deadline", deadline, VISIBILITY)
    yield from _clamped(subscription, "W9021", "message retention", retention, RETENTION)
    retries = subscription.max_retries
    if retries + 1 > RECEIVES[1]:
        yield _warning(
            subscription,
            "W9022",
            f"asks for {retries} retries; SQS gives a message up after {RECEIVES[1]} attempts",
            f"Ask for at most {RECEIVES[1] - 1}.",
        )
    if subscription.max_backoff > _MAX_DELAY:
        yield _warning(
            subscription,
            "W9023",
            f"waits up to {_shown(subscription.max_backoff)} s before a retry; SQS refuses to hide "
            f"a message for more than {_MAX_DELAY} s",
            f"Set a maxBackoff of at most {_MAX_DELAY} s.",
        )


def _clamped(
    subscription: Subscription, code: str, what: str, seconds: Seconds, limits: tuple[int, int]
) -> Iterator[Diagnostic]:
    low, high = limits
    used = min(high, max(low, math.ceil(seconds)))
    if used != seconds:
        yield _warning(
            subscription,
            code,
            f"has a {what} of {_shown(seconds)} s; SQS takes whole seconds from {low} to {high}, "
            f"so it is {used} s here",
            f"Choose a whole number of seconds from {low} to {high}.",
        )


def _order(subscription: Subscription, topic: Topic) -> Iterator[Diagnostic]:
    if is_fifo(topic) and topic.ordering_attribute and subscription.max_concurrency != 1:
        yield _warning(
            subscription,
            "W9024",
            f"is on the ordered topic {topic.name} but handles several messages at once, so "
            "messages with the same ordering key may overtake each other",
            "Set maxConcurrency: 1 if the order matters to the handler.",
        )


def _warning(subscription: Subscription, code: str, what: str, hint: str) -> Diagnostic:
    name = f"{subscription.topic}/{subscription.name}"
    return Diagnostic(
        code=code,
        severity="warning",
        message=f"the subscription {name} {what}",
        at=subscription.at,
        hint=hint,
    )


def _shown(seconds: Seconds) -> str:
    return f"{seconds:g}" if isinstance(seconds, float) else str(seconds)
