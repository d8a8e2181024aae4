"""A thousand generated apps, always the same; ``make fuzz`` takes a hundred thousand others."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fuzz.apps import possible, seeds
from tests.fuzz.inputs import Input, make
from tests.fuzz.promises import Bench, Pace, check, measure

SEED = "suite"
INPUTS, PARTS = 1_000, 20


@pytest.fixture(scope="module")
def pace(tmp_path_factory: pytest.TempPathFactory) -> Pace:
    return measure(tmp_path_factory.mktemp("pace"))


@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_is_kept(part: int, pace: Pace, tmp_path: Path) -> None:
    for number in range(part, INPUTS, PARTS):
        try:
            check(make(SEED, number), Bench(tmp_path), pace)
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
        check(Input(number, app, possible(app), ()), Bench(tmp_path), pace)
