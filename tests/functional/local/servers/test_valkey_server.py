"""A cache server: its exact policy, its password, and its keys after any end."""

from __future__ import annotations

import socket
import stat

import pytest
import redis
from tests.support.servers import PROCESSES, Place, kill, make_place, pid_of

from encore_local.secrets import cache_key
from encore_local.servers.server import start_all
from encore_local.servers.valkey import ValkeyServer, request

POLICIES = ("noeviction", "allkeys-lru", "allkeys-lfu", "volatile-ttl")


def client(server: ValkeyServer) -> redis.Redis:
    password = server.host.secrets.generated(cache_key(server.cluster))
    return redis.Redis(port=server.port, password=password, decode_responses=True)


@pytest.fixture
def filled(place: Place) -> Place:
    place.cache.start()
    with client(place.cache) as connection:
        for number in range(100):
            connection.set(f"key-{number}", number)
    return place


def keys(server: ValkeyServer) -> int:
    with client(server) as connection:
        return int(connection.dbsize())


def other(place: Place, policy: str) -> Place:
    """The same environment, declared with another policy."""
    ports = {"cache/main": place.cache.port}
    return make_place(place.layout.folder.parents[2], caches={"main": policy}, ports=ports)


def test_each_cluster_has_its_own_policy(place: Place) -> None:
    clusters = {f"Cluster/{policy}": policy for policy in POLICIES}
    many = make_place(place.layout.folder.parents[2], caches=clusters)
    start_all(many.fleet.caches.values())
    for server in many.fleet.caches.values():
        with client(server) as connection:
            found = connection.config_get("maxmemory*")
            assert found["maxmemory-policy"] == server.policy
            assert found["maxmemory"] == "100000000" or found["maxmemory"] == str(100 * 2**20)
        assert server.actual() == server.desired()


def test_another_policy_is_seen_and_given_without_losing_a_key(filled: Place) -> None:
    changed = other(filled, "noeviction").cache
    actual = changed.actual()
    assert actual is not None
    assert (actual["eviction_policy"], changed.desired()["eviction_policy"]) == (
        "allkeys-lru",
        "noeviction",
    )
    changed.start()
    assert changed.actual() == changed.desired()
    assert keys(changed) == 100


def test_a_policy_changed_by_a_client_is_seen_and_put_back(filled: Place) -> None:
    with client(filled.cache) as connection:
        connection.config_set("maxmemory-policy", "volatile-lru")
    actual = filled.cache.actual()
    assert actual is not None
    assert actual["eviction_policy"] == "volatile-lru"
    filled.cache.start()
    assert filled.cache.actual() == filled.cache.desired()


def test_keys_survive_kill_9_and_stop(filled: Place) -> None:
    kill(filled.cache)
    assert filled.cache.status() == "stopped"
    filled.cache.start()
    assert keys(filled.cache) == 100
    filled.cache.stop()
    assert filled.processes() == ()
    filled.cache.start()
    assert keys(filled.cache) == 100


def test_a_torn_last_write_costs_that_write_alone(filled: Place) -> None:
    filled.reboot()
    log = next((filled.cache.data / "appendonlydir").glob("*.incr.aof"))
    log.write_bytes(log.read_bytes()[:-3])
    filled.cache.start()
    assert keys(filled.cache) == 99


def test_without_the_password_nothing_is_told(filled: Place) -> None:
    with socket.create_connection(("127.0.0.1", filled.cache.port), timeout=5) as stranger:
        stranger.sendall(request("GET", "key-1"))
        assert stranger.recv(100).startswith(b"-NOAUTH")
    password = filled.secrets.generated(cache_key("main"))
    assert password is not None
    assert not [p for p in PROCESSES.all() if any(password in word for word in p.command)]
    config = filled.cache.data / "valkey.conf"
    assert password in config.read_text()
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_a_new_password_after_a_lost_store(filled: Place) -> None:
    filled.layout.secrets.unlink()
    filled.cache.start()
    assert keys(filled.cache) == 100


def test_a_second_start_does_nothing(filled: Place) -> None:
    pid = pid_of(filled.cache)
    filled.cache.start()
    assert pid_of(filled.cache) == pid


def test_a_removed_one_leaves_nothing(filled: Place) -> None:
    filled.cache.remove()
    assert filled.cache.status() == "missing"
    assert filled.processes() == ()
    assert not filled.cache.data.exists()
    assert list(filled.layout.logs.iterdir()) == []
