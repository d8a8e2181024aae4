"""The apps and environment files under ``tests/cases/aws``, as the provider gets them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.support.golden import CASES

from encore_provisioner.analysis import analyse
from encore_provisioner.app import app_id
from encore_provisioner.environments import load_environments, resolve
from encore_provisioner.provider import Target

AWS: Final = CASES / "aws"
APP: Final = AWS / "app"


def target(app: Path, file: Path, environment: str) -> Target:
    """``file`` is the folder with the environment file. The app must have no error."""
    analysis = analyse(app)
    assert not [item for item in analysis.diagnostics if item.severity == "error"]
    return Target(
        root=app,
        app_id=app_id(app, analysis.app_file),
        graph=analysis.graph,
        environment=resolve(load_environments(file), environment),
        cors={},
    )
