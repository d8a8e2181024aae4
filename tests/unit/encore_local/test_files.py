"""Writing whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from encore_local.files import clear_errors, file_error, write_atomic
from encore_provisioner.errors import InfraError


def test_a_file_is_replaced_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_mode_holds_under_any_umask(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        write_atomic(tmp_path / "open", b"x")
        os.umask(0o777)
        write_atomic(tmp_path / "closed", b"x", mode=0o644)
    finally:
        os.umask(former)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    assert modes == {"open": 0o600, "closed": 0o644}


def test_a_write_that_fails_leaves_the_former_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.mkdir()  # a rename over it must fail, for root too
    (path / "former").write_text("kept")
    with pytest.raises(InfraError) as caught:
        write_atomic(path, b"new")
    assert str(path) in caught.value.message
    assert [p.name for p in tmp_path.iterdir()] == ["state.json"]
    assert (path / "former").read_text() == "kept"


@pytest.mark.parametrize(
    ("number", "code", "remedy"),
    [
        (errno.ENOSPC, "disk-full", "Free some space"),
        (errno.EDQUOT, "disk-full", "Free some space"),
        (errno.EROFS, "read-only", "mount it writable"),
        (errno.EACCES, "no-access", "write access"),
        (errno.EIO, "file-error", "file system"),
    ],
)
def test_each_cause_has_a_code_and_a_remedy(number: int, code: str, remedy: str) -> None:
    error = file_error(OSError(number, os.strerror(number)), Path("a/state.json"), "write")
    assert error.code == code
    assert error.message == f"cannot write a/state.json: {os.strerror(number)}"
    assert error.hint is not None
    assert remedy in error.hint


def test_other_errors_pass_through_unchanged() -> None:
    with pytest.raises(KeyError), clear_errors(Path("x"), "write"):
        raise KeyError("x")
