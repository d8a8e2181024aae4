"""Real servers for the tests of the provider `local`: one environment that is shared where a
test only needs databases or queues, and fresh ones where it ends servers or destroys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.support.graphs import AppFolder

from encore_config.plan import Plan
from encore_local import LocalProvider
from encore_provisioner.provider import Event, Outputs, Progress


@dataclass(frozen=True, kw_only=True)
class Local:
    """What a test does to apps, with what was reported meanwhile."""

    provider: LocalProvider = field(default_factory=LocalProvider)
    progress: list[Progress] = field(default_factory=list)

    def on_progress(self, event: Event) -> None:
        assert isinstance(event, Progress), "nobody else is at work"
        self.progress.append(event)

    def plan(self, app: AppFolder, **options: Any) -> Plan:
        return self.provider.plan(app.target, **options)

    def apply(self, app: AppFolder, *allowed: str, **options: Any) -> Outputs:
        self.progress.clear()
        plan = self.plan(app, **({"new_ports": True} if options.get("new_ports") else {}))
        return self.provider.apply(
            app.target,
            plan,
            on_progress=self.on_progress,
            allow_data_loss=frozenset(allowed),
            **options,
        )

    def destroy(self, app: AppFolder, *allowed: str) -> tuple[str, ...]:
        return self.provider.destroy(
            app.target,
            self.provider.plan_destroy(app.target),
            on_progress=self.on_progress,
            allow_data_loss=frozenset(allowed),
        )

    def changes(self, app: AppFolder) -> list[tuple[str, str]]:
        """What a plan would change, as ``(op, name)``."""
        return [(step.op, step.name) for step in self.plan(app).changes]


@pytest.fixture
def local() -> Local:
    return Local()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[AppFolder]:
    """An app of its own, with no environment yet; whatever it becomes, it is destroyed."""
    app = AppFolder(root=tmp_path)
    yield app
    provider = LocalProvider()
    plan = provider.plan_destroy(app.target)
    assert provider.destroy(app.target, plan, on_progress=lambda _: None) == ()


@pytest.fixture(scope="session")
def shared_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of an environment whose servers run for all tests of a worker."""
    root = tmp_path_factory.mktemp("shared")
    yield root
    app = AppFolder(root=root)
    provider = LocalProvider()
    plan = provider.plan_destroy(app.target)
    assert provider.destroy(app.target, plan, on_progress=lambda _: None) == ()


@pytest.fixture
def shared(shared_root: Path, local: Local) -> Iterator[AppFolder]:
    """The shared environment, emptied after each test. Its servers keep running."""
    empty = AppFolder(root=shared_root, databases={"keep": None}, parts={"buckets": ()})
    yield empty
    losses = [step for step in local.plan(empty).changes if step.data_loss]
    local.apply(empty, *(str(step.declaration) for step in losses))
