"""The network: storage is reached from compute alone, and nothing leads out of it."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, run, settings_of
from tests.support.graphs import bucket, graph, subscription, topic

from encore_aws.resources import container, network
from encore_aws.resources.network import endpoints
from encore_aws.settings import Settings
from encore_aws.stage import Stage
from encore_config.environment import Containers, MetricsSettings, Nat, Subnets
from encore_config.environment import Network as Given
from encore_config.graph import Graph
from encore_provisioner.engine.recording import Recorded

APP = graph(topics=(topic("orders"),), subscriptions=(subscription("orders", "ship"),))
OWN = Given(
    vpc="vpc-1",
    subnets=Subnets(compute=("subnet-1", "subnet-2"), storage=("subnet-3", "subnet-4")),
)
CHOICES: tuple[Nat, ...] = ("gateway", "gateway_per_zone", "instance", "none")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
ALWAYS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")


def settings(given: Given | None = None, **keys: Any) -> Settings:
    """In two zones with a NAT gateway, unless ``given`` says otherwise."""
    found = settings_of("development", network=given, **keys)
    plain = given is None or (given.nat is None and given.vpc is None)
    options = replace(found.network, nat="gateway") if plain else found.network
    return replace(found, network=options)


def made(
    given: Given | None = None, app: Graph = APP, **keys: Any
) -> tuple[dict[str, Recorded], Mapping[str, Any]]:
    wanted = network.normalise(app, settings(given, **keys), NAMES)

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
    found, outputs = made(Given(zones=zones))
    subnets = of_type(found, "Subnet")
    assert len(subnets) == 3 * zones
    blocks = [ipaddress.IPv4Network(subnet.inputs["cidrBlock"]) for subnet in subnets]
    whole = ipaddress.IPv4Network("10.0.0.0/16")
    assert all(block.subnet_of(whole) for block in blocks)
    assert not any(a.overlaps(b) for a in blocks for b in blocks if a is not b)
    assert not any(subnet.inputs["mapPublicIpOnLaunch"] for subnet in subnets)
    assert {len(listed) for listed in outputs["network"]["subnets"].values()} == {zones}


def test_a_zone_more_moves_no_subnet() -> None:
    two, three = (made(Given(zones=zones))[0] for zones in (2, 3))
    for name, subnet in two.items():
        if subnet.type.endswith(":Subnet"):
            assert three[name].inputs["cidrBlock"] == subnet.inputs["cidrBlock"]


@pytest.mark.parametrize("nat", CHOICES)
def test_no_route_leads_out_of_storage(nat: Nat) -> None:
    found, _ = made(Given(nat=nat))
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
    found, _ = made(Given(nat=nat))
    assert len(of_type(found, "NatGateway")) == gateways
    assert len(of_type(found, "Instance")) == len(of_type(found, "NetworkInterface")) == machines
    assert len(of_type(found, "Eip")) == gateways + machines
    routes = [name for name in found if name.startswith("network#compute-")]
    assert sum(found[name].type.endswith(":Route") for name in routes) == ways


def test_without_a_nat_the_services_that_are_used_have_endpoints() -> None:
    found, _ = made(Given(nat="none"))
    all_ = of_type(found, "VpcEndpoint")
    assert {r.name: r.inputs["vpcEndpointType"] for r in all_} == {
        "network#s3": "Gateway",
        **{f"network#endpoint-{name}": "Interface" for name in (*ALWAYS, "sns", "sqs")},
    }
    for endpoint in all_:
        name = endpoint.name.partition("#")[2].removeprefix("endpoint-")
        assert endpoint.inputs["serviceName"] == f"com.amazonaws.{REGION}.{name}"
    compute = {r.name for r in of_type(found, "Subnet") if "compute" in r.name}
    assert set(found["network#endpoint-sqs"].inputs["subnetIds"]) == compute
    assert found["network#endpoint-sqs"].inputs["privateDnsEnabled"] is True
    out = found["network#compute-out"].inputs
    assert (out["ipProtocol"], out["fromPort"], out["toPort"]) == ("tcp", 443, 443)
    with_nat, _ = made(Given(nat="gateway"))
    assert [r.name for r in of_type(with_nat, "VpcEndpoint")] == ["network#s3"]


@pytest.mark.parametrize(
    ("app", "keys", "more"),
    [
        (graph(), {}, ()),
        (graph(buckets=(bucket("files", public=True),)), {}, ()),
        (graph(topics=(topic("orders"),)), {}, ("sns",)),
        (APP, {}, ("sns", "sqs")),
        (
            graph(),
            {"metrics": MetricsSettings(exporter="cloudwatch", namespace="shop")},
            ("monitoring",),
        ),
        (graph(), {"trust": "eks"}, ("eks-auth",)),
        (graph(), {"trust": "ec2"}, ()),
        (graph(), {"trust": f"arn:aws:iam::{ACCOUNT}:role/runner"}, ("sts",)),
        (graph(), {"key": KEY}, ()),
    ],
    ids=["nothing", "buckets", "topics", "queues", "metrics", "eks", "ec2", "a role", "a key"],
)
def test_what_the_app_calls_has_an_endpoint(
    app: Graph, keys: dict[str, Any], more: tuple[str, ...]
) -> None:
    assert endpoints(app, settings_of(**keys)) == tuple(sorted({*ALWAYS, *more}))


@pytest.mark.parametrize("given", [Given(), OWN], ids=["made", "own"])
def test_only_compute_reaches_storage_and_on_one_port(given: Given) -> None:
    found, _ = made(given)
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


@pytest.mark.parametrize("given", [Given(nat="none"), OWN], ids=["made", "own"])
def test_containers_of_their_own_reach_each_other_on_the_one_port(given: Given) -> None:
    parts = {"network#compute-from-compute", "network#compute-to-compute"}
    assert not parts & made(given, containers=Containers(layout="combined"))[0].keys()
    found, _ = made(given, containers=Containers(layout="per-service"))
    assert parts <= found.keys()
    rule = found["network#compute-from-compute"].inputs
    assert (rule["fromPort"], rule["toPort"]) == (container.PORT, container.PORT)
    assert rule["referencedSecurityGroupId"] == rule["securityGroupId"]


def test_a_network_of_ones_own_gets_security_groups_and_nothing_else() -> None:
    found, outputs = made(OWN)
    assert {r.type.rpartition(":")[2] for r in found.values()} == {
        "SecurityGroup",
        "SecurityGroupEgressRule",
        "SecurityGroupIngressRule",
    }
    assert {r.inputs["vpcId"] for r in of_type(found, "SecurityGroup")} == {"vpc-1"}
    assert outputs["network"]["vpc"] == "vpc-1"
    assert outputs["network"]["subnets"] == {
        "public": [],
        "compute": ["subnet-1", "subnet-2"],
        "storage": ["subnet-3", "subnet-4"],
    }


def test_a_network_of_ones_own_may_have_public_subnets() -> None:
    given = Given(
        vpc="vpc-1",
        subnets=Subnets(
            public=("subnet-9",), compute=("subnet-1",), storage=("subnet-a", "subnet-b")
        ),
    )
    assert made(given)[1]["network"]["subnets"]["public"] == ["subnet-9"]


def test_a_zone_that_aws_opens_later_moves_no_subnet() -> None:
    found, _ = made()
    assert {r.ignored for r in of_type(found, "Subnet")} == {("availabilityZone",)}


def test_the_machine_that_forwards_is_closed_but_for_compute() -> None:
    found, _ = made(Given(nat="instance"))
    machine = found["network#nat"].inputs
    assert machine["metadataOptions"]["httpTokens"] == "required"
    assert machine["rootBlockDevice"]["encrypted"] is True
    # With room for the swap that its first start needs.
    assert machine["rootBlockDevice"]["volumeSize"] == 8
    [rule] = found["network#nat-group"].inputs["ingress"]
    compute = {
        r.inputs["cidrBlock"] for name, r in found.items() if name.startswith("network#compute-")
        and r.type.endswith(":Subnet")
    }  # fmt: skip
    assert set(rule["cidrBlocks"]) == compute
    assert f"ip saddr {{ {', '.join(sorted(compute))} }} masquerade" in machine["userData"]
    own = made(Given(nat="instance"), key=KEY)[0]["network#nat"].inputs
    assert own["rootBlockDevice"]["kmsKeyId"] == KEY


def test_the_machine_can_be_replaced_and_nothing_else_changes() -> None:
    """Routes lead to the interface, which keeps its address; a newer image replaces nothing."""
    found, _ = made(Given(nat="instance"))
    interface = found["network#nat-interface"]
    assert interface.inputs["sourceDestCheck"] is False
    for zone in (0, 1):
        route = found[f"network#compute-{zone}-internet"]
        assert interface.urn in route.depends_on
        assert found["network#nat"].urn not in route.depends_on
    machine = found["network#nat"]
    # Pulumi's provider would put the second back to its default, and nothing would pass any more.
    assert set(machine.ignored) == {"ami", "sourceDestCheck"}
    assert "sourceDestCheck" not in machine.inputs
    assert machine.inputs["userDataReplaceOnChange"] is True
    [attached] = [machine.inputs["primaryNetworkInterface"]]
    assert set(attached) == {"networkInterfaceId"}
    address = found["network#nat-address"]
    assert interface.urn in address.depends_on
    # Its first start needs the way out: it may have to fetch nft.
    assert address.urn in machine.depends_on
    assert found["network#public-internet"].urn in address.depends_on


def test_the_machine_s_script_is_a_script() -> None:
    script = made(Given(nat="instance"))[0]["network#nat"].inputs["userData"]
    assert script.startswith("#!/bin/sh\n")
    checked = subprocess.run(
        ["sh", "-n"], input=script, text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "@" not in script


STUBS = ("dd", "chmod", "mkswap", "swapon", "swapoff", "rm", "sysctl", "sleep")


@pytest.mark.parametrize("there", [True, False], ids=["with nft", "without nft"])
def test_the_machine_has_memory_enough_to_fetch_what_it_lacks(there: bool, tmp_path: Path) -> None:
    """dnf is killed where there are 512 MiB and no swap; its first try may be too early."""
    script = made(Given(nat="instance"))[0]["network#nat"].inputs["userData"]
    part = script.split("/usr/local/sbin/nat <<'END'\n")[1].split("\nEND\n")[0]
    for name in STUBS:
        _stub(tmp_path, name, f"echo {name} $1")
    _stub(tmp_path, "nft.sh", "echo nft")
    (tmp_path / "nft.sh").rename(tmp_path / ("nft" if there else "later"))
    mv, test = shutil.which("mv"), f"[ -e {tmp_path}/tried ]"
    _stub(tmp_path, "dnf", f"if {test}; then {mv} {tmp_path}/later {tmp_path}/nft; fi\n"
          f": > {tmp_path}/tried; echo dnf $1; [ -e {tmp_path}/nft ]")  # fmt: skip
    shell = shutil.which("sh")
    assert shell
    done = subprocess.run(
        [shell], input=part, text=True, capture_output=True, check=True, env={"PATH": str(tmp_path)}
    )
    told = [line.split()[0] for line in done.stdout.splitlines()]
    swap = ["dd", "chmod", "mkswap", "swapon", "dnf", "sleep", "dnf", "swapoff", "rm"]
    assert told == [*([] if there else swap), "sysctl", "nft"]
    assert not done.stderr


def _stub(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"zones": 1}, "2 or 3 zones, not 1"),
        ({"zones": 4}, "2 or 3 zones, not 4"),
        ({"cidr": "10.0.0.0/24"}, "no size for a network: /16 to /22"),
        ({"cidr": "10.0.0.0/8"}, "no size for a network: /16 to /22"),
        ({"cidr": "10.0.0.1/16"}, "has host bits set"),
    ],
)
def test_what_is_no_network_is_refused(changes: dict[str, Any], told: str) -> None:
    found = settings()
    wrong = replace(found, network=replace(found.network, **changes))
    with pytest.raises(ValueError, match=told):
        network.normalise(APP, wrong, NAMES)


@pytest.mark.parametrize(
    ("given", "region", "codes"),
    [
        (Given(nat="none"), REGION, ["W9220"]),
        (Given(nat="none"), "us-gov-west-1", ["W9220"]),
        (Given(nat="none"), "cn-north-1", ["E9223"]),
        (Given(nat="instance"), "cn-north-1", []),
        (Given(nat="gateway"), REGION, []),
        (OWN, "cn-north-1", []),
    ],
)
def test_what_is_said_of_a_network_without_a_way_out(
    given: Given, region: str, codes: list[str]
) -> None:
    found = [*network.findings(APP, settings(given, region=region), NAMES)]
    assert [finding.code for finding in found] == codes
    assert all(finding.hint for finding in found)


def test_what_still_works_is_named_with_its_price() -> None:
    (found,) = network.findings(APP, settings(Given(nat="none", zones=3)), NAMES)
    assert "what works is s3, ecr.api, ecr.dkr, logs, secretsmanager, sns, sqs" in found.message
    assert found.hint is not None
    assert "6 endpoints in 3 zones cost about $131 a month" in found.hint
