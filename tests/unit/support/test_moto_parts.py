"""A part of a bucket is not the bucket; the name of a secret is taken until it has gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Callable[[str], Any]


def test_a_bucket_keeps_its_policy_when_its_rules_for_browsers_go(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(
        Bucket="shop-pictures", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"}
    )
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [tls]})
    s3.put_bucket_policy(Bucket="shop-pictures", Policy=policy)
    s3.delete_bucket_cors(Bucket="shop-pictures")
    assert s3.get_bucket_policy(Bucket="shop-pictures")["Policy"] == policy


def test_a_secret_that_waits_for_its_end_keeps_its_name(client: Client) -> None:
    secrets = client("secretsmanager")
    secrets.create_secret(Name="key")
    secrets.delete_secret(SecretId="key", RecoveryWindowInDays=7)
    with pytest.raises(ClientError, match=r"InvalidRequestException.* scheduled for deletion"):
        secrets.create_secret(Name="key")
    secrets.delete_secret(SecretId="key", ForceDeleteWithoutRecovery=True)
    secrets.create_secret(Name="key")
