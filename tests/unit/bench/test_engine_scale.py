"""What an apply of many services costs, where it is computed."""

from __future__ import annotations

import pytest
from bench.engine_scale import Computed


def test_all_resources_cost_half_of_what_the_last_one_does() -> None:
    """Writing the n-th costs n times as much as the first; here 2 s for the last of 1,000."""
    found = Computed(services=50, resources=1000, unwritten=10.0, each=2.0, state=4.0)
    one_by_one = sum(2.0 * number / 1000 for number in range(1, 1001))
    assert found.writing == pytest.approx(one_by_one, rel=0.01)
    assert found.first == 10.0 + found.writing
