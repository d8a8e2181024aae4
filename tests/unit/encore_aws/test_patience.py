"""Which failures of a destroy pass by themselves, and for how long that is believed."""

from __future__ import annotations

from typing import Final

import pytest

from encore_aws.error_help import cleaned
from encore_aws.patience import RULES, again, why


def raw(call: str, text: str) -> str:
    return (
        f"  error: sdk-v2/provider2.go:572: sdk.helper_schema: deleting X (n): operation error "
        f"{call}, https response error StatusCode: 400, RequestID: 1-2, api error {text}: "
        "provider=aws@7.51.1"
    )


PASSES: Final[dict[str, tuple[str, float]]] = {
    "group": (
        raw(
            "EC2: DeleteSecurityGroup",
            "DependencyViolation: resource sg-1 has a dependent object",
        ),
        60,
    ),
    "subnet": (
        raw("EC2: DeleteSubnet", "DependencyViolation: The subnet 'subnet-1' has dependencies"),
        60,
    ),
    "gateway": (
        raw(
            "EC2: DetachInternetGateway",
            "DependencyViolation: Network vpc-1 has some mapped public address(es). Please unmap",
        ),
        60,
    ),
    "interface": (
        raw("EC2: DeleteNetworkInterface", "InvalidNetworkInterface.InUse: eni-1 is in use"),
        60,
    ),
    "interface, worded otherwise": (
        raw(
            "EC2: DeleteNetworkInterface",
            "InvalidParameterValue: Network interface 'eni-1' is currently in use.",
        ),
        60,
    ),
    "server": (
        raw(
            "RDS: DeleteDBInstance",
            "InvalidDBInstanceState: Instance db is currently backing-up - try again later",
        ),
        30,
    ),
    "subnets of a server": (
        raw(
            "RDS: DeleteDBSubnetGroup",
            "InvalidDBSubnetGroupStateFault: Cannot delete the subnet group 's' because at least "
            "one database instance: db is still using it.",
        ),
        30,
    ),
    "parameters of a server": (
        raw(
            "RDS: DeleteDBParameterGroup",
            "InvalidDBParameterGroupState: One or more database instances are still members of "
            "this parameter group p, so the group cannot be deleted",
        ),
        30,
    ),
    "cache": (
        raw("ElastiCache: DeleteReplicationGroup", "InvalidReplicationGroupState: snapshotting"),
        30,
    ),
    "subnets of a cache": (
        raw("ElastiCache: DeleteCacheSubnetGroup", "CacheSubnetGroupInUse: s is in use"),
        30,
    ),
    "user of a cache": (
        raw("ElastiCache: DeleteUser", "InvalidUserState: User u is not in active state"),
        30,
    ),
    "cache policy": (raw("CloudFront: DeleteCachePolicy", "CachePolicyInUse: in use"), 30),
    "role": (
        raw("IAM: DeleteRole", "DeleteConflict: Cannot delete entity, must detach all policies"),
        10,
    ),
    "bucket": (raw("S3: DeleteBucket", "BucketNotEmpty: The bucket is not empty"), 10),
    "bucket, busy": (
        raw(
            "S3: DeleteBucket",
            "OperationAborted: A conflicting conditional operation is currently in progress",
        ),
        10,
    ),
    "snapshot of much data": (
        "waiting for RDS DB Instance (db) delete: timeout while waiting for state to become "
        "'success' (last state: 'deleting', timeout: 1h0m0s)",
        10,
    ),
    "calls": (raw("IAM: DeletePolicy", "Throttling: Rate exceeded"), 30),
}
STAYS: Final[dict[str, str]] = {
    "protected": raw(
        "RDS: DeleteDBInstance",
        "InvalidParameterCombination: Cannot delete protected DB Instance, please disable deletion "
        "protection and try again.",
    ),
    "denied": raw(
        "EC2: DeleteVpc",
        "UnauthorizedOperation: You are not authorized to perform this operation. User: arn:x is "
        "not authorized to perform: ec2:DeleteVpc on resource: y",
    ),
    "expired": raw("EC2: DeleteVpc", "ExpiredToken: The security token included is expired"),
    "snapshot": raw(
        "RDS: DeleteDBInstance",
        "DBSnapshotAlreadyExists: Cannot create the snapshot because one with the identifier x",
    ),
}
PULUMI: Final = "update failed"


@pytest.mark.parametrize(("message", "pause"), PASSES.values(), ids=PASSES.keys())
def test_what_passes_by_itself_is_tried_again(message: str, pause: float) -> None:
    assert again([message], 1, 5.0) == pause
    assert again([cleaned((message,)), PULUMI], 1, 5.0) == pause
    assert len(why([message, message, PULUMI])) == 1


@pytest.mark.parametrize("message", STAYS.values(), ids=STAYS.keys())
def test_what_a_person_must_see_to_is_not(message: str) -> None:
    assert again([message], 1, 5.0) is None
    assert again([PASSES["group"][0], message], 1, 5.0) is None
    assert why([message]) == ()


@pytest.mark.parametrize("messages", [[], [PULUMI], ["what nobody has seen before", PULUMI]])
def test_what_nobody_knows_is_not(messages: list[str]) -> None:
    assert again(messages, 1, 5.0) is None


def test_the_longest_pause_counts() -> None:
    assert again([PASSES["role"][0], PASSES["group"][0], PASSES["server"][0]], 1, 5.0) == 60


def test_the_interfaces_of_a_function_are_waited_for() -> None:
    """They take up to 40 minutes, and whoever hangs on it by hand hangs on it for ever."""
    message = PASSES["subnet"][0]
    assert again([message], 40, 45 * 60) == 60
    assert again([message], 2, 51 * 60) is None


def test_one_that_has_used_up_its_time_ends_it_for_all() -> None:
    assert again([PASSES["role"][0], PASSES["server"][0]], 6, 300) is None
    assert again([PASSES["server"][0]], 6, 300) == 30


@pytest.mark.parametrize("rule", RULES, ids=[rule.why for rule in RULES])
def test_no_rule_lasts_for_ever(rule: object) -> None:
    message = next(text for text, _ in PASSES.values() if why([text]) == (rule.why,))  # type: ignore[attr-defined]
    assert again([message], 1, 0) is not None
    assert again([message], 1, 7 * 3600) is None
    assert again([message], 10_000, 0) is None
