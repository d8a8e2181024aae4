"""What the function says of databases and caches, as the app reaches them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
from tests.functional.aws.function.conftest import Inside
from tests.support.servers import make_place
from tests.support.tls_front import Authority, make_authority, tls_front

from encore_aws.cache_access import access_string
from encore_aws.function import cache
from encore_aws.function.documents import Check, Checked, CheckedCache, CheckedDatabase, Doctor
from encore_local.secrets import cache_key

USER, PASSWORD = "shop-production-sessions", "p" * 64


@dataclass(frozen=True, kw_only=True)
class Valkey:
    authority: Authority
    port: int
    plain_port: int
    admin: Any


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A real server behind TLS, with the user that the program makes."""
    folder = tmp_path_factory.mktemp("valkey")
    place = make_place(folder)
    place.cache.start()
    try:
        admin: Any = redis.Redis(
            port=place.cache.port, password=place.secrets.generated(cache_key("main"))
        )
        with admin:
            rights = access_string(names_clients=True).split()
            admin.execute_command("ACL", "SETUSER", USER, f">{PASSWORD}", *rights)
            authority = make_authority(folder / "tls")
            with tls_front(place.cache.port, authority, postgres=False) as port:
                yield Valkey(
                    authority=authority, port=port, plain_port=place.cache.port, admin=admin
                )
    finally:
        place.cache.remove()


def asked_cache(inside: Inside, valkey: Valkey, password: str = PASSWORD) -> CheckedCache:
    place = inside.place("sessions")
    inside.secrets.put_secret_value(SecretId=place, SecretString=password)
    return CheckedCache(
        name="sessions",
        host="localhost",
        port=valkey.port,
        username=USER,
        password=place,
        ca=valkey.authority.pem,
    )


def asked_database(inside: Inside) -> CheckedDatabase:
    wanted = inside.wanted()
    return CheckedDatabase(
        name="orders",
        host=inside.server.host,
        port=inside.server.port,
        ca=inside.server.ca,
        database=wanted.database,
        role=wanted.role,
        password=wanted.password.secret,
    )


def check(inside: Inside, one: CheckedDatabase | CheckedCache) -> Check:
    request = (
        Doctor(databases=(one,)) if isinstance(one, CheckedDatabase) else Doctor(caches=(one,))
    )
    (found,) = inside.ask(request, Checked).checks
    return found


def test_a_database_that_works(ready: Inside) -> None:
    found = check(ready, asked_database(ready))
    assert found.ok
    assert found.detail.startswith("PostgreSQL 18")
    assert "TLSv1.3, no migrations" in found.detail
    ready.migrate({"1_a.up.sql": "CREATE TABLE a (id int);", "7_b.up.sql": "SELECT 1;"})
    assert check(ready, asked_database(ready)).detail.endswith("migrated to 7")
    tables = "SELECT count(*) FROM pg_class WHERE relname = 'encore_doctor'"
    assert ready.sql(tables) == [(0,)]


def test_a_database_with_another_password(ready: Inside) -> None:
    place = ready.place("orders")
    ready.secrets.put_secret_value(SecretId=place, SecretString="not-that-one")
    found = check(ready, asked_database(ready))
    assert not found.ok
    assert "password authentication failed" in (found.reason or "")
    assert "not-that-one" not in str(found)
    ready.prepare()
    assert check(ready, asked_database(ready)).ok


@pytest.mark.parametrize("password", ["\u0007bell", "🛒 ü\u00a0", "a\u00ad", "\u2168"])
def test_any_password_of_ones_own_is_used_as_it_is(inside: Inside, password: str) -> None:
    """Where the rules of SCRAM forbid one, that is said."""
    inside.secrets.put_secret_value(SecretId=inside.place("orders"), SecretString=password)
    found = inside.prepare()
    if found.error is not None:
        assert found.error.code == "postgres-refused"
        assert "characters" in found.error.message
        assert password not in str(found)


def test_a_dirty_database(ready: Inside) -> None:
    ready.migrate({"1_a.up.sql": "SELECT 1;"})
    ready.sql("UPDATE schema_migrations SET dirty = true")
    assert "version 1 is marked dirty" in (check(ready, asked_database(ready)).reason or "")


def test_one_that_fails_ends_no_other(ready: Inside) -> None:
    good = asked_database(ready)
    bad = replace(good, name="bad", database="nowhere")
    empty = replace(good, name="empty", password=ready.place("empty"))
    found = ready.ask(Doctor(databases=(bad, empty, good)), Checked)
    assert [(one.name, one.ok) for one in found.checks] == [
        ("bad", False),
        ("empty", False),
        ("orders", True),
    ]
    assert 'database "nowhere" does not exist' in (found.checks[0].reason or "")
    assert "has no value yet" in (found.checks[1].reason or "")


def test_a_cache_that_works(inside: Inside, valkey: Valkey) -> None:
    found = check(inside, asked_cache(inside, valkey))
    assert found.ok, found
    assert found.detail == f"TLSv1.3, user {USER}"
    assert valkey.admin.dbsize() == 0


def test_a_cache_with_another_password(inside: Inside, valkey: Valkey) -> None:
    found = check(inside, asked_cache(inside, valkey, "wrong-password"))
    assert "WRONGPASS" in (found.reason or "")
    assert "wrong-password" not in str(found)


def test_a_cache_whose_user_may_not_write(inside: Inside, valkey: Valkey) -> None:
    valkey.admin.execute_command("ACL", "SETUSER", USER, "-set")
    found = check(inside, asked_cache(inside, valkey))
    valkey.admin.execute_command("ACL", "SETUSER", USER, "+set")
    assert "NOPERM" in (found.reason or "")


def test_a_cache_is_reached_over_tls_or_not_at_all(
    inside: Inside, valkey: Valkey, tmp_path: Path
) -> None:
    asked = asked_cache(inside, valkey)
    plain = inside.but(look=partial(cache.look)).but()
    assert not check(plain, replace(asked, port=valkey.plain_port)).ok
    other = make_authority(tmp_path)
    assert "not trusted" in (check(inside, replace(asked, ca=other.pem)).reason or "")
    assert "not trusted" in (check(inside, replace(asked, ca=None)).reason or "")
    assert "not trusted" in (check(inside, replace(asked, host="127.0.0.1")).reason or "")
