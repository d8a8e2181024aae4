"""The door to one Redis or Valkey server, opened as the core opens it.

TLS is on unless it is disabled; a ``ca`` replaces the system's roots; the host name is always
verified, whatever the flag says, and a client certificate is never sent (runtime binding
contract, 4.6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from encore_config.infra import TLSConfig
from encore_provisioner.doctor.targets import CacheTarget

if TYPE_CHECKING:
    import redis

CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheLogin:
    """``username`` is None for password-only authentication."""

    target: CacheTarget
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFacts:
    """``version`` is that of the Redis commands it speaks; ``policy`` is empty if not told."""

    server: str
    version: tuple[int, ...]
    policy: str


Trouble = Literal["refused", "credentials", "timeout", "tls", "full", "other"]


class CacheError(Exception):
    """What the driver or the server said, and what kind of trouble it is."""

    def __init__(self, trouble: Trouble, message: str) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.message = message


class CacheSession(Protocol):
    """An open connection; every method but ``close`` may raise :class:`CacheError`."""

    def facts(self) -> CacheFacts: ...

    def set(self, key: str, value: str, *, seconds: int) -> None: ...

    def get(self, key: str) -> str | None: ...

    def take(self, key: str) -> str | None:
        """Read and delete (GETDEL, which the core uses)."""
        ...

    def delete(self, key: str) -> None: ...

    def close(self) -> None: ...


OpenCache = Callable[[CacheLogin], CacheSession]


class RedisSession:
    """The real :class:`CacheSession`."""

    def __init__(self, client: redis.Redis) -> None:
        # redis-py leaves execute_command untyped.
        self._client: Any = client

    def facts(self) -> CacheFacts:
        info: dict[str, Any] = {}
        for section in ("server", "memory"):
            info |= self._call("INFO", section)
        version = str(info.get("redis_version", ""))
        valkey = info.get("valkey_version")
        return CacheFacts(
            server=f"Valkey {valkey}" if valkey else f"Redis {version}",
            version=tuple(int(part) for part in version.split(".") if part.isdigit()),
            policy=str(info.get("maxmemory_policy", "")),
        )

    def set(self, key: str, value: str, *, seconds: int) -> None:
        self._call("SET", key, value, "EX", seconds)

    def get(self, key: str) -> str | None:
        return _text(self._call("GET", key))

    def take(self, key: str) -> str | None:
        return _text(self._call("GETDEL", key))

    def delete(self, key: str) -> None:
        self._call("DEL", key)

    def close(self) -> None:
        self._client.close()

    def _call(self, *command: str | int) -> Any:
        import redis

        try:
            return self._client.execute_command(*command)
        except redis.RedisError as error:
            raise CacheError(_trouble(error), str(error)) from error


def _trouble(error: redis.RedisError) -> Trouble:
    """redis-py has no class of its own for a refused connection or for TLS."""
    from redis import exceptions

    message = str(error)
    if isinstance(error, exceptions.AuthenticationError | exceptions.NoPermissionError):
        return "credentials"
    if message.startswith("NOAUTH"):
        return "credentials"
    if isinstance(error, exceptions.TimeoutError):
        return "timeout"
    if isinstance(error, exceptions.OutOfMemoryError):
        return "full"
    if "SSL" in message or "certificate" in message.lower():
        return "tls"
    return "refused" if "refused" in message else "other"


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def open_cache(login: CacheLogin) -> CacheSession:
    """Connects at the first call; which may raise ``CacheError``."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    target = login.target
    place: dict[str, Any] = {"host": target.host, "port": target.port}
    if target.host.startswith("/"):
        place = {"unix_socket_path": target.host}
    client = redis.Redis(
        **place,
        **tls_arguments(target.redis.tls_config),
        db=target.redis.database_index,
        username=login.username,
        password=login.password,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=CONNECT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        client_name="encore-infra-doctor",
    )
    return RedisSession(client)


def tls_arguments(tls: TLSConfig | None) -> dict[str, Any]:
    """redis-py's arguments for what the core does with these settings."""
    if tls is not None and tls.disabled:
        return {}
    if tls is not None and tls.disable_ca_validation:
        return {"ssl": True, "ssl_cert_reqs": "none", "ssl_check_hostname": False}
    roots = {"ssl_ca_data": tls.ca} if tls is not None and tls.ca else {}
    return {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True, **roots}
