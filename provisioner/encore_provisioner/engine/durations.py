"""How long clouds usually take: one table by Pulumi's type, for estimates and nothing else.

In: a step. Out: seconds, or None where nobody knows. Nothing is decided by these numbers; they
tell a person whether to wait or to fetch coffee. None of them was measured by this project yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from encore_config.plan import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """Seconds for each thing that can be done; None: it depends too much on what is asked for.

    ``source`` says where the numbers come from.
    """

    create: float
    delete: float
    update: float | None = None
    source: str


_LOGS: Final = "logs of Terraform's runs that people have published, the middle of those found"
_CALL: Final = "one call to AWS that answers at once"
_SPREAD: Final = "one call; then the provider waits until all of AWS's own copies know of it"
_DOCUMENTED: Final = "AWS's documentation, which says so in words"
_FUNCTION: Final = "one call of a function of ours inside the network"


def _quick(source: str = _CALL) -> Usual:
    return Usual(create=2, update=2, delete=2, source=source)


_NETWORK: Final = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _quick(),
    "aws:ec2/eip:Eip": Usual(create=2, delete=3, source=_LOGS),
    # It waits until the machine runs, not until its script has.
    "aws:ec2/instance:Instance": Usual(create=15, delete=45, source=_LOGS),
    "aws:ec2/internetGateway:InternetGateway": Usual(create=2, update=2, delete=20, source=_LOGS),
    "aws:ec2/natGateway:NatGateway": Usual(create=105, update=2, delete=55, source=_LOGS),
    "aws:ec2/networkInterface:NetworkInterface": Usual(create=5, delete=10, source=_LOGS),
    "aws:ec2/route:Route": _quick(),
    "aws:ec2/routeTable:RouteTable": _quick(),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _quick(),
    "aws:ec2/securityGroup:SecurityGroup": Usual(create=3, update=2, delete=5, source=_LOGS),
    "aws:ec2/subnet:Subnet": Usual(create=2, update=2, delete=2, source=_LOGS),
    "aws:ec2/vpc:Vpc": Usual(create=12, update=2, delete=2, source=_LOGS),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Usual(create=60, delete=90, source=_LOGS),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _quick(),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _quick(),
}

_OBJECTS: Final = {
    "aws:s3/bucket:Bucket": Usual(create=4, update=3, delete=2, source=_LOGS),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _quick(),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Usual(
        create=30, update=30, delete=2, source=_SPREAD
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _quick(),
    "aws:s3/bucketPolicy:BucketPolicy": _quick(),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _quick(),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _quick()
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _quick(),
    "aws:cloudfront/cachePolicy:CachePolicy": _quick(),
    "aws:cloudfront/distribution:Distribution": Usual(
        create=240, update=240, delete=240, source=_LOGS
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": _quick(),
}

_MESSAGES: Final = {
    "aws:sns/topic:Topic": _quick(),
    "aws:sns/topicPolicy:TopicPolicy": _quick(),
    "aws:sns/topicSubscription:TopicSubscription": _quick(),
    "aws:sqs/queue:Queue": Usual(create=26, update=26, delete=26, source=_SPREAD),
    "aws:sqs/queuePolicy:QueuePolicy": Usual(create=26, update=26, delete=26, source=_SPREAD),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": Usual(
        create=26, update=26, delete=26, source=_SPREAD
    ),
}

_DATABASES: Final = {
    # With a second server in another zone it is rather 14 minutes. A change may be a restart, or
    # a new machine: it depends.
    "aws:rds/instance:Instance": Usual(create=480, delete=360, source=_LOGS),
    "aws:rds/parameterGroup:ParameterGroup": _quick(),
    "aws:rds/subnetGroup:SubnetGroup": _quick(),
    "encore:sql:LogicalDatabase": _quick(_FUNCTION),
}

_CACHES: Final = {
    "aws:elasticache/replicationGroup:ReplicationGroup": Usual(
        create=450, delete=360, source=_LOGS
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": _quick(),
    "aws:elasticache/subnetGroup:SubnetGroup": _quick(),
    "aws:elasticache/user:User": Usual(create=5, update=60, delete=60, source=_DOCUMENTED),
    "aws:elasticache/userGroup:UserGroup": Usual(
        create=60, update=60, delete=60, source=_DOCUMENTED
    ),
}

_ACCESS: Final = {
    "aws:cloudwatch/logGroup:LogGroup": _quick(),
    "aws:iam/instanceProfile:InstanceProfile": Usual(create=7, delete=2, source=_SPREAD),
    "aws:iam/policy:Policy": _quick(),
    "aws:iam/role:Role": _quick(),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _quick(),
    "aws:secretsmanager/secret:Secret": _quick(),
    # In a network its interfaces go long after it: up to 40 minutes for what they hang on.
    "aws:lambda/function:Function": Usual(create=14, update=12, delete=2, source=_LOGS),
}

USUAL: Final[dict[str, Usual]] = {
    **_NETWORK,
    **_OBJECTS,
    **_MESSAGES,
    **_DATABASES,
    **_CACHES,
    **_ACCESS,
}


def usual_seconds(step: Step) -> float | None:
    """How long a step like this takes as a rule."""
    usual = USUAL.get(step.type)
    if usual is None:
        return None
    match step.op:
        case "create":
            return usual.create
        case "delete":
            return usual.delete
        case "replace":
            return usual.create + usual.delete
        case "update":
            return usual.update
        case "same":
            return None
