"""The one orchestrator of emission; see the package's docstring for the flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

from encore_config.codec import encode
from encore_config.diagnostics import Diagnostic, order
from encore_config.graph import Graph
from encore_config.infra import InfraConfig
from encore_config.infra_reader import BootProblem, boot_problems
from encore_config.runtime import TopicExtra, encode_value, from_infra, serialise
from encore_provisioner.binding import Bindings
from encore_provisioner.emit.config import env_references, infra_config
from encore_provisioner.emit.scope import Scope, scope
from encore_provisioner.errors import RefusedError

PROTOBUF_VARIABLE: Final = "ENCORE_RUNTIME_CONFIG"
JSON_VARIABLE: Final = "ENCORE_INFRA_CONFIG_PATH"

LONGEST_VARIABLE: Final = 131_071
"""Bytes of ``NAME=value`` that Linux takes for one variable (``MAX_ARG_STRLEN``, less the NUL)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """The runtime config of one container in both encodings.

    ``runtime_pb`` is the raw protobuf, ``runtime_config_value`` the same for a variable.
    ``variables`` are all others of the process, secrets among them. ``uses_protobuf``: the
    process must be given the protobuf. ``warnings`` are sorted.
    """

    infra_json: bytes = field(repr=False)
    runtime_pb: bytes = field(repr=False)
    runtime_config_value: str = field(repr=False)
    uses_protobuf: bool
    warnings: tuple[Diagnostic, ...]
    variables: dict[str, str] = field(repr=False)


def emit(
    graph: Graph, bindings: Bindings, *, cors: Mapping[str, Any], service: str | None = None
) -> Emitted:
    """The runtime config of the app, or of the container that holds ``service`` alone.

    ``cors`` is ``global_cors`` of ``encore.app`` (empty when it has none). ``service`` may also
    be the gateway's name. Equal input gives equal bytes. Raises :class:`InfraError`: a resource
    without binding, an unknown service, CORS that cannot be used, a value that the core would
    expand.
    """
    wanted = scope(graph, service)
    config = infra_config(wanted, bindings, cors=cors)
    problems = boot_problems(config)
    _refuse_to_stop(problems)
    extras = _extras(graph, wanted)
    packed = serialise(from_infra(config, topics=extras))
    value = encode_value(packed)
    lossy = tuple(sorted(name for name, extra in extras.items() if extra != TopicExtra()))
    references = tuple(sorted(set(env_references(config))))
    values = {name: bindings.env_values[name] for name in references if name in bindings.env_values}
    _refuse_expansion(values)
    return Emitted(
        infra_json=encode(config),
        runtime_pb=packed,
        runtime_config_value=value,
        variables={**bindings.variables, **values},
        uses_protobuf=bool(lossy),
        warnings=_sorted(
            *_json_loses(graph, lossy),
            *_unset(references, bindings),
            *_unreachable(wanted, config),
            *_too_long(value),
            *_fails_later(problems),
        ),
    )


def environment_variables(emitted: Emitted, *, config_path: PurePath | str) -> dict[str, str]:
    """Every variable of the process; exactly one of them leads to the runtime config.

    ``config_path``: where the process finds ``infra.config.json``.
    """
    if emitted.uses_protobuf:
        return {**emitted.variables, PROTOBUF_VARIABLE: emitted.runtime_config_value}
    return {**emitted.variables, JSON_VARIABLE: str(config_path)}


def _extras(graph: Graph, wanted: Scope) -> dict[str, TopicExtra]:
    return {
        topic.name: TopicExtra(delivery=topic.delivery, ordering_attribute=topic.ordering_attribute)
        for topic in graph.topics
        if topic.name in wanted.topics
    }


def _refuse_to_stop(problems: tuple[BootProblem, ...]) -> None:
    for problem in problems:
        if problem.effect == "stops-boot":
            raise RefusedError(
                f"the app would not start with this runtime config: {problem}",
                code="would-not-boot",
                hint=problem.remedy,
            )


def _fails_later(problems: tuple[BootProblem, ...]) -> list[Diagnostic]:
    """FIFO topics and unsigned calls are left to the warnings that know the app."""
    return [
        Diagnostic(code="W9106", severity="warning", message=str(problem), hint=problem.remedy)
        for problem in problems
        if problem.effect == "fails-later" and problem.path[0] not in ("pubsub", "auth")
    ]


def _refuse_expansion(values: Mapping[str, str]) -> None:
    for name, value in sorted(values.items()):
        if value.startswith("envref:"):
            raise RefusedError(
                f'the value of {name} begins with "envref:", which the core takes for a list '
                "of other variables",
                code="envref-value",
                hint="store another value: encore-infra secret set",
            )


def _sorted(*found: Diagnostic) -> tuple[Diagnostic, ...]:
    return tuple(sorted(found, key=order))


def _json_loses(graph: Graph, topics: tuple[str, ...]) -> list[Diagnostic]:
    return [
        Diagnostic(
            code="W9101",
            severity="warning",
            message=f'infra.config.json cannot say that topic "{topic.name}" is ordered or '
            "exactly-once; with it the app could not publish to this topic",
            hint=f"give the process {PROTOBUF_VARIABLE}, as config --format env does, and "
            "build the image with --skip-config",
            at=topic.at,
        )
        for topic in graph.topics
        if topic.name in topics
    ]


def _unset(references: tuple[str, ...], bindings: Bindings) -> list[Diagnostic]:
    known = bindings.variables.keys() | bindings.env_values.keys()
    missing = [name for name in references if name not in known]
    if not missing:
        return []
    return [
        Diagnostic(
            code="W9102",
            severity="warning",
            message=f"no value is known here for {', '.join(missing)}, which the runtime config "
            "refers to",
            hint="set them where the app's process is started",
        )
    ]


def _unreachable(wanted: Scope, config: InfraConfig) -> list[Diagnostic]:
    if wanted.whole:
        return []
    missing = [name for name in wanted.remote if name not in (config.service_discovery or {})]
    found = []
    if missing:
        found.append(
            Diagnostic(
                code="W9103",
                severity="warning",
                message=f"no address is known for {', '.join(missing)}; calls from this "
                'container to them end in "service not found"',
                hint="run the app as one container, or use a provider that runs several",
            )
        )
    if not config.auth:
        found.append(
            Diagnostic(
                code="W9104",
                severity="warning",
                message="calls between containers are not signed: whoever reaches a service's "
                "port can call private endpoints in any user's name",
                hint="let nothing but the app's own containers reach the port",
            )
        )
    return found


def _too_long(value: str) -> list[Diagnostic]:
    length = len(f"{PROTOBUF_VARIABLE}={value}")
    if length <= LONGEST_VARIABLE:
        return []
    return [
        Diagnostic(
            code="W9105",
            severity="warning",
            message=f"{PROTOBUF_VARIABLE} would be {length} bytes long; Linux starts no process "
            f"with a variable over {LONGEST_VARIABLE}",
            hint="mount runtime.pb and set ENCORE_RUNTIME_CONFIG_PATH to its path",
        )
    ]
