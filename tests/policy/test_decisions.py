"""What IAM decides over all policies of a program: exactly what is used is allowed.

What a use needs is written here anew, from what the core calls (contract §6), and not taken from
the provider's table. Every action of the universe is tried on every resource by every role, so what
is too much shows as well as what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from tests.support.generated_graphs import environments, graphs
from tests.support.graphs import at, bucket, subscription, topic
from tests.support.policies import REQUIRED, Request, World, decide, is_there, world

from encore_aws import arns
from encore_aws.naming import Names
from encore_aws.program import Program, normalise
from encore_aws.settings import Settings
from encore_aws.settings import settings as resolved
from encore_config.environment import (
    Containers,
    Environment,
    EnvironmentEntry,
    MetricsSettings,
)
from encore_config.graph import (
    App,
    Gateway,
    Graph,
    Secret,
    Service,
    ServiceEndpoint,
    Use,
)
from encore_provisioner.engine.recording import record

pytestmark = pytest.mark.skipif(
    not REQUIRED and not is_there(), reason="no evaluator: `make test` installs it where npm is"
)

ACCOUNT: Final = "111122223333"
STRANGER: Final = "999988887777"
REGION: Final = "eu-north-1"
KEY: Final = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own"
TLS: Final = {"aws:SecureTransport": "true"}

Pair = tuple[str, str]
"""An action and the ARN of what it is on."""

NEEDED: Final[Mapping[tuple[str, str], tuple[tuple[str, str], ...]]] = {
    ("topic", "publish"): (("sns:Publish", ""),),
    ("bucket", "list"): (("s3:ListBucket", ""),),
    ("bucket", "read"): (("s3:GetObject", "/some/key"), ("s3:ListBucket", "")),
    ("bucket", "attrs"): (("s3:GetObject", "/some/key"), ("s3:ListBucket", "")),
    ("bucket", "write"): (
        ("s3:PutObject", "/some/key"),
        ("s3:AbortMultipartUpload", "/some/key"),
    ),
    ("bucket", "delete"): (("s3:DeleteObject", "/some/key"),),
    ("bucket", "signed_upload"): (("s3:PutObject", "/some/key"),),
    ("bucket", "signed_download"): (("s3:GetObject", "/some/key"),),
    ("bucket", "public_url"): (),
}
VERSIONED: Final = {
    "read": "s3:GetObjectVersion",
    "attrs": "s3:GetObjectVersion",
    "signed_download": "s3:GetObjectVersion",
    "delete": "s3:DeleteObjectVersion",
}
CONSUMED: Final = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
OPENED: Final = {
    ("topic", "publish"): ("sns", {"kms:Decrypt", "kms:GenerateDataKey"}),
    ("bucket", "read"): ("s3", {"kms:Decrypt"}),
    ("bucket", "attrs"): ("s3", {"kms:Decrypt"}),
    ("bucket", "signed_download"): ("s3", {"kms:Decrypt"}),
    ("bucket", "write"): ("s3", {"kms:Decrypt", "kms:GenerateDataKey"}),
    ("bucket", "signed_upload"): ("s3", {"kms:Decrypt", "kms:GenerateDataKey"}),
}
"""What a key of one's own must do for whom, and through which service."""

ON: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "topic": tuple(
        (f"sns:{name}", "") for name in ("Publish", "Subscribe", "AddPermission", "DeleteTopic")
    ),
    "queue": tuple(
        (f"sqs:{name}", "")
        for name in (
            "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "SendMessage",
            "PurgeQueue", "SetQueueAttributes", "DeleteQueue",
        )
    ),
    "bucket": (
        *((f"s3:{name}", "") for name in ("ListBucket", "ListBucketVersions", "PutBucketPolicy")),
        *(
            (f"s3:{name}", "/some/key")
            for name in (
                "GetObject", "GetObjectVersion", "PutObject", "AbortMultipartUpload",
                "DeleteObject", "DeleteObjectVersion", "PutObjectAcl",
            )
        ),
    ),
    "secret": tuple(
        (f"secretsmanager:{name}", "") for name in ("GetSecretValue", "PutSecretValue")
    ),
    "log": (
        ("logs:CreateLogStream", ":log-stream:app/1"),
        ("logs:PutLogEvents", ":log-stream:app/1"),
        ("logs:DeleteLogGroup", ":log-stream:app/1"),
    ),
}  # fmt: skip
"""The universe: what is tried on every resource of a kind."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """``resources``: the ARNs of each kind of :data:`ON`."""

    graph: Graph
    settings: Settings
    world: World
    resources: Mapping[str, tuple[str, ...]]

    @property
    def roles(self) -> Iterator[tuple[str, str, str]]:
        """The container, the purpose and the ARN of each role."""
        for label, handed in self.world.outputs["roles"].items():
            for purpose in ("task", "execution"):
                if purpose in handed:
                    yield label, purpose, handed[purpose]

    def ask(self, role: str, action: str, resource: str, **context: str) -> Request:
        guarded = resource.removesuffix("/some/key")
        return Request(
            principal=role,
            action=action,
            resource=resource,
            account=ACCOUNT,
            context={**self._around(action), **context},
            policies=self.world.roles[role],
            resource_policy=self.world.guards.get(guarded) or self._key(resource),
        )

    def _around(self, action: str) -> dict[str, str]:
        found = {**TLS, "aws:ResourceAccount": ACCOUNT, "aws:PrincipalAccount": ACCOUNT}
        return found | ({"aws:SourceVpc": "vpc-1"} if action.startswith("s3:") else {})

    def _key(self, resource: str) -> Any:
        """A key's own policy, as KMS makes it: the account's policies decide."""
        if not resource.startswith("arn:aws:kms:"):
            return None
        owner = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        allow = {"Effect": "Allow", "Principal": owner, "Action": "kms:*", "Resource": "*"}
        return {"Version": "2012-10-17", "Statement": [allow]}


def case(graph: Graph, environment: Environment) -> Case:
    chosen = resolved(environment)
    names = Names(app="shop", environment=environment.name, id=chosen.id)
    known = arns.made(chosen)

    def made(kind: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """What AWS chooses itself is made up, so that every policy is whole."""
        found = dict(known(kind, name, inputs))
        if kind.startswith("aws:secretsmanager/"):
            arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{inputs['name']}-AbCdEf"
            found = {"id": arn, "arn": arn}
        if kind.startswith("aws:cloudfront/distribution:"):
            arn = f"arn:aws:cloudfront::{ACCOUNT}:distribution/{name.replace('#', '-')}"
            found = {"id": name, "arn": arn, "domainName": "d1.cloudfront.net"}
        return found

    program = Program(normalise(graph, chosen, names), chosen, names)
    recording = record(program, project="shop", stack=environment.name, made=made)
    outputs = recording.outputs
    resources = {
        "topic": tuple(outputs["topics"].values()),
        "queue": tuple(item["arn"] for item in outputs["subscriptions"].values()),
        "bucket": tuple(item["arn"] for item in outputs["buckets"].values()),
        "secret": tuple(outputs["variables"].values()),
        "log": tuple(item["arn"] for item in outputs["log_groups"].values()),
    }
    return Case(graph=graph, settings=chosen, world=world(recording), resources=resources)


def active(app: Graph, label: str) -> set[str]:
    """Whose code runs in a container, by Encore's own rules (contract §2 and §4.2)."""
    if label == "app":
        return {service.name for service in app.services}
    if label == app.gateway.name:
        return {app.gateway.auth_handler.service} if app.gateway.auth_handler else set()
    return {label}


def expected(found: Case, label: str, purpose: str) -> set[Pair]:
    outputs, app = found.world.outputs, found.graph
    wanted: set[Pair] = set()
    apart = found.settings.containers.trust == "ecs"
    if purpose == "task":
        wanted |= set(_used(found, active(app, label)))
        hosted = active(app, label) if label != app.gateway.name else set()
        for item in app.subscriptions:
            if item.service in hosted:
                queue = outputs["subscriptions"][f"{item.topic}/{item.name}"]["arn"]
                wanted |= {(action, queue) for action in CONSUMED}
    if purpose == "execution" or not apart:
        for arn in outputs["containers"][label]["secrets"].values():
            wanted.add(("secretsmanager:GetSecretValue", arn))
        if found.settings.containers.trust in ("ecs", "ec2"):
            streams = f"{outputs['log_groups'][label]['arn']}:log-stream:app/1"
            wanted |= {("logs:CreateLogStream", streams), ("logs:PutLogEvents", streams)}
    return wanted


def _used(found: Case, services: set[str]) -> Iterator[Pair]:
    versioned = {item.name for item in found.graph.buckets if item.versioned}
    for use in found.graph.uses:
        if use.service not in services or use.kind not in ("topic", "bucket"):
            continue
        arn = _arn(found, use)
        for operation in use.operations:
            for action, rest in NEEDED[use.kind, operation]:
                yield action, arn + rest
            if use.kind == "bucket" and use.name in versioned and operation in VERSIONED:
                yield VERSIONED[operation], f"{arn}/some/key"


def _arn(found: Case, use: Use) -> str:
    known = found.world.outputs[f"{use.kind}s"][use.name]
    return str(known if use.kind == "topic" else known["arn"])


def tried(found: Case) -> list[Pair]:
    return [
        (action, arn + rest)
        for kind, arns_ in found.resources.items()
        for arn in arns_
        for action, rest in ON[kind]
    ]


Asked = tuple[str, Pair, Mapping[str, str]]
"""A role, what it tries, and what is around."""


def allowed(found: Case, asked: Iterable[Asked]) -> set[tuple[str, str, str]]:
    """Role, action and resource of all that is allowed; one process decides it all."""
    listed = list(asked)
    answers = decide(
        found.ask(role, action, resource, **context) for role, (action, resource), context in listed
    )
    return {(role, *pair) for (role, pair, _), yes in zip(listed, answers, strict=True) if yes}


def each(found: Case, pairs: Iterable[Pair], **context: str) -> list[Asked]:
    """The same pairs for every role."""
    listed = list(pairs)
    return [(role, pair, context) for _, _, role in found.roles for pair in listed]


def all_expected(found: Case) -> set[tuple[str, str, str]]:
    return {
        (role, *pair)
        for label, purpose, role in found.roles
        for pair in expected(found, label, purpose)
    }


def service(name: str) -> Service:
    return Service(name=name, root=name, at=at())


def uses(owner: str, kind: Any, name: str, *operations: Any) -> Use:
    return Use(service=owner, kind=kind, name=name, operations=operations, at=(at(),))


SHOP: Final = Graph(
    app=App(id="shop", language="typescript"),
    gateway=Gateway(auth_handler=ServiceEndpoint(service="users", name="auth")),
    services=(service("orders"), service("ship"), service("users")),
    topics=(topic("logins"), topic("placed")),
    subscriptions=(
        subscription("logins", "count", service="users"),
        subscription("placed", "send", service="ship"),
    ),
    buckets=(bucket("labels", versioned=True), bucket("pictures", public=True)),
    secrets=(
        Secret(name="Carrier", services=("ship",), at=(at(),)),
        Secret(name="Salt", services=("users",), at=(at(),)),
    ),
    uses=(
        uses("orders", "bucket", "pictures", "list", "signed_upload"),
        uses("orders", "topic", "placed", "publish"),
        uses("ship", "bucket", "labels", "delete", "read", "write"),
        uses("users", "topic", "logins", "publish"),
    ),
)
METRICS: Final = MetricsSettings(exporter="cloudwatch", namespace="shop/live")


def environment(**keys: Any) -> Environment:
    entry = EnvironmentEntry(region=REGION, account=ACCOUNT, id="k3f9", **keys)
    return Environment(name="live", provider="aws", type="production", settings=entry)


PER_SERVICE: Final = Containers(layout="per-service")
CASES: Final[Mapping[str, dict[str, Any]]] = {
    "combined": {},
    "per-service": {"containers": PER_SERVICE},
    "own-key": {"containers": PER_SERVICE, "key": KEY},
    "eks": {"containers": PER_SERVICE, "trust": "eks"},
    "ec2": {"trust": "ec2"},
    "metrics": {"metrics": METRICS},
}


@pytest.fixture(scope="module", params=CASES)
def shop(request: pytest.FixtureRequest) -> Case:
    return case(SHOP, environment(**CASES[request.param]))


def test_the_evaluator_is_there() -> None:
    assert is_there(), "make tests/policy/node_modules/.installed"


def test_exactly_what_is_used_is_allowed(shop: Case) -> None:
    pairs = tried(shop)
    assert len(pairs) > 40
    assert allowed(shop, each(shop, pairs)) == all_expected(shop) != set()


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs(), environments())
def test_exactly_what_is_used_is_allowed_in_any_app(app: Graph, drawn: Environment) -> None:
    given_ = drawn.settings
    keys = {"containers": given_.containers, "trust": given_.trust, "buckets": given_.buckets}
    found = case(app, environment(key=KEY, **keys))
    assert allowed(found, each(found, tried(found))) == all_expected(found)


def test_without_tls_nothing_of_storage_is_allowed(shop: Case) -> None:
    pairs = [pair for pair in tried(shop) if pair[0].startswith(("s3:", "sns:", "sqs:"))]
    assert allowed(shop, each(shop, pairs, **{"aws:SecureTransport": "false"})) == set()


def test_a_bucket_that_somebody_else_took_over_is_not_written_to(shop: Case) -> None:
    pairs = [pair for pair in tried(shop) if pair[0].startswith("s3:")]
    assert allowed(shop, each(shop, pairs, **{"aws:ResourceAccount": STRANGER})) == set()


def test_nobody_of_another_account_reaches_anything(shop: Case) -> None:
    """Not even with every permission that their own account can give."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    asked = [
        Request(
            principal=f"arn:aws:iam::{STRANGER}:role/any",
            action=action,
            resource=resource,
            account=ACCOUNT,
            context={**TLS, "aws:PrincipalAccount": STRANGER, "aws:SourceOwner": STRANGER},
            policies=({"Version": "2012-10-17", "Statement": [everything]},),
            resource_policy=shop.world.guards.get(resource.removesuffix("/some/key")),
        )
        for action, resource in tried(shop)
    ]
    assert not any(decide(asked))


def test_only_its_own_topic_sends_to_a_queue(shop: Case) -> None:
    outputs = shop.world.outputs
    foreign = f"arn:aws:sns:{REGION}:{STRANGER}:placed"
    table = [
        (queue["arn"], source, source == outputs["topics"][label.split("/")[0]])
        for label, queue in outputs["subscriptions"].items()
        for source in (*outputs["topics"].values(), foreign)
    ]
    asked = [
        Request(
            principal="sns.amazonaws.com",
            action="sqs:SendMessage",
            resource=queue,
            account=ACCOUNT,
            context={**TLS, "aws:SourceArn": source},
            resource_policy=shop.world.guards[queue],
        )
        for queue, source, _ in table
    ]
    assert decide(asked) == [wanted for _, _, wanted in table]
    assert sum(wanted for _, _, wanted in table) == len(outputs["subscriptions"])


def test_only_its_own_distribution_reads_a_public_bucket_and_nobody_a_private_one(
    shop: Case,
) -> None:
    own = f"arn:aws:cloudfront::{ACCOUNT}:distribution/bucket/pictures-cdn"
    foreign = f"arn:aws:cloudfront::{STRANGER}:distribution/E1"
    actions = (
        ("s3:GetObject", "/some/key", True),
        ("s3:ListBucket", "", True),
        ("s3:PutObject", "/some/key", False),
        ("s3:DeleteObject", "/some/key", False),
    )
    table = [
        (bucket["arn"], source, action, rest, reads and name == "pictures" and source == own)
        for name, bucket in shop.world.outputs["buckets"].items()
        for source in (own, foreign)
        for action, rest, reads in actions
    ]
    asked = [
        Request(
            principal="cloudfront.amazonaws.com",
            action=action,
            resource=arn + rest,
            account=ACCOUNT,
            context={**TLS, "aws:SourceArn": source},
            resource_policy=shop.world.guards[arn],
        )
        for arn, source, action, rest, _ in table
    ]
    assert decide(asked) == [wanted for *_, wanted in table]


KEY_ACTIONS: Final = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ScheduleKeyDeletion",
)
THROUGH: Final = ("s3", "secretsmanager", "sns", "sqs", "ec2", None)


def test_the_key_serves_what_is_used_through_its_service_and_nothing_else() -> None:
    found = case(SHOP, environment(containers=PER_SERVICE, key=KEY))
    wanted, asked, meant = set(), [], []
    for label, purpose, role in found.roles:
        opened = set(_opened(found, label, purpose))
        for through in THROUGH:
            via = {"kms:ViaService": f"{through}.{REGION}.amazonaws.com"} if through else {}
            asked += [found.ask(role, action, KEY, **via) for action in KEY_ACTIONS]
            meant += [(role, through, action) for action in KEY_ACTIONS]
        wanted |= {(role, through, action) for through, action in opened}
    answers = zip(meant, decide(asked), strict=True)
    assert {item for item, yes in answers if yes} == wanted != set()


def _opened(found: Case, label: str, purpose: str) -> Iterator[tuple[str, str]]:
    app = found.graph
    if purpose == "execution":
        if found.world.outputs["containers"][label]["secrets"]:
            yield "secretsmanager", "kms:Decrypt"
        return
    services = active(app, label)
    for use in app.uses:
        for operation in use.operations:
            if use.service in services and (use.kind, operation) in OPENED:
                through, actions = OPENED[use.kind, operation]
                yield from ((through, action) for action in actions)
    if label != app.gateway.name and any(item.service in services for item in app.subscriptions):
        yield "sqs", "kms:Decrypt"


@pytest.mark.parametrize(("keys", "goes"), [({}, False), ({"metrics": METRICS}, True)])
def test_metrics_go_into_the_one_namespace(keys: dict[str, Any], goes: bool) -> None:
    found = case(SHOP, environment(**keys))
    pair = ("cloudwatch:PutMetricData", "*")
    task = {role for _, purpose, role in found.roles if purpose == "task"}
    for namespace, is_ours in (("shop/live", True), ("shop/other", False)):
        got = allowed(found, each(found, [pair], **{"cloudwatch:namespace": namespace}))
        assert got == {(role, *pair) for role in task if goes and is_ours}


IMAGE: Final = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop:1"


def test_only_who_starts_a_container_fetches_its_one_image() -> None:
    found = case(SHOP, environment(containers=Containers(image=IMAGE)))
    repository = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository"
    reads = {("ecr:BatchGetImage", f"{repository}/shop"), ("ecr:GetAuthorizationToken", "*")}
    others = {("ecr:BatchGetImage", f"{repository}/other"), ("ecr:PutImage", f"{repository}/shop")}
    (starts,) = (role for _, purpose, role in found.roles if purpose == "execution")
    assert allowed(found, each(found, reads | others)) == {(starts, *pair) for pair in reads}


TASKS: Final = "ecs-tasks.amazonaws.com"
DEPLOY: Final = f"arn:aws:iam::{ACCOUNT}:role/deploy"


OURS: Final = {
    "aws:SourceAccount": ACCOUNT,
    "aws:SourceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/any",
}
THEIRS: Final = {
    "aws:SourceAccount": STRANGER,
    "aws:SourceArn": f"arn:aws:ecs:{REGION}:{STRANGER}:task/any",
}
ELSEWHERE: Final = {**OURS, "aws:SourceArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:task/any"}
TRUSTED: Final[Mapping[str, tuple[tuple[str, Mapping[str, str], bool], ...]]] = {
    "ecs": (
        (TASKS, OURS, True),
        (TASKS, THEIRS, False),
        (TASKS, ELSEWHERE, False),
        (TASKS, {}, False),
        ("ec2.amazonaws.com", OURS, False),
        (DEPLOY, {}, False),
    ),
    "eks": (("pods.eks.amazonaws.com", {}, True), (TASKS, OURS, False), (DEPLOY, {}, False)),
    "ec2": (("ec2.amazonaws.com", {}, True), ("lambda.amazonaws.com", {}, False)),
    DEPLOY: (
        (DEPLOY, {}, True),
        (f"arn:aws:iam::{ACCOUNT}:role/other", {}, False),
        (f"arn:aws:iam::{STRANGER}:role/deploy", {}, False),
        (TASKS, OURS, False),
    ),
}
"""By ``trust``: who tries, what AWS says of them, and whether they get in."""


@pytest.mark.parametrize("trust", TRUSTED)
def test_who_may_take_the_roles(trust: str) -> None:
    found = case(SHOP, environment(trust=trust))
    for _, _, role in found.roles:
        asked = [
            Request(
                principal=principal,
                action="sts:AssumeRole",
                resource=role,
                account=ACCOUNT,
                context={**TLS, **context},
                resource_policy=found.world.trusts[role],
            )
            for principal, context, _ in TRUSTED[trust]
        ]
        assert decide(asked) == [wanted for _, _, wanted in TRUSTED[trust]]
