"""The provider is what the command line expects, and costs nothing until it is used."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from tests.support.graphs import AppFolder

from encore_config.environment import Environment
from encore_local import LocalProvider
from encore_provisioner.errors import RefusedError
from encore_provisioner.provider import NextStep, Provider


def test_it_is_a_provider_found_by_entry_point() -> None:
    provider: Provider = LocalProvider()
    assert provider.name == "local"
    (entry,) = entry_points(group="encore_infra.providers", name="local")
    assert entry.load() is LocalProvider


def test_importing_it_imports_no_library() -> None:
    text = (
        "import sys; before = set(sys.modules); import encore_local;"
        "print(*sorted({m.partition('.')[0] for m in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", text],
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) - sys.stdlib_module_names == {"encore_local"}


def test_it_waits_for_secrets_and_everything_can_be_checked_from_here(tmp_path: Path) -> None:
    target = AppFolder(root=tmp_path).target
    provider = LocalProvider()
    assert provider.needs_secrets
    assert provider.doctor(target, on_check=lambda check: pytest.fail(str(check))) is None


def test_there_is_nothing_to_refresh(tmp_path: Path) -> None:
    target = AppFolder(root=tmp_path).target
    with pytest.raises(RefusedError) as caught:
        LocalProvider().refresh(target, on_progress=lambda _: None)
    assert caught.value.code == "nothing-to-refresh"
    assert list(tmp_path.iterdir()) == []


def test_what_comes_after_an_apply(tmp_path: Path) -> None:
    target = AppFolder(root=tmp_path, environment=Environment(name="staging")).target
    assert LocalProvider().next_steps(target) == (
        NextStep(
            title="start the app",
            text="with the variables of .encore/infra/staging/runtime.env",
        ),
        NextStep(title="check it", command="doctor"),
        NextStep(title="stop it", command="stop"),
    )
