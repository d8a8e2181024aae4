"""The door to PostgreSQL over pg8000.

In: where a server listens, as whom to come, the one root to trust. Out: an open session in
autocommit. Everything goes over TLS with the server's name checked; there is no switch for it in
any event. Rows come as text, and only where they are asked for: a migration may select anything.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from struct import unpack_from
from typing import Any, Final

from pg8000.core import Context, CoreConnection
from pg8000.exceptions import DatabaseError, InterfaceError
from scramp import ScramException

from encore_aws.function.errors import ConnectError, FunctionError, SqlError
from encore_provisioner.postgres.door import SqlFailure, copy_failure

CONNECT_SECONDS: Final = 10.0
_PAUSE: Final = 1.0
WRONG_PASSWORD: Final = "28P01"
NO_DATABASE: Final = "3D000"
NO_ROLE: Final = ("22023", "42704", "42501")
_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_APPLY: Final = "Run `encore-infra apply`; if it says the same, look at the server in AWS."
_SASL: Final = bytes((0, 0, 0, 10))
_KEEPALIVE: Final = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
ASK_FOR_CLIENT: Final = (
    "SELECT set_config('client_connection_check_interval', '5s', false)"
    " WHERE current_setting('server_version_num')::int >= 140000"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """``acting_as``: a role that the session takes on at once, and goes back to on RESET ROLE."""

    host: str
    port: int
    ca: str
    database: str
    user: str
    password: str = field(repr=False)
    acting_as: str | None = None

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"


def trusting(pem: str) -> ssl.SSLContext:
    """TLS that trusts the first certificate of ``pem`` and no other, as the app does."""
    found = _PEM.search(pem)
    if found is None:
        raise ConnectError(
            "no-certificate",
            "the server's root certificate is missing: what was given is no PEM",
            "Run `encore-infra apply`: it fetches the root that AWS signs the server with.",
        )
    # Not create_default_context: from Python 3.13 on it refuses roots for reasons of form.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cadata=found.group())
    except ssl.SSLError as error:
        raise ConnectError(
            "no-certificate",
            f"the server's root certificate cannot be read: {error.reason}",
            "Run `encore-infra apply`: it fetches the root that AWS signs the server with.",
        ) from error
    return context


class _CopyError(Exception):
    """The server waits for rows of the client, after ``done`` statements."""

    def __init__(self, done: int) -> None:
        super().__init__()
        self.done = done


class _Reply(Context):  # type: ignore[misc]  # pg8000 has no types
    """What comes back for one text. ``done`` counts statements, ``table`` is the last rows."""

    def __init__(self, *, keeps_rows: bool) -> None:
        super().__init__(None)
        self.keeps_rows = keeps_rows
        self.done = 0
        self.table: list[tuple[str | None, ...]] = []


class _Wire(CoreConnection):  # type: ignore[misc]  # pg8000 has no types
    """pg8000's protocol without its conversions: values that it cannot convert end a session."""

    user: bytes
    _usock: Any
    _sock: Any

    def handle_ROW_DESCRIPTION(self, data: bytes, context: Any) -> None:  # noqa: ARG002, N802
        context.table = []

    def handle_DATA_ROW(self, data: bytes, context: Any) -> None:  # noqa: N802
        if context.keeps_rows:
            context.table.append(_row(data))

    def handle_COMMAND_COMPLETE(self, data: bytes, context: Any) -> None:  # noqa: ARG002, N802
        context.done += 1

    def handle_COPY_IN_RESPONSE(self, data: bytes, context: Any) -> None:  # noqa: ARG002, N802
        raise _CopyError(context.done)

    def handle_COPY_OUT_RESPONSE(self, data: bytes, context: Any) -> None:  # noqa: N802
        """What follows goes nowhere. The server waits for nobody, so it cannot be kept from it."""

    def handle_COPY_DATA(self, data: bytes, context: Any) -> None:  # noqa: N802
        pass

    def handle_AUTHENTICATION_REQUEST(self, data: bytes, context: Any) -> None:  # noqa: N802
        """PostgreSQL takes no name from this exchange, and there a name may not hold anything."""
        name, self.user = self.user, b"*" if data[:4] == _SASL else self.user
        try:
            super().handle_AUTHENTICATION_REQUEST(data, context)
        finally:
            self.user = name

    def ask(self, text: str, *, keeps_rows: bool) -> tuple[_Reply, dict[str, str] | None]:
        """Run ``text`` as one implicit transaction; the fields of the error, if there was one."""
        self.send_QUERY(text)
        self._sock.flush()
        return self._replied(_Reply(keeps_rows=keeps_rows))

    def parse(self, text: str) -> dict[str, str] | None:
        """Let the server parse ``text`` as one statement and run nothing."""
        self.send_PARSE(b"\0", text)
        self._send_message(b"S", b"")
        self._sock.flush()
        return self._replied(_Reply(keeps_rows=False))[1]

    def _replied(self, reply: _Reply) -> tuple[_Reply, dict[str, str] | None]:
        try:
            self.handle_messages(reply)
        except DatabaseError as error:
            return reply, error.args[0]
        return reply, None

    @property
    def pid(self) -> int:
        (found,) = unpack_from("!i", self._backend_key_data)
        return int(found)

    def settle(self) -> None:
        """Wait as long as it takes, but notice within a minute that the server is gone."""
        self._usock.settimeout(None)
        for name, value in _KEEPALIVE:
            option = getattr(socket, name, None)
            if option is not None:
                self._usock.setsockopt(socket.IPPROTO_TCP, option, value)

    @property
    def tls(self) -> str | None:
        """The version of TLS, such as ``TLSv1.3``."""
        return self._usock.version() if isinstance(self._usock, ssl.SSLSocket) else None

    def hang_up(self) -> None:
        """Close without a word, so that the server rolls back what it does."""
        if self._usock is not None:
            with contextlib.suppress(OSError):
                self._usock.shutdown(socket.SHUT_RDWR)
            self._usock.close()
            self._usock = self._sock = None


def _row(data: bytes) -> tuple[str | None, ...]:
    (count,) = unpack_from("!H", data)
    found: list[str | None] = []
    offset = 2
    for _ in range(count):
        (length,) = unpack_from("!i", data, offset)
        offset += 4
        found.append(None if length < 0 else data[offset : offset + length].decode())
        offset += max(length, 0)
    return tuple(found)


class Postgres:
    """The :class:`~encore_provisioner.postgres.door.Session` of a server in AWS.

    Whatever breaks the connection raises :class:`FunctionError` (``connection-lost``).
    """

    def __init__(self, wire: _Wire, where: str) -> None:
        self._wire: _Wire | None = wire
        self._where = where

    @property
    def closed(self) -> bool:
        return self._wire is None

    @property
    def pid(self) -> int:
        return self._open().pid

    @property
    def tls(self) -> str | None:
        return self._open().tls

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """All values are text. Raises :class:`SqlError`."""
        with self._guarded() as wire:
            reply, error = wire.ask(text, keeps_rows=True)
        if error is not None:
            detail = f" ({error['D']})" if error.get("D") else ""
            raise SqlError(
                f"PostgreSQL says: {error.get('M', '')}{detail}", state=error.get("C", "")
            )
        return list(reply.table)

    def check_syntax(self, text: str) -> SqlFailure | None:
        with self._guarded() as wire:
            error = wire.parse(text)
        failure = _failure(error, 0) if error else None
        return failure if failure and failure.position is not None else None

    def run_text(self, text: str) -> SqlFailure | None:
        try:
            with self._guarded() as wire:
                reply, error = wire.ask(text, keeps_rows=False)
        except _CopyError as copy:
            return copy_failure(copy.done)
        return _failure(error, reply.done) if error else None

    def close(self) -> None:
        """Safe at any time."""
        wire, self._wire = self._wire, None
        if wire is not None:
            with contextlib.suppress(InterfaceError, OSError):
                wire.close()

    def _open(self) -> _Wire:
        if self._wire is None:
            raise _lost(self._where)
        return self._wire

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[_Wire]:
        """What leaves the conversation half spoken ends it."""
        wire = self._open()
        try:
            yield wire
        except BaseException as error:
            self._wire = None
            wire.hang_up()
            if isinstance(error, InterfaceError | OSError | ValueError | AttributeError):
                raise _lost(self._where) from error
            raise


def _failure(error: dict[str, str], done: int) -> SqlFailure:
    position = error.get("P", "")
    return SqlFailure(
        message=error.get("M", ""),
        state=error.get("C", ""),
        position=int(position) if position.isdigit() else None,
        done=done,
        detail=error.get("D", ""),
        hint=error.get("H", ""),
        context=error.get("W", ""),
    )


def _lost(where: str) -> FunctionError:
    return FunctionError(
        "connection-lost",
        f"the connection to {where} broke, so nobody knows whether its last statement was done",
        "Apply again: what was done is found, and the rest is done.",
    )


def connect(login: Login, *, tls: Callable[[str], ssl.SSLContext | bool] = trusting) -> Postgres:
    """Raises :class:`ConnectError`. ``tls`` is for tests, whose server has none."""
    context = tls(login.ca)
    role = {"role": login.acting_as} if login.acting_as else {}
    try:
        wire = _Wire(
            login.user,
            host=login.host,
            port=login.port,
            database=login.database,
            password=login.password,
            ssl_context=context,
            timeout=CONNECT_SECONDS,
            application_name="encore-infra",
            startup_params={"client_encoding": "UTF8", **role},
        )
    except (DatabaseError, InterfaceError, OSError, ScramException) as error:
        raise _refused(login, error) from None
    wire.settle()
    session = Postgres(wire, login.where)
    # A function that ends in the middle must not keep its locks: the server then looks after it.
    session.rows(ASK_FOR_CLIENT)
    return session


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it hides: pg8000 says "network error" of a server that hung up on us."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _refused(login: Login, error: BaseException) -> ConnectError:
    for one in _chain(error):
        if isinstance(one, DatabaseError):
            return _denied(login, one.args[0])
        if isinstance(one, ScramException):
            return ConnectError(
                "postgres-refused",
                f"the password of {login.user} cannot be used for {login.where}: it holds "
                "characters that PostgreSQL's login does not know",
                "Give the role another password, and put that into the secret.",
            )
        if isinstance(one, ssl.SSLError):
            reason = getattr(one, "verify_message", "") or one
            return ConnectError(
                "not-trusted",
                f"the TLS certificate of {login.where} is not trusted: {reason}",
                "Run `encore-infra apply`: it fetches the root that signs the server now.",
            )
    return unreachable(login.where, error)


def unreachable(where: str, error: BaseException) -> ConnectError:
    """No conversation began."""
    for one in _chain(error):
        if isinstance(one, TimeoutError):
            return ConnectError(
                "unreachable",
                f"no answer from {where} in {CONNECT_SECONDS:.0f} s: nothing listens, or a "
                "security group or a route is missing",
                _APPLY,
            )
        if isinstance(one, socket.gaierror):
            return ConnectError("unreachable", f"the name in {where} cannot be resolved", _APPLY)
        if isinstance(one, ConnectionRefusedError):
            return ConnectError("unreachable", f"{where} refuses connections", _APPLY)
    return ConnectError("unreachable", f"no conversation with {where}: {error}", _APPLY)


def _denied(login: Login, told: dict[str, str]) -> ConnectError:
    state = told.get("C", "")
    message = (
        f"PostgreSQL on {login.where} does not let {login.user} into the database "
        f"{login.database}: {told.get('M', '')}"
    )
    return ConnectError("postgres-refused", message, _APPLY, state=state)


@contextlib.contextmanager
def limited(
    session: Postgres, seconds: float, another: Callable[[], Postgres]
) -> Iterator[threading.Event]:
    """Cancel all that ``session`` does once ``seconds`` are over; the event says that they are.

    ``statement_timeout`` is not enough: it counts for each statement of a text, and a text can
    change it. ``another`` opens a second session as the same user, who may cancel the first.
    """
    pid, over, done = session.pid, threading.Event(), threading.Event()

    def watch() -> None:
        wait = max(seconds, 0.0)
        # Again and again: at that moment the session may be between two texts.
        while not done.wait(wait):
            over.set()
            wait = _PAUSE
            with contextlib.suppress(FunctionError), contextlib.closing(another()) as other:
                other.rows(f"SELECT pg_cancel_backend({pid})::int")

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield over
    finally:
        done.set()
        thread.join()
