"""The guard before the S3 server, with an app made for each case."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

import pytest

from encore_local.servers.ministack_process import HEALTH, App, Message, Receive, Send, guard
from encore_provisioner.clients.sigv4 import Credentials, Scope, Unsigned, query_string, sign

KEY = Credentials(access_key_id="encore-local", secret_access_key="right")
HOST = {"host": "127.0.0.1:1"}
PUBLIC = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::open/*",
}


class Recorder:
    """An app with the public bucket ``open``; it notes what reaches it."""

    def __init__(self) -> None:
        self.scopes: list[MutableMapping[str, Any]] = []
        self.bodies: list[bytes] = []

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope.get("query_string") == b"policy":
            found = scope["path"] == "/open"
            await answer(send, 200 if found else 404, json.dumps({"Statement": [PUBLIC]}).encode())
            return
        self.scopes.append(scope)
        self.bodies.append((await receive()).get("body", b""))
        await answer(send, 200, scope["path"].encode())


async def answer(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body})


def run(app: App, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    async def running() -> None:
        await guard(app, KEY)(scope, receive, send)

    asyncio.run(running())


def ask(
    app: App,
    path: str,
    *,
    method: str = "GET",
    query: str = "",
    headers: Mapping[str, str] = HOST,
    parts: tuple[bytes, ...] = (b"",),
) -> tuple[int, bytes]:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    waiting = list(parts)
    sent: list[Message] = []

    async def receive() -> Message:
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    run(app, scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return sent[0]["status"], sent[1]["body"]


def signed(method: str, path: str, service: str, body: bytes = b"") -> dict[str, str]:
    return sign(
        Unsigned(method=method, path=path, headers=HOST, body=body),
        credentials=KEY,
        scope=Scope(region="us-east-1", service=service),
        now=datetime.now(UTC),
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", HEALTH, 200),
        ("GET", "/open/key", 200),
        ("HEAD", "/open/key", 200),
        ("GET", "/open/_ministack/reset", 200),
        ("OPTIONS", "/private/key", 200),
        ("GET", "/private/key", 403),
        ("GET", "/open", 403),
        ("PUT", "/open/key", 403),
        ("DELETE", "/open/key", 403),
        ("POST", "/", 403),
        ("POST", "/_ministack/reset", 403),
        ("OPTIONS", "/_ministack/reset", 403),
        ("GET", "/_ministack/health/../reset", 403),
        ("GET", "/_localstack/x", 403),
        ("GET", "/_aws/x", 403),
    ],
)
def test_without_a_signature(method: str, path: str, status: int) -> None:
    app = Recorder()
    assert ask(app, path, method=method)[0] == status
    assert len(app.scopes) == (1 if status == 200 else 0)


@pytest.mark.parametrize("path", ["/private/key", "/", HEALTH])
def test_with_a_signature(path: str) -> None:
    app = Recorder()
    assert ask(app, path, method="PUT", headers=signed("PUT", path, "s3")) == (200, path.encode())


def test_the_administration_is_closed_to_the_keys_holder_too() -> None:
    path = "/_ministack/reset"
    assert ask(Recorder(), path, method="POST", headers=signed("POST", path, "s3"))[0] == 403


def test_a_body_that_is_signed_is_read_and_handed_on() -> None:
    app, headers = Recorder(), signed("POST", "/", "sqs", b"a body in parts")
    parts = (b"a body", b" in ", b"parts")
    assert ask(app, "/", method="POST", headers=headers, parts=parts)[0] == 200
    assert app.bodies == [b"a body in parts"]
    assert ask(app, "/", method="POST", headers=headers, parts=(b"another",))[0] == 403


def test_a_body_without_end_is_cut_and_refused() -> None:
    app, megabyte = Recorder(), b"\0" * (1 << 20)
    parts = (megabyte,) * 20
    headers = signed("POST", "/", "sqs", b"".join(parts))
    assert ask(app, "/", method="POST", headers=headers, parts=parts)[0] == 403
    assert app.scopes == []


def test_an_unsigned_request_says_nothing_but_its_address() -> None:
    """Else a form in its body, a header or a query could make it one to another service."""
    app = Recorder()
    headers = {
        **HOST,
        "content-type": "application/x-www-form-urlencoded",
        "x-amz-target": "AmazonSQS.PurgeQueue",
        "range": "bytes=0-1",
    }
    query, body = query_string([("Action", "PurgeQueue")]), b"Action=PurgeQueue"
    assert ask(app, "/open/key", query=query, headers=headers, parts=(body,))[0] == 200
    [scope] = app.scopes
    assert scope["query_string"] == b""
    assert scope["headers"] == [(b"host", b"127.0.0.1"), (b"range", b"bytes=0-1")]
    assert app.bodies == [b""]


def test_a_repeated_header_counts_as_a_whole() -> None:
    doubled = {**HOST, "Host": "evil.s3.amazonaws.com"}
    assert ask(Recorder(), "/open/key", headers=doubled)[0] == 403


def test_errors_are_told_as_s3_tells_them() -> None:
    headers = {
        **signed("GET", "/a", "s3"),
        "authorization": "AWS4-HMAC-SHA256 Credential=a<b&/1/2/3/4, SignedHeaders=host, "
        f"Signature={'0' * 64}",
    }
    _, body = ask(Recorder(), "/a", headers=headers)
    assert b"<Code>AccessDenied</Code>" in body
    assert b"There is no access key a&lt;b&amp;." in body


@pytest.mark.parametrize(
    ("kind", "answered"),
    [("lifespan", "lifespan.startup.complete"), ("websocket", "websocket.close")],
)
def test_start_and_end_pass_and_web_sockets_do_not(kind: str, answered: str) -> None:
    sent: list[Message] = []

    async def app(scope: MutableMapping[str, Any], _receive: Receive, send: Send) -> None:
        await send({"type": f"{scope['type']}.startup.complete"})

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        sent.append(message)

    run(app, {"type": kind, "path": "/_ministack/reset"}, receive, send)
    assert [message["type"] for message in sent] == [answered]
