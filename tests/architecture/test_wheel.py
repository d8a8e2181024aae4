"""The wheel holds what the checkout runs: every module, every schema, the entry points."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOLDERS = tuple(
    str(Path(package).parent)
    for package in PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """Built from the tracked files with the installed hatchling: nothing is downloaded."""
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    done = subprocess.run(
        [*command, "--directory", str(target)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next(target.glob("*.whl"))) as opened:
        yield opened


def test_it_holds_every_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    expected = {
        path.relative_to(ROOT / folder).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected <= names
    assert any(name.endswith(".schema.json") for name in expected)


def test_it_installs_both_scripts_and_the_providers(wheel: zipfile.ZipFile) -> None:
    [entry_points] = [n for n in wheel.namelist() if n.endswith("entry_points.txt")]
    text = wheel.read(entry_points).decode()
    assert "encore = encore_provisioner.cli.shim:main" in text
    assert "encore-infra = encore_provisioner.cli.main:main" in text
    assert "aws = encore_aws:AwsProvider" in text
    assert "local = encore_local:LocalProvider" in text


def test_it_runs_from_the_wheel_alone(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """On the wheel's own modules, without the checkout on the path."""
    site = tmp_path / "site"
    wheel.extractall(site)
    checkout = [str(ROOT / folder) for folder in FOLDERS]
    program = f"""
import sys
sys.path = [{str(site)!r}, *(p for p in sys.path if p not in {checkout!r})]
import encore_aws, encore_config.schema, encore_local
from encore_provisioner.cli import main
for module in (encore_aws, encore_config, encore_local, main):
    assert module.__file__.startswith({str(site)!r}), module.__file__
encore_config.schema.load("graph")
sys.exit(main.main(["graph", {str(ROOT / "examples" / "shop")!r}]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "app shop (typescript)" in done.stdout
