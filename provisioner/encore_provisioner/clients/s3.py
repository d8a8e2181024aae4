"""S3: buckets with their settings, objects with their versions. REST and XML.

Path style (``/bucket/key``) where the endpoint is an IP address, ``bucket.host`` elsewhere:
the same choice that the Rust core's client makes (runtime binding contract, section 4.8).
Bodies are held in memory. Every call raises ``AwsError``.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from encore_provisioner.clients import safe_xml
from encore_provisioner.clients.aws import AwsError, Call, Door, utc_now
from encore_provisioner.clients.safe_xml import element, entries, leaf, text
from encore_provisioner.clients.sigv4 import (
    Credentials,
    Pairs,
    Scope,
    Unsigned,
    encode,
    presign,
)
from encore_provisioner.clients.transport import HttpTransport, Response, Transport

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_BATCH = 1000
_PUBLIC_BLOCKS = (
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
)
MAX_LINK_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectVersion:
    """One version of an object, or the marker that a deletion left."""

    key: str
    version_id: str
    latest: bool
    delete_marker: bool
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    key: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsRule:
    """Which browsers' pages may read answers. Empty tuples are left out."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = None


def path_style(endpoint: str) -> bool:
    """Whether the bucket goes into the path: the endpoint's host is an IP address."""
    try:
        ipaddress.ip_address(urlsplit(endpoint).hostname or "")
    except ValueError:
        return False
    return True


class S3:
    """A door to one S3 service; threads may share it."""

    def __init__(
        self,
        *,
        endpoint: str,
        region: str,
        credentials: Credentials,
        connect: Callable[[str], Transport] = HttpTransport,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._path_style = path_style(endpoint)
        self._region = region
        self._credentials = credentials
        self._scope = Scope(region=region, service="s3")
        self._connect = connect
        self._clock = clock
        self._doors: dict[str, Door] = {}

    def close(self) -> None:
        for entry in self._doors.values():
            entry.transport.close()

    # --- buckets -------------------------------------------------------------------------

    def list_buckets(self) -> tuple[str, ...]:
        root = self._xml("ListBuckets", "GET")
        return tuple(text(b, "Name") for b in root.iterfind("Buckets/Bucket"))

    def create_bucket(self, bucket: str) -> None:
        """In the door's region. One that is already ours is an error outside us-east-1."""
        body = b""
        if self._region != "us-east-1":
            constraint = leaf("LocationConstraint", self._region)
            body = _document("CreateBucketConfiguration", constraint)
        self._send("CreateBucket", "PUT", bucket, body=body)

    def bucket_exists(self, bucket: str) -> bool:
        return self._unless_missing("HeadBucket", "HEAD", bucket) is not None

    def delete_bucket(self, bucket: str) -> None:
        """Only an empty one: no object, no version, no delete marker."""
        self._send("DeleteBucket", "DELETE", bucket)

    def versioning(self, bucket: str) -> bool:
        """True while versions are kept; suspended is False."""
        root = self._xml("GetBucketVersioning", "GET", bucket, query=(("versioning", ""),))
        return text(root, "Status") == "Enabled"

    def set_versioning(self, bucket: str, enabled: bool) -> None:
        """Once enabled it can only be suspended (S3's rule)."""
        status = leaf("Status", "Enabled" if enabled else "Suspended")
        body = _document("VersioningConfiguration", status)
        self._send("PutBucketVersioning", "PUT", bucket, query=(("versioning", ""),), body=body)

    def policy(self, bucket: str) -> str | None:
        """The bucket's policy as JSON text, if it has one."""
        response = self._unless_missing(
            "GetBucketPolicy", "GET", bucket, query=(("policy", ""),), unless="NoSuchBucketPolicy"
        )
        return None if response is None else response.body.decode()

    def set_policy(self, bucket: str, policy: str) -> None:
        query = (("policy", ""),)
        self._send("PutBucketPolicy", "PUT", bucket, query=query, body=policy.encode())

    def delete_policy(self, bucket: str) -> None:
        self._send("DeleteBucketPolicy", "DELETE", bucket, query=(("policy", ""),))

    def set_public_access_block(self, bucket: str, blocked: bool) -> None:
        """Whether policies and ACLs that open the bucket to everyone are refused (AWS: on)."""
        value = "true" if blocked else "false"
        body = _document(
            "PublicAccessBlockConfiguration", "".join(leaf(name, value) for name in _PUBLIC_BLOCKS)
        )
        query = (("publicAccessBlock", ""),)
        self._send("PutPublicAccessBlock", "PUT", bucket, query=query, body=body)

    def public_access_blocked(self, bucket: str) -> bool:
        """True when every one of the four settings is on."""
        response = self._unless_missing(
            "GetPublicAccessBlock",
            "GET",
            bucket,
            query=(("publicAccessBlock", ""),),
            unless="NoSuchPublicAccessBlockConfiguration",
        )
        if response is None:
            return False
        root = _parse("GetPublicAccessBlock", response)
        return all(text(root, name).lower() == "true" for name in _PUBLIC_BLOCKS)

    def tags(self, bucket: str) -> dict[str, str]:
        response = self._unless_missing(
            "GetBucketTagging", "GET", bucket, query=(("tagging", ""),), unless="NoSuchTagSet"
        )
        if response is None:
            return {}
        return dict(entries(_parse("GetBucketTagging", response), "TagSet/Tag"))

    def set_tags(self, bucket: str, tags: Mapping[str, str]) -> None:
        """Replaces all tags of the bucket."""
        items = (element("Tag", leaf("Key", k) + leaf("Value", v)) for k, v in sorted(tags.items()))
        body = _document("Tagging", element("TagSet", "".join(items)))
        self._send("PutBucketTagging", "PUT", bucket, query=(("tagging", ""),), body=body)

    def delete_tags(self, bucket: str) -> None:
        self._send("DeleteBucketTagging", "DELETE", bucket, query=(("tagging", ""),))

    def cors(self, bucket: str) -> tuple[CorsRule, ...]:
        response = self._unless_missing(
            "GetBucketCors",
            "GET",
            bucket,
            query=(("cors", ""),),
            unless="NoSuchCORSConfiguration",
        )
        if response is None:
            return ()
        root = _parse("GetBucketCors", response)
        return tuple(_cors_rule(rule) for rule in root.iterfind("CORSRule"))

    def set_cors(self, bucket: str, rules: Iterable[CorsRule]) -> None:
        body = _document("CORSConfiguration", "".join(_cors_xml(rule) for rule in rules))
        self._send("PutBucketCors", "PUT", bucket, query=(("cors", ""),), body=body)

    def delete_cors(self, bucket: str) -> None:
        self._send("DeleteBucketCors", "DELETE", bucket, query=(("cors", ""),))

    # --- objects -------------------------------------------------------------------------

    def list_objects(self, bucket: str, prefix: str = "") -> Iterator[ObjectInfo]:
        token = ""
        while True:
            query: Pairs = (("list-type", "2"), ("prefix", prefix))
            if token:
                query = (*query, ("continuation-token", token))
            root = self._xml("ListObjectsV2", "GET", bucket, query=query)
            for item in root.iterfind("Contents"):
                yield ObjectInfo(
                    key=text(item, "Key"),
                    size=int(text(item, "Size", "0")),
                    etag=text(item, "ETag").strip('"'),
                )
            token = text(root, "NextContinuationToken")
            if not token:
                return

    def list_versions(self, bucket: str, prefix: str = "") -> Iterator[ObjectVersion]:
        """Every version and delete marker; those of one key from the newest to the oldest."""
        marker: Pairs = ()
        last: ObjectVersion | None = None
        while True:
            query: Pairs = (("prefix", prefix), ("versions", ""), *marker)
            root = self._xml("ListObjectVersions", "GET", bucket, query=query)
            for version in _versions(root):
                # ministack begins a page with the entry that it ended the last one with.
                if version != last:
                    yield version
                last = version
            if text(root, "IsTruncated") != "true":
                return
            names = (("key-marker", "NextKeyMarker"), ("version-id-marker", "NextVersionIdMarker"))
            # S3 refuses an empty version marker.
            marker = tuple((name, text(root, tag)) for name, tag in names if text(root, tag))

    def put(
        self,
        bucket: str,
        key: str,
        data: bytes,
        *,
        content_type: str = "application/octet-stream",
    ) -> str | None:
        """The new version's id where the bucket keeps versions."""
        headers = {"content-type": content_type, "content-md5": _md5(data)}
        response = self._send("PutObject", "PUT", bucket, key, headers=headers, body=data)
        return response.headers.get("x-amz-version-id")

    def get(self, bucket: str, key: str, *, version_id: str | None = None) -> bytes:
        return self._send("GetObject", "GET", bucket, key, query=_version(version_id)).body

    def size(self, bucket: str, key: str) -> int | None:
        """In bytes; None when there is no such object."""
        response = self._unless_missing("HeadObject", "HEAD", bucket, key)
        return None if response is None else int(response.headers.get("content-length", "0"))

    def delete(self, bucket: str, key: str, *, version_id: str | None = None) -> None:
        """One version for good, or the object; a missing one is no error (S3's rule)."""
        self._send("DeleteObject", "DELETE", bucket, key, query=_version(version_id))

    def delete_versions(self, bucket: str, versions: Iterable[ObjectVersion]) -> None:
        """Many versions and markers for good, up to 1,000 in each request."""
        pending = list(versions)
        for start in range(0, len(pending), _BATCH):
            items = "".join(
                element("Object", leaf("Key", v.key) + leaf("VersionId", v.version_id))
                for v in pending[start : start + _BATCH]
            )
            self._delete_batch(bucket, _document("Delete", leaf("Quiet", "true") + items))

    def presign(self, method: str, bucket: str, key: str, *, expires: int) -> str:
        """A link that lets its holder GET or PUT the object for ``expires`` seconds (≤ 7 days)."""
        if not 0 < expires <= MAX_LINK_SECONDS:
            raise ValueError(f"a link is valid for 1 to {MAX_LINK_SECONDS} seconds, not {expires}")
        origin, path = self._address(bucket, key)
        query = presign(
            Unsigned(method=method, path=path, headers={"host": urlsplit(origin).netloc}),
            credentials=self._credentials,
            scope=self._scope,
            now=self._clock(),
            expires=expires,
        )
        return f"{origin}{path}?{query}"

    # --- how -----------------------------------------------------------------------------

    def _delete_batch(self, bucket: str, body: bytes) -> None:
        response = self._send(
            "DeleteObjects",
            "POST",
            bucket,
            query=(("delete", ""),),
            headers={"content-md5": _md5(body)},
            body=body,
        )
        failed = _parse("DeleteObjects", response).find("Error")
        if failed is not None:
            message = f"{text(failed, 'Key')}: {text(failed, 'Message')}"
            raise AwsError(text(failed, "Code"), message, "S3 DeleteObjects", response.status)

    def _address(self, bucket: str, key: str) -> tuple[str, str]:
        """Origin and encoded path of a bucket or object; both empty means the service."""
        encoded = encode(key, safe="/")
        if not bucket or self._path_style:
            return self._endpoint, f"/{bucket}/{encoded}" if key else f"/{bucket}"
        parts = urlsplit(self._endpoint)
        return f"{parts.scheme}://{bucket}.{parts.netloc}", f"/{encoded}"

    def _door(self, origin: str) -> Door:
        if origin not in self._doors:
            self._doors[origin] = Door(
                transport=self._connect(origin),
                credentials=self._credentials,
                scope=self._scope,
                clock=self._clock,
            )
        return self._doors[origin]

    def _send(
        self,
        operation: str,
        method: str,
        bucket: str = "",
        key: str = "",
        *,
        query: Pairs = (),
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Response:
        origin, path = self._address(bucket, key)
        call = Call(
            operation=f"S3 {operation}",
            method=method,
            path=path,
            query=query,
            headers=headers or {},
            body=body,
        )
        response = self._door(origin).send(call)
        if response.status >= 300:
            raise _error(call.operation, response)
        return response

    def _unless_missing(
        self,
        operation: str,
        method: str,
        bucket: str,
        key: str = "",
        *,
        query: Pairs = (),
        unless: str = "404",
    ) -> Response | None:
        """None when the answer is the error ``unless``; other errors are raised."""
        try:
            return self._send(operation, method, bucket, key, query=query)
        except AwsError as error:
            if error.code == unless:
                return None
            raise

    def _xml(self, operation: str, method: str, bucket: str = "", *, query: Pairs = ()) -> Element:
        return _parse(operation, self._send(operation, method, bucket, query=query))


def _version(version_id: str | None) -> Pairs:
    return () if version_id is None else (("versionId", version_id),)


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _document(name: str, content: str) -> bytes:
    return f'<{name} xmlns="{_NAMESPACE}">{content}</{name}>'.encode()


def _parse(operation: str, response: Response) -> Element:
    try:
        return safe_xml.parse(response.body)
    except safe_xml.XmlError as error:
        message = f"the answer is no XML: {error}"
        raise AwsError("InvalidResponse", message, f"S3 {operation}", response.status) from error


def _error(operation: str, response: Response) -> AwsError:
    """Answers to HEAD have no body: the status is then all there is."""
    if not response.body:
        message = f"HTTP status {response.status}"
        return AwsError(str(response.status), message, operation, response.status)
    try:
        root = safe_xml.parse(response.body)
    except safe_xml.XmlError:
        message = response.body[:200].decode(errors="replace")
        return AwsError(str(response.status), message, operation, response.status)
    code = text(root, "Code", str(response.status))
    return AwsError(code, text(root, "Message", "no message"), operation, response.status)


def _versions(root: Element) -> Iterator[ObjectVersion]:
    for item in root:
        if item.tag in ("Version", "DeleteMarker"):
            yield ObjectVersion(
                key=text(item, "Key"),
                version_id=text(item, "VersionId"),
                latest=text(item, "IsLatest") == "true",
                delete_marker=item.tag == "DeleteMarker",
                size=int(text(item, "Size", "0")),
            )


def _cors_xml(rule: CorsRule) -> str:
    lists = (
        ("AllowedHeader", rule.headers),
        ("AllowedMethod", rule.methods),
        ("AllowedOrigin", rule.origins),
        ("ExposeHeader", rule.expose_headers),
    )
    content = "".join(leaf(name, value) for name, values in lists for value in values)
    if rule.max_age is not None:
        content += leaf("MaxAgeSeconds", str(rule.max_age))
    return element("CORSRule", content)


def _cors_rule(rule: Element) -> CorsRule:
    def values(name: str) -> tuple[str, ...]:
        return tuple(item.text or "" for item in rule.iterfind(name))

    age = text(rule, "MaxAgeSeconds")
    return CorsRule(
        origins=values("AllowedOrigin"),
        methods=values("AllowedMethod"),
        headers=values("AllowedHeader"),
        expose_headers=values("ExposeHeader"),
        max_age=int(age) if age else None,
    )
