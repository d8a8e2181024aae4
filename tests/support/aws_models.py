"""What AWS takes as a value: by botocore's models of its calls, and where those are silent by data.

In: a recorded resource. Out: what AWS would refuse of it, in words. ``MODELS`` says which property
of Pulumi ends up where in which call; ``REFERENCE`` holds what stands in AWS's documentation only.
What depends on several properties is in ``aws_combinations``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import botocore.session

from encore_config.plan import UNKNOWN
from encore_provisioner.engine.recording import Recorded

_SESSION: Final = botocore.session.Session()
_TAG: Final = r"[\w .:/=+@-]*"
"""Letters and digits of any script, separators and the signs that all services take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a value may be; lengths of texts and lists, or sizes of numbers.

    ``source``: the call of AWS, or which of its pages says so. ``not_like``: a search, not a match.
    """

    source: str
    pattern: str | None = None
    not_like: str | None = None
    least: float | None = None
    most: float | None = None
    choices: tuple[Any, ...] = ()


MODELS: Final[Mapping[str, tuple[str, str, Mapping[str, str]]]] = {
    "aws:cloudfront/cachePolicy:CachePolicy": (
        "cloudfront",
        "CreateCachePolicy",
        {
            f"parametersInCacheKeyAndForwardedToOrigin.{ours}": (
                f"CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.{theirs}"
            )
            for ours, theirs in {
                "cookiesConfig.cookieBehavior": "CookiesConfig.CookieBehavior",
                "headersConfig.headerBehavior": "HeadersConfig.HeaderBehavior",
                "queryStringsConfig.queryStringBehavior": "QueryStringsConfig.QueryStringBehavior",
            }.items()
        },
    ),
    "aws:cloudfront/distribution:Distribution": (
        "cloudfront",
        "CreateDistribution",
        {
            ours: f"DistributionConfig.{theirs}"
            for ours, theirs in {
                "httpVersion": "HttpVersion",
                "priceClass": "PriceClass",
                "origins": "Origins.Items",
                "defaultCacheBehavior.viewerProtocolPolicy": (
                    "DefaultCacheBehavior.ViewerProtocolPolicy"
                ),
                "defaultCacheBehavior.allowedMethods[]": (
                    "DefaultCacheBehavior.AllowedMethods.Items[]"
                ),
                "restrictions.geoRestriction.restrictionType": (
                    "Restrictions.GeoRestriction.RestrictionType"
                ),
            }.items()
        },
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": (
        "cloudfront",
        "CreateOriginAccessControl",
        {
            "originAccessControlOriginType": (
                "OriginAccessControlConfig.OriginAccessControlOriginType"
            ),
            "signingBehavior": "OriginAccessControlConfig.SigningBehavior",
            "signingProtocol": "OriginAccessControlConfig.SigningProtocol",
        },
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        "logs",
        "CreateLogGroup",
        {"name": "logGroupName", "kmsKeyId": "kmsKeyId"},
    ),
    "aws:ec2/eip:Eip": ("ec2", "AllocateAddress", {"domain": "Domain"}),
    "aws:ec2/instance:Instance": (
        "ec2",
        "RunInstances",
        {
            "instanceType": "InstanceType",
            "metadataOptions.httpTokens": "MetadataOptions.HttpTokens",
            "metadataOptions.httpEndpoint": "MetadataOptions.HttpEndpoint",
            "rootBlockDevice.volumeType": "BlockDeviceMappings[].Ebs.VolumeType",
        },
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        "ec2",
        "CreateVpcEndpoint",
        {"vpcEndpointType": "VpcEndpointType"},
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        "elasticache",
        "CreateReplicationGroup",
        {
            "clusterMode": "ClusterMode",
            "transitEncryptionMode": "TransitEncryptionMode",
            "userGroupIds": "UserGroupIds",
        },
    ),
    "aws:elasticache/user:User": (
        "elasticache",
        "CreateUser",
        {
            "userId": "UserId",
            "userName": "UserName",
            "engine": "Engine",
            "accessString": "AccessString",
            "authenticationMode.type": "AuthenticationMode.Type",
        },
    ),
    "aws:elasticache/userGroup:UserGroup": (
        "elasticache",
        "CreateUserGroup",
        {"engine": "Engine", "userIds": "UserIds", "userIds[]": "UserIds[]"},
    ),
    "aws:iam/instanceProfile:InstanceProfile": (
        "iam",
        "CreateInstanceProfile",
        {"name": "InstanceProfileName"},
    ),
    "aws:iam/policy:Policy": (
        "iam",
        "CreatePolicy",
        {"name": "PolicyName", "description": "Description", "policy": "PolicyDocument"},
    ),
    "aws:iam/role:Role": (
        "iam",
        "CreateRole",
        {
            "name": "RoleName",
            "description": "Description",
            "assumeRolePolicy": "AssumeRolePolicyDocument",
        },
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
        "iam",
        "AttachRolePolicy",
        {"role": "RoleName", "policyArn": "PolicyArn"},
    ),
    "aws:lambda/function:Function": (
        "lambda",
        "CreateFunction",
        {
            "architectures": "Architectures",
            "architectures[]": "Architectures[]",
            "description": "Description",
            "handler": "Handler",
            "loggingConfig.logFormat": "LoggingConfig.LogFormat",
            "loggingConfig.logGroup": "LoggingConfig.LogGroup",
            "memorySize": "MemorySize",
            "name": "FunctionName",
            "role": "Role",
            "runtime": "Runtime",
            "timeout": "Timeout",
            "vpcConfig.securityGroupIds": "VpcConfig.SecurityGroupIds",
            "vpcConfig.subnetIds": "VpcConfig.SubnetIds",
        },
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        "s3",
        "PutBucketLifecycleConfiguration",
        {"rules[].status": "LifecycleConfiguration.Rules[].Status"},
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (
        "s3",
        "PutBucketOwnershipControls",
        {"rule.objectOwnership": "OwnershipControls.Rules[].ObjectOwnership"},
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "s3",
        "PutBucketEncryption",
        {
            "rules[].applyServerSideEncryptionByDefault.sseAlgorithm": (
                "ServerSideEncryptionConfiguration.Rules[]"
                ".ApplyServerSideEncryptionByDefault.SSEAlgorithm"
            )
        },
    ),
    "aws:s3/bucketVersioning:BucketVersioning": (
        "s3",
        "PutBucketVersioning",
        {"versioningConfiguration.status": "VersioningConfiguration.Status"},
    ),
    "aws:secretsmanager/secret:Secret": (
        "secretsmanager",
        "CreateSecret",
        {"name": "Name", "description": "Description", "kmsKeyId": "KmsKeyId"},
    ),
}
"""By Pulumi's type: service, operation, and for properties the parameter that they become."""

_RDS: Final = "RDS's guide, naming constraints"
_CACHE: Final = "ElastiCache's API reference"
_HYPHENS: Final = r"--|-$"
_GROUP_TEXT: Final = Limit(
    source="CreateSecurityGroup: the characters of a description in a VPC",
    pattern=r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*",
    most=255,
)
_PRINTABLE: Final = r"[\x20-\x7e]*"

REFERENCE: Final[Mapping[str, Mapping[str, tuple[Limit, ...]]]] = {
    "aws:cloudfront/cachePolicy:CachePolicy": {
        "name": (Limit(source="CachePolicyConfig", pattern=r"[A-Za-z0-9_-]+", most=128),),
        "maxTtl": (Limit(source="CloudFront's API reference", least=0, most=3_153_600_000),),
    },
    "aws:cloudfront/distribution:Distribution": {
        "comment": (Limit(source="DistributionConfig: 128 characters", most=128),),
        "defaultRootObject": (Limit(source="DistributionConfig", not_like=r"^/", most=255),),
    },
    "aws:cloudfront/originAccessControl:OriginAccessControl": {
        "name": (Limit(source="OriginAccessControlConfig", least=1, most=64),),
        "description": (Limit(source="OriginAccessControlConfig", most=256),),
    },
    "aws:cloudwatch/logGroup:LogGroup": {
        "name": (Limit(source="log group names: not aws/", not_like=r"^aws/"),),
        "retentionInDays": (
            Limit(
                source="PutRetentionPolicy",
                choices=(
                    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
                    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
                ),
            ),
        ),
    },
    "aws:ec2/securityGroup:SecurityGroup": {
        "name": (_GROUP_TEXT, Limit(source="CreateSecurityGroup: not sg-", not_like=r"(?i)^sg-")),
        "description": (_GROUP_TEXT,),
    },
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {"description": (_GROUP_TEXT,)},
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {"description": (_GROUP_TEXT,)},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {
        "serviceName": (
            Limit(
                source="names of AWS's own services",
                pattern=r"(cn\.)?com\.amazonaws\.[a-z0-9-]+\.[a-z0-9.-]+",
            ),
        )
    },
    "aws:ec2/instance:Instance": {
        "userData": (Limit(source="RunInstances: 16 KB before base64", most=16_384),),
    },
    "aws:elasticache/parameterGroup:ParameterGroup": {
        "name": (Limit(source=_CACHE, pattern=r"[a-z][a-z0-9-]*", not_like=_HYPHENS, most=255),),
        "family": (
            Limit(source=_CACHE, pattern=r"valkey[789]|redis(2\.[68]|3\.2|4\.0|5\.0|6\.x|7)"),
        ),
        "description": (Limit(source=_CACHE, pattern=_PRINTABLE, least=1, most=255),),
        "parameters[].value": (
            Limit(
                source="ElastiCache's parameters: maxmemory-policy",
                pattern=r"(allkeys|volatile)-(lru|lfu|random)|volatile-ttl|noeviction",
            ),
        ),
    },
    "aws:elasticache/replicationGroup:ReplicationGroup": {
        "replicationGroupId": (
            Limit(source=_CACHE, pattern=r"[a-z][a-z0-9-]*", not_like=_HYPHENS, least=1, most=40),
        ),
        "description": (Limit(source=_CACHE, pattern=_PRINTABLE, least=1, most=255),),
        "finalSnapshotIdentifier": (
            Limit(source=_CACHE, pattern=r"[a-z][a-z0-9-]*", not_like=_HYPHENS, most=255),
        ),
        "numCacheClusters": (Limit(source=_CACHE, least=1, most=6),),
        "snapshotRetentionLimit": (Limit(source=_CACHE, least=0, most=35),),
        "engine": (Limit(source=_CACHE, choices=("redis", "valkey")),),
        "nodeType": (Limit(source=_CACHE, pattern=r"cache\.[a-z0-9]+\.[a-z0-9]+"),),
    },
    "aws:elasticache/subnetGroup:SubnetGroup": {
        "name": (Limit(source=_CACHE, pattern=r"[a-z0-9-]+", not_like=r"^default$", most=255),),
        "description": (Limit(source=_CACHE, pattern=_PRINTABLE, least=1, most=255),),
    },
    "aws:elasticache/user:User": {
        "userId": (Limit(source=_CACHE, not_like=_HYPHENS, least=1, most=40),),
        "userName": (Limit(source=_CACHE, pattern=r"[A-Za-z0-9-]+", most=120),),
    },
    "aws:elasticache/userGroup:UserGroup": {
        "userGroupId": (
            Limit(source=_CACHE, pattern=r"[a-z][a-z0-9-]*", not_like=_HYPHENS, most=40),
        ),
    },
    "aws:lambda/function:Function": {
        # The name alone; the model's is that of an ARN, too.
        "name": (Limit(source="CreateFunction", pattern=r"[A-Za-z0-9_-]+", most=64),),
        "code.path": (Limit(source="the CLI's own folder: no path", pattern=r"[a-z0-9.-]+"),),
        "timeout": (Limit(source="Lambda quotas: 15 minutes", least=1, most=900),),
        "memorySize": (Limit(source="Lambda quotas: in MiB", least=128, most=10_240),),
    },
    "aws:rds/instance:Instance": {
        "identifier": (Limit(source=_RDS, pattern=r"[a-z][a-z0-9-]*", not_like=_HYPHENS, most=63),),
        "finalSnapshotIdentifier": (
            Limit(source=_RDS, pattern=r"[A-Za-z][A-Za-z0-9-]*", not_like=_HYPHENS, most=255),
        ),
        "username": (
            Limit(
                source="CreateDBInstance, PostgreSQL",
                pattern=r"[A-Za-z][A-Za-z0-9_]{0,62}",
                not_like=r"(?i)^(rds|pg_|postgres$|admin$|user$)",
            ),
        ),
        "backupRetentionPeriod": (Limit(source="CreateDBInstance", least=0, most=35),),
        "allocatedStorage": (Limit(source="gp3, PostgreSQL: in GiB", least=20, most=65_536),),
        "performanceInsightsRetentionPeriod": (
            Limit(source="CreateDBInstance", choices=(7, 731, *(31 * n for n in range(1, 24)))),
        ),
        "engineVersion": (Limit(source="CreateDBInstance", pattern=r"\d\d(\.\d+)?"),),
        "port": (Limit(source="CreateDBInstance", least=1150, most=65_535),),
        "enabledCloudwatchLogsExports[]": (
            Limit(source="PostgreSQL", choices=("postgresql", "upgrade", "iam-db-auth-error")),
        ),
        "instanceClass": (Limit(source=_RDS, pattern=r"db\.[a-z0-9-]+\.[a-z0-9.-]+"),),
    },
    "aws:rds/parameterGroup:ParameterGroup": {
        "name": (Limit(source=_RDS, pattern=r"[a-z][a-z0-9-]*", not_like=_HYPHENS, most=255),),
        "description": (Limit(source=_RDS, pattern=_PRINTABLE, least=1, most=255),),
        "family": (Limit(source=_RDS, pattern=r"postgres\d\d"),),
    },
    "aws:rds/subnetGroup:SubnetGroup": {
        "name": (Limit(source=_RDS, pattern=r"[a-z0-9 _.-]+", not_like=r"^default$", most=255),),
        "description": (Limit(source=_RDS, pattern=_PRINTABLE, least=1, most=255),),
    },
    "aws:s3/bucket:Bucket": {
        "bucket": (
            Limit(
                source="S3's guide, general purpose bucket naming rules",
                pattern=r"[a-z0-9][a-z0-9-]+[a-z0-9]",
                not_like=r"^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--(ol|x|table)-s3|\.mrap)$|--",
                least=3,
                most=63,
            ),
        )
    },
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": {
        "corsRules": (Limit(source="PutBucketCors: 100 rules", least=1, most=100),),
        "corsRules[].allowedMethods[]": (
            Limit(source="PutBucketCors", choices=("GET", "PUT", "POST", "DELETE", "HEAD")),
        ),
        "corsRules[].allowedOrigins[]": (
            Limit(source="PutBucketCors: one wildcard", not_like=r"\*.*\*"),
        ),
        "corsRules[].allowedHeaders[]": (
            Limit(source="PutBucketCors: one wildcard", not_like=r"\*.*\*"),
        ),
        "corsRules[].exposeHeaders[]": (
            Limit(source="PutBucketCors: no wildcard", pattern=r"[A-Za-z0-9_-]+"),
        ),
    },
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
        "rules": (Limit(source="PutBucketLifecycleConfiguration", least=1, most=1000),),
        "rules[].id": (Limit(source="LifecycleRule", least=1, most=255),),
        "rules[].abortIncompleteMultipartUpload.daysAfterInitiation": (
            Limit(source="AbortIncompleteMultipartUpload", least=1),
        ),
    },
    "aws:secretsmanager/secret:Secret": {
        "name": (
            Limit(
                source="CreateSecret: characters; and no end that looks like the ARN's own",
                pattern=r"[A-Za-z0-9/_+=.@-]+",
                not_like=r"-[A-Za-z0-9]{6}$",
            ),
        ),
        "recoveryWindowInDays": (Limit(source="DeleteSecret", choices=(0, *range(7, 31))),),
    },
    "aws:sns/topic:Topic": {
        "name": (Limit(source="CreateTopic", pattern=r"[A-Za-z0-9_-]+(\.fifo)?", most=256),),
        "fifoThroughputScope": (Limit(source="CreateTopic", choices=("Topic", "MessageGroup")),),
    },
    "aws:sqs/queue:Queue": {
        "name": (Limit(source="CreateQueue", pattern=r"[A-Za-z0-9_-]+(\.fifo)?", most=80),),
        "visibilityTimeoutSeconds": (Limit(source="CreateQueue", least=0, most=43_200),),
        "messageRetentionSeconds": (Limit(source="CreateQueue", least=60, most=1_209_600),),
        "receiveWaitTimeSeconds": (Limit(source="CreateQueue", least=0, most=20),),
        "deduplicationScope": (Limit(source="CreateQueue", choices=("messageGroup", "queue")),),
        "fifoThroughputLimit": (
            Limit(source="CreateQueue", choices=("perQueue", "perMessageGroupId")),
        ),
    },
}
"""By Pulumi's type and property: what AWS's documentation says and botocore's models do not."""


def refusals(found: Recorded) -> Iterator[str]:
    """What AWS would refuse of one resource, each property by itself."""
    for path, limit in limits(found.type):
        for value in values(found.inputs, path):
            yield from (f"{found.name}: {path} {why}" for why in broken(limit, value))
    tags = found.inputs.get("tags")
    if isinstance(tags, Mapping):
        yield from (f"{found.name}: {why}" for why in _tags(tags))


@functools.cache
def limits(kind: str) -> tuple[tuple[str, Limit], ...]:
    reference = [
        (path, limit) for path, limits in REFERENCE.get(kind, {}).items() for limit in limits
    ]
    service, operation, paths = MODELS.get(kind, ("", "", {}))
    modelled = [(ours, model(service, operation, theirs)) for ours, theirs in paths.items()]
    return (*modelled, *reference)


@functools.cache
def model(service: str, operation: str, path: str) -> Limit:
    """What botocore says of one parameter. Raises ``KeyError`` for one that the call has not."""
    shape = _SESSION.get_service_model(service).operation_model(operation).input_shape
    for step in path.split("."):
        name, _, rest = step.partition("[]")
        shape = shape.members[name]
        if step.endswith("[]"):
            shape = shape.member
        assert not rest, path
    told = shape.metadata
    return Limit(
        source=f"{service}.{operation}",
        pattern=_python(told["pattern"]) if "pattern" in told else None,
        least=told.get("min"),
        most=told.get("max"),
        choices=tuple(getattr(shape, "enum", ())),
    )


def _python(pattern: str) -> str:
    """Python knows no ``\\p``: letters and digits are ``\\w``, separators the blank here."""
    for theirs, ours in ((r"\p{L}", r"\w"), (r"\p{N}", r"\w"), (r"\p{Z}", " ")):
        pattern = pattern.replace(theirs, ours)
    return pattern


def values(found: Any, path: str) -> Iterator[Any]:
    """Every known value at a path such as ``rules[].status``."""
    if found is None or found == UNKNOWN:
        return
    if not path:
        yield found
        return
    step, _, rest = path.partition(".")
    name = step.removesuffix("[]")
    inside = found.get(name)
    if not step.endswith("[]"):
        yield from values(inside, rest)
    elif isinstance(inside, list):
        for item in inside:
            yield from values(item, rest)


def broken(limit: Limit, value: Any) -> Iterator[str]:
    size = value if isinstance(value, int | float) else len(value)
    if limit.least is not None and size < limit.least:
        yield f"is {value!r}: below {limit.least} ({limit.source})"
    if limit.most is not None and size > limit.most:
        yield f"is {value!r}: over {limit.most:g} ({limit.source})"
    if limit.choices and value not in limit.choices:
        yield f"is {value!r}: none of {limit.choices} ({limit.source})"
    if limit.pattern and not re.fullmatch(limit.pattern, value, re.ASCII):
        yield f"is {value!r}: not of the form {limit.pattern} ({limit.source})"
    if limit.not_like and re.search(limit.not_like, value):
        yield f"is {value!r}: may not be like {limit.not_like} ({limit.source})"


def _tags(tags: Mapping[str, str]) -> Iterator[str]:
    """The same for all services, and what IAM alone wants: no two keys that differ in case only."""
    if len(tags) > 50:
        yield f"has {len(tags)} tags: 50 are the most"
    if len({key.lower() for key in tags}) < len(tags):
        yield "has tags whose keys differ in case only, which IAM takes for the same"
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or not re.fullmatch(_TAG, key):
            yield f"tag {key!r} is no key"
        if key.lower().startswith("aws:"):
            yield f"tag {key!r} is AWS's own"
        if isinstance(value, str) and (len(value) > 256 or not re.fullmatch(_TAG, value)):
            yield f"tag {key!r} has the value {value!r}"
