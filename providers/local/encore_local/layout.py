"""Where everything of one environment lies on disk: ``.encore/infra/<env>/`` in the app.

In: the state folder. Out: paths. :func:`prepare` makes the folders; nothing else here touches
the disk, and no folder that exists ever gets another mode.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from encore_local.files import PRIVATE_FOLDER, clear_errors, write_atomic

_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def file_name(name: str) -> str:
    """A name that every file system takes and that no other ``name`` has.

    Lower-case letters, digits and ``-`` stay as they are; anything else (a capital letter too:
    macOS folds case) becomes ``-`` and a short hash of the whole name is added.
    """
    if _PLAIN.fullmatch(name):
        return name
    safe = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    # The dot keeps these apart from plain names, which hold none.
    return f"{safe or 'x'}.{digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The paths of one environment. ``folder`` is ``Target.state_dir``."""

    folder: Path

    @property
    def infra_config(self) -> Path:
        return self.folder / "infra.config.json"

    @property
    def runtime_pb(self) -> Path:
        return self.folder / "runtime.pb"

    @property
    def runtime_env(self) -> Path:
        return self.folder / "runtime.env"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets.json"

    @property
    def state(self) -> Path:
        return self.folder / "state.json"

    @property
    def servers(self) -> Path:
        return self.folder / "servers.json"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def objects(self) -> Path:
        return self.data / "objects"

    @property
    def caches(self) -> Path:
        return self.data / "caches"

    def cache(self, cluster: str) -> Path:
        return self.caches / file_name(cluster)

    def log(self, server: str) -> Path:
        """The log of a server, by its name: ``postgres``, ``aws``, ``cache/<cluster>``."""
        kind, _, name = server.partition("/")
        return self.logs / f"{kind}-{file_name(name)}.log" if name else self.logs / f"{kind}.log"


def prepare(layout: Layout) -> None:
    """Make the folders that are missing, and the ``.gitignore`` that keeps them out of git.

    Ours are 0700. ``.encore`` itself belongs to Encore's own tools and gets the usual mode.
    """
    shared = layout.folder.parent
    with clear_errors(layout.folder, "make the folder"):
        shared.parent.mkdir(parents=True, exist_ok=True)
        for folder in (shared, layout.folder, layout.logs, layout.data, layout.caches):
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=PRIVATE_FOLDER)
    ignore = shared / ".gitignore"
    if not ignore.exists():
        write_atomic(ignore, b"*\n", mode=0o644)
