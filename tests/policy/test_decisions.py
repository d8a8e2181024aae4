"""What IAM decides over all policies of a program: exactly what is used is allowed.

Every action of the universe is tried on every resource by every role, so what is too much shows as
well as what is missing. What must be allowed is said by ``tests.support.policy_oracle``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import given
from tests.support.examples import examples
from tests.support.generated_graphs import environments, graphs
from tests.support.graphs import at, bucket, subscription, topic
from tests.support.policies import REQUIRED, Request, decide, is_there
from tests.support.policy_oracle import (
    ACCOUNT,
    KEY,
    REGION,
    STRANGER,
    TLS,
    Case,
    all_expected,
    allowed,
    case,
    each,
    opened,
    tried,
)

from encore_aws.naming import Names
from encore_aws.resources import bucket as buckets
from encore_aws.resources import log_group
from encore_aws.resources import subscription as queues
from encore_config.environment import Containers, Environment, EnvironmentEntry, MetricsSettings
from encore_config.graph import App, Gateway, Graph, Secret, Service, ServiceEndpoint, Use

pytestmark = pytest.mark.skipif(
    not REQUIRED and not is_there(), reason="no evaluator: `make test` installs it where npm is"
)


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


@examples(6)
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
        needed = set(opened(found, label, purpose))
        for through in THROUGH:
            via = {"kms:ViaService": f"{through}.{REGION}.amazonaws.com"} if through else {}
            asked += [found.ask(role, action, KEY, **via) for action in KEY_ACTIONS]
            meant += [(role, through, action) for action in KEY_ACTIONS]
        wanted |= {(role, through, action) for through, action in needed}
    answers = zip(meant, decide(asked), strict=True)
    assert {item for item, yes in answers if yes} == wanted != set()


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


def test_the_statements_for_a_key_of_ones_own_let_in_whom_they_must_and_nobody_else() -> None:
    """SNS for our topics, CloudFront for our distributions, CloudWatch Logs for our groups."""
    found = case(SHOP, environment(key=KEY))
    outputs, given_ = found.world.outputs, (SHOP, found.settings)
    names = Names(app="shop", environment="live", id="k3f9")
    statements = [
        *queues.key_statements(*given_, outputs),
        *buckets.key_statements(*given_, outputs),
        *log_group.key_statements(*given_, names),
    ]
    logs = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group"
    distribution = f"arn:aws:cloudfront::{ACCOUNT}:distribution"
    # The evaluator does not know the encryption context; another key of ARNs stands for it.
    group = "aws:SourceArn"
    statements = json.loads(
        json.dumps(statements).replace("kms:EncryptionContext:aws:logs:arn", group)
    )
    table: tuple[tuple[str, str, str, str, bool], ...] = (
        *(
            ("sns.amazonaws.com", "kms:GenerateDataKey", "aws:SourceArn", arn, True)
            for arn in outputs["topics"].values()
        ),
        ("sns.amazonaws.com", "kms:GenerateDataKey", "aws:SourceArn", f"{logs}:x", False),
        ("sns.amazonaws.com", "kms:ScheduleKeyDeletion", "aws:SourceArn", f"{logs}:x", False),
        (
            "cloudfront.amazonaws.com",
            "kms:Decrypt",
            "aws:SourceArn",
            f"{distribution}/bucket/pictures-cdn",
            True,
        ),
        ("cloudfront.amazonaws.com", "kms:Decrypt", "aws:SourceArn", f"{distribution}/x", False),
        *(
            (f"logs.{REGION}.amazonaws.com", "kms:Encrypt", group, item["arn"], True)
            for item in outputs["log_groups"].values()
        ),
        (f"logs.{REGION}.amazonaws.com", "kms:Encrypt", group, f"{logs}:other", False),
        ("s3.amazonaws.com", "kms:Decrypt", "aws:SourceArn", f"{distribution}/x", False),
    )
    asked = [
        Request(
            principal=principal,
            action=action,
            resource=KEY,
            account=ACCOUNT,
            context={**TLS, key: value},
            resource_policy={"Version": "2012-10-17", "Statement": statements},
        )
        for principal, action, key, value, _ in table
    ]
    assert decide(asked) == [wanted for *_, wanted in table]
