"""Networks: what lies in them, and who may reach whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from tests.support.aws_plugin.aws import Aws, found, given, listed, told, upper
from tests.support.aws_plugin.kind import Change, Kind, names, nothing
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


# A group that AWS makes with each network.


def _make_default(aws: Aws, inputs: Props) -> str:
    """Adopts the group, and takes its rules away."""
    filters = [
        {"Name": "vpc-id", "Values": [inputs["vpcId"]]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    group = aws.call("ec2", "describe_security_groups", Filters=filters)["SecurityGroups"][0]
    id_ = str(group["GroupId"])
    for side, call in (("IpPermissions", "ingress"), ("IpPermissionsEgress", "egress")):
        if group.get(side):
            aws.call("ec2", f"revoke_security_group_{call}", GroupId=id_, IpPermissions=group[side])
    retag(aws, id_, {}, inputs)
    return id_


def look_at_group(aws: Aws, id_: str, state: Props) -> Props | None:
    del state
    page = aws.ask("ec2", "describe_security_groups", GroupIds=[id_])
    if not page or not page["SecurityGroups"]:
        return None
    group = page["SecurityGroups"][0]
    return {
        **found(group, "vpcId", "ownerId", "description", name="GroupName"),
        "arn": aws.arn("ec2", f"security-group/{id_}"),
        "ingress": [_as_rule(item) for item in group.get("IpPermissions", [])],
        "egress": [_as_rule(item) for item in group.get("IpPermissionsEgress", [])],
        **told(group.get("Tags")),
    }


def _as_rule(item: Props) -> Props:
    blocks = [block["CidrIp"] for block in item.get("IpRanges", [])]
    groups = [pair["GroupId"] for pair in item.get("UserIdGroupPairs", [])]
    return {
        "protocol": item.get("IpProtocol", "-1"),
        "fromPort": item.get("FromPort") or 0,
        "toPort": item.get("ToPort") or 0,
        **({"cidrBlocks": blocks} if blocks else {}),
        **({"securityGroups": groups} if groups else {}),
    }


def _as_permission(rule: Props) -> Props:
    ports = {} if rule["protocol"] == "-1" else given(rule, "fromPort", "toPort")
    return {
        "IpProtocol": rule["protocol"],
        **ports,
        "IpRanges": [{"CidrIp": block} for block in rule.get("cidrBlocks") or []],
        "UserIdGroupPairs": [{"GroupId": group} for group in rule.get("securityGroups") or []],
    }


def _make_group(aws: Aws, inputs: Props) -> str:
    """AWS lets everything out of a new group; the genuine plugin takes that back."""
    page = aws.call(
        "ec2",
        "create_security_group",
        GroupName=inputs["name"],
        Description=inputs.get("description", "Managed by Pulumi"),
        **given(inputs, "vpcId"),
        **with_tags("security-group", inputs),
    )
    id_ = str(page["GroupId"])
    if inputs.get("vpcId"):
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        aws.call("ec2", "revoke_security_group_egress", GroupId=id_, IpPermissions=[everything])
    return id_


def _change_group(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys and old:
        retag(aws, id_, old, new)
    for side in sorted(keys & {"ingress", "egress"}):
        before, after = old.get(side) or [], new.get(side) or []
        for verb, rules in (
            ("revoke", [rule for rule in before if rule not in after]),
            ("authorize", [rule for rule in after if rule not in before]),
        ):
            if rules:
                aws.call(
                    "ec2",
                    f"{verb}_security_group_{side}",
                    GroupId=id_,
                    IpPermissions=[_as_permission(rule) for rule in rules],
                )


def _drop_group(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("ec2", "delete_security_group", GroupId=id_)


# Rules that stand on their own.

_ENDS: Final = {
    "cidrIpv4": "CidrIp",
    "cidrIpv6": "CidrIpv6",
    "prefixListId": "PrefixListId",
    "referencedSecurityGroupId": "GroupId",
}
_LISTS: Final = {
    "cidrIpv4": "IpRanges",
    "cidrIpv6": "Ipv6Ranges",
    "prefixListId": "PrefixListIds",
    "referencedSecurityGroupId": "UserIdGroupPairs",
}


def _rule(side: str) -> Kind:
    def make(aws: Aws, inputs: Props) -> str:
        ends = {
            _LISTS[name]: [{_ENDS[name]: inputs[name], **given(inputs, "description")}]
            for name in _ENDS
            if inputs.get(name)
        }
        permission = {**given(inputs, "ipProtocol", "fromPort", "toPort"), **ends}
        page = aws.call(
            "ec2",
            f"authorize_security_group_{side}",
            GroupId=inputs["securityGroupId"],
            IpPermissions=[permission],
            **with_tags("security-group-rule", inputs),
        )
        return str(page["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def look(aws: Aws, id_: str, state: Props) -> Props | None:
        page = aws.ask("ec2", "describe_security_group_rules", SecurityGroupRuleIds=[id_])
        if not page or not page["SecurityGroupRules"]:
            return None
        rule = page["SecurityGroupRules"][0]
        ports = found(rule, "fromPort", "toPort") if rule["IpProtocol"] != "-1" else {}
        return {
            **found(rule, "ipProtocol", "cidrIpv4", "cidrIpv6", "prefixListId", "description"),
            **ports,
            "securityGroupId": rule["GroupId"],
            "securityGroupRuleId": id_,
            "arn": aws.arn("ec2", f"security-group-rule/{id_}"),
            **_referenced(rule, state),
            **told(rule.get("Tags")),
        }

    def change(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
        if "tags" in keys:
            retag(aws, id_, old, new)
        asked = given(
            # Without a port every port is meant, which the call itself writes so.
            {"fromPort": -1, "toPort": -1, **new},
            *("ipProtocol", "fromPort", "toPort", "description"),
            *("cidrIpv4", "cidrIpv6", "prefixListId"),
            referencedSecurityGroupId="ReferencedGroupId",
        )
        if keys - {"tags"}:
            aws.call(
                "ec2",
                "modify_security_group_rules",
                GroupId=new["securityGroupId"],
                SecurityGroupRules=[{"SecurityGroupRuleId": id_, "SecurityGroupRule": asked}],
            )

    def drop(aws: Aws, id_: str, state: Props) -> None:
        aws.call(
            "ec2",
            f"revoke_security_group_{side}",
            GroupId=state["securityGroupId"],
            SecurityGroupRuleIds=[id_],
        )

    return Kind(
        what="VPC Security Group Rule",
        make=make,
        look=look,
        drop=drop,
        change=change,
        computed=names("arn", "securityGroupRuleId"),
    )


def _referenced(rule: Props, state: Props) -> Props:
    group = rule.get("ReferencedGroupInfo", {}).get("GroupId")
    there = group or state.get("referencedSecurityGroupId")
    return {"referencedSecurityGroupId": there} if there else {}


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
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Kind(
        what="EC2 Default Security Group",
        make=_make_default,
        look=look_at_group,
        drop=nothing,
        change=_change_group,
        defaults={"revokeRulesOnDelete": False},
        computed=names("arn", "ownerId", "name", "description"),
    ),
    "aws:ec2/securityGroup:SecurityGroup": Kind(
        what="Security Group",
        name="name",
        autonamed=True,
        make=_make_group,
        look=look_at_group,
        drop=_drop_group,
        change=_change_group,
        settles=frozenset({"ingress", "egress"}),
        defaults={"description": "Managed by Pulumi", "revokeRulesOnDelete": False},
        computed=names("arn", "ownerId"),
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule("egress"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule("ingress"),
}
