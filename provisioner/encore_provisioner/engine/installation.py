"""Where Pulumi's CLI is: on PATH, or in our cache.

In: the environment of this process. Out: an :class:`Installation`. It downloads and builds nothing:
``scripts/get-pulumi`` and Pulumi's own installer do. A CLI of another major version, or older than
what this is tried with, is as good as none.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from encore_provisioner.errors import InfraError
from encore_provisioner.user_cache import default_folder

_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_SECONDS: Final = 60
OLDEST: Final = (3, 259, 0)
"""The version that this is tried with, and that ``scripts/get-pulumi`` builds. A newer SDK for
Python works with it too.
"""

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """``executable`` is the CLI itself; its plugins lie in ``PULUMI_HOME``, not beside it."""

    executable: Path
    version: Version

    @property
    def shown(self) -> str:
        return ".".join(map(str, self.version))


def find(environ: Mapping[str, str] | None = None) -> Installation:
    """The first that fits: on PATH, then in our cache.

    Raises ``InfraError`` (``no-engine``) with the three ways to get one.
    """
    given = os.environ if environ is None else environ
    wanted = OLDEST
    seen: list[str] = []
    for executable in _candidates(given, wanted):
        version = _known_version(executable, default_folder(given))
        if version is None:
            seen.append(f"{executable} does not tell its version")
        elif version[0] != wanted[0] or version < wanted:
            seen.append(f"{executable} is {_shown(version)}")
        else:
            return Installation(executable=executable, version=version)
    raise _missing(wanted, seen)


def cache_root(environ: Mapping[str, str], version: Version) -> Path | None:
    """The folder in which ``bin/pulumi`` of ``version`` lies, where there is a cache at all."""
    home = default_folder(environ)
    return home / "pulumi" / _shown(version) if home is not None else None


def _candidates(environ: Mapping[str, str], wanted: Version) -> Iterator[Path]:
    on_path = shutil.which("pulumi", path=environ.get("PATH", ""))
    if on_path:
        yield Path(on_path)
    root = cache_root(environ, wanted)
    if root is not None and (root / "bin" / "pulumi").is_file():
        yield root / "bin" / "pulumi"


def _known_version(executable: Path, cache: Path | None) -> Version | None:
    """As :func:`_version_of`, asked once for each program: a process costs a fifth of a second."""
    try:
        found = executable.stat()
    except OSError:
        return None
    key = f"{executable.resolve()} {found.st_size} {found.st_mtime_ns}"
    memory = cache / "pulumi" / "version.json" if cache is not None else None
    known = _read(memory)
    if known.get("program") == key and (version := _parsed(str(known.get("version")))):
        return version
    asked = _version_of(executable)
    if asked is not None and memory is not None:
        _keep(memory, {"program": key, "version": _shown(asked)})
    return asked


def _read(memory: Path | None) -> dict[str, str]:
    """Whatever is wrong with it, it is not there."""
    try:
        found = json.loads(memory.read_text(encoding="utf-8")) if memory is not None else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _keep(memory: Path, found: Mapping[str, str]) -> None:
    part = memory.with_name(f"{memory.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(found), encoding="utf-8")
        part.replace(memory)


def _parsed(text: str) -> Version | None:
    found = _VERSION.match(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _version_of(executable: Path) -> Version | None:
    try:
        done = subprocess.run(
            [str(executable), "version"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return _parsed(done.stdout.strip()) if not done.returncode else None


def _shown(version: Version) -> str:
    return ".".join(map(str, version))


def _missing(wanted: Version, seen: list[str]) -> InfraError:
    told = f" ({'; '.join(seen)})" if seen else ""
    return InfraError(
        f"Pulumi's command line tool is needed, {_shown(wanted)} or newer{told}",
        code="no-engine",
        hint="one of three ways: install it as pulumi.com/docs/install says; "
        "`python -c 'from pulumi.automation import PulumiCommand; PulumiCommand.install()'`, with "
        "its bin folder on PATH; or, with Go, build it by `scripts/get-pulumi` of encore-infra",
    )
