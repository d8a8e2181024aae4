"""From the runtime config to checks: which probes there are, in which order.

In: the config in either encoding, the variables of the app's process, perhaps the graph. Out:
one check for each thing, in the order config, port, secrets, databases, caches, buckets, topics
with their subscriptions, round trips. The world comes in through :class:`Doors`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from encore_config.errors import Path, show
from encore_config.graph import Graph
from encore_config.infra import InfraConfig
from encore_config.infra_boot import boot_problems
from encore_config.infra_problem import BootProblem
from encore_config.runtime import RuntimeConfig
from encore_provisioner.check import Check, OnCheck
from encore_provisioner.clients.sigv4 import Credentials
from encore_provisioner.clients.transport import Response
from encore_provisioner.doctor import pubsub, real, round_trip, targets
from encore_provisioner.doctor.bucket import OpenObjects, check_bucket, environment_credentials
from encore_provisioner.doctor.cache import check_cache
from encore_provisioner.doctor.cache_door import OpenCache, open_cache
from encore_provisioner.doctor.check import CheckError, Finding, Probe
from encore_provisioner.doctor.encodings import read_config
from encore_provisioner.doctor.port import bindable, check_port
from encore_provisioner.doctor.reasons import APPLY
from encore_provisioner.doctor.runner import Patience, run_probes
from encore_provisioner.doctor.secret import check_secret
from encore_provisioner.doctor.sql import check_database
from encore_provisioner.doctor.sql_door import OpenSql, open_sql
from encore_provisioner.doctor.targets import AwsTarget, SubscriptionTarget, TopicTarget
from encore_provisioner.doctor.values import secret_values
from encore_provisioner.emit.config import env_references


class TopicDoor(pubsub.Topics, round_trip.TopicRoom, Protocol):
    """Everything that the doctor asks of SNS."""

    def close(self) -> None: ...


class QueueDoor(pubsub.Queues, round_trip.QueueRoom, Protocol):
    """Everything that the doctor asks of SQS."""

    def close(self) -> None: ...


OpenTopics = Callable[[AwsTarget, Credentials], TopicDoor]
OpenQueues = Callable[[AwsTarget, Credentials], QueueDoor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The world. Each opens a door to what one target names; tests give their own."""

    open_sql: OpenSql = open_sql
    open_cache: OpenCache = open_cache
    open_objects: OpenObjects = real.open_objects
    open_topics: OpenTopics = real.open_topics
    open_queues: OpenQueues = real.open_queues
    fetch: Callable[[str], Response] = real.fetch
    bindable: Callable[[int], bool] = bindable


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What all probes look at."""

    config: InfraConfig
    ordered: frozenset[str]
    environ: Mapping[str, str] = field(repr=False)
    graph: Graph | None
    doors: Doors
    stop: threading.Event


def diagnose(
    config: InfraConfig | RuntimeConfig,
    environ: Mapping[str, str],
    *,
    on_check: OnCheck,
    graph: Graph | None = None,
    doors: Doors | None = None,
    patience: Patience | None = None,
) -> tuple[Check, ...]:
    """All checks, in a stable order; ``on_check`` gets each as soon as those before it are done.

    ``environ`` is the app's environment and the only one that is read. ``graph`` adds what only
    the source knows: migrations, eviction policies, publicity, versioning. An interrupt is passed
    on when every probe has removed what it made. Raises ``DoctorError`` for a protobuf that
    the core would not boot with.
    """
    plain, ordered = read_config(config)
    stop = threading.Event()
    case = _Case(
        config=plain,
        ordered=ordered,
        environ=environ,
        graph=graph,
        doors=doors or Doors(),
        stop=stop,
    )
    with ExitStack() as opened:
        return run_probes(
            _probes(case, opened),
            on_check=on_check,
            stop=stop,
            secrets=secret_values(environ, env_references(plain)),
            patience=patience,
        )


def _probes(case: _Case, opened: ExitStack) -> Iterator[Probe]:
    yield from _config_probes(case)
    yield Probe(
        kind="port",
        name="PORT",
        run=partial(check_port, case.environ, case.doors.bindable, case.doors.fetch),
    )
    for name, value in sorted((case.config.secrets or {}).items()):
        run = partial(check_secret, name, value, case.environ)
        yield Probe(kind="secret", name=name, run=run)
    yield from _server_probes(case)
    yield from _pubsub_probes(case, opened)
    for service in targets.unknown_services(case.config):
        yield Probe(kind="config", name=service, run=partial(_not_checked, service))


def _config_probes(case: _Case) -> Iterator[Probe]:
    """One line when nothing is wrong, else one for each problem."""
    found = boot_problems(case.config, environ=case.environ, graph=case.graph)
    problems = [p for p in found if not _is_answered(p.path, case.ordered)]
    if not problems:
        yield Probe(kind="config", name="runtime config", run=_config_is_fine)
    for problem in problems:
        yield Probe(kind="config", name=show(problem.path), run=partial(_config_fails, problem))


def _is_answered(path: Path, ordered: frozenset[str]) -> bool:
    """Secrets have lines of their own; order is lost in the JSON only, not in the protobuf."""
    is_ordered = len(path) > 3 and path[0] == "pubsub" and path[3] in ordered
    return path[:1] == ("secrets",) or is_ordered


def _config_is_fine() -> Finding:
    return Finding(detail="nothing in it stops the app")


def _config_fails(problem: BootProblem) -> Finding:
    end = " The app would not start." if problem.effect == "stops-boot" else ""
    raise CheckError(problem.consequence, hint=f"{problem.remedy}.{end} {APPLY}")


def _not_checked(service: str) -> Finding:
    return Finding(detail="not checked", hint=f"The doctor has no door to {service}.")


def _server_probes(case: _Case) -> Iterator[Probe]:
    environ, graph, doors = case.environ, case.graph, case.doors
    for database in targets.sql_targets(case.config, cpus=os.cpu_count() or 1):
        run = partial(check_database, database, environ, graph, doors.open_sql)
        yield Probe(kind="database", name=database.name, run=run)
    for cache in targets.cache_targets(case.config):
        run = partial(check_cache, cache, environ, graph, doors.open_cache)
        yield Probe(kind="cache", name=cache.name, run=run)
    for bucket in targets.bucket_targets(case.config):
        run = partial(check_bucket, bucket, environ, graph, doors.open_objects, doors.fetch)
        yield Probe(kind="bucket", name=bucket.name, run=run)


def _pubsub_probes(case: _Case, opened: ExitStack) -> Iterator[Probe]:
    found = tuple(targets.topic_targets(case.config, case.ordered))
    if not found:
        return
    aws = _Aws(case)
    opened.callback(aws.close)
    for topic, subscriptions in found:
        yield Probe(kind="topic", name=topic.name, run=partial(aws.topic, topic))
        for subscription in subscriptions:
            yield Probe(
                kind="subscription",
                name=f"{topic.name}/{subscription.name}",
                run=partial(aws.subscription, subscription),
            )
    for fifo in sorted({topic.ordered for topic, _ in found}):
        name = "FIFO round trip" if fifo else "round trip"
        yield Probe(kind="pubsub", name=name, run=partial(aws.round_trip, fifo=fifo))


class _Aws:
    """The doors to SNS and SQS that all probes of one run share, or why there are none."""

    def __init__(self, case: _Case) -> None:
        self._target = targets.aws_target(case.environ)
        self._stop = case.stop
        self._doors: tuple[TopicDoor, QueueDoor] | CheckError
        try:
            self._doors = self._open(case)
        except CheckError as error:
            self._doors = error

    def topic(self, topic: TopicTarget) -> Finding:
        topics, _ = self._both()
        return pubsub.check_topic(topic, self._target, topics)

    def subscription(self, subscription: SubscriptionTarget) -> Finding:
        return pubsub.check_subscription(subscription, *self._both())

    def round_trip(self, *, fifo: bool) -> Finding:
        return round_trip.check_round_trip(*self._both(), fifo=fifo, stopped=self._stop.is_set)

    def close(self) -> None:
        if not isinstance(self._doors, CheckError):
            for door in self._doors:
                door.close()

    def _open(self, case: _Case) -> tuple[TopicDoor, QueueDoor]:
        if self._target.region is None:
            raise CheckError("AWS_REGION is not in runtime.env: the app cannot reach SNS and SQS")
        credentials = environment_credentials(case.environ)
        return (
            case.doors.open_topics(self._target, credentials),
            case.doors.open_queues(self._target, credentials),
        )

    def _both(self) -> tuple[TopicDoor, QueueDoor]:
        if isinstance(self._doors, CheckError):
            raise CheckError(self._doors.reason, hint=self._doors.hint or APPLY)
        return self._doors
