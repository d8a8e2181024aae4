"""Roles: what the code of a container may do, who may take them, what starts a container."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, run
from tests.support.generated_graphs import environments, graphs
from tests.support.graphs import (
    at,
    bucket,
    cache,
    graph,
    secret,
    settings,
    subscription,
    topic,
    use,
)

from encore_aws import policies
from encore_aws.containers import containers
from encore_aws.permissions import Grants
from encore_aws.policies import MOST_CHARACTERS
from encore_aws.resources import log_group, role
from encore_aws.resources import secret as secrets
from encore_aws.settings import Settings
from encore_aws.settings import settings as resolved
from encore_config.environment import (
    Adopt,
    AdoptedCache,
    Containers,
    Environment,
    MetricsSettings,
)
from encore_config.graph import App, Gateway, Graph, Service, Topic, Use
from encore_config.plan import UNKNOWN
from encore_provisioner.engine.recording import Recorded

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/shop:1.2"
SHOP = graph(
    topics=(topic("orders"),),
    subscriptions=(subscription("orders", "ship"),),
    buckets=(bucket("files"),),
    secrets=(secret("Stripe"),),
    uses=(use("bucket", "files", "list"), use("topic", "orders", "publish")),
)
OUTPUTS: dict[str, Any] = {
    "topics": {"orders": f"arn:aws:sns:{REGION}:{ACCOUNT}:orders"},
    "subscriptions": {"orders/ship": {"arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:ship"}},
    "buckets": {"files": {"arn": "arn:aws:s3:::files"}},
    "variables": {"INFRA_SECRET_Stripe": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:s"},
}


def of(**keys: Any) -> Settings:
    given = {"region": REGION, "account": ACCOUNT, **keys}
    return resolved(settings(**given))


def made(app: Graph, chosen: Settings, outputs: Any = OUTPUTS) -> dict[str, Recorded]:
    wanted = role.normalise(app, chosen, NAMES)
    found, notes = run(lambda stage: role.create(wanted, outputs, stage), made=True)
    assert set(notes) == {resource.name for resource in found.resources}
    return by_name(found)


def statements(resource: Recorded, key: str = "policy") -> list[Any]:
    found: list[Any] = json.loads(resource.inputs[key])["Statement"]
    return found


def allowed(resources: dict[str, Recorded], name: str) -> dict[str, list[str]]:
    """Resources by action."""
    return {
        action: statement["Resource"]
        for statement in statements(resources[name])
        for action in statement["Action"]
    }


def test_the_code_may_do_what_it_uses_and_no_more() -> None:
    queue = OUTPUTS["subscriptions"]["orders/ship"]["arn"]
    assert allowed(made(SHOP, of()), "role/app#policy-1") == {
        "s3:ListBucket": ["arn:aws:s3:::files"],
        "sns:Publish": [OUTPUTS["topics"]["orders"]],
        "sqs:ChangeMessageVisibility": [queue],
        "sqs:DeleteMessage": [queue],
        "sqs:ReceiveMessage": [queue],
    }


def test_what_starts_a_container_reads_its_secrets_its_image_and_writes_its_logs() -> None:
    found = made(SHOP, of(containers=Containers(image=IMAGE)))
    streams = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:{found['log-group/app'].inputs['name']}:*"
    repository = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/shop"
    assert allowed(found, "role/app#execution-policy-1") == {
        "secretsmanager:GetSecretValue": [OUTPUTS["variables"]["INFRA_SECRET_Stripe"]],
        "ecr:GetAuthorizationToken": ["*"],
        "ecr:BatchCheckLayerAvailability": [repository],
        "ecr:BatchGetImage": [repository],
        "ecr:GetDownloadUrlForLayer": [repository],
        "logs:CreateLogStream": [streams],
        "logs:PutLogEvents": [streams],
    }
    assert "secretsmanager" not in found["role/app#policy-1"].inputs["policy"]


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        (IMAGE, f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/shop"),
        (
            "111122223333.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:00",
            "arn:aws:ecr:us-east-1:111122223333:repository/shop",
        ),
        (
            "111122223333.dkr-ecr.us-east-1.on.aws/shop",
            "arn:aws:ecr:us-east-1:111122223333:repository/shop",
        ),
        ("ghcr.io/team/shop:1.2", None),
        ("public.ecr.aws/team/shop", None),
        ("evil.example/111122223333.dkr.ecr.us-east-1.amazonaws.com/shop", None),
        (None, None),
    ],
)
def test_which_repository_an_image_is_in(image: str | None, repository: str | None) -> None:
    assert role.repository(of(containers=Containers(image=image))) == repository


def test_a_container_that_needs_nothing_gets_no_policy() -> None:
    found = made(graph(), of(trust="eks"))
    assert set(found) == {"log-group/app", "role/app"}


def test_each_service_has_a_role_and_the_gateway_too() -> None:
    found = made(SHOP, of(containers=Containers(layout="per-service")), _with_service_key())
    assert {name for name in found if "#" not in name} == {
        "log-group/api-gateway", "log-group/shop", "role/api-gateway", "role/shop",
    }  # fmt: skip
    assert "role/api-gateway#policy-1" not in found, "it has no auth handler"
    assert allowed(found, "role/shop#policy-1")["sns:Publish"]
    assert found["role/shop"].inputs["tags"]["encore:service"] == "shop"
    assert found["role/shop"].inputs["tags"]["encore:declaration"] == "service/shop"
    gateway = allowed(found, "role/api-gateway#execution-policy-1")
    assert gateway["secretsmanager:GetSecretValue"] == ["arn:key"]


def _with_service_key() -> dict[str, Any]:
    return {**OUTPUTS, "variables": {**OUTPUTS["variables"], secrets.SERVICE_KEY: "arn:key"}}


TASKS = {"Service": "ecs-tasks.amazonaws.com"}


@pytest.mark.parametrize(
    ("trust", "region", "principal", "actions"),
    [
        ("ecs", REGION, TASKS, ["sts:AssumeRole"]),
        ("ecs", "cn-north-1", TASKS, ["sts:AssumeRole"]),
        (
            "eks",
            REGION,
            {"Service": "pods.eks.amazonaws.com"},
            ["sts:AssumeRole", "sts:TagSession"],
        ),
        ("ec2", REGION, {"Service": "ec2.amazonaws.com"}, ["sts:AssumeRole"]),
        ("ec2", "cn-north-1", {"Service": "ec2.amazonaws.com.cn"}, ["sts:AssumeRole"]),
        (
            "arn:aws:iam::111122223333:role/ci/deploy",
            REGION,
            {"AWS": "arn:aws:iam::111122223333:role/ci/deploy"},
            ["sts:AssumeRole"],
        ),
    ],
)
def test_who_may_take_the_role(
    trust: str, region: str, principal: dict[str, str], actions: list[str]
) -> None:
    chosen = of(trust=trust, region=region)
    (found,) = statements(made(graph(), chosen)["role/app"], "assumeRolePolicy")
    assert (found["Effect"], found["Principal"], found["Action"]) == ("Allow", principal, actions)
    if trust == "ecs":
        tasks = f"arn:{chosen.partition}:ecs:{region}:{ACCOUNT}:*"
        assert found["Condition"] == {
            "ArnLike": {"aws:SourceArn": tasks},
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
        }
    assert list(role.findings(graph(), chosen, NAMES)) == []


@pytest.mark.parametrize(
    "trust",
    [
        "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
        "arn:aws:iam::111122223333:saml-provider/corp",
        "arn:aws:iam::111122223333:role/*",
        "arn:aws-cn:iam::111122223333:role/deploy",
        "arn:aws:sts::111122223333:assumed-role/deploy/me",
        "arn:aws:iam::111122223333:group/all",
    ],
)
def test_who_is_not_named_exactly_is_refused_and_would_not_get_in(trust: str) -> None:
    chosen = of(trust=trust)
    (found,) = role.findings(SHOP, chosen, NAMES)
    assert found.code == role.NOBODY_TO_TRUST
    assert ("trust: eks" in str(found.hint)) == ("oidc" in trust)
    (statement,) = statements(made(graph(), chosen)["role/app"], "assumeRolePolicy")
    assert statement["Effect"] == "Deny"


@pytest.mark.parametrize(
    ("trust", "wanted"),
    [
        ("eks", {"secretsmanager"}),
        ("arn:aws:iam::111122223333:role/deploy", {"secretsmanager"}),
        ("ec2", {"secretsmanager", "ecr", "logs"}),
    ],
)
def test_outside_ecs_the_one_role_does_what_starts_the_container(
    trust: str, wanted: set[str]
) -> None:
    found = made(SHOP, of(trust=trust, containers=Containers(image=IMAGE)))
    services = {action.split(":")[0] for action in allowed(found, "role/app#policy-1")}
    assert services - {"s3", "sns", "sqs"} == wanted
    assert "role/app#execution" not in found
    assert ("role/app#profile" in found) == (trust == "ec2")


def test_a_key_of_ones_own_is_opened_for_what_is_read() -> None:
    found = made(SHOP, of(key=KEY))
    for name, services in (
        ("role/app#policy-1", {"sns", "sqs"}),
        ("role/app#execution-policy-1", {"secretsmanager"}),
    ):
        via = {
            statement["Condition"]["StringEquals"]["kms:ViaService"]
            for statement in statements(found[name])
            if statement["Resource"] == [KEY]
        }
        assert via == {f"{service}.{REGION}.amazonaws.com" for service in services}
    assert found["log-group/app"].inputs["kmsKeyId"] == KEY


def test_metrics_may_be_sent_only_where_they_are_exported() -> None:
    metrics = MetricsSettings(exporter="cloudwatch", namespace="shop")
    for chosen, count in ((of(), 0), (of(metrics=metrics), 1)):
        found = made(SHOP, chosen)
        policy = found["role/app#policy-1"].inputs["policy"]
        assert policy.count("cloudwatch:PutMetricData") == count
        assert "PutMetric" not in found["role/app#execution-policy-1"].inputs["policy"]


def test_logs_are_kept_as_long_as_the_file_says_and_protected_with_the_rest() -> None:
    found = made(SHOP, of(type="production"))["log-group/app"]
    assert (found.inputs["retentionInDays"], found.protect) == (90, True)
    found = made(SHOP, of(type="ephemeral", containers=Containers(log_days=1)))["log-group/app"]
    assert (found.inputs["retentionInDays"], found.protect) == (1, False)


def test_before_an_apply_arns_are_unknown_and_so_is_an_account_that_nobody_names() -> None:
    unknown = _unmade(SHOP)
    for account, expected in ((ACCOUNT, False), (None, True)):
        wanted = role.normalise(SHOP, of(account=account), NAMES)
        found, _ = run(lambda stage, wanted=wanted: role.create(wanted, unknown(), stage))  # type: ignore[misc]
        resources = by_name(found)
        assert resources["role/app#policy-1"].inputs["policy"] == UNKNOWN
        assert (resources["role/app"].inputs["assumeRolePolicy"] == UNKNOWN) == expected
        assert resources["role/app"].inputs["name"] == NAMES.name("role", "app", "task")


def _unmade(app: Graph) -> Any:
    """Outputs of resources that are not there yet."""
    from encore_aws.stage import unknown

    return lambda: {
        "topics": {item.name: unknown() for item in app.topics},
        "subscriptions": {"orders/ship": {"arn": unknown()}},
        "buckets": {item.name: {"arn": unknown()} for item in app.buckets},
        "variables": {"INFRA_SECRET_Stripe": unknown()},
    }


def test_policies_are_available_as_json() -> None:
    wanted = role.normalise(SHOP, of(), NAMES)
    found, _ = run(lambda stage: role.create(wanted, OUTPUTS, stage), made=True)
    handed = found.outputs["roles"]["app"]
    resources = by_name(found)
    assert handed["policies"] == {
        "task": [resources["role/app#policy-1"].inputs["policy"]],
        "execution": [resources["role/app#execution-policy-1"].inputs["policy"]],
    }
    assert handed["task"].endswith(resources["role/app"].inputs["name"])


def many(count: int) -> Graph:
    names = [f"topic-{number:04}" for number in range(count)]
    return Graph(
        app=App(id="shop", language="typescript"),
        gateway=Gateway(),
        services=(Service(name="shop", root="shop", at=at()),),
        topics=tuple(topic(name) for name in names),
        uses=tuple(_publishes(name) for name in names),
    )


def _publishes(name: str) -> Use:
    return use("topic", name, "publish")


def test_a_hundred_topics_take_two_policies_and_a_thousand_do_not_fit() -> None:
    outputs = {"topics": {item.name: _arn(item) for item in many(150).topics}, "variables": {}}
    found = made(many(150), of(), outputs)
    assert "role/app#policy-2" in found
    assert "role/app#attachment-2" in found
    names = {resource.inputs["name"] for name, resource in found.items() if "#policy" in name}
    assert len(names) == sum("#policy" in name for name in found)
    for name, resource in found.items():
        if "#policy" in name:
            assert len(resource.inputs["policy"]) <= MOST_CHARACTERS
    assert list(role.findings(many(150), of(), NAMES)) == []
    (finding,) = role.findings(many(1500), of(), NAMES)
    assert finding.code == role.TOO_LARGE
    assert "per-service" in str(finding.hint)
    (finding,) = role.findings(many(1500), of(containers=Containers(layout="per-service")), NAMES)
    assert "split the service shop" in str(finding.hint)


def _arn(item: Topic) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{NAMES.name('topic', item.name)}"


def test_an_adopted_cache_without_a_password_has_no_secret() -> None:
    app = graph(
        caches=(cache("hot"), cache("cold")),
        uses=(use("cache", "cold", "read"), use("cache", "hot", "read")),
    )
    adopt = Adopt(caches={"hot": AdoptedCache(group="old")})
    for layout in ("combined", "per-service"):
        chosen = of(adopt=adopt, containers=Containers(layout=layout))
        (first, *_) = containers(app, chosen)
        found = secrets.variables_of(app, Grants(app), first, chosen)
        assert "INFRA_REDIS_cold_PASSWORD" in found
        assert "INFRA_REDIS_hot_PASSWORD" not in found


@given(graphs(), environments())
def test_every_hole_has_an_output_and_no_action_is_a_pattern(
    app: Graph, environment: Environment
) -> None:
    chosen = resolved(environment)
    wanted = role.normalise(app, chosen, NAMES)
    known = {
        "account",
        *(f"topic/{item.name}" for item in app.topics),
        *(f"subscription/{item.topic}/{item.name}" for item in app.subscriptions),
        *(f"bucket/{item.name}" for item in app.buckets),
        *(f"log-group/{item.container.label}" for item in wanted.logs),
        *(f"secret/{item.variable}" for item in secrets.normalise(app, chosen, NAMES).made),
    }
    for item in wanted.roles:
        assert policies.holes([item.trust, *item.policies]) <= known
        for policy in item.policies:
            assert policy, "AWS refuses an empty policy"
            assert not any("*" in action for statement in policy for action in statement["Action"])
    assert {item.container.label for item in wanted.roles} == {
        item.container.label for item in log_group.normalise(app, chosen, NAMES)
    }
