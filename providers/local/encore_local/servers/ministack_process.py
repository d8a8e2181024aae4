"""The process that serves S3, SNS and SQS: ``ministack``'s ASGI app behind a guard.

Run as ``python -I -m encore_local.servers.ministack_process``; ``aws.environment`` says with which
variables. It adds what the app lacks:

- The app asks nobody who they are. A request must be signed with the environment's secret key,
  or read one object of a public bucket; ``access`` decides. An unsigned request is passed on
  without anything that could make the app take it for another one.
- ``POST /_ministack/reset`` deletes all objects, and there are web sockets for other services.
  Its administration is closed, but not its health; and so is all that is not HTTP.
- Its own way to keep objects loses some: ``ministack_s3`` keeps them.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from encore_local.servers import ministack_s3
from encore_local.servers.access import (
    Head,
    lets_everyone_read,
    needs_body,
    public_object,
    refusal,
)
from encore_local.servers.stored_objects import Memory, StoredObjects
from encore_provisioner.clients.sigv4 import Credentials

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH = "/_ministack/health"
# The variable that names the folder of the objects.
OBJECTS = "ENCORE_INFRA_OBJECTS"
_CLOSED = ("/_ministack", "/_localstack", "/_aws")
# Only requests to SNS and SQS are read before they are admitted; theirs are far smaller.
_LONGEST_BODY = 8 << 20
# What a request without a signature may say beside its address.
_HARMLESS = frozenset(
    b"accept accept-encoding access-control-request-headers access-control-request-method "
    b"if-match if-modified-since if-none-match if-range if-unmodified-since origin range "
    b"user-agent".split()
)


def guard(app: App, credentials: Credentials) -> App:
    """``app`` for holders of the key and readers of public objects, without administration."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["path"] == HEALTH:
            await app(_unsigned(scope), _nothing, send)
        elif scope["path"].startswith(_CLOSED):
            await _refuse(send, "The server's administration is closed.")
        elif scope["method"] == "OPTIONS":
            # A browser's question about CORS, which is never signed.
            await app(_unsigned(scope), _nothing, send)
        else:
            await _admit(app, credentials, scope, receive, send)

    return guarded


async def _admit(
    app: App, credentials: Credentials, scope: Scope, receive: Receive, send: Send
) -> None:
    head = _head(scope)
    if not head.is_signed:
        if await _is_public(app, scope, head):
            await app(_unsigned(scope), _nothing, send)
        else:
            await _refuse(send, "The request is not signed, and no public object is asked for.")
        return
    hashed = None
    if needs_body(head):
        body = await _body(receive)
        receive = _replay(body, receive)
        hashed = hashlib.sha256(body).hexdigest()
    reason = refusal(head, credentials=credentials, body_hash=hashed, now=datetime.now(UTC))
    if reason is None:
        await app(scope, receive, send)
    else:
        await _refuse(send, reason)


def _head(scope: Scope) -> Head:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), _text(value)
        # Repeated ones count together, for the app too.
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return Head(
        method=scope["method"],
        path=scope["raw_path"].decode("ascii", "replace"),
        query=scope["query_string"].decode("ascii", "replace"),
        headers=headers,
    )


def _text(value: bytes) -> str:
    # Metadata of objects may stand in headers as UTF-8; whoever signed it hashed these bytes.
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _unsigned(scope: Scope) -> Scope:
    """The same address, without query, and without headers and body that could mean more."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() in _HARMLESS]
    return {**scope, "query_string": b"", "headers": [(b"host", b"127.0.0.1"), *headers]}


async def _body(receive: Receive) -> bytes:
    """The whole body; one over the limit is cut, and so fits no signature."""
    parts, size = [], 0
    while size <= _LONGEST_BODY:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body"):
            break
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return waiting.pop() if waiting else await receive()

    return receiving


async def _is_public(app: App, scope: Scope, head: Head) -> bool:
    """Whether the bucket's policy, asked of the app itself, lets everyone read the object."""
    asked = public_object(head)
    if asked is None:
        return False
    question = {
        **_unsigned(scope),
        "method": "GET",
        "path": f"/{asked[0]}",
        "raw_path": f"/{quote(asked[0])}".encode(),
        "query_string": b"policy",
    }
    answered: list[Message] = []

    async def keep(message: Message) -> None:
        answered.append(message)

    await app(question, _nothing, keep)
    body = b"".join(m.get("body", b"") for m in answered if m["type"] == "http.response.body")
    status = next((m["status"] for m in answered if m["type"] == "http.response.start"), 0)
    return status == 200 and lets_everyone_read(body, *asked)


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _refuse(send: Send, reason: str) -> None:
    status, _, body = ministack_s3.error(403, "AccessDenied", reason)
    headers = [(b"content-type", b"application/xml"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app
    from ministack.services import s3

    _allow_many_connections()
    memory = Memory(
        buckets=s3._buckets,
        versions=s3._object_versions,
        tags=s3._object_tags,
        acls=s3._object_acl,
    )
    objects = StoredObjects(Path(os.environ[OBJECTS]), memory)
    objects.load()
    s3.handle_request = ministack_s3.lasting(s3.handle_request, objects)
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.loglevel = os.environ["LOG_LEVEL"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1.0
    credentials = Credentials(
        access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    )
    asyncio.run(serve(guard(app, credentials), config))  # type: ignore[arg-type]  # its types are narrower


def _allow_many_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    main()
