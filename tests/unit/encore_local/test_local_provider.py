"""The provider is what the command line expects, and costs nothing until it is used."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

from encore_local import LocalProvider
from encore_provisioner.provider import Provider


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
