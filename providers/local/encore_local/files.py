"""Writes files so that a reader sees the old content or the new one, never half of it.

In: a path and bytes. Out: the file on disk, or an ``InfraError`` that names the path and the
remedy with the former file intact. Knows nothing of what the files mean.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from encore_provisioner.errors import InfraError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def write_atomic(path: Path, data: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Replace ``path`` with ``data``; it has ``mode`` from its first byte.

    Written beside it, flushed to the disk, renamed, and the folder flushed too. Raises
    ``InfraError`` of code ``disk-full``, ``read-only`` or ``no-access``.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    with clear_errors(path, "write"):
        try:
            _write_new(temporary, data, mode)
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Flush the names in ``folder`` to the disk, so that a rename survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def clear_errors(path: Path, doing: str) -> Iterator[None]:
    """Turn an ``OSError`` inside the block into an ``InfraError`` about ``path``."""
    try:
        yield
    except OSError as error:
        raise file_error(error, path, doing) from error


def file_error(error: OSError, path: Path, doing: str) -> InfraError:
    """What a person should know about ``error``; ``doing`` is a verb such as ``write``."""
    code, hint = _REASONS.get(
        error.errno or 0, ("file-error", "Look at the path and its file system, then run it again.")
    )
    return InfraError(f"cannot {doing} {path}: {error.strerror or error}", code=code, hint=hint)


_FULL = ("disk-full", "Free some space on that disk, then run the command again.")
_READ_ONLY = (
    "read-only",
    "The file system is read-only: mount it writable, or move the app to a folder on one that is.",
)
_NO_ACCESS = (
    "no-access",
    "Give the user who runs this command write access to that folder, or run it as its owner.",
)
_REASONS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _NO_ACCESS,
    errno.EPERM: _NO_ACCESS,
}
