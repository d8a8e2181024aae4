"""S3 and Secrets Manager where moto is not as AWS is.

A part is asked before moto is: it may refuse a call, and it may answer it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from moto.backends import get_backend
from tests.support.moto_wire import Answer, Call, Reply, json_reply

ACCOUNT: Final = "123456789012"
"""That of all credentials, to moto."""
REGION: Final = "eu-north-1"
CURRENT: Final = "AWSCURRENT"


_GET: Final[Any] = get_backend
"""Its types are one for each service of AWS."""


class Part(Protocol):
    """One service. None: moto's turn."""

    def refuse(self, call: Call) -> Answer | None: ...

    def answer(self, call: Call) -> Reply | None: ...

    def forget(self) -> None: ...


def backend(service: str) -> Any:
    """Moto's memory of a service in the account and the region of the tests."""
    regions = _GET(service)[ACCOUNT]
    return regions[REGION] if REGION in regions else regions["aws"]


class S3:
    """Moto does what a policy says and knows no conditions, so it would refuse everything for want
    of TLS. It gets the policy without that; who asks for it gets all of it.
    """

    def __init__(self) -> None:
        self._policies: dict[str, bytes] = {}

    def refuse(self, call: Call) -> Answer | None:
        if call.service != "s3":
            return None
        wanted = call.environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER")
        owner = _owner(call.bucket)
        if wanted is None or owner in (None, wanted):
            return None
        return 403, "AccessDenied", "Access Denied"

    def answer(self, call: Call) -> Reply | None:
        if call.operation in ("PutBucketPolicy", "DeleteBucketPolicy", "DeleteBucket"):
            self._policies.pop(call.bucket, None)
        if call.operation == "PutBucketPolicy":
            self._keep(call)
        if call.operation == "GetBucketPolicy" and call.bucket in self._policies:
            kind = ("Content-Type", "application/json")
            return Reply(status=200, headers=(kind,), body=self._policies[call.bucket])
        return None

    def _keep(self, call: Call) -> None:
        policy = json.loads(call.body)
        others = [each for each in policy["Statement"] if "SecureTransport" not in str(each)]
        call.environ.update(call.but(json.dumps({**policy, "Statement": others}).encode()).environ)
        self._policies[call.bucket] = call.body

    def forget(self) -> None:
        self._policies.clear()


def _owner(bucket: str) -> str | None:
    for account, regions in get_backend("s3").items():
        for region in regions.values():
            if bucket in region.buckets:
                return str(account)
    return None


def secret_of(name: str) -> Any:
    """A secret as moto has it, by name or ARN, or None."""
    return backend("secretsmanager").secrets.get(name)


class SecretsManager:
    def refuse(self, call: Call) -> Answer | None:
        return _of_secrets(call) if call.service == "secretsmanager" else None

    def answer(self, call: Call) -> Reply | None:
        if call.operation == "ListSecretVersionIds" and secret_of(call.given["SecretId"]):
            return _versions(call.given)
        return None

    def forget(self) -> None:
        """Moto forgets its own."""


def _of_secrets(call: Call) -> Answer | None:
    given = call.given
    before = secret_of(given["Name"]) if call.operation == "CreateSecret" else None
    if before is not None and before.is_deleted():
        words = (
            "You can't create this secret because a secret with this name is already scheduled "
            "for deletion."
        )
        return 400, "InvalidRequestException", words
    secret = secret_of(given["SecretId"]) if "SecretId" in given else None
    if secret is None:
        return None
    reading = call.operation in ("DescribeSecret", "RestoreSecret", "DeleteSecret")
    if secret.is_deleted() and not reading:
        words = "You can't perform this operation on the secret because it was marked for deletion."
        return 400, "InvalidRequestException", words
    if call.operation == "PutSecretValue" and len(given.get("SecretString", "x")) > 65_536:
        return 400, "ValidationException", f"Value {given['SecretString']} is too long"
    if call.operation == "UpdateSecretVersionStage":
        return _of_stages(given, secret)
    return None


def _of_stages(given: Mapping[str, Any], secret: Any) -> Answer | None:
    stage, to = given["VersionStage"], given.get("MoveToVersionId")
    if stage == CURRENT and to is None:
        words = "You can only move staging label AWSCURRENT to a different secret version."
        return 400, "InvalidParameterException", words
    holder = next(
        (name for name, found in secret.versions.items() if stage in found["version_stages"]), None
    )
    if to is not None and holder not in (None, to, given.get("RemoveFromVersionId")):
        words = f"Staging label {stage} is currently attached to version {holder}."
        return 400, "InvalidParameterException", words
    return None


def _versions(given: Mapping[str, Any]) -> Reply:
    """With each version's own date, where moto tells today's; one to a page."""
    secret = secret_of(given["SecretId"])
    labelled = [each for each in secret.versions.values() if each["version_stages"]]
    first = int(given.get("NextToken", "0"))
    page = [
        {
            "VersionId": each["version_id"],
            "VersionStages": each["version_stages"],
            "CreatedDate": each["createdate"],
        }
        for each in labelled[first : first + 1]
    ]
    more = {"NextToken": str(first + 1)} if first + 1 < len(labelled) else {}
    return json_reply(200, {"ARN": secret.arn, "Name": secret.name, "Versions": page, **more})
