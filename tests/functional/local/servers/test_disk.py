"""A full disk, a read-only one and one of somebody else: a clear message, and nothing lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.disk import fill_up, remount, small_disk
from tests.support.servers import Place, make_place, query

from encore_local.lock import hold
from encore_local.servers.server import start_all
from encore_local.state import State, load_state, save_state
from encore_provisioner.errors import InfraError

BEFORE = State(ports={"app": 20001})
AFTER = State(ports={f"cache/{number}": 20000 + number for number in range(5000)})


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own, big enough for all that is made at first."""
    with small_disk(tmp_path / "disk", "300m") as made:
        yield made


@pytest.fixture
def filled(disk: Path) -> Iterator[Place]:
    """All servers stopped, a table of 1000 rows, a state and a secret."""
    place = make_place(disk / "app")
    save_state(place.layout.state, BEFORE)
    place.secrets.set("Key", "before")
    start_all(place.fleet.all)
    query(place.postgres, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    for server in place.fleet.all:
        server.stop()
    yield place
    place.reboot()


def lock(place: Place) -> None:
    with hold(place.layout.lock, command="test"):
        pass


WRITES: dict[str, Callable[[Place], object]] = {
    "state": lambda place: save_state(place.layout.state, AFTER),
    "secret": lambda place: place.secrets.set("Key", "x" * 100_000),
    "removed secret": lambda place: place.secrets.remove("Key"),
    "password": lambda place: place.secrets.ensure(["new"]),
    "postgres": lambda place: place.postgres.start(),
    "aws": lambda place: place.aws.start(),
    "cache": lambda place: place.cache.start(),
    "lock": lock,
}


def repaired(place: Place) -> None:
    """Everything is as before, and everything works."""
    assert load_state(place.layout.state).state == BEFORE
    assert place.secrets.ensure(["postgres"]) != {}
    start_all(place.fleet.all)
    assert query(place.postgres, "SELECT count(*) FROM kept") == [(1000,)]
    assert [p.name for p in place.layout.folder.iterdir() if p.name.startswith(".")] == []


def test_a_full_disk_is_named_and_costs_nothing(disk: Path, filled: Place) -> None:
    filler = fill_up(disk)
    for name in ("state", "secret", "password", "postgres", "cache"):
        with pytest.raises(InfraError) as caught:
            WRITES[name](filled)
        assert caught.value.code == "disk-full", (name, caught.value.message)
        assert str(disk) in caught.value.message
        assert caught.value.hint is not None
        assert "Free some space" in caught.value.hint
    filler.unlink()
    repaired(filled)


def test_a_read_only_disk_is_named_and_costs_nothing(disk: Path, filled: Place) -> None:
    remount(disk, "ro")
    try:
        for name, write in WRITES.items():
            with pytest.raises(InfraError) as caught:
                write(filled)
            assert caught.value.code == "read-only", (name, caught.value.message)
            assert str(disk) in caught.value.message
        assert {server.status() for server in filled.fleet.all} == {"stopped"}
        assert [server.actual() for server in filled.fleet.all] == [
            server.desired() for server in filled.fleet.all
        ]
        assert load_state(filled.layout.state).state == BEFORE
        assert filled.secrets.missing() == ()
    finally:
        remount(disk, "rw")
    repaired(filled)


def test_a_first_start_on_a_full_disk_leaves_room_for_the_next(disk: Path) -> None:
    remount(disk, "size=25m")
    place = make_place(disk / "app")
    try:
        with pytest.raises(InfraError, match="No space left on device") as caught:
            place.postgres.start()
        assert caught.value.code == "disk-full"
        assert not place.postgres.data.exists()
        assert sorted(p.name for p in place.layout.data.iterdir()) == ["caches"]
        remount(disk, "size=300m")
        place.postgres.start()
        assert query(place.postgres, "SELECT 1") == [(1,)]
    finally:
        place.reboot()


@pytest.mark.skipif(os.geteuid() == 0, reason="CANNOT RUN: root may write everywhere")
def test_a_folder_of_somebody_else_is_named(place: Place) -> None:
    place.layout.folder.chmod(0o500)
    try:
        for name in ("state", "secret", "password", "lock"):
            with pytest.raises(InfraError) as caught:
                WRITES[name](place)
            assert caught.value.code == "no-access"
            assert str(place.layout.folder) in caught.value.message
    finally:
        place.layout.folder.chmod(0o700)
