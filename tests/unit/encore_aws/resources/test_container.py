"""What is handed over to whatever runs the app, and AWS's own model of a task definition."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import botocore.validate
import pytest
from hypothesis import given
from tests.support.aws_program import ACCOUNT, NAMES, REGION, run
from tests.support.examples import examples
from tests.support.generated_graphs import environments, graphs
from tests.support.graphs import graph, secret, settings

from encore_aws.containers import whole
from encore_aws.permissions import Grants
from encore_aws.resources import container as kind
from encore_aws.resources import role
from encore_aws.resources import secret as secrets
from encore_aws.settings import Settings
from encore_aws.settings import settings as resolved
from encore_config.environment import Containers, Environment, MetricsSettings
from encore_config.graph import App, Graph

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop:1"
SHOP = graph(secrets=(secret("Stripe"),))
NETWORK = {"subnets": {"compute": ["subnet-1", "subnet-2"]}, "compute_security_group": "sg-1"}


def of(**keys: Any) -> Settings:
    return resolved(settings(**{"region": REGION, "account": ACCOUNT, **keys}))


def handed(app: Graph, chosen: Settings) -> dict[str, Any]:
    """``containers`` of the outputs, with ARNs that follow from names."""
    roles, wanted = role.normalise(app, chosen, NAMES), kind.normalise(app, chosen, NAMES)
    outputs: dict[str, Any] = {
        "network": NETWORK,
        "topics": {item.name: "arn:topic" for item in app.topics},
        "buckets": {item.name: {"arn": "arn:bucket"} for item in app.buckets},
        "subscriptions": {
            f"{item.topic}/{item.name}": {"arn": "arn:queue"} for item in app.subscriptions
        },
        "variables": {
            name: f"arn:{name}"
            for name in secrets.variables_of(app, Grants(app), whole(app), chosen)
        }
        | {secrets.SERVICE_KEY: "arn:key"},
    }

    def program(stage: Any) -> dict[str, Any]:
        found = outputs | role.create(roles, outputs, stage)
        return kind.create(wanted, found, stage)

    found: dict[str, Any] = run(program, made=True)[0].outputs["containers"]
    return found


def test_all_that_a_container_needs_is_handed_over() -> None:
    found = handed(SHOP, of(type="production", containers=Containers(image=IMAGE)))["app"]
    assert found["subnets"] == ["subnet-1", "subnet-2"]
    assert found["security_groups"] == ["sg-1"]
    assert found["environment"] == {"AWS_REGION": REGION, "ENCORE_LOG": "info", "PORT": "8080"}
    assert found["secrets"] == {"INFRA_SECRET_Stripe": "arn:INFRA_SECRET_Stripe"}
    assert found["replicas"] == 2
    assert found["fill_in"] == {
        "ENCORE_RUNTIME_CONFIG": "the variable that this prints: "
        "encore-infra config --env local --format env"
    }
    task = found["task_definition"]
    assert task["taskRoleArn"] == found["task_role"]
    assert task["executionRoleArn"] == found["execution_role"] != found["task_role"]


def test_each_service_has_a_container_and_asks_for_its_own_config() -> None:
    found = handed(SHOP, of(containers=Containers(layout="per-service")))
    assert set(found) == {"api-gateway", "shop"}
    for name, item in found.items():
        assert f"--service {name} " in item["fill_in"]["ENCORE_RUNTIME_CONFIG"]
        assert item["secrets"][secrets.SERVICE_KEY] == "arn:key"
    assert "INFRA_SECRET_Stripe" not in found["api-gateway"]["secrets"]
    groups = {item["log_group"] for item in found.values()}
    assert len(groups) == 2


def test_an_image_that_nobody_named_is_to_be_filled_in() -> None:
    found = handed(SHOP, of())["app"]
    assert "image" in found["fill_in"]
    (only,) = found["task_definition"]["containerDefinitions"]
    assert only["image"] == "the-image-that-encore-build-docker-made"


@pytest.mark.parametrize("trust", ["eks", "ec2", "arn:aws:iam::111122223333:role/deploy"])
def test_what_is_not_ecs_gets_no_task_definition(trust: str) -> None:
    found = handed(SHOP, of(trust=trust))["app"]
    assert not {"task_definition", "execution_role"} & set(found)
    assert ("instance_profile" in found) == (trust == "ec2")


def test_a_health_check_needs_node_which_an_image_of_go_lacks() -> None:
    for language, expected in (("typescript", True), ("go", False)):
        app = Graph(app=App(id="shop", language=language), gateway=SHOP.gateway)  # type: ignore[arg-type]
        (only,) = handed(app, of())["app"]["task_definition"]["containerDefinitions"]
        assert ("healthCheck" in only) == expected
        if expected:
            check = only["healthCheck"]
            assert check["command"][:3] == ["CMD", "node", "-e"]
            assert "http://127.0.0.1:8080/__encore/healthz" in check["command"][3]


def test_the_app_has_the_time_to_end_that_the_core_takes() -> None:
    (only,) = handed(SHOP, of())["app"]["task_definition"]["containerDefinitions"]
    assert 5 + 3 <= only["stopTimeout"] <= 120


@pytest.mark.parametrize(
    ("cpu", "memory", "hint"),
    [
        (256, 512, None),
        (512, 1024, None),
        (16384, 122880, None),
        (512, 512, "the nearest: cpu 512 with memory 1024"),
        (256, 4096, "the nearest: cpu 256 with memory 2048 or cpu 512 with memory 4096"),
        (300, 512, "the nearest: cpu 512 with memory 1024"),
        (8192, 17000, "the nearest: cpu 8192 with memory 16384 or cpu 8192 with memory 20480"),
        (8192, 122880, "the nearest: cpu 8192 with memory 61440 or cpu 16384 with memory 122880"),
    ],
)
def test_sizes_that_fargate_has_not(cpu: int, memory: int, hint: str | None) -> None:
    size = Containers(cpu=cpu, memory=memory)
    found = list(kind.findings(SHOP, of(containers=size), NAMES))
    assert [(item.code, item.hint) for item in found] == (
        [(kind.NOT_FARGATE, hint)] if hint else []
    )
    assert list(kind.findings(SHOP, of(containers=size, trust="eks"), NAMES)) == []


def test_what_is_known_not_to_work_is_said() -> None:
    metrics = MetricsSettings(exporter="cloudwatch", namespace="shop")

    def codes(**keys: Any) -> list[str]:
        return [item.code for item in kind.findings(SHOP, of(**keys), NAMES)]

    assert codes(metrics=metrics) == []
    assert codes(metrics=metrics, trust="eks") == [kind.EMPTY_DIMENSIONS]


SESSION = botocore.session.Session()
SHAPE = SESSION.get_service_model("ecs").operation_model("RegisterTaskDefinition").input_shape


def wrong(task: Any) -> Iterator[str]:
    """What AWS's own model of the call has against it: names, types, and values of lists."""
    report = botocore.validate.ParamValidator().validate(task, SHAPE)
    if report.has_errors():
        yield report.generate_report()
        return
    yield from _not_listed(task, SHAPE, "task")


def _not_listed(value: Any, shape: Any, where: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, item in value.items():
            yield from _not_listed(item, shape.members[name], f"{where}.{name}")
    elif shape.type_name == "list":
        for item in value:
            yield from _not_listed(item, shape.member, where)
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{where}: {value}"


@examples(30)
@given(graphs(), environments())
def test_aws_knows_every_key_of_a_task_definition(app: Graph, environment: Environment) -> None:
    for item in handed(app, resolved(environment)).values():
        if "task_definition" in item:
            assert list(wrong(item["task_definition"])) == []
            assert len(json.dumps(item["task_definition"])) < 64 * 1024


def test_the_model_of_aws_finds_what_is_wrong() -> None:
    task = handed(SHOP, of())["app"]["task_definition"]
    only = task["containerDefinitions"][0]
    changes: tuple[dict[str, Any], ...] = (
        {"cpu": 512},
        {"containers": []},
        {"networkMode": "aws-vpc"},
        {"containerDefinitions": [{**only, "imag": "x"}]},
        {"containerDefinitions": [{**only, "logConfiguration": {"logDriver": "cloudwatch"}}]},
    )
    for change in changes:
        assert list(wrong({**task, **change})), change
