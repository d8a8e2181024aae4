"""The table of what AWS cannot change in place: total, and of properties that there are."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pulumi
import pytest

import encore_aws
from encore_aws import cloud
from encore_aws.replacement import RULES
from encore_config.plan import UNKNOWN, DeclarationRef, Plan, PropertyDiff, Step, summarise
from encore_provisioner.engine.compare import compare

LINK: Final = "aws:sns/topicSubscription:TopicSubscription"
SOURCES: Final = sorted(Path(encore_aws.__path__[0]).rglob("*.py"))


def made_in(source: str) -> Iterator[type[pulumi.Resource]]:
    """The classes of Pulumi's that a module calls as ``sqs.Queue(…)``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            where = node.func.value
            module = getattr(cloud, where.id, None) if isinstance(where, ast.Name) else None
            found = getattr(module, node.func.attr, None)
            if inspect.isclass(found) and issubclass(found, pulumi.CustomResource):
                yield found


def components_in(source: str) -> Iterator[str]:
    """The types of our own components: what ``super().__init__`` gets first."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            value = node.args[0].value
            if isinstance(value, str) and value.startswith("encore:") and value.count(":") == 2:
                yield value


CLASSES = {
    str(getattr(found, "pulumi_type", "")): found
    for path in SOURCES
    for found in made_in(path.read_text())
    if not issubclass(found, pulumi.ProviderResource)
}
COMPONENTS = {found for path in SOURCES for found in components_in(path.read_text())}


def test_every_type_that_the_program_makes_has_a_row_and_no_other() -> None:
    assert len(CLASSES) > 20
    assert {*CLASSES, *COMPONENTS} == set(RULES)


@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_every_property_of_a_row_is_one_of_its_type(kind: str) -> None:
    """A property that AWS's types no longer have, or a slip of the pen, would force nothing."""
    rule = RULES[kind]
    parameters = inspect.signature(CLASSES[kind]._internal_init).parameters  # type: ignore[attr-defined]
    known = {_camel(name) for name in parameters}
    named = {path.partition(".")[0] for path in rule.forces | rule.switches | rule.rises} - {
        "region"
    }
    assert named <= known


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def test_what_holds_the_app_s_data_is_said_to() -> None:
    assert {kind.partition(":")[2] for kind, rule in RULES.items() if rule.holds} == {
        "elasticache/replicationGroup:ReplicationGroup",
        "rds/instance:Instance",
        "s3/bucket:Bucket",
        "secretsmanager/secret:Secret",
        "sns/topic:Topic",
        "sqs/queue:Queue",
        "sql:LogicalDatabase",
    }


def step(kind: str, called: str, needs: tuple[Step, ...] = (), /, **inputs: Any) -> Step:
    """A resource; its inputs that are None are not known, and come from ``needs``."""
    urns = tuple(found.urn for found in needs)
    open_ = [key for key, value in inputs.items() if value is None]
    return Step(
        op="create",
        type=kind,
        name=called,
        urn=f"urn:pulumi:production::shop::{kind}::{called}",
        declaration=DeclarationRef(kind="x", name=called.partition("#")[0]),
        diff=tuple(
            PropertyDiff(path=key, after=UNKNOWN if value is None else value)
            for key, value in inputs.items()
        ),
        needs=dict.fromkeys(open_ or ([""] if needs else []), urns),
    )


def plan(*steps: Step) -> Plan:
    return Plan(
        app="shop",
        environment="production",
        provider="aws",
        mode="offline",
        against="nothing",
        summary=summarise(steps),
        steps=steps,
    )


def messages(*, fifo: bool = False, subscribed: bool = True) -> Plan:
    topic = step("aws:sns/topic:Topic", "orders", name="orders", fifoTopic=fifo)
    queue = step("aws:sqs/queue:Queue", "ship", fifoQueue=fifo)
    link = step(LINK, "ship#subscription", (topic, queue), topic=None, endpoint=None)
    policy = step("aws:sqs/queuePolicy:QueuePolicy", "ship#policy", (queue,), queueUrl=None)
    return plan(topic, *((queue, link, policy) if subscribed else ()))


def test_an_order_that_is_asked_for_later_loses_the_messages_and_says_so() -> None:
    found = compare(messages(), messages(fifo=True), RULES)
    assert {item.op for item in found.steps} == {"replace"}
    assert found.losses == ("x/orders", "x/ship")


def test_a_subscription_that_goes_takes_its_messages_and_leaves_the_topic() -> None:
    found = compare(messages(), messages(subscribed=False), RULES)
    assert found.losses == ("x/ship",)
    assert [item.op for item in found.steps] == ["same", "delete", "delete", "delete"]
    assert compare(messages(subscribed=False), messages(), RULES).losses == ()


def databases(*, encrypted: bool = True, server: str = "shared") -> Plan:
    made = [
        step("aws:rds/instance:Instance", name, engine="postgres", storageEncrypted=encrypted)
        for name in ("shared", "own")
    ]
    home = made[server != "shared"]
    return plan(*made, step("encore:sql:LogicalDatabase", "orders", (home,), name="orders"))


@pytest.mark.parametrize("changed", [{"encrypted": False}, {"server": "own"}])
def test_a_database_whose_server_is_replaced_or_another_is_lost(changed: dict[str, Any]) -> None:
    assert "x/orders" in compare(databases(), databases(**changed), RULES).losses


def test_an_address_of_a_rule_may_change_but_not_its_kind() -> None:
    def rule(**source: Any) -> Plan:
        return plan(step("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "a", **source))

    other = compare(rule(cidrIpv4="10.0.0.0/8"), rule(cidrIpv4="0.0.0.0/0"), RULES)
    assert [item.op for item in other.steps] == ["update"]
    kind = compare(rule(cidrIpv4="10.0.0.0/8"), rule(cidrIpv6="::/0"), RULES)
    assert [item.op for item in kind.steps] == ["replace"]
