"""Log groups: one for each container, and what a key of one's own must let CloudWatch do."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, run
from tests.support.graphs import graph, settings

from encore_aws.resources import log_group as kind
from encore_aws.settings import Settings
from encore_aws.settings import settings as resolved
from encore_config.environment import Containers

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own"


def of(**keys: Any) -> Settings:
    return resolved(settings(**{"region": REGION, "account": ACCOUNT, **keys}))


def test_each_container_has_a_group_of_its_own() -> None:
    chosen = of(containers=Containers(layout="per-service", log_days=7))
    wanted = kind.normalise(graph(), chosen, NAMES)
    found, notes = run(lambda stage: kind.create(wanted, stage), made=True)
    resources = by_name(found)
    assert set(resources) == set(notes) == {"log-group/shop", "log-group/api-gateway"}
    names = {resource.inputs["name"] for resource in resources.values()}
    assert len(names) == 2
    assert {resource.inputs["retentionInDays"] for resource in resources.values()} == {7}
    assert str(notes["log-group/shop"].declaration) == "service/shop"
    assert {item["name"] for item in found.outputs["log_groups"].values()} == names


@pytest.mark.parametrize(
    ("region", "account", "principal", "group"),
    [
        (REGION, ACCOUNT, f"logs.{REGION}.amazonaws.com", f"arn:aws:logs:{REGION}:{ACCOUNT}:"),
        (REGION, None, f"logs.{REGION}.amazonaws.com", f"arn:aws:logs:{REGION}:*:"),
        (
            "cn-north-1",
            ACCOUNT,
            "logs.cn-north-1.amazonaws.com.cn",
            f"arn:aws-cn:logs:cn-north-1:{ACCOUNT}:",
        ),
    ],
)
def test_a_key_of_ones_own_must_serve_these_groups_and_no_other(
    region: str, account: str | None, principal: str, group: str
) -> None:
    partition = group.split(":")[1]
    key = f"arn:{partition}:kms:{region}:{ACCOUNT}:key/own"
    chosen = of(region=region, account=account, key=key)
    (found,) = kind.key_statements(graph(), chosen, NAMES)
    name = NAMES.name("log-group", "app")
    assert found["Principal"] == {"Service": principal}
    assert found["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": [f"{group}log-group:{name}"]}
    }
    (finding,) = kind.findings(graph(), chosen, NAMES)
    assert finding.code == kind.LOGS_NEED_KEY
    assert name in str(finding.hint)


def test_without_a_key_nothing_is_asked() -> None:
    assert kind.key_statements(graph(), of(), NAMES) == []
    assert list(kind.findings(graph(), of(), NAMES)) == []
