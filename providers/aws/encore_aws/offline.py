"""The offline plan and the findings of the provider: from a target alone, without credentials.

In: a target. Out: a ``Plan``, or diagnostics. Both depend on nothing but graph, environment and
versions, so what was worked out once is kept in the user's cache; only what is not there loads
Pulumi, which takes most of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from encore_aws.naming import Names
from encore_aws.settings import Settings, settings
from encore_config import codec
from encore_config.diagnostics import Diagnostic
from encore_config.plan import Plan
from encore_provisioner.plan_cache import cached, key_of

if TYPE_CHECKING:
    from encore_aws.program import Program
    from encore_provisioner.engine.recording import Recording
    from encore_provisioner.provider import Target

_LIBRARIES: Final = ("pulumi", "pulumi-aws")
_FINDINGS: Final = tuple[Diagnostic, ...]


def findings(target: Target) -> tuple[Diagnostic, ...]:
    """Raises ``EnvironmentFileError`` for settings that cannot be."""
    chosen = settings(target.environment)

    def make() -> bytes:
        from encore_aws.capabilities import capabilities

        return msgspec.json.encode(capabilities(target.graph, chosen, names_of(target, chosen)))

    raw = cached(_key(target, "findings"), make)
    return msgspec.json.decode(raw, type=_FINDINGS)


def plan(target: Target, against: Plan | None = None) -> Plan:
    """What a program would make; with ``against`` what it would change in that earlier plan.

    Raises ``RefusedError`` for an earlier plan that nothing can be compared with.
    """
    raw = cached(_key(target, "plan"), lambda: codec.encode(make_plan(target)))
    now = codec.decode(raw, Plan)
    if against is None:
        return now
    from encore_aws.replacement import RULES
    from encore_provisioner.engine.compare import compare

    return compare(against, now, RULES)


def make_plan(target: Target) -> Plan:
    """As :func:`plan`, without the cache."""
    from encore_aws.permissions import granted
    from encore_provisioner.engine.offline import offline_plan

    chosen = settings(target.environment)
    recording, program = run(target)
    return offline_plan(
        recording,
        program.notes,
        app=target.app_id,
        environment=target.environment.name,
        provider="aws",
        permissions=granted(target.graph, chosen),
    )


def run(target: Target) -> tuple[Recording, Program]:
    """The program as it would be asked for, with what follows for certain from names alone."""
    from encore_aws.arns import made
    from encore_aws.program import Program, normalise
    from encore_provisioner.engine.recording import record

    chosen = settings(target.environment)
    names = names_of(target, chosen)
    program = Program(normalise(target.graph, chosen, names), chosen, names)
    recording = record(
        program, project=target.app_id, stack=target.environment.name, made=made(chosen)
    )
    return recording, program


def names_of(target: Target, chosen: Settings) -> Names:
    return Names(app=target.app_id, environment=target.environment.name, id=chosen.id)


def _key(target: Target, what: str) -> str:
    from encore_aws.bundle import DISTRIBUTIONS

    return key_of(
        what,
        target.app_id,
        codec.encode(target.graph),
        codec.encode(target.environment),
        packages=("encore_aws", "encore_provisioner", "encore_config"),
        # The plan says what the function's zip is made of.
        libraries=(*_LIBRARIES, *DISTRIBUTIONS),
    )
