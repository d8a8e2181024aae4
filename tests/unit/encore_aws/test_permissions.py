"""The table of permissions is total, and gives policies of what is used and nothing more."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_aws.permissions import (
    EXPORTER,
    KINDS,
    TABLE,
    Allowed,
    exporter_statement,
    operations_of,
    policy,
    row,
    statements,
)
from encore_config.graph import BucketOperation
from encore_provisioner.analysis import catalogue

TOPIC = "arn:aws:sns:eu-north-1:1:orders"
QUEUE = "arn:aws:sqs:eu-north-1:1:orders"
BUCKET = "arn:aws:s3:::files"


def actions(*allowed: Allowed) -> dict[str, list[str]]:
    """Actions by resource."""
    found: dict[str, list[str]] = {}
    for statement in statements(allowed):
        for target in statement["Resource"]:
            found.setdefault(target, []).extend(statement["Action"])
    return found


def test_every_operation_that_the_analysis_finds_has_a_row() -> None:
    assert operations_of("bucket") == set(get_args(BucketOperation))
    assert operations_of("topic") == {o for row in catalogue.TOPIC_METHODS.values() for o in row}
    assert operations_of("metric") == {
        o for row in catalogue.METRIC_OPERATIONS.values() for o in row
    }
    assert operations_of("database") == {"access", "read", "write"}
    assert operations_of("cache") >= {o for row in catalogue.KEYSPACE_METHODS.values() for o in row}
    assert operations_of("endpoint") == {"call"}
    assert operations_of("subscription") == {"consume"}
    assert {kind for kind, _ in TABLE} == KINDS


def test_every_row_says_why_and_no_action_is_a_pattern() -> None:
    for found in (*TABLE.values(), EXPORTER):
        assert len(found.reason.split()) > 4
        for need in found.needs:
            assert need.actions == tuple(sorted(need.actions))
            assert not any("*" in action for action in need.actions)


def test_an_operation_without_a_row_is_an_error() -> None:
    with pytest.raises(KeyError):
        row("topic", "subscribe")
    with pytest.raises(KeyError):
        statements([Allowed(kind="bucket", operation="rename", arn=BUCKET)])


@pytest.mark.parametrize(
    ("kind", "operation", "arn", "wanted"),
    [
        ("topic", "publish", TOPIC, {TOPIC: ["sns:Publish"]}),
        (
            "subscription",
            "consume",
            QUEUE,
            {QUEUE: ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"]},
        ),
        ("bucket", "list", BUCKET, {BUCKET: ["s3:ListBucket"]}),
        ("bucket", "read", BUCKET, {f"{BUCKET}/*": ["s3:GetObject"], BUCKET: ["s3:ListBucket"]}),
        ("bucket", "attrs", BUCKET, {f"{BUCKET}/*": ["s3:GetObject"], BUCKET: ["s3:ListBucket"]}),
        (
            "bucket",
            "write",
            BUCKET,
            {f"{BUCKET}/*": ["s3:AbortMultipartUpload", "s3:PutObject"]},
        ),
        ("bucket", "delete", BUCKET, {f"{BUCKET}/*": ["s3:DeleteObject"]}),
        ("bucket", "signed_upload", BUCKET, {f"{BUCKET}/*": ["s3:PutObject"]}),
        ("bucket", "signed_download", BUCKET, {f"{BUCKET}/*": ["s3:GetObject"]}),
        ("bucket", "public_url", BUCKET, {}),
        ("database", "write", "arn:aws:rds:eu-north-1:1:db:x", {}),
        ("cache", "access", "arn:aws:elasticache:eu-north-1:1:x", {}),
    ],
)
def test_what_an_operation_may(
    kind: str, operation: str, arn: str, wanted: dict[str, list[str]]
) -> None:
    assert actions(Allowed(kind=kind, operation=operation, arn=arn)) == wanted


def test_old_versions_are_opened_only_where_there_are_any() -> None:
    plain = [Allowed(kind="bucket", operation=o, arn=BUCKET) for o in ("read", "delete")]
    kept = [
        Allowed(kind="bucket", operation=o, arn=BUCKET, versioned=True) for o in ("read", "delete")
    ]
    assert "Version" not in json.dumps(statements(plain))
    assert actions(*kept)[f"{BUCKET}/*"] == [
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:GetObject",
        "s3:GetObjectVersion",
    ]


grants = st.lists(
    st.sampled_from(sorted(TABLE)).flatmap(
        lambda key: st.builds(
            Allowed,
            kind=st.just(key[0]),
            operation=st.just(key[1]),
            arn=st.sampled_from([f"arn:aws:{key[0]}:::a", f"arn:aws:{key[0]}:::b"]),
            versioned=st.booleans(),
        )
    )
)


@given(grants)
def test_a_policy_is_the_sum_of_its_grants_in_any_order(found: list[Allowed]) -> None:
    whole = {(t, a) for t, listed in actions(*found).items() for a in listed}
    single = {(t, a) for g in found for t, listed in actions(g).items() for a in listed}
    assert whole == single
    assert statements(reversed(found)) == statements(found) == statements([*found, *found])


def test_metrics_are_narrowed_by_their_namespace() -> None:
    found = exporter_statement("shop")
    assert found["Action"] == ["cloudwatch:PutMetricData"]
    assert found["Condition"] == {"StringEquals": {"cloudwatch:namespace": "shop"}}


def test_a_policy_of_nothing_is_no_policy() -> None:
    with pytest.raises(ValueError, match="without a statement"):
        policy([])
    assert policy(statements([Allowed(kind="topic", operation="publish", arn=TOPIC)])) == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["sns:Publish"], "Resource": [TOPIC]}],
    }
