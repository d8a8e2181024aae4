"""How migrations stand, in each way that they can."""

from __future__ import annotations

import pytest
from tests.support.golden import CASES, assert_golden

from encore_provisioner.cli.render.migrations import migrations_lines, pending_told
from encore_provisioner.cli.render.style import plain
from encore_provisioner.provider import DatabaseMigrations, PendingMigration

NASTY = "or\x1b[31m\nders"
MOVED = PendingMigration(filename="4_move.up.sql", destructive=("DROP TABLE old", NASTY))
EVERYTHING = (
    DatabaseMigrations(name="archive", exists=True, version=2, applied=("1_a", "2_b")),
    DatabaseMigrations(name="cart", exists=True, version=7, dirty=True, applied=("7_x",)),
    DatabaseMigrations(name="empty", exists=True),
    DatabaseMigrations(name="fresh", exists=True, pending=(PendingMigration(filename="1_a"),)),
    DatabaseMigrations(name="missing", exists=False, pending=(PendingMigration(filename=NASTY),)),
    DatabaseMigrations(
        name="orders",
        exists=True,
        version=3,
        applied=("1_a.up.sql", "2_b.up.sql", "3_c.up.sql"),
        adopted=("1_a.up.sql", "2_b.up.sql"),
        pending=(MOVED,),
    ),
    DatabaseMigrations(name=NASTY, exists=True, version=1, applied=("1_a",)),
)


def test_everything_at_once() -> None:
    lines = [*migrations_lines(EVERYTHING), pending_told(EVERYTHING)]
    assert_golden(CASES / "render" / "migrations.txt", plain(lines))


@pytest.mark.parametrize(
    ("pending", "applied", "told"),
    [
        (0, 0, "The app has no migrations."),
        (0, 2, "Every migration has run."),
        (1, 2, "1 migration is pending."),
        (2, 0, "2 migrations are pending."),
    ],
)
def test_the_last_word(pending: int, applied: int, told: str) -> None:
    one = DatabaseMigrations(
        name="orders",
        exists=True,
        applied=tuple(f"{number}_a" for number in range(applied)),
        pending=tuple(PendingMigration(filename=f"{number}_b") for number in range(pending)),
    )
    assert plain([pending_told((one,))]) == f"{told}\n"


def test_nothing_declared_is_nothing_shown() -> None:
    assert migrations_lines(()) == []
