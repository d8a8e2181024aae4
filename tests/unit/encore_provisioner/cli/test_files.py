"""A file is written whole or not at all, and only where something differs."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from encore_provisioner.cli.files import PRIVATE, PUBLIC, write_if_changed, write_where_told
from encore_provisioner.errors import InfraError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_has_its_mode_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert write_if_changed(path, b"x", PRIVATE)
    assert (path.read_bytes(), mode(path)) == (b"x", 0o600)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_equal_content_stays_the_same_file_and_gets_its_mode_back(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_if_changed(path, b"x", PRIVATE)
    before = path.stat().st_ino
    path.chmod(0o644)
    assert not write_if_changed(path, b"x", PRIVATE)
    assert (path.stat().st_ino, mode(path)) == (before, 0o600)


def test_other_content_replaces_the_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_if_changed(path, b"x", PUBLIC)
    kept = path.open("rb")
    assert write_if_changed(path, b"longer", PUBLIC)
    with kept:
        assert kept.read() == b"x"
    assert path.read_bytes() == b"longer"


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"x")
    path = tmp_path / "a"
    path.symlink_to(target)
    assert write_if_changed(path, b"x", PRIVATE)
    assert not path.is_symlink()
    assert mode(target) != 0o600


@pytest.mark.parametrize("make", ["folder", "missing"])
def test_what_cannot_be_written_names_the_path_and_leaves_nothing(
    tmp_path: Path, make: str
) -> None:
    path = tmp_path / "a" if make == "folder" else tmp_path / "gone" / "a"
    if make == "folder":
        path.mkdir()
    with pytest.raises(InfraError) as caught:
        write_if_changed(path, b"x", PUBLIC)
    assert caught.value.code == "not-written"
    assert str(path) in caught.value.message
    assert [p.name for p in tmp_path.iterdir()] == (["a"] if make == "folder" else [])


def test_a_pipe_that_a_person_names_stays_a_pipe(tmp_path: Path) -> None:
    path, got = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    write_where_told(path, b"x" * 100_000)
    reader.join()
    assert got == [b"x" * 100_000]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_file_that_a_person_names_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_where_told(path, b"x")
    assert (path.read_bytes(), mode(path)) == (b"x", 0o644)


def test_a_full_device_is_an_error_that_names_it() -> None:
    with pytest.raises(InfraError, match="/dev/full: No space left") as caught:
        write_where_told(Path("/dev/full"), b"x")
    assert caught.value.code == "not-written"
