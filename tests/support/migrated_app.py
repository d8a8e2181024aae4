"""An app in AWS whose databases are migrated: a folder with files, outputs, the function in memory.

Every database lies on the one server, and AWS has made everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.support import aws_made
from tests.support.called import ACCOUNT, REGION, Called
from tests.support.fake_function import FakeFunction
from tests.support.graphs import AppFolder

from encore_aws.inside import Inside
from encore_config.environment import (
    Adopt,
    AdoptedDatabase,
    DatabaseSettings,
    Environment,
    EnvironmentEntry,
)
from encore_config.plan import Step
from encore_provisioner.errors import InfraError
from encore_provisioner.provider import Progress, Target

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:old-AbCdEf"


def environment(*adopted: str, layout: Any = "shared") -> Environment:
    there = {
        name: AdoptedDatabase(instance="old", username="u", password=SECRET) for name in adopted
    }
    entry = EnvironmentEntry(
        region=REGION,
        account=ACCOUNT,
        id="k3f9",
        adopt=Adopt(databases=there),
        databases={"defaults": DatabaseSettings(layout=layout)},
    )
    return Environment(name="production", provider="aws", type="production", settings=entry)


@dataclass
class MigratedApp:
    """``told``: the events of progress, as ``phase name``."""

    folder: AppFolder
    function: FakeFunction = field(default_factory=FakeFunction)
    told: list[str] = field(default_factory=list)
    events: list[Progress] = field(default_factory=list)

    @property
    def target(self) -> Target:
        return self.folder.target

    @property
    def outputs(self) -> dict[str, Any]:
        return aws_made.outputs(self.target)

    @property
    def inside(self) -> Inside:
        return Called(self.function.handle).inside

    def files(self, **texts: dict[str, str]) -> None:
        """``orders={"1_a": "CREATE …"}``"""
        for database, named in texts.items():
            for name, text in named.items():
                self.folder.migration(database, f"{name}.up.sql", text)

    def on_progress(self, event: Progress) -> None:
        self.events.append(event)
        self.told.append(f"{event.phase} {event.step.name}")


def names(steps: Iterable[Step]) -> list[str]:
    return [f"{step.op} {step.name}" for step in steps]


def place(error: InfraError) -> tuple[str, int, int]:
    assert error.at is not None
    return error.at.file, error.at.line, error.at.column
