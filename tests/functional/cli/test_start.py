"""The start: nothing slow is loaded for help, and `encore` finds the real Encore CLI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.tool import EXECUTABLE, Tool

SLOW = {
    "argparse",
    "dataclasses",
    "encore_config",
    "encore_provisioner.errors",
    "google",
    "importlib.metadata",
    "inspect",
    "jsonschema",
    "msgspec",
    "pathlib",
    "psycopg",
    "rich",
    "tree_sitter",
    "typing",
    "yaml",
}
SHIM = EXECUTABLE.parent / "encore"


def loaded(*words: str) -> set[str]:
    """The modules in memory when the command line has ended."""
    script = (
        "import sys\nbefore = set(sys.modules)\n"
        "from encore_provisioner.cli.main import main\n"
        f"main({list(words)!r})\n"
        "print(*sorted(set(sys.modules) - before), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [("--help",), ("-h",)])
def test_help_loads_nothing_slow(words: tuple[str, ...]) -> None:
    assert loaded(*words) & SLOW == set()


def test_the_command_line_loads_nothing_that_only_one_command_wants() -> None:
    assert not loaded("graph", "--help") & {"rich", "psycopg", "jsonschema", "google.protobuf"}


@pytest.fixture
def path(tmp_path: Path) -> list[str]:
    """PATH with our script first, then a folder with a fake Encore CLI."""
    real = tmp_path / "real"
    real.mkdir()
    script = real / "encore"
    script.write_text('#!/bin/sh\necho "real encore: $*"\ncat\nexit 7\n')
    script.chmod(0o755)
    return [str(SHIM.parent), str(real)]


def encore(path: list[str], *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": os.pathsep.join([*path, "/usr/bin", "/bin"])}
    return subprocess.run(
        ["encore", *words], env=env, input=stdin, capture_output=True, text=True, check=False
    )


def test_infra_is_ours(path: list[str]) -> None:
    done = encore(path, "infra", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: encore infra COMMAND")
    wrong = encore(path, "infra", "plann")
    assert wrong.returncode == 64
    assert "encore infra: there is no command `plann`" in wrong.stderr


@pytest.mark.parametrize("words", [("run", "--port", "4000"), (), ("--help",), ("infrastructure",)])
def test_all_else_goes_to_the_real_one(path: list[str], words: tuple[str, ...]) -> None:
    done = encore(path, *words, stdin="typed")
    assert done.returncode == 7
    assert done.stdout == f"real encore: {' '.join(words)}\ntyped"
    assert done.stderr == ""


def test_without_a_real_one_it_says_so() -> None:
    done = encore([str(SHIM.parent)], "run")
    assert done.returncode == 127
    assert "the Encore CLI\nthat knows `run` is not on PATH" in done.stderr


def test_other_copies_and_links_of_itself_are_passed_by(path: list[str], tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.mkdir()
    (link / "encore").symlink_to(SHIM)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "encore").write_bytes(SHIM.read_bytes())
    (copy / "encore").chmod(0o755)
    not_executable = tmp_path / "text"
    not_executable.mkdir()
    (not_executable / "encore").write_text("not a program")
    folder = tmp_path / "folder"
    (folder / "encore").mkdir(parents=True)
    others = [str(p) for p in (link, copy, not_executable, folder, tmp_path / "gone")]
    assert encore([*others, *path], "run").stdout == "real encore: run\n"
    assert encore([*others, str(SHIM.parent)], "run").returncode == 127


def test_a_program_that_cannot_start_is_126(tmp_path: Path) -> None:
    bad = tmp_path / "encore"
    bad.write_text("#!/no/such/interpreter\n")
    bad.chmod(0o755)
    done = encore([str(SHIM.parent), str(tmp_path)], "run")
    assert done.returncode == 126
    assert f"{bad} cannot be run" in done.stderr


def test_commands_to_copy_use_the_name_that_was_used(app: Tool) -> None:
    tool = Tool(app.app, env=app.env, command=(str(SHIM), "infra"))
    assert "`encore infra apply` starts them again" in _applied(tool).ok("stop").out


def _applied(tool: Tool) -> Tool:
    tool.apply()
    return tool
