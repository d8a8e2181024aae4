"""Faults that a test asks for, read anew before each operation, and a journal of what was done.

``AWS_DOUBLE_FAULTS`` names a file with a list of objects: ``type`` (all of it, or its beginning),
``name`` (part of the urn), ``operation`` (check, diff, create, read, update, delete, invoke),
``when`` (``before`` or ``after`` the call), and what happens: ``message`` fails with that text,
``kill`` ends the plugin at once, ``sleep`` waits so many seconds. ``times`` (1 unless said) is
counted down in the file, which outlives the plugin; at 0 the fault is spent.

``AWS_DOUBLE_LOG`` names a file that gets a line of JSON for each operation when it has ended.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.aws_plugin.wire import Props


class FaultError(Exception):
    """What the test wants to be said."""


@dataclass(frozen=True, slots=True)
class Faults:
    file: Path | None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, when: str, operation: str, type_: str, urn: str) -> None:
        """Raises ``FaultError``; does not come back from ``kill``."""
        fault = self._take(when, operation, type_, urn)
        if fault is None:
            return
        if fault.get("kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(float(fault.get("sleep", 0)))
        if "message" in fault:
            raise FaultError(fault["message"])

    def _take(self, when: str, operation: str, type_: str, urn: str) -> Props | None:
        if self.file is None or not self.file.exists():
            return None
        with self._lock:
            faults: list[Props] = json.loads(self.file.read_text() or "[]")
            for fault in faults:
                if _fits(fault, when, operation, type_, urn):
                    fault["times"] = fault.get("times", 1) - 1
                    new = self.file.with_suffix(".new")
                    new.write_text(json.dumps(faults))
                    new.replace(self.file)
                    return fault
        return None


def _fits(fault: Props, when: str, operation: str, type_: str, urn: str) -> bool:
    return bool(
        fault.get("times", 1) > 0
        and fault.get("when", "before") == when
        and fault.get("operation", operation) == operation
        and type_.startswith(fault.get("type", ""))
        and fault.get("name", "") in urn
    )


@dataclass(frozen=True, slots=True)
class Journal:
    file: Path | None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, **line: Any) -> None:
        if self.file is None:
            return
        with self._lock, self.file.open("a") as out:
            out.write(json.dumps(line) + "\n")
