"""What holds for every resource in AWS, on recorded programs of generated graphs and environments.

Each rule looks at all resources of a program and says what breaks it. That a rule can find
something is shown for each one by resources that break it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from tests.support.examples import examples
from tests.support.generated_graphs import environments, graphs

import encore_aws
import encore_local
from encore_aws import arns, permissions
from encore_aws.naming import Names
from encore_aws.program import Program, normalise
from encore_aws.replacement import RULES
from encore_aws.settings import Settings
from encore_aws.settings import settings as resolved
from encore_config.environment import Environment, EnvironmentEntry
from encore_config.graph import App, Gateway, Graph, UseKind
from encore_provisioner.engine.recording import Recorded, record

PUBLIC_BY_DECLARATION: Final = "aws:cloudfront/distribution:Distribution"
FUNCTION: Final = "aws:lambda/function:Function"
NAME_KEYS: Final = (
    "bucket", "finalSnapshotIdentifier", "identifier", "name", "replicationGroupId", "userGroupId",
    "userId",
)  # fmt: skip
"""Properties that hold a physical name of the resource itself or of another one."""

GIVEN_NAMES: Final[Mapping[str, str]] = {
    "database#server-log": "RDS chooses where a server's log goes",
    "service#database-server-log": "likewise, of the server of one service",
}
"""Resources whose name is not ours to choose, and why; parts of a label before ``#`` may differ."""

STARS: Final[Mapping[str, str]] = {
    "ecr:GetAuthorizationToken": "a token is for the account's registry; AWS knows no ARN for it",
    "cloudwatch:PutMetricData": "metrics have no ARN; the condition names the one namespace",
    "secretsmanager:GetRandomPassword": "it is on no secret, and tells none",
    **dict.fromkeys(permissions.INTERFACES, "what Lambda needs; the function's code is denied it"),
}
"""Actions that may stand beside the resource ``*``, and why."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A recorded program: what rules look at."""

    graph: Graph
    settings: Settings
    resources: tuple[Recorded, ...]
    names: frozenset[str] = frozenset()

    def of(self, kind: str) -> Iterator[Recorded]:
        return (item for item in self.resources if item.type == kind)


@dataclass(frozen=True, kw_only=True)
class Remembered(Names):
    """Names that are remembered as they are given."""

    given: set[str] = field(default_factory=set)

    def name(self, kind: str, *parts: str) -> str:
        # By its class: a frozen dataclass with slots is made anew, and `super()` knows the old one.
        found = Names.name(self, kind, *parts)
        self.given.add(found)
        return found


def case(graph: Graph, environment: Environment) -> Case:
    chosen = resolved(environment)
    names = Remembered(app="shop", environment=environment.name, id=chosen.id)
    program = Program(normalise(graph, chosen, names), chosen, names)
    found = record(program, project="shop", stack=environment.name, made=arns.made(chosen))
    return Case(
        graph=graph,
        settings=chosen,
        resources=found.resources,
        names=frozenset(names.given),
    )


def names_have_rules(found: Case) -> Iterator[str]:
    for item in found.resources:
        if item.type.split(":")[0] != "aws" or _name_is_given(item):
            continue
        for key in NAME_KEYS:
            name = item.inputs.get(key)
            if isinstance(name, str) and name not in found.names:
                yield f"{item.name}: {key} {name} does not come from the table of names"


def _name_is_given(item: Recorded) -> bool:
    """The log of each server: ``database#server-log``, ``database/orders#server-log`` …"""
    part = item.name.rpartition("#")[2]
    return any(part == known.rpartition("#")[2] for known in GIVEN_NAMES)


def no_stars(found: Case) -> Iterator[str]:
    """Only what an identity is allowed: what a resource's own policy denies may be wide."""
    for item in found.resources:
        if item.type not in ("aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy"):
            continue
        document = item.inputs["policy"]
        if not isinstance(document, str):
            continue
        for statement in json.loads(document)["Statement"]:
            for action in _list(statement["Action"]):
                # `kms:GenerateDataKey*` is one action with two forms, not a wildcard of services.
                if action.endswith("*") and action != "kms:GenerateDataKey*":
                    yield f"{item.name} allows {action}"
            if "*" in _list(statement["Resource"]):
                for action in set(_list(statement["Action"])) - STARS.keys():
                    yield f"{item.name} allows {action} on everything"


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def nothing_is_public(found: Case) -> Iterator[str]:
    public = {f"bucket/{bucket.name}#cdn" for bucket in found.graph.buckets if bucket.public}
    for item in found.of(PUBLIC_BY_DECLARATION):
        if item.name not in public:
            yield f"{item.name} gives out what nobody declared public"
    for item in found.of("aws:rds/instance:Instance"):
        if item.inputs.get("publiclyAccessible") is not False:
            yield f"{item.name} can be reached from the internet"
    closed = {
        item.name
        for item in found.of(_BUCKET_CLOSED)
        if all(item.inputs.get(key) is True for key in _BLOCKS)
    }
    for item in found.of("aws:s3/bucket:Bucket"):
        if f"{item.name}#closed" not in closed:
            yield f"{item.name} may be opened to the world"
    for item in found.of(FUNCTION):
        if not (item.inputs.get("vpcConfig") or {}).get("subnetIds"):
            yield f"{item.name} does not lie in the network"
    yield from _open_policies(found)
    yield from _open_ports(found)


_BUCKET_CLOSED: Final = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_BLOCKS: Final = (
    "blockPublicAcls",
    "blockPublicPolicy",
    "ignorePublicAcls",
    "restrictPublicBuckets",
)


def _open_policies(found: Case) -> Iterator[str]:
    """No policy of a resource allows everybody without a condition that names somebody."""
    for item in found.resources:
        document = item.inputs.get("policy")
        if not isinstance(document, str):
            continue
        for statement in json.loads(document)["Statement"]:
            everybody = statement.get("Principal") in ("*", {"AWS": "*"})
            if everybody and statement["Effect"] == "Allow" and not statement.get("Condition"):
                yield f"{item.name} lets everybody in"


def _open_ports(found: Case) -> Iterator[str]:
    for item in found.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        if item.inputs.get("cidrIpv4") or item.inputs.get("cidrIpv6"):
            yield f"{item.name} lets addresses in, not a group"
    for item in found.of("aws:ec2/securityGroup:SecurityGroup"):
        for rule in item.inputs.get("ingress") or []:
            if "0.0.0.0/0" in (rule.get("cidrBlocks") or []):
                yield f"{item.name} lets the internet in"


def storage_is_encrypted(found: Case) -> Iterator[str]:
    wanted: dict[str, tuple[str, ...]] = {
        "aws:rds/instance:Instance": ("storageEncrypted",),
        "aws:elasticache/replicationGroup:ReplicationGroup": (
            "atRestEncryptionEnabled",
            "transitEncryptionEnabled",
        ),
    }
    for kind, keys in wanted.items():
        for item in found.of(kind):
            for key in keys:
                if item.inputs.get(key) is not True:
                    yield f"{item.name}: {key} is not on"
    encrypted = {item.name for item in found.of(_BUCKET_ENCRYPTION)}
    for item in found.of("aws:s3/bucket:Bucket"):
        if f"{item.name}#encryption" not in encrypted:
            yield f"{item.name} is not encrypted"
    for item in found.of("aws:sqs/queue:Queue"):
        if not (item.inputs.get("sqsManagedSseEnabled") or item.inputs.get("kmsMasterKeyId")):
            yield f"{item.name} is not encrypted"
    for item in found.of("aws:sns/topic:Topic"):
        if not item.inputs.get("kmsMasterKeyId"):
            yield f"{item.name} is not encrypted"


_BUCKET_ENCRYPTION: Final = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)


def production_is_protected(found: Case) -> Iterator[str]:
    """Pulumi refuses to delete what is protected; databases are so in AWS too."""
    if found.settings.type != "production":
        return
    for item in found.resources:
        if _holds_data(item) and not item.protect:
            yield f"{item.name} holds data and is not protected"
    for item in found.of("aws:rds/instance:Instance"):
        if item.inputs.get("deletionProtection") is not True:
            yield f"{item.name} can be deleted in AWS"
        if item.inputs.get("skipFinalSnapshot"):
            yield f"{item.name} leaves no snapshot"


def _holds_data(item: Recorded) -> bool:
    return item.type in RULES and bool(RULES[item.type].holds)


def ephemeral_leaves_nothing(found: Case) -> Iterator[str]:
    if found.settings.type not in ("ephemeral", "test"):
        return
    for item in found.resources:
        if item.protect:
            yield f"{item.name} is protected"
    for item in found.of("aws:s3/bucket:Bucket"):
        if item.inputs.get("forceDestroy") is not True:
            yield f"{item.name} stays while it holds objects"
    for item in found.of("aws:secretsmanager/secret:Secret"):
        if item.inputs.get("recoveryWindowInDays") != 0:
            yield f"{item.name} keeps its name taken"
    for item in found.of("aws:rds/instance:Instance"):
        if item.inputs.get("skipFinalSnapshot") is not True:
            yield f"{item.name} leaves a snapshot"


def kinds_are_known(found: Case) -> Iterator[str]:
    for item in found.resources:
        if item.type not in RULES and not item.type.startswith("pulumi:"):
            yield f"{item.type}: nobody said what forces a replacement of it"


def no_secret_has_a_value(found: Case) -> Iterator[str]:
    for item in found.resources:
        if "SecretVersion" in item.type or item.type.startswith("random:"):
            yield f"{item.name} would keep a value in the state"
        if item.type == FUNCTION and item.inputs.get("environment"):
            yield f"{item.name} has variables, which Lambda shows to everybody who may look at it"


def old_ones_make_room(found: Case) -> Iterator[str]:
    """A name is taken until the old resource is gone."""
    for item in found.resources:
        if item.type.startswith("aws:") and not item.goes_first:
            yield f"{item.name} is made anew before the old one is gone"


RULES_OF_ALL: Final[tuple[Callable[[Case], Iterator[str]], ...]] = (
    names_have_rules,
    no_stars,
    nothing_is_public,
    storage_is_encrypted,
    production_is_protected,
    ephemeral_leaves_nothing,
    kinds_are_known,
    no_secret_has_a_value,
    old_ones_make_room,
)


@examples(20)
@given(graph=graphs(), environment=environments())
def test_every_program_keeps_every_rule(graph: Graph, environment: Environment) -> None:
    found = case(graph, environment)
    broken = [f"{rule.__name__}: {what}" for rule in RULES_OF_ALL for what in rule(found)]
    assert not broken, "\n".join(broken)


def resource(kind: str, name: str = "bucket/a", /, **inputs: Any) -> Recorded:
    return Recorded(
        type=kind, name=name, urn=name, parent="", inputs=inputs, protect=False, depends_on=()
    )


def policy(*, kind: str = "aws:iam/policy:Policy", **statement: Any) -> Recorded:
    document = {"Statement": [{"Effect": "Allow", "Action": "sns:Publish", **statement}]}
    return resource(kind, "role/app#policy", policy=json.dumps(document))


DATABASE: Final = "aws:rds/instance:Instance"
CACHE: Final = "aws:elasticache/replicationGroup:ReplicationGroup"
INGRESS: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
BROKEN: Final[tuple[tuple[Callable[[Case], Iterator[str]], str, Recorded], ...]] = (
    (names_have_rules, "production", resource("aws:sns/topic:Topic", name="mine")),
    (no_stars, "production", policy(Action="s3:*", Resource="arn:aws:s3:::b")),
    (no_stars, "production", policy(Resource="*")),
    (nothing_is_public, "production", resource(PUBLIC_BY_DECLARATION, "bucket/private#cdn")),
    (nothing_is_public, "production", resource(DATABASE, publiclyAccessible=True)),
    (nothing_is_public, "production", resource(DATABASE)),
    (nothing_is_public, "production", resource("aws:s3/bucket:Bucket")),
    (nothing_is_public, "production", resource(FUNCTION, "function")),
    (
        nothing_is_public,
        "production",
        policy(kind="aws:sns/topicPolicy:TopicPolicy", Principal="*", Resource="arn"),
    ),
    (nothing_is_public, "production", resource(INGRESS, cidrIpv4="0.0.0.0/0")),
    (
        nothing_is_public,
        "production",
        resource("aws:ec2/securityGroup:SecurityGroup", ingress=[{"cidrBlocks": ["0.0.0.0/0"]}]),
    ),
    (storage_is_encrypted, "ephemeral", resource(DATABASE, storageEncrypted=False)),
    (storage_is_encrypted, "ephemeral", resource(CACHE, atRestEncryptionEnabled=True)),
    (storage_is_encrypted, "ephemeral", resource("aws:s3/bucket:Bucket")),
    (storage_is_encrypted, "ephemeral", resource("aws:sqs/queue:Queue")),
    (storage_is_encrypted, "ephemeral", resource("aws:sns/topic:Topic")),
    (production_is_protected, "production", resource("aws:s3/bucket:Bucket")),
    (production_is_protected, "production", resource(DATABASE, skipFinalSnapshot=True)),
    (ephemeral_leaves_nothing, "ephemeral", resource("aws:s3/bucket:Bucket")),
    (ephemeral_leaves_nothing, "ephemeral", resource(DATABASE)),
    (
        ephemeral_leaves_nothing,
        "ephemeral",
        resource("aws:secretsmanager/secret:Secret", recoveryWindowInDays=7),
    ),
    (kinds_are_known, "production", resource("aws:lex/bot:Bot")),
    (
        no_secret_has_a_value,
        "production",
        resource("aws:secretsmanager/secretVersion:SecretVersion"),
    ),
    (
        no_secret_has_a_value,
        "production",
        resource(FUNCTION, "function", environment={"variables": {"A": "b"}}),
    ),
    (old_ones_make_room, "production", resource("aws:s3/bucket:Bucket")),
)


@pytest.mark.parametrize(("rule", "kind", "broken"), BROKEN)
def test_a_rule_finds_what_breaks_it(
    rule: Callable[[Case], Iterator[str]], kind: Any, broken: Recorded
) -> None:
    environment = Environment(
        name="live", type=kind, settings=EnvironmentEntry(provider="aws", region="eu-north-1")
    )
    graph = Graph(app=App(id="shop", language="typescript"), gateway=Gateway())
    found = Case(graph=graph, settings=resolved(environment), resources=(broken,))
    assert list(rule(found))


def test_every_rule_is_shown_to_find_something() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(RULES_OF_ALL)


def test_every_kind_of_declaration_has_a_file_of_the_same_name_in_each_provider() -> None:
    kinds = {"bucket", "cache", "database", "secret", "subscription", "topic"}
    for package in (encore_aws, encore_local):
        folder = Path(package.__path__[0], "resources")
        assert kinds <= {path.stem for path in folder.glob("*.py")}, package.__name__


def test_every_kind_of_use_has_a_decision_about_permissions() -> None:
    """That each of its operations has one stands in the tests of ``permissions``."""
    assert {kind for kind, _ in permissions.TABLE} == {*get_args(UseKind), "subscription"}
