"""The state of one app on moto, and all that matters of how it is kept."""

from __future__ import annotations

import json
from typing import Any, Final

from encore_aws.account import Account
from encore_aws.naming import Names
from encore_aws.state_place import Place
from encore_aws.state_store import Backend, alias, ensure

NAMES: Final = Names(app="shop", environment="production", id="k3f9")
MADE: Final = Place(kind="made")


def quick(place: Place, account: Account, names: Names = NAMES) -> Backend:
    return ensure(place, names, account, pause=lambda _: None)


def kept(account: Account, bucket: str) -> dict[str, Any]:
    """All that matters of the bucket and the key, as AWS tells it."""
    s3, kms = account.client("s3"), account.client("kms")
    key = kms.describe_key(KeyId=alias(NAMES))["KeyMetadata"]["KeyId"]
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    return {
        "rotated": kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"],
        "encryption": rules[0],
        "versioning": s3.get_bucket_versioning(Bucket=bucket)["Status"],
        "closed": set(
            s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()
        ),
        "policy": json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"],
        "rules": s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"],
        "tags": {t["Key"]: t["Value"] for t in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]},
    }


def keys(account: Account) -> list[str]:
    """The ARNs of all keys that are on."""
    kms = account.client("kms")
    found = [kms.describe_key(KeyId=k["KeyId"])["KeyMetadata"] for k in kms.list_keys()["Keys"]]
    return [key["Arn"] for key in found if key["KeyState"] == "Enabled"]
