"""What stands around the engine's run: how it ended, what must have been allowed."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.engine_events import PRE, said, told
from tests.support.steps import BUCKET, DATABASE, SERVER, TOPIC, step

from encore_aws.applying import conclude, follow, to_drop
from encore_aws.migrating import MIGRATION
from encore_config.plan import Plan, Step, summarise
from encore_provisioner.engine.deployment import Happened
from encore_provisioner.engine.state import Kept
from encore_provisioner.errors import ApplyError, RefusedError
from encore_provisioner.losses import refuse_losses
from encore_provisioner.provider import STEPS_FAILED, Event, Progress


def plan_of(*steps: Step) -> Plan:
    return Plan(
        app="shop",
        environment="production",
        provider="aws",
        mode="preview",
        summary=summarise(steps),
        steps=steps,
    )


def phases(heard: list[Event]) -> list[str]:
    return [event.phase for event in heard if isinstance(event, Progress)]


def lost(of: Step) -> Step:
    return msgspec.structs.replace(step(of.type, of.name, op="delete"), data_loss=True)


def test_a_failed_step_is_told_by_its_progress_and_the_error_says_no_more() -> None:
    heard: list[Event] = []
    following = follow(plan_of(TOPIC), heard.append)
    following(told(PRE, "create", TOPIC.urn, None, {}))
    following(said("creating SNS Topic (x): AccessDenied: no", TOPIC.urn))
    with pytest.raises(ApplyError) as raised:
        conclude(Happened(failure="error: update failed"), following, "production")
    assert raised.value.code == STEPS_FAILED
    assert phases(heard) == ["started", "failed"]


def test_what_fails_as_a_whole_is_told_in_words() -> None:
    following = follow(plan_of(TOPIC), lambda _: None)
    with pytest.raises(ApplyError) as raised:
        conclude(Happened(failure="error: the disk is full"), following, "production")
    assert raised.value.code == "engine-failed"
    assert "the disk is full" in raised.value.message


def test_an_interruption_is_one_however_the_engine_ended() -> None:
    heard: list[Event] = []
    following = follow(plan_of(TOPIC), heard.append)
    following(told(PRE, "create", TOPIC.urn, None, {}))
    with pytest.raises(KeyboardInterrupt):
        conclude(Happened(failure="error: update canceled", interrupts=1), following, "production")
    assert phases(heard) == ["started", "abandoned"]


def test_the_engine_does_not_tell_of_what_the_function_does() -> None:
    heard: list[Event] = []
    following = follow(plan_of(DATABASE, step(MIGRATION, "orders/1_a.up.sql")), heard.append)
    following(told(PRE, "create", DATABASE.urn, None, {}))
    following.close()
    assert heard == []


def test_a_loss_that_nobody_allowed_is_refused_whoever_calls() -> None:
    plan = plan_of(lost(BUCKET), lost(TOPIC))
    with pytest.raises(RefusedError) as refused:
        refuse_losses(plan, frozenset({"bucket/receipts"}))
    assert refused.value.code == "data-loss"
    assert "topic/events" in refused.value.message
    assert "bucket/receipts" not in refused.value.message
    refuse_losses(plan, frozenset({"bucket/receipts", "topic/events"}))


LIES_IN = Kept(urn=DATABASE.urn, type=DATABASE.type, needs={"server": (SERVER.urn,)})


def test_a_database_whose_server_stays_is_deleted_inside_it() -> None:
    assert to_drop((LIES_IN, Kept(urn=TOPIC.urn, type=TOPIC.type))) == ["orders"]


def test_a_database_whose_server_goes_stays_until_the_last_snapshot_is_taken() -> None:
    assert to_drop((LIES_IN, Kept(urn=SERVER.urn, type=SERVER.type))) == []
