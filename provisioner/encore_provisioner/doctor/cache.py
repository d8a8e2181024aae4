"""The check of one cache cluster: credentials, prefix, a key of our own, eviction policy."""

from __future__ import annotations

from collections.abc import Mapping

from encore_config.graph import Graph
from encore_config.infra import RedisAuth
from encore_provisioner.doctor.cache_door import (
    CacheError,
    CacheFacts,
    CacheLogin,
    CacheSession,
    OpenCache,
    Trouble,
)
from encore_provisioner.doctor.check import CheckError, Finding
from encore_provisioner.doctor.names import reserved_name
from encore_provisioner.doctor.reasons import APPLY, cache_failure
from encore_provisioner.doctor.targets import CacheTarget
from encore_provisioner.doctor.values import resolve

OLDEST = (6, 2)
"""LMOVE, GETDEL and SET KEEPTTL: contract 4.6."""
_KEY_SECONDS = 60


def check_cache(
    target: CacheTarget, environ: Mapping[str, str], graph: Graph | None, open_cache: OpenCache
) -> Finding:
    """Raises ``CheckError``. ``graph`` adds the comparison of the eviction policy."""
    if target.redis.in_memory:
        return Finding(
            detail="in the app's own memory, no server",
            hint="For development only: keys are lost with the process and pruned to 100.",
        )
    login = _login(target, environ)
    session = open_cache(login)
    try:
        return _look(target, session, graph)
    except CacheError as error:
        trouble = _trouble(error, target)
        raise cache_failure(trouble, error.message, where=_where(target)) from error
    finally:
        session.close()


def _trouble(error: CacheError, target: CacheTarget) -> Trouble:
    """A server without TLS waits for more when it is greeted with TLS."""
    tls = target.redis.tls_config
    is_plain = tls is not None and tls.disabled
    return "tls" if error.trouble == "timeout" and not is_plain else error.trouble


def _where(target: CacheTarget) -> str:
    return target.host if target.host.startswith("/") else f"{target.host}:{target.port}"


def _login(target: CacheTarget, environ: Mapping[str, str]) -> CacheLogin:
    """The core trims passwords and takes an empty user for none."""
    auth = target.redis.auth
    if auth is None:
        return CacheLogin(target=target)
    return CacheLogin(
        target=target,
        username=(auth.username or None) if auth.type == "acl" else None,
        password=_password(auth, environ),
    )


def _password(auth: RedisAuth, environ: Mapping[str, str]) -> str:
    field = "password" if auth.type == "acl" else "auth_string"
    value = auth.password if auth.type == "acl" else auth.auth_string
    if value is None or (auth.type == "acl" and auth.username is None):
        raise CheckError(
            f"auth of type {auth.type} lacks {field if value is None else 'username'}: "
            "the app panics at boot",
            hint=APPLY,
        )
    return resolve(value, environ, what=field).strip()


def _look(target: CacheTarget, session: CacheSession, graph: Graph | None) -> Finding:
    facts = session.facts()
    if facts.version < OLDEST:
        raise CheckError(
            f"{facts.server} is too old: the app needs Redis 6.2 or Valkey",
            hint="Upgrade the server.",
        )
    _compare_policy(target.name, facts, graph)
    _try_key(session, f"{target.redis.key_prefix or ''}{reserved_name()}")
    prefix = f", prefix {target.redis.key_prefix}" if target.redis.key_prefix else ""
    detail = f"{facts.server}, index {target.redis.database_index}{prefix}, {facts.policy}"
    return Finding(detail=detail)


def _compare_policy(name: str, facts: CacheFacts, graph: Graph | None) -> None:
    wanted = next(
        (c.eviction_policy for c in (graph.caches if graph else ()) if c.name == name), ""
    )
    if wanted and facts.policy and facts.policy != wanted:
        raise CheckError(
            f"its eviction policy is {facts.policy}, the source declares {wanted}",
            hint="Run `encore-infra apply`, or set maxmemory-policy on the server.",
        )


def _try_key(session: CacheSession, key: str) -> None:
    """The key expires by itself should even the deletion fail."""
    try:
        session.set(key, "1", seconds=_KEY_SECONDS)
        if session.get(key) != "1" or session.take(key) != "1":
            raise CheckError("a key that was written could not be read back")
    finally:
        session.delete(key)
