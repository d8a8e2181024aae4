"""Running probes: order, time limits, faults, interrupts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from encore_provisioner.check import Check
from encore_provisioner.doctor.check import CheckError, Finding, Probe
from encore_provisioner.doctor.runner import Patience, run_probes


def probe(name: str, run: Callable[[], Finding]) -> Probe:
    return Probe(kind="config", name=name, run=run)


def fine(detail: str = "seen", wait: threading.Event | None = None) -> Callable[[], Finding]:
    def run() -> Finding:
        if wait is not None and not wait.wait(10):
            raise CheckError("nobody came")
        return Finding(detail=detail, hint="worth knowing")

    return run


def failing(reason: str) -> Callable[[], Finding]:
    def run() -> Finding:
        raise CheckError(reason, hint="do this", detail="so far")

    return run


def ignore(_: Check) -> None:
    """Nobody watches."""


def test_checks_come_in_the_order_of_probes() -> None:
    """The first waits for the second, so they run side by side."""
    second_ran = threading.Event()

    def second() -> Finding:
        second_ran.set()
        return Finding(detail="2")

    seen: list[Check] = []
    probes = (probe("a", fine("1", second_ran)), probe("b", second), probe("c", failing("no")))
    checks = run_probes(probes, on_check=seen.append, stop=threading.Event())
    assert tuple(seen) == checks
    assert [(c.name, c.ok, c.detail, c.reason, c.hint) for c in checks] == [
        ("a", True, "1", None, "worth knowing"),
        ("b", True, "2", None, None),
        ("c", False, "so far", "no", "do this"),
    ]
    assert all(check.seconds >= 0 for check in checks)


def test_no_secret_is_shown() -> None:
    def leaking() -> Finding:
        raise CheckError("with hush", hint="hush!", detail="hush.")

    probes = (probe("a", leaking), probe("b", fine("hush hush")))
    checks = run_probes(probes, on_check=ignore, stop=threading.Event(), secrets=("hush",))
    assert "hush" not in repr(checks)
    assert checks[0].reason == "with ***"
    assert checks[1].detail == "*** ***"


def test_a_probe_that_hangs_is_reported_and_left_behind() -> None:
    forever = threading.Event()
    probes = (probe("a", fine(wait=forever)), probe("b", fine()))
    try:
        checks = run_probes(
            probes, on_check=ignore, stop=threading.Event(), patience=Patience(probe=0.05)
        )
    finally:
        forever.set()
    assert [check.ok for check in checks] == [False, True]
    assert checks[0].reason == "no answer within 0 seconds"


def test_a_fault_of_ours_is_not_a_finding() -> None:
    def broken() -> Finding:
        raise KeyError("a bug")

    stop = threading.Event()
    with pytest.raises(KeyError, match="a bug"):
        run_probes((probe("a", broken),), on_check=ignore, stop=stop)
    assert stop.is_set()


def test_an_interrupt_waits_until_everything_is_cleaned_up() -> None:
    stop = threading.Event()
    running = threading.Event()
    cleaned: list[str] = []

    def making() -> Finding:
        running.set()
        try:
            stop.wait(10)
            raise CheckError("interrupted")
        finally:
            time.sleep(0.05)
            cleaned.append("gone")

    def interrupt(_: Check) -> None:
        running.wait(10)
        raise KeyboardInterrupt

    probes = (probe("a", fine()), probe("b", making))
    with pytest.raises(KeyboardInterrupt):
        run_probes(probes, on_check=interrupt, stop=stop)
    assert cleaned == ["gone"]


def test_no_probes() -> None:
    assert run_probes((), on_check=ignore, stop=threading.Event()) == ()
