"""The user's cache folder: what may be deleted at any time, and is shared by all apps of a user.

In: the environment of a process. Out: a path that may not exist yet, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

FOLDER_VARIABLE: Final = "ENCORE_INFRA_CACHE"


def default_folder(environ: Mapping[str, str]) -> Path | None:
    """The cache's folder: ``ENCORE_INFRA_CACHE`` (``off``: none), else the user's cache folder."""
    named = environ.get(FOLDER_VARIABLE)
    if named is not None:
        return Path(named) if named not in ("", "off") else None
    base = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "")) / ".cache")
    return base / "encore-infra" if base.is_absolute() else None
