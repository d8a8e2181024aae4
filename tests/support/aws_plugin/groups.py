"""Security groups and their rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.support.aws_plugin.aws import Aws, found, given, told
from tests.support.aws_plugin.kind import Drop, Kind, Make, names, nothing
from tests.support.aws_plugin.network import retag, with_tags
from tests.support.aws_plugin.wire import Props

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


def _make_rule(side: str) -> Make:
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

    return make


def _look_at_rule(aws: Aws, id_: str, state: Props) -> Props | None:
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


def _change_rule(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
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


def _drop_rule(side: str) -> Drop:
    def drop(aws: Aws, id_: str, state: Props) -> None:
        aws.call(
            "ec2",
            f"revoke_security_group_{side}",
            GroupId=state["securityGroupId"],
            SecurityGroupRuleIds=[id_],
        )

    return drop


def _rule(side: str) -> Kind:
    return Kind(
        what="VPC Security Group Rule",
        make=_make_rule(side),
        look=_look_at_rule,
        drop=_drop_rule(side),
        change=_change_rule,
        computed=names("arn", "securityGroupRuleId"),
    )


def _referenced(rule: Props, state: Props) -> Props:
    group = rule.get("ReferencedGroupInfo", {}).get("GroupId")
    there = group or state.get("referencedSecurityGroupId")
    return {"referencedSecurityGroupId": there} if there else {}


KINDS: Final[Mapping[str, Kind]] = {
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
