"""The command line as a stranger runs it: whole processes on a copy of an app."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "examples" / "shop"
EXECUTABLE = Path(sys.executable).parent / "encore-infra"
TIMEOUT = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Tool:
    """encore-infra on one app. ``env`` is added to a small, fixed environment."""

    app: Path
    env: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = (str(EXECUTABLE),)
    user: int | None = None

    @property
    def state(self) -> Path:
        return self.app / ".encore" / "infra" / "local"

    def environment(self) -> dict[str, str]:
        kept = {k: os.environ[k] for k in ("PATH", "HOME", "TMPDIR", "LANG") if k in os.environ}
        return {**kept, "NO_COLOR": "1", **self.env}

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Begin a command in a session of its own, so that a signal reaches it alone."""
        return subprocess.Popen(
            [*self.command, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(),
            cwd=self.app,
            start_new_session=True,
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
        )

    def __call__(self, *args: str, stdin: str | None = None) -> Result:
        done = subprocess.run(
            [*self.command, *args],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            env=self.environment(),
            cwd=self.app,
            timeout=TIMEOUT,
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
            check=False,
        )
        return Result(code=done.returncode, out=done.stdout, err=done.stderr)

    def ok(self, *args: str, stdin: str | None = None) -> Result:
        """Run and insist on success, showing everything where it fails."""
        result = self(*args, stdin=stdin)
        if result.code:
            raise AssertionError(f"{' '.join(args)} exited {result.code}\n{result.text}")
        return result

    def set_secrets(self) -> None:
        listed = self.ok("secret", "list", "--format", "json").json()
        for secret in listed["secrets"]:
            if not secret["set_at"]:
                self.ok("secret", "set", secret["name"], stdin=f"value of {secret['name']}")

    def apply(self, *args: str) -> Result:
        return self.ok("apply", "--yes", *args)

    def processes(self) -> list[psutil.Process]:
        """The servers of this environment that run: those that name its data in their arguments."""
        return [p for p in psutil.process_iter() if belongs(p, str(self.state))]

    def kill_servers(self) -> None:
        """What a reboot does: everything gone at once, without a word."""
        for process in self.processes():
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(self.processes(), timeout=10)

    def infra(self) -> Any:
        return json.loads((self.state / "infra.config.json").read_text())

    def variables(self) -> dict[str, str]:
        """``runtime.env`` as a POSIX shell reads it."""
        script = 'set -a; . "$1"; env -0'
        printed = subprocess.run(
            ["env", "-i", "sh", "-c", script, "sh", str(self.state / "runtime.env")],
            capture_output=True,
            check=True,
        ).stdout.decode()
        pairs = (entry.partition("=") for entry in printed.split("\0") if entry)
        return {name: value for name, _, value in pairs if name not in ("PWD", "_", "OLDPWD")}


def belongs(process: psutil.Process, folder: str) -> bool:
    """Whether a live process works in ``folder`` or names it in its arguments."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.cwd().startswith(folder) or any(folder in a for a in process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def copy_app(source: Path, target: Path) -> Path:
    """An app without any environment of its own."""
    ignored = shutil.ignore_patterns(".encore", "node_modules", "encore.gen")
    return Path(shutil.copytree(source, target, ignore=ignored))


def write_app(root: Path, files: Mapping[str, str]) -> Path:
    """A small app from path → text; ``encore.app`` and ``package.json`` are added if missing."""
    base = {"encore.app": '{"lang": "typescript"}\n', "package.json": "{}\n"}
    for name, text in {**base, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
