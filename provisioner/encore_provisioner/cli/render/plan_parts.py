"""The parts that every form of a large plan has: groups, counts, permissions.

In: a ``Plan``. Out: the same facts, grouped by the declaration that caused them. A provider that
makes many resources for one declaration has such plans; those of the provider ``local`` are lists.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from encore_config.plan import DeclarationRef, Op, Permission, Plan, Step
from encore_provisioner.cli.render.style import count

OFFLINE: Final = {
    "state": "Offline: compared with the last known state, not with what is really there.",
    "nothing": "Offline: made from the app and the environment file alone, "
    "so everything counts as new.",
    "plan": "Offline: compared with an earlier plan, not with what is really there.",
}
SYMBOLS: Final[dict[Op, str]] = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "same": "=",
}
TAGS: Final = "Left out here: the tags encore:* of what is new. The JSON has them."
SHARED: Final = "shared"
OPS: Final[tuple[Op, ...]] = ("create", "update", "replace", "delete", "same")
_DONE: Final[dict[Op, str]] = {
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
    "same": "unchanged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All steps of one declaration; of none, for what all of them share."""

    declaration: DeclarationRef | None
    steps: tuple[Step, ...]

    @property
    def title(self) -> str:
        return str(self.declaration) if self.declaration else SHARED

    @property
    def kind(self) -> str:
        return self.declaration.kind if self.declaration else SHARED

    @property
    def place(self) -> str:
        at = self.declaration.at if self.declaration else None
        return f"{at.file}:{at.line}" if at else ""

    @property
    def loses(self) -> bool:
        return any(step.data_loss for step in self.steps)

    @property
    def changes(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.op != "same")


def is_grouped(plan: Plan) -> bool:
    """Whether its resources are Pulumi's, of which one declaration has many."""
    return any(step.urn.startswith("urn:pulumi:") for step in plan.steps)


def groups(plan: Plan) -> tuple[Group, ...]:
    """What loses data first, what all share last, by kind and name between."""
    found: dict[str, list[Step]] = {}
    for step in plan.steps:
        found.setdefault(str(step.declaration or ""), []).append(step)
    made = [Group(declaration=_placed(steps), steps=tuple(steps)) for steps in found.values()]
    made.sort(key=lambda g: (not g.loses, g.declaration is None, g.kind, g.title))
    return tuple(made)


def part(step: Step) -> str:
    """The resource's name within its group: nothing for the main one, ``#queue`` for a part."""
    declared = str(step.declaration or "")
    return step.name[len(declared) :] if declared and step.name.startswith(declared) else step.name


def short_type(step: Step) -> str:
    """As Pulumi itself shows types: ``aws:sqs:Queue`` for ``aws:sqs/queue:Queue``."""
    package, _, rest = step.type.partition(":")
    module, _, name = rest.partition(":")
    return f"{package}:{module.partition('/')[0]}:{name}" if name else step.type


def counts(steps: tuple[Step, ...]) -> dict[Op, int]:
    """By what is done, in the order of :data:`OPS`; nothing for what is not."""
    counted = Counter(step.op for step in steps)
    return {op: counted[op] for op in OPS if counted[op]}


def counted(steps: tuple[Step, ...]) -> str:
    """``6 to create, 1 unchanged``."""
    return ", ".join(f"{number} {_DONE[op]}" for op, number in counts(steps).items())


def by_kind(plan: Plan) -> list[tuple[str, int, dict[Op, int]]]:
    """For each kind: how many declarations there are or were, what is done to their resources."""
    found: dict[str, list[Group]] = {}
    for group in groups(plan):
        found.setdefault(group.kind, []).append(group)
    return [
        (
            kind,
            len(here),
            counts(tuple(step for group in here for step in group.steps)),
        )
        for kind, here in sorted(found.items(), key=lambda item: (item[0] == SHARED, item[0]))
    ]


def unknown_told(plan: Plan) -> str:
    """How much only apply will know; empty where nothing is."""
    if not plan.unknown:
        return ""
    verb = "is" if plan.unknown == 1 else "are"
    return f"{count(plan.unknown, 'value')} {verb} known only after apply."


def permissions_told(plan: Plan) -> str:
    """``14 gained, 2 lost, 8 unchanged``: permissions, one for each operation on a resource."""
    counter = Counter(item.change for item in plan.permissions)
    parts = [f"{counter[change]} {change}" for change in ("gained", "lost") if counter[change]]
    parts += [f"{counter['same']} unchanged"] if counter["same"] else []
    return ", ".join(parts)


def changed_permissions(plan: Plan) -> dict[str, list[Permission]]:
    """Those that are gained or lost, by service."""
    found: dict[str, list[Permission]] = {}
    for item in plan.permissions:
        if item.change != "same":
            found.setdefault(item.service, []).append(item)
    return found


def sign(item: Permission) -> str:
    return {"gained": "+", "lost": "-", "same": "="}[item.change]


def actions(item: Permission) -> str:
    """What the cloud allows; where it plays no part, the reason stands in its place."""
    return ", ".join(item.actions) or f"({item.reason or 'no permission of the cloud'})"


def _placed(steps: list[Step]) -> DeclarationRef | None:
    """A declaration with its position, if any of its steps has that."""
    known = [step.declaration for step in steps if step.declaration and step.declaration.at]
    return known[0] if known else steps[0].declaration
