"""A Pulumi program run in this process, and what it asked for: no CLI, no plugin, no network.

In: a program (a function that makes resources and returns the stack's outputs). Out: a
:class:`Recording`, plain data in an order that does not depend on threads. A value that only
apply can know is ``{"unknown": true}``; one that is marked secret is ``{"secret": true}``, whatever
it holds. Invokes are unknown too, but for those that the caller can answer.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import empty_pb2, json_format
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack

from encore_provisioner.engine.values import STACK, plain
from encore_provisioner.garbage import no_collection

Program = Callable[[], Mapping[str, Any]]
Answers = Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]
Made = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]
"""What a resource of this type, name and inputs has when it is made; ``id`` among it."""

_UNKNOWN: Final = rpc.UNKNOWN
_FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One resource as the program asked for it.

    ``inputs`` are in the provider's own names (camel case). ``depends_on`` are the URNs of all
    resources that must exist before, from options and from properties alike; ``sources`` are those
    that a property's value comes from, by its name. ``ignored`` are properties that the program
    gives once and leaves alone from then on. ``goes_first``: where it must be replaced, the old one
    is deleted before the new one is made.
    """

    type: str
    name: str
    urn: str
    parent: str
    inputs: dict[str, Any]
    protect: bool
    depends_on: tuple[str, ...]
    import_id: str = ""
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    goes_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """``resources`` stand in the order of creation: what a resource depends on comes before it."""

    resources: tuple[Recorded, ...]
    outputs: dict[str, Any] = field(default_factory=dict)


def record(
    program: Program,
    *,
    project: str,
    stack: str,
    answers: Answers | None = None,
    made: Made | None = None,
) -> Recording:
    """Run ``program`` to its end. Whatever it raises is raised here.

    With ``made`` resources have outputs, as after an apply; without, only apply can know them.
    """
    monitor = _Monitor(project, stack, answers or {}, made or _nothing_made)
    found: list[Recording] = []
    failed: list[BaseException] = []

    def run() -> None:
        # A thread of its own: Pulumi keeps its settings in context variables, and wants a loop.
        try:
            with no_collection():
                asyncio.run(_run(program, monitor, project, stack))
            found.append(monitor.recording())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            failed.append(error)

    thread = threading.Thread(target=run, name="pulumi program")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


def export(program: Program) -> None:
    """Run it, as whoever has set Pulumi up; what it returns becomes the stack's outputs."""
    import pulumi

    for name, value in program().items():
        pulumi.export(name, value)


async def _run(program: Program, monitor: _Monitor, project: str, stack: str) -> None:
    settings.configure(
        mocks.MockSettings(  # type: ignore[no-untyped-call]  # Pulumi's own, not typed
            monitor=monitor,
            monitor_features=set(_FEATURES),
            engine=mocks.MockEngine(None),
            project=project,
            stack=stack,
            dry_run=True,
            callbacks=None,
        )
    )
    settings.set_root_resource(None)  # type: ignore[arg-type]  # of a program that ran before

    await run_in_stack(lambda: export(program))


class _Monitor:
    """Stands where Pulumi's engine would: takes each registration and answers as in a preview."""

    def __init__(self, project: str, stack: str, answers: Answers, made: Made) -> None:
        self._project, self._stack = project, stack
        self._answers, self._made = answers, made
        self._resources: dict[str, Recorded] = {}
        self._outputs: dict[str, Any] = {}
        self._twice: list[str] = []

    def recording(self) -> Recording:
        """Raises ``ValueError`` where two resources have the same name."""
        if self._twice:
            raise ValueError(f"two resources are called {min(self._twice)}")
        return Recording(resources=_in_order(self._resources), outputs=self._outputs)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's own name
        urn = self._urn(request)
        if request.type == STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if urn in self._resources:  # told at the end: raised here, it would reach Pulumi's threads
            self._twice.append(urn)
        sources = {
            name: tuple(sorted(set(listed.urns)))
            for name, listed in sorted(request.propertyDependencies.items())
            if listed.urns
        }
        needed = {*request.dependencies, *(urn for urns in sources.values() for urn in urns)}
        self._resources[urn] = Recorded(
            type=request.type,
            name=request.name,
            urn=urn,
            parent=request.parent,
            inputs=plain(json_format.MessageToDict(request.object)),
            protect=request.protect,
            depends_on=tuple(sorted(needed)),
            import_id=request.importId,
            sources=sources,
            ignored=tuple(sorted(request.ignoreChanges)),
            goes_first=request.deleteBeforeReplace,
        )
        # As in a preview: the inputs are known as outputs too.
        known = Struct()
        known.CopyFrom(request.object)
        outputs = dict(self._made(request.type, request.name, self._resources[urn].inputs))
        id_ = str(outputs.pop("id", ""))
        known.update(outputs)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=known)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if request.urn.split("::")[2] == STACK:
            self._outputs = plain(json_format.MessageToDict(request.outputs))
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        answer = self._answers.get(request.tok)
        if answer is None:
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        given = json_format.MessageToDict(request.args)
        returned = Struct()
        returned.update(dict(answer(given)))
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(returned)  # a keyword of Python
        return response

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        return resource_pb2.ReadResourceResponse(
            urn=self._urn(request), properties=request.properties
        )

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        known = request.id in ("secrets", "resourceReferences", "aliasSpecs", "deletedWith")
        return resource_pb2.SupportsFeatureResponse(hasSupport=known)

    def GetDeploymentInfo(self, _: Any) -> Any:  # noqa: N802
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def SignalAndWaitForShutdown(self, _: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def _urn(self, request: Any) -> str:
        kind = request.type
        if request.parent:
            above = request.parent.split("::")[2]
            kind = kind if above == STACK else f"{above}${kind}"
        return f"urn:pulumi:{self._stack}::{self._project}::{kind}::{request.name}"


def _nothing_made(*_: object) -> Mapping[str, Any]:
    return {}


def _in_order(resources: Mapping[str, Recorded]) -> tuple[Recorded, ...]:
    """What others depend on first; among equals by URN, so that threads leave no trace."""
    level: dict[str, int] = {}
    todo = sorted(resources, reverse=True)
    while todo:
        urn = todo[-1]
        needed = [u for u in _needs(resources[urn]) if u in resources]
        missing = [u for u in needed if u not in level]
        if missing and urn not in level:
            todo.extend(missing)
            continue
        level[urn] = 1 + max((level[u] for u in needed), default=-1)
        todo.pop()
    return tuple(resources[urn] for urn in sorted(resources, key=lambda u: (level[u], u)))


def _needs(resource: Recorded) -> tuple[str, ...]:
    return (*resource.depends_on, resource.parent) if resource.parent else resource.depends_on
