"""The numbers that queues get, and what is said where they are others than those declared."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.graphs import at, graph, subscription, topic

from encore_provisioner.queues import (
    RECEIVES,
    RETENTION,
    VISIBILITY,
    clamped,
    is_fifo,
    longest_block,
    max_receives,
    subscription_findings,
)

QUICK = {"max_retries": 5, "max_backoff": 60}
LIMITS = {
    "as usual": ({}, {}, []),
    "no retries is the default": ({"max_retries": 0}, {}, []),
    "half a second": ({"ack_deadline": 0.5}, {}, ["W9020"]),
    "no time at all": ({"ack_deadline": 0}, {}, ["W9020"]),
    "13 hours": ({"ack_deadline": 13 * 3600}, {}, ["W9020"]),
    "12 hours": ({"ack_deadline": 12 * 3600}, {}, []),
    "a short retention": ({"retention": 59}, {}, ["W9021"]),
    "15 days": ({"retention": 15 * 86400}, {}, ["W9021"]),
    "many retries": ({"max_retries": 1000}, {}, ["W9022"]),
    "most retries": ({"max_retries": 999}, {}, []),
    "a long wait": ({"max_backoff": 12 * 3600 + 1}, {}, ["W9023"]),
    "ordered, at once": ({**QUICK}, {"ordering_attribute": "id"}, ["W9024"]),
    "ordered, one by one": ({**QUICK, "max_concurrency": 1}, {"ordering_attribute": "id"}, []),
    "ordered, patient": ({"max_concurrency": 1}, {"ordering_attribute": "id"}, ["W9025"]),
    "ordered, tried without end": (
        {"max_retries": -1, "max_concurrency": 1},
        {"ordering_attribute": "id"},
        ["W9025"],
    ),
    "ordered, gone before that": (
        {"retention": 3600, "max_concurrency": 1},
        {"ordering_attribute": "id"},
        [],
    ),
    "plain and patient": ({"max_retries": 999}, {}, []),
    "exactly once has no order": ({**QUICK}, {"delivery": "exactly-once"}, ["W9026"]),
    "exactly once, in order": (
        {**QUICK, "max_concurrency": 1},
        {"delivery": "exactly-once", "ordering_attribute": "id"},
        [],
    ),
    "all": (
        {"ack_deadline": 1.5, "retention": 5e6, "max_retries": 5000, "max_backoff": 10**6},
        {"ordering_attribute": "id"},
        ["W9020", "W9021", "W9022", "W9023", "W9024"],
    ),
}


@pytest.mark.parametrize(("declared", "of_topic", "codes"), LIMITS.values(), ids=LIMITS)
def test_limits_of_sqs(
    declared: dict[str, Any], of_topic: dict[str, Any], codes: list[str]
) -> None:
    subscribed = (subscription("t", "s", **declared),)
    app = graph(topics=(topic("t", **of_topic),), subscriptions=subscribed)
    found = tuple(subscription_findings(app))
    assert [d.code for d in found] == codes
    for finding in found:
        assert finding.severity == "warning"
        assert ("the topic t " if finding.code == "W9026" else "t/s") in finding.message
        assert finding.at == at()
        assert finding.hint


def test_the_value_that_is_used_is_told() -> None:
    declared = subscription("t", "s", ack_deadline=0.5)
    (found,) = subscription_findings(graph(topics=(topic("t"),), subscriptions=(declared,)))
    assert "has an ack deadline of 0.5 s" in found.message
    assert "so it is 1 s here" in found.message


@pytest.mark.parametrize(
    ("retries", "receives"),
    [
        (0, 101),
        (1, 2),
        (100, 101),
        (999, 1000),
        (1000, 1000),
        (10**9, 1000),
        (-1, None),
        (-2, 1),
    ],
)
def test_every_retry_and_the_first_attempt_are_counted(retries: int, receives: int | None) -> None:
    assert max_receives(subscription("t", "s", max_retries=retries)) == receives


@pytest.mark.parametrize(
    ("declared", "seconds"),
    [
        ({}, 20 + 100 * 600),
        ({"max_retries": 1}, 20 + 600),
        ({"max_retries": -2}, 20),
        ({"min_backoff": 400}, 600 + 100 * 600),
        ({"max_retries": 0}, 20 + 100 * 600),
        ({"max_retries": 5000}, 20 + 999 * 600),
        ({"retention": 3600}, 3600),
        ({"max_retries": -1}, 7 * 86400),
        ({"max_retries": 2, "max_backoff": 13 * 3600}, 20 + 2 * 30),
    ],
)
def test_how_long_a_failing_message_holds_up_its_group(
    declared: dict[str, Any], seconds: int
) -> None:
    assert longest_block(subscription("t", "s", **declared)) == seconds


@pytest.mark.parametrize(
    ("declared", "of_topic", "told"),
    [
        ({}, {"ordering_attribute": "cart"}, "others with the same cart waiting for up to 16.7 h"),
        ({}, {"delivery": "exactly-once"}, "all others from the same process waiting"),
        ({}, {"ordering_attribute": "cart"}, "until it goes to the dead letters"),
        ({"max_retries": -1}, {"ordering_attribute": "cart"}, "up to 168.0 h, until it expires"),
    ],
)
def test_who_waits_for_a_failing_message_and_how_long(
    declared: dict[str, Any], of_topic: dict[str, Any], told: str
) -> None:
    subscribed = (subscription("t", "s", **declared),)
    found = subscription_findings(graph(topics=(topic("t", **of_topic),), subscriptions=subscribed))
    (message,) = [finding.message for finding in found if finding.code == "W9025"]
    assert told in message


def test_seconds_are_whole_and_within_limits() -> None:
    assert clamped(0.2, VISIBILITY) == 1
    assert clamped(30.5, VISIBILITY) == 31
    assert clamped(10**6, VISIBILITY) == 12 * 3600
    assert clamped(1, RETENTION) == 60
    assert RECEIVES == (1, 1000)


def test_order_and_exactly_once_need_fifo() -> None:
    assert is_fifo(topic("t", ordering_attribute="id"))
    assert is_fifo(topic("t", delivery="exactly-once"))
    assert not is_fifo(topic("t"))
