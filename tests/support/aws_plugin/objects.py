"""Buckets and what hangs on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.support.aws_plugin.aws import (
    Aws,
    AwsError,
    deep_lower,
    deep_upper,
    listed,
    told,
)
from tests.support.aws_plugin.kind import Drop, Kind, names
from tests.support.aws_plugin.wire import Props

_IDS: Final = {
    "id": "ID",
    "sseAlgorithm": "SSEAlgorithm",
    "kmsMasterKeyId": "KMSMasterKeyID",
}


def _make_bucket(aws: Aws, inputs: Props) -> str:
    name = str(inputs["bucket"])
    place = {"LocationConstraint": aws.region}
    elsewhere = {} if aws.region == "us-east-1" else {"CreateBucketConfiguration": place}
    aws.call("s3", "create_bucket", Bucket=name, **elsewhere)
    return name


def _look_at_bucket(aws: Aws, id_: str, state: Props) -> Props | None:
    if aws.ask("s3", "head_bucket", Bucket=id_) is None:
        return None
    tags = aws.ask("s3", "get_bucket_tagging", Bucket=id_)
    return {
        "bucket": id_,
        "arn": f"arn:aws:s3:::{id_}",
        "bucketDomainName": f"{id_}.s3.amazonaws.com",
        "bucketRegion": aws.region,
        "bucketRegionalDomainName": f"{id_}.s3.{aws.region}.amazonaws.com",
        "forceDestroy": bool(state.get("forceDestroy", False)),
        **told(tags["TagSet"] if tags else []),
    }


def _change_bucket(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    del old
    if "tags" not in keys:
        return
    if new.get("tags"):
        aws.call("s3", "put_bucket_tagging", Bucket=id_, Tagging={"TagSet": listed(new["tags"])})
    else:
        aws.call("s3", "delete_bucket_tagging", Bucket=id_)


def _drop_bucket(aws: Aws, id_: str, state: Props) -> None:
    """With ``forceDestroy`` it is emptied when AWS refuses, as the genuine plugin does."""
    try:
        aws.call("s3", "delete_bucket", Bucket=id_)
    except AwsError as error:
        if error.code != "BucketNotEmpty" or not state.get("forceDestroy"):
            raise
        _empty(aws, id_)
        aws.call("s3", "delete_bucket", Bucket=id_)


def _empty(aws: Aws, bucket: str) -> None:
    while True:
        page = aws.call("s3", "list_object_versions", Bucket=bucket)
        there = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not there:
            return
        keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in there]
        aws.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": keys, "Quiet": True})


def _part(
    what: str,
    *,
    part: str,
    body: Callable[[Props], Props],
    state_of: Callable[[Props], Props],
    drop: Drop | None = None,
) -> Kind:
    """What is put on a bucket as a whole, read as a whole, and taken away."""

    def put(aws: Aws, inputs: Props) -> str:
        bucket = str(inputs["bucket"])
        aws.call("s3", _call("put", part), Bucket=bucket, **body(inputs))
        return bucket

    def look(aws: Aws, id_: str, state: Props) -> Props | None:
        del state
        page = aws.ask("s3", _call("get", part), Bucket=id_)
        return None if page is None else {"bucket": id_, **state_of(page)}

    def change(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
        del id_, old, keys
        put(aws, new)

    def gone(aws: Aws, id_: str, state: Props) -> None:
        del state
        aws.call("s3", _call("delete", part), Bucket=id_)

    return Kind(what=what, name="bucket", make=put, look=look, drop=drop or gone, change=change)


def _call(verb: str, part: str) -> str:
    """S3's calls are not named alike."""
    if part == "public_access_block":
        return f"{verb}_{part}"
    if part == "lifecycle_configuration" and verb == "delete":
        return "delete_bucket_lifecycle"
    return f"{verb}_bucket_{part}"


def _suspend(aws: Aws, id_: str, state: Props) -> None:
    del state
    suspended = {"Status": "Suspended"}
    aws.ask("s3", "put_bucket_versioning", Bucket=id_, VersioningConfiguration=suspended)


def _encrypt_as_usual(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("s3", "delete_bucket_encryption", Bucket=id_)


def _rules_of(page: Props) -> list[Any]:
    rules: list[Any] = deep_lower(page["Rules"], **_IDS)
    return rules


KINDS: Final[Mapping[str, Kind]] = {
    "aws:s3/bucket:Bucket": Kind(
        what="S3 Bucket",
        name="bucket",
        autonamed=True,
        make=_make_bucket,
        look=_look_at_bucket,
        drop=_drop_bucket,
        change=_change_bucket,
        settles=frozenset({"tags"}),
        defaults={"forceDestroy": False},
        computed=names("arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName"),
    ),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _part(
        "S3 Bucket CORS Configuration",
        part="cors",
        body=lambda inputs: {
            "CORSConfiguration": {"CORSRules": deep_upper(inputs["corsRules"], **_IDS)}
        },
        state_of=lambda page: {"corsRules": deep_lower(page["CORSRules"], **_IDS)},
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _part(
        "S3 Bucket Lifecycle Configuration",
        part="lifecycle_configuration",
        body=lambda inputs: {
            "LifecycleConfiguration": {"Rules": deep_upper(inputs["rules"], **_IDS)}
        },
        state_of=lambda page: {"rules": _rules_of(page)},
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _part(
        "S3 Bucket Ownership Controls",
        part="ownership_controls",
        body=lambda inputs: {"OwnershipControls": {"Rules": [deep_upper(inputs["rule"])]}},
        state_of=lambda page: {"rule": deep_lower(page["OwnershipControls"]["Rules"][0])},
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _part(
        "S3 Bucket Policy",
        part="policy",
        body=lambda inputs: {"Policy": inputs["policy"]},
        # AWS gives it back in its own order and spacing; the plugin compares what it means.
        state_of=lambda page: {"policy": json.dumps(json.loads(page["Policy"]))},
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _part(
        "S3 Bucket Public Access Block",
        part="public_access_block",
        body=lambda inputs: {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": bool(inputs.get("blockPublicAcls")),
                "BlockPublicPolicy": bool(inputs.get("blockPublicPolicy")),
                "IgnorePublicAcls": bool(inputs.get("ignorePublicAcls")),
                "RestrictPublicBuckets": bool(inputs.get("restrictPublicBuckets")),
            }
        },
        state_of=lambda page: deep_lower(page["PublicAccessBlockConfiguration"]),
    ),
    (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    ): _part(
        "S3 Bucket Server-side Encryption Configuration",
        part="encryption",
        body=lambda inputs: {
            "ServerSideEncryptionConfiguration": {"Rules": deep_upper(inputs["rules"], **_IDS)}
        },
        state_of=lambda page: {"rules": _rules_of(page["ServerSideEncryptionConfiguration"])},
        drop=_encrypt_as_usual,
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _part(
        "S3 Bucket Versioning",
        part="versioning",
        body=lambda inputs: {
            "VersioningConfiguration": {"Status": inputs["versioningConfiguration"]["status"]}
        },
        state_of=lambda page: {
            "versioningConfiguration": {"status": page.get("Status", "Disabled")}
        },
        drop=_suspend,
    ),
}
