"""A recording as a plan: every resource, every property, why it is there and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest

from encore_config import codec
from encore_config.plan import UNKNOWN, DeclarationRef, Permission, Plan, PropertyDiff
from encore_config.position import At
from encore_provisioner.engine.offline import offline_plan, steps
from encore_provisioner.engine.recording import Recording, record

ORDERS = DeclarationRef(kind="topic", name="orders", at=At(file="a.ts", line=1, column=2))


@dataclass(frozen=True)
class Note:
    reason: str
    declaration: DeclarationRef | None = None


class Thing(pulumi.CustomResource):
    made: pulumi.Output[str]

    def __init__(
        self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: Any
    ) -> None:
        super().__init__("test:index:Thing", name, {"made": None, **inputs}, opts)


class Group(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Group", name, None, opts)


class Cloud(pulumi.ProviderResource):
    def __init__(self) -> None:
        super().__init__("test", "cloud", {"region": "here"})


def run() -> Recording:
    def program() -> Mapping[str, Any]:
        to = pulumi.ResourceOptions(provider=Cloud())
        first = Thing("first", to, label="orders", list=[{"on": True}])
        group = Group("group", pulumi.ResourceOptions(depends_on=[first]))
        options = pulumi.ResourceOptions(
            provider=to.provider, parent=group, depends_on=[first], ignore_changes=["size"]
        )
        Thing("second", options, source=first.made, size=1)
        return {"made": first.made}

    return record(program, project="shop", stack="production")


NOTES = {
    "first": Note("is needed", ORDERS),
    "group": Note("holds others"),
    "second": Note("needs the first", ORDERS),
}


def test_each_resource_is_a_step_and_providers_are_none() -> None:
    first, group, second = steps(run(), NOTES)
    assert {first.op, group.op, second.op} == {"create"}
    assert (first.type, first.name) == ("test:index:Thing", "first")
    assert first.urn == "urn:pulumi:production::shop::test:index:Thing::first"
    assert (first.declaration, first.reason) == (ORDERS, "is needed")
    assert first.diff == (
        PropertyDiff(path="label", after="orders"),
        PropertyDiff(path="list[0].on", after=True),
    )
    assert (group.declaration, group.reason, group.diff) == (None, "holds others", ())
    assert PropertyDiff(path="source", after=UNKNOWN) in second.diff


def test_a_step_tells_what_its_values_come_from_and_what_it_waits_for() -> None:
    first, group, second = steps(run(), NOTES)
    assert first.needs == {}
    assert group.needs == {"": (first.urn,)}
    assert second.needs == {"": (group.urn,), "source": (first.urn,)}
    assert second.once == ("size",)


def test_a_resource_without_a_note_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="have no note: group, second"):
        steps(run(), {"first": NOTES["first"]})


def test_the_document_says_that_it_was_compared_with_nothing() -> None:
    def permission(name: str) -> Permission:
        return Permission(service="a", kind="topic", name=name, operation="publish", actions=("x",))

    def make(*names: str) -> Plan:
        return offline_plan(
            run(),
            NOTES,
            app="shop",
            environment="production",
            provider="aws",
            permissions=tuple(map(permission, names)),
            missing_secrets=("Key",),
        )

    found = make("b", "a")
    assert (found.mode, found.against, found.summary.create) == ("offline", "nothing", 3)
    assert [item.name for item in found.permissions] == ["a", "b"]
    assert {item.change for item in found.permissions} == {"gained"}
    assert found.unknown == 1
    assert found.missing_secrets == ("Key",)
    encoded = codec.encode(found)
    assert codec.decode(encoded, Plan) == found
    assert codec.encode(make("a", "b")) == encoded


@pytest.mark.parametrize("protect", [True, False])
def test_that_a_resource_is_protected_stands_among_its_properties(protect: bool) -> None:
    def program() -> Mapping[str, Any]:
        Thing("first", pulumi.ResourceOptions(protect=protect), label="orders")
        return {}

    (found,) = steps(record(program, project="shop", stack="production"), NOTES)
    shown = [PropertyDiff(path="protect", after=True)] if protect else []
    assert list(found.diff) == [PropertyDiff(path="label", after="orders"), *shown]
