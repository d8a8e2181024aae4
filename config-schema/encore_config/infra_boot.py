"""What a config that parses still does wrong: the core stops at boot, or misleads later.

In: a parsed :class:`InfraConfig` and, where known, the variables of the process and the graph
of the app. Out: problems with path, consequence and remedy (contract 7, and the sections it
sums up). An empty result means: nothing known stands against this config. This module holds
what concerns the process as a whole; ``infra_boot_resources`` has a rule for each kind of
resource, ``infra_boot_context`` those that need variables or the graph.

May not: connect to anything, read this process's own variables, show a secret's value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from encore_config import infra
from encore_config.errors import Path, show
from encore_config.graph import Graph
from encore_config.infra_boot_context import graph_problems, variable_problems
from encore_config.infra_boot_resources import resource_problems
from encore_config.infra_problem import BootProblem, later, stops

ENV_TYPES: Final = ("development", "production", "ephemeral", "test")
CLOUDS: Final = ("local", "encore", "aws", "gcp", "azure")
GATEWAY: Final = "api-gateway"

_TOKEN: Final = frozenset(
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)
"""The characters of a header's name (RFC 9110, 5.6.2)."""


def boot_problems(
    config: infra.InfraConfig,
    *,
    environ: Mapping[str, str] | None = None,
    graph: Graph | None = None,
) -> tuple[BootProblem, ...]:
    """All problems, those that stop the boot first, then by path.

    ``environ``: the variables of the app's process; without it they are not judged. ``graph``:
    the app, to compare topics and resources with; without it only the config is judged.
    """
    found: list[BootProblem] = []
    for rule in _RULES:
        found.extend(rule(config))
    found.extend(resource_problems(config))
    if environ is not None:
        found.extend(variable_problems(config, environ))
    if graph is not None:
        found.extend(graph_problems(config, graph))
    return tuple(sorted(found, key=_order))


def _order(problem: BootProblem) -> tuple[bool, str, str]:
    return (problem.effect != "stops-boot", show(problem.path), problem.consequence)


def _gateways(config: infra.InfraConfig) -> Iterator[BootProblem]:
    names = config.hosted_gateways or ()
    if names and config.cors is None:
        yield stops(
            ("cors",), "a hosted gateway without CORS configuration ends the boot", "write {}"
        )
    if len(names) > 1:
        yield later(
            ("hosted_gateways",),
            "a process serves one gateway only; which one is left to chance",
            f'host "{GATEWAY}" alone',
        )
    for index, name in enumerate(names):
        if name != GATEWAY:
            yield later(
                ("hosted_gateways", index),
                f'the app has no gateway "{name}": the process runs, and nothing listens on PORT',
                f'write "{GATEWAY}"',
            )
    if not names and not config.hosted_services:
        yield later(
            ("hosted_services",),
            "without services and gateways nothing listens; the process just waits",
            f'list the services to host, and "{GATEWAY}" in hosted_gateways',
        )


def _cors(config: infra.InfraConfig) -> Iterator[BootProblem]:
    cors = config.cors or infra.CORS()
    for key, names in (
        ("allow_headers", cors.allow_headers),
        ("expose_headers", cors.expose_headers),
    ):
        for index, name in enumerate(names or ()):
            if not name or not _TOKEN.issuperset(name):
                yield stops(
                    ("cors", key, index),
                    "this is no header's name; the gateway does not start",
                    "write the name alone, such as X-Request-Id",
                )
    origins = (
        ("allow_origins_without_credentials", cors.allow_origins_without_credentials),
        ("allow_origins_with_credentials", cors.allow_origins_with_credentials),
    )
    for key, written in origins:
        for index, origin in enumerate(written or ()):
            yield from _origin(("cors", key, index), origin)


def _origin(path: Path, origin: str) -> Iterator[BootProblem]:
    if origin != origin.lower():
        yield later(
            path,
            "the core lower-cases the origin of a request and not this one, so they never match",
            "write it in lower case",
        )
    if origin.count("*") > 1:
        yield later(path, "only the first * is a wildcard; the second never matches", "use one *")
    if origin != "*" and origin.endswith("/"):
        yield later(path, "an origin has no path, so this never matches", "leave out the last /")


def _metadata(config: infra.InfraConfig) -> Iterator[BootProblem]:
    metadata = config.metadata or infra.Metadata()
    if metadata.cloud not in CLOUDS:
        yield later(
            ("metadata", "cloud"),
            "the app takes itself to be local: a missing secret reads as an empty text, and "
            "metrics have no labels",
            f"write one of {', '.join(CLOUDS)}",
        )
    if metadata.env_type not in ENV_TYPES:
        yield later(
            ("metadata", "env_type"),
            "the app takes itself to be a development environment",
            f"write one of {', '.join(ENV_TYPES)}",
        )
    for key, value in (("app_id", metadata.app_id), ("env_name", metadata.env_name)):
        if not value:
            yield later(
                ("metadata", key),
                "it is part of every signature between services, and empty here",
                "write the same value in every container of the app",
            )
        elif "/" in value:
            yield later(
                ("metadata", key),
                "a / breaks the credentials of calls between services",
                "use a name without /",
            )


def _auth(config: infra.InfraConfig) -> Iterator[BootProblem]:
    yield from _keys(("auth",), config.auth)
    for name, entry in (config.service_discovery or {}).items():
        yield from _keys(("service_discovery", name, "auth"), entry.auth)
    if config.auth is None and config.hosted_services and not config.hosted_gateways:
        yield later(
            ("auth",),
            "whoever reaches the port of these services can call private endpoints in any "
            "user's name",
            "add one key, the same in every container, or let only the app reach the port",
        )


def _keys(path: Path, auth: tuple[infra.KeyAuth, ...] | None) -> Iterator[BootProblem]:
    if auth is not None and len(auth) > 1:
        yield later(
            path,
            "only the first key signs and verifies; the others are dead weight",
            "write one key, or rotate keys with the protobuf",
        )


def _discovery(config: infra.InfraConfig) -> Iterator[BootProblem]:
    for name, entry in (config.service_discovery or {}).items():
        path = ("service_discovery", name, "base_url")
        if entry.base_url.endswith("/"):
            yield later(path, "paths are appended as text: // gives 404", "leave out the last /")
        if not entry.base_url.startswith(("http://", "https://")):
            yield later(
                path, "calls to this service fail: the address has no scheme", "add http://"
            )


def _secrets(config: infra.InfraConfig) -> Iterator[BootProblem]:
    if config.secrets is not None and set(config.secrets) == {"$env"}:
        yield later(
            ("secrets",),
            'the core reads one secret that is called "$env"; every other is not set',
            'write one entry for each secret: {"NAME": {"$env": "VARIABLE"}}',
        )


def _metrics(config: infra.InfraConfig) -> Iterator[BootProblem]:
    metrics = config.metrics
    cloud = (config.metadata or infra.Metadata()).cloud
    if isinstance(metrics, infra.GCPCloudMonitoring):
        if not metrics.metric_names:
            yield later(
                ("metrics", "metric_names"),
                "a metric without an entry here is not exported, so none is",
                "map each metric to its name in Cloud Monitoring",
            )
        if cloud != "gcp":
            yield later(("metadata", "cloud"), "metrics have no labels", 'write "gcp"')
    if isinstance(metrics, infra.AWSCloudWatch) and cloud != "aws":
        yield later(
            ("metadata", "cloud"),
            "metrics get empty dimensions, which CloudWatch refuses",
            'write "aws", and run on ECS',
        )


def _without_effect(config: infra.InfraConfig) -> Iterator[BootProblem]:
    graceful = config.graceful_shutdown or infra.GracefulShutdown()
    if config.log_config is not None:
        yield later(("log_config",), "nothing reads it in a TypeScript app", "set ENCORE_LOG")
    for key, value in (
        ("shutdown_hooks", graceful.shutdown_hooks),
        ("handlers", graceful.handlers),
    ):
        if value is not None:
            yield later(("graceful_shutdown", key), "the core reads only total", "set total")


_RULES: Final[tuple[Callable[[infra.InfraConfig], Iterable[BootProblem]], ...]] = (
    _gateways,
    _cors,
    _metadata,
    _auth,
    _discovery,
    _secrets,
    _metrics,
    _without_effect,
)
