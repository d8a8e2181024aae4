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
ENDLESS: Final = -1
"""The SDK's number for retries without end, and below it the one for none. Encore's parser takes
neither from TypeScript, so only a graph that another program wrote can hold them."""
_MAX_DELAY: Final = 12 * 3600
_LONG_BLOCK: Final = 3600
_AT_ONCE: Final = 10
"""Messages of one group that SQS gives out together: as many as one fetch takes."""
_PER_SECOND: Final = 300
"""Messages of one group that SNS and SQS take in a second."""


def is_fifo(topic: Topic) -> bool:
    """Order and exactly-once need FIFO; the core sends group ids for these topics alone."""
    return topic.ordering_attribute is not None or topic.delivery == "exactly-once"


def clamped(seconds: Seconds, limits: Limits) -> int:
    """Whole seconds, rounded up, within AWS's limits."""
    low, high = limits
    return int(min(high, max(low, math.ceil(seconds))))


def max_receives(subscription: Subscription) -> int | None:
    """The first attempt and every retry; None where a message is tried until it expires."""
    if subscription.max_retries == ENDLESS:
        return None
    retries = subscription.max_retries or DEFAULT_RETRIES
    return clamped(retries + 1, RECEIVES)


def longest_block(subscription: Subscription) -> Seconds:
    """Seconds for which a message that always fails holds up those behind it in its group.

    The core waits twice ``min_backoff`` after the first failure and ``max_backoff`` after every
    other, since its backoff grows by powers (contract §4.7.1). The message goes to the dead-letter
    queue when it would be fetched once more, so the last wait counts too. At the end of the
    retention it is gone in any case. The time that the handler itself takes is not counted.
    """
    expires = clamped(subscription.retention, RETENTION)
    receives = max_receives(subscription)
    if receives is None:
        return expires
    first = min(2 * subscription.min_backoff, subscription.max_backoff)
    waits = _delay(subscription, first) + (receives - 1) * _delay(
        subscription, subscription.max_backoff
    )
    return min(waits, expires)


def _delay(subscription: Subscription, seconds: Seconds) -> Seconds:
    """SQS refuses to hide a message longer; then it comes back when its ack deadline is over."""
    return seconds if seconds <= _MAX_DELAY else clamped(subscription.ack_deadline, VISIBILITY)


def subscription_findings(graph: Graph) -> Iterator[Diagnostic]:
    """Where SNS and SQS change what the app asked of its topics and subscriptions."""
    topics = {topic.name: topic for topic in graph.topics}
    for topic in graph.topics:
        yield from _one_group(topic)
    for subscription in graph.subscriptions:
        yield from _limits(subscription)
        found = topics.get(subscription.topic)
        if found is not None and is_fifo(found):
            yield from _order(subscription, found)
            yield from _block(subscription, found)


def _limits(subscription: Subscription) -> Iterator[Diagnostic]:
    deadline, retention = subscription.ack_deadline, subscription.retention
    yield from _clamped(subscription, "W9020", "an ack deadline", deadline, VISIBILITY)
    yield from _clamped(subscription, "W9021", "a message retention", retention, RETENTION)
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
            f"has {what} of {_shown(seconds)} s; SQS takes whole seconds from {low} to {high}, "
            f"so it is {used} s here",
            f"Choose a whole number of seconds from {low} to {high}.",
        )


def _order(subscription: Subscription, topic: Topic) -> Iterator[Diagnostic]:
    """One container or several, it makes no difference: SQS gives out no more of a group before
    all that it gave out is done with. What overtakes is in one batch, and a batch holds at most as
    many messages as the subscription handles at once.
    """
    if topic.ordering_attribute and subscription.max_concurrency != 1:
        yield _warning(
            subscription,
            "W9024",
            f"is on the ordered topic {topic.name} but handles several messages at once, so "
            "messages with the same ordering key may overtake each other",
            "Set maxConcurrency: 1 if the order matters to the handler.",
        )


def _block(subscription: Subscription, topic: Topic) -> Iterator[Diagnostic]:
    seconds = longest_block(subscription)
    if seconds <= _LONG_BLOCK:
        return
    ends = "it expires" if max_receives(subscription) is None else "it goes to the dead letters"
    behind = (
        f"others with the same {topic.ordering_attribute}"
        if topic.ordering_attribute
        else "all others from the same process"
    )
    yield _warning(
        subscription,
        "W9025",
        f"is on the topic {topic.name}, where messages wait for those before them: one that fails "
        f"keeps {behind} waiting for up to {seconds / 3600:.1f} h, until {ends}",
        "Set a retryPolicy whose maxRetries × maxBackoff is what they can wait, for example "
        '{ maxRetries: 5, maxBackoff: "1m" }.',
    )


def _one_group(topic: Topic) -> Iterator[Diagnostic]:
    """Without an ordering attribute the core names the publishing process as the group."""
    if topic.delivery != "exactly-once" or topic.ordering_attribute:
        return
    yield Diagnostic(
        code="W9026",
        severity="warning",
        message=f"the topic {topic.name} is exactly-once and has no orderingAttribute, so all that "
        f"one process publishes is one group: at most {_PER_SECOND} messages a second, at most "
        f"{_AT_ONCE} handled at a time, and all of them wait for one that fails",
        at=topic.at,
        hint="Name an orderingAttribute that has many values, or take at-least-once and a handler "
        "that may see a message twice.",
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
