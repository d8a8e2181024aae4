"""Two plans as their difference: what changes, what cannot be changed in place, what is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.values import JSON

from encore_config import codec
from encore_config.plan import (
    SECRET,
    UNKNOWN,
    Change,
    DeclarationRef,
    Permission,
    Plan,
    PropertyDiff,
    Step,
    summarise,
)
from encore_config.position import At
from encore_provisioner.engine.compare import Rule, Rules, compare, permission_changes
from encore_provisioner.engine.paths import flatten, order
from encore_provisioner.errors import RefusedError

NET, SUBNET, QUEUE, TOPIC, LINK, SERVER, DATABASE, TEXT = (
    f"test:index:{name}"
    for name in ("Net", "Subnet", "Queue", "Topic", "Link", "Server", "Database", "Text")
)
RULES: Rules = {
    NET: Rule(forces=frozenset({"range"})),
    SUBNET: Rule(forces=frozenset({"net", "zone"}), switches=frozenset({"owner"})),
    QUEUE: Rule(forces=frozenset({"fifo", "disk.key", "tags"}), holds="the queue and its messages"),
    TOPIC: Rule(forces=frozenset({"fifo"}), holds="the topic", only_with=LINK),
    LINK: Rule(forces=frozenset({"topic"})),
    SERVER: Rule(
        forces=frozenset({"engine"}), rises=frozenset({"disk.size", "version"}), holds="the server"
    ),
    DATABASE: Rule(holds="the database and all its rows", inside=SERVER),
    TEXT: Rule(),
}


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:production::shop::{kind}::{name}"


def step(
    kind: str,
    name: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    line: int = 3,
    **more: Any,
) -> Step:
    """A resource of the declaration that its name begins with, as ``topic/orders#queue``."""
    declared, _, rest = name.partition("#")[0].partition("/")
    at = At(file="shop/main.ts", line=line, column=1)
    return Step(
        op="create",
        type=kind,
        name=name,
        urn=urn(kind, name),
        declaration=DeclarationRef(kind=declared, name=rest, at=at) if rest else None,
        diff=tuple(PropertyDiff(path=p, after=v) for p, v in flatten(inputs or {}).items()),
        reason="is needed",
        **more,
    )


def plan(*steps: Step, **more: Any) -> Plan:
    fields: dict[str, Any] = {
        "app": "shop",
        "environment": "production",
        "provider": "aws",
        "mode": "offline",
        "against": "nothing",
        "summary": summarise(steps),
        "steps": steps,
    }
    return Plan(**{**fields, **more})


def changes(former: Plan, now: Plan) -> dict[str, Step]:
    return {found.name: found for found in compare(former, now, RULES).steps}


def test_what_is_equal_stays_wherever_it_is_declared_now() -> None:
    found = compare(
        plan(step(QUEUE, "topic/orders", {"size": 1, "arn": UNKNOWN}, line=3)),
        plan(step(QUEUE, "topic/orders", {"size": 1, "arn": UNKNOWN}, line=9)),
        RULES,
    )
    (same,) = found.steps
    assert (same.op, same.diff, same.reason) == ("same", (), "as in the earlier plan")
    assert same.declaration is not None
    assert same.declaration.at == At(file="shop/main.ts", line=9, column=1)
    assert found.changes == ()
    assert (found.mode, found.against, found.summary.same) == ("offline", "plan", 1)


def test_what_differs_is_told_with_both_values() -> None:
    found = changes(
        plan(step(QUEUE, "a", {"size": 1, "old": "x", "list": [1, 2]})),
        plan(step(QUEUE, "a", {"size": 2, "new": {"b.c": []}, "list": [1, 3]})),
    )["a"]
    assert (found.op, found.data_loss) == ("update", False)
    assert found.reason == "differs in list, new, old and 1 more"
    assert [(d.path, d.before, d.after) for d in found.diff] == [
        ("list[1]", 2, 3),
        ('new["b.c"]', None, []),
        ("old", "x", None),
        ("size", 1, 2),
    ]


@pytest.mark.parametrize(
    ("before", "after", "forced"),
    [
        ({"fifo": False}, {"fifo": True}, True),
        ({}, {"fifo": True}, True),
        ({"disk": [{"key": "a", "size": 1}]}, {"disk": [{"key": "b", "size": 1}]}, True),
        ({"disk": [{"key": "a", "size": 1}]}, {"disk": [{"key": "a", "size": 2}]}, False),
        ({"tags": {"a:b": "1"}}, {"tags": {"a:b": "2"}}, True),
        ({"fifoScope": 1}, {"fifoScope": 2}, False),
        ({"fifo": "x"}, {"fifo": UNKNOWN}, True),
        ({"fifo": UNKNOWN}, {"fifo": "x"}, False),
    ],
)
def test_what_cannot_be_changed_in_place_is_replaced(
    before: dict[str, Any], after: dict[str, Any], forced: bool
) -> None:
    found = changes(plan(step(QUEUE, "topic/a", before)), plan(step(QUEUE, "topic/a", after)))
    replaced = found["topic/a"]
    assert replaced.op == ("replace" if forced else "update")
    assert [item.forces_replacement for item in replaced.diff] == [forced]
    assert replaced.data_loss is forced
    told = "would be deleted and made anew, empty"
    assert (told in replaced.reason) is forced


@pytest.mark.parametrize(
    ("before", "after", "op"),
    [
        ({"owner": "a"}, {"owner": "b"}, "update"),
        ({"owner": "a"}, {}, "replace"),
        ({}, {"owner": "a"}, "replace"),
    ],
)
def test_some_properties_force_only_when_they_come_or_go(
    before: dict[str, Any], after: dict[str, Any], op: str
) -> None:
    assert changes(plan(step(SUBNET, "a", before)), plan(step(SUBNET, "a", after)))["a"].op == op


def test_what_is_given_once_is_not_compared() -> None:
    former = plan(step(QUEUE, "a", {"fifo": 1, "auth": {"mode": "x", "more": 1}}))
    now = plan(
        step(QUEUE, "a", {"fifo": 2, "auth": {"mode": "y", "more": 1}}, once=("auth.mode", "fifo"))
    )
    assert changes(former, now)["a"].op == "same"


def network(cidr: str, zone: str = "a") -> tuple[Step, ...]:
    net, subnet = step(NET, "net", {"range": cidr}), urn(NET, "net")
    needs = {"net": (subnet,)}
    return (
        net,
        step(SUBNET, "subnet", {"net": UNKNOWN, "zone": zone}, needs=needs),
        step(TEXT, "text", {"subnet": UNKNOWN}, needs={"subnet": (urn(SUBNET, "subnet"),)}),
        step(TEXT, "after", {"size": 1}, needs={"": (subnet,)}),
    )


def test_what_comes_from_a_replaced_resource_is_another_value() -> None:
    found = changes(plan(*network("10.0.0.0/16")), plan(*network("10.1.0.0/16")))
    assert {name: item.op for name, item in found.items()} == {
        "net": "replace",
        "subnet": "replace",
        "text": "update",
        "after": "same",
    }
    assert found["subnet"].diff == (
        PropertyDiff(path="net", before=UNKNOWN, after=UNKNOWN, forces_replacement=True),
    )
    again = changes(plan(*network("10.0.0.0/16")), plan(*network("10.0.0.0/16")))
    assert {item.op for item in again.values()} == {"same"}


@pytest.mark.parametrize("value", [UNKNOWN, SECRET])
def test_an_unknown_value_from_elsewhere_is_another_value(value: dict[str, bool]) -> None:
    def one(source: str) -> Step:
        return step(LINK, "link", {"topic": value}, needs={"topic": (urn(TOPIC, source),)})

    former = plan(step(TOPIC, "a"), step(TOPIC, "b"), one("a"))
    found = changes(former, plan(step(TOPIC, "a"), step(TOPIC, "b"), one("b")))
    assert found["link"].op == "replace"


def servers(engine: str = "15", home: str = "shared") -> tuple[Step, ...]:
    return (
        step(SERVER, "shared", {"engine": engine}),
        step(SERVER, "own"),
        step(DATABASE, "database/orders", needs={"": (urn(SERVER, home),)}),
    )


def test_data_goes_with_the_server_that_it_lies_in() -> None:
    former = plan(*servers())
    assert compare(former, plan(*servers()), RULES).losses == ()
    replaced = compare(former, plan(*servers(engine="16")), RULES)
    moved = compare(former, plan(*servers(home="own")), RULES)
    gone = compare(former, plan(step(SERVER, "own")), RULES)
    for found in (replaced, moved, gone):
        assert found.losses == ("database/orders",)
    reasons = [found.steps[2].reason for found in (replaced, moved)]
    assert reasons == [
        f"DATA LOSS: {why}; the database and all its rows would be deleted and made anew, empty"
        for why in ("shared, which it lies in, is replaced", "it moves to own")
    ]


def test_what_is_gone_is_deleted_last_in_reverse_order() -> None:
    former = plan(
        step(NET, "net"),
        step(QUEUE, "topic/old#queue", {"size": 1, "arn": UNKNOWN}),
        step(TEXT, "topic/old#policy"),
        step(TEXT, "topic/kept#extra"),
    )
    found = compare(former, plan(step(TOPIC, "topic/kept"), step(NET, "net")), RULES)
    assert [(item.op, item.name) for item in found.steps] == [
        ("create", "topic/kept"),
        ("same", "net"),
        ("delete", "topic/kept#extra"),
        ("delete", "topic/old#policy"),
        ("delete", "topic/old#queue"),
    ]
    extra, _, queue = found.steps[2:]
    assert queue.diff == (
        PropertyDiff(path="arn", before=UNKNOWN),
        PropertyDiff(path="size", before=1),
    )
    assert queue.declaration == DeclarationRef(kind="topic", name="old")
    assert queue.data_loss
    assert queue.reason == (
        "DATA LOSS: topic/old is no longer declared, or is adopted; the queue and its messages "
        "would be deleted"
    )
    assert extra.declaration is not None
    assert extra.declaration.at is not None
    assert (extra.data_loss, extra.reason) == (False, "nothing needs it any more")
    assert found.losses == ("topic/old",)


def test_a_topic_holds_something_only_with_a_subscription() -> None:
    topic = step(TOPIC, "topic/a")
    link = step(LINK, "link", {"topic": UNKNOWN}, needs={"topic": (topic.urn,)})
    assert compare(plan(topic), plan(), RULES).losses == ()
    assert compare(plan(topic, link), plan(), RULES).losses == ("topic/a",)


def test_a_plan_that_holds_a_resource_twice_was_changed_by_hand() -> None:
    twice = plan(step(NET, "a", {"x": 1}), step(NET, "a", {"x": 2}))
    with pytest.raises(RefusedError, match="holds a resource twice") as refused:
        compare(twice, plan(), RULES)
    assert refused.value.code == "bad-plan-file"


def test_a_comparison_cannot_be_compared_with() -> None:
    once = compare(plan(step(NET, "a", {"x": 1})), plan(step(NET, "a", {"x": 2})), RULES)
    for former in (once, msgspec.structs.replace(once, against="nothing"), compared()):
        with pytest.raises(RefusedError, match="is a comparison itself") as refused:
            compare(former, plan(), RULES)
        assert refused.value.code == "plan-is-a-comparison"
        assert "--offline --out FILE" in str(refused.value.hint)


def compared() -> Plan:
    """A comparison in which everything is new."""
    return compare(plan(), plan(step(NET, "a")), RULES)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"app": "blog"}, "is for app blog, environment production, provider aws, this is"),
        ({"environment": "staging"}, "environment staging"),
        ({"provider": "local"}, "provider local"),
        ({"mode": "preview"}, "with a look at what is really there"),
    ],
)
def test_the_plan_of_something_else_is_refused(changed: dict[str, str], told: str) -> None:
    with pytest.raises(RefusedError, match=told) as refused:
        compare(plan(**changed), plan(), RULES)
    assert refused.value.code == "other-plan"


def test_nothing_is_harmless_by_default() -> None:
    strange = step("test:index:Strange", "a")
    for pair in ((plan(strange), plan()), (plan(), plan(strange))):
        with pytest.raises(RefusedError, match="test:index:Strange") as refused:
            compare(*pair, RULES)
        assert refused.value.code == "other-version"


def permission(*actions: str, change: Change = "gained", **more: str) -> Permission:
    fields = {"service": "cart", "kind": "bucket", "name": "a", "operation": "read", **more}
    return Permission(actions=actions, change=change, **fields)


def test_permissions_are_compared_action_by_action() -> None:
    former = (
        permission("s3:Get", "s3:List"),
        permission("s3:Put", operation="write"),
        permission(operation="public_url"),
        permission("s3:Gone", change="lost", operation="delete"),
    )
    now = (
        permission("s3:Get", "s3:GetVersion"),
        permission(operation="public_url"),
        permission("sns:Publish", kind="topic", operation="publish"),
        permission(operation="access", kind="database"),
    )
    assert permission_changes(former, now) == (
        permission(operation="public_url", change="same"),
        permission("s3:GetVersion"),
        permission("s3:List", change="lost"),
        permission("s3:Get", change="same"),
        permission("s3:Put", operation="write", change="lost"),
        permission(operation="access", kind="database"),
        permission("sns:Publish", kind="topic", operation="publish"),
    )
    assert {p.change for p in permission_changes(former[:3], former[:3])} == {"same"}


NAMES = st.sampled_from(["net", "topic/a", "topic/a#queue", "bucket/b", "database/c"])
INPUTS = st.dictionaries(st.sampled_from(["fifo", "range", "size", "a b", "tags"]), JSON)
STEPS = st.builds(
    lambda kind, name, inputs, line: step(kind, name, inputs, line=line),
    st.sampled_from(sorted(RULES)),
    NAMES,
    INPUTS,
    st.integers(1, 9),
)
PLANS = st.lists(STEPS, max_size=5, unique_by=lambda item: item.urn).map(lambda s: plan(*s))


def state(steps: tuple[Step, ...]) -> dict[str, dict[str, Any]]:
    return {item.urn: {d.path: d.after for d in item.diff} for item in steps}


def carried_out(former: Plan, changed: Plan) -> dict[str, dict[str, Any]]:
    """What is there when the steps of ``changed`` were done one after the other."""
    found = state(former.steps)
    for item in changed.steps:
        if item.op == "delete":
            assert found.pop(item.urn) == {d.path: d.before for d in item.diff}
            continue
        have = found.setdefault(item.urn, {})
        for change in item.diff:
            assert have.get(change.path) == change.before
            if change.after is None:
                del have[change.path]
            else:
                have[change.path] = change.after
    return found


@given(PLANS, PLANS)
def test_the_difference_leads_from_the_one_to_the_other(former: Plan, now: Plan) -> None:
    found = compare(former, now, RULES)
    assert carried_out(former, found) == state(now.steps)
    assert found.summary == summarise(found.steps)
    for item in found.steps:
        assert list(item.diff) == sorted(item.diff, key=lambda d: order(d.path))
        assert item.data_loss <= (item.op in ("replace", "delete"))
        assert item.data_loss is ("DATA LOSS" in item.reason)
        assert (item.op == "same") <= (item.diff == ())


@given(PLANS)
def test_a_plan_does_not_differ_from_itself(one: Plan) -> None:
    found = compare(one, one, RULES)
    assert found.changes == ()
    assert found.losses == ()


@given(PLANS, PLANS)
def test_the_same_plans_give_the_same_bytes_also_from_files(former: Plan, now: Plan) -> None:
    read = codec.decode(codec.encode(former), Plan)
    found = codec.encode(compare(former, now, RULES))
    assert found == codec.encode(compare(read, now, RULES))
    assert codec.encode(codec.decode(found, Plan)) == found


@pytest.mark.parametrize(
    ("before", "after", "op"),
    [
        ({"disk": {"size": 20}}, {"disk": {"size": 100}}, "update"),
        ({"disk": {"size": 100}}, {"disk": {"size": 20}}, "replace"),
        ({"version": "8.2"}, {"version": "8.10"}, "update"),
        ({"version": "8.10"}, {"version": "8.2"}, "replace"),
        ({"version": "17"}, {"version": "16.4"}, "replace"),
        ({"version": "old"}, {"version": "new"}, "replace"),
        ({"version": "new"}, {"version": "old"}, "update"),
        ({"version": "8.2"}, {"version": UNKNOWN}, "update"),
        ({"version": "8.2"}, {}, "update"),
        ({"version": 8}, {"version": "7"}, "update"),
    ],
)
def test_what_only_grows_in_place_is_replaced_when_it_shrinks(
    before: dict[str, Any], after: dict[str, Any], op: str
) -> None:
    (found,) = compare(
        plan(step(SERVER, "database#server", before)),
        plan(step(SERVER, "database#server", after)),
        RULES,
    ).steps
    assert (found.op, found.data_loss) == (op, op == "replace")
