"""What AWS cannot change in place, and what holds data: one total table by Pulumi's type.

In: nothing. Out: a rule for every type that the program makes; a type without one is refused when
plans are compared. The properties are those that the provider's plugin replaces a resource for
("Forces new resource" in its documentation, ``ForceNew`` in its schema), of those that can be set
here. Where the plugin decides by more than the property itself, the row says the worse.
"""

from __future__ import annotations

from typing import Final

from encore_provisioner.engine.compare import Rule, Rules

_NAME: Final = ("name", "namePrefix")
_SOURCES: Final = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
_DATABASE_SERVER: Final = "aws:rds/instance:Instance"


def _rule(
    *forces: str,
    switches: tuple[str, ...] = (),
    rises: tuple[str, ...] = (),
    holds: str = "",
    only_with: str = "",
    inside: str = "",
) -> Rule:
    """``region`` forces everywhere: a resource cannot move."""
    return Rule(
        forces=frozenset({"region", *forces}),
        switches=frozenset(switches),
        rises=frozenset(rises),
        holds=holds,
        only_with=only_with,
        inside=inside,
    )


_NETWORK: Final[Rules] = {
    "aws:ec2/vpc:Vpc": _rule("cidrBlock", "instanceTenancy", "ipv4IpamPoolId", "ipv4NetmaskLength"),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _rule("vpcId"),
    "aws:ec2/subnet:Subnet": _rule(
        "availabilityZone",
        "availabilityZoneId",
        "cidrBlock",
        "ipv4IpamPoolId",
        "ipv4NetmaskLength",
        "ipv6Native",
        "outpostArn",
        "vpcId",
    ),
    "aws:ec2/internetGateway:InternetGateway": _rule(),
    "aws:ec2/routeTable:RouteTable": _rule("vpcId"),
    "aws:ec2/route:Route": _rule(
        "destinationCidrBlock",
        "destinationIpv6CidrBlock",
        "destinationPrefixListId",
        "routeTableId",
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _rule("gatewayId", "subnetId"),
    "aws:ec2/eip:Eip": _rule(
        "address", "domain", "ipamPoolId", "networkBorderGroup", "publicIpv4Pool"
    ),
    "aws:ec2/natGateway:NatGateway": _rule(
        "allocationId", "availabilityMode", "connectivityType", "privateIp", "subnetId", "vpcId"
    ),
    "aws:ec2/instance:Instance": _rule(
        "ami",
        "associatePublicIpAddress",
        "availabilityZone",
        "ebsBlockDevices",
        "hibernation",
        "keyName",
        "networkInterfaces",
        "primaryNetworkInterface",
        "privateIp",
        "rootBlockDevice.encrypted",
        "rootBlockDevice.kmsKeyId",
        "subnetId",
        "tenancy",
        # The program asks for it: a script of the first start would not run again.
        "userData",
    ),
    "aws:ec2/networkInterface:NetworkInterface": _rule("interfaceType", "subnetId"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _rule(
        # For interface endpoints this one can be changed.
        "privateDnsEnabled",
        "serviceName",
        "serviceRegion",
        "vpcEndpointType",
        "vpcId",
    ),
    "aws:ec2/securityGroup:SecurityGroup": _rule(*_NAME, "description", "vpcId"),
    # A rule can point to another address, but not from an address to a group.
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule(
        "securityGroupId", switches=_SOURCES
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule(
        "securityGroupId", switches=_SOURCES
    ),
}

_OBJECTS: Final[Rules] = {
    "aws:s3/bucket:Bucket": _rule(
        "bucket",
        "bucketNamespace",
        "bucketPrefix",
        "objectLockEnabled",
        holds="the bucket with its objects and versions",
    ),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _rule("bucket"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _rule("bucket"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _rule("bucket"),
    "aws:s3/bucketPolicy:BucketPolicy": _rule("bucket"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _rule("bucket"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _rule("bucket")
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _rule("bucket"),
    "aws:cloudfront/cachePolicy:CachePolicy": _rule(),
    "aws:cloudfront/distribution:Distribution": _rule("staging"),
    "aws:cloudfront/originAccessControl:OriginAccessControl": _rule(),
}

_MESSAGES: Final[Rules] = {
    "aws:sns/topic:Topic": _rule(
        *_NAME,
        "fifoTopic",
        holds="the topic and what its subscriptions were not sent yet",
        only_with="aws:sns/topicSubscription:TopicSubscription",
    ),
    "aws:sns/topicPolicy:TopicPolicy": _rule("arn"),
    "aws:sns/topicSubscription:TopicSubscription": _rule("endpoint", "protocol", "topic"),
    "aws:sqs/queue:Queue": _rule(*_NAME, "fifoQueue", holds="the queue and the messages in it"),
    "aws:sqs/queuePolicy:QueuePolicy": _rule("queueUrl"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _rule("queueUrl"),
}

_DATABASES: Final[Rules] = {
    _DATABASE_SERVER: _rule(
        "availabilityZone",
        "backupTarget",
        "characterSetName",
        "customIamInstanceProfile",
        "dbName",
        "engine",
        "identifierPrefix",
        "kmsKeyId",
        "ncharCharacterSetName",
        "restoreToPointInTime",
        "snapshotIdentifier",
        "storageEncrypted",
        "timezone",
        "username",
        # AWS refuses less of these; only another server has less.
        rises=("allocatedStorage", "engineVersion"),
        holds="the server with all its databases",
    ),
    "aws:rds/parameterGroup:ParameterGroup": _rule(*_NAME, "description", "family"),
    "aws:rds/subnetGroup:SubnetGroup": _rule(*_NAME),
    "encore:sql:LogicalDatabase": _rule(
        "name", holds="the database and all its rows", inside=_DATABASE_SERVER
    ),
}

_CACHES: Final[Rules] = {
    "aws:elasticache/replicationGroup:ReplicationGroup": _rule(
        "atRestEncryptionEnabled",
        "dataTieringEnabled",
        "globalReplicationGroupId",
        "kmsKeyId",
        "networkType",
        "port",
        "replicationGroupId",
        "snapshotArns",
        "snapshotName",
        "subnetGroupName",
        # Redis becomes Valkey in place, not the other way: their names are in that order.
        rises=("engine", "engineVersion"),
        holds="the cache and its keys",
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": _rule("description", "family", "name"),
    "aws:elasticache/subnetGroup:SubnetGroup": _rule("name"),
    "aws:elasticache/user:User": _rule("userId", "userName"),
    "aws:elasticache/userGroup:UserGroup": _rule("userGroupId"),
}

_ACCESS: Final[Rules] = {
    "aws:cloudwatch/logGroup:LogGroup": _rule(*_NAME, "logGroupClass"),
    "aws:iam/instanceProfile:InstanceProfile": _rule(*_NAME, "path"),
    "aws:iam/policy:Policy": _rule(*_NAME, "description", "path"),
    "aws:iam/role:Role": _rule(*_NAME, "path"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _rule("policyArn", "role"),
    "aws:lambda/function:Function": _rule("name", "packageType"),
    "aws:secretsmanager/secret:Secret": _rule(
        *_NAME, "type", holds="the secret with all its versions"
    ),
}

RULES: Final[Rules] = {
    **_NETWORK,
    **_OBJECTS,
    **_MESSAGES,
    **_DATABASES,
    **_CACHES,
    **_ACCESS,
}
