"""The process that serves S3, SNS and SQS: ``ministack``'s ASGI app behind a guard.

Run as ``python -I -m encore_local.servers.ministack_process``; ``aws.environment`` says with which
variables. The guard closes two ways in which the app could lose objects:

- ``POST /_ministack/reset`` deletes all objects, for anybody, so also for a web page that the
  developer has open. All paths of its administration are refused, but not its health.
- An object that cannot be written to disk (full, read-only) is kept in memory, answered with
  200, and gone with the process. The app only logs it; the guard answers 503 instead.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import resource
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

HEALTH = "/_ministack/health"
_CLOSED = ("/_ministack", "/_localstack", "/_aws")
# How the app says, in its log alone, that the disk does not hold what it answered.
_LOST = ("Failed to persist", "Failed to delete persisted")

_losses: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("losses", default=None)


class LossHandler(logging.Handler):
    """Notes, for the request that is being answered, what could not be written to disk."""

    def emit(self, record: logging.LogRecord) -> None:
        losses = _losses.get()
        message = record.getMessage()
        if losses is not None and message.startswith(_LOST):
            losses.append(message)


def guard(app: App) -> App:
    """``app`` without its administration, and honest about what it could not write."""

    async def guarded(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif scope["path"] != HEALTH and scope["path"].startswith(_CLOSED):
            await _answer(send, 403, "AccessDenied", "The server's administration is closed.")
        else:
            # A list, so that tasks and threads of this request, which get copies of the
            # context, still note their losses in the same place.
            losses: list[str] = []
            _losses.set(losses)
            await app(scope, receive, _honest(send, losses))

    return guarded


def _honest(send: Send, losses: list[str]) -> Send:
    answered = False

    async def sending(message: Message) -> None:
        nonlocal answered
        if message["type"] == "http.response.start" and losses:
            answered = True
            reason = f"The disk did not take it: {losses[0]}"
            await _answer(send, 503, "ServiceUnavailable", reason)
        elif not answered:
            await send(message)

    return sending


async def _answer(send: Send, status: int, code: str, text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    body = f"<Error><Code>{code}</Code><Message>{escaped}</Message></Error>".encode()
    headers = [(b"content-type", b"application/xml"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    logging.getLogger().addHandler(LossHandler())
    _allow_many_connections()
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.loglevel = os.environ["LOG_LEVEL"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1.0
    asyncio.run(serve(guard(app), config))  # type: ignore[arg-type]  # its types are narrower


def _allow_many_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    main()
