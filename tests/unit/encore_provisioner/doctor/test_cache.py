"""A cache's check on a server in memory: login, version, policy, and that the key goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from encore_config.infra import ClientCert, EnvRef, Redis, RedisAuth, TLSConfig
from encore_provisioner.doctor.cache import check_cache
from encore_provisioner.doctor.cache_door import (
    CacheError,
    CacheFacts,
    CacheLogin,
    tls_arguments,
)
from encore_provisioner.doctor.check import CheckError, Finding
from encore_provisioner.doctor.targets import CacheTarget

PLAIN = TLSConfig(disabled=True)
FACTS = CacheFacts(server="Valkey 9.1.2", version=(7, 2, 4), policy="allkeys-lru")


@dataclass
class FakeCache:
    """``lost``: keys are written and gone. ``fails``: the call that raises, and how."""

    facts_given: CacheFacts = FACTS
    keys: dict[str, str] = field(default_factory=dict)
    written: list[tuple[str, int]] = field(default_factory=list)
    lost: bool = False
    fails: tuple[str, CacheError] | None = None
    closed: bool = False
    logins: list[CacheLogin] = field(default_factory=list)

    def __call__(self, login: CacheLogin) -> FakeCache:
        self.logins.append(login)
        return self

    def _called(self, name: str) -> None:
        if self.fails and self.fails[0] == name:
            raise self.fails[1]

    def facts(self) -> CacheFacts:
        self._called("facts")
        return self.facts_given

    def set(self, key: str, value: str, *, seconds: int) -> None:
        self.written.append((key, seconds))
        if not self.lost:
            self.keys[key] = value
        self._called("set")

    def get(self, key: str) -> str | None:
        self._called("get")
        return self.keys.get(key)

    def take(self, key: str) -> str | None:
        self._called("take")
        return self.keys.pop(key, None)

    def delete(self, key: str) -> None:
        self.keys.pop(key, None)

    def close(self) -> None:
        self.closed = True


def target(**changed: Any) -> CacheTarget:
    fields: dict[str, Any] = {"tls_config": PLAIN, "in_memory": False, **changed}
    redis = Redis(host="h:1", database_index=3, **fields)
    return CacheTarget(name="sessions", redis=redis, host="h", port=1)


def check(cache: FakeCache, **changed: Any) -> Finding:
    return check_cache(target(**changed), {"P": " hush\n"}, None, cache)


def test_in_order() -> None:
    cache = FakeCache(keys={"theirs": "1"})
    finding = check(cache, key_prefix="shop/")
    assert finding.detail == "Valkey 9.1.2, index 3, prefix shop/, allkeys-lru"
    [(key, seconds)] = cache.written
    assert key.startswith("shop/encore-doctor-")
    assert seconds > 0
    assert (cache.keys, cache.closed) == ({"theirs": "1"}, True)


@pytest.mark.parametrize("call", ["set", "get", "take"])
def test_whatever_fails_the_key_goes(call: str) -> None:
    cache = FakeCache(fails=(call, CacheError("other", "odd")))
    with pytest.raises(CheckError, match="h:1: odd"):
        check(cache)
    assert (cache.keys, cache.closed) == ({}, True)


def test_a_key_that_is_lost() -> None:
    with pytest.raises(CheckError, match="could not be read back"):
        check(FakeCache(lost=True))


@pytest.mark.parametrize(("version", "old"), [((6, 0, 9), True), ((6, 2), False), ((5,), True)])
def test_old_servers(version: tuple[int, ...], old: bool) -> None:
    cache = FakeCache(facts_given=CacheFacts(server="Redis x", version=version, policy=""))
    if not old:
        assert check(cache)
        return
    with pytest.raises(CheckError, match="too old"):
        check(cache)


LOGINS = {
    "none": (None, None, None),
    "a password": (RedisAuth(type="auth_string", auth_string=EnvRef(env="P")), None, "hush"),
    "a user": (RedisAuth(type="acl", username="u", password=EnvRef(env="P")), "u", "hush"),
    "an empty user": (RedisAuth(type="acl", username="", password="p"), None, "p"),
    "an unknown type": (RedisAuth(type="x", auth_string="p"), None, "p"),
}


@pytest.mark.parametrize(("auth", "user", "password"), LOGINS.values(), ids=LOGINS.keys())
def test_logins_as_the_core_does(
    auth: RedisAuth | None, user: str | None, password: str | None
) -> None:
    cache = FakeCache()
    check(cache, auth=auth)
    [login] = cache.logins
    assert (login.username, login.password) == (user, password)
    assert "hush" not in repr(login)


HALF = {
    "no auth_string": RedisAuth(type="auth_string"),
    "no password": RedisAuth(type="acl", username="u"),
    "no user": RedisAuth(type="acl", password="p"),
}


@pytest.mark.parametrize("auth", HALF.values(), ids=HALF.keys())
def test_half_a_login(auth: RedisAuth) -> None:
    with pytest.raises(CheckError, match="the app panics at boot"):
        check(FakeCache(), auth=auth)


@pytest.mark.parametrize(("tls", "said"), [(PLAIN, "no answer"), (TLSConfig(), "no TLS")])
def test_a_server_without_tls_just_waits(tls: TLSConfig, said: str) -> None:
    with pytest.raises(CheckError, match=said):
        check(FakeCache(fails=("facts", CacheError("timeout", "t"))), tls_config=tls)


def test_in_memory_needs_no_server() -> None:
    cache = FakeCache()
    assert "own memory" in check(cache, in_memory=True).detail
    assert cache.logins == []


VERIFIED = {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True}
TLS = {
    "disabled": (PLAIN, {}),
    "absent": (None, VERIFIED),
    "empty": (TLSConfig(), VERIFIED),
    "a ca": (TLSConfig(ca="pem"), {**VERIFIED, "ssl_ca_data": "pem"}),
    "any host has no effect": (TLSConfig(disable_tls_hostname_verification=True), VERIFIED),
    "a client certificate has no effect": (
        TLSConfig(client_cert=ClientCert(cert="c", key="k")),
        VERIFIED,
    ),
    "any certificate": (
        TLSConfig(ca="pem", disable_ca_validation=True),
        {"ssl": True, "ssl_cert_reqs": "none", "ssl_check_hostname": False},
    ),
}


@pytest.mark.parametrize(("tls", "arguments"), TLS.values(), ids=TLS.keys())
def test_tls_as_the_core_does(tls: TLSConfig | None, arguments: dict[str, Any]) -> None:
    assert tls_arguments(tls) == arguments
