"""How AWS is asked whether something is there: one total table by Pulumi's type.

In: nothing. Out: for every type that the program makes a question, or what its absence follows
from. A resource that AWS shows for a while after its end counts as gone.
"""

from __future__ import annotations

from typing import Any, Final

from encore_aws.account import Account
from encore_aws.presence import (
    Call,
    Follows,
    Question,
    Rows,
    arn,
    filtered,
    in_network,
    interfaces,
    of_caches,
    one,
)

_VPC: Final = "aws:ec2/vpc:Vpc"
_SUBNET: Final = "aws:ec2/subnet:Subnet"
_TABLE: Final = "aws:ec2/routeTable:RouteTable"
_GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
_BUCKET: Final = "aws:s3/bucket:Bucket"
_TOPIC: Final = "aws:sns/topic:Topic"
_QUEUE: Final = "aws:sqs/queue:Queue"
_SERVER: Final = "aws:rds/instance:Instance"
_ROLE: Final = "aws:iam/role:Role"


def _ids(parameter: str, operation: str, items: str, *absent: str) -> Call:
    """By a list of ids, of which AWS refuses the whole where one is not there."""

    def given(it: str, _account: Account) -> dict[str, Any]:
        return {parameter: [it]}

    return Call(operation=operation, given=given, items=items, absent=frozenset(absent))


_NETWORK: Final[Rows] = {
    _VPC: in_network(
        "network",
        "describe_vpcs",
        "Vpcs",
        "VpcId",
        by_id=filtered("describe_vpcs", "Vpcs", "vpc-id"),
        show="vpc-ids",
        state="State",
        holders=interfaces("vpc-id"),
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Follows(
        owner=_VPC, why="AWS makes it with the network and deletes it with the network"
    ),
    _SUBNET: in_network(
        "subnet",
        "describe_subnets",
        "Subnets",
        "SubnetId",
        by_id=filtered("describe_subnets", "Subnets", "subnet-id"),
        show="subnet-ids",
        state="State",
        holders=interfaces("subnet-id"),
    ),
    "aws:ec2/internetGateway:InternetGateway": in_network(
        "internet gateway",
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        by_id=filtered("describe_internet_gateways", "InternetGateways", "internet-gateway-id"),
        show="internet-gateway-ids",
    ),
    _TABLE: in_network(
        "route table",
        "describe_route_tables",
        "RouteTables",
        "RouteTableId",
        by_id=filtered("describe_route_tables", "RouteTables", "route-table-id"),
        show="route-table-ids",
    ),
    "aws:ec2/route:Route": Follows(owner=_TABLE, why="a route is a line of its table"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Follows(
        owner=_SUBNET, why="it joins a subnet to a table, and AWS deletes no table that is joined"
    ),
    "aws:ec2/eip:Eip": in_network(
        "fixed address",
        "describe_addresses",
        "Addresses",
        "AllocationId",
        by_id=filtered("describe_addresses", "Addresses", "allocation-id"),
        show="allocation-ids",
    ),
    "aws:ec2/natGateway:NatGateway": in_network(
        "NAT gateway",
        "describe_nat_gateways",
        "NatGateways",
        "NatGatewayId",
        by_id=_ids("NatGatewayIds", "describe_nat_gateways", "NatGateways", "NatGatewayNotFound"),
        show="nat-gateway-ids",
        by="Filter",
        state="State",
        # Both are shown for an hour more; what failed AWS removes by itself.
        gone=("deleted", "failed"),
    ),
    "aws:ec2/instance:Instance": in_network(
        "machine",
        "describe_instances",
        "Reservations.Instances",
        "InstanceId",
        by_id=filtered("describe_instances", "Reservations.Instances", "instance-id"),
        show="instance-ids",
        state="State.Name",
        # It is shown for an hour more.
        gone=("terminated",),
        going=("shutting-down",),
    ),
    "aws:ec2/networkInterface:NetworkInterface": in_network(
        "network interface",
        "describe_network_interfaces",
        "NetworkInterfaces",
        "NetworkInterfaceId",
        by_id=filtered("describe_network_interfaces", "NetworkInterfaces", "network-interface-id"),
        show="network-interface-ids",
        state="Status",
        going=(),
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": in_network(
        "endpoint",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        by_id=_ids(
            "VpcEndpointIds",
            "describe_vpc_endpoints",
            "VpcEndpoints",
            # Seen in both spellings.
            "InvalidVpcEndpointId.NotFound",
            "InvalidVpcEndPointId.NotFound",
        ),
        show="vpc-endpoint-ids",
        state="State",
        gone=("deleted",),
    ),
    _GROUP: in_network(
        "security group",
        "describe_security_groups",
        "SecurityGroups",
        "GroupId",
        by_id=filtered("describe_security_groups", "SecurityGroups", "group-id"),
        show="group-ids",
        holders=interfaces("group-id"),
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Follows(
        owner=_GROUP, why="a rule is a line of its group"
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Follows(
        owner=_GROUP, why="a rule is a line of its group"
    ),
}


def _of_bucket(what: str) -> Follows:
    return Follows(owner=_BUCKET, why=f"{what} is a setting of its bucket")


def _of_ours(it: str, account: Account) -> dict[str, Any]:
    return {"Bucket": it, "ExpectedBucketOwner": account.id}


_HEAD: Final = Call(
    operation="head_bucket", given=_of_ours, absent=frozenset({"404", "NoSuchBucket", "NotFound"})
)

_OBJECTS: Final[Rows] = {
    _BUCKET: Question(
        what="bucket",
        service="s3",
        show="aws s3api list-object-versions --max-items 10 --bucket {it}",
        by_id=_HEAD,
        by_name=_HEAD,
        name="bucket",
        holders=Call(
            operation="list_object_versions",
            given=lambda it, account: {**_of_ours(it, account), "MaxKeys": 1},
            items="Versions",
        ),
    ),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _of_bucket("who may ask"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _of_bucket("its lifecycle"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _of_bucket("whose objects are"),
    "aws:s3/bucketPolicy:BucketPolicy": _of_bucket("its policy"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _of_bucket("that it is closed"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _of_bucket("its encryption")
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _of_bucket("that it keeps versions"),
    "aws:cloudfront/cachePolicy:CachePolicy": Question(
        what="cache policy",
        service="cloudfront",
        show="aws cloudfront get-cache-policy --id {it}",
        by_id=one("Id", "get_cache_policy", "CachePolicy", "NoSuchCachePolicy"),
        by_name=Call(
            operation="list_cache_policies",
            given=lambda _it, _account: {"Type": "custom"},
            items="CachePolicyList.Items.CachePolicy",
            key="CachePolicyConfig.Name",
        ),
        name="name",
        own="Id",
    ),
    # It has no name; should its creation be cut off, Pulumi's state has it among what is pending.
    "aws:cloudfront/distribution:Distribution": Question(
        what="distribution",
        service="cloudfront",
        show="aws cloudfront get-distribution --id {it}",
        by_id=one("Id", "get_distribution", "Distribution", "NoSuchDistribution"),
        own="Id",
        state="DistributionConfig.Enabled",
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": Question(
        what="origin access",
        service="cloudfront",
        show="aws cloudfront get-origin-access-control --id {it}",
        by_id=one(
            "Id", "get_origin_access_control", "OriginAccessControl", "NoSuchOriginAccessControl"
        ),
        by_name=Call(
            operation="list_origin_access_controls",
            given=lambda _it, _account: {},
            items="OriginAccessControlList.Items",
            key="Name",
        ),
        name="name",
        own="Id",
    ),
}

_NO_QUEUE: Final = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")

_MESSAGES: Final[Rows] = {
    _TOPIC: Question(
        what="topic",
        service="sns",
        show="aws sns get-topic-attributes --topic-arn {it}",
        by_id=one("TopicArn", "get_topic_attributes", "", "NotFound"),
        by_name=arn(
            "TopicArn", "sns", "{region}:{account}:{it}", "get_topic_attributes", "", "NotFound"
        ),
        name="name",
        own="Attributes.TopicArn",
    ),
    "aws:sns/topicPolicy:TopicPolicy": Follows(owner=_TOPIC, why="it is a setting of its topic"),
    # Not told by its topic, which may be an adopted one.
    "aws:sns/topicSubscription:TopicSubscription": Question(
        what="subscription",
        service="sns",
        show="aws sns get-subscription-attributes --subscription-arn {it}",
        by_id=one("SubscriptionArn", "get_subscription_attributes", "", "NotFound"),
    ),
    _QUEUE: Question(
        what="queue",
        service="sqs",
        show="aws sqs get-queue-attributes --attribute-names All --queue-url {it}",
        by_id=Call(
            operation="get_queue_attributes",
            given=lambda it, _account: {"QueueUrl": it, "AttributeNames": ["QueueArn"]},
            absent=frozenset(_NO_QUEUE),
        ),
        by_name=one("QueueName", "get_queue_url", "", *_NO_QUEUE),
        name="name",
        own="QueueUrl",
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Follows(owner=_QUEUE, why="it is a setting of its queue"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": Follows(
        owner=_QUEUE, why="it is a setting of its queue"
    ),
}


def _server_id(it: str, _account: Account) -> dict[str, Any]:
    """Pulumi's id of a server is RDS's own, which no call takes but as a filter."""
    if it.startswith("db-") and it[3:].isalnum() and it[3:].isupper():
        return {"Filters": [{"Name": "dbi-resource-id", "Values": [it]}]}
    return {"DBInstanceIdentifier": it}


_NO_SERVER: Final = frozenset({"DBInstanceNotFound", "DBInstanceNotFoundFault"})

_DATABASES: Final[Rows] = {
    _SERVER: Question(
        what="database server",
        service="rds",
        show="aws rds describe-db-instances --db-instance-identifier {it}",
        by_id=Call(
            operation="describe_db_instances",
            given=_server_id,
            items="DBInstances",
            absent=_NO_SERVER,
        ),
        by_name=one(
            "DBInstanceIdentifier", "describe_db_instances", "DBInstances", *sorted(_NO_SERVER)
        ),
        name="identifier",
        own="DBInstanceIdentifier",
        state="DBInstanceStatus",
    ),
    "aws:rds/parameterGroup:ParameterGroup": Question(
        what="parameter group",
        service="rds",
        show="aws rds describe-db-parameter-groups --db-parameter-group-name {it}",
        by_id=one(
            "DBParameterGroupName",
            "describe_db_parameter_groups",
            "DBParameterGroups",
            "DBParameterGroupNotFound",
        ),
        name="name",
        own="DBParameterGroupName",
    ),
    "aws:rds/subnetGroup:SubnetGroup": Question(
        what="subnet group",
        service="rds",
        show="aws rds describe-db-subnet-groups --db-subnet-group-name {it}",
        by_id=one(
            "DBSubnetGroupName",
            "describe_db_subnet_groups",
            "DBSubnetGroups",
            "DBSubnetGroupNotFoundFault",
        ),
        name="name",
        own="DBSubnetGroupName",
    ),
    "encore:sql:LogicalDatabase": Follows(owner=_SERVER, why="it lies in its server"),
}


_CACHES: Final[Rows] = {
    "aws:elasticache/replicationGroup:ReplicationGroup": of_caches(
        "cache",
        "ReplicationGroupId",
        "describe_replication_groups",
        "ReplicationGroups",
        "ReplicationGroupNotFoundFault",
        "replicationGroupId",
        "Status",
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": of_caches(
        "parameter group of a cache",
        "CacheParameterGroupName",
        "describe_cache_parameter_groups",
        "CacheParameterGroups",
        "CacheParameterGroupNotFound",
        "name",
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": of_caches(
        "subnet group of caches",
        "CacheSubnetGroupName",
        "describe_cache_subnet_groups",
        "CacheSubnetGroups",
        "CacheSubnetGroupNotFoundFault",
        "name",
    ),
    "aws:elasticache/user:User": of_caches(
        "user of a cache",
        "UserId",
        "describe_users",
        "Users",
        "UserNotFound",
        "userId",
        "Status",
    ),
    "aws:elasticache/userGroup:UserGroup": of_caches(
        "user group of a cache",
        "UserGroupId",
        "describe_user_groups",
        "UserGroups",
        "UserGroupNotFound",
        "userGroupId",
        "Status",
    ),
}

_NO_ENTITY: Final = "NoSuchEntity"

_ACCESS: Final[Rows] = {
    "aws:cloudwatch/logGroup:LogGroup": Question(
        what="log group",
        service="logs",
        show="aws logs describe-log-groups --log-group-name-prefix {it}",
        by_id=Call(
            operation="describe_log_groups",
            given=lambda it, _account: {"logGroupNamePrefix": it},
            items="logGroups",
            key="logGroupName",
        ),
        name="name",
        own="logGroupName",
    ),
    "aws:iam/instanceProfile:InstanceProfile": Question(
        what="instance profile",
        service="iam",
        show="aws iam get-instance-profile --instance-profile-name {it}",
        by_id=one("InstanceProfileName", "get_instance_profile", "InstanceProfile", _NO_ENTITY),
        name="name",
        own="InstanceProfileName",
    ),
    "aws:iam/policy:Policy": Question(
        what="policy",
        service="iam",
        show="aws iam list-entities-for-policy --policy-arn {it}",
        by_id=one("PolicyArn", "get_policy", "Policy", _NO_ENTITY),
        by_name=arn(
            "PolicyArn", "iam", ":{account}:policy/{it}", "get_policy", "Policy", _NO_ENTITY
        ),
        name="name",
        own="Arn",
        holders=one("PolicyArn", "list_entities_for_policy", "PolicyRoles", _NO_ENTITY),
    ),
    _ROLE: Question(
        what="role",
        service="iam",
        show="aws iam list-attached-role-policies --role-name {it}",
        by_id=one("RoleName", "get_role", "Role", _NO_ENTITY),
        name="name",
        own="RoleName",
        holders=one("RoleName", "list_attached_role_policies", "AttachedPolicies", _NO_ENTITY),
    ),
    "aws:iam/rolePolicy:RolePolicy": Follows(owner=_ROLE, why="it is written into its role"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Follows(
        owner=_ROLE, why="AWS deletes no role that has a policy"
    ),
    "aws:lambda/function:Function": Question(
        what="function",
        service="lambda",
        show="aws lambda get-function-configuration --function-name {it}",
        by_id=one("FunctionName", "get_function_configuration", "", "ResourceNotFoundException"),
        name="name",
        own="FunctionName",
        state="State",
    ),
    "aws:secretsmanager/secret:Secret": Question(
        what="secret",
        service="secretsmanager",
        show="aws secretsmanager describe-secret --secret-id {it}",
        by_id=one("SecretId", "describe_secret", "", "ResourceNotFoundException"),
        name="name",
        own="ARN",
        until="DeletedDate",
    ),
}

ROWS: Final[Rows] = {
    **_NETWORK,
    **_OBJECTS,
    **_MESSAGES,
    **_DATABASES,
    **_CACHES,
    **_ACCESS,
}
