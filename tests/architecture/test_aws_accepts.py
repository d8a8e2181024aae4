"""AWS would take every resource of every plan: names, texts, numbers, policies, combinations.

Two sources: botocore's models of AWS's calls, and rules from AWS's documentation as data (see
``tests.support.aws_models`` and ``aws_combinations``). They look at recorded programs of generated
graphs, with names as odd as a declaration may have, and at the golden plans' programs. Each rule is
shown to find something.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import aws_combinations as rules
from tests.support import aws_models
from tests.support.aws_cases import target
from tests.support.examples import examples
from tests.support.generated_graphs import environments, graphs
from tests.support.golden import CASES
from tests.support.tool import SHOP

from encore_aws import arns, offline
from encore_aws.naming import Names
from encore_aws.program import Program, normalise
from encore_aws.replacement import RULES
from encore_aws.settings import settings as resolved
from encore_config.environment import Environment
from encore_config.graph import Graph
from encore_provisioner.engine.recording import Recorded, record
from encore_provisioner.provider import Target

ODD: Final = (
    "a", "1st", "-x-", "--", "Straße", "注文", "order.placed", "x" * 300, "ü" * 300, "a_b", "A b'c",
    "sg-1", "aws/x", "default", "k-a1b2c3", "users and \"more\"", "\t",
)  # fmt: skip
APPS: Final = (
    "shop",
    "sg",
    "sthree",
    "4apps",
    "Größe",
    "a" * 200,
    "amzn-s3-demo",
    "It's",
    "default",
)


def refused(resources: tuple[Recorded, ...]) -> list[str]:
    each = [why for item in resources for why in aws_models.refusals(item)]
    return [*each, *rules.refusals(resources)]


def recorded(graph: Graph, environment: Environment, app: str) -> tuple[Recorded, ...]:
    chosen = resolved(environment)
    names = Names(app=app, environment=environment.name, id=chosen.id)
    program = Program(normalise(graph, chosen, names), chosen, names)
    return record(program, project="shop", stack="live", made=arns.made(chosen)).resources


@examples(12)
@given(graph=graphs(), environment=environments())
def test_aws_takes_every_program(graph: Graph, environment: Environment) -> None:
    broken = refused(recorded(graph, environment, "shop"))
    assert not broken, "\n".join(broken)


@examples(12)
@given(graph=graphs(among=ODD), environment=environments(), app=st.sampled_from(APPS))
def test_aws_takes_every_name_that_a_declaration_can_have(
    graph: Graph, environment: Environment, app: str
) -> None:
    broken = refused(recorded(graph, environment, app))
    assert not broken, "\n".join(broken)


def targets() -> Iterator[tuple[str, Target]]:
    found = CASES / "aws"
    for path in sorted(found.iterdir()):
        if path.name not in ("app", "errors", "shop"):
            yield path.name, target(found / "app", path, "production")
    for name in ("production", "staging", "pr-42"):
        yield f"shop {name}", target(SHOP, SHOP, name)


@pytest.fixture(scope="module")
def golden() -> dict[str, tuple[Recorded, ...]]:
    return {name: offline.run(found)[0].resources for name, found in targets()}


def test_aws_takes_every_golden_plan(golden: dict[str, tuple[Recorded, ...]]) -> None:
    broken = [f"{name}: {why}" for name, items in golden.items() for why in refused(items)]
    assert not broken, "\n".join(broken)


UNUSED: Final = {
    ("aws:cloudfront/originAccessControl:OriginAccessControl", "description"),
    ("aws:elasticache/replicationGroup:ReplicationGroup", "finalSnapshotIdentifier"),
    ("aws:iam/instanceProfile:InstanceProfile", "name"),
    ("aws:rds/instance:Instance", "finalSnapshotIdentifier"),
    ("aws:s3/bucketCorsConfiguration:BucketCorsConfiguration", "corsRules[].exposeHeaders[]"),
}
"""Properties that no golden plan has a known value of."""

LIMITS: Final = tuple(
    (kind, path, limit)
    for kind in sorted({*aws_models.MODELS, *aws_models.REFERENCE})
    for path, limit in aws_models.limits(kind)
)
BAD: Final[tuple[Any, ...]] = (
    -1, 10**10, 8, [], ["x"] * 2_000, "", " ", "?", "é\n", "x" * 200_000, "a--b", "a-", "sg-1",
    "/x", "aws/x", "default", "xn--a", "sthree-a", "key-a1b2c3", "rds_a", "*.*", "*",
)  # fmt: skip
"""Of these each limit refuses one at least."""


def test_every_property_with_a_limit_is_one_that_a_plan_has(
    golden: dict[str, tuple[Recorded, ...]],
) -> None:
    """A misspelt property would be looked for in vain, and never be found wrong."""
    seen = {
        (item.type, path)
        for items in golden.values()
        for item in items
        for path, _ in aws_models.limits(item.type)
        if any(True for _ in aws_models.values(item.inputs, path))
    }
    assert {(kind, path) for kind, path, _ in LIMITS} - seen == UNUSED


@pytest.mark.parametrize(
    ("kind", "path", "limit"),
    [pytest.param(*found, id=f"{found[0].rpartition(':')[2]}.{found[1]}") for found in LIMITS],
)
def test_a_limit_finds_what_breaks_it(kind: str, path: str, limit: aws_models.Limit) -> None:
    text = limit.pattern is not None or limit.not_like is not None
    found = [value for value in BAD if isinstance(value, str) or not text]
    broken = [value for value in found if list(aws_models.broken(limit, value))]
    assert broken
    whole = resource(kind, **nested(path, broken[0]))
    assert any(path in why for why in aws_models.refusals(whole))


def nested(path: str, value: Any) -> Any:
    if not path:
        return value
    step, _, rest = path.partition(".")
    inside = nested(rest, value)
    return {step.removesuffix("[]"): [inside] if step.endswith("[]") else inside}


def resource(kind: str, **inputs: Any) -> Recorded:
    return Recorded(
        type=kind, name="a", urn="a", parent="", inputs=inputs, protect=False, depends_on=()
    )


@pytest.mark.parametrize(
    "tags",
    [
        {f"t{number}": "" for number in range(51)},
        {"Team": "a", "team": "b"},
        {"a;b": ""},
        {"": "a"},
        {"AWS:x": "a"},
        {"a": "x" * 257},
        {"a": "<"},
    ],
    ids=str,
)
def test_tags_have_limits_too(tags: dict[str, str]) -> None:
    assert list(aws_models.refusals(resource("aws:ec2/vpc:Vpc", tags=tags)))
    assert not list(aws_models.refusals(resource("aws:ec2/vpc:Vpc", tags={"Team ü": "a_.:/=+-@"})))


def policy(**statement: Any) -> Recorded:
    whole = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **statement}
    document = {"Version": "2012-10-17", "Statement": [whole]}
    return resource("aws:iam/policy:Policy", policy=json.dumps(document))


KEY: Final = {
    "cookiesConfig": {"cookieBehavior": "none"},
    "headersConfig": {"headerBehavior": "none"},
    "queryStringsConfig": {"queryStringBehavior": "none"},
}
LISTED: Final = {**KEY, "headersConfig": {"headerBehavior": "whitelist", "headers": {"items": []}}}


def cached(key: dict[str, Any] = KEY, **inputs: Any) -> Recorded:
    given = {"parametersInCacheKeyAndForwardedToOrigin": key, "maxTtl": 9, **inputs}
    return resource("aws:cloudfront/cachePolicy:CachePolicy", **given)


def cdn(**behaviour: Any) -> Recorded:
    usual = {
        "targetOriginId": "a", "allowedMethods": ["GET", "HEAD"], "cachedMethods": ["GET", "HEAD"],
        "cachePolicyId": "p", **behaviour,
    }  # fmt: skip
    return resource(
        "aws:cloudfront/distribution:Distribution",
        origins=[{"originId": "a"}],
        defaultCacheBehavior=usual,
    )


def server(**inputs: Any) -> Recorded:
    usual = {"allocatedStorage": 20, "storageType": "gp3", "skipFinalSnapshot": True}
    return resource("aws:rds/instance:Instance", **{**usual, **inputs})


def cache(**inputs: Any) -> Recorded:
    usual = {"numCacheClusters": 1, "nodeType": "cache.t4g.micro", "engineVersion": "8.2"}
    kind = "aws:elasticache/replicationGroup:ReplicationGroup"
    return resource(kind, **{**usual, **inputs})


def user(way: str, engine: str = "valkey", name: str = "a") -> Recorded:
    mode = {"type": way}
    return resource(
        "aws:elasticache/user:User",
        userId="a",
        userName=name,
        engine=engine,
        authenticationMode=mode,
    )


def queue(**inputs: Any) -> Recorded:
    return resource("aws:sqs/queue:Queue", **{"name": "a", **inputs})


def redrive(times: int, to: str = "arn:dlq") -> str:
    return json.dumps({"deadLetterTargetArn": to, "maxReceiveCount": times})


def ports(**inputs: Any) -> Recorded:
    kind = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    return resource(kind, **{"cidrIpv4": "10.0.0.0/8", "ipProtocol": "-1", **inputs})


def subnet(cidr: str) -> Recorded:
    return resource("aws:ec2/subnet:Subnet", cidrBlock=cidr)


MACHINE: Final = "aws:ec2/instance:Instance"
ENDPOINT: Final = "aws:ec2/vpcEndpoint:VpcEndpoint"
NOTHING: Final = json.dumps({"Version": "2012-10-17", "Statement": []})
TWICE: Final = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "a"}, {"Sid": "a"}]})
VPC: Final = resource("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
TIERED: Final = cache(nodeType="cache.r6gd.xlarge", dataTieringEnabled=True, parameterGroupName="g")


def evicting(how: str) -> Recorded:
    kind = "aws:elasticache/parameterGroup:ParameterGroup"
    return resource(kind, name="g", parameters=[{"name": "maxmemory-policy", "value": how}])


FINE: Final = (
    policy(), cached(), cdn(), server(), cache(), user("iam"), queue(), ports(), VPC, TIERED,
    evicting("noeviction"), subnet("10.0.0.0/20"), subnet("10.0.16.0/20"),
)  # fmt: skip
BROKEN: Final[tuple[tuple[Any, tuple[Recorded, ...]], ...]] = tuple(
    (rule, tuple(items) if isinstance(items, list) else (items,))
    for rule, items in (
        (rules.policies, policy(Sid="a-b")),
        (rules.policies, policy(Resource=[])),
        (rules.policies, policy(Resource="x" * 6_144)),
        (rules.policies, resource("aws:sns/topicPolicy:TopicPolicy", policy=NOTHING)),
        (rules.policies, resource("aws:sqs/queuePolicy:QueuePolicy", policy=TWICE)),
        (rules.cache_policies, cached(minTtl=10)),
        (rules.cache_policies, cached({**KEY, "enableAcceptEncodingGzip": True}, maxTtl=0)),
        (rules.cache_policies, cached(LISTED, maxTtl=0)),
        (rules.cache_policies, cached({**KEY, "headersConfig": {"headerBehavior": "whitelist"}})),
        (rules.distributions, cdn(allowedMethods=["GET", "PUT"])),
        (rules.distributions, cdn(cachedMethods=["GET"])),
        (rules.distributions, cdn(targetOriginId="b")),
        (rules.distributions, cdn(minTtl=0)),
        (rules.databases, server(allocatedStorage=100, maxAllocatedStorage=109)),
        (rules.databases, server(skipFinalSnapshot=False)),
        (rules.databases, server(manageMasterUserPassword=True, password="x")),
        (rules.databases, server(performanceInsightsRetentionPeriod=7)),
        (rules.databases, server(iops=3_000)),
        (rules.databases, server(multiAz=True, availabilityZone="a")),
        (rules.caches, cache(automaticFailoverEnabled=True)),
        (rules.caches, cache(numCacheClusters=2, multiAzEnabled=True)),
        (rules.caches, cache(userGroupIds=["a"])),
        (rules.caches, cache(userGroupIds=["a", "b"], transitEncryptionEnabled=True)),
        (rules.caches, cache(nodeType="cache.r6gd.xlarge")),
        (rules.caches, cache(engineVersion="6.2", transitEncryptionMode="required")),
        (rules.cache_users, user("iam", name="b")),
        (rules.cache_users, user("no-password-required")),
        (rules.queues, queue(fifoQueue=True)),
        (rules.queues, queue(name="a.fifo")),
        (rules.queues, queue(deduplicationScope="queue")),
        (
            rules.queues,
            queue(name="a.fifo", fifoQueue=True, fifoThroughputLimit="perMessageGroupId"),
        ),
        (rules.queues, queue(sqsManagedSseEnabled=True, kmsMasterKeyId="k")),
        (rules.queues, queue(redrivePolicy=redrive(1001))),
        (rules.queues, queue(redrivePolicy=redrive(1, "arn:dlq.fifo"))),
        (rules.networks, resource("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/8")),
        (rules.networks, resource("aws:ec2/vpc:Vpc", cidrBlock="127.0.0.0/16")),
        (
            rules.conflicts,
            resource(ENDPOINT, vpcEndpointType="Gateway", privateDnsEnabled=True),
        ),
        (rules.conflicts, resource(ENDPOINT, vpcEndpointType="Interface", routeTableIds=["r"])),
        (rules.networks, resource("aws:ec2/route:Route", gatewayId="a", natGatewayId="b")),
        (rules.networks, resource("aws:ec2/route:Route")),
        (
            rules.conflicts,
            resource(
                "aws:ec2/instance:Instance",
                primaryNetworkInterface={"networkInterfaceId": "n"},
                subnetId="s",
            ),
        ),
        (rules.port_rules, ports(ipProtocol="tcp")),
        (rules.port_rules, ports(fromPort=1, toPort=2)),
        (rules.port_rules, ports(referencedSecurityGroupId="sg")),
        (rules.eviction, [TIERED, evicting("volatile-ttl")]),
        (rules.subnets, [VPC, subnet("10.1.0.0/20")]),
        (rules.subnets, [VPC, subnet("10.0.0.0/20"), subnet("10.0.0.0/24")]),
        (rules.names_are_taken_once, [queue(), queue()]),
    )
)


def test_nothing_is_wrong_with_what_is_right() -> None:
    assert not list(rules.refusals(FINE))


@pytest.mark.parametrize(("rule", "items"), BROKEN)
def test_a_rule_finds_what_breaks_it(rule: Any, items: tuple[Recorded, ...]) -> None:
    of_several = rule in rules.RULES_OF_SEVERAL
    found = list(rule(items)) if of_several else [why for item in items for why in rule(item)]
    assert len(found) == 1
    assert all(any(why in told for told in rules.refusals(items)) for why in found)


def test_every_rule_is_shown_to_find_something() -> None:
    assert {rule for rule, _ in BROKEN} == {*rules.RULES, *rules.RULES_OF_SEVERAL}


def test_every_kind_of_resource_was_thought_of() -> None:
    known = {*aws_models.MODELS, *aws_models.REFERENCE, *rules.POLICIES, *BY_RULES}
    assert known | set(WITHOUT_LIMITS) == {kind for kind in RULES if kind.startswith("aws:")}


BY_RULES: Final = {"aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/route:Route"}
WITHOUT_LIMITS: Final[dict[str, str]] = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "an id and tags",
    "aws:ec2/internetGateway:InternetGateway": "an id and tags",
    "aws:ec2/natGateway:NatGateway": "ids and tags",
    "aws:ec2/networkInterface:NetworkInterface": "ids, a switch and tags",
    "aws:ec2/routeTable:RouteTable": "an id and tags",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "ids",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "switches",
    "aws:sns/topicSubscription:TopicSubscription": "ARNs, a switch, and the protocol sqs",
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": "made of one queue's ARN",
}
"""Kinds in which nothing can be of the wrong form, and why."""
