"""A recording as a plan: what a program asks for, compared with nothing.

In: a recording and the notes of what caused each resource. Out: a ``Plan`` in which every resource
is new and lists every property. It reads no state and no cloud, and it imports no Pulumi itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from encore_config.plan import (
    DeclarationRef,
    Permission,
    Plan,
    PropertyDiff,
    Step,
    summarise,
)
from encore_provisioner.engine.paths import flatten, order

if TYPE_CHECKING:
    from encore_provisioner.engine.recording import Recorded, Recording

PROTECT: Final = "protect"
_PROVIDERS: Final = "pulumi:providers:"


class Noted(Protocol):
    """Why a resource is there; ``declaration`` is None for what all declarations share."""

    @property
    def reason(self) -> str: ...

    @property
    def declaration(self) -> DeclarationRef | None: ...


def offline_plan(
    recording: Recording,
    notes: Mapping[str, Noted],
    *,
    app: str,
    environment: str,
    provider: str,
    permissions: tuple[Permission, ...] = (),
    missing_secrets: tuple[str, ...] = (),
) -> Plan:
    """The whole document. ``notes`` are by the resource's name."""
    found = steps(recording, notes)
    return Plan(
        app=app,
        environment=environment,
        provider=provider,
        mode="offline",
        against="nothing",
        summary=summarise(found),
        steps=found,
        permissions=tuple(sorted(permissions, key=permission_order)),
        missing_secrets=missing_secrets,
    )


def steps(recording: Recording, notes: Mapping[str, Noted]) -> tuple[Step, ...]:
    """One step for each resource of the program, in the order in which they can be made.

    Raises ``ValueError`` for a resource without a note: a step without a reason helps nobody.
    """
    made = [item for item in recording.resources if not item.type.startswith(_PROVIDERS)]
    silent = sorted(item.name for item in made if item.name not in notes)
    if silent:
        raise ValueError(f"these resources of the program have no note: {', '.join(silent)}")
    known = frozenset(item.urn for item in made)
    return tuple(_step(item, notes[item.name], known) for item in made)


def permission_order(permission: Permission) -> tuple[str, ...]:
    """What permissions are sorted by."""
    p = permission
    return p.service, p.kind, p.name, p.operation, p.change, *p.actions


def _step(item: Recorded, note: Noted, known: frozenset[str]) -> Step:
    return Step(
        op="create",
        type=item.type,
        name=item.name,
        urn=item.urn,
        declaration=note.declaration,
        diff=_properties(item),
        reason=note.reason,
        needs=_needs(item, known),
        once=item.ignored,
    )


def _properties(item: Recorded) -> tuple[PropertyDiff, ...]:
    """Protection is no property but an option; whoever reads a plan wants to see it come and go."""
    found = {**flatten(item.inputs), **({PROTECT: True} if item.protect else {})}
    return tuple(PropertyDiff(path=path, after=found[path]) for path in sorted(found, key=order))


def _needs(item: Recorded, known: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Providers and the stack are not told: every resource needs them."""
    found = {
        name: here
        for name, urns in item.sources.items()
        if (here := tuple(urn for urn in urns if urn in known))
    }
    told = {urn for urns in found.values() for urn in urns}
    others = tuple(sorted({*item.depends_on, item.parent} & known - told))
    return {"": others, **found} if others else found
