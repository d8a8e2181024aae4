"""Python's search for garbage is off where it does not pay, and then as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.support.tool import SHOP

from encore_provisioner.cli import session
from encore_provisioner.cli.surface import OK
from encore_provisioner.garbage import no_collection


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.enable()


@pytest.mark.parametrize("was_on", [True, False])
def test_it_is_as_it_was_afterwards_also_after_an_error(was_on: bool) -> None:
    (gc.enable if was_on else gc.disable)()
    with pytest.raises(LookupError), no_collection():
        assert not gc.isenabled()
        raise LookupError
    assert gc.isenabled() is was_on


def test_a_command_runs_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Loading Pulumi takes half as long again with it."""
    looked: list[str] = []

    def told(phase: str, _: dict[str, int]) -> None:
        looked.extend([phase] if phase == "start" else [])

    gc.callbacks.append(told)
    try:
        assert session.run_command("graph", [str(SHOP)], "encore-infra") == OK
        while_it_ran = len(looked)
    finally:
        gc.callbacks.remove(told)
    assert capsys.readouterr().out
    assert while_it_ran <= 1, "one search where it is on again; else there are some dozens"
