"""The guard before the S3 server, with an app made for each case."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest

from encore_local.servers.ministack_process import (
    HEALTH,
    App,
    LossHandler,
    Message,
    Receive,
    Send,
    guard,
)

Scope = MutableMapping[str, Any]
LOGGER = logging.getLogger("made-up-app")


async def fine(scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


async def lossy(scope: Scope, _receive: Receive, send: Send) -> None:
    await asyncio.to_thread(LOGGER.warning, "Failed to persist S3 object %s", "a<b>&")
    await fine(scope, _receive, send)


async def grumbling(scope: Scope, _receive: Receive, send: Send) -> None:
    LOGGER.warning("Something else")
    await fine(scope, _receive, send)


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    added = LossHandler()
    logging.getLogger().addHandler(added)
    yield
    logging.getLogger().removeHandler(added)


async def _no_body() -> Message:
    return {"type": "http.request", "body": b""}


async def ask(app: App, path: str, *, kind: str = "http") -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await guard(app)({"type": kind, "path": path}, _no_body, send)
    return sent


@pytest.mark.parametrize(
    ("app", "path", "status"),
    [
        (fine, "/bucket/key", 200),
        (fine, "/bucket/_ministack/reset", 200),
        (fine, HEALTH, 200),
        (fine, "/_ministack/reset", 403),
        (fine, "/_ministack/health/../reset", 403),
        (fine, "/_localstack/x", 403),
        (fine, "/_aws/x", 403),
        (grumbling, "/bucket/key", 200),
        (lossy, "/bucket/key", 503),
    ],
)
def test_answers(app: App, path: str, status: int) -> None:
    sent = asyncio.run(ask(app, path))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == status
    length = dict(sent[0]["headers"]).get(b"content-length", str(len(path)).encode())
    assert int(length) == len(sent[1]["body"])


def test_what_the_disk_refused_is_told_as_s3_tells_errors() -> None:
    body = asyncio.run(ask(lossy, "/bucket/key"))[1]["body"].decode()
    assert "<Code>ServiceUnavailable</Code>" in body
    assert "Failed to persist S3 object a&lt;b>&amp;" in body


def test_one_requests_loss_is_not_anothers() -> None:
    async def both() -> tuple[list[Message], list[Message]]:
        one, other = await asyncio.gather(ask(lossy, "/a"), ask(fine, "/b"))
        return one, other

    one, other = asyncio.run(both())
    assert (one[0]["status"], other[0]["status"]) == (503, 200)


def test_start_and_end_of_the_app_pass_through() -> None:
    async def lifespan(scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": f"{scope['type']}.startup.complete"})

    sent = asyncio.run(ask(lifespan, "/_ministack/reset", kind="lifespan"))
    assert sent == [{"type": "lifespan.startup.complete"}]
