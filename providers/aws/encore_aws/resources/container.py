"""What runs the app elsewhere needs: nothing is run here (``compute: none``), all is handed over.

For each container: where it stands in the network, its roles, its variables, the ARNs of secrets
whose values are variables too, and for ECS a task definition as ``aws ecs
register-task-definition --cli-input-json`` takes it. What nobody can know yet is named under
``fill_in``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from encore_aws.containers import Container, containers
from encore_aws.naming import Names
from encore_aws.permissions import Grants
from encore_aws.resources import secret
from encore_aws.settings import Settings
from encore_aws.stage import Stage
from encore_config.diagnostics import Diagnostic
from encore_config.graph import Graph

Outputs = Mapping[str, Any]

PORT: Final = 8080
NOT_FARGATE: Final = "E9242"
EMPTY_DIMENSIONS: Final = "W9240"

_NAME: Final = "app"
"""Of the container in its task; ECS takes fewer characters there than services have."""
_IMAGE: Final = "the-image-that-encore-build-docker-made"
_HEALTH: Final = "/__encore/healthz"
_GRACE: Final = 5
"""Seconds that the core takes to end by itself; the config sets no other (contract §4.11)."""
_FORCED: Final = 3
"""Seconds after which the core then ends itself by force."""
_STOP: Final = max(30, _GRACE + _FORCED)
"""ECS's own default; a container that is done sooner ends sooner."""
_SIZES: Final[Mapping[int, tuple[int, ...]]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
    8192: tuple(range(16384, 61441, 4096)),
    16384: tuple(range(32768, 122881, 8192)),
}
"""What Fargate on Linux takes: processors in 1,024ths, and memory in MiB for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedContainer:
    """``environment`` holds no secret; ``secrets`` are the variables whose values are.

    ``family``: the name of the task definition; missing where ECS does not run it.
    ``command``: how ``config`` prints what is still missing.
    """

    container: Container
    environment: Mapping[str, str]
    secrets: tuple[str, ...]
    image: str | None
    replicas: int
    cpu: int
    memory: int
    region: str
    command: str
    has_node: bool
    family: str | None = None


Wanted = tuple[WantedContainer, ...]


def normalise(graph: Graph, settings: Settings, names: Names) -> Wanted:
    grants = Grants(graph)
    given = settings.containers
    return tuple(
        WantedContainer(
            container=container,
            environment=_environment(settings),
            secrets=secret.variables_of(graph, grants, container, settings),
            image=given.image,
            replicas=given.replicas,
            cpu=given.cpu,
            memory=given.memory,
            region=settings.region,
            command=_command(settings, container),
            # Go's image is empty but for the app's one program.
            has_node=graph.app.language == "typescript",
            family=names.name("task-definition", container.label) if _in_ecs(settings) else None,
        )
        for container in containers(graph, settings)
    )


def _environment(settings: Settings) -> dict[str, str]:
    """``ENCORE_LOG`` is the one level that works; the core's own default writes everything."""
    return {
        "AWS_REGION": settings.region,
        "ENCORE_LOG": "info" if settings.type == "production" else "debug",
        "PORT": str(PORT),
    }


def _command(settings: Settings, container: Container) -> str:
    service = f" --service {container.service}" if container.service is not None else ""
    return f"encore-infra config --env {settings.environment}{service} --format env"


def _in_ecs(settings: Settings) -> bool:
    return settings.containers.trust == "ecs"


def findings(graph: Graph, settings: Settings, names: Names) -> Iterator[Diagnostic]:
    del graph, names
    where = f"environments.{settings.environment}"
    cpu, memory = settings.containers.cpu, settings.containers.memory
    if _in_ecs(settings) and memory not in _SIZES.get(cpu, ()):
        yield Diagnostic(
            code=NOT_FARGATE,
            severity="error",
            message=f"{where}.containers: Fargate has no size with cpu {cpu} and memory {memory}",
            hint=f"the nearest: {' or '.join(_nearest(cpu, memory))}",
        )
    if settings.namespace is not None and not _in_ecs(settings):
        yield Diagnostic(
            code=EMPTY_DIMENSIONS,
            severity="warning",
            message=f"{where}.metrics: outside ECS the core knows neither service nor instance and "
            "sends empty dimensions, which CloudWatch refuses: no metric arrives",
            hint="use `trust: ecs`, or remove `metrics`",
        )


def _nearest(cpu: int, memory: int) -> Iterator[str]:
    """The least size that has room for both, and the one with this cpu."""
    sizes = [(c, m) for c, listed in _SIZES.items() for m in listed]
    large = [size for size in sizes if size[0] >= cpu and size[1] >= memory]
    same = [size for size in sizes if size[0] == cpu]
    found = {min(large)} if large else {max(sizes)}
    if same:
        found.add(min(same, key=lambda size: (abs(size[1] - memory), size)))
    for c, m in sorted(found):
        yield f"cpu {c} with memory {m}"


def create(wanted: Wanted, outputs: Outputs, stage: Stage) -> dict[str, Any]:
    """``outputs``: those of network, secrets and roles. ``containers``: data by label."""
    return {"containers": {item.container.label: _handed(item, outputs, stage) for item in wanted}}


def _handed(wanted: WantedContainer, outputs: Outputs, stage: Stage) -> dict[str, Any]:
    label = wanted.container.label
    role, logs, network = outputs["roles"][label], outputs["log_groups"][label], outputs["network"]
    arns = {name: outputs["variables"][name] for name in wanted.secrets}
    missing = {"ENCORE_RUNTIME_CONFIG": f"the variable that this prints: {wanted.command}"}
    if wanted.image is None:
        missing["image"] = "what `encore build docker` made, in a registry that it is fetched from"
    found: dict[str, Any] = {
        "service": wanted.container.service,
        "replicas": wanted.replicas,
        "subnets": network["subnets"]["compute"],
        "security_groups": [network["compute_security_group"]],
        "task_role": role["task"],
        "log_group": logs["name"],
        "environment": dict(wanted.environment),
        "secrets": arns,
        "fill_in": missing,
    }
    if wanted.family is not None:
        found["execution_role"] = role["execution"]
        found["task_definition"] = _task(wanted, wanted.family, role, logs["name"], arns, stage)
    if "profile" in role:
        found["instance_profile"] = role["profile"]
    return found


def _task(
    wanted: WantedContainer,
    family: str,
    role: Mapping[str, Any],
    log_group: Any,
    arns: Mapping[str, Any],
    stage: Stage,
) -> dict[str, Any]:
    """In the words of ECS's RegisterTaskDefinition; numbers of a task are texts there."""
    container = wanted.container
    tags = stage.tags(container.declaration, container.service)
    return {
        "family": family,
        "taskRoleArn": role["task"],
        "executionRoleArn": role["execution"],
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": str(wanted.cpu),
        "memory": str(wanted.memory),
        # What `encore build docker` builds for unless it is told otherwise.
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [_container(wanted, log_group, arns)],
        "tags": [{"key": key, "value": tags[key]} for key in sorted(tags)],
    }


def _container(wanted: WantedContainer, log_group: Any, arns: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": _NAME,
        "image": wanted.image or _IMAGE,
        "essential": True,
        "portMappings": [{"containerPort": PORT, "protocol": "tcp"}],
        "environment": [
            {"name": name, "value": value} for name, value in sorted(wanted.environment.items())
        ],
        "secrets": [{"name": name, "valueFrom": arns[name]} for name in wanted.secrets],
        # The first process must collect those that others leave behind, and node does not.
        "linuxParameters": {"initProcessEnabled": True},
        "stopTimeout": _STOP,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group,
                "awslogs-region": wanted.region,
                "awslogs-stream-prefix": "encore",
            },
        },
    }
    if wanted.has_node:
        found["healthCheck"] = _health()
    return found


def _health() -> dict[str, Any]:
    """The image has node and no curl. Seconds; a start may take a minute before it counts."""
    script = (
        f"fetch('http://127.0.0.1:{PORT}{_HEALTH}')"
        ".then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"
    )
    return {
        "command": ["CMD", "node", "-e", script],
        "interval": 30,
        "timeout": 5,
        "retries": 3,
        "startPeriod": 60,
    }
