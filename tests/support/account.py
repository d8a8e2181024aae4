"""All that is in an account, asked for service by service: what a destroy must leave is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.aws_world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """One call that lists: ``items`` is where they are, ``name`` what tells one from others."""

    service: str
    operation: str
    items: str
    name: str = ""
    given: dict[str, Any] = field(default_factory=dict)


def _ec2(operation: str, items: str, name: str, **given: Any) -> List:
    return List(service="ec2", operation=operation, items=items, name=name, given=given)


LISTS: Final[tuple[List, ...]] = (
    _ec2("describe_vpcs", "Vpcs", "VpcId"),
    _ec2("describe_subnets", "Subnets", "SubnetId"),
    _ec2("describe_security_groups", "SecurityGroups", "GroupId"),
    _ec2("describe_route_tables", "RouteTables", "RouteTableId"),
    _ec2("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    _ec2("describe_addresses", "Addresses", "AllocationId"),
    _ec2("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    _ec2("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    List(service="s3", operation="list_buckets", items="Buckets", name="Name"),
    List(service="sns", operation="list_topics", items="Topics", name="TopicArn"),
    List(
        service="sns", operation="list_subscriptions", items="Subscriptions", name="SubscriptionArn"
    ),
    List(service="sqs", operation="list_queues", items="QueueUrls"),
    List(service="iam", operation="list_roles", items="Roles", name="RoleName"),
    List(
        service="iam",
        operation="list_policies",
        items="Policies",
        name="PolicyName",
        given={"Scope": "Local"},
    ),
    List(
        service="secretsmanager",
        operation="list_secrets",
        items="SecretList",
        name="Name",
        given={"IncludePlannedDeletion": True},
    ),
    List(service="logs", operation="describe_log_groups", items="logGroups", name="logGroupName"),
    List(
        service="rds",
        operation="describe_db_instances",
        items="DBInstances",
        name="DBInstanceIdentifier",
    ),
    List(
        service="rds",
        operation="describe_db_snapshots",
        items="DBSnapshots",
        name="DBSnapshotIdentifier",
        given={"SnapshotType": "manual"},
    ),
    List(
        service="rds",
        operation="describe_db_subnet_groups",
        items="DBSubnetGroups",
        name="DBSubnetGroupName",
    ),
    List(
        service="rds",
        operation="describe_db_parameter_groups",
        items="DBParameterGroups",
        name="DBParameterGroupName",
    ),
    List(
        service="elasticache",
        operation="describe_replication_groups",
        items="ReplicationGroups",
        name="ReplicationGroupId",
    ),
    List(
        service="elasticache",
        operation="describe_cache_subnet_groups",
        items="CacheSubnetGroups",
        name="CacheSubnetGroupName",
    ),
    List(service="lambda", operation="list_functions", items="Functions", name="FunctionName"),
    List(service="kms", operation="list_aliases", items="Aliases", name="AliasName"),
)


def everything(world: World) -> set[str]:
    """``service name`` of each; AWS's own too, so compare it with what was there before."""
    found = set()
    for row in LISTS:
        answer = getattr(world.client(row.service), row.operation)(**row.given)
        for item in answer.get(row.items, ()):
            found.add(f"{row.service} {item[row.name] if row.name else item}")
    return found
