"""The round trip: what is sent, what counts as arrived, and that nothing stays."""

from __future__ import annotations

import json

import pytest
from tests.support.aws_fakes import FakeAws

from encore_provisioner.doctor.check import CheckError
from encore_provisioner.doctor.round_trip import REQUIRED, check_round_trip, parse_envelope


def never() -> bool:
    return False


def test_standard() -> None:
    aws = FakeAws()
    finding = check_round_trip(aws, aws, fifo=False, stopped=never)
    assert finding.detail.startswith("standard topic to queue and back in ")
    [sent] = aws.published
    assert (sent["group"], sent["deduplication"]) == (None, None)
    assert (aws.topics, aws.queues, aws.links) == ({}, {}, {})


def test_fifo_sends_what_the_core_sends() -> None:
    aws = FakeAws()
    check_round_trip(aws, aws, fifo=True, stopped=never)
    [sent] = aws.published
    assert sent["group"]
    assert str(sent["deduplication"]).endswith(".fifo")
    assert (aws.topics, aws.queues, aws.links) == ({}, {}, {})


CALLS = (
    "create_topic",
    "create_queue",
    "set_queue_attributes",
    "subscribe",
    "publish",
    "receive 1 1",
    "unsubscribe",
)


@pytest.mark.parametrize("call", CALLS)
def test_whatever_fails_topic_and_queue_go(call: str) -> None:
    """A creation that raised may have happened: the fake makes it so."""
    aws = FakeAws(fails=frozenset({call}))
    with pytest.raises(CheckError, match="was refused: not allowed"):
        check_round_trip(aws, aws, fifo=False, stopped=never)
    assert (aws.topics, aws.queues) == ({}, {})


def test_a_queue_that_stays_does_not_keep_the_topic() -> None:
    aws = FakeAws(fails=frozenset({"delete_queue"}))
    with pytest.raises(CheckError):
        check_round_trip(aws, aws, fifo=False, stopped=never)
    assert (aws.topics, aws.links) == ({}, {})


def test_a_message_that_never_arrives() -> None:
    aws = FakeAws(delivers=False)
    with pytest.raises(CheckError, match="did not arrive within 5 seconds"):
        check_round_trip(aws, aws, fifo=False, stopped=never)
    assert aws.calls.count("receive 1 1") == 5
    assert (aws.topics, aws.queues, aws.links) == ({}, {}, {})


@pytest.mark.parametrize("after", [0, 1, 2])
def test_an_interrupt_ends_it_between_the_steps(after: int) -> None:
    aws = FakeAws(delivers=False)
    answers = iter([False] * after + [True])
    with pytest.raises(CheckError, match="interrupted"):
        check_round_trip(aws, aws, fifo=False, stopped=lambda: next(answers))
    assert aws.calls.count("receive 1 1") == max(after - 1, 0)
    assert (aws.topics, aws.queues, aws.links) == ({}, {}, {})


def test_leftovers_of_former_runs_go_others_stay() -> None:
    aws = FakeAws()
    for name in ("encore-doctor-1000000000-0123456789ab", "orders", "encore-doctor-mine"):
        aws.create_topic(name)
        aws.create_queue(name)
    check_round_trip(aws, aws, fifo=False, stopped=never)
    kept = ["encore-doctor-mine", "orders"]
    assert sorted(arn.rpartition(":")[2] for arn in aws.topics) == kept
    assert sorted(url.rpartition("/")[2] for url in aws.queues) == kept


CHANGED = {
    "another message": ({"Message": "x"}, "came back changed"),
    "another topic": ({"TopicArn": "arn:other"}, "came back changed"),
    "no attributes": ({"MessageAttributes": None}, "came back changed"),
    "a binary attribute": (
        {"MessageAttributes": {"encore_doctor": {"Type": "Binary", "Value": "1"}}},
        "came back changed",
    ),
    "no time zone": ({"Timestamp": "2026-01-02T03:04:05"}, "is not RFC 3339"),
    "no time": ({"Timestamp": "now"}, "is not RFC 3339"),
}


@pytest.mark.parametrize(("envelope", "reason"), CHANGED.values(), ids=CHANGED.keys())
def test_an_envelope_that_the_core_would_not_read(envelope: dict[str, object], reason: str) -> None:
    aws = FakeAws(envelope=envelope)
    with pytest.raises(CheckError, match=reason):
        check_round_trip(aws, aws, fifo=False, stopped=never)


@pytest.mark.parametrize("raw", ["hello", "[]", '"x"', "{"])
def test_raw_delivery(raw: str) -> None:
    aws = FakeAws(raw=raw)
    with pytest.raises(CheckError, match="no SNS envelope"):
        check_round_trip(aws, aws, fifo=False, stopped=never)


@pytest.mark.parametrize("key", REQUIRED)
def test_each_key_that_the_core_requires(key: str) -> None:
    whole = dict.fromkeys(REQUIRED, "x") | {"Timestamp": "2026-01-02T03:04:05Z"}
    assert parse_envelope(json.dumps(whole)) == whole
    without = {name: value for name, value in whole.items() if name != key}
    with pytest.raises(CheckError, match=f"lacks {key}"):
        parse_envelope(json.dumps(without))
