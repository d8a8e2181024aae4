"""What apply wrote for the app's process is taken away with the environment, and nothing else."""

from __future__ import annotations

from pathlib import Path

from tests.support.graphs import AppFolder

from encore_provisioner.cli.runtime_files import remove_runtime

NAMES = ("infra.config.json", "runtime.pb", "runtime.env")


def written(root: Path, *names: str) -> AppFolder:
    app = AppFolder(root=root)
    app.target.state_dir.mkdir(parents=True)
    for name in names:
        (app.target.state_dir / name).write_text("x")
    return app


def test_the_files_go_and_their_empty_folder(tmp_path: Path) -> None:
    app = written(tmp_path, *NAMES)
    remove_runtime(app.target)
    assert not app.target.state_dir.exists()


def test_what_else_is_there_stays(tmp_path: Path) -> None:
    app = written(tmp_path, *NAMES, "notes.txt")
    remove_runtime(app.target)
    assert [path.name for path in app.target.state_dir.iterdir()] == ["notes.txt"]


def test_what_is_gone_is_gone(tmp_path: Path) -> None:
    remove_runtime(AppFolder(root=tmp_path).target)
    remove_runtime(written(tmp_path, "runtime.pb").target)
    assert not AppFolder(root=tmp_path).target.state_dir.exists()
