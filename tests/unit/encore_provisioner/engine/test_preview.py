"""The engine's changes as a plan: reasons, what forces, what is lost, what moves."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.engine_events import PRE, replaced, side, told
from tests.support.steps import BUCKET, DATABASE, SERVER, TOPIC, VPC, step, urn

from encore_config.plan import DeclarationRef, Plan, PropertyDiff, Step, summarise
from encore_provisioner.engine.compare import Rule
from encore_provisioner.engine.events import Change, Side, changes
from encore_provisioner.engine.preview import (
    declaration_of,
    deletions,
    needs_state,
    preview_plan,
    refreshed,
)
from encore_provisioner.engine.state import Kept, State
from encore_provisioner.errors import RefusedError

RULES = {
    VPC.type: Rule(),
    SERVER.type: Rule(holds="the server with all its databases"),
    DATABASE.type: Rule(holds="the database and all its rows", inside=SERVER.type),
    BUCKET.type: Rule(holds="the bucket with its objects"),
    TOPIC.type: Rule(holds="what was not sent", only_with="sub"),
    "sub": Rule(),
}
BY = {
    VPC.urn: VPC,
    SERVER.urn: SERVER,
    DATABASE.urn: DATABASE,
    BUCKET.urn: BUCKET,
    TOPIC.urn: TOPIC,
}


def plan_of(*steps: Step) -> Plan:
    return Plan(
        app="shop", environment="production", provider="aws", mode="offline", against="nothing",
        summary=summarise(steps), steps=steps,
    )  # fmt: skip


def kept(of: Step, inputs: dict[str, Any] | None = None, **more: Any) -> Kept:
    return Kept(urn=of.urn, type=of.type, inputs=inputs or {}, **more)


def planned(*events: Any, steps: tuple[Step, ...], state: State | None = None) -> Plan:
    return preview_plan(plan_of(*steps), changes(events), state or State(), RULES)


def test_a_create_lists_what_the_engine_would_make_and_says_why_it_is_there() -> None:
    wanted = msgspec.structs.replace(BUCKET, reason="declared by the app")
    event = told(PRE, "create", BUCKET.urn, None, side(BUCKET.urn, {"bucket": "b"}, protect=True))
    found = planned(event, steps=(wanted,))
    (made,) = found.steps
    assert (found.mode, found.against) == ("preview", "state")
    assert made.op == "create"
    assert made.reason == "declared by the app"
    assert made.diff == (
        PropertyDiff(path="bucket", after="b"),
        PropertyDiff(path="protect", after=True),
    )


def test_what_is_the_same_says_so_and_lists_nothing() -> None:
    (same,) = planned(told(PRE, "same", VPC.urn, {"a": 1}, {"a": 1}), steps=(VPC,)).steps
    assert (same.op, same.diff, same.reason) == ("same", (), "as it is")


def test_protection_that_comes_or_goes_is_a_change() -> None:
    event = told(
        PRE,
        "same",
        BUCKET.urn,
        side(BUCKET.urn, {"b": 1}, protect=True),
        side(BUCKET.urn, {"b": 1}),
    )
    (step_,) = planned(event, steps=(BUCKET,)).steps
    assert step_.op == "update"
    assert step_.diff == (PropertyDiff(path="protect", before=True),)


def test_what_is_protected_the_state_says_and_not_a_copy_that_was_rehearsed_on() -> None:
    """In the copy nothing is protected, so there it all seems to come."""
    event = told(PRE, "same", BUCKET.urn, {"b": 1}, side(BUCKET.urn, {"b": 1}, protect=True))
    state = State(resources=(kept(BUCKET, {"b": 1}, protect=True),))
    (step_,) = planned(event, steps=(BUCKET,), state=state).steps
    assert (step_.op, step_.diff) == ("same", ())
    (step_,) = planned(event, steps=(BUCKET,), state=State(resources=(kept(BUCKET),))).steps
    assert step_.diff == (PropertyDiff(path="protect", after=True),)


def test_an_update_names_what_differs() -> None:
    event = told(
        PRE, "update", VPC.urn, {"a": 1, "b": [1]}, {"a": 2, "b": [1, 2]}, diff={"a": "update"}
    )
    (step_,) = planned(event, steps=(VPC,)).steps
    assert step_.op == "update"
    assert [(d.path, d.before, d.after) for d in step_.diff] == [("a", 1, 2), ("b[1]", None, 2)]
    assert step_.reason == "differs in a and b" or step_.reason == "differs in a, b"


def test_what_drifted_is_told_from_what_was_read() -> None:
    old = side(VPC.urn, {"a": 1}, outputs={"a": 3})
    event = told(PRE, "update", VPC.urn, old, side(VPC.urn, {"a": 1}), diff={"a": "update"})
    (step_,) = planned(event, steps=(VPC,)).steps
    assert step_.diff == (PropertyDiff(path="a", before=3, after=1),)


def test_a_replacement_of_what_holds_data_says_data_loss_and_what_forces_it() -> None:
    events = replaced(
        BUCKET.urn, {"bucket": "a", "x": 1}, {"bucket": "b", "x": 2}, bucket="update-replace"
    )
    state = State(resources=(kept(BUCKET),))
    found = planned(*events, steps=(BUCKET,), state=state)
    (step_,) = found.steps
    assert (step_.op, step_.data_loss) == ("replace", True)
    assert step_.reason.startswith("DATA LOSS: bucket cannot be changed in place; the bucket with")
    assert {d.path: d.forces_replacement for d in step_.diff} == {"bucket": True, "x": False}
    assert found.losses == ("bucket/receipts",)
    assert found.summary.replace == 1


def test_a_topic_without_subscriptions_loses_nothing() -> None:
    events = replaced(TOPIC.urn, {"name": "a"}, {"name": "b"}, name="update-replace")
    alone = State(resources=(kept(TOPIC),))
    heard = State(resources=(kept(TOPIC), Kept(urn="s", type="sub", needs={"topic": (TOPIC.urn,)})))
    assert planned(*events, steps=(TOPIC,), state=alone).losses == ()
    assert planned(*events, steps=(TOPIC,), state=heard).losses == ("topic/events",)


def test_data_goes_with_the_server_that_it_lies_in() -> None:
    events = (
        *replaced(SERVER.urn, {"kmsKeyId": "a"}, {"kmsKeyId": "b"}, kmsKeyId="update-replace"),
        told(PRE, "same", DATABASE.urn, {"name": "orders"}, {"name": "orders"}),
    )
    state = State(resources=(kept(SERVER), kept(DATABASE, needs={"server": (SERVER.urn,)})))
    wanted = msgspec.structs.replace(DATABASE, needs={"server": (SERVER.urn,)})
    found = planned(*events, steps=(SERVER, wanted), state=state)
    assert [(s.op, s.data_loss) for s in found.steps] == [("replace", True), ("replace", True)]
    assert "database#server, which it lies in, is replaced" in found.steps[1].reason
    assert found.losses == ("database/orders",)


def test_a_database_that_moves_to_another_server_is_lost_where_it_was() -> None:
    own = step(SERVER.type, "database/orders#server")
    events = (
        told(PRE, "create", own.urn, None, {"identifier": "x"}),
        told(PRE, "update", DATABASE.urn, {"server": "old"}, {"server": "new"}),
    )
    state = State(resources=(kept(SERVER), kept(DATABASE, needs={"server": (SERVER.urn,)})))
    wanted = msgspec.structs.replace(DATABASE, needs={"server": (own.urn,)})
    assert needs_state(changes(events), RULES)
    moved = planned(*events, steps=(own, wanted), state=state).steps[1]
    assert (moved.op, moved.data_loss) == ("replace", True)
    assert "it moves to database/orders#server" in moved.reason


def test_what_the_program_no_longer_asks_for_is_deleted_last_made_first() -> None:
    events = [told(PRE, "delete", each.urn, {"n": each.name}, None) for each in (VPC, BUCKET)]
    state = State(resources=(kept(VPC, {"n": 1}), kept(BUCKET, {"n": 2})))
    found = planned(*events, steps=(), state=state)
    assert [s.urn for s in found.steps] == [BUCKET.urn, VPC.urn]
    assert [s.data_loss for s in found.steps] == [True, False]
    assert found.steps[0].declaration == DeclarationRef(kind="bucket", name="receipts")
    assert found.steps[0].reason == (
        "DATA LOSS: bucket/receipts is no longer declared, or is adopted; "
        "the bucket with its objects would be deleted"
    )
    assert found.steps[1].reason == "nothing needs it any more"


def test_a_resource_that_goes_because_its_source_goes_first_says_so() -> None:
    dependent = step("sub", "x", BUCKET.urn)
    events = (
        *replaced(BUCKET.urn, {"bucket": "a"}, {"bucket": "b"}, bucket="update-replace"),
        *replaced(dependent.urn, {"t": 1}, {"t": 1}),
    )
    state = State(resources=(kept(BUCKET), kept(dependent)))
    found = planned(*events, steps=(BUCKET, dependent), state=state)
    assert found.steps[1].reason == "bucket/receipts is replaced"


def test_a_type_that_nobody_knows_is_refused() -> None:
    event = told(PRE, "delete", urn("aws:x/y:Z", "z"), {}, None)
    with pytest.raises(RefusedError) as refused:
        planned(event, steps=())
    assert refused.value.code == "other-version"


def test_an_engine_that_keeps_silent_is_a_mistake_and_no_plan() -> None:
    with pytest.raises(ValueError, match="says nothing of"):
        planned(steps=(VPC,))


def test_everything_in_the_state_goes_in_the_order_in_which_it_can() -> None:
    state = State(
        resources=(
            kept(VPC),
            kept(SERVER),
            kept(DATABASE, needs={"server": (SERVER.urn,)}, protect=True),
        )
    )
    found = deletions(plan_of(DATABASE), state, RULES)
    assert [s.urn for s in found] == [DATABASE.urn, SERVER.urn, VPC.urn]
    assert [s.data_loss for s in found] == [True, True, False]
    assert found[0].declaration == DATABASE.declaration
    assert PropertyDiff(path="protect", before=True) in found[0].diff
    assert "the environment is destroyed" in found[0].reason


def test_a_refresh_tells_what_somebody_changed_and_what_is_gone() -> None:
    known = deletions(plan_of(), State(resources=(kept(VPC), kept(BUCKET), kept(TOPIC))), RULES)
    before, after = Side(inputs={"a": 1, "b": 2}), Side(inputs={"a": 1, "b": 3, "c": 4})
    changed = Change(urn=VPC.urn, type=VPC.type, op="update", before=before, after=after)
    found = {
        s.urn: s
        for s in refreshed(
            known,
            {
                VPC.urn: changed,
                BUCKET.urn: Change(urn=BUCKET.urn, type=BUCKET.type, op="delete"),
            },
        )
    }
    assert (found[VPC.urn].op, found[VPC.urn].reason) == ("update", "somebody changed b")
    assert found[VPC.urn].diff == (PropertyDiff(path="b", before=2, after=3),)
    assert found[BUCKET.urn].op == "delete"
    assert not found[BUCKET.urn].data_loss
    assert found[TOPIC.urn].op == "same"


@pytest.mark.parametrize(
    ("type_", "name", "tags", "declared"),
    [
        ("aws:sns/topic:Topic", "topic/orders", {}, "topic/orders"),
        ("aws:sqs/queue:Queue", "subscription/t/s#dead", {}, "subscription/t/s"),
        ("aws:sqs/queue:Queue", "topic/a#b", {"encore:declaration": "topic/a_b"}, "topic/a#b"),
        ("aws:sqs/queue:Queue", "topic/a#b#x", {"encore:declaration": "topic/a_b"}, "topic/a#b"),
        ("encore:sql:LogicalDatabase", "database/a#b", {}, "database/a#b"),
        ("aws:ec2/vpc:Vpc", "network", {}, None),
        ("aws:iam/role:Role", "service/orders#role", {}, None),
        ("aws:rds/instance:Instance", "database#server", {}, None),
    ],
)
def test_what_declares_a_resource_of_the_state(
    type_: str, name: str, tags: dict[str, str], declared: str | None
) -> None:
    item = Kept(urn=urn(type_, name), type=type_, inputs={"tags": tags})
    found = declaration_of(item)
    assert (str(found) if found else None) == declared
