"""Settings of the state's bucket that somebody changed, or may not see."""

from __future__ import annotations

import json

import pytest
from tests.support.aws_state import MADE, kept, quick
from tests.support.moto_server import ACCOUNT, MotoServer

from encore_aws.account import Account, AwsError


def test_what_is_less_safe_is_put_right_and_what_is_as_safe_stays(account: Account) -> None:
    bucket = quick(MADE, account).bucket
    s3, own = account.client("s3"), account.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_public_access_block(Bucket=bucket)
    theirs = {
        "Sid": "auditors",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [theirs]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": own}
    }
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    lifecycle = {
        "ID": "longer",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3650},
    }
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [lifecycle]}
    )
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
    quick(MADE, account)
    found = kept(account, bucket)
    assert (found["versioning"], found["closed"]) == ("Enabled", {True})
    assert [each["Sid"] for each in found["policy"]] == ["auditors", "tls"]
    assert found["encryption"]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == own
    assert [each["ID"] for each in found["rules"]] == ["longer"]
    assert found["tags"] == {"team": "a", "encore:app": "shop", "encore:purpose": "state"}


def test_who_may_not_ask_how_it_is_kept_may_still_use_it(
    account: Account, moto: MotoServer
) -> None:
    first = quick(MADE, account)
    moto.fail("GetBucketPolicy", "AccessDenied", status=403)
    moto.fail("GetKeyRotationStatus", "AccessDeniedException")
    found = quick(MADE, account)
    assert found.url == first.url
    assert len(found.warnings) == 2
    assert all("these credentials may not" in warning for warning in found.warnings)


def test_who_may_not_set_it_up_is_told(account: Account, moto: MotoServer) -> None:
    words = "User: arn:x is not authorized to perform: s3:PutBucketVersioning on resource: y"
    moto.fail("PutBucketVersioning", "AccessDenied", words=words, status=403)
    with pytest.raises(AwsError, match=r"cannot set the versioning of the bucket shop-") as caught:
        quick(MADE, account)
    assert caught.value.hint == "let them do s3:PutBucketVersioning"
    assert quick(MADE, account).warnings == ()


def test_a_state_can_be_written_and_had_back(account: Account) -> None:
    found = quick(MADE, account)
    s3, key = account.client("s3"), {"Bucket": found.bucket, "Key": f"{found.prefix}/state.json"}
    versions = [s3.put_object(**key, Body=text)["VersionId"] for text in (b"one", b"two")]
    assert s3.get_object(**key)["Body"].read() == b"two"
    assert s3.get_object(**key, VersionId=versions[0])["Body"].read() == b"one"
