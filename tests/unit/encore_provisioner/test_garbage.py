"""Python's search for garbage is off where it does not pay, and then as it was."""

from __future__ import annotations

import gc
import subprocess
import sys
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
    seen: list[bool] = []

    def broken() -> None:
        with no_collection():
            seen.append(gc.isenabled())
            raise LookupError

    with pytest.raises(LookupError):
        broken()
    assert (seen, gc.isenabled()) == ([False], was_on)


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


def test_a_process_that_ran_a_command_ends_without_it() -> None:
    """A circle is not looked at; what closes itself at the end does."""
    program = """
import atexit, sys
from encore_provisioner.cli.main import main

class Circle:
    def __init__(self):
        self.itself = self
    def __del__(self):
        sys.stderr.write("looked")

main([*sys.argv[1:]])
atexit.register(lambda: sys.stderr.write("closed "))
Circle()
"""
    for words, told in (["graph", str(SHOP)], "closed "), (["--version"], "closed looked"):
        ran = subprocess.run(
            [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
        )
        assert ran.stderr == told
