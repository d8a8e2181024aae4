"""Runs probes side by side and hands out their checks in the probes' own order.

Each probe has a thread of its own, because a probe mostly waits. A probe that takes too long is
reported and left behind (its thread does not keep the process alive). On an interrupt, the
probes that run are told to stop and awaited, so that each removes what it made.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from encore_provisioner.check import Check, OnCheck
from encore_provisioner.doctor.check import CheckError, Probe
from encore_provisioner.doctor.values import masked


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds. ``probe``: until one counts as hanging. ``cleanup``: after an interrupt."""

    probe: float = 30.0
    cleanup: float = 15.0


class _Runs:
    """The probes that run, and their checks; the threads' one meeting place."""

    def __init__(self, probes: tuple[Probe, ...], secrets: tuple[str, ...]) -> None:
        self._probes = probes
        self._secrets = secrets
        self._checks: dict[int, Check] = {}
        self._faults: dict[int, BaseException] = {}
        self._done = threading.Condition()
        self._started = time.monotonic()
        self._begun = 0

    def start(self) -> None:
        for index, probe in enumerate(self._probes):
            name = f"doctor {probe.kind} {probe.name}"
            threading.Thread(target=self._run, args=(index,), name=name, daemon=True).start()
            self._begun += 1

    def _run(self, index: int) -> None:
        try:
            check = self._check(self._probes[index])
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            with self._done:
                self._faults[index] = error
                self._done.notify_all()
        else:
            with self._done:
                self._checks[index] = check
                self._done.notify_all()

    def _check(self, probe: Probe) -> Check:
        started = time.monotonic()
        try:
            finding = probe.run()
        except CheckError as error:
            return self._made(probe, started, error.detail, error.reason, error.hint)
        return self._made(probe, started, finding.detail, None, finding.hint)

    def _made(
        self, probe: Probe, started: float, detail: str, reason: str | None, hint: str | None
    ) -> Check:
        return Check(
            kind=probe.kind,
            name=probe.name,
            ok=reason is None,
            seconds=time.monotonic() - started,
            detail=masked(detail, self._secrets),
            reason=None if reason is None else masked(reason, self._secrets),
            hint=None if hint is None else masked(hint, self._secrets),
        )

    def await_check(self, index: int, limit: float) -> Check:
        """The check of one probe; a fault of ours in it is raised here."""
        with self._done:
            left = limit - (time.monotonic() - self._started)
            self._done.wait_for(lambda: self._over(index), timeout=max(left, 0.0))
            if index in self._faults:
                raise self._faults[index]
            if index in self._checks:
                return self._checks[index]
        return Check(
            kind=self._probes[index].kind,
            name=self._probes[index].name,
            ok=False,
            seconds=time.monotonic() - self._started,
            reason=f"no answer within {limit:.0f} seconds",
            hint="The server hangs: look at its log.",
        )

    def await_begun(self, limit: float) -> None:
        """Those that were started at all; at most ``limit`` seconds."""
        with self._done:
            self._done.wait_for(
                lambda: all(self._over(index) for index in range(self._begun)),
                timeout=limit,
            )

    def _over(self, index: int) -> bool:
        return index in self._checks or index in self._faults


def run_probes(
    probes: Iterable[Probe],
    *,
    on_check: OnCheck,
    stop: threading.Event,
    secrets: tuple[str, ...] = (),
    patience: Patience | None = None,
) -> tuple[Check, ...]:
    """``on_check`` is called in this thread. ``stop`` is set when an exception ends the run."""
    limits = patience or Patience()
    planned = tuple(probes)
    runs = _Runs(planned, secrets)
    checks: list[Check] = []
    try:
        runs.start()
        for index in range(len(planned)):
            check = runs.await_check(index, limits.probe)
            checks.append(check)
            on_check(check)
    except BaseException:
        stop.set()
        runs.await_begun(limits.cleanup)
        raise
    return tuple(checks)
