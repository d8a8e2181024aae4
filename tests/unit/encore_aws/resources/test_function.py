"""The function inside the network as a resource: when there is one, where it lies, what it may."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, fake_outputs, settings_of
from tests.support.graphs import at, cache, database, graph, topic

from encore_aws import bundle, policies
from encore_aws.given import NOTHING, Files, Given
from encore_aws.permissions import INTERFACES
from encore_aws.program import Program, normalise
from encore_aws.resources import function, network
from encore_aws.settings import Settings
from encore_config.environment import (
    Adopt,
    AdoptedCache,
    AdoptedDatabase,
    DatabaseSettings,
    Network,
)
from encore_config.graph import Database, Graph, MigrationFile, Migrations
from encore_config.plan import UNKNOWN
from encore_provisioner.engine.recording import Recorded, Recording, record

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own"
STATE_KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/state"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
ADOPTED = Adopt(
    databases={
        "orders": AdoptedDatabase(instance="old", username="app", password=f"{SECRET}:old-AbCdEf")
    },
    caches={"sessions": AdoptedCache(group="old")},
)
FILES = Given(files=Files(bucket="state", prefix="shop/production"))


def migrated(name: str = "orders") -> Database:
    files = (MigrationFile(filename="1_a.up.sql", number=1, description="a"),)
    return Database(
        name=name, migrations=Migrations(dir="m", source="default", files=files), at=at()
    )


SHOP = graph(databases=(migrated(),), caches=(cache("sessions"),))


def made(kind: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    if kind.startswith("aws:rds/instance:"):
        secret = {"secretArn": f"{SECRET}:rds!{inputs['identifier']}"}
        return {**fake_outputs(kind, name, inputs), "masterUserSecrets": [secret]}
    return fake_outputs(kind, name, inputs)


def recorded(
    app: Graph = SHOP, given: Given = FILES, chosen: Settings | None = None, *, there: bool = True
) -> Recording:
    chosen = chosen or settings_of()
    program = Program(normalise(app, chosen, NAMES), chosen, NAMES, given)
    return record(program, project="shop", stack="production", made=made if there else None)


def ours(found: Recording) -> dict[str, Recorded]:
    return {name: item for name, item in by_name(found).items() if name.startswith("function")}


def statements(item: Recorded) -> list[Any]:
    listed: list[Any] = json.loads(item.inputs["policy"])["Statement"]
    return listed


def allowed(found: Recording) -> dict[str, set[str]]:
    """Resources by action, of all its policies."""
    told: dict[str, set[str]] = {}
    for name, item in ours(found).items():
        if name.startswith("function#policy"):
            for statement in statements(item):
                for action in statement["Action"] if statement["Effect"] == "Allow" else ():
                    told.setdefault(action, set()).update(statement["Resource"])
    return told


@pytest.mark.parametrize(
    ("app", "adopt", "there"),
    [
        (graph(topics=(topic("orders"),)), Adopt(), False),
        (graph(databases=(migrated(),)), Adopt(), True),
        (graph(caches=(cache("sessions"),)), Adopt(), True),
        (SHOP, ADOPTED, False),
        (
            graph(
                databases=(migrated(), migrated("more")),
            ),
            ADOPTED,
            True,
        ),
    ],
    ids=["nothing", "database", "cache", "all adopted", "one adopted"],
)
def test_there_is_one_as_soon_as_something_inside_is_ours(
    app: Graph, adopt: Adopt, there: bool
) -> None:
    found = recorded(app, chosen=settings_of(adopt=adopt))
    assert bool(ours(found)) == there
    assert ("function" in found.outputs) == there


def test_it_lies_where_the_containers_lie_and_its_zip_is_named_without_a_folder() -> None:
    found = recorded()
    inputs = by_name(found)["function"].inputs
    code = bundle.build()
    assert inputs["code"] == {"path": code.filename}
    assert "/" not in code.filename
    assert inputs["sourceCodeHash"] == code.code_sha256
    assert inputs["vpcConfig"] == {
        "securityGroupIds": [found.outputs["network"]["compute_security_group"]],
        "subnetIds": found.outputs["network"]["subnets"]["compute"],
    }
    assert (inputs["timeout"], inputs["memorySize"]) == (900, 512)
    assert (inputs["runtime"], inputs["architectures"]) == ("python3.13", ["x86_64"])
    assert inputs["handler"] == "encore_aws.function.handler.handle"
    assert "environment" not in inputs


def test_the_outputs_say_what_to_call_and_where_its_log_is() -> None:
    found = recorded()
    resources = by_name(found)
    assert found.outputs["function"] == {
        "name": resources["function"].inputs["name"],
        "arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:{resources['function'].inputs['name']}",
        "log_group": resources["function#log"].inputs["name"],
    }
    assert resources["function"].inputs["loggingConfig"] == {
        "logFormat": "Text",
        "logGroup": resources["function#log"].inputs["name"],
    }


def test_it_is_made_when_its_role_has_all_its_rights() -> None:
    resources = by_name(recorded())
    attached = {item.urn for name, item in resources.items() if name.startswith("function#attach")}
    assert len(attached) == 2
    assert attached <= set(resources["function"].depends_on)


def test_it_reads_the_secrets_of_ours_and_nobody_else_s() -> None:
    app = graph(databases=(migrated(), migrated("audit")), caches=(cache("sessions"),))
    found = recorded(app, chosen=settings_of(adopt=Adopt(databases=ADOPTED.databases)))
    audit, sessions = (
        found.outputs["variables"][f"INFRA_{name}_PASSWORD"]
        for name in ("SQL_audit", "REDIS_sessions")
    )
    (server,) = found.outputs["servers"].values()
    log = by_name(found)["function#log"].inputs["name"]
    streams = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:{log}:*"
    assert allowed(found) == {
        "secretsmanager:GetSecretValue": {server["admin_secret"], sessions, audit},
        "secretsmanager:PutSecretValue": {audit},
        "secretsmanager:GetRandomPassword": {"*"},
        "s3:GetObject": {"arn:aws:s3:::state/shop/production/migrations/*"},
        "logs:CreateLogStream": {streams},
        "logs:PutLogEvents": {streams},
        **{action: {"*"} for action in INTERFACES},
    }


def test_its_code_may_not_do_what_lambda_does_as_its_role() -> None:
    found = recorded()
    denied = [s for s in statements(ours(found)["function#policy-1"]) if s["Effect"] == "Deny"]
    name = by_name(found)["function"].inputs["name"]
    assert denied == [
        {
            "Effect": "Deny",
            "Action": list(INTERFACES),
            "Resource": ["*"],
            "Condition": {
                "ArnEquals": {
                    "lambda:SourceFunctionArn": [
                        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
                    ]
                }
            },
        }
    ]


def test_without_migrations_it_reads_no_files() -> None:
    app = graph(databases=(Database(name="orders", migrations=None, at=at()),))
    found = recorded(app)
    assert "function#policy-files" not in by_name(found)
    assert "s3:GetObject" not in allowed(found)


def test_keys_open_through_their_service_and_in_their_region_alone() -> None:
    files = Files(bucket="state", prefix="p", key=STATE_KEY)
    found = recorded(given=Given(files=files), chosen=settings_of(key=KEY))
    kms = {
        (arn, statement["Condition"]["StringEquals"]["kms:ViaService"]): statement["Action"]
        for name, item in ours(found).items()
        if name.startswith("function#policy")
        for statement in statements(item)
        for arn in statement["Resource"]
        if ":kms:" in arn
    }
    assert kms == {
        (KEY, f"secretsmanager.{REGION}.amazonaws.com"): ["kms:Decrypt", "kms:GenerateDataKey"],
        (STATE_KEY, "s3.us-east-1.amazonaws.com"): ["kms:Decrypt"],
    }
    assert by_name(found)["function#log"].inputs["kmsKeyId"] == KEY


def test_a_plan_before_the_first_apply_knows_neither_files_nor_secrets() -> None:
    found = by_name(recorded(given=NOTHING, there=False))
    assert found["function#policy-files"].inputs["policy"] == UNKNOWN
    assert found["function#policy-1"].inputs["policy"] == UNKNOWN


def test_an_account_that_the_file_does_not_name_is_asked_for() -> None:
    wanted = function.normalise(SHOP, settings_of(account=None), NAMES)
    assert wanted is not None
    assert policies.ACCOUNT in policies.holes(wanted.policies)
    named = function.normalise(SHOP, settings_of(), NAMES)
    assert named is not None
    assert policies.ACCOUNT not in policies.holes(named.policies)


def test_each_server_has_a_first_user_whose_secret_is_read() -> None:
    app = graph(databases=(migrated(), migrated("audit")))
    chosen = settings_of(databases={"defaults": DatabaseSettings(layout="separate")})
    found = recorded(app, chosen=chosen)
    reading = allowed(found)["secretsmanager:GetSecretValue"]
    assert len(found.outputs["servers"]) == 2
    for server in found.outputs["servers"].values():
        assert server["admin_secret"] in reading


def test_what_it_calls_has_an_endpoint_where_there_is_no_nat() -> None:
    """Secrets Manager; S3 has one always, and Lambda itself writes its log and asks KMS."""
    chosen = settings_of(network=Network(nat="none"))
    assert "secretsmanager" in network.endpoints(SHOP, chosen)


def test_permissions_that_fit_in_no_role_are_told_before() -> None:
    many = tuple(Database(name=f"d{number}", migrations=None, at=at()) for number in range(700))
    chosen = settings_of(databases={"defaults": DatabaseSettings(max_connections=1)})
    (found,) = function.findings(graph(databases=many), chosen, NAMES)
    assert found.code == "E9240"
    assert "700 databases and 0 caches" in found.message
    assert not list(function.findings(SHOP, settings_of(), NAMES))


def test_it_is_said_that_an_adopted_database_is_not_migrated() -> None:
    (found,) = function.findings(SHOP, settings_of(adopt=ADOPTED), NAMES)
    assert (found.code, found.severity) == ("W9250", "warning")
    assert "environments.production.adopt.databases.orders" in found.message
    bare = graph(databases=(database("orders", root=Path()),), caches=(cache("sessions"),))
    assert not list(function.findings(bare, settings_of(adopt=ADOPTED), NAMES))
