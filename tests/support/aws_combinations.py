"""What AWS, or Pulumi's provider for it, refuses of several properties together.

In: recorded resources. Out: what would be refused, in words. Each rule names whose it is. Sizes of
policies and their grammar are here too, since a policy is a document in one property.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from encore_provisioner.engine.recording import Recorded

Rule = Callable[[Recorded], Iterator[str]]

POLICIES: Final[Mapping[str, tuple[str, int]]] = {
    # IAM counts no white space; the quotas are those of AWS's service pages.
    "aws:iam/policy:Policy": ("policy", 6_144),
    "aws:iam/role:Role": ("assumeRolePolicy", 2_048),
    "aws:s3/bucketPolicy:BucketPolicy": ("policy", 20_480),
    "aws:sns/topicPolicy:TopicPolicy": ("policy", 30_720),
    "aws:sqs/queuePolicy:QueuePolicy": ("policy", 8_192),
}
_TIERED: Final = "cache.r6gd."
_TIERED_POLICIES: Final = (
    "noeviction", "allkeys-lru", "allkeys-lfu", "volatile-lru", "volatile-lfu",
)  # fmt: skip


def policies(found: Recorded) -> Iterator[str]:
    """IAM's grammar: the Sid is letters and digits, once in a policy; nothing is empty."""
    if found.type not in POLICIES:
        return
    key, most = POLICIES[found.type]
    text = found.inputs.get(key)
    if not isinstance(text, str):
        return
    size = len(re.sub(r"\s", "", text)) if ":iam/" in found.type else len(text)
    if size > most:
        yield f"{key} holds {size} characters of {most}"
    document = json.loads(text)
    if document["Version"] != "2012-10-17":
        yield f"{key} is of version {document['Version']}"
    if not document["Statement"]:
        yield f"{key} says nothing"
    sids = [statement["Sid"] for statement in document["Statement"] if "Sid" in statement]
    if len(set(sids)) < len(sids):
        yield f"{key} has a Sid twice"
    for sid in sids:
        if not re.fullmatch(r"[A-Za-z0-9]+", sid):
            yield f"{key}: the Sid {sid!r} holds more than letters and digits"
    for statement in document["Statement"]:
        for part in ("Action", "Resource", "Principal"):
            if part in statement and not statement[part]:
                yield f"{key}: a statement with an empty {part}"


def cache_policies(found: Recorded) -> Iterator[str]:
    """CloudFront: "invalid for policy with caching disabled"."""
    if found.type != "aws:cloudfront/cachePolicy:CachePolicy":
        return
    least, usual, most = (found.inputs.get(key, 0) for key in ("minTtl", "defaultTtl", "maxTtl"))
    if not least <= usual <= most:
        yield f"TTLs {least}, {usual}, {most} are not in order"
    of_key = found.inputs["parametersInCacheKeyAndForwardedToOrigin"]
    for name in ("Gzip", "Brotli"):
        if most == 0 and of_key.get(f"enableAcceptEncoding{name}"):
            yield f"enableAcceptEncoding{name} where nothing is cached"
    for name, key in (
        ("headers", "header"),
        ("cookies", "cookie"),
        ("queryStrings", "queryString"),
    ):
        config = of_key[f"{name}Config"]
        behaviour = config[f"{key}Behavior"]
        if most == 0 and behaviour != "none":
            yield f"{key}Behavior {behaviour} where nothing is cached"
        if (behaviour in ("whitelist", "allExcept")) != bool(config.get(name)):
            yield f"{key}Behavior {behaviour} with {config.get(name)}"


def distributions(found: Recorded) -> Iterator[str]:
    if found.type != "aws:cloudfront/distribution:Distribution":
        return
    behaviour = found.inputs["defaultCacheBehavior"]
    methods = set(behaviour["allowedMethods"])
    sets: tuple[set[str], ...] = ({"GET", "HEAD"}, {"GET", "HEAD", "OPTIONS"})
    everything = {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}
    if methods not in (*sets, everything):
        yield f"allowedMethods {sorted(methods)} is none of the three sets"
    if set(behaviour["cachedMethods"]) not in sets:
        yield f"cachedMethods {behaviour['cachedMethods']}"
    ids = {origin["originId"] for origin in found.inputs["origins"]}
    if behaviour["targetOriginId"] not in ids:
        yield f"no origin {behaviour['targetOriginId']}"
    if behaviour.get("cachePolicyId") and (
        behaviour.get("forwardedValues") or "minTtl" in behaviour
    ):
        yield "a cache policy beside settings of its own"


def databases(found: Recorded) -> Iterator[str]:
    if found.type != "aws:rds/instance:Instance":
        return
    inputs = found.inputs
    storage, most = inputs["allocatedStorage"], inputs.get("maxAllocatedStorage") or 0
    if most and 10 * most < 11 * storage:
        yield f"storage of {storage} GiB may grow to {most}, which is not a tenth more"
    if not inputs.get("skipFinalSnapshot") and not inputs.get("finalSnapshotIdentifier"):
        yield "a final snapshot without a name"
    if inputs.get("manageMasterUserPassword") and inputs.get("password"):
        yield "a password beside the one that RDS makes"
    if not inputs.get("performanceInsightsEnabled"):
        for key in ("performanceInsightsRetentionPeriod", "performanceInsightsKmsKeyId"):
            if inputs.get(key):
                yield f"{key} without performance insights"
    if inputs["storageType"] == "gp3" and storage < 400 and inputs.get("iops"):
        yield "iops of gp3 below 400 GiB"
    if inputs.get("multiAz") and inputs.get("availabilityZone"):
        yield "one zone for two servers"


def caches(found: Recorded) -> Iterator[str]:
    if found.type != "aws:elasticache/replicationGroup:ReplicationGroup":
        return
    inputs = found.inputs
    if inputs.get("automaticFailoverEnabled") and inputs["numCacheClusters"] < 2:
        yield "failover with one node"
    if inputs.get("multiAzEnabled") and not inputs.get("automaticFailoverEnabled"):
        yield "several zones without failover"
    if inputs.get("userGroupIds") and not inputs.get("transitEncryptionEnabled"):
        yield "users without TLS"
    if len(inputs.get("userGroupIds") or ()) > 1:
        yield "two user groups"
    if bool(inputs.get("dataTieringEnabled")) != inputs["nodeType"].startswith(_TIERED):
        yield f"data tiering is {inputs.get('dataTieringEnabled')} on {inputs['nodeType']}"
    version = tuple(int(part) for part in inputs["engineVersion"].split("."))
    if version < (7, 0, 0)[: len(version)] and inputs.get("transitEncryptionMode"):
        yield "a mode of TLS before Redis 7"


def cache_users(found: Recorded) -> Iterator[str]:
    if found.type != "aws:elasticache/user:User":
        return
    inputs = found.inputs
    way = inputs["authenticationMode"]["type"]
    if way == "iam" and inputs["userId"] != inputs["userName"]:
        yield "IAM authentication of a user whose name is not its id"
    if inputs["engine"] == "valkey" and way == "no-password-required":
        yield "a user of Valkey without a password"


def queues(found: Recorded) -> Iterator[str]:
    """SQS and SNS: what only FIFO knows, and one encryption at a time (Pulumi: conflicts with)."""
    kind = {"aws:sqs/queue:Queue": "fifoQueue", "aws:sns/topic:Topic": "fifoTopic"}
    if found.type not in kind:
        return
    inputs = found.inputs
    is_fifo = bool(inputs.get(kind[found.type]))
    if is_fifo != inputs["name"].endswith(".fifo"):
        yield f"{inputs['name']} is {'' if is_fifo else 'not '}FIFO"
    for key in (
        "contentBasedDeduplication", "deduplicationScope", "fifoThroughputLimit",
        "fifoThroughputScope",
    ):  # fmt: skip
        if key in inputs and not is_fifo:
            yield f"{key} without FIFO"
    scope, limit = inputs.get("deduplicationScope"), inputs.get("fifoThroughputLimit")
    if limit == "perMessageGroupId" and scope != "messageGroup":
        yield "throughput for each group without deduplication for each"
    if inputs.get("sqsManagedSseEnabled") and inputs.get("kmsMasterKeyId"):
        yield "two encryptions"
    yield from _redrive(inputs, is_fifo)


def _redrive(inputs: Mapping[str, Any], is_fifo: bool) -> Iterator[str]:
    text = inputs.get("redrivePolicy")
    if not isinstance(text, str):
        return
    redrive = json.loads(text)
    if not 1 <= redrive["maxReceiveCount"] <= 1000:
        yield f"maxReceiveCount {redrive['maxReceiveCount']}: 1 to 1000"
    if redrive["deadLetterTargetArn"].endswith(".fifo") != is_fifo:
        yield "dead letters of the other kind"


def networks(found: Recorded) -> Iterator[str]:
    if found.type in ("aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"):
        block = ipaddress.IPv4Network(found.inputs["cidrBlock"])
        if not 16 <= block.prefixlen <= 28:
            yield f"{block}: /16 to /28"
        if any(block.overlaps(ipaddress.IPv4Network(taken)) for taken in NO_VPC):
            yield f"{block} is no network that a VPC may have"
    if found.type == "aws:ec2/route:Route":
        ways = [key for key in WAYS if found.inputs.get(key) is not None]
        if len(ways) != 1:
            yield f"a route with the targets {ways}"


def conflicts(found: Recorded) -> Iterator[str]:
    """What may not stand beside each other: EC2, and Pulumi's schema (conflicts with)."""
    inputs = found.inputs
    others: tuple[str, ...]
    if found.type == "aws:ec2/instance:Instance" and "primaryNetworkInterface" in inputs:
        others = ("subnetId", "vpcSecurityGroupIds", "sourceDestCheck", "privateIp")
    elif found.type == "aws:ec2/vpcEndpoint:VpcEndpoint":
        of_interfaces = ("subnetIds", "securityGroupIds", "privateDnsEnabled")
        is_gateway = inputs["vpcEndpointType"] == "Gateway"
        others = of_interfaces if is_gateway else ("routeTableIds",)
    else:
        return
    for key in others:
        if inputs.get(key) is not None:
            yield f"{key} where it has no place"


NO_VPC: Final = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
WAYS: Final = (
    "carrierGatewayId", "egressOnlyGatewayId", "gatewayId", "localGatewayId", "natGatewayId",
    "networkInterfaceId", "transitGatewayId", "vpcEndpointId", "vpcPeeringConnectionId",
)  # fmt: skip


def port_rules(found: Recorded) -> Iterator[str]:
    if not found.type.startswith("aws:vpc/securityGroup"):
        return
    inputs = found.inputs
    ends = [key for key in ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
            if inputs.get(key) is not None]  # fmt: skip
    if len(ends) != 1:
        yield f"a rule with the ends {ends}"
    has_ports = [inputs.get(key) is not None for key in ("fromPort", "toPort")]
    if any(has_ports) != (inputs["ipProtocol"] != "-1") or any(has_ports) != all(has_ports):
        yield f"ports of the protocol {inputs['ipProtocol']}"


def eviction(resources: tuple[Recorded, ...]) -> Iterator[str]:
    """Of several resources: nodes with a disk know no random eviction and none by lifetime."""
    groups = {
        item.inputs["name"]: item.inputs["parameters"][0]["value"]
        for item in resources
        if item.type == "aws:elasticache/parameterGroup:ParameterGroup"
    }
    for item in resources:
        tiered = str(item.inputs.get("nodeType", "")).startswith(_TIERED)
        policy = groups.get(str(item.inputs.get("parameterGroupName")))
        if tiered and policy is not None and policy not in _TIERED_POLICIES:
            yield f"{item.name}: {policy} on nodes with a disk"


def subnets(resources: tuple[Recorded, ...]) -> Iterator[str]:
    """Of several resources: subnets lie in their network and not in each other."""
    homes = _blocks(resources, "aws:ec2/vpc:Vpc")
    blocks = _blocks(resources, "aws:ec2/subnet:Subnet")
    for number, block in enumerate(blocks):
        if not any(block.subnet_of(home) for home in homes):
            yield f"{block} lies outside its network"
        for other in blocks[:number]:
            if block.overlaps(other):
                yield f"{block} and {other} overlap"


def _blocks(resources: tuple[Recorded, ...], kind: str) -> list[ipaddress.IPv4Network]:
    found = (item.inputs["cidrBlock"] for item in resources if item.type == kind)
    return [ipaddress.IPv4Network(block) for block in found]


def names_are_taken_once(resources: tuple[Recorded, ...]) -> Iterator[str]:
    """Of several resources: SNS and others would hand out the same thing twice, without a word."""
    seen: set[tuple[str, str]] = set()
    for item in resources:
        for key in ("name", "bucket", "identifier", "replicationGroupId", "userId", "userGroupId"):
            name = item.inputs.get(key)
            own = item.type.split("/")[-1].split(":")[0]
            if not isinstance(name, str) or (key == "bucket" and own != key):
                continue
            if (item.type, name) in seen:
                yield f"{item.name}: another {own} is called {name}"
            seen.add((item.type, name))


RULES: Final[tuple[Rule, ...]] = (
    policies, cache_policies, distributions, databases, caches, cache_users, queues, networks,
    conflicts, port_rules,
)  # fmt: skip
RULES_OF_SEVERAL: Final = (eviction, subnets, names_are_taken_once)


def refusals(resources: tuple[Recorded, ...]) -> Iterator[str]:
    """What would be refused of a whole program."""
    for item in resources:
        for rule in RULES:
            yield from (f"{item.name}: {why}" for why in rule(item))
    for several in RULES_OF_SEVERAL:
        yield from several(resources)
