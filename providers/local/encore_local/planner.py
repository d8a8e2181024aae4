"""From a target to its plan: reads, observes, judges the migrations, compares.

In: a ``Target`` or an open site. Out: a :class:`Planned`. Starts nothing and changes nothing.
Raises ``RefusedError`` where migrations speak against any apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from encore_config.plan import Mode, Plan, Step, summarise
from encore_local.desired import desired_resources, desired_servers, migration_name
from encore_local.model import DATABASE, MIGRATION, SECRET, Actual, Observation, Wanted, names_of
from encore_local.observe import observe
from encore_local.plan import deletions, migration_steps, step_for
from encore_local.site import Site
from encore_provisioner.postgres.judging import NONE_APPLIED, MigrationFile
from encore_provisioner.postgres.migrations import (
    Verdict,
    check_text,
    judge,
    read_files,
    refused,
)
from encore_provisioner.provider import Target

_NOT_DECLARED = "the app no longer declares it"
_DESTROYED = "the environment is destroyed"

Files = Mapping[str, tuple[MigrationFile, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """``plan`` is what is shown; the rest is what an apply needs to carry it out."""

    plan: Plan
    wanted: tuple[Wanted, ...]
    observation: Observation
    files: Files
    verdicts: Mapping[str, Verdict]


def plan_apply(site: Site, *, offline: bool = False) -> Planned:
    target = site.target
    files = read_all(target)
    wanted = wanted_resources(site, files)
    observation = observe(site, wanted, offline=offline)
    verdicts = _verdicts(target, files, observation)
    _refuse(verdicts)
    steps = (
        *_wanted_steps(wanted, observation, verdicts),
        *deletions(wanted, _without_secrets(observation.actual), why=_NOT_DECLARED),
    )
    return Planned(
        plan=_plan(target, steps, "offline" if offline else "preview", site.secrets.missing()),
        wanted=wanted,
        observation=observation,
        files=files,
        verdicts=verdicts,
    )


def plan_destroy(site: Site) -> Plan:
    """Everything goes; what a stopped server holds is what the state says."""
    observation = observe(site, ())
    steps = deletions((), observation.actual, why=_DESTROYED)
    return _plan(site.target, steps, "preview", ())


def read_all(target: Target) -> Files:
    """The migrations of every declared database. Raises ``AppError`` for one that is not read."""
    return {database.name: read_files(target.root, database) for database in target.graph.databases}


def wanted_resources(site: Site, files: Files) -> tuple[Wanted, ...]:
    names = names_of(site.target)
    servers = site.servers
    runs_with: dict[str, dict[str, Any]] = {name: servers[name].desired() for name in site.wanted}
    graph = site.target.graph
    return (
        *desired_servers(graph, names, runs_with=runs_with, ports=site.ports),
        *desired_resources(graph, names, with_value=frozenset(site.secrets.values()), files=files),
    )


def _without_secrets(actual: Mapping[str, Actual]) -> dict[str, Actual]:
    """A value that the app no longer asks for stays: `secret rm` is the way to remove it."""
    return {urn: resource for urn, resource in actual.items() if resource.type != SECRET}


def _wanted_steps(
    wanted: tuple[Wanted, ...], observation: Observation, verdicts: Mapping[str, Verdict]
) -> tuple[Step, ...]:
    files = {resource.name: resource for resource in wanted if resource.type == MIGRATION}
    steps: list[Step] = []
    for resource in wanted:
        if resource.type == MIGRATION:
            continue
        step = step_for(resource, observation.actual.get(resource.urn))
        if resource.type != DATABASE:
            steps.append(step)
            continue
        verdict = verdicts[resource.name]
        steps += [_told(step, verdict), *_migrations(resource.name, files, verdict)]
    return tuple(steps)


def _migrations(database: str, files: Mapping[str, Wanted], verdict: Verdict) -> tuple[Step, ...]:
    prefix = migration_name(database, "")
    own = {
        name.removeprefix(prefix): resource
        for name, resource in files.items()
        if name.startswith(prefix)
        and resource.declaration
        and resource.declaration.name == database
    }
    return migration_steps(own, verdict)


def _told(step: Step, verdict: Verdict) -> Step:
    """The step of a database, with the warnings about its migrations."""
    if not verdict.warnings:
        return step
    warnings = "; ".join(warning.message for warning in verdict.warnings)
    return msgspec.structs.replace(step, reason=f"{step.reason}; warning: {warnings}")


def _verdicts(target: Target, files: Files, observation: Observation) -> dict[str, Verdict]:
    return {
        database.name: judge(
            database,
            files[database.name],
            observation.applied.get(database.name, NONE_APPLIED),
        )
        for database in target.graph.databases
    }


def _refuse(verdicts: Mapping[str, Verdict]) -> None:
    errors = tuple(error for verdict in verdicts.values() for error in verdict.errors)
    if errors:
        raise refused(errors)
    for verdict in verdicts.values():
        for file in verdict.pending:
            check_text(file)


def _plan(target: Target, steps: tuple[Step, ...], mode: Mode, missing: tuple[str, ...]) -> Plan:
    return Plan(
        app=target.app_id,
        environment=target.environment.name,
        provider="local",
        mode=mode,
        summary=summarise(steps),
        steps=steps,
        missing_secrets=missing,
    )
