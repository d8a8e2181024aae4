"""Where everything lies, and that nothing above it is touched."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_local.layout import Layout, file_name, prepare


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_are_private_and_ignored_by_git(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path / ".encore" / "infra" / "local")
    prepare(layout)
    ours = (layout.folder.parent, layout.folder, layout.logs, layout.data, layout.caches)
    assert [mode(folder) for folder in ours] == [0o700] * 5
    assert (tmp_path / ".encore/infra/.gitignore").read_text() == "*\n"


def test_no_folder_that_exists_gets_another_mode(tmp_path: Path) -> None:
    parents = (tmp_path, tmp_path / ".encore", tmp_path / ".encore/infra")
    for folder in parents[1:]:
        folder.mkdir()
    for folder in parents:
        folder.chmod(0o751)
    prepare(Layout(folder=tmp_path / ".encore/infra/local"))
    prepare(Layout(folder=tmp_path / ".encore/infra/local"))
    assert [mode(folder) for folder in parents] == [0o751] * 3


def test_a_gitignore_of_the_user_stays(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path / ".encore/infra/local")
    prepare(layout)
    (tmp_path / ".encore/infra/.gitignore").write_text("mine")
    prepare(layout)
    assert (tmp_path / ".encore/infra/.gitignore").read_text() == "mine"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("infra_config", "infra.config.json"),
        ("runtime_pb", "runtime.pb"),
        ("runtime_env", "runtime.env"),
        ("secrets", "secrets.json"),
        ("state", "state.json"),
        ("servers", "servers.json"),
        ("lock", "lock"),
        ("logs", "logs"),
        ("postgres", "data/postgres"),
        ("objects", "data/objects"),
    ],
)
def test_paths(path: str, expected: str) -> None:
    assert getattr(Layout(folder=Path("s")), path) == Path("s") / expected


def test_caches_and_logs_are_named_by_cluster() -> None:
    layout = Layout(folder=Path("s"))
    assert layout.cache("main") == Path("s/data/caches/main")
    assert layout.log("postgres") == Path("s/logs/postgres.log")
    assert layout.log("cache/main") == Path("s/logs/cache-main.log")


@pytest.mark.parametrize("name", ["../../x", "A", "a/b", "ü", "", ".", "x" * 300, "a.b", "con "])
def test_an_odd_name_stays_inside_and_short(name: str) -> None:
    made = file_name(name)
    assert "/" not in made
    assert not made.startswith(".")
    assert len(made) <= 63
    assert made == made.lower()


@given(st.lists(st.text(max_size=80), unique=True, max_size=20))
def test_no_two_names_share_a_file(names: list[str]) -> None:
    made = [file_name(name) for name in names if name.isprintable()]
    assert len(set(made)) == len(made)
