"""How long the engine works on apps of any size, and how much of that it writes its state.

The plugin answers at once, so what is measured is the engine, our program and the state. The same
apply is done twice: as it is, and with the state written at the end only (an experiment of
Pulumi's, ``PULUMI_SKIP_CHECKPOINTS``), and the difference is what writing takes.

Where writing would take hours it is computed from what is measured there: the same app is applied
unwritten, then a few topics more written and a few more unwritten. What a resource costs beside
so many others is the most that any of them did; writing costs as much as there is to write, so all
of them cost half of that on average. Done for a size that was measured too, it says how far it is
to be believed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
from bench.null_plugin import install
from bench.plan_measure import target

from encore_aws import bundle, offline
from encore_aws.given import NOTHING
from encore_aws.program import Program, normalise
from encore_aws.settings import settings
from encore_config.graph import Graph
from encore_provisioner.engine.command import Command
from encore_provisioner.engine.deployment import Backend, Deployment, Folders
from encore_provisioner.engine.installation import Installation

UNWRITTEN: Final = {"PULUMI_SKIP_CHECKPOINTS": "true", "PULUMI_EXPERIMENTAL": "true"}
MORE: Final = 20
"""Topics that are added to an app that stands."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Seconds: of an apply that makes all, of one whose state is written once, of a preview and an
    apply that change nothing. ``state`` in MB.
    """

    services: int
    resources: int
    first: float
    unwritten: float
    preview: float
    again: float
    state: float

    @property
    def share(self) -> float:
        """Of the first apply that is spent on writing the state."""
        return max(0.0, 1 - self.unwritten / self.first)


@dataclass(frozen=True, kw_only=True)
class Computed:
    """Seconds: of an apply that makes all and writes its state once; ``each``: that writing takes
    for one resource more beside all the others. ``state`` in MB.
    """

    services: int
    resources: int
    unwritten: float
    each: float
    state: float

    @property
    def writing(self) -> float:
        return self.resources * self.each / 2

    @property
    def first(self) -> float:
        return self.unwritten + self.writing


def computed(services: int, engine: Installation, version: str) -> Computed:
    """``version``: of the plugin that the SDK asks for."""
    with tempfile.TemporaryDirectory(prefix="bench-engine-") as name:
        folder = Path(name)
        install(folder / "home", sys.executable, version)
        place = folder / "grown"
        unwritten, deployment, _ = _timed(services, engine, place, UNWRITTEN)
        before = len(deployment.export().resources)
        with_writing, _, _ = _timed(services, engine, place, {}, more=MORE)
        between = len(deployment.export().resources)
        without, _, _ = _timed(services, engine, place, UNWRITTEN, more=2 * MORE)
        (kept,) = (place / "state").rglob("production.json")
        return Computed(
            services=services, resources=before, unwritten=unwritten,
            each=max(0.0, with_writing - without) / (between - before),
            state=kept.stat().st_size / 1e6,
        )  # fmt: skip


def measured(services: int, engine: Installation, version: str) -> Scale:
    """``version``: of the plugin that the SDK asks for."""
    with tempfile.TemporaryDirectory(prefix="bench-engine-") as name:
        folder = Path(name)
        install(folder / "home", sys.executable, version)
        first, deployment, run = _timed(services, engine, folder / "written", {})
        preview = _took(lambda: deployment.preview(run, on_event=_silent))
        again = _took(lambda: deployment.up(run, on_event=_silent))
        resources = len(deployment.export().resources)
        (kept,) = (folder / "written" / "state").rglob("production.json")
        unwritten, _, _ = _timed(services, engine, folder / "unwritten", UNWRITTEN)
        return Scale(
            services=services, resources=resources, first=first, unwritten=unwritten,
            preview=preview, again=again, state=kept.stat().st_size / 1e6,
        )  # fmt: skip


def _timed(
    services: int,
    engine: Installation,
    folder: Path,
    variables: Mapping[str, str],
    *,
    more: int = 0,
) -> tuple[float, Deployment, Program]:
    """``more``: topics beside those of the services, which nobody subscribes to."""
    wanted = target(services)
    wanted = replace(wanted, graph=_grown(wanted.graph, more))
    chosen = settings(wanted.environment)
    names = offline.names_of(wanted, chosen)
    program = Program(normalise(wanted.graph, chosen, names), chosen, names, NOTHING)
    (folder / "state").mkdir(parents=True, exist_ok=True)
    deployment = Deployment(
        project=wanted.app_id,
        stack=wanted.environment.name,
        backend=Backend(
            url=(folder / "state").as_uri(),
            secrets_provider="passphrase",
            variables={
                "PULUMI_CONFIG_PASSPHRASE": "bench",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
                **variables,
            },
        ),
        folders=Folders(work=folder / "work", home=folder.parent / "home"),
        command=Command(engine, environ=os.environ),
    )
    bundle.write(bundle.build(), folder / "work")
    return _took(lambda: deployment.up(program, on_event=_silent)), deployment, program


def _grown(graph: Graph, more: int) -> Graph:
    pattern = graph.topics[0]
    new = (msgspec.structs.replace(pattern, name=f"more-{number}") for number in range(more))
    return msgspec.structs.replace(graph, topics=(*graph.topics, *new))


def _took(run) -> float:  # type: ignore[no-untyped-def]
    began = time.monotonic()
    happened = run()
    if happened.failure is not None:
        raise SystemExit(happened.failure)
    return time.monotonic() - began


def _silent(_: object) -> None:
    """Nobody watches."""
