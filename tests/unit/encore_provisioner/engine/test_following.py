"""An operation's events as progress of a plan's steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pulumi.automation import EngineEvent
from tests.support.engine_events import DONE, FAILED, PRE, STACK, replaced, said, told
from tests.support.steps import BUCKET, TOPIC, VPC, step

from encore_config.plan import Step
from encore_provisioner.engine.following import Following
from encore_provisioner.provider import Event, Progress


def failed(step: Step, messages: tuple[str, ...], seconds: float | None) -> Progress:
    return Progress(step=step, phase="failed", seconds=seconds, message="; ".join(messages))


@dataclass
class Followed:
    """What was told, as ``phase name`` with the message behind it."""

    now: float = 0.0
    told: list[Event] = field(default_factory=list)

    def follow(self, *steps: Step) -> Following:
        return Following(steps, self.told.append, failed, clock=lambda: self.now)

    @property
    def last(self) -> Progress:
        assert isinstance(self.told[-1], Progress)
        return self.told[-1]

    @property
    def lines(self) -> list[str]:
        return [
            f"{p.phase} {p.step.name} {p.message}".strip()
            if isinstance(p, Progress)
            else type(p).__name__.lower()
            for p in self.told
        ]


def give(following: Following, events: Iterable[EngineEvent]) -> None:
    for event in events:
        following(event)


def test_a_step_begins_and_ends_with_its_time() -> None:
    heard = Followed()
    following = heard.follow(VPC)
    following(told(PRE, "create", VPC.urn, None, {}))
    heard.now = 4.5
    following(told(DONE, "create", VPC.urn, None, {}))
    assert following.close() == ()
    assert heard.lines == ["started network", "done network"]
    assert heard.last.seconds == 4.5


def test_what_the_plan_does_not_change_is_not_told() -> None:
    heard = Followed()
    following = heard.follow(VPC)
    for urn in (TOPIC.urn, STACK):
        give(following, [told(PRE, "same", urn, {}, {}), told(DONE, "same", urn, {}, {})])
    assert following.close() == ()
    assert heard.lines == []


def test_a_replacement_ends_when_the_new_one_is_there() -> None:
    heard = Followed()
    again = step(BUCKET.type, BUCKET.name, op="replace")
    following = heard.follow(again)
    events = replaced(BUCKET.urn, {"bucket": "a"}, {"bucket": "b"}, bucket="update-replace")
    give(following, events[:-1])
    assert heard.lines == ["started bucket/receipts"]
    following(events[-1])
    assert heard.lines == ["started bucket/receipts", "done bucket/receipts"]


def test_a_failure_is_told_with_all_that_was_said_when_the_operation_has_ended() -> None:
    heard = Followed()
    following = heard.follow(VPC, TOPIC)
    following(told(PRE, "create", TOPIC.urn, None, {}))
    heard.now = 2.0
    give(
        following,
        [
            said("no rights", TOPIC.urn),
            told(FAILED, "create", TOPIC.urn, None, {}),
            said("and more", TOPIC.urn),
        ],
    )
    assert following.close() == (TOPIC.urn,)
    assert heard.lines == ["started topic/events", "failed topic/events no rights; and more"]
    assert heard.last.seconds == 2.0


def test_what_fails_first_and_then_succeeds_has_not_failed() -> None:
    heard = Followed()
    following = heard.follow(VPC, TOPIC)
    for urn in (VPC.urn, TOPIC.urn):
        give(following, broken(urn, "still in use"))
    give(following, [told(kind, "delete", TOPIC.urn, {}, None) for kind in (PRE, DONE)])
    assert following.close() == (VPC.urn,)
    assert heard.lines == [
        "started network",
        "started topic/events",
        "started topic/events",
        "done topic/events",
        "failed network still in use",
    ]


def test_what_fails_again_is_told_by_its_last_words() -> None:
    heard = Followed()
    following = heard.follow(TOPIC)
    give(following, [*broken(TOPIC.urn, "still in use"), *broken(TOPIC.urn, "no rights")])
    assert following.close() == (TOPIC.urn,)
    assert heard.lines[-1] == "failed topic/events no rights"


def broken(urn: str, words: str) -> tuple[EngineEvent, ...]:
    """A deletion that fails."""
    began, failed = (told(kind, "delete", urn, {}, None) for kind in (PRE, FAILED))
    return began, said(words, urn), failed


def test_an_error_of_a_resource_that_was_never_begun_is_its_failure() -> None:
    heard = Followed()
    following = heard.follow(TOPIC)
    following(said("unable to delete: protected", TOPIC.urn))
    assert following.close() == (TOPIC.urn,)
    assert heard.lines == ["failed topic/events unable to delete: protected"]


def test_an_interruption_waits_for_what_is_in_flight_and_a_second_cuts_it_off() -> None:
    heard = Followed()
    following = heard.follow(VPC, TOPIC, BUCKET)
    give(following, [told(PRE, "create", each.urn, None, {}) for each in (VPC, TOPIC)])
    following.interrupted(1)
    following(told(DONE, "create", VPC.urn, None, {}))
    following.interrupted(2)
    assert following.close() == ()
    assert heard.lines == [
        "started network",
        "started topic/events",
        "stopping",
        "finishing network",
        "finishing topic/events",
        "done network",
        "abandoned topic/events",
    ]


def test_an_interruption_is_heard_also_where_nothing_is_in_flight() -> None:
    heard = Followed()
    heard.follow(VPC).interrupted(1)
    assert heard.lines == ["stopping"]
