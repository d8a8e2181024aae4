"""One measurement in a process of its own: ``python -m bench.plan_measure WHAT SERVICES``.

``ours`` is the offline plan from the graph to the document. ``bare`` registers the same resources,
with the same inputs, by the same typed classes with Pulumi's own mocks, each property waiting for
the resources that its value comes from, and does nothing else; ``bare-uncollected`` does so while
Python's search for garbage is off, as it is in ours. What is imported before is not counted; it is
told as ``imports``.
"""

from __future__ import annotations

import asyncio
import gc
import json
import pickle
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from bench.plan_graphs import app_graph

from encore_config.environment import Containers, Environment, EnvironmentEntry
from encore_provisioner.provider import Target

ENVIRONMENT: Final = Environment(
    name="production",
    provider="aws",
    type="production",
    settings=EnvironmentEntry(
        provider="aws",
        region="eu-north-1",
        account="111122223333",
        id="k3f9",
        containers=Containers(layout="per-service"),
    ),
)
_MARKS: Final = ({"unknown": True}, {"secret": True})


def target(services: int) -> Target:
    return Target(
        root=Path("/"),
        app_id="bench",
        graph=app_graph(services),
        environment=ENVIRONMENT,
        cors={},
    )


def measure(what: str, services: int) -> dict[str, float | int]:
    start = time.perf_counter()
    from encore_aws import cloud, offline

    imports = time.perf_counter() - start
    wanted = target(services)
    if what == "ours":
        start = time.perf_counter()
        resources = len(offline.make_plan(wanted).steps)
        took = time.perf_counter() - start
    else:
        # In another process, so that nothing of it is left here.
        command = [sys.executable, "-m", "bench.plan_measure", "record", str(services)]
        made = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        recorded = pickle.loads(made.stdout)
        resources = len(recorded)
        took = _bare(recorded, _classes(cloud), collecting=what == "bare")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": took,
        "resources": resources,
        "imports": imports,
        "megabytes": peak / (1024 * 1024 if sys.platform == "darwin" else 1024),
    }


def _classes(cloud: ModuleType) -> Mapping[str, Any]:
    """Pulumi's typed classes by type, of the modules that the program uses."""
    return {
        found.pulumi_type: found
        for name in cloud.__all__
        for found in vars(getattr(cloud, name)).values()
        if isinstance(found, type) and hasattr(found, "pulumi_type")
    }


def _bare(recorded: Any, classes: Mapping[str, Any], *, collecting: bool) -> float:
    import pulumi
    from pulumi.runtime import mocks, settings
    from pulumi.runtime.stack import run_in_stack

    class Nothing(mocks.Mocks):
        """Every resource is as it was asked for."""

        def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
            return args.name, args.inputs

        def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
            return dict(args.args), []

    def register() -> None:
        made: dict[str, pulumi.Resource] = {}
        for one in recorded:
            needed = [made[urn] for urn in one.depends_on if urn in made]
            options = pulumi.ResourceOptions(protect=one.protect, depends_on=needed)
            made[one.urn] = _make(one, classes, options, made)

    async def whole() -> None:
        mocks.set_mocks(Nothing(), project="bench", stack="production", preview=True)
        settings.set_root_resource(None)  # type: ignore[arg-type]  # the mocks make one
        await run_in_stack(register)

    return _timed_in_a_thread(lambda: asyncio.run(whole()), collecting=collecting)


def _make(one: Any, classes: Mapping[str, Any], options: Any, made: Mapping[str, Any]) -> Any:
    """A property whose value comes from other resources waits for them here too."""
    import pulumi

    known = _shown(one.inputs)
    for key, urns in one.sources.items():
        sources = [made[urn].urn for urn in urns if urn in made]
        if key in known and sources:
            known[key] = pulumi.Output.all(*sources).apply(_always(known[key]))
    if one.type.startswith("pulumi:providers:"):
        return pulumi.ProviderResource("aws", one.name, known, options)
    if one.type not in classes:
        return pulumi.ComponentResource(one.type, one.name, known, options)
    return classes[one.type](one.name, **_snake_keys(known), opts=options)


def _always(value: Any) -> Callable[[object], Any]:
    return lambda _: value


def _shown(value: Any) -> Any:
    """A value with text in the place of what only apply knows."""
    if value in _MARKS:
        return "unknown"
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return {k: _shown(v) for k, v in value.items()} if isinstance(value, dict) else value


def _snake_keys(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower(): value for key, value in inputs.items()}


def _timed_in_a_thread(action: Callable[[], object], *, collecting: bool) -> float:
    """In a thread of its own, as Pulumi wants it. Raises what the action raised."""
    took: list[float] = []
    failed: list[BaseException] = []

    def run() -> None:
        if not collecting:
            gc.disable()
        start = time.perf_counter()
        try:
            action()
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)
        took.append(time.perf_counter() - start)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return took[0]


def record(services: int) -> bytes:
    """The resources of the program, for another process."""
    from encore_aws import offline

    return pickle.dumps(offline.run(target(services))[0].resources)


if __name__ == "__main__":
    if sys.argv[1] == "record":
        sys.stdout.buffer.write(record(int(sys.argv[2])))
    else:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
