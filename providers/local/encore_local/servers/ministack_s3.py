"""``ministack``'s S3 with objects that last, and buckets that are deleted as AWS deletes them.

In: its handler of S3 requests and a ``StoredObjects`` over its memory. Out: a handler that answers
only when the disk holds what it says, and 503 where the disk refused it. It may not change what
the server answers otherwise, but for one thing: a bucket with nothing left but old versions is not
empty.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from encore_local.servers.stored_objects import StoredObjects
from encore_provisioner.clients import safe_xml

Query = Mapping[str, Any]
Answer = tuple[int, dict[str, Any], bytes]
Handler = Callable[..., Awaitable[Answer]]

_CHANGING = ("DELETE", "POST", "PUT")


def lasting(handle: Handler, objects: StoredObjects) -> Handler:
    """``handle``, with what it changes on disk before it answers."""

    async def handling(
        method: str, path: str, headers: dict[str, str], body: bytes, query: Query, **more: Any
    ) -> Answer:
        bucket, _, key = path.lstrip("/").partition("/")
        deletes = method == "DELETE" and not key and not _subresource(query)
        if deletes and objects.has_versions(bucket):
            return error(409, "BucketNotEmpty", "The bucket still holds versions of objects.")
        answer = await handle(method, path, headers, body, query, **more)
        if method not in _CHANGING:
            return answer
        try:
            if deletes and answer[0] == 204:
                objects.forget(bucket)
            for changed in _changed(key, method, body, query) or objects.unsaved(bucket):
                objects.save(bucket, changed)
        except OSError as refused:
            return error(503, "ServiceUnavailable", f"The disk did not take it: {refused}")
        return answer

    return handling


def _subresource(query: Query) -> bool:
    """Whether a bucket's policy, tags or the like are meant, and not the bucket itself."""
    return any(not name.lower().startswith("x-") for name in query)


def _changed(key: str, method: str, body: bytes, query: Query) -> list[str]:
    """The keys that a request names; none where it may have changed any."""
    if key:
        return [key]
    if method != "POST" or "delete" not in query:
        return []
    try:
        root = safe_xml.parse(body)
    except safe_xml.XmlError:
        return []
    return [safe_xml.text(entry, "Key") for entry in root.iterfind("Object")]


def error(status: int, code: str, text: str) -> Answer:
    """An error as S3 words it."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    body = f"<Error><Code>{code}</Code><Message>{escaped}</Message></Error>".encode()
    return status, {"Content-Type": "application/xml"}, body
