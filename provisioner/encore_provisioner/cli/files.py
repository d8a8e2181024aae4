"""Files that the command line writes: whole or not at all, and only where something differs.

In: a path and its bytes. Out: whether it was written. Errors name the path and the remedy.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from encore_provisioner.errors import InfraError

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
JSON_FILE: Final = "infra.config.json"
PROTOBUF_FILE: Final = "runtime.pb"
ENV_FILE: Final = "runtime.env"


def write_if_changed(path: Path, data: bytes, mode: int) -> bool:
    """Make ``path`` hold ``data`` with ``mode``; equal content stays untouched.

    Raises ``InfraError`` (``not-written``).
    """
    with _explained(path):
        if _holds(path, data):
            if stat.S_IMODE(path.stat().st_mode) != mode:
                path.chmod(mode)
            return False
        _replace(path, data, mode)
    return True


def write_where_told(path: Path, data: bytes) -> None:
    """Make the file that a person names hold ``data``; a device or a pipe gets it as it comes.

    ``/dev/stdout`` is no file to put another one in the place of, which root could.
    Raises ``InfraError`` (``not-written``).
    """
    with _explained(path):
        if not _is_stream(path):
            write_if_changed(path, data, PUBLIC)
            return
        with path.open("wb") as stream:
            stream.write(data)


def _is_stream(path: Path) -> bool:
    """What is there and neither file nor folder; and /dev/stdout, whatever it leads to."""
    try:
        kind = path.stat().st_mode
    except OSError:
        return False
    is_ours = stat.S_ISREG(kind) or stat.S_ISDIR(kind)
    return not is_ours or (path.is_symlink() and path.absolute().parent == Path("/dev"))


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.is_file() and not path.is_symlink() and path.read_bytes() == data
    except PermissionError:
        return False


def _replace(path: Path, data: bytes, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InfraError(
            f"cannot write {path}: {error.strerror or error}",
            code="not-written",
            hint="check that the folder exists, can be written, and has space; then run it again",
        ) from error
