"""What is counted, in whatever order events come, and which step the end waits for."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.steps import (
    BUCKET,
    BUCKET_POLICY,
    DATABASE,
    NAT,
    SERVER,
    SHOP,
    SUBNETS,
    TOPIC,
    VPC,
    step,
    urn,
)

from encore_config.plan import Op, Step
from encore_provisioner.cli.render.progress_board import Board, State
from encore_provisioner.engine.durations import usual_seconds
from encore_provisioner.provider import Phase, Progress

PHASES: tuple[Phase, ...] = ("started", "finishing", "done", "failed", "abandoned")
STATES: tuple[State, ...] = ("waiting", "running", "finishing", "done", "failed", "abandoned")
ENDED = ("done", "failed", "abandoned")


def board(*steps: Step) -> Board:
    return Board(steps or SHOP, usual_seconds)


def told(on: Board, now: float, phase: Phase, *steps: Step) -> None:
    for each in steps:
        on.take(Progress(step=each, phase=phase), now)


def title(on: Board, now: float) -> str | None:
    critical = on.critical(now)
    return critical.step.name if critical else None


def test_the_end_waits_for_the_longest_way_not_for_the_longest_step() -> None:
    one = board(VPC, SUBNETS, SERVER, DATABASE, NAT)
    told(one, 0, "started", VPC)
    assert title(one, 0) == "network"  # itself 12 s, but a server of 8 min waits for it
    told(one, 12, "done", VPC)
    told(one, 12, "started", NAT, SUBNETS)
    assert title(one, 12) == "database#subnets"
    told(one, 14, "done", SUBNETS)
    told(one, 14, "started", SERVER)
    assert title(one, 14) == "database#server"
    assert one.left(14) == 480 + 2
    assert one.left(134) == 360 + 2


def test_an_overdue_step_takes_a_tenth_more() -> None:
    one = board(SERVER, NAT)
    told(one, 0, "started", SERVER)
    told(one, 900, "started", NAT)
    assert title(one, 900) == "network#nat"
    assert one.left(5000) == 48


def test_what_is_quick_or_unknown_is_not_named() -> None:
    quick = board(TOPIC)
    told(quick, 0, "started", TOPIC)
    assert title(quick, 0) is None
    strange = step("acme:a:B", "thing")
    other = board(strange)
    told(other, 0, "started", strange)
    assert (title(other, 14), other.left(14)) == (None, None)
    assert (title(other, 16), other.left(16)) == ("thing", None)


def test_deletions_go_the_other_way_round() -> None:
    gone = [step(s.type, s.name, *s.needs.get("", ()), op="delete") for s in (VPC, SUBNETS, SERVER)]
    vpc, subnets, server = gone
    one = board(*gone)
    told(one, 0, "started", server)
    assert one.left(0) == 360 + 2 + 2
    told(one, 0, "done", server)
    told(one, 0, "started", subnets)
    assert one.left(0) == 4
    assert vpc.op == "delete"


def test_a_circle_is_no_danger() -> None:
    here, there = urn("a:b:C", "here"), urn("a:b:C", "there")
    circle = (step("a:b:C", "here", there, here), step("a:b:C", "there", here), SERVER)
    one = board(*circle)
    told(one, 0, "started", *circle)
    assert title(one, 0) == "database#server"


def test_a_step_that_no_plan_showed_counts_from_its_beginning() -> None:
    one = board(VPC)
    told(one, 0, "started", BUCKET)
    told(one, 0, "done", BUCKET)
    assert (one.done, one.total) == (1, 2)


def test_looking_is_no_step() -> None:
    look = step("aws:s3/bucket:Bucket", "bucket/receipts", op="same")
    one = board(VPC)
    told(one, 0, "started", look)
    assert [i.step.name for i in one.in_flight] == ["bucket/receipts"]
    told(one, 0, "done", look)
    assert (one.done, one.total) == (0, 1)
    told(one, 0, "failed", step(BUCKET.type, BUCKET.name, op="same"))
    assert [i.step.name for i in one.of("failed")] == [BUCKET.name]


def test_a_deletion_that_was_left_behind_is_another_step() -> None:
    old = step(BUCKET.type, BUCKET.name, op="delete")
    one = board(BUCKET, old)
    told(one, 0, "done", old)
    assert [i.step.op for i in one.of("waiting")] == ["create"]


def test_time_is_what_the_provider_says_else_what_the_clock_says() -> None:
    one = board(BUCKET, BUCKET_POLICY, TOPIC)
    told(one, 5, "started", BUCKET, BUCKET_POLICY)
    one.take(Progress(step=BUCKET, phase="done", seconds=1.5), 9)
    one.take(Progress(step=BUCKET_POLICY, phase="done"), 9)
    one.take(Progress(step=TOPIC, phase="done"), 9)
    assert [i.took for i in one.of("done")] == [1.5, 4, None]


EVENTS = st.lists(
    st.tuples(st.sampled_from(SHOP), st.sampled_from(PHASES), st.floats(0, 1000)), max_size=40
)


@given(EVENTS)
def test_in_whatever_order_events_come_the_numbers_add_up(
    events: list[tuple[Step, Phase, float]],
) -> None:
    one = board()
    last: dict[str, str] = {}
    for each, phase, now in events:
        one.take(Progress(step=each, phase=phase), now)
        ended = last.get(each.urn) in ENDED
        if not (ended and phase in ("finishing", "abandoned")):
            last[each.urn] = phase
        critical, left = one.critical(now), one.left(now)
        assert critical is None or critical in one.in_flight
        assert left is None or left >= 0
        names = sorted(i.step.name for i in one.by_weight(now))
        assert names == sorted(i.step.name for i in one.in_flight)
    assert sum(len(one.of(state)) for state in STATES) == one.total == len(SHOP)
    assert {i.step.urn for i in one.of("done")} == {u for u, p in last.items() if p == "done"}
    assert {i.step.urn for i in one.of("failed")} == {u for u, p in last.items() if p == "failed"}
    assert {i.step.urn for i in one.in_flight} == {
        u for u, p in last.items() if p in ("started", "finishing")
    }


@given(st.permutations(SHOP), st.integers(0, len(SHOP)))
def test_the_order_in_which_steps_are_planned_decides_nothing(steps: list[Step], many: int) -> None:
    ended = sorted(SHOP, key=lambda s: s.urn)[:many]
    one, other = board(*steps), board()
    for each in (one, other):
        told(each, 0, "done", *ended)
        told(each, 0, "started", *(s for s in SHOP if s not in ended))
    assert one.left(0) == other.left(0)
    assert title(one, 0) == title(other, 0)


@pytest.mark.parametrize("op", ["create", "delete"])
def test_ten_thousand_steps_are_drawn_in_time(op: Op) -> None:
    """A chain as long as can be: nothing recurses. The time is that of one picture."""
    chain = [step("aws:sns/topic:Topic", "topic/0", op=op)]
    for number in range(1, 10_000):
        chain.append(step("aws:sns/topic:Topic", f"topic/{number}", chain[-1].urn, op=op))
    one = board(*chain)
    told(one, 0, "started", chain[0], chain[-1])
    assert one.left(0) == 20_000
    began = time.perf_counter()
    one.critical(1)
    assert time.perf_counter() - began < 1
