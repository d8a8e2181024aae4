"""A destroy is tried again while AWS only needs time, and says so."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.engine_events import said
from tests.support.fake_clock import Time
from tests.support.steps import TOPIC, VPC

from encore_aws.destroying import until_gone
from encore_provisioner.engine.deployment import Happened

IN_USE = "deleting EC2 Subnet (subnet-1): api error DependencyViolation: it has dependencies"
DENIED = "deleting SNS Topic (x): api error AccessDenied: no"
FINE = Happened()


def broken(*messages: str, interrupts: int = 0) -> Happened:
    events = tuple(
        said(message, urn) for message, urn in zip(messages, (VPC.urn, TOPIC.urn), strict=False)
    )
    return Happened(events=events, failure="error: destroy failed", interrupts=interrupts)


@dataclass
class Tried:
    """``deeds``: what was done, in its order."""

    deeds: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    time: Time = field(default_factory=Time)

    def until_gone(self, *answers: Happened) -> Happened:
        left = list(answers)

        def run() -> Happened:
            self.deeds.append("run")
            return left.pop(0)

        return until_gone(lambda: self.deeds.append("way"), run, self.words.append, self.time.clock)


def test_what_goes_at_once_is_not_waited_for() -> None:
    tried = Tried()
    assert tried.until_gone(FINE) is FINE
    assert (tried.deeds, tried.words, tried.time.pauses) == (["way", "run"], [], [])


def test_the_way_is_made_again_before_each_try_and_each_pause_is_told() -> None:
    tried = Tried()
    assert tried.until_gone(broken(IN_USE), broken(IN_USE), FINE) is FINE
    assert tried.deeds == ["way", "run"] * 3
    assert tried.time.pauses == [60, 60]
    told = "the network interfaces of a function go up to 40 minutes after it; trying again in 60 s"
    assert tried.words == [told, told]


def test_what_a_person_must_mend_is_not_waited_for() -> None:
    tried = Tried()
    assert tried.until_gone(broken(IN_USE, DENIED)).failure is not None
    assert (tried.deeds, tried.time.pauses) == (["way", "run"], [])


def test_who_interrupts_waits_no_more() -> None:
    tried = Tried()
    assert tried.until_gone(broken(IN_USE, interrupts=1)).interrupts == 1
    assert tried.time.pauses == []
