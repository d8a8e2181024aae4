"""The door to a cache: TLS, login, a key of our own that goes again. A few lines of RESP.

In: where it listens, as whom to come. Out: what was seen. The app's user may send what the core
sends and no more (``cache_access``); the commands here are among those.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BufferedRWPair
from typing import Final

from encore_aws.function.errors import ConnectError
from encore_aws.function.postgres import CONNECT_SECONDS, trusting, unreachable

_KEY: Final = "encore-doctor"
_KEY_SECONDS: Final = 60
_LONGEST: Final = 65_536
_APPLY: Final = "Run `encore-infra apply`; if it says the same, look at the cache in AWS."


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheLogin:
    """``ca`` is missing where the system's roots are meant."""

    host: str
    port: int
    ca: str | None
    username: str | None
    password: str | None = field(repr=False)

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"


def secured(ca: str | None) -> ssl.SSLContext:
    """TLS with the server's name checked, as the core has it."""
    return ssl.create_default_context() if ca is None else trusting(ca)


def look(
    login: CacheLogin,
    *,
    tls: Callable[[str | None], ssl.SSLContext] = secured,
) -> str:
    """Log in, ping, write a key and take it away again; in words what was seen.

    Raises :class:`ConnectError`.
    """
    context = tls(login.ca)
    try:
        with (
            socket.create_connection((login.host, login.port), CONNECT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=login.host) as secure,
            secure.makefile("rwb") as stream,
        ):
            _converse(stream, login)
            return f"{secure.version()}, user {login.username or 'default'}"
    except ssl.SSLCertVerificationError as error:
        raise ConnectError(
            "not-trusted",
            f"the TLS certificate of {login.where} is not trusted: {error.verify_message}",
            _APPLY,
        ) from error
    except ssl.SSLError as error:
        raise ConnectError("no-tls", f"{login.where} speaks no TLS: {error}", _APPLY) from (error)
    except (OSError, EOFError) as error:
        raise unreachable(login.where, error) from error


def _converse(stream: BufferedRWPair, login: CacheLogin) -> None:
    if login.password is not None:
        user = () if login.username is None else (login.username,)
        _ask(stream, login, "AUTH", *user, login.password)
    _expect(_ask(stream, login, "PING"), "PONG", login)
    _expect(_ask(stream, login, "SET", _KEY, "1", "EX", str(_KEY_SECONDS)), "OK", login)
    # Another doctor may have taken it, so what comes is not looked at.
    with contextlib.suppress(EOFError):
        _ask(stream, login, "GETDEL", _KEY)


def _expect(found: str | None, wanted: str, login: CacheLogin) -> None:
    if found != wanted:
        raise ConnectError("odd-answer", f"{login.where} answers {found!r}", _APPLY)


def _ask(stream: BufferedRWPair, login: CacheLogin, *words: str) -> str | None:
    """One command and its answer. The words are in no message: they may be a password."""
    encoded = [word.encode() for word in words]
    parts = [b"*%d\r\n" % len(encoded), *(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded)]
    stream.write(b"".join(parts))
    stream.flush()
    line = stream.readline(_LONGEST)
    if not line.endswith(b"\r\n"):
        raise EOFError("it hung up")
    kind, text = line[:1], line[1:-2].decode(errors="replace")
    if kind == b"-":
        raise ConnectError(
            "cache-refused", f"{login.where} refuses {words[0]}: {text}", _hint(text)
        )
    if kind != b"$":
        return text
    size = int(text)
    return None if size < 0 else stream.read(size + 2)[:-2].decode(errors="replace")


def _hint(text: str) -> str:
    if text.startswith(("WRONGPASS", "NOAUTH", "ERR invalid password")):
        return (
            "The password in Secrets Manager is not that of the cache's user. Run `encore-infra "
            "apply` to set it again."
        )
    if text.startswith("OOM"):
        return "Its memory is full and its eviction policy frees none."
    return _APPLY
