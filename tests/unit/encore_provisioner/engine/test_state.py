"""What Pulumi's state says is there."""

from __future__ import annotations

from typing import Any

from tests.support.engine_events import HIDDEN, STACK
from tests.support.steps import SERVER, SUBNETS, VPC

from encore_config.plan import SECRET
from encore_provisioner.engine.state import NOTHING, fingerprint, read


def resource(urn: str, type_: str, **more: Any) -> dict[str, Any]:
    return {"urn": urn, "type": type_, "custom": True, **more}


def export(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": list(resources), **more}}


def test_a_fingerprint_is_that_of_what_is_there() -> None:
    one = resource(VPC.urn, VPC.type, id="vpc-1", outputs={"word": {**HIDDEN, "ciphertext": "a"}})
    same = {**one, "outputs": {"word": {**HIDDEN, "ciphertext": "b"}}}
    first = fingerprint(export(one, manifest={"time": "1"}))
    assert fingerprint(export(same, manifest={"time": "2"})) == first
    assert fingerprint(export(one)["deployment"]) == first
    two = resource(SUBNETS.urn, SUBNETS.type, dependencies=[VPC.urn, STACK])
    turned = {**two, "dependencies": [STACK, VPC.urn], "modified": "later"}
    assert fingerprint(export(one, two)) == fingerprint(export(turned, one))
    others = (
        export(one, resource(SUBNETS.urn, SUBNETS.type)),
        export({**one, "id": "vpc-2"}),
        export({**one, "protect": True}),
        export({**one, "outputs": {"word": "a"}}),
    )
    assert len({first, *map(fingerprint, others)}) == 5
    assert fingerprint(export()) == fingerprint({}) == NOTHING


def test_resources_come_in_their_order_without_the_stack_and_providers() -> None:
    provider = "pulumi:providers:aws"
    found = read(
        export(
            resource(STACK, "pulumi:pulumi:Stack", outputs={"region": "eu-north-1"}),
            resource(f"urn:pulumi:p::s::{provider}::aws", provider),
            resource(VPC.urn, VPC.type, id="vpc-1", inputs={"cidrBlock": "10.0.0.0/16"}),
            resource(SUBNETS.urn, SUBNETS.type, protect=True),
        )
    )
    assert [item.urn for item in found.resources] == [VPC.urn, SUBNETS.urn]
    assert found.outputs == {"region": "eu-north-1"}
    first, second = found.resources
    assert (first.id, first.inputs, first.protect, second.protect) == (
        "vpc-1",
        {"cidrBlock": "10.0.0.0/16"},
        False,
        True,
    )
    assert (first.name, second.name) == ("network", "database#subnets")


def test_no_secret_is_taken_over_encrypted_or_not() -> None:
    found = read(
        export(
            resource(
                VPC.urn,
                VPC.type,
                inputs={
                    "a": {**HIDDEN, "ciphertext": "v1:abc"},
                    "b": [{**HIDDEN, "plaintext": "x"}],
                },
            )
        )
    )
    assert found.resources[0].inputs == {"a": SECRET, "b": [SECRET]}
    assert "v1:abc" not in repr(found)


def test_needs_are_by_property_and_the_rest_under_nothing() -> None:
    (found,) = read(
        export(
            resource(
                SERVER.urn,
                SERVER.type,
                propertyDependencies={"subnets": [SUBNETS.urn], "name": [], "none": None},
                dependencies=[SUBNETS.urn, VPC.urn],
            )
        )
    ).resources
    assert found.needs == {"subnets": (SUBNETS.urn,), "": (VPC.urn,)}


def test_what_was_replaced_and_waits_for_its_end_is_not_the_resource_itself() -> None:
    found = read(
        export(
            resource(VPC.urn, VPC.type, id="new"),
            resource(VPC.urn, VPC.type, id="old", delete=True),
        )
    )
    assert [item.doomed for item in found.resources] == [False, True]
    assert found.by_urn[VPC.urn].id == "new"


def test_nothing_is_there_before_the_first_apply() -> None:
    for document in ({}, {"version": 3, "deployment": {}}, {"deployment": {"resources": None}}):
        found = read(document)
        assert (found.resources, found.outputs) == ((), {})


def test_the_bridge_s_own_notes_are_no_properties() -> None:
    inputs = {"tags": {"__defaults": [], "team": "shop"}, "__defaults": ["tags"]}
    (found,) = read(export(resource(VPC.urn, VPC.type, inputs=inputs))).resources
    assert found.inputs == {"tags": {"team": "shop"}}


def test_outputs_keep_what_is_null() -> None:
    outputs = {"service": None, "secret": {**HIDDEN, "ciphertext": "v1:abc"}}
    found = read(export(resource(STACK, "pulumi:pulumi:Stack", outputs=outputs)))
    assert found.outputs == {"service": None, "secret": SECRET}
