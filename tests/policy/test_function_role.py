"""What the function inside the network may do, decided by an evaluator of IAM's rules.

What it needs is written here from what its code calls (``encore_aws/function``), and not taken from
the provider's table of permissions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from tests.policy.test_decisions import SHOP, environment
from tests.support.graphs import at, cache
from tests.support.policies import REQUIRED, Request, decide, is_there
from tests.support.policy_oracle import ACCOUNT, KEY, REGION, STRANGER, TLS

from encore_aws import arns
from encore_aws.given import Files, Given
from encore_aws.naming import Names
from encore_aws.program import Program, normalise
from encore_aws.settings import settings as resolved
from encore_config.environment import Environment
from encore_config.graph import Database, Graph, MigrationFile, Migrations
from encore_provisioner.engine.recording import Recording, record

pytestmark = pytest.mark.skipif(
    not REQUIRED and not is_there(), reason="no evaluator: `make test` installs it where npm is"
)

STATE_KEY: Final = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/state"
FILES: Final = Files(bucket="state", prefix="shop/live", key=STATE_KEY)
ADMIN: Final = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-1-AbCdEf"
APP: Final = Graph(
    app=SHOP.app,
    gateway=SHOP.gateway,
    services=SHOP.services,
    secrets=SHOP.secrets,
    databases=(
        Database(
            name="orders",
            migrations=Migrations(
                dir="m",
                source="default",
                files=(MigrationFile(filename="1_a.up.sql", number=1, description="a"),),
            ),
            at=at(),
        ),
    ),
    caches=(cache("sessions"),),
)

Pair = tuple[str, str]


def recorded(found: Environment) -> Recording:
    chosen = resolved(found)
    names = Names(app="shop", environment=found.name, id=chosen.id)
    known = arns.made(chosen)

    def made(kind: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        if kind.startswith("aws:secretsmanager/"):
            arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{inputs['name']}-AbCdEf"
            return {"id": arn, "arn": arn}
        if kind.startswith("aws:rds/instance:"):
            return {**known(kind, name, inputs), "masterUserSecrets": [{"secretArn": ADMIN}]}
        return known(kind, name, inputs)

    program = Program(normalise(APP, chosen, names), chosen, names, Given(files=FILES))
    return record(program, project="shop", stack=found.name, made=made)


@pytest.fixture(scope="module")
def plain() -> Recording:
    return recorded(environment())


@pytest.fixture(scope="module")
def own_key() -> Recording:
    return recorded(environment(key=KEY))


def policies(found: Recording) -> tuple[Any, ...]:
    return tuple(
        json.loads(item.inputs["policy"])
        for item in found.resources
        if item.name.startswith("function#policy")
    )


def ask(found: Recording, action: str, resource: str, **context: str) -> Request:
    (role,) = (item.inputs["name"] for item in found.resources if item.name == "function#role")
    of_key = None
    if ":kms:" in resource:
        root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        allow = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
        of_key = {"Version": "2012-10-17", "Statement": [allow]}
    return Request(
        principal=f"arn:aws:iam::{ACCOUNT}:role/{role}",
        action=action,
        resource=resource,
        account=ACCOUNT,
        context={**TLS, "aws:PrincipalAccount": ACCOUNT, **context},
        policies=policies(found),
        resource_policy=of_key,
    )


def allowed(found: Recording, pairs: list[Pair], **context: str) -> set[Pair]:
    answers = decide(ask(found, action, resource, **context) for action, resource in pairs)
    return {pair for pair, yes in zip(pairs, answers, strict=True) if yes}


def tried(found: Recording) -> Iterator[Pair]:
    elsewhere = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:other-AbCdEf"
    for arn in (*found.outputs["variables"].values(), ADMIN, elsewhere):
        for action in ("GetSecretValue", "PutSecretValue", "DeleteSecret", "UpdateSecret"):
            yield f"secretsmanager:{action}", arn
    for key in ("shop/live/migrations/0", "shop/live/.pulumi/stacks/live.json", "shop/live", "o"):
        for action in ("GetObject", "PutObject", "DeleteObject"):
            yield f"s3:{action}", f"arn:aws:s3:::state/{key}"
    yield "s3:ListBucket", "arn:aws:s3:::state"
    for group in (found.outputs["function"]["log_group"], "other"):
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
        for action in ("CreateLogStream", "PutLogEvents", "GetLogEvents", "DeleteLogStream"):
            yield f"logs:{action}", f"{arn}:log-stream:1"
    yield "lambda:InvokeFunction", found.outputs["function"]["arn"]
    yield "rds:DescribeDBInstances", "*"


def test_it_may_do_what_its_code_calls_and_no_more(plain: Recording) -> None:
    variables = plain.outputs["variables"]
    password = variables["INFRA_SQL_orders_PASSWORD"]
    other = variables["INFRA_REDIS_sessions_PASSWORD"]
    log = plain.outputs["function"]["log_group"]
    streams = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{log}:log-stream:1"
    assert allowed(plain, list(tried(plain))) == {
        ("secretsmanager:GetSecretValue", ADMIN),
        ("secretsmanager:GetSecretValue", password),
        ("secretsmanager:PutSecretValue", password),
        ("secretsmanager:GetSecretValue", other),
        ("s3:GetObject", "arn:aws:s3:::state/shop/live/migrations/0"),
        ("logs:CreateLogStream", streams),
        ("logs:PutLogEvents", streams),
    }


MADE: Final = "ec2:CreateNetworkInterface"


def test_lambda_puts_it_into_the_network_and_its_code_cannot(plain: Recording) -> None:
    others = [
        "ec2:RunInstances",
        "ec2:ModifyNetworkInterfaceAttribute",
        "ec2:AttachNetworkInterface",
    ]
    pairs = [(action, "*") for action in (MADE, *others)]
    pairs.append(("secretsmanager:GetRandomPassword", "*"))
    assert allowed(plain, pairs) == {(MADE, "*"), pairs[-1]}
    own = str(plain.outputs["function"]["arn"])
    code = {"lambda:SourceFunctionArn": own}
    assert allowed(plain, [(MADE, "*")], **code) == set()


KEY_ACTIONS: Final = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")


@pytest.mark.parametrize("through", ["secretsmanager", "s3", "ec2", None])
def test_keys_open_what_it_reads_and_nothing_else(own_key: Recording, through: str | None) -> None:
    context = {"kms:ViaService": f"{through}.{REGION}.amazonaws.com"} if through else {}
    pairs = [(action, key) for action in KEY_ACTIONS for key in (KEY, STATE_KEY)]
    wanted = {
        "secretsmanager": {("kms:Decrypt", KEY), ("kms:GenerateDataKey", KEY)},
        "s3": {("kms:Decrypt", STATE_KEY)},
    }
    assert allowed(own_key, pairs, **context) == wanted.get(through or "", set())


def test_only_lambda_may_take_its_role(plain: Recording) -> None:
    (role,) = (item for item in plain.resources if item.name == "function#role")
    trust = json.loads(role.inputs["assumeRolePolicy"])
    table = {
        "lambda.amazonaws.com": True,
        "ecs-tasks.amazonaws.com": False,
        f"arn:aws:iam::{ACCOUNT}:role/any": False,
        f"arn:aws:iam::{STRANGER}:root": False,
    }
    asked = [
        Request(
            principal=principal,
            action="sts:AssumeRole",
            resource=f"arn:aws:iam::{ACCOUNT}:role/{role.inputs['name']}",
            account=ACCOUNT,
            context=TLS,
            resource_policy=trust,
        )
        for principal in table
    ]
    assert decide(asked) == list(table.values())
