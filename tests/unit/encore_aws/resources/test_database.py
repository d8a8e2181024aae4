"""SQL: servers as a careful person sets them up, databases on them, and what the app gets."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
from tests.support import graphs
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, settings_of
from tests.support.graphs import at, graph, use

from encore_aws.cloud import ec2
from encore_aws.naming import Names
from encore_aws.resources import database as kind
from encore_aws.resources import network, secret
from encore_aws.settings import Settings
from encore_aws.stage import Note, Stage
from encore_config.environment import Adopt, AdoptedDatabase, DatabaseSettings
from encore_config.graph import Graph, MigrationFile, Migrations
from encore_config.plan import UNKNOWN
from encore_provisioner.engine.recording import Answers, Recorded, Recording, record

GIVEN = DatabaseSettings
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
OLD = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:old-a1b2c3"
GROUP = "sg-0123456789abcdef0"
ADDRESS = "x.eu-north-1.rds.amazonaws.com"
ORDERS, CARTS = (graphs.database(name, root=Path()) for name in ("orders", "carts"))
APP = graph(databases=(CARTS, ORDERS), uses=(use("database", "orders", "access"),))
SERVER = "database#server"
LAYOUTS = {
    "shared": {SERVER},
    "separate": {"database/carts#server", "database/orders#server"},
    # `orders` has one user; `carts` has none and lies in the folder of the service `shop`.
    "per-service": {"service/shop#database-server"},
}


def aws(type_: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """What AWS would say of what was made."""
    if type_ == "aws:ec2/securityGroup:SecurityGroup":
        return {"id": GROUP}
    if type_ == "aws:rds/instance:Instance":
        secrets = [{"secretArn": f"arn:of:{name}"}]
        return {"id": "db-ABC", "address": f"{name}.{ADDRESS}", "masterUserSecrets": secrets}
    return {"id": inputs.get("name", name)}


ANSWERS: Answers = {
    "aws:rds/getCertificate:getCertificate": lambda asked: {"thumbprint": f"of {asked['id']}"},
    "aws:rds/getInstance:getInstance": lambda asked: {
        "address": f"{asked['dbInstanceIdentifier']}.{ADDRESS}",
        "port": 5433,
        "caCertIdentifier": "rds-ca-ecc384-g1",
    },
}


def run(
    app: Graph, settings: Settings, *, made: bool = True, stage: Stage | None = None
) -> tuple[Recording, Mapping[str, Note]]:
    wanted = kind.normalise(app, settings, NAMES)
    stage = stage or Stage(NAMES)

    def program() -> dict[str, Any]:
        groups = {name: ec2.SecurityGroup(name) for name in ("compute", "sql", "cache")}
        home = network.Made(
            subnets={"storage": ["subnet-1", "subnet-2"], "compute": ["subnet-3"]},
            compute=groups.pop("compute"),
            storage=groups,
        )
        return kind.create(wanted, home, stage)

    answers = ANSWERS if made else None
    found = record(
        program, project="shop", stack="production", answers=answers, made=aws if made else None
    )
    return found, stage.notes


def made(
    app: Graph = APP, type_: Any = "production", *, key: str | None = None, **databases: Any
) -> dict[str, Recorded]:
    found, _ = run(app, settings_of(type_, key=key, databases=databases))
    return by_name(found)


def server(type_: Any = "production", *, key: str | None = None, **options: Any) -> dict[str, Any]:
    """The inputs of the one server that all share."""
    return made(type_=type_, key=key, defaults=GIVEN(**options))[SERVER].inputs


def of_type(found: dict[str, Recorded], type_: str) -> set[str]:
    return {name for name, resource in found.items() if resource.type == type_}


@pytest.mark.parametrize("type_", ["production", "development", "ephemeral", "test"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_server_is_encrypted_private_and_refuses_plain_text(type_: Any, layout: Any) -> None:
    found = made(type_=type_, defaults=GIVEN(layout=layout))
    assert of_type(found, "aws:rds/instance:Instance") == LAYOUTS[layout]
    for name in LAYOUTS[layout]:
        inputs = found[name].inputs
        assert inputs["engine"] == "postgres"
        assert inputs["storageEncrypted"] is True
        assert inputs["publiclyAccessible"] is False
        assert inputs["vpcSecurityGroupIds"] == [GROUP]
        assert inputs["port"] == 5432
        assert inputs["iamDatabaseAuthenticationEnabled"] is False
        assert inputs["manageMasterUserPassword"] is True
        assert not {"password", "passwordWo"} & inputs.keys()
        assert inputs["caCertIdentifier"] == "rds-ca-rsa2048-g1"
        assert inputs["copyTagsToSnapshot"] is True
        assert inputs["storageType"] == "gp3"
        assert inputs["dbSubnetGroupName"] == found["database#subnets"].inputs["name"]
        parameters = found["database#parameters-17"]
        assert inputs["parameterGroupName"] == parameters.inputs["name"]
        assert parameters.inputs["parameters"] == [{"name": "rds.force_ssl", "value": "1"}]
        assert parameters.inputs["family"] == "postgres17"
    assert found["database#subnets"].inputs["subnetIds"] == ["subnet-1", "subnet-2"]


@pytest.mark.parametrize(
    ("type_", "expected", "is_kept"),
    [
        (
            "production",
            {
                "instanceClass": "db.t4g.medium",
                "multiAz": True,
                "backupRetentionPeriod": 14,
                "deletionProtection": True,
                "skipFinalSnapshot": False,
                "deleteAutomatedBackups": False,
                "performanceInsightsEnabled": True,
                "performanceInsightsRetentionPeriod": 7,
            },
            True,
        ),
        (
            "development",
            {
                "instanceClass": "db.t4g.micro",
                "multiAz": False,
                "backupRetentionPeriod": 3,
                "deletionProtection": False,
                "skipFinalSnapshot": False,
                "deleteAutomatedBackups": False,
                "performanceInsightsEnabled": False,
                "performanceInsightsRetentionPeriod": None,
            },
            False,
        ),
        (
            "ephemeral",
            {
                "instanceClass": "db.t4g.micro",
                "multiAz": False,
                "backupRetentionPeriod": 0,
                "deletionProtection": False,
                "skipFinalSnapshot": True,
                "deleteAutomatedBackups": True,
                "finalSnapshotIdentifier": None,
                "performanceInsightsEnabled": False,
            },
            False,
        ),
    ],
)
def test_what_each_type_of_environment_gets(
    type_: Any, expected: dict[str, Any], is_kept: bool
) -> None:
    found = made(type_=type_)
    assert {key: found[SERVER].inputs.get(key) for key in expected} == expected
    for name in (SERVER, f"{SERVER}-log", "database/orders", "database/carts"):
        assert found[name].protect is is_kept


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"size": "db.r8g.large"}, {"instanceClass": "db.r8g.large"}),
        ({"version": 16}, {"engineVersion": "16", "autoMinorVersionUpgrade": True}),
        ({"storage": 50}, {"allocatedStorage": 50}),
        ({"max_storage": 900}, {"allocatedStorage": 20, "maxAllocatedStorage": 900}),
        ({"storage": 30, "max_storage": 30}, {"allocatedStorage": 30, "maxAllocatedStorage": 0}),
        ({"multi_az": False}, {"multiAz": False}),
        ({"backup_days": 35}, {"backupRetentionPeriod": 35}),
        ({"protect": False}, {"deletionProtection": False}),
        ({"final_snapshot": False}, {"skipFinalSnapshot": True, "finalSnapshotIdentifier": None}),
        ({"performance_insights": False}, {"performanceInsightsEnabled": False}),
        (
            {"certificate_authority": "rds-ca-ecc384-g1"},
            {"caCertIdentifier": "rds-ca-ecc384-g1"},
        ),
    ],
    ids=str,
)
def test_each_setting_reaches_the_server(options: Any, expected: dict[str, Any]) -> None:
    inputs = server(**options)
    assert {key: inputs.get(key) for key in expected} == expected
    assert any(server().get(key) != value for key, value in expected.items())


def test_a_change_is_made_when_it_is_applied() -> None:
    """Connections are counted for the size that the plan shows, not for the one of last week."""
    assert server()["applyImmediately"] is True
    assert server()["allowMajorVersionUpgrade"] is True


def test_a_key_of_the_persons_own_encrypts_all_that_has_a_key() -> None:
    keys = {"kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId"}
    assert {key: server(key=KEY)[key] for key in keys} == dict.fromkeys(keys, KEY)
    assert not keys & server().keys()
    assert "performanceInsightsKmsKeyId" not in server("development", key=KEY)
    assert made(key=KEY)[f"{SERVER}-log"].inputs["kmsKeyId"] == KEY


def test_the_last_snapshot_is_not_called_like_that_of_an_environment_before() -> None:
    name = server()["finalSnapshotIdentifier"]
    assert name == NAMES.name("db-final-snapshot") + "-9abcdef0"
    long = dataclasses.replace(NAMES, app="a" * 300).name("db-final-snapshot")
    assert len(f"{long}-9abcdef0") == 255


def test_the_servers_log_is_there_before_the_server_and_ends() -> None:
    found = made()
    log, inputs = found[f"{SERVER}-log"], found[SERVER].inputs
    assert log.inputs["name"] == f"/aws/rds/instance/{inputs['identifier']}/postgresql"
    assert log.inputs["retentionInDays"] == 90
    assert inputs["enabledCloudwatchLogsExports"] == ["postgresql"]
    assert log.urn in found[SERVER].depends_on


def test_two_versions_are_two_parameter_groups() -> None:
    found = made(orders=GIVEN(version=16))
    groups = {"database#parameters-16", "database#parameters-17"}
    assert of_type(found, "aws:rds/parameterGroup:ParameterGroup") == groups
    for name, version in ((SERVER, 17), ("database/orders#server", 16)):
        group = found[f"database#parameters-{version}"].inputs
        assert found[name].inputs["parameterGroupName"] == group["name"]


@pytest.mark.parametrize(
    ("databases", "name", "reason"),
    [
        ({}, SERVER, "all databases that have none of their own"),
        ({"defaults": GIVEN(layout="separate")}, "database/orders#server", "layout separate"),
        (
            {"defaults": GIVEN(layout="per-service")},
            "service/shop#database-server",
            "layout per-service: the server of what belongs to shop",
        ),
        (
            {"orders": GIVEN(backup_days=35)},
            "database/orders#server",
            "databases.orders says something of its server",
        ),
    ],
)
def test_each_server_says_why_it_is_there(databases: Any, name: str, reason: str) -> None:
    found, notes = run(APP, settings_of(databases=databases))
    assert reason in notes[name].reason
    own = name.startswith("database/")
    assert str(notes[name].declaration) == ("database/orders" if own else "None")
    tags = by_name(found)[name].inputs["tags"]
    assert tags.get("encore:declaration") == ("database/orders" if own else None)
    assert tags.get("encore:service") == ("shop" if name.startswith("service/") else None)


def test_no_two_servers_share_a_name() -> None:
    databases = {"defaults": GIVEN(layout="per-service"), "orders": GIVEN(backup_days=35)}
    app = graph(databases=(CARTS, ORDERS, graphs.database("shop", root=Path())))
    found, _ = run(app, settings_of(databases={**databases, "shop": GIVEN(storage=30)}))
    inputs = [resource.inputs for resource in found.resources]
    names = [item["identifier"] for item in inputs if "instanceClass" in item]
    assert len(set(names)) == 3


MIGRATED = Migrations(
    dir="orders/migrations",
    source="default",
    files=tuple(
        MigrationFile(filename=f"{n}_{what}.up.sql", number=n, description=what)
        for n, what in ((1, "init"), (2, "more"))
    ),
)


def test_each_database_has_a_step_that_says_what_will_be_made() -> None:
    declared = type(ORDERS)(name="orders", migrations=MIGRATED, at=at())
    found, notes = run(graph(databases=(declared, CARTS)), settings_of())
    resources = by_name(found)
    orders = resources["database/orders"]
    assert orders.type == "encore:sql:LogicalDatabase"
    assert orders.inputs == {
        "name": "orders",
        "role": "orders",
        "password": "INFRA_SQL_orders_PASSWORD",
        "server": resources[SERVER].inputs["identifier"],
        "migrations": {
            "dir": "orders/migrations",
            "source": "default",
            "files": ["1_init.up.sql", "2_more.up.sql"],
        },
    }
    assert resources[SERVER].urn in orders.depends_on
    assert "migrations" not in resources["database/carts"].inputs
    assert str(notes["database/orders"].declaration) == "database/orders"


def test_the_password_has_the_variable_of_its_secret() -> None:
    places = secret.normalise(APP, settings_of(), NAMES)
    variables = {s.variable for s in places.made}
    for name in ("database/orders", "database/carts"):
        assert made()[name].inputs["password"] in variables


@pytest.mark.parametrize(
    ("declared", "kept"), [("Orders.v2", True), ("postgres", False), ("n" * 64, False)]
)
def test_a_name_is_kept_inside_the_server_where_that_can_be(declared: str, kept: bool) -> None:
    app = graph(databases=(graphs.database(declared, root=Path()),))
    inputs = made(app)[f"database/{declared}"].inputs
    for key in ("name", "role"):
        assert (inputs[key] == declared) is kept


ADOPTED = AdoptedDatabase(instance="legacy", username="shop", password=OLD, database="shop_db")


def adopting(**databases: Any) -> Settings:
    return settings_of(databases=databases, adopt=Adopt(databases={"orders": ADOPTED}))


def test_what_is_adopted_is_asked_for_and_never_made() -> None:
    found, _ = run(APP, adopting())
    assert "database/orders" not in by_name(found)
    assert found.outputs["databases"]["orders"] == {
        "server": "adopted/legacy",
        "host": f"legacy.{ADDRESS}",
        "port": 5433,
        "database": "shop_db",
        "username": "shop",
        "password": "INFRA_SQL_orders_PASSWORD",
        "max_connections": 10,
        "ca_identifier": "rds-ca-ecc384-g1",
        "ca_thumbprint": "of rds-ca-ecc384-g1",
    }
    outputs = run(APP, adopting(orders=GIVEN(max_connections=3)))[0].outputs
    assert outputs["databases"]["orders"]["max_connections"] == 3


class Asked(Stage):
    """Counts how often AWS was asked through it."""

    times = 0

    @property
    def question(self) -> pulumi.InvokeOptions:
        self.times += 1
        return super().question


def test_aws_is_asked_in_the_account_and_region_of_the_environment() -> None:
    stage = Asked(NAMES)
    run(APP, adopting(), stage=stage)
    # The adopted server, its authority, and the authority of ours.
    assert stage.times == 3


def test_without_a_database_of_ours_nothing_is_made() -> None:
    for app in (graph(), graph(databases=(ORDERS,))):
        found, notes = run(app, adopting())
        assert notes == {}
        assert found.outputs["servers"] == {}


def test_what_an_apply_hands_on() -> None:
    outputs = run(APP, settings_of())[0].outputs
    assert outputs["servers"] == {
        "shared": {
            "identifier": NAMES.name("db-instance"),
            "host": f"{SERVER}.{ADDRESS}",
            "port": 5432,
            "admin": "encore_admin",
            "admin_secret": f"arn:of:{SERVER}",
        }
    }
    assert outputs["databases"]["orders"] == {
        "server": "shared",
        "host": f"{SERVER}.{ADDRESS}",
        "port": 5432,
        "database": "orders",
        "username": "orders",
        "password": "INFRA_SQL_orders_PASSWORD",
        "max_connections": 46,
        "ca_identifier": "rds-ca-rsa2048-g1",
        "ca_thumbprint": "of rds-ca-rsa2048-g1",
    }


def test_before_an_apply_only_what_aws_chooses_is_unknown() -> None:
    found, notes = run(APP, settings_of(), made=False)
    resources = by_name(found)
    unknown = {key for key, value in resources[SERVER].inputs.items() if value == UNKNOWN}
    assert unknown == {"finalSnapshotIdentifier"}
    assert resources[SERVER].inputs["vpcSecurityGroupIds"] == [UNKNOWN]
    assert UNKNOWN not in resources["database/orders"].inputs.values()
    orders = found.outputs["databases"]["orders"]
    assert {key for key, value in orders.items() if value == UNKNOWN} == {"host", "ca_thumbprint"}
    assert notes.keys() == resources.keys() - {"compute", "sql", "cache"}
    assert "main.ts" not in json.dumps([resource.inputs for resource in found.resources])


ROOTS = {"rds-ca-rsa2048-g1": "-- RSA --", "rds-ca-ecc384-g1": "-- ECC --"}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("app", [APP, graph()], ids=["two", "none"])
def test_the_app_gets_every_database_once(app: Graph, layout: Any) -> None:
    settings = adopting(defaults=GIVEN(layout=layout))
    outputs = run(app, settings)[0].outputs
    bound = {binding.name: binding for binding in kind.expose(app, settings, outputs, ROOTS)}
    assert list(bound) == [database.name for database in app.databases]
    for name, binding in bound.items():
        found = outputs["databases"][name]
        assert binding.server == f"{found['host']}:{found['port']}"
        assert binding.tls.ca == ("-- ECC --" if name == "orders" else "-- RSA --")
        assert not binding.tls.disabled
        assert not binding.tls.disable_ca_validation
        assert not binding.tls.disable_tls_hostname_verification
        assert binding.database.name == found["database"]
        assert binding.database.username == found["username"]
        assert binding.database.min_connections == 0
        assert binding.database.max_connections == found["max_connections"] > 0
        assert getattr(binding.database.password, "env", None) == f"INFRA_SQL_{name}_PASSWORD"


@pytest.mark.parametrize(
    ("outputs", "roots", "missing"),
    [({"databases": {}}, ROOTS, "carts"), (None, {}, "rds-ca-rsa2048-g1")],
)
def test_what_was_not_applied_is_said(outputs: Any, roots: Any, missing: str) -> None:
    settings = settings_of()
    found = outputs or run(APP, settings)[0].outputs
    with pytest.raises(KeyError, match=missing):
        list(kind.expose(APP, settings, found, roots))


def test_findings_are_those_of_the_servers() -> None:
    settings = settings_of(databases={"defaults": GIVEN(size="large")})
    assert [found.code for found in kind.findings(APP, settings, NAMES)] == ["E9211"]


def test_the_same_input_decides_the_same() -> None:
    names = Names(app="shop", environment="production")
    settings = settings_of(databases={"defaults": GIVEN(layout="separate")})
    assert kind.normalise(APP, settings, names) == kind.normalise(APP, settings, names)
