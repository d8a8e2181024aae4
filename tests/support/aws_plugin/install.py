"""Puts the plugin where Pulumi's CLI looks for the one that the installed SDK asks for."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[3]
_PATHS: Final = ("config-schema", "provisioner", "providers/aws", ".")


def version() -> str:
    """What the SDK asks the engine for, such as ``7.51.1``."""
    with resources.files("pulumi_aws").joinpath("pulumi-plugin.json").open() as file:
        return str(json.load(file)["version"])


def install(home: Path, python: str) -> Path:
    """``home``: the ``PULUMI_HOME`` of the tests. ``python``: the interpreter that runs it.

    Returns the executable. The empty lock beside its folder says to the CLI that it is whole.
    """
    name = f"resource-aws-v{version()}"
    folder = home / "plugins" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / f"{name}.lock").touch()
    executable = folder / "pulumi-resource-aws"
    paths = [str(_ROOT / path) for path in _PATHS]
    executable.write_text(
        f"#!{python}\n"
        "import sys\n"
        f"sys.path[:0] = {paths!r}\n"
        "from tests.support.aws_plugin.process import main\n"
        "main()\n"
    )
    executable.chmod(0o755)
    return executable
