"""Networks: what lies in them, and who may reach whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from tests.support.aws_plugin.aws import Aws, found, given, listed, told, upper
from tests.support.aws_plugin.kind import Change, Kind, names
from tests.support.aws_plugin.wire import Props

More = Callable[[Aws, Props], Props]


def with_tags(noun: str, inputs: Props) -> Props:
    if not inputs.get("tags"):
        return {}
    return {"TagSpecifications": [{"ResourceType": noun, "Tags": listed(inputs["tags"])}]}


def retag(aws: Aws, id_: str, old: Props, new: Props) -> None:
    """EC2 wants the keys to remove as tags."""
    before, after = old.get("tags") or {}, new.get("tags") or {}
    gone = sorted(set(before) - set(after))
    if gone:
        aws.call("ec2", "delete_tags", Resources=[id_], Tags=[{"Key": key} for key in gone])
    if after and after != before:
        aws.call("ec2", "create_tags", Resources=[id_], Tags=listed(after))


def in_ec2(
    what: str,
    noun: str,
    *,
    create: str,
    made: str,
    id_field: str,
    describe: str,
    pages: str,
    delete: str,
    takes: tuple[str, ...] = (),
    tells: tuple[str, ...] = (),
    more: More | None = None,
    change: Change | None = None,
    ended: frozenset[str] = frozenset(),
    **others: Any,
) -> Kind:
    """What EC2 makes by one call, shows by another and removes by a third, each in the same way.

    ``takes`` are inputs of the first, ``tells`` properties that the second shows, both in AWS's
    case; ``made`` and ``pages`` are where the answers hold the thing; ``ended`` are states in which
    it is gone and still shown.
    """

    def make(aws: Aws, inputs: Props) -> str:
        tags = with_tags(noun, inputs)
        page = aws.call("ec2", create, **given(inputs, *takes), **tags)
        return str(page[made][id_field])

    def look(aws: Aws, id_: str, state: Props) -> Props | None:
        del state
        page = aws.ask("ec2", describe, **{f"{id_field}s": [id_]})
        items = [item for item in (page or {}).get(pages, []) if item.get("State") not in ended]
        if not items:
            return None
        extra = more(aws, items[0]) if more else {}
        arn = aws.arn("ec2", f"{noun}/{id_}")
        return {**found(items[0], *tells), "arn": arn, **extra, **told(items[0].get("Tags"))}

    def changed(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
        if "tags" in keys:
            retag(aws, id_, old, new)
        if change and keys - {"tags"}:
            change(aws, id_, old, new, keys)

    def drop(aws: Aws, id_: str, state: Props) -> None:
        del state
        aws.call("ec2", delete, **{id_field: id_})

    computed = names("arn", *others.pop("computed", ()))
    return Kind(
        what=what, make=make, look=look, drop=drop, change=changed, computed=computed, **others
    )


def _more_of_vpc(aws: Aws, item: Props) -> Props:
    id_ = item["VpcId"]
    here = [{"Name": "vpc-id", "Values": [id_]}]
    groups = aws.call(
        "ec2",
        "describe_security_groups",
        Filters=[*here, {"Name": "group-name", "Values": ["default"]}],
    )
    tables = aws.call(
        "ec2",
        "describe_route_tables",
        Filters=[*here, {"Name": "association.main", "Values": ["true"]}],
    )
    main = [table["RouteTableId"] for table in tables["RouteTables"]]
    flags = {
        name: aws.call("ec2", "describe_vpc_attribute", VpcId=id_, Attribute=name)[upper(name)]
        for name in ("enableDnsSupport", "enableDnsHostnames")
    }
    return {
        "defaultSecurityGroupId": groups["SecurityGroups"][0]["GroupId"],
        **({"mainRouteTableId": main[0], "defaultRouteTableId": main[0]} if main else {}),
        **{name: flag["Value"] for name, flag in flags.items()},
    }


def _change_vpc(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    del old
    for name in sorted(keys & {"enableDnsSupport", "enableDnsHostnames"}):
        value = {upper(name): {"Value": bool(new.get(name))}}
        aws.call("ec2", "modify_vpc_attribute", VpcId=id_, **value)


def _change_subnet(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    del old
    if "mapPublicIpOnLaunch" in keys:
        value = {"Value": bool(new.get("mapPublicIpOnLaunch"))}
        aws.call("ec2", "modify_subnet_attribute", SubnetId=id_, MapPublicIpOnLaunch=value)


def _more_of_gateway(aws: Aws, item: Props) -> Props:
    del aws
    held = item.get("Attachments") or []
    return {"vpcId": held[0]["VpcId"]} if held else {}


def _change_gateway(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "vpcId" not in keys:
        return
    if old.get("vpcId"):
        aws.call("ec2", "detach_internet_gateway", InternetGatewayId=id_, VpcId=old["vpcId"])
    if new.get("vpcId"):
        aws.call("ec2", "attach_internet_gateway", InternetGatewayId=id_, VpcId=new["vpcId"])


def _drop_gateway(aws: Aws, id_: str, state: Props) -> None:
    if state.get("vpcId"):
        aws.ask("ec2", "detach_internet_gateway", InternetGatewayId=id_, VpcId=state["vpcId"])
    aws.call("ec2", "delete_internet_gateway", InternetGatewayId=id_)


def _more_of_nat(aws: Aws, item: Props) -> Props:
    del aws
    address: Props = next(iter(item.get("NatGatewayAddresses", [])), {})
    return found(
        address,
        "allocationId",
        "networkInterfaceId",
        "publicIp",
        associationId="AssociationId",
        privateIp="PrivateIp",
    )


def _more_of_endpoint(aws: Aws, item: Props) -> Props:
    del aws
    groups = [group["GroupId"] for group in item.get("Groups", [])]
    return {"securityGroupIds": groups} if groups else {}


def _change_endpoint(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    asked: Props = given(new, "privateDnsEnabled") if "privateDnsEnabled" in keys else {}
    for name in sorted(keys & {"routeTableIds", "subnetIds", "securityGroupIds"}):
        before, after = set(old.get(name) or []), set(new.get(name) or [])
        if after - before:
            asked[f"Add{upper(name)}"] = sorted(after - before)
        if before - after:
            asked[f"Remove{upper(name)}"] = sorted(before - after)
    if asked:
        aws.call("ec2", "modify_vpc_endpoint", VpcEndpointId=id_, **asked)


def _drop_endpoint(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("ec2", "delete_vpc_endpoints", VpcEndpointIds=[id_])


KINDS: Final[Mapping[str, Kind]] = {
    "aws:ec2/vpc:Vpc": in_ec2(
        "EC2 VPC",
        "vpc",
        create="create_vpc",
        made="Vpc",
        id_field="VpcId",
        describe="describe_vpcs",
        pages="Vpcs",
        delete="delete_vpc",
        takes=("cidrBlock", "instanceTenancy"),
        tells=("cidrBlock", "instanceTenancy", "ownerId"),
        more=_more_of_vpc,
        change=_change_vpc,
        settles=frozenset({"enableDnsSupport", "enableDnsHostnames"}),
        defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
        computed=("ownerId", "defaultSecurityGroupId", "mainRouteTableId", "defaultRouteTableId"),
    ),
    "aws:ec2/subnet:Subnet": in_ec2(
        "EC2 Subnet",
        "subnet",
        create="create_subnet",
        made="Subnet",
        id_field="SubnetId",
        describe="describe_subnets",
        pages="Subnets",
        delete="delete_subnet",
        takes=("vpcId", "cidrBlock", "availabilityZone"),
        tells=("vpcId", "cidrBlock", "availabilityZone", "mapPublicIpOnLaunch", "ownerId"),
        change=_change_subnet,
        settles=frozenset({"mapPublicIpOnLaunch"}),
        defaults={"assignIpv6AddressOnCreation": False, "mapPublicIpOnLaunch": False},
        computed=("ownerId",),
    ),
    "aws:ec2/internetGateway:InternetGateway": replace(
        in_ec2(
            "EC2 Internet Gateway",
            "internet-gateway",
            create="create_internet_gateway",
            made="InternetGateway",
            id_field="InternetGatewayId",
            describe="describe_internet_gateways",
            pages="InternetGateways",
            delete="delete_internet_gateway",
            more=_more_of_gateway,
            change=_change_gateway,
            settles=frozenset({"vpcId"}),
        ),
        drop=_drop_gateway,
    ),
    "aws:ec2/natGateway:NatGateway": in_ec2(
        "EC2 NAT Gateway",
        "natgateway",
        create="create_nat_gateway",
        made="NatGateway",
        id_field="NatGatewayId",
        describe="describe_nat_gateways",
        pages="NatGateways",
        delete="delete_nat_gateway",
        takes=("subnetId", "allocationId", "connectivityType"),
        tells=("subnetId", "connectivityType"),
        more=_more_of_nat,
        ended=frozenset({"deleted", "deleting"}),
        defaults={"connectivityType": "public"},
        computed=("publicIp", "networkInterfaceId", "associationId", "privateIp"),
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": replace(
        in_ec2(
            "EC2 VPC Endpoint",
            "vpc-endpoint",
            create="create_vpc_endpoint",
            made="VpcEndpoint",
            id_field="VpcEndpointId",
            describe="describe_vpc_endpoints",
            pages="VpcEndpoints",
            delete="delete_vpc_endpoints",
            takes=(
                "vpcId",
                "serviceName",
                "vpcEndpointType",
                "routeTableIds",
                "subnetIds",
                "securityGroupIds",
                "privateDnsEnabled",
            ),
            tells=(
                "vpcId",
                "serviceName",
                "vpcEndpointType",
                "routeTableIds",
                "subnetIds",
                "networkInterfaceIds",
                "privateDnsEnabled",
                "state",
            ),
            more=_more_of_endpoint,
            change=_change_endpoint,
            ended=frozenset({"deleted", "deleting"}),
            defaults={"vpcEndpointType": "Gateway"},
            computed=("networkInterfaceIds", "state"),
            name="serviceName",
        ),
        drop=_drop_endpoint,
    ),
}
