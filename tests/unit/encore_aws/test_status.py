"""How servers are, as AWS says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.steps import SERVER, VPC

from encore_aws.account import Account, AwsError
from encore_aws.status import status
from encore_provisioner.engine.state import Kept
from encore_provisioner.provider import ServerStatus

CACHE = Kept(
    urn="u::p::aws:x::cache/c", type="aws:elasticache/replicationGroup:ReplicationGroup", id="c"
)
QUEUE = Kept(urn="u::p::aws:x::subscription/t/s#queue", type="aws:sqs/queue:Queue", id="url")
FUNCTION = Kept(urn="u::p::aws:x::function", type="aws:lambda/function:Function", id="f")
DATABASE = Kept(urn=SERVER.urn, type=SERVER.type, id="db-1", outputs={"identifier": "shop"})


@dataclass
class Aws:
    """Every service at once: what it says of a server of RDS and of a cache."""

    database: dict[str, Any] | str
    cache: str = "available"

    def client(self, _service: str, **_: object) -> Aws:
        return self

    def describe_db_instances(self, DBInstanceIdentifier: str) -> dict[str, Any]:  # noqa: N803
        assert DBInstanceIdentifier == "shop"
        if isinstance(self.database, str):
            raise ClientError({"Error": {"Code": self.database, "Message": ""}}, "Describe")
        known = {"DBInstanceClass": "db.t4g.micro", "AllocatedStorage": 20, "MultiAZ": False}
        return {"DBInstances": [{**known, **self.database}]}

    def describe_replication_groups(self, ReplicationGroupId: str) -> dict[str, Any]:  # noqa: N803
        groups = [{"PrimaryEndpoint": {"Address": "cache", "Port": 6379}}]
        found = {"Status": self.cache, "NodeGroups": groups, "CacheNodeType": "t4g"}
        return {"ReplicationGroups": [found] if ReplicationGroupId == "c" else []}

    def get_queue_attributes(self, **_: object) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": "3"}}

    def get_function_configuration(self, **_: object) -> dict[str, Any]:
        return {"State": "Active"}


def seen(aws: Aws, *items: Kept) -> tuple[ServerStatus, ...]:
    account = Account(id="1", region="eu-north-1", partition="aws", who="me", session=aws)
    return status(items, account)


def test_servers_come_first_and_what_is_none_is_left_out() -> None:
    aws = Aws({"DBInstanceStatus": "available", "Endpoint": {"Address": "db", "Port": 5432}})
    vpc = Kept(urn=VPC.urn, type=VPC.type)
    found = seen(aws, QUEUE, vpc, FUNCTION, CACHE, DATABASE)
    assert [(s.name, s.state, s.endpoint) for s in found] == [
        ("database#server", "running", "db:5432"),
        ("cache/c", "running", "cache:6379"),
        ("function", "running", ""),
        ("subscription/t/s", "running", ""),
    ]
    assert found[0].detail == "db.t4g.micro, 20 GiB, one zone"
    assert found[3].detail == "3 waiting, 0 being handled"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("creating", "creating"),
        ("backing-up", "running"),
        ("modifying", "modifying"),
        ("stopped", "stopped"),
        ("deleting", "deleting"),
        ("storage-full", "failed"),
        ("something-new", "unknown"),
    ],
)
def test_aws_s_words_are_ours_or_told_as_they_are(word: str, state: str) -> None:
    (found,) = seen(Aws({"DBInstanceStatus": word}), DATABASE)
    assert found.state == state
    assert word in found.detail
    assert found.endpoint == ""


def test_a_server_that_aws_does_not_know_is_missing() -> None:
    (found,) = seen(Aws("DBInstanceNotFound"), DATABASE)
    assert found.state == "missing"


def test_a_question_that_is_denied_is_no_missing_server() -> None:
    with pytest.raises(AwsError):
        seen(Aws("AccessDenied"), DATABASE)
