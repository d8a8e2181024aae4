"""A thousand generated apps, always the same; ``make fuzz`` takes a hundred thousand others."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fuzz.apps import possible, seeds, write
from tests.fuzz.inputs import Input, make
from tests.fuzz.promises import BrokenPromiseError, Pace, check, check_time, measure, same

from encore_provisioner.analysis import analyse

SEED = "suite"
INPUTS, PARTS = 1_000, 20


@pytest.fixture(scope="module")
def pace(tmp_path_factory: pytest.TempPathFactory) -> Pace:
    return measure(tmp_path_factory.mktemp("pace"))


@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_is_kept(part: int, pace: Pace, tmp_path: Path) -> None:
    for number in range(part, INPUTS, PARTS):
        try:
            check(make(SEED, number), tmp_path, pace)
        except Exception as error:
            error.add_note(f"again: make fuzz FUZZ='--seed {SEED} --only {number}'")
            raise


def test_an_input_is_a_function_of_seed_and_number() -> None:
    assert make(SEED, 7) == make(SEED, 7)
    assert make(SEED, 7) != make(SEED, 8)
    assert make(SEED, 7) != make("another", 7)


def test_the_seeds_keep_every_promise_with_every_check(pace: Pace, tmp_path: Path) -> None:
    """Each kind of check for each app that is changed nowhere."""
    for number, app in enumerate(seeds()):
        check(Input(number, app, possible(app), ()), tmp_path, pace)


def test_a_difference_is_told(tmp_path: Path) -> None:
    one, other = (analyse(write(app, tmp_path / "app")) for app in seeds()[:2])
    with pytest.raises(BrokenPromiseError, match=r"why: .* and "):
        same(one, other, "why")


def test_slowness_is_told(tmp_path: Path) -> None:
    with pytest.raises(BrokenPromiseError, match="takes"):
        check_time(write(seeds()[0], tmp_path / "app"), 9.0, 0.0)
