"""How the bucket is set up that keeps the state: each setting looked at, and put right.

A setting that is missing is made, and one that leaves the state less safe is made again. One that
a person changed to something as safe stays: another key, a longer time for old versions, more
statements in the policy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from encore_aws.account import DENIED, Account, AwsError, ask
from encore_aws.state_key import tags

OLD_VERSIONS_DAYS: Final = 90
"""For how long a state that was overwritten can be had back. Pulumi writes all of it before and
after each resource, so a month of daily work is some thousand versions, each as large as the state.
"""
_UNFINISHED_DAYS: Final = 1
_SID: Final = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """``absent``: the answer where it was never made. ``wanted``: of what is there (None where it
    is absent) the parameters that put it right, or None where it is right.
    """

    name: str
    get: str
    put: str
    absent: str | None
    wanted: Callable[[dict[str, Any] | None], dict[str, Any] | None]


def settle(bucket: str, key: str, app: str, account: Account, s3: Any) -> tuple[str, ...]:
    """Look at every setting and put right what is not; what could not be looked at, told.

    Whoever may use the state need not be allowed to ask how it is kept.
    """
    return tuple(
        told
        for setting in _settings(bucket, key, app, account.partition)
        for told in _settle(bucket, setting, account.id, s3)
    )


def _settle(bucket: str, setting: Setting, owner: str, s3: Any) -> Iterator[str]:
    of = {"Bucket": bucket, "ExpectedBucketOwner": owner}
    what = f"{setting.name} of the bucket {bucket}, which keeps the state"
    try:
        found = ask(f"look at {what}", lambda: getattr(s3, setting.get)(**of))
    except AwsError as error:
        if error.answer in DENIED:
            yield f"these credentials may not look at {what}"
            return
        if setting.absent is None or error.answer != setting.absent:
            raise
        found = None
    change = setting.wanted(found)
    if change is not None:
        ask(f"set {what}", lambda: getattr(s3, setting.put)(**of, **change))


def _settings(bucket: str, key: str, app: str, partition: str) -> tuple[Setting, ...]:
    """The first ones keep others out; each works without those behind it."""
    return (
        Setting(
            name="the closing to the public",
            get="get_public_access_block",
            put="put_public_access_block",
            absent="NoSuchPublicAccessBlockConfiguration",
            wanted=_closed,
        ),
        Setting(
            name="the policy",
            get="get_bucket_policy",
            put="put_bucket_policy",
            absent="NoSuchBucketPolicy",
            wanted=lambda found: _policy(found, f"arn:{partition}:s3:::{bucket}"),
        ),
        Setting(
            name="the encryption",
            get="get_bucket_encryption",
            put="put_bucket_encryption",
            absent="ServerSideEncryptionConfigurationNotFoundError",
            wanted=lambda found: _encryption(found, key),
        ),
        Setting(
            name="the versioning",
            get="get_bucket_versioning",
            put="put_bucket_versioning",
            absent=None,
            wanted=_versioning,
        ),
        Setting(
            name="the lifecycle",
            get="get_bucket_lifecycle_configuration",
            put="put_bucket_lifecycle_configuration",
            absent="NoSuchLifecycleConfiguration",
            wanted=_lifecycle,
        ),
        Setting(
            name="the tags",
            get="get_bucket_tagging",
            put="put_bucket_tagging",
            absent="NoSuchTagSet",
            wanted=lambda found: _tags(found, app),
        ),
    )


_CLOSED: Final = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def _closed(found: dict[str, Any] | None) -> dict[str, Any] | None:
    if found is not None and found.get("PublicAccessBlockConfiguration") == _CLOSED:
        return None
    return {"PublicAccessBlockConfiguration": _CLOSED}


def _policy(found: dict[str, Any] | None, arn: str) -> dict[str, Any] | None:
    """Ours is one statement; those of others stay."""
    tls = {
        "Sid": _SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    empty: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    policy = json.loads(found["Policy"]) if found else empty
    there = policy.get("Statement", [])
    statements = there if isinstance(there, list) else [there]
    if any(_is_tls(each, arn) for each in statements):
        return None
    others = [each for each in statements if each.get("Sid") != _SID]
    return {"Policy": json.dumps({**policy, "Statement": [*others, tls]})}


def _is_tls(statement: dict[str, Any], arn: str) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {})
    given = statement.get("Resource", [])
    resources = {given} if isinstance(given, str) else set(given)
    return (
        bool(resources & {"*", f"{arn}*"} or resources >= {arn, f"{arn}/*"})
        and statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and statement.get("Action") in ("s3:*", ["s3:*"], "*", ["*"])
        and str(condition.get("aws:SecureTransport", "")).lower() == "false"
    )


def _encryption(found: dict[str, Any] | None, key: str) -> dict[str, Any] | None:
    """S3 encrypts every bucket, with a key that no policy guards unless another is named."""
    rules = (found or {}).get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    used = [each.get("ApplyServerSideEncryptionByDefault", {}) for each in rules]
    if any(each.get("SSEAlgorithm", "").startswith("aws:kms") for each in used):
        return None
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
        # One call to KMS for many objects, in place of one for each.
        "BucketKeyEnabled": True,
    }
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


def _versioning(found: dict[str, Any] | None) -> dict[str, Any] | None:
    if found is not None and found.get("Status") == "Enabled":
        return None
    return {"VersioningConfiguration": {"Status": "Enabled"}}


def _lifecycle(found: dict[str, Any] | None) -> dict[str, Any] | None:
    if found is not None and found.get("Rules"):
        return None
    rule = {
        "ID": "old-states",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_VERSIONS_DAYS},
        # Each lock leaves the mark of its deletion behind.
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _UNFINISHED_DAYS},
    }
    return {"LifecycleConfiguration": {"Rules": [rule]}}


def _tags(found: dict[str, Any] | None, app: str) -> dict[str, Any] | None:
    there = {each["Key"]: each["Value"] for each in (found or {}).get("TagSet", [])}
    if tags(app).items() <= there.items():
        return None
    merged = {**there, **tags(app)}
    return {"Tagging": {"TagSet": [{"Key": k, "Value": v} for k, v in merged.items()]}}
