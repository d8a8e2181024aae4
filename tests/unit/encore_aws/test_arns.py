"""What a resource will be called: only what follows from names, region, partition and account."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, settings_of
from tests.support.graphs import graph, topic

from encore_aws import arns
from encore_aws.arns import Arn
from encore_aws.resources import topic as topics
from encore_aws.stage import Stage
from encore_config.plan import SECRET, UNKNOWN
from encore_provisioner.engine.recording import record

SQS = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}"
AT = f"{REGION}:{ACCOUNT}"

MADE: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "aws:sns/topic:Topic": (
        {"name": "t.fifo"},
        {"arn": f"arn:aws:sns:{AT}:t.fifo", "id": f"arn:aws:sns:{AT}:t.fifo"},
    ),
    "aws:sqs/queue:Queue": (
        {"name": "q"},
        {"arn": f"arn:aws:sqs:{AT}:q", "url": f"{SQS}/q", "id": f"{SQS}/q"},
    ),
    "aws:s3/bucket:Bucket": (
        {"bucket": "b"},
        {
            "arn": "arn:aws:s3:::b",
            "id": "b",
            "bucketRegionalDomainName": f"b.s3.{REGION}.amazonaws.com",
        },
    ),
    "aws:iam/role:Role": ({"name": "R"}, {"arn": f"arn:aws:iam::{ACCOUNT}:role/R", "id": "R"}),
    "aws:iam/policy:Policy": (
        {"name": "P", "path": "/"},
        {"arn": f"arn:aws:iam::{ACCOUNT}:policy/P", "id": f"arn:aws:iam::{ACCOUNT}:policy/P"},
    ),
    "aws:iam/instanceProfile:InstanceProfile": (
        {"name": "I"},
        {"arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/I", "id": "I"},
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        {"name": "/shop/L"},
        {"arn": f"arn:aws:logs:{AT}:log-group:/shop/L", "id": "/shop/L"},
    ),
    "aws:rds/instance:Instance": ({"identifier": "d"}, {"arn": f"arn:aws:rds:{AT}:db:d"}),
    "aws:rds/subnetGroup:SubnetGroup": (
        {"name": "G"},
        {"arn": f"arn:aws:rds:{AT}:subgrp:g", "id": "g"},
    ),
    "aws:rds/parameterGroup:ParameterGroup": (
        {"name": "p"},
        {"arn": f"arn:aws:rds:{AT}:pg:p", "id": "p"},
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        {"replicationGroupId": "c"},
        {"arn": f"arn:aws:elasticache:{AT}:replicationgroup:c", "id": "c"},
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": (
        {"name": "s"},
        {"arn": f"arn:aws:elasticache:{AT}:subnetgroup:s", "id": "s"},
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": (
        {"name": "p"},
        {"arn": f"arn:aws:elasticache:{AT}:parametergroup:p", "id": "p"},
    ),
    "aws:elasticache/user:User": (
        {"userId": "u", "userName": "other"},
        {"arn": f"arn:aws:elasticache:{AT}:user:u", "id": "u"},
    ),
    "aws:elasticache/userGroup:UserGroup": (
        {"userGroupId": "g"},
        {"arn": f"arn:aws:elasticache:{AT}:usergroup:g", "id": "g"},
    ),
}


@pytest.mark.parametrize(("kind", "given_", "found"), [(k, *v) for k, v in MADE.items()], ids=MADE)
def test_what_follows_from_the_name(
    kind: str, given_: dict[str, Any], found: dict[str, str]
) -> None:
    assert arns.made(settings_of())(kind, "x", given_) == found


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("value", [UNKNOWN, SECRET, None, ""])
def test_a_name_that_is_not_known_gives_nothing(kind: str, value: Any) -> None:
    inputs = dict.fromkeys(MADE[kind][0], value)
    assert arns.made(settings_of())(kind, "x", inputs) == {}
    assert arns.made(settings_of())(kind, "x", {}) == {}


@pytest.mark.parametrize("kind", MADE)
def test_without_an_account_nothing_that_needs_it(kind: str) -> None:
    inputs, expected = MADE[kind]
    found = arns.made(settings_of(account=None))(kind, "x", inputs)
    assert found == {key: text for key, text in expected.items() if ACCOUNT not in text}


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-north-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
@pytest.mark.parametrize("kind", MADE)
def test_every_partition(kind: str, region: str, partition: str, suffix: str) -> None:
    inputs, expected = MADE[kind]
    found = arns.made(settings_of(region=region))(kind, "x", inputs)

    def there(text: str) -> str:
        moved = text.replace("arn:aws:", f"arn:{partition}:").replace(REGION, region)
        return moved.replace("amazonaws.com", suffix)

    assert found == {key: there(text) for key, text in expected.items()}


def test_a_region_whose_addresses_have_two_forms_is_left_out() -> None:
    found = arns.made(settings_of(region="us-east-1"))("aws:s3/bucket:Bucket", "x", {"bucket": "b"})
    assert found == {"arn": "arn:aws:s3:::b", "id": "b"}


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("aws:iam/role:Role", {"name": "R", "path": "/shop/"}),
        ("aws:iam/policy:Policy", {"name": "P", "path": UNKNOWN}),
        ("aws:secretsmanager/secret:Secret", {"name": "s"}),
        ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}),
        ("aws:cloudfront/distribution:Distribution", {"enabled": True}),
    ],
)
def test_what_aws_chooses_stays_unknown(kind: str, inputs: dict[str, Any]) -> None:
    assert arns.made(settings_of())(kind, "x", inputs) == {}


def test_a_recording_shows_whole_arns_where_the_account_is_known() -> None:
    app = graph(topics=(topic("orders"),))
    for account, whole in ((ACCOUNT, True), (None, False)):
        settings = settings_of(account=account)
        wanted = topics.normalise(app, settings, NAMES)
        stage = Stage(NAMES)

        def program(wanted: topics.Wanted = wanted, stage: Stage = stage) -> dict[str, Any]:
            return topics.create(wanted, stage)

        found = record(program, project="shop", stack="live", made=arns.made(settings))
        name = by_name(found)["topic/orders"].inputs["name"]
        expected = f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" if whole else UNKNOWN
        assert found.outputs["topics"]["orders"] == expected


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:sns:eu-north-1:111122223333:orders",
        "arn:aws-cn:s3:::files",
        "arn:aws-us-gov:iam::111122223333:role/app/R",
        "arn:aws:logs:eu-north-1:111122223333:log-group:/shop:*",
    ],
)
def test_an_arn_is_read_and_written_again(text: str) -> None:
    assert str(arns.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "orders",
        "arn:aws:sns:eu-north-1:111122223333",
        "arn:aws:sns:eu-north-1:1111:orders",
        "arn:aws:sns:eu-north-1:111122223333:",
        "arn:aws:sns:eu-north-1:111122223333:a b",
        "arn:azure:sns:eu-north-1:111122223333:orders",
        "arn:aws:sns:eu-north-1:111122223333:orders\n",
    ],
)
def test_what_is_no_arn(text: str) -> None:
    assert arns.parse(text) is None


@given(st.text(max_size=60))
def test_reading_never_fails(text: str) -> None:
    found = arns.parse(text)
    assert found is None or str(found) == text


def test_the_address_of_a_queue() -> None:
    queue = Arn(
        partition="aws-cn", service="sqs", region="cn-north-1", account=ACCOUNT, resource="q.fifo"
    )
    found = arns.queue_url(queue, "amazonaws.com.cn")
    assert found == f"https://sqs.cn-north-1.amazonaws.com.cn/{ACCOUNT}/q.fifo"
