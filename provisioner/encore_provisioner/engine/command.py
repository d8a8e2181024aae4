"""One process of Pulumi's CLI: what it sees of the environment, and how it is interrupted.

It stands where the Automation API has a class of its own, and starts as few processes as can be:
what the API asks beside the operation itself is answered here. The child has a session of its own;
a Ctrl-C reaches us alone and is handed on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import IO, Any, Final

from pulumi.automation import CommandResult, OnOutput, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from encore_provisioner.engine.installation import Installation

OnInterrupt = Callable[[int], None]
"""Told that the person interrupts: for the first time, the second, …"""

ALLOWED: Final = frozenset(
    {
        "HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR",
        "USER", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
        "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE",
        "STORAGE_EMULATOR_HOST",
    }
)  # fmt: skip
ALLOWED_PREFIXES: Final = ("AWS_", "CLOUDSDK_", "GOOGLE_")
"""The credential chains of the clouds; everything else of the person's stays here."""

SETTINGS: Final[Mapping[str, str]] = {
    "PULUMI_AUTOMATION_API": "true",
    # Without it a state whose data key is not at hand falls back to a passphrase, even none.
    "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
    "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
    "PULUMI_SKIP_UPDATE_CHECK": "true",
}
_ANSWERED: Final = (("stack", "select"), ("stack", "output"), ("stack", "history"))
_HISTORY: Final = json.dumps(
    [
        {
            "kind": "update",
            "startTime": "1970-01-01T00:00:00.000Z",
            "message": "",
            "environment": {},
            "config": {},
            "result": "succeeded",
        }
    ]
)
"""The API wants one entry and we look at none: an operation that failed has raised before."""
_HEEDED: Final = frozenset({"up", "refresh", "destroy"})
"""After an interrupt of these there is something to tell; of all others nobody needs the answer."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_KILLED_AFTER: Final = 3
"""At this interrupt the child is killed: it was asked twice."""
_APART: Final = 1.0
"""Seconds between two interrupts for the child: one that comes while it heeds another is lost."""
_AGAIN: Final = 3.0
"""Seconds for which the second one is given time to be heard."""
_HEARING: Final = 1.0
"""Seconds after which waiting for the child begins anew, whatever Python makes of such a wait."""
_ENDING: Final = "received; terminating"
"""What the CLI prints when it has heard it."""


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What of ``environ`` the child sees, and our own settings."""
    kept = {
        name: value
        for name, value in environ.items()
        if name in ALLOWED or name.startswith(ALLOWED_PREFIXES)
    }
    return {**kept, **SETTINGS}


class Command(PulumiCommand):
    """``interrupts`` counts how often the person has interrupted the last run."""

    def __init__(
        self,
        installation: Installation,
        *,
        environ: Mapping[str, str] | None = None,
        on_interrupt: OnInterrupt = lambda _: None,
    ) -> None:
        # Not the parent's: it would start a process to ask for the version that we know.
        self.command = str(installation.executable)
        self.version = VersionInfo(*installation.version)
        self.interrupts = 0
        self._environment = child_environment(os.environ if environ is None else environ)
        self._on_interrupt = on_interrupt

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """Raises ``CommandError`` where the CLI fails, as the parent does; ``KeyboardInterrupt``
        where the person interrupted what changes no resource, however that ended.
        """
        answer = _answer(args)
        if answer is not None:
            return CommandResult(stdout=answer, stderr="", code=0)
        self.interrupts = 0
        result = self._finish(self._start(args, cwd, additional_env), on_output, on_error)
        if self.interrupts and args[0] not in _HEEDED:
            raise KeyboardInterrupt
        if result.code:
            raise create_command_error(result)
        return result

    def _start(
        self, args: list[str], cwd: str, additional: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.command, "--non-interactive", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**self._environment, **additional},
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )

    def _finish(
        self,
        process: subprocess.Popen[str],
        on_output: OnOutput | None,
        on_error: OnOutput | None,
    ) -> CommandResult:
        """Both pipes are read to their end, whatever happens: a full pipe would stop the child."""
        out, err = _Reader(process.stdout, on_output), _Reader(process.stderr, on_error)
        with self._handing_on(process, lambda: out.has(_ENDING)):
            # Only now: who reads that the child is there may interrupt us at once.
            out.start()
            err.start()
            code = _ended(process)
            out.join()
            err.join()
        return CommandResult(stdout=out.text, stderr=err.text, code=code)

    @contextmanager
    def _handing_on(
        self, process: subprocess.Popen[str], has_heard: Callable[[], bool]
    ) -> Iterator[None]:
        """Signals to us go to the child while it runs; only the main thread may say so."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        asker = _Asker(process, has_heard)

        def interrupted(_number: int, _frame: FrameType | None) -> None:
            self.interrupts += 1
            if self.interrupts >= _KILLED_AFTER:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                asker.ask()
            self._on_interrupt(self.interrupts)

        before = {number: signal.signal(number, interrupted) for number in _SIGNALS}
        try:
            yield
        finally:
            asker.close()
            for number, handler in before.items():
                signal.signal(number, handler)


def _ended(process: subprocess.Popen[str]) -> int:
    """Its exit code, once it has one.

    The kernel may give a signal to any thread of ours, which wakes the main thread from no wait:
    it would be heard when the child has ended by itself. A wait with an end looks again 20 times a
    second.
    """
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_HEARING)


class _Asker:
    """Sends interrupts to a child, far enough apart that it hears each. The second one is sent
    again until it was heard: a busy machine can make one of two.
    """

    def __init__(self, process: subprocess.Popen[str], has_heard: Callable[[], bool]) -> None:
        self._process, self._has_heard = process, has_heard
        self._sent = 0
        self._next = 0.0
        self._timers: list[threading.Timer] = []

    def ask(self) -> None:
        now = time.monotonic()
        wait, self._next = self._next - now, max(self._next, now) + _APART
        if wait <= 0:
            self._send()
        else:
            self._later(wait)

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def _later(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self._send)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _send(self) -> None:
        if self._process.poll() is not None or (self._sent > 1 and self._has_heard()):
            return
        self._process.send_signal(signal.SIGINT)
        self._sent += 1
        if self._sent > 1:
            self._later(_AGAIN)


class _Reader(threading.Thread):
    """Reads a pipe line by line to its end."""

    def __init__(self, pipe: IO[str] | None, told: Callable[[str], Any] | None) -> None:
        super().__init__(daemon=True)
        self._pipe, self._told = pipe, told
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        return "\n".join(self._lines)

    def has(self, words: str) -> bool:
        return any(words in line for line in tuple(self._lines))

    def run(self) -> None:
        if self._pipe is None:
            return
        with self._pipe as pipe:
            for line in pipe:
                self._lines.append(line.rstrip())
                if self._told is not None:
                    self._told(line.rstrip())


def _answer(args: list[str]) -> str | None:
    """What needs no process; None for what does."""
    words = tuple(word for word in args if not word.startswith("-"))[:2]
    if words not in _ANSWERED:
        return None
    return {"select": "", "output": "{}", "history": _HISTORY}[words[1]]
