"""The plan: what applying would change, as data, each step traced to its declaration.

A value in a diff is plain JSON, or one of two marks that never show any content:
``{"secret": true}`` and ``{"unknown": true}`` (known only after apply).
"""

from __future__ import annotations

from typing import Any, Final, Literal

from encore_config.document import SCHEMA_VERSION, SchemaVersion, Value
from encore_config.position import At

Op = Literal["create", "update", "replace", "delete", "same"]
Mode = Literal["offline", "preview"]
Against = Literal["state", "nothing", "plan"]
"""What a plan was compared with: the provider's own state, nothing at all, an earlier plan."""

Change = Literal["gained", "lost", "same"]

SECRET: Final[dict[str, bool]] = {"secret": True}
UNKNOWN: Final[dict[str, bool]] = {"unknown": True}


class DeclarationRef(Value, frozen=True, kw_only=True):
    """The declaration that caused a step; ``kind`` is the graph's singular (``database``).

    A subscription's name is ``<topic>/<subscription>``. ``at`` is missing when the source no
    longer holds the declaration.
    """

    kind: str
    name: str
    at: At | None = None

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


class PropertyDiff(Value, frozen=True, kw_only=True):
    """One property: ``before`` is null in a create, ``after`` is null in a delete.

    The path ``protect`` is no property: the engine refuses to delete the resource while it is true.
    """

    path: str
    before: Any = None
    after: Any = None
    forces_replacement: bool = False


class Step(Value, frozen=True, kw_only=True):
    """What happens to one resource, and why. A step of op ``same`` has a reason too.

    ``needs`` are the URNs of the resources that a property's value comes from, by the first name
    of its path; under ``""`` those that must only be there before. ``once`` are properties that are
    given when it is made and left alone from then on. A provider may leave both empty.
    """

    op: Op
    type: str
    name: str
    urn: str
    declaration: DeclarationRef | None = None
    diff: tuple[PropertyDiff, ...] = ()
    data_loss: bool = False
    reason: str = ""
    needs: dict[str, tuple[str, ...]] = {}
    once: tuple[str, ...] = ()


class Permission(Value, frozen=True, kw_only=True):
    """That a service may do ``operation`` on the resource ``kind``/``name``, and since when.

    ``actions`` are those of the cloud's own permissions. One operation can stand here twice, when
    some of its actions are new and others were there before.
    """

    service: str
    kind: str
    name: str
    operation: str
    actions: tuple[str, ...]
    change: Change = "gained"
    reason: str = ""


class Summary(Value, frozen=True, kw_only=True):
    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    same: int = 0


class Plan(Value, frozen=True, kw_only=True):
    """The steps of one environment in the order in which they are carried out.

    ``missing_secrets`` are declared secrets without a value: a plan may have them; where the
    provider needs them, an apply refuses before anything changes. ``warnings`` are what a person
    should know before they agree, ``kept`` what a destroy leaves on purpose; a sentence each,
    without the full stop. ``permissions`` are sorted by service, kind, name and
    operation; compared with nothing, all of them are gained. ``basis`` is a mark of what was there
    when it was made: an apply refuses where that is another one by then. Empty where the provider
    makes the plan again by itself.
    """

    schema: SchemaVersion = SCHEMA_VERSION
    app: str
    environment: str
    provider: str
    mode: Mode
    against: Against = "state"
    basis: str = ""
    summary: Summary
    steps: tuple[Step, ...] = ()
    permissions: tuple[Permission, ...] = ()
    missing_secrets: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.op != "same")

    @property
    def losses(self) -> tuple[str, ...]:
        """``kind/name`` of every declaration whose data the plan would lose, sorted."""
        return tuple(
            sorted({str(s.declaration) for s in self.steps if s.data_loss and s.declaration})
        )

    @property
    def unknown(self) -> int:
        """How many values only apply will know, of what it makes or changes."""
        return sum(_unknowns(item.after) for step in self.changes for item in step.diff)


def _unknowns(value: Any) -> int:
    if value == UNKNOWN:
        return 1
    inner = list(value.values()) if isinstance(value, dict) else value
    return sum(map(_unknowns, inner)) if isinstance(inner, list | tuple) else 0


def summarise(steps: tuple[Step, ...]) -> Summary:
    counts = {"create": 0, "update": 0, "replace": 0, "delete": 0, "same": 0}
    for step in steps:
        counts[step.op] += 1
    return Summary(**counts)
