"""Running migrations, as far as it needs no server: the lock, what is said, a fake session."""

from __future__ import annotations

import zlib
from typing import Any

import pytest

from encore_provisioner.postgres.door import SqlFailure
from encore_provisioner.postgres.judging import MigrationFile, Place
from encore_provisioner.postgres.running import Done, Step, Trouble, lock_key, migrate

STEP = Step(database="orders", role="orders", migrator="migrator", sequential=True)


def test_the_lock_is_golang_migrates() -> None:
    """CRC-32 of schema, table and database, times its salt, as 32 bits."""
    crc = zlib.crc32(b"public\0schema_migrations\0orders")
    assert lock_key("orders") == crc * 1486364155 % 2**32
    assert lock_key("orders") != lock_key("other")


class Server:
    """A session that answers from a few facts. ``log``: what it was sent, first words only."""

    closed = False

    def __init__(self, *, free_after: int = 0, dirty: bool = False, failures: Any = ()) -> None:
        self._free_after, self._dirty = free_after, dirty
        self._failures = list(failures)
        self.log: list[str] = []

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        self.log.append(text.strip().split("(")[0].split("\n")[0])
        if "pg_try_advisory_lock" in text:
            self._free_after -= 1
            return [(int(self._free_after < 0),)]
        if "to_regclass" in text:
            return [(int(self._dirty and "schema_migrations" in text),)]
        return [(3, 1)] if text.startswith("SELECT version, dirty") else []

    def check_syntax(self, text: str) -> SqlFailure | None:
        del text
        return None

    def run_text(self, text: str) -> SqlFailure | None:
        self.log.append("run " + text.strip().split("\n")[0])
        return self._failures.pop(0) if self._failures else None


def file(text: str = "SELECT 1;") -> MigrationFile:
    return MigrationFile(
        number=4, filename="4_x.up.sql", path="m/4_x.up.sql", text=text, sha256="h"
    )


def failure(state: str, *, position: int | None = None, done: int = 0) -> SqlFailure:
    return SqlFailure(message="no", state=state, position=position, done=done)


def test_a_lock_that_is_held_is_asked_for_again() -> None:
    server, slept = Server(free_after=3), list[float]()
    assert isinstance(migrate(server, file(), STEP, sleep=slept.append), Done)
    assert slept == [0.2] * 3


def test_who_never_lets_go_is_told() -> None:
    server, slept = Server(free_after=10_000), list[float]()
    found = migrate(server, file(), STEP, sleep=slept.append)
    assert isinstance(found, Trouble)
    assert found.code == "migrations-busy"
    assert 29 < sum(slept) < 31
    assert not any("unlock" in line or "run" in line for line in server.log)


def test_nothing_runs_over_a_dirty_version() -> None:
    server = Server(dirty=True)
    found = migrate(server, file(), STEP)
    assert isinstance(found, Trouble)
    assert (found.code, "version 3" in found.message) == ("migration-dirty", True)
    assert not any(line.startswith("run") for line in server.log)
    assert "SELECT pg_advisory_unlock" in server.log


@pytest.mark.parametrize(
    ("text", "failed", "at"),
    [
        ("SELECT 1;\nSELECT x;", failure("42703", position=18), (2, 8)),
        ("SELECT 1;\nSELECT x;", failure("22012", done=1), (2, 1)),
        ("SELECT 1;", failure("23503", done=1), None),
        ("SELECT 1;", failure("42601", position=900, done=4), None),
    ],
)
def test_a_failure_is_where_it_happened(
    text: str, failed: SqlFailure, at: tuple[int, int] | None
) -> None:
    found = migrate(Server(failures=[failed]), file(text), STEP)
    assert isinstance(found, Trouble)
    assert found.at == (Place("m/4_x.up.sql", *at) if at else None)
    assert "nothing of this file was applied" in found.message
    assert found.state == failed.state


ALONE = "CREATE INDEX CONCURRENTLY i ON a (id);"
NO = failure("25001")


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (ALONE, 3),
        (f"-- a comment\n{ALONE}", 3),
        (f"BEGIN;{ALONE}COMMIT;", 1),
        (f"{ALONE} SELECT 1;", 1),
    ],
)
def test_only_what_is_alone_runs_alone(text: str, runs: int) -> None:
    server = Server(failures=[NO])
    found = migrate(server, file(text), STEP)
    assert len([line for line in server.log if line.startswith("run")]) == runs
    assert isinstance(found, Done if runs == 3 else Trouble)
    if isinstance(found, Trouble):
        assert "a file of its own" in found.hint


def test_what_fails_alone_is_marked_and_the_mark_taken_back() -> None:
    server = Server(failures=[NO, failure("23505")])
    found = migrate(server, file(ALONE), STEP)
    assert isinstance(found, Trouble)
    assert "does not count as applied" in found.message
    marks = [line for line in server.log if "schema_migrations WHERE version" in line]
    assert marks == [
        "DELETE FROM public.schema_migrations WHERE version <> 4;",
        "DELETE FROM public.schema_migrations WHERE version = 4;",
    ]
