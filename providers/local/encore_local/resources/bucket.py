"""S3 buckets: versions, who may read, and which pages of a browser may.

Both kinds get a CORS rule for every origin: signed URLs and public files are made to be used by
browsers, and on this machine an app's pages come from changing ports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from encore_config.graph import Bucket
from encore_local.aws import Doors, own_tags
from encore_local.naming import physical_name
from encore_provisioner.clients.aws import AwsError
from encore_provisioner.clients.s3 import CorsRule

FORCES = frozenset({"bucket"})

_CORS = CorsRule(
    origins=("*",),
    methods=("GET", "HEAD", "PUT"),
    headers=("*",),
    expose_headers=("ETag",),
    max_age=3600,
)


def properties(bucket: Bucket) -> dict[str, Any]:
    return {
        "bucket": physical_name("bucket", bucket.name),
        "versioned": bucket.versioned,
        "public": bucket.public,
        "cors": True,
    }


def read_policy(bucket: str) -> dict[str, Any]:
    """That everyone may read objects, but not list them."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "read",
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["s3:GetObject"],
                "Resource": [f"arn:aws:s3:::{bucket}/*"],
            }
        ],
    }


def observe(doors: Doors) -> dict[str, dict[str, Any]]:
    """The properties of every bucket on the server, by its name."""
    return {name: _read(doors, name) for name in sorted(doors.s3.list_buckets())}


def _read(doors: Doors, name: str) -> dict[str, Any]:
    return {
        "bucket": name,
        "versioned": doors.s3.versioning(name),
        "public": _is_public(doors, name),
        "cors": doors.s3.cors(name) == (_CORS,),
    }


def _is_public(doors: Doors, name: str) -> bool | str:
    """A mix that is not ours is neither: it differs from whatever is wanted."""
    policy = doors.s3.policy(name)
    blocked = doors.s3.public_access_blocked(name)
    if not policy:
        return False if blocked else "not blocked"
    if json.loads(policy) != read_policy(name):
        return "other policy"
    return "policy, but blocked" if blocked else True


def is_empty(doors: Doors, name: str) -> bool:
    """Whether the bucket holds no object, no version and no marker."""
    return next(doors.s3.list_versions(name), None) is None


def put(doors: Doors, wanted: Mapping[str, Any], *, declared: str) -> None:
    """Make the bucket, or make it as wanted. No object is touched."""
    name = wanted["bucket"]
    if not doors.s3.bucket_exists(name):
        doors.s3.create_bucket(name)
    doors.s3.set_tags(name, own_tags("bucket", declared))
    if wanted["versioned"] != doors.s3.versioning(name):
        doors.s3.set_versioning(name, wanted["versioned"])
    if wanted["public"] == doors.s3.public_access_blocked(name):
        doors.s3.set_public_access_block(name, not wanted["public"])
    if wanted["public"]:
        doors.s3.set_policy(name, json.dumps(read_policy(name)))
    elif doors.s3.policy(name) is not None:
        doors.s3.delete_policy(name)
    doors.s3.set_cors(name, (_CORS,))


def delete(doors: Doors, actual: Mapping[str, Any]) -> None:
    """Remove the bucket and everything in it; one that is gone is fine."""
    name = actual["bucket"]
    if not doors.s3.bucket_exists(name):
        return
    doors.s3.delete_versions(name, list(doors.s3.list_versions(name)))
    try:
        doors.s3.delete_bucket(name)
    except AwsError as error:
        if not error.missing:
            raise
