"""RDS: servers, and the two groups that each one names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.support.aws_plugin.aws import Aws, deep_lower, deep_upper, found, listed, told, wait
from tests.support.aws_plugin.kind import Kind, Tagging, names
from tests.support.aws_plugin.wire import Props

_TAGGING: Final = Tagging(
    service="rds",
    add="add_tags_to_resource",
    remove="remove_tags_from_resource",
    target="ResourceName",
)

_CREATED: Final = {
    "identifier": "DBInstanceIdentifier",
    "instanceClass": "DBInstanceClass",
    "engine": "Engine",
    "engineVersion": "EngineVersion",
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "storageType": "StorageType",
    "allocatedStorage": "AllocatedStorage",
    "maxAllocatedStorage": "MaxAllocatedStorage",
    "storageEncrypted": "StorageEncrypted",
    "kmsKeyId": "KmsKeyId",
    "backupRetentionPeriod": "BackupRetentionPeriod",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "deletionProtection": "DeletionProtection",
    "performanceInsightsEnabled": "EnablePerformanceInsights",
    "performanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
    "dbName": "DBName",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "parameterGroupName": "DBParameterGroupName",
    "vpcSecurityGroupIds": "VpcSecurityGroupIds",
    "publiclyAccessible": "PubliclyAccessible",
    "port": "Port",
    "multiAz": "MultiAZ",
    "caCertIdentifier": "CACertificateIdentifier",
    "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
    "username": "MasterUsername",
    "manageMasterUserPassword": "ManageMasterUserPassword",
    "masterUserSecretKmsKeyId": "MasterUserSecretKmsKeyId",
    "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
    "availabilityZone": "AvailabilityZone",
}
_NEVER_CHANGED: Final = frozenset(
    {
        "identifier",
        "engine",
        "storageEncrypted",
        "kmsKeyId",
        "dbName",
        "username",
        "availabilityZone",
        "enabledCloudwatchLogsExports",
    }
)
_SHOWN: Final = {
    "identifier": "DBInstanceIdentifier",
    "instanceClass": "DBInstanceClass",
    "engine": "Engine",
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "storageType": "StorageType",
    "allocatedStorage": "AllocatedStorage",
    "maxAllocatedStorage": "MaxAllocatedStorage",
    "storageEncrypted": "StorageEncrypted",
    "kmsKeyId": "KmsKeyId",
    "backupRetentionPeriod": "BackupRetentionPeriod",
    "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "deletionProtection": "DeletionProtection",
    "performanceInsightsEnabled": "PerformanceInsightsEnabled",
    "publiclyAccessible": "PubliclyAccessible",
    "multiAz": "MultiAZ",
    "caCertIdentifier": "CACertificateIdentifier",
    "enabledCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
    "username": "MasterUsername",
    "iamDatabaseAuthenticationEnabled": "IAMDatabaseAuthenticationEnabled",
    "availabilityZone": "AvailabilityZone",
    "arn": "DBInstanceArn",
    "resourceId": "DbiResourceId",
    "status": "DBInstanceStatus",
    "dbName": "DBName",
}
_OURS: Final = (
    "applyImmediately",
    "allowMajorVersionUpgrade",
    "deleteAutomatedBackups",
    "finalSnapshotIdentifier",
    "manageMasterUserPassword",
    "performanceInsightsRetentionPeriod",
    "skipFinalSnapshot",
)
"""What AWS does not show: it stays as the state has it."""


def _asked(inputs: Props, keys: frozenset[str]) -> Props:
    return {
        to: inputs[name]
        for name, to in _CREATED.items()
        if name in keys and inputs.get(name) is not None
    }


def _make_server(aws: Aws, inputs: Props) -> str:
    """The id is that of the resource, which a server of the same name would not have again."""
    page = aws.call(
        "rds",
        "create_db_instance",
        **_asked(inputs, frozenset(_CREATED)),
        Tags=listed(inputs.get("tags")),
    )
    _wait(aws, str(inputs["identifier"]))
    return str(page["DBInstance"]["DbiResourceId"])


def _wait(aws: Aws, name: str) -> None:
    def is_there() -> bool:
        page = aws.call("rds", "describe_db_instances", DBInstanceIdentifier=name)
        return bool(page["DBInstances"][0]["DBInstanceStatus"] == "available")

    wait(is_there)


def _server(aws: Aws, id_: str, state: Props) -> Props | None:
    """For an import the id is the server's name."""
    name = state.get("identifier")
    if name is None and id_.startswith("db-") and id_[3:].isupper():
        by = [{"Name": "dbi-resource-id", "Values": [id_]}]
        page = aws.ask("rds", "describe_db_instances", Filters=by)
    else:
        page = aws.ask("rds", "describe_db_instances", DBInstanceIdentifier=name or id_)
    servers = (page or {}).get("DBInstances", [])
    return servers[0] if servers else None


def _look_at_server(aws: Aws, id_: str, state: Props) -> Props | None:
    item = _server(aws, id_, state)
    if item is None:
        return None
    actual = str(item["EngineVersion"])
    asked = str(state.get("engineVersion") or actual)
    end = item.get("Endpoint") or {}
    secret = item.get("MasterUserSecret") or {}
    parameters = [group["DBParameterGroupName"] for group in item.get("DBParameterGroups", [])]
    secrets = deep_lower([secret]) if secret else []
    return {
        **{name: state[name] for name in _OURS if name in state},
        **found(item, **_SHOWN),
        # Somebody who asks for 17 has 17.5, and that is no difference.
        "engineVersion": asked if actual.startswith(asked) else actual,
        "engineVersionActual": actual,
        "address": end.get("Address", ""),
        "endpoint": f"{end.get('Address', '')}:{end.get('Port', '')}",
        "port": int(end.get("Port") or state.get("port") or 5432),
        "hostedZoneId": end.get("HostedZoneId") or "Z0000000000000",
        "masterUserSecrets": secrets,
        "manageMasterUserPassword": bool(secrets) or bool(state.get("manageMasterUserPassword")),
        "dbSubnetGroupName": item.get("DBSubnetGroup", {}).get("DBSubnetGroupName", ""),
        **({"parameterGroupName": parameters[0]} if parameters else {}),
        "vpcSecurityGroupIds": [
            group["VpcSecurityGroupId"] for group in item.get("VpcSecurityGroups", [])
        ],
        **told(item.get("TagList")),
    }


def _change_server(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    del id_
    if "tags" in keys:
        _TAGGING.change(aws, old["arn"], old, new)
    asked = _asked(new, keys - _NEVER_CHANGED)
    logs = _log_exports(old, new) if "enabledCloudwatchLogsExports" in keys else {}
    renamed = {"NewDBInstanceIdentifier": new["identifier"]} if "identifier" in keys else {}
    if asked or logs or renamed:
        aws.call(
            "rds",
            "modify_db_instance",
            DBInstanceIdentifier=old["identifier"],
            ApplyImmediately=bool(new.get("applyImmediately")),
            AllowMajorVersionUpgrade=bool(new.get("allowMajorVersionUpgrade")),
            **asked,
            **logs,
            **renamed,
        )
        _wait(aws, str(new["identifier"]))


def _log_exports(old: Props, new: Props) -> Props:
    before = set(old.get("enabledCloudwatchLogsExports") or [])
    after = set(new.get("enabledCloudwatchLogsExports") or [])
    return {
        "CloudwatchLogsExportConfiguration": {
            "EnableLogTypes": sorted(after - before),
            "DisableLogTypes": sorted(before - after),
        }
    }


def _drop_server(aws: Aws, id_: str, state: Props) -> None:
    """By what the state says of the last snapshot: AWS itself remembers nothing of it."""
    skip = bool(state.get("skipFinalSnapshot"))
    last = {} if skip else {"FinalDBSnapshotIdentifier": state.get("finalSnapshotIdentifier")}
    if not skip and not state.get("finalSnapshotIdentifier"):
        raise ValueError("final_snapshot_identifier is required when skip_final_snapshot is false")
    aws.call(
        "rds",
        "delete_db_instance",
        DBInstanceIdentifier=state.get("identifier") or id_,
        SkipFinalSnapshot=skip,
        DeleteAutomatedBackups=bool(state.get("deleteAutomatedBackups", True)),
        **last,
    )


def _make_subnets(aws: Aws, inputs: Props) -> str:
    aws.call(
        "rds",
        "create_db_subnet_group",
        DBSubnetGroupName=inputs["name"],
        DBSubnetGroupDescription=inputs["description"],
        SubnetIds=inputs["subnetIds"],
        Tags=listed(inputs.get("tags")),
    )
    return str(inputs["name"])


def _tags(aws: Aws, arn: str) -> Props:
    return told(aws.call("rds", "list_tags_for_resource", ResourceName=arn)["TagList"])


def _look_at_subnets(aws: Aws, id_: str, state: Props) -> Props | None:
    del state
    page = aws.ask("rds", "describe_db_subnet_groups", DBSubnetGroupName=id_)
    if not page or not page["DBSubnetGroups"]:
        return None
    group = page["DBSubnetGroups"][0]
    arn = group.get("DBSubnetGroupArn") or aws.arn("rds", f"subgrp:{id_}")
    return {
        "name": group["DBSubnetGroupName"],
        "description": group["DBSubnetGroupDescription"],
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
            "rds",
            "modify_db_subnet_group",
            DBSubnetGroupName=id_,
            DBSubnetGroupDescription=new["description"],
            SubnetIds=new["subnetIds"],
        )


def _drop_subnets(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("rds", "delete_db_subnet_group", DBSubnetGroupName=id_)


def _make_parameters(aws: Aws, inputs: Props) -> str:
    aws.call(
        "rds",
        "create_db_parameter_group",
        DBParameterGroupName=inputs["name"],
        DBParameterGroupFamily=inputs["family"],
        Description=inputs["description"],
        Tags=listed(inputs.get("tags")),
    )
    return str(inputs["name"])


def _look_at_parameters(aws: Aws, id_: str, state: Props) -> Props | None:
    """Only the parameters that somebody set; moto does not show whether they wait for a restart."""
    page = aws.ask("rds", "describe_db_parameter_groups", DBParameterGroupName=id_)
    if not page or not page["DBParameterGroups"]:
        return None
    group = page["DBParameterGroups"][0]
    arn = group.get("DBParameterGroupArn") or aws.arn("rds", f"pg:{id_}")
    shown = aws.call("rds", "describe_db_parameters", DBParameterGroupName=id_, Source="user")
    methods = {each["name"]: each.get("applyMethod") for each in state.get("parameters") or []}
    return {
        "name": group["DBParameterGroupName"],
        "family": group["DBParameterGroupFamily"],
        "description": group["Description"],
        "parameters": [
            {
                "name": each["ParameterName"],
                "value": each["ParameterValue"],
                "applyMethod": methods.get(each["ParameterName"]) or "immediate",
            }
            for each in shown["Parameters"]
            if each.get("ParameterValue") is not None
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
    gone = {each["name"] for each in old.get("parameters") or []} - {w["name"] for w in wanted}
    if wanted:
        aws.call(
            "rds",
            "modify_db_parameter_group",
            DBParameterGroupName=id_,
            Parameters=[_parameter(each) for each in wanted],
        )
    if gone:
        aws.call(
            "rds",
            "reset_db_parameter_group",
            DBParameterGroupName=id_,
            Parameters=[{"ParameterName": name, "ApplyMethod": "immediate"} for name in gone],
        )


def _parameter(each: Props) -> dict[str, Any]:
    method = each.get("applyMethod") or "immediate"
    given = {"parameterName": each["name"], "parameterValue": each["value"], "applyMethod": method}
    asked: dict[str, Any] = deep_upper(given)
    return asked


def _drop_parameters(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("rds", "delete_db_parameter_group", DBParameterGroupName=id_)


KINDS: Final[Mapping[str, Kind]] = {
    "aws:rds/instance:Instance": Kind(
        what="RDS DB Instance",
        name="identifier",
        autonamed=True,
        make=_make_server,
        look=_look_at_server,
        drop=_drop_server,
        change=_change_server,
        defaults={
            "autoMinorVersionUpgrade": True,
            "copyTagsToSnapshot": False,
            "deleteAutomatedBackups": True,
            "monitoringInterval": 0,
            "publiclyAccessible": False,
            "skipFinalSnapshot": False,
        },
        computed=names(
            "arn",
            "address",
            "endpoint",
            "hostedZoneId",
            "resourceId",
            "status",
            "engineVersionActual",
            "masterUserSecrets",
        ),
    ),
    "aws:rds/subnetGroup:SubnetGroup": Kind(
        what="RDS DB Subnet Group",
        name="name",
        autonamed=True,
        make=_make_subnets,
        look=_look_at_subnets,
        drop=_drop_subnets,
        change=_change_subnets,
        defaults={"description": "Managed by Pulumi"},
        computed=names("arn", "vpcId"),
    ),
    "aws:rds/parameterGroup:ParameterGroup": Kind(
        what="RDS DB Parameter Group",
        name="name",
        autonamed=True,
        make=_make_parameters,
        look=_look_at_parameters,
        drop=_drop_parameters,
        change=_change_parameters,
        settles=frozenset({"parameters"}),
        defaults={"description": "Managed by Pulumi", "skipDestroy": False},
        computed=names("arn"),
    ),
}
