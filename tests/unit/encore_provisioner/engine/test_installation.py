"""Which CLI is taken, and what is said where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from encore_provisioner.engine.installation import OLDEST, cache_root, find
from encore_provisioner.errors import InfraError

WANTED = ".".join(map(str, OLDEST))


def fake(path: Path, says: str, code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return path


def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": f"{tmp_path / 'path'}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "ENCORE_INFRA_CACHE": str(tmp_path / "cache"),
    }


def cached(tmp_path: Path, says: str) -> Path:
    root = cache_root(environ(tmp_path), OLDEST)
    assert root is not None
    return fake(root / "bin" / "pulumi", says)


@pytest.mark.parametrize("says", [f"v{WANTED}", WANTED, f"v{OLDEST[0]}.9999.0"])
def test_the_one_on_path_is_taken_first(tmp_path: Path, says: str) -> None:
    executable = fake(tmp_path / "path" / "pulumi", says)
    cached(tmp_path, f"v{WANTED}")
    found = find(environ(tmp_path))
    assert found.executable == executable
    assert found.shown == says.removeprefix("v")


@pytest.mark.parametrize("says", ["v3.0.1", "v99.0.0", "something else", ""])
def test_one_that_does_not_fit_is_passed_over(tmp_path: Path, says: str) -> None:
    fake(tmp_path / "path" / "pulumi", says)
    executable = cached(tmp_path, f"v{WANTED}")
    assert find(environ(tmp_path)).executable == executable


def test_without_one_the_ways_to_get_it_are_told(tmp_path: Path) -> None:
    fake(tmp_path / "path" / "pulumi", "v3.0.1")
    with pytest.raises(InfraError) as caught:
        find(environ(tmp_path))
    assert caught.value.code == "no-engine"
    assert f"{tmp_path}/path/pulumi is 3.0.1" in caught.value.message
    assert WANTED in caught.value.message
    for way in ("pulumi.com/docs/install", "PulumiCommand.install()", "scripts/get-pulumi"):
        assert way in (caught.value.hint or "")


def test_one_that_fails_or_cannot_be_started_is_none(tmp_path: Path) -> None:
    fake(tmp_path / "path" / "pulumi", f"v{WANTED}", code=1)
    with pytest.raises(InfraError, match="does not tell its version"):
        find(environ(tmp_path))
    (tmp_path / "path" / "pulumi").write_bytes(b"\x7fELF no program")
    with pytest.raises(InfraError, match="does not tell its version"):
        find(environ(tmp_path))


def test_a_cache_that_is_switched_off_holds_none() -> None:
    assert cache_root({"ENCORE_INFRA_CACHE": "off"}, OLDEST) is None


def test_a_program_is_asked_once_and_again_when_it_is_another(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    executable = fake(tmp_path / "path" / "pulumi", f"v{WANTED}'; echo x >> '{asked}")
    for _ in range(2):
        assert find(environ(tmp_path)).shown == WANTED
    assert asked.read_text().split() == ["x"]
    newer = f"{OLDEST[0]}.9999.0"
    fake(executable, f"v{newer}'; echo xx >> '{asked}")
    assert find(environ(tmp_path)).shown == newer


@pytest.mark.parametrize("memory", ["", "[]", "{", '{"program": 1, "version": 2}'])
def test_a_memory_that_is_damaged_is_none(tmp_path: Path, memory: str) -> None:
    fake(tmp_path / "path" / "pulumi", f"v{WANTED}")
    file = tmp_path / "cache" / "pulumi" / "version.json"
    file.parent.mkdir(parents=True)
    file.write_text(memory)
    assert find(environ(tmp_path)).shown == WANTED
