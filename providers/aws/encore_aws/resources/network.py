"""The network: public, compute and storage subnets in each zone, and who may reach whom.

Storage has no route out of the network, and takes connections from compute alone, on one port each.
What compute may reach outside is the choice of ``nat``. A person's own network is used as it is:
nothing is made in it but security groups.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pulumi

from encore_aws.cloud import ec2, root, ssm, vpc
from encore_aws.naming import Names
from encore_aws.stage import Note, Stage

Nat = Literal["gateway", "gateway_per_zone", "instance", "none"]
Tier = Literal["public", "compute", "storage"]

TIERS: Final[tuple[Tier, ...]] = ("public", "compute", "storage")
MOST_ZONES: Final = 3
_SLOTS: Final = 16
"""Into so many equal parts the network is cut; four for each tier, so zones can be added later."""
_ANYWHERE: Final = "0.0.0.0/0"
_PORTS: Final = {"sql": 5432, "cache": 6379}
_NAT_IMAGE: Final = "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-arm64"
_NAT_SCRIPT: Final = """#!/bin/sh
set -e
sysctl -w net.ipv4.ip_forward=1
dnf install -y nftables
nft add table ip nat
nft 'add chain ip nat postrouting { type nat hook postrouting priority 100 ; }'
nft add rule ip nat postrouting masquerade
nft list ruleset > /etc/sysconfig/nftables.conf
systemctl enable nftables
echo net.ipv4.ip_forward=1 > /etc/sysctl.d/90-nat.conf
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A network that a person has: ids of the VPC and of the subnets of each tier."""

    vpc: str
    compute: tuple[str, ...]
    storage: tuple[str, ...]
    public: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    zones: int = 2
    nat: Nat = "gateway"
    cidr: str = "10.0.0.0/16"
    own: Own | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSubnet:
    """``zone`` counts from 0; which zone that is in the region only AWS knows."""

    tier: Tier
    zone: int
    cidr: str

    @property
    def label(self) -> str:
        return f"network#{self.tier}-{self.zone}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``gateways`` are the zones that get a NAT gateway, ``endpoints`` the services of AWS that
    compute reaches without one.
    """

    name: str
    options: Options
    subnets: tuple[WantedSubnet, ...] = ()
    gateways: tuple[int, ...] = ()
    endpoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What other kinds need of the network: subnet ids by tier, and security groups."""

    subnets: Mapping[str, Sequence[pulumi.Input[str]]]
    compute: ec2.SecurityGroup
    storage: Mapping[str, ec2.SecurityGroup]


def normalise(names: Names, options: Options, services: Sequence[str] = ()) -> Wanted:
    """``services``: those of AWS that the app calls, such as ``sns``; endpoints without a NAT.

    Raises ``ValueError`` for a network that is too small or no network.
    """
    name = names.name("network")
    if options.own is not None:
        return Wanted(name=name, options=options)
    if not 2 <= options.zones <= MOST_ZONES:
        raise ValueError(f"a network lies in 2 or {MOST_ZONES} zones, not {options.zones}")
    zones = range(options.zones)
    every = {"gateway": (0,), "gateway_per_zone": tuple(zones)}
    return Wanted(
        name=name,
        options=options,
        subnets=tuple(_subnets(options)),
        gateways=every.get(options.nat, ()),
        endpoints=tuple(sorted(set(services))) if options.nat == "none" else (),
    )


def _subnets(options: Options) -> Iterator[WantedSubnet]:
    network = ipaddress.IPv4Network(options.cidr)
    if network.prefixlen > 22:
        raise ValueError(f"{options.cidr} is too small for a network: /22 at least")
    parts = list(network.subnets(prefixlen_diff=_SLOTS.bit_length() - 1))
    for number, tier in enumerate(TIERS):
        for zone in range(options.zones):
            yield WantedSubnet(tier=tier, zone=zone, cidr=str(parts[4 * number + zone]))


def create(wanted: Wanted, stage: Stage) -> tuple[Made, dict[str, Any]]:
    """What other kinds need, and the outputs: ``network`` with ids of subnets and groups."""
    own = wanted.options.own
    if own is not None:
        subnets: dict[str, Sequence[pulumi.Input[str]]] = {
            "public": own.public,
            "compute": own.compute,
            "storage": own.storage,
        }
        home: pulumi.Input[str] = own.vpc
    else:
        made = _create_vpc(wanted, stage)
        subnets, home = _create_subnets(wanted, made, stage), made.id
    compute = _group(wanted, "compute", home, stage)
    _let_compute_out(wanted, compute, stage)
    storage = {kind: _group(wanted, kind, home, stage) for kind in sorted(_PORTS)}
    for kind, group in storage.items():
        _let_in(kind, group, compute, stage)
    found = Made(subnets=subnets, compute=compute, storage=storage)
    return found, {
        "network": {
            "vpc": home,
            "subnets": {tier: list(subnets[tier]) for tier in TIERS},
            "compute_security_group": compute.id,
        }
    }


def _note(reason: str) -> Note:
    return Note(reason=reason)


def _tags(wanted: Wanted, stage: Stage, part: str = "") -> dict[str, str]:
    return {**stage.tags(None), "Name": f"{wanted.name}-{part}" if part else wanted.name}


def _create_vpc(wanted: Wanted, stage: Stage) -> ec2.Vpc:
    home = ec2.Vpc(
        "network",
        cidr_block=wanted.options.cidr,
        enable_dns_hostnames=True,
        enable_dns_support=True,
        tags=_tags(wanted, stage),
        opts=stage.options("network", _note("databases and caches are reached inside it alone")),
    )
    name = "network#default-group"
    ec2.DefaultSecurityGroup(
        name,
        vpc_id=home.id,
        tags=_tags(wanted, stage, "closed"),
        opts=stage.options(name, _note("the group that AWS makes lets nothing in or out")),
    )
    return home


def _create_subnets(
    wanted: Wanted, home: ec2.Vpc, stage: Stage
) -> dict[str, Sequence[pulumi.Input[str]]]:
    zones = root.get_availability_zones_output(
        state="available", filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}]
    )
    made: dict[tuple[Tier, int], ec2.Subnet] = {}
    for subnet in wanted.subnets:
        made[subnet.tier, subnet.zone] = ec2.Subnet(
            subnet.label,
            vpc_id=home.id,
            cidr_block=subnet.cidr,
            availability_zone=zones.names[subnet.zone],
            map_public_ip_on_launch=False,
            tags=_tags(wanted, stage, f"{subnet.tier}-{subnet.zone}"),
            opts=stage.options(subnet.label, _note(_PURPOSE[subnet.tier])),
        )
    outside = _open_public(wanted, home, made, stage)
    tables = {
        (tier, zone): _table(wanted, tier, zone, home, subnet, stage)
        for (tier, zone), subnet in made.items()
        if tier != "public"
    }
    compute = [table for (tier, _), table in tables.items() if tier == "compute"]
    _let_out(wanted, made, compute, outside, stage)
    _reach_aws(wanted, home, made, compute, stage)
    return {tier: [subnet.id for (of, _), subnet in made.items() if of == tier] for tier in TIERS}


_PURPOSE: Final[dict[Tier, str]] = {
    "public": "what the internet may reach: load balancers and NAT",
    "compute": "where the app's containers run",
    "storage": "databases and caches; no route leads out of it",
}


def _open_public(
    wanted: Wanted, home: ec2.Vpc, made: Mapping[tuple[Tier, int], ec2.Subnet], stage: Stage
) -> ec2.Route:
    name = "network#internet"
    gateway = ec2.InternetGateway(
        name,
        vpc_id=home.id,
        tags=_tags(wanted, stage),
        opts=stage.options(name, _note("the public subnets' way to the internet")),
    )
    table = _table(wanted, "public", None, home, None, stage)
    for (tier, zone), subnet in made.items():
        if tier == "public":
            _associate(f"network#public-{zone}-routes", subnet, table, stage)
    name = "network#public-internet"
    return ec2.Route(
        name,
        route_table_id=table.id,
        destination_cidr_block=_ANYWHERE,
        gateway_id=gateway.id,
        opts=stage.options(name, _note("from the public subnets to the internet")),
    )


def _table(
    wanted: Wanted,
    tier: Tier,
    zone: int | None,
    home: ec2.Vpc,
    subnet: ec2.Subnet | None,
    stage: Stage,
) -> ec2.RouteTable:
    part = tier if zone is None else f"{tier}-{zone}"
    name = f"network#{part}-table"
    table = ec2.RouteTable(
        name,
        vpc_id=home.id,
        tags=_tags(wanted, stage, part),
        opts=stage.options(name, _note(f"the routes of {tier} subnets")),
    )
    if subnet is not None:
        _associate(f"network#{part}-routes", subnet, table, stage)
    return table


def _associate(name: str, subnet: ec2.Subnet, table: ec2.RouteTable, stage: Stage) -> None:
    ec2.RouteTableAssociation(
        name,
        subnet_id=subnet.id,
        route_table_id=table.id,
        opts=stage.options(name, _note("gives the subnet its routes")),
    )


def _let_out(
    wanted: Wanted,
    made: Mapping[tuple[Tier, int], ec2.Subnet],
    compute: Sequence[ec2.RouteTable],
    outside: ec2.Route,
    stage: Stage,
) -> None:
    """Routes from compute to the internet, by gateways or by one small machine."""
    gateways = [
        _gateway(wanted, zone, made["public", zone], outside, stage) for zone in wanted.gateways
    ]
    machine = (
        _machine(wanted, made["public", 0], stage) if wanted.options.nat == "instance" else None
    )
    for zone, table in enumerate(compute):
        name = f"network#compute-{zone}-internet"
        way: dict[str, Any]
        if gateways:
            way = {"nat_gateway_id": gateways[zone % len(gateways)].id}
        elif machine is not None:
            way = {"network_interface_id": machine.primary_network_interface_id}
        else:
            return
        ec2.Route(
            name,
            route_table_id=table.id,
            destination_cidr_block=_ANYWHERE,
            **way,
            opts=stage.options(name, _note("so that the app can call others' APIs")),
        )


def _gateway(
    wanted: Wanted, zone: int, subnet: ec2.Subnet, outside: ec2.Route, stage: Stage
) -> ec2.NatGateway:
    name = f"network#nat-{zone}-address"
    address = ec2.Eip(
        name,
        domain="vpc",
        tags=_tags(wanted, stage, f"nat-{zone}"),
        opts=stage.options(name, _note("the address from which the app calls others")),
    )
    name = f"network#nat-{zone}"
    return ec2.NatGateway(
        name,
        allocation_id=address.id,
        subnet_id=subnet.id,
        tags=_tags(wanted, stage, f"nat-{zone}"),
        opts=stage.options(name, _note("compute's way to the internet"), needs=[outside]),
    )


def _machine(wanted: Wanted, subnet: ec2.Subnet, stage: Stage) -> ec2.Instance:
    """A machine that forwards packets: a tenth of a gateway's price, and one that can fail."""
    name = "network#nat-group"
    group = ec2.SecurityGroup(
        name,
        name=stage.names.name("security-group", "nat"),
        description="Lets the compute subnets out to the internet",
        vpc_id=subnet.vpc_id,
        ingress=[
            {
                "protocol": "-1",
                "from_port": 0,
                "to_port": 0,
                "cidr_blocks": [s.cidr for s in wanted.subnets if s.tier == "compute"],
            }
        ],
        egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [_ANYWHERE]}],
        tags=_tags(wanted, stage, "nat"),
        opts=stage.options(name, _note("only compute may send through the machine")),
    )
    image = ssm.get_parameter_output(name=_NAT_IMAGE)
    name = "network#nat"
    return ec2.Instance(
        name,
        ami=image.value,
        instance_type="t4g.nano",
        subnet_id=subnet.id,
        associate_public_ip_address=True,
        source_dest_check=False,
        vpc_security_group_ids=[group.id],
        metadata_options={"http_tokens": "required", "http_endpoint": "enabled"},
        root_block_device={"encrypted": True, "volume_type": "gp3"},
        user_data=_NAT_SCRIPT,
        tags=_tags(wanted, stage, "nat"),
        opts=stage.options(name, _note("compute's way to the internet")),
    )


def _reach_aws(
    wanted: Wanted,
    home: ec2.Vpc,
    made: Mapping[tuple[Tier, int], ec2.Subnet],
    compute: Sequence[ec2.RouteTable],
    stage: Stage,
) -> None:
    """S3 by a free endpoint, always; other services by paid ones where there is no NAT."""
    region = root.get_region_output().region
    name = "network#s3"
    ec2.VpcEndpoint(
        name,
        vpc_id=home.id,
        service_name=pulumi.Output.concat("com.amazonaws.", region, ".s3"),
        vpc_endpoint_type="Gateway",
        route_table_ids=[table.id for table in compute],
        tags=_tags(wanted, stage, "s3"),
        opts=stage.options(name, _note("objects need no NAT, which is paid by the gigabyte")),
    )
    if not wanted.endpoints:
        return
    group = _endpoint_group(wanted, home, stage)
    for service in wanted.endpoints:
        name = f"network#endpoint-{service}"
        ec2.VpcEndpoint(
            name,
            vpc_id=home.id,
            service_name=pulumi.Output.concat("com.amazonaws.", region, ".", service),
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            security_group_ids=[group.id],
            subnet_ids=[subnet.id for (tier, _), subnet in made.items() if tier == "compute"],
            tags=_tags(wanted, stage, service),
            opts=stage.options(name, _note(f"the app reaches {service} without a NAT")),
        )


def _endpoint_group(wanted: Wanted, home: ec2.Vpc, stage: Stage) -> ec2.SecurityGroup:
    name = "network#endpoints-group"
    return ec2.SecurityGroup(
        name,
        name=stage.names.name("security-group", "endpoints"),
        description="Lets compute reach the services of AWS",
        vpc_id=home.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 443,
                "to_port": 443,
                "cidr_blocks": [s.cidr for s in wanted.subnets if s.tier == "compute"],
            }
        ],
        egress=[],
        tags=_tags(wanted, stage, "endpoints"),
        opts=stage.options(name, _note("endpoints take connections from compute alone")),
    )


_GROUPS: Final = {
    "compute": "what the app's containers belong to",
    "sql": "databases take connections from compute alone",
    "cache": "caches take connections from compute alone",
}


def _group(wanted: Wanted, kind: str, home: pulumi.Input[str], stage: Stage) -> ec2.SecurityGroup:
    name = f"network#{kind}-group"
    return ec2.SecurityGroup(
        name,
        name=stage.names.name("security-group", kind),
        description=_GROUPS[kind].capitalize(),
        vpc_id=home,
        # Rules stand on their own: one that is written here would fight with those.
        tags=_tags(wanted, stage, kind),
        opts=stage.options(name, _note(_GROUPS[kind])),
    )


def _let_compute_out(wanted: Wanted, compute: ec2.SecurityGroup, stage: Stage) -> None:
    """Anywhere where there is a way to the internet, else over TLS to the endpoints of AWS."""
    open_ = wanted.options.nat != "none" or wanted.options.own is not None
    name = "network#compute-out"
    vpc.SecurityGroupEgressRule(
        name,
        security_group_id=compute.id,
        cidr_ipv4=_ANYWHERE,
        ip_protocol="-1" if open_ else "tcp",
        from_port=None if open_ else 443,
        to_port=None if open_ else 443,
        description="compute to the outside",
        opts=stage.options(name, _note("the app calls AWS, and others where there is a NAT")),
    )


def _let_in(kind: str, group: ec2.SecurityGroup, compute: ec2.SecurityGroup, stage: Stage) -> None:
    name = f"network#{kind}-from-compute"
    vpc.SecurityGroupIngressRule(
        name,
        security_group_id=group.id,
        referenced_security_group_id=compute.id,
        ip_protocol="tcp",
        from_port=_PORTS[kind],
        to_port=_PORTS[kind],
        description=f"compute to {kind}",
        opts=stage.options(name, _note("the one port, from the one group")),
    )
    name = f"network#compute-to-{kind}"
    vpc.SecurityGroupEgressRule(
        name,
        security_group_id=compute.id,
        referenced_security_group_id=group.id,
        ip_protocol="tcp",
        from_port=_PORTS[kind],
        to_port=_PORTS[kind],
        description=f"compute to {kind}",
        opts=stage.options(name, _note("the one port, to the one group")),
    )
