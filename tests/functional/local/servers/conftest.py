"""Real servers for each test, in a folder of their own, never left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.servers import Place, make_place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An environment in which nothing was started yet."""
    made = make_place(tmp_path / "app")
    yield made
    made.reboot()
