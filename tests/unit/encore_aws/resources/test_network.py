"""The network: storage is reached from compute alone, and nothing leads out of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.aws_program import NAMES, by_name, run

from encore_aws.resources import network
from encore_aws.resources.network import Nat, Options, Own
from encore_aws.stage import Stage
from encore_provisioner.engine.recording import Recorded

OWN = Own(vpc="vpc-1", compute=("subnet-1", "subnet-2"), storage=("subnet-3", "subnet-4"))
CHOICES: tuple[Nat, ...] = ("gateway", "gateway_per_zone", "instance", "none")


def made(
    options: Options | None = None, services: tuple[str, ...] = ()
) -> tuple[dict[str, Recorded], Mapping[str, Any]]:
    wanted = network.normalise(NAMES, options or Options(), services)

    def create(stage: Stage) -> Mapping[str, Any]:
        return network.create(wanted, stage)[1]

    found, notes = run(create, made=True)
    resources = by_name(found)
    assert set(notes) == set(resources)
    return resources, found.outputs


def of_type(found: dict[str, Recorded], kind: str) -> list[Recorded]:
    return [r for r in found.values() if r.type.rpartition(":")[2] == kind]


@pytest.mark.parametrize("zones", [2, 3])
def test_each_zone_has_a_subnet_of_each_tier_and_none_overlap(zones: int) -> None:
    found, outputs = made(Options(zones=zones))
    subnets = of_type(found, "Subnet")
    assert len(subnets) == 3 * zones
    blocks = [ipaddress.IPv4Network(subnet.inputs["cidrBlock"]) for subnet in subnets]
    whole = ipaddress.IPv4Network("10.0.0.0/16")
    assert all(block.subnet_of(whole) for block in blocks)
    assert not any(a.overlaps(b) for a in blocks for b in blocks if a is not b)
    assert not any(subnet.inputs["mapPublicIpOnLaunch"] for subnet in subnets)
    assert {len(listed) for listed in outputs["network"]["subnets"].values()} == {zones}


def test_a_zone_more_moves_no_subnet() -> None:
    two, three = (made(Options(zones=zones))[0] for zones in (2, 3))
    for name, subnet in two.items():
        if subnet.type.endswith(":Subnet"):
            assert three[name].inputs["cidrBlock"] == subnet.inputs["cidrBlock"]


@pytest.mark.parametrize("nat", CHOICES)
def test_no_route_leads_out_of_storage(nat: Nat) -> None:
    found, _ = made(Options(nat=nat))
    tables = {r.inputs["routeTableId"] for r in of_type(found, "Route")}
    assert tables
    assert not any("storage" in table for table in tables)
    used = {
        r.inputs["routeTableId"] for name, r in found.items() if name.startswith("network#storage")
        and r.type.endswith(":RouteTableAssociation")
    }  # fmt: skip
    assert len(used) == 2
    assert all("storage" in table for table in used)


@pytest.mark.parametrize(
    ("nat", "gateways", "machines", "ways"),
    [("gateway", 1, 0, 2), ("gateway_per_zone", 2, 0, 2), ("instance", 0, 1, 2), ("none", 0, 0, 0)],
)
def test_the_way_out_of_compute_is_a_choice(
    nat: Nat, gateways: int, machines: int, ways: int
) -> None:
    found, _ = made(Options(nat=nat))
    assert len(of_type(found, "NatGateway")) == len(of_type(found, "Eip")) == gateways
    assert len(of_type(found, "Instance")) == machines
    routes = [name for name in found if name.startswith("network#compute-")]
    assert sum(found[name].type.endswith(":Route") for name in routes) == ways


def test_without_a_nat_the_services_that_are_used_have_endpoints() -> None:
    found, _ = made(Options(nat="none"), services=("sqs", "sns", "sqs"))
    endpoints = {r.name: r.inputs["vpcEndpointType"] for r in of_type(found, "VpcEndpoint")}
    assert endpoints == {
        "network#s3": "Gateway",
        "network#endpoint-sns": "Interface",
        "network#endpoint-sqs": "Interface",
    }
    out = found["network#compute-out"].inputs
    assert (out["ipProtocol"], out["fromPort"], out["toPort"]) == ("tcp", 443, 443)
    with_nat, _ = made(Options(nat="gateway"), services=("sqs",))
    assert [r.name for r in of_type(with_nat, "VpcEndpoint")] == ["network#s3"]


@pytest.mark.parametrize("options", [Options(), Options(own=OWN)], ids=["made", "own"])
def test_only_compute_reaches_storage_and_on_one_port(options: Options) -> None:
    found, _ = made(options)
    rules = of_type(found, "SecurityGroupIngressRule")
    assert {(r.inputs["fromPort"], r.inputs["toPort"]) for r in rules} == {
        (5432, 5432),
        (6379, 6379),
    }
    for rule in rules:
        assert "compute" in rule.inputs["referencedSecurityGroupId"]
        assert rule.inputs["ipProtocol"] == "tcp"
        assert "cidrIpv4" not in rule.inputs


def test_the_group_that_aws_makes_lets_nothing_through() -> None:
    found, _ = made()
    closed = found["network#default-group"].inputs
    assert "ingress" not in closed
    assert "egress" not in closed


def test_a_network_of_ones_own_gets_security_groups_and_nothing_else() -> None:
    found, outputs = made(Options(own=OWN))
    assert {r.type.rpartition(":")[2] for r in found.values()} == {
        "SecurityGroup",
        "SecurityGroupEgressRule",
        "SecurityGroupIngressRule",
    }
    assert {r.inputs["vpcId"] for r in of_type(found, "SecurityGroup")} == {"vpc-1"}
    assert outputs["network"]["subnets"]["storage"] == ["subnet-3", "subnet-4"]


def test_the_machine_that_forwards_is_closed_but_for_compute() -> None:
    found, _ = made(Options(nat="instance"))
    machine = found["network#nat"].inputs
    assert machine["metadataOptions"]["httpTokens"] == "required"
    assert machine["rootBlockDevice"]["encrypted"] is True
    assert machine["sourceDestCheck"] is False
    [rule] = found["network#nat-group"].inputs["ingress"]
    compute = {
        r.inputs["cidrBlock"] for name, r in found.items() if name.startswith("network#compute-")
        and r.type.endswith(":Subnet")
    }  # fmt: skip
    assert set(rule["cidrBlocks"]) == compute


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (Options(zones=1), "2 or 3 zones, not 1"),
        (Options(zones=4), "2 or 3 zones, not 4"),
        (Options(cidr="10.0.0.0/24"), "too small"),
        (Options(cidr="10.0.0.1/16"), "has host bits set"),
    ],
)
def test_what_is_no_network_is_refused(options: Options, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        network.normalise(NAMES, options)
