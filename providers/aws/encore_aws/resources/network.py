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

from encore_aws import defaults, nat_machine
from encore_aws.cloud import ec2, root, vpc
from encore_aws.mistakes import LARGEST_NETWORK, SMALLEST_NETWORK
from encore_aws.naming import Names
from encore_aws.resources.container import PORT
from encore_aws.settings import Network as Options
from encore_aws.settings import Settings
from encore_aws.stage import Note, Stage
from encore_config.diagnostics import Diagnostic
from encore_config.graph import Graph

Tier = Literal["public", "compute", "storage"]

TIERS: Final[tuple[Tier, ...]] = ("public", "compute", "storage")
MOST_ZONES: Final = 3
_SLOTS: Final = 16
"""Into so many equal parts the network is cut; four for each tier, so zones can be added later."""
_ANYWHERE: Final = "0.0.0.0/0"
PORTS: Final = {"sql": 5432, "cache": 6379}
_CHINA: Final = "aws-cn"
_CONTAINERS: Final = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
"""What a container needs before the app runs: its image, its secrets, and a place for its logs."""
_BY_TRUST: Final = {"ecs": (), "ec2": (), "eks": ("eks-auth",)}
"""How a container gets the keys of its role, where that is a call; anybody else calls STS."""


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
    compute reaches without one. ``own`` is a network that is there, with the ids of its subnets.

    ``peers``: containers call each other. ``key``: the ARN of a key of the person's own.
    """

    name: str
    region: str
    options: Options
    peers: bool
    key: str | None
    own: Mapping[str, tuple[str, ...]] | None = None
    subnets: tuple[WantedSubnet, ...] = ()
    gateways: tuple[int, ...] = ()
    endpoints: tuple[str, ...] = ()

    def cidrs(self, tier: Tier) -> list[str]:
        return [subnet.cidr for subnet in self.subnets if subnet.tier == tier]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What other kinds need of the network: subnet ids by tier, and security groups."""

    subnets: Mapping[str, Sequence[pulumi.Input[str]]]
    compute: ec2.SecurityGroup
    storage: Mapping[str, ec2.SecurityGroup]


def normalise(graph: Graph, settings: Settings, names: Names) -> Wanted:
    """Raises ``ValueError`` for what is no network; the settings' findings say it better."""
    options = settings.network
    zones = tuple(range(options.zones))
    gateways = {"gateway": zones[:1], "gateway_per_zone": zones}
    is_own = options.vpc is not None
    return Wanted(
        name=names.name("network"),
        region=settings.region,
        options=options,
        peers=settings.containers.layout == "per-service",
        key=settings.key,
        own=_own(options) if is_own else None,
        subnets=() if is_own else tuple(_subnets(options)),
        gateways=() if is_own else gateways.get(options.nat, ()),
        endpoints=() if is_own or options.nat != "none" else endpoints(graph, settings),
    )


def _own(options: Options) -> dict[str, tuple[str, ...]]:
    return {tier: getattr(options.subnets, tier, None) or () for tier in TIERS}


def endpoints(graph: Graph, settings: Settings) -> tuple[str, ...]:
    """The services of AWS that compute calls, S3 aside, sorted.

    Not among them is what others call for the app: KMS is called by SNS, SQS, S3 and Secrets
    Manager, and databases and caches lie in the network themselves.
    """
    found = {*_CONTAINERS, *_BY_TRUST.get(settings.containers.trust, ("sts",))}
    if graph.topics:
        found.add("sns")
    if graph.subscriptions:
        found.add("sqs")
    if settings.namespace is not None:
        found.add("monitoring")
    return tuple(sorted(found))


def _subnets(options: Options) -> Iterator[WantedSubnet]:
    network = ipaddress.IPv4Network(options.cidr)
    if not LARGEST_NETWORK <= network.prefixlen <= SMALLEST_NETWORK:
        sizes = f"/{LARGEST_NETWORK} to /{SMALLEST_NETWORK}"
        raise ValueError(f"{options.cidr} is no size for a network: {sizes}")
    if not 2 <= options.zones <= MOST_ZONES:
        raise ValueError(f"a network lies in 2 or {MOST_ZONES} zones, not {options.zones}")
    parts = list(network.subnets(prefixlen_diff=_SLOTS.bit_length() - 1))
    for number, tier in enumerate(TIERS):
        for zone in range(options.zones):
            yield WantedSubnet(tier=tier, zone=zone, cidr=str(parts[4 * number + zone]))


def create(wanted: Wanted, stage: Stage) -> tuple[Made, dict[str, Any]]:
    """What other kinds need, and the outputs: ``network`` with ids of subnets and groups."""
    home: pulumi.Input[str]
    subnets: Mapping[str, Sequence[pulumi.Input[str]]]
    if wanted.own is not None:
        subnets, home = dict(wanted.own.items()), wanted.options.vpc or ""
    else:
        made = _create_vpc(wanted, stage)
        subnets, home = _create_subnets(wanted, made, stage), made.id
    compute = _group(wanted, "compute", home, stage)
    _let_compute_out(wanted, compute, stage)
    storage = {kind: _group(wanted, kind, home, stage) for kind in sorted(PORTS)}
    for kind, group in storage.items():
        _let_in(kind, PORTS[kind], group, compute, stage)
    if wanted.peers:
        _let_in("compute", PORT, compute, compute, stage)
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
        state="available",
        filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
        # Fargate runs nothing there, and old accounts are given this zone of Tokyo's all the same.
        exclude_zone_ids=["apne1-az3"],
        opts=stage.question,
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
            # A zone that AWS opens later may come before others; no subnet moves for that.
            opts=stage.options(
                subnet.label, _note(_PURPOSE[subnet.tier]), ignore=["availabilityZone"]
            ),
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
    if gateways:
        ways = [{"nat_gateway_id": gateway.id} for gateway in gateways]
    elif wanted.options.nat == "instance":
        machine = nat_machine.create(
            made["public", 0],
            outside,
            stage,
            sources=wanted.cidrs("compute"),
            key=wanted.key,
            tags=_tags(wanted, stage, "nat"),
        )
        ways = [{"network_interface_id": machine.id}]
    else:
        return
    for zone, table in enumerate(compute):
        name = f"network#compute-{zone}-internet"
        ec2.Route(
            name,
            route_table_id=table.id,
            destination_cidr_block=_ANYWHERE,
            **ways[zone % len(ways)],
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


def _reach_aws(
    wanted: Wanted,
    home: ec2.Vpc,
    made: Mapping[tuple[Tier, int], ec2.Subnet],
    compute: Sequence[ec2.RouteTable],
    stage: Stage,
) -> None:
    """S3 by a free endpoint, always; other services by paid ones where there is no NAT."""
    prefix = f"com.amazonaws.{wanted.region}"
    name = "network#s3"
    ec2.VpcEndpoint(
        name,
        vpc_id=home.id,
        service_name=f"{prefix}.s3",
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
            service_name=f"{prefix}.{service}",
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
                "cidr_blocks": wanted.cidrs("compute"),
            }
        ],
        egress=[],
        tags=_tags(wanted, stage, "endpoints"),
        opts=stage.options(name, _note("endpoints take connections from compute alone")),
    )


_GROUPS: Final = {
    # These are descriptions too, and an apostrophe is nothing that AWS takes there.
    "compute": "what all containers of the app belong to",
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
    open_ = wanted.options.nat != "none" or wanted.own is not None
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


def _let_in(
    kind: str, port: int, group: ec2.SecurityGroup, compute: ec2.SecurityGroup, stage: Stage
) -> None:
    name = f"network#{kind}-from-compute"
    vpc.SecurityGroupIngressRule(
        name,
        security_group_id=group.id,
        referenced_security_group_id=compute.id,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description=f"compute to {kind}",
        opts=stage.options(name, _note("the one port, from the one group")),
    )
    name = f"network#compute-to-{kind}"
    vpc.SecurityGroupEgressRule(
        name,
        security_group_id=compute.id,
        referenced_security_group_id=group.id,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description=f"compute to {kind}",
        opts=stage.options(name, _note("the one port, to the one group")),
    )


def findings(graph: Graph, settings: Settings, _: Names) -> Iterator[Diagnostic]:
    """What breaks without a way to the internet."""
    if settings.network.vpc is not None or settings.network.nat != "none":
        return
    where = f"environments.{settings.environment}.network.nat"
    if settings.partition == _CHINA:
        yield Diagnostic(
            code="E9223",
            severity="error",
            message=f"{where}: in {settings.region} some services call their endpoints otherwise "
            "than elsewhere, so encore-infra makes none and the app would reach no service of AWS",
            hint="choose `instance` or `gateway`, or a network of your own",
        )
        return
    reached = endpoints(graph, settings)
    price = round(defaults.ENDPOINT_A_MONTH * len(reached) * settings.network.zones)
    yield Diagnostic(
        code="W9220",
        severity="warning",
        message=f"{where} is none: calls to any API outside AWS time out, and so do images of "
        f"other registries than ECR; what works is s3, {', '.join(reached)}, databases and caches",
        hint="choose `instance` or `gateway` if the app calls others; "
        f"{len(reached)} endpoints in {settings.network.zones} zones cost about ${price} a month",
    )
