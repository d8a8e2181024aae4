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
    max_receives,
    subscription_findings,
)

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
    "ordered, at once": ({}, {"ordering_attribute": "id"}, ["W9024"]),
    "ordered, one by one": ({"max_concurrency": 1}, {"ordering_attribute": "id"}, []),
    "exactly once has no order": ({}, {"delivery": "exactly-once"}, []),
    "all": (
        {"ack_deadline": 1.5, "retention": 1, "max_retries": 5000, "max_backoff": 10**6},
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
        assert "t/s" in finding.message
        assert finding.at == at()
        assert finding.hint


def test_the_value_that_is_used_is_told() -> None:
    declared = subscription("t", "s", ack_deadline=0.5)
    (found,) = subscription_findings(graph(topics=(topic("t"),), subscriptions=(declared,)))
    assert "ack deadline of 0.5 s" in found.message
    assert "so it is 1 s here" in found.message


@pytest.mark.parametrize(
    ("retries", "receives"),
    [(0, 101), (1, 2), (100, 101), (999, 1000), (1000, 1000), (10**9, 1000)],
)
def test_every_retry_and_the_first_attempt_are_counted(retries: int, receives: int) -> None:
    assert max_receives(subscription("t", "s", max_retries=retries)) == receives


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
