"""The check of one bucket: put, get and delete an object under the reserved key.

Whatever happens, every version and delete marker of that key is removed again, and so are
those that killed runs left behind. The app's own objects are neither listed nor read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol
from urllib.parse import quote, urlsplit

from encore_config.graph import Bucket, Graph
from encore_provisioner.clients.aws import AwsError
from encore_provisioner.clients.s3 import ObjectVersion, path_style
from encore_provisioner.clients.sigv4 import Credentials
from encore_provisioner.clients.transport import Response, UnreachableError
from encore_provisioner.doctor.check import CheckError, Finding
from encore_provisioner.doctor.names import PREFIX, is_leftover, reserved_name
from encore_provisioner.doctor.reasons import APPLY, aws_failure
from encore_provisioner.doctor.targets import BucketTarget
from encore_provisioner.doctor.values import resolve

_CONTENT = b"encore-infra doctor\n"


class Objects(Protocol):
    """What is needed of :class:`encore_provisioner.clients.s3.S3`."""

    def put(self, bucket: str, key: str, data: bytes) -> str | None: ...

    def get(self, bucket: str, key: str) -> bytes: ...

    def delete(self, bucket: str, key: str) -> None: ...

    def list_versions(self, bucket: str, prefix: str = "") -> Iterator[ObjectVersion]: ...

    def delete_versions(self, bucket: str, versions: tuple[ObjectVersion, ...]) -> None: ...

    def versioning(self, bucket: str) -> bool: ...

    def close(self) -> None: ...


OpenObjects = Callable[[BucketTarget, Credentials], Objects]
Fetch = Callable[[str], Response]
"""GET a URL without credentials; raises ``UnreachableError``."""


def check_bucket(
    target: BucketTarget,
    environ: Mapping[str, str],
    graph: Graph | None,
    open_objects: OpenObjects,
    fetch: Fetch,
) -> Finding:
    """Raises ``CheckError``. ``graph`` adds the comparison of publicity and versioning."""
    declared = next((b for b in (graph.buckets if graph else ()) if b.name == target.name), None)
    objects = open_objects(target, _credentials(target, environ))
    try:
        versioned = _compare(target, declared, objects)
        with _reserved_object(target, objects) as key:
            _write_and_read(target, objects, key)
            exposure = _exposure(target, key, fetch)
            objects.delete(target.bucket.name, key)
    except AwsError as error:
        raise aws_failure(error, what=f"the bucket {target.bucket.name}") from error
    finally:
        objects.close()
    kept = ", keeps versions" if versioned else ""
    return Finding(
        detail=f"{target.bucket.name} at {target.endpoint}{kept}, {exposure.detail}",
        hint=exposure.hint,
    )


def _credentials(target: BucketTarget, environ: Mapping[str, str]) -> Credentials:
    """The config's key, or the default chain's variables when it names none (contract 4.8)."""
    if (target.access_key_id is None) != (target.secret_access_key is None):
        raise CheckError("access_key_id and secret_access_key must both be there, or neither")
    if target.access_key_id is None or target.secret_access_key is None:
        return environment_credentials(environ)
    secret = resolve(target.secret_access_key, environ, what="secret_access_key")
    return Credentials(access_key_id=target.access_key_id, secret_access_key=secret)


def environment_credentials(environ: Mapping[str, str]) -> Credentials:
    """What the AWS SDK finds in the app's variables."""
    missing = [n for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not environ.get(n)]
    if missing:
        raise CheckError(f"no AWS credentials: {missing[0]} is not in runtime.env", hint=APPLY)
    return Credentials(
        access_key_id=environ["AWS_ACCESS_KEY_ID"],
        secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        session_token=environ.get("AWS_SESSION_TOKEN") or None,
    )


def _compare(target: BucketTarget, declared: Bucket | None, objects: Objects) -> bool:
    versioned = objects.versioning(target.bucket.name)
    if declared and declared.versioned and not versioned:
        raise CheckError("the source declares it versioned, but it keeps no versions", hint=APPLY)
    if declared and declared.public and target.bucket.public_base_url is None:
        raise CheckError(
            "the source declares it public, but the runtime config has no public_base_url",
            hint=APPLY,
        )
    return versioned


@contextmanager
def _reserved_object(target: BucketTarget, objects: Objects) -> Iterator[str]:
    prefix = target.bucket.key_prefix or ""
    key = f"{prefix}{reserved_name(separator='/')}"
    try:
        yield key
    finally:
        _remove(target, objects, key)


def _remove(target: BucketTarget, objects: Objects, own: str) -> None:
    """The object of this run, and what former runs left."""
    prefix = target.bucket.key_prefix or ""
    now = time.time()
    found = tuple(
        version
        for version in objects.list_versions(target.bucket.name, f"{prefix}{PREFIX}/")
        if version.key == own or is_leftover(version.key.removeprefix(prefix), now=now)
    )
    if found:
        objects.delete_versions(target.bucket.name, found)


def _write_and_read(target: BucketTarget, objects: Objects, key: str) -> None:
    objects.put(target.bucket.name, key, _CONTENT)
    if objects.get(target.bucket.name, key) != _CONTENT:
        raise CheckError("an object that was written came back changed")


def _exposure(target: BucketTarget, key: str, fetch: Fetch) -> Finding:
    public = target.bucket.public_base_url
    if public is not None:
        return _public(public, key.removeprefix(target.bucket.key_prefix or ""), fetch)
    return _private(target, key, fetch)


def _public(base: str, key: str, fetch: Fetch) -> Finding:
    """The app joins the base, ``/`` and the name; the base already holds the prefix."""
    url = f"{base}/{quote(key)}"
    try:
        answer = fetch(url)
    except UnreachableError as error:
        raise CheckError(f"public_base_url cannot be reached: {error}", hint=APPLY) from error
    if answer.status != 200 or answer.body != _CONTENT:
        raise CheckError(
            f"it is public, but {base} answers {answer.status} to a reader without credentials",
            hint=APPLY,
        )
    return Finding(detail=f"public at {base}")


def _private(target: BucketTarget, key: str, fetch: Fetch) -> Finding:
    parts = urlsplit(target.endpoint)
    if path_style(target.endpoint):
        base = f"{target.endpoint}/{target.bucket.name}"
    else:
        base = f"{parts.scheme}://{target.bucket.name}.{parts.netloc}"
    try:
        readable = fetch(f"{base}/{quote(key)}").status == 200
    except UnreachableError:
        readable = False
    if not readable:
        return Finding(detail="private")
    raise CheckError(
        "it is private, but anyone can read its objects without credentials",
        hint="Remove the policy or ACL that opens the bucket; `encore-infra apply` does it here.",
    )
