"""The access string of a cache's user, on a real server: what the core sends, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
import redis
from tests.support.servers import make_place

from encore_aws.cache_access import COMMANDS, NAMES_CLIENT, access_string
from encore_local.secrets import cache_key

USER: Final = "shop-production-sessions-1a2b3c"
PASSWORD: Final = "p" * 64

SENT: Final[tuple[tuple[str, ...], ...]] = (
    ("PING",),
    # client.rs: values
    ("SET", "k", "v", "PX", "60000"),
    ("SET", "k", "v", "KEEPTTL"),
    ("SET", "k", "v", "NX"),
    ("SET", "k", "v", "XX", "GET"),
    ("GET", "k"),
    ("MGET", "k", "other"),
    ("MSET", "k", "v", "other", "w"),
    ("APPEND", "k", "more"),
    ("GETRANGE", "k", "0", "1"),
    ("SETRANGE", "k", "1", "x"),
    ("STRLEN", "k"),
    ("INCRBY", "n", "-2"),
    ("INCRBYFLOAT", "n", "0.5"),
    ("GETDEL", "k"),
    ("DEL", "k", "other"),
    # lists
    ("LPUSH", "l", "a", "b"),
    ("RPUSH", "l", "c", "d", "e"),
    ("LSET", "l", "0", "z"),
    ("LINDEX", "l", "0"),
    ("LRANGE", "l", "0", "-1"),
    ("LINSERT", "l", "BEFORE", "z", "y"),
    ("LINSERT", "l", "AFTER", "z", "y"),
    ("LREM", "l", "1", "y"),
    ("LMOVE", "l", "l2", "LEFT", "RIGHT"),
    ("LLEN", "l"),
    ("LPOP", "l"),
    ("RPOP", "l"),
    ("LTRIM", "l", "0", "0"),
    # sets
    ("SADD", "s", "a", "b", "c", "d"),
    ("SREM", "s", "a"),
    ("SISMEMBER", "s", "b"),
    ("SMEMBERS", "s"),
    ("SCARD", "s"),
    ("SRANDMEMBER", "s"),
    ("SRANDMEMBER", "s", "-2"),
    ("SMOVE", "s", "s2", "b"),
    ("SDIFF", "s", "s2"),
    ("SINTER", "s", "s2"),
    ("SUNION", "s", "s2"),
    ("SDIFFSTORE", "s3", "s", "s2"),
    ("SINTERSTORE", "s3", "s", "s2"),
    ("SUNIONSTORE", "s3", "s", "s2"),
    ("SPOP", "s3"),
    ("SPOP", "s3", "2"),
    # with a change of the same key
    ("MULTI",),
    ("INCRBY", "m", "1"),
    ("PEXPIREAT", "m", "99999999999999"),
    ("PERSIST", "m"),
    ("EXEC",),
)
"""Each command of the core's client, in an order in which it has something to work on."""

REFUSED: Final[tuple[tuple[str, ...], ...]] = (
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("KEYS", "*"),
    ("SCAN", "0"),
    ("RANDOMKEY",),
    ("DUMP", "k"),
    ("RENAME", "k", "k2"),
    ("SELECT", "1"),
    ("SWAPDB", "0", "1"),
    ("CONFIG", "GET", "*"),
    ("CONFIG", "SET", "maxmemory-policy", "noeviction"),
    ("ACL", "LIST"),
    ("ACL", "SETUSER", "me", "on", "nopass", "~*", "+@all"),
    ("EVAL", "return 1", "0"),
    ("FUNCTION", "LIST"),
    ("MODULE", "LIST"),
    ("CLIENT", "LIST"),
    ("CLIENT", "KILL", "TYPE", "normal"),
    ("CLIENT", "PAUSE", "1"),
    ("CLIENT", "NO-EVICT", "on"),
    ("INFO",),
    ("MONITOR",),
    ("SUBSCRIBE", "news"),
    ("PUBLISH", "news", "x"),
    ("REPLICAOF", "NO", "ONE"),
    ("SAVE",),
    ("SHUTDOWN", "NOSAVE"),
    ("SLOWLOG", "GET"),
    ("MEMORY", "USAGE", "k"),
    ("SORT", "l"),
    ("OBJECT", "ENCODING", "k"),
)


FOR_EVERYBODY: Final = ("auth", "hello", "quit", "reset")
"""Commands that come before a login; no access string can take them away."""


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Of a server with the user that ElastiCache would make of the access string."""
    place = make_place(tmp_path_factory.mktemp("cache") / "app")
    try:
        place.cache.start()
        key = place.secrets.generated(cache_key(place.cache.cluster))
        with redis.Redis(port=place.cache.port, password=key, protocol=2) as connection:
            rules = access_string(names_clients=True).split()
            connection.execute_command("ACL", "SETUSER", USER, "reset", f">{PASSWORD}", *rules)
            yield connection
    finally:
        place.reboot()


def connect(admin: Any, **login: str) -> Any:
    port = admin.connection_pool.connection_kwargs["port"]
    connection: Any = redis.Connection(port=port, protocol=2, **login)  # type: ignore[no-untyped-call]
    connection.connect()
    return connection


@pytest.fixture
def user(admin: Any) -> Iterator[Any]:
    """What the server answers to the user on one connection."""
    connection = connect(admin, username=USER, password=PASSWORD)
    yield lambda *words: _answer(connection, *words)
    connection.disconnect()


def _answer(connection: Any, *words: str) -> Any:
    connection.send_command(*words, check_health=False)
    return connection.read_response()


def test_the_core_may_send_all_that_it_sends(user: Any) -> None:
    assert user("CLIENT", "SETINFO", "LIB-NAME", "redis-rs") == b"OK"
    assert user("CLIENT", "SETINFO", "LIB-VER", "1.0.3") == b"OK"
    for command in SENT:
        answer = user(*command)
        for one in answer if command == ("EXEC",) else [answer]:
            assert not isinstance(one, Exception), command


def test_nothing_is_allowed_that_is_not_sent() -> None:
    """Both lists were read in the core; a command in one alone is a mistake in either."""
    assert {command.partition("|")[0] for command in COMMANDS} == {
        words[0].lower() for words in SENT
    }
    assert len(COMMANDS) == len(set(COMMANDS))


@pytest.mark.parametrize("command", REFUSED, ids=" ".join)
def test_the_rest_is_refused(user: Any, command: tuple[str, ...]) -> None:
    with pytest.raises(redis.exceptions.NoPermissionError):
        user(*command)


def test_of_all_that_the_server_knows_it_allows_these_alone(admin: Any) -> None:
    """Subcommands too, by the server's own dry run."""
    known = dict(_commands(admin.connection_pool))
    assert len(known) > 300
    allowed = set()
    for name, arity in known.items():
        words = [*name.split("|"), *["1"] * abs(arity)][: max(abs(arity), 1 + name.count("|"))]
        if admin.execute_command("ACL", "DRYRUN", USER, *words) in (b"OK", "OK", True):
            allowed.add(name)
    assert allowed == {*COMMANDS, NAMES_CLIENT, *FOR_EVERYBODY}


def _commands(pool: Any) -> Iterator[tuple[str, int]]:
    """Names and numbers of words, as the server lists them; raw, as redis-py drops subcommands."""
    connection = pool.get_connection()
    try:
        todo = list(_answer(connection, "COMMAND"))
    finally:
        pool.release(connection)
    while todo:
        name, arity, *_, below = todo.pop()
        todo += below
        if not below:  # one with subcommands is never sent alone
            yield name.decode(), arity


@pytest.mark.parametrize(
    "login", [{}, {"username": USER, "password": "wrong"}, {"password": PASSWORD}], ids=str
)
def test_nothing_works_without_the_password(admin: Any, login: dict[str, str]) -> None:
    with pytest.raises(redis.exceptions.AuthenticationError):
        connect(admin, **login)


def test_redis_has_the_same_but_for_the_clients_name() -> None:
    named, unnamed = access_string(names_clients=True), access_string(names_clients=False)
    assert named == f"{unnamed} +{NAMES_CLIENT}"
    assert unnamed.startswith("on ~* -@all +ping ")
