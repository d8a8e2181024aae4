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
    """One property: ``before`` is null in a create, ``after`` is null in a delete."""

    path: str
    before: Any = None
    after: Any = None
    forces_replacement: bool = False


class Step(Value, frozen=True, kw_only=True):
    """What happens to one resource, and why. A step of op ``same`` has a reason too."""

    op: Op
    type: str
    name: str
    urn: str
    declaration: DeclarationRef | None = None
    diff: tuple[PropertyDiff, ...] = ()
    data_loss: bool = False
    reason: str = ""


class Summary(Value, frozen=True, kw_only=True):
    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    same: int = 0


class Plan(Value, frozen=True, kw_only=True):
    """The steps of one environment in the order in which they are carried out.

    ``missing_secrets`` are declared secrets without a value: a plan may have them, an apply
    refuses them before anything changes.
    """

    schema: SchemaVersion = SCHEMA_VERSION
    app: str
    environment: str
    provider: str
    mode: Mode
    summary: Summary
    steps: tuple[Step, ...] = ()
    missing_secrets: tuple[str, ...] = ()

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


def summarise(steps: tuple[Step, ...]) -> Summary:
    counts = {"create": 0, "update": 0, "replace": 0, "delete": 0, "same": 0}
    for step in steps:
        counts[step.op] += 1
    return Summary(**counts)
