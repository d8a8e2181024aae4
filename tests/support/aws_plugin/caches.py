"""ElastiCache: groups of nodes, who may log in, and what each one names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.support.aws_plugin.aws import Aws, found, given, listed, told, wait
from tests.support.aws_plugin.kind import Kind, Tagging, names
from tests.support.aws_plugin.wire import Props

_TAGGING: Final = Tagging(
    service="elasticache",
    add="add_tags_to_resource",
    remove="remove_tags_from_resource",
    target="ResourceName",
)
_GROUP: Final = {
    "replicationGroupId": "ReplicationGroupId",
    "description": "ReplicationGroupDescription",
    "engine": "Engine",
    "engineVersion": "EngineVersion",
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "clusterMode": "ClusterMode",
    "nodeType": "CacheNodeType",
    "dataTieringEnabled": "DataTieringEnabled",
    "numCacheClusters": "NumCacheClusters",
    "automaticFailoverEnabled": "AutomaticFailoverEnabled",
    "multiAzEnabled": "MultiAZEnabled",
    "port": "Port",
    "parameterGroupName": "CacheParameterGroupName",
    "subnetGroupName": "CacheSubnetGroupName",
    "securityGroupIds": "SecurityGroupIds",
    "userGroupIds": "UserGroupIds",
    "transitEncryptionEnabled": "TransitEncryptionEnabled",
    "transitEncryptionMode": "TransitEncryptionMode",
    "atRestEncryptionEnabled": "AtRestEncryptionEnabled",
    "kmsKeyId": "KmsKeyId",
    "snapshotRetentionLimit": "SnapshotRetentionLimit",
}
_CHANGED: Final = (
    *("description", "engine", "engineVersion", "autoMinorVersionUpgrade", "clusterMode"),
    *("nodeType", "automaticFailoverEnabled", "multiAzEnabled", "parameterGroupName"),
    *("securityGroupIds", "transitEncryptionEnabled", "transitEncryptionMode"),
    "snapshotRetentionLimit",
)


def _tags(aws: Aws, arn: str) -> Props:
    return told(aws.call("elasticache", "list_tags_for_resource", ResourceName=arn)["TagList"])


def _make_group(aws: Aws, inputs: Props) -> str:
    aws.call(
        "elasticache",
        "create_replication_group",
        **given(inputs, **_GROUP),
        Tags=listed(inputs.get("tags")),
    )
    id_ = str(inputs["replicationGroupId"])
    wait(lambda: _status(aws, "group", id_) == "available")
    return id_


def _look_at_group(aws: Aws, id_: str, state: Props) -> Props | None:
    """What AWS shows of the nodes alone, or not at all, stays as the state has it."""
    page = aws.ask("elasticache", "describe_replication_groups", ReplicationGroupId=id_)
    if not page or not page["ReplicationGroups"]:
        return None
    group = page["ReplicationGroups"][0]
    if group.get("Status") == "deleting":
        return None
    node: Props = next(iter(group.get("NodeGroups") or []), {})
    members = group.get("MemberClusters") or []
    on = {"enabled": True, "enabling": True}
    arn = group.get("ARN") or aws.arn("elasticache", f"replicationgroup:{id_}")
    kept = {name: value for name, value in state.items() if name not in ("tags", "tagsAll")}
    return {
        **kept,
        **found(group, "replicationGroupId", "description", "transitEncryptionMode"),
        **found(group, nodeType="CacheNodeType", userGroupIds="UserGroupIds", engine="Engine"),
        **found(group, "snapshotRetentionLimit", "autoMinorVersionUpgrade", "clusterMode"),
        "automaticFailoverEnabled": on.get(group.get("AutomaticFailover", ""), False),
        "multiAzEnabled": on.get(group.get("MultiAZ", ""), False),
        "transitEncryptionEnabled": bool(group.get("TransitEncryptionEnabled")),
        "atRestEncryptionEnabled": bool(group.get("AtRestEncryptionEnabled")),
        **({"numCacheClusters": len(members), "memberClusters": members} if members else {}),
        "primaryEndpointAddress": (node.get("PrimaryEndpoint") or {}).get("Address", ""),
        "readerEndpointAddress": (node.get("ReaderEndpoint") or {}).get("Address", ""),
        "port": int((node.get("PrimaryEndpoint") or {}).get("Port") or state.get("port") or 6379),
        "engineVersionActual": f"{state.get('engineVersion', '')}.0",
        "arn": arn,
        **_tags(aws, arn),
    }


def _change_group(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        _TAGGING.change(aws, old["arn"], old, new)
    now = {"ApplyImmediately": bool(new.get("applyImmediately"))}
    if "numCacheClusters" in keys:
        _count(aws, id_, int(old.get("numCacheClusters") or 1), int(new["numCacheClusters"]))
    asked = given({name: new.get(name) for name in keys}, **{n: _GROUP[n] for n in _CHANGED})
    if "userGroupIds" in keys:
        before, after = set(old.get("userGroupIds") or []), set(new.get("userGroupIds") or [])
        asked["UserGroupIdsToAdd"] = sorted(after - before)
        asked["UserGroupIdsToRemove"] = sorted(before - after)
    if asked:
        aws.call("elasticache", "modify_replication_group", ReplicationGroupId=id_, **now, **asked)
    wait(lambda: _status(aws, "group", id_) == "available")


def _count(aws: Aws, id_: str, before: int, after: int) -> None:
    verb = "increase" if after > before else "decrease"
    aws.call(
        "elasticache",
        f"{verb}_replica_count",
        ReplicationGroupId=id_,
        NewReplicaCount=after - 1,
        ApplyImmediately=True,
    )


def _drop_group(aws: Aws, id_: str, state: Props) -> None:
    last = given(state, finalSnapshotIdentifier="FinalSnapshotIdentifier")
    aws.call("elasticache", "delete_replication_group", ReplicationGroupId=id_, **last)
    wait(lambda: _status(aws, "group", id_) is None)


def _make_subnets(aws: Aws, inputs: Props) -> str:
    aws.call(
        "elasticache",
        "create_cache_subnet_group",
        CacheSubnetGroupName=inputs["name"],
        CacheSubnetGroupDescription=inputs["description"],
        SubnetIds=inputs["subnetIds"],
        Tags=listed(inputs.get("tags")),
    )
    return str(inputs["name"])


def _look_at_subnets(aws: Aws, id_: str, state: Props) -> Props | None:
    del state
    page = aws.ask("elasticache", "describe_cache_subnet_groups", CacheSubnetGroupName=id_)
    if not page or not page["CacheSubnetGroups"]:
        return None
    group = page["CacheSubnetGroups"][0]
    arn = group.get("ARN") or aws.arn("elasticache", f"subnetgroup:{id_}")
    return {
        "name": group["CacheSubnetGroupName"],
        "description": group["CacheSubnetGroupDescription"],
        "subnetIds": [subnet["SubnetIdentifier"] for subnet in group["Subnets"]],
        "vpcId": group.get("VpcId", ""),
        "arn": arn,
        **_tags(aws, arn),
    }


def _change_subnets(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        _TAGGING.change(aws, old["arn"], old, new)
    if keys - {"tags"}:
        aws.call(
            "elasticache",
            "modify_cache_subnet_group",
            CacheSubnetGroupName=id_,
            CacheSubnetGroupDescription=new["description"],
            SubnetIds=new["subnetIds"],
        )


def _drop_subnets(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("elasticache", "delete_cache_subnet_group", CacheSubnetGroupName=id_)


def _make_parameters(aws: Aws, inputs: Props) -> str:
    aws.call(
        "elasticache",
        "create_cache_parameter_group",
        CacheParameterGroupName=inputs["name"],
        CacheParameterGroupFamily=inputs["family"],
        Description=inputs["description"],
        Tags=listed(inputs.get("tags")),
    )
    return str(inputs["name"])


def _look_at_parameters(aws: Aws, id_: str, state: Props) -> Props | None:
    del state
    page = aws.ask("elasticache", "describe_cache_parameter_groups", CacheParameterGroupName=id_)
    if not page or not page["CacheParameterGroups"]:
        return None
    group = page["CacheParameterGroups"][0]
    arn = group.get("ARN") or aws.arn("elasticache", f"parametergroup:{id_}")
    shown = aws.call(
        "elasticache", "describe_cache_parameters", CacheParameterGroupName=id_, Source="user"
    )
    return {
        "name": group["CacheParameterGroupName"],
        "family": group["CacheParameterGroupFamily"],
        "description": group["Description"],
        "parameters": [
            {"name": each["ParameterName"], "value": each["ParameterValue"]}
            for each in shown.get("Parameters", [])
        ],
        "arn": arn,
        **_tags(aws, arn),
    }


def _change_parameters(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys and old:
        _TAGGING.change(aws, old["arn"], old, new)
    if "parameters" not in keys:
        return
    wanted: list[Props] = new.get("parameters") or []
    gone = [p for p in old.get("parameters") or [] if p["name"] not in {w["name"] for w in wanted}]
    for call, chosen in (
        ("reset_cache_parameter_group", gone),
        ("modify_cache_parameter_group", wanted),
    ):
        if chosen:
            aws.call(
                "elasticache",
                call,
                CacheParameterGroupName=id_,
                ParameterNameValues=[
                    {"ParameterName": each["name"], "ParameterValue": each["value"]}
                    for each in chosen
                ],
            )


def _drop_parameters(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("elasticache", "delete_cache_parameter_group", CacheParameterGroupName=id_)


def _mode(props: Props) -> Props:
    mode = props.get("authenticationMode")
    if not mode:
        return given(props, "passwords", noPasswordRequired="NoPasswordRequired")
    return {"AuthenticationMode": given(mode, "type", "passwords")}


def _make_user(aws: Aws, inputs: Props) -> str:
    aws.call(
        "elasticache",
        "create_user",
        **given(inputs, "userId", "userName", "engine", "accessString"),
        **_mode(inputs),
        Tags=listed(inputs.get("tags")),
    )
    return str(inputs["userId"])


_MODES: Final = {"no-password": "no-password-required"}


def _look_at_user(aws: Aws, id_: str, state: Props) -> Props | None:
    """Passwords are never shown: how many there are is all that AWS says."""
    page = aws.ask("elasticache", "describe_users", UserId=id_)
    users = [user for user in (page or {}).get("Users", []) if user.get("Status") != "deleting"]
    if not users:
        return None
    user = users[0]
    arn = user.get("ARN") or aws.arn("elasticache", f"user:{id_}")
    mode = user.get("Authentication", {})
    kept = (state.get("authenticationMode") or {}).get("passwords")
    shown = {
        "type": _MODES.get(mode.get("Type", ""), mode.get("Type", "")),
        "passwordCount": int(mode.get("PasswordCount") or 0),
        **({"passwords": kept} if kept else {}),
    }
    return {
        **found(user, "userId", "userName", "engine", "accessString"),
        "authenticationMode": shown,
        "arn": arn,
        **_tags(aws, arn),
    }


def _change_user(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        _TAGGING.change(aws, old["arn"], old, new)
    asked = given({name: new.get(name) for name in keys}, "accessString", "engine")
    if "authenticationMode" in keys:
        asked |= _mode(new)
    if asked:
        aws.call("elasticache", "modify_user", UserId=id_, **asked)
        wait(lambda: _status(aws, "user", id_) == "active")


def _drop_user(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("elasticache", "delete_user", UserId=id_)
    wait(lambda: _status(aws, "user", id_) is None)


_SHOWN: Final = {
    "user": ("describe_users", "UserId", "Users"),
    "user group": ("describe_user_groups", "UserGroupId", "UserGroups"),
    "group": ("describe_replication_groups", "ReplicationGroupId", "ReplicationGroups"),
}


def _status(aws: Aws, what: str, id_: str) -> str | None:
    call, key, pages = _SHOWN[what]
    found = (aws.ask("elasticache", call, **{key: id_}) or {}).get(pages, [])
    return str(found[0].get("Status")) if found else None


def _make_users(aws: Aws, inputs: Props) -> str:
    aws.call(
        "elasticache",
        "create_user_group",
        **given(inputs, "userGroupId", "engine", "userIds"),
        Tags=listed(inputs.get("tags")),
    )
    return str(inputs["userGroupId"])


def _look_at_users(aws: Aws, id_: str, state: Props) -> Props | None:
    del state
    page = aws.ask("elasticache", "describe_user_groups", UserGroupId=id_)
    groups = [g for g in (page or {}).get("UserGroups", []) if g.get("Status") != "deleting"]
    if not groups:
        return None
    arn = groups[0].get("ARN") or aws.arn("elasticache", f"usergroup:{id_}")
    return {
        **found(groups[0], "userGroupId", "engine", "userIds"),
        "arn": arn,
        **_tags(aws, arn),
    }


def _change_users(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        _TAGGING.change(aws, old["arn"], old, new)
    if "userIds" in keys:
        before, after = set(old.get("userIds") or []), set(new.get("userIds") or [])
        changes = {
            "UserIdsToAdd": sorted(after - before),
            "UserIdsToRemove": sorted(before - after),
        }
        asked = {name: ids for name, ids in changes.items() if ids}
        aws.call("elasticache", "modify_user_group", UserGroupId=id_, **asked)
        wait(lambda: _status(aws, "user group", id_) == "active")


def _drop_users(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("elasticache", "delete_user_group", UserGroupId=id_)
    wait(lambda: _status(aws, "user group", id_) is None)


KINDS: Final[Mapping[str, Kind]] = {
    "aws:elasticache/replicationGroup:ReplicationGroup": Kind(
        what="ElastiCache Replication Group",
        name="replicationGroupId",
        autonamed=True,
        make=_make_group,
        look=_look_at_group,
        drop=_drop_group,
        change=_change_group,
        computed=names(
            "arn",
            "memberClusters",
            "primaryEndpointAddress",
            "readerEndpointAddress",
            "engineVersionActual",
        ),
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Kind(
        what="ElastiCache Subnet Group",
        name="name",
        autonamed=True,
        make=_make_subnets,
        look=_look_at_subnets,
        drop=_drop_subnets,
        change=_change_subnets,
        defaults={"description": "Managed by Pulumi"},
        computed=names("arn", "vpcId"),
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": Kind(
        what="ElastiCache Parameter Group",
        name="name",
        autonamed=True,
        make=_make_parameters,
        look=_look_at_parameters,
        drop=_drop_parameters,
        change=_change_parameters,
        settles=frozenset({"parameters"}),
        defaults={"description": "Managed by Pulumi"},
        computed=names("arn"),
    ),
    "aws:elasticache/user:User": Kind(
        what="ElastiCache User",
        name="userId",
        make=_make_user,
        look=_look_at_user,
        drop=_drop_user,
        change=_change_user,
        defaults={"noPasswordRequired": False},
        computed=names("arn"),
    ),
    "aws:elasticache/userGroup:UserGroup": Kind(
        what="ElastiCache User Group",
        name="userGroupId",
        make=_make_users,
        look=_look_at_users,
        drop=_drop_users,
        change=_change_users,
        computed=names("arn"),
    ),
}
