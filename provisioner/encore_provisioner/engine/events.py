"""What the engine tells, event by event, as changes of resources and as what went wrong. Pure.

In: the events of one operation. Out: a :class:`Change` for each resource, and the messages of what
failed. Pulumi replaces a resource in up to three events (the old one deleted, the decision, the new
one made); here that is one change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from encore_config.plan import Op
from encore_provisioner.engine.values import STACK, is_ours, plain

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent
    from pulumi.automation.events import StepEventMetadata, StepEventStateMetadata

OPS: Final[Mapping[str, Op]] = {
    "same": "same",
    "create": "create",
    "import": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "create-replacement": "replace",
    "import-replacement": "replace",
    "delete-replaced": "replace",
    "refresh": "same",
    "read": "same",
    "read-replacement": "replace",
    "discard": "delete",
    "discard-replaced": "replace",
    "remove-pending-replace": "replace",
}
"""Pulumi's operations as those of a plan."""
LAST: Final = frozenset({"create-replacement", "import-replacement", "read-replacement"})
"""With which of its operations a replacement ends, where the old resource goes first."""

_RANK: Final[Mapping[Op, int]] = {"same": 0, "update": 1, "create": 2, "delete": 3, "replace": 4}
_EMPTY_WORDS: Final = ("update failed", "preview failed", "destroy failed", "refresh failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A resource before or after. Values are plain; unknown and secret ones are marks."""

    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """``forces``: Pulumi's paths of what the provider replaces the resource for. ``differs``: the
    paths that the provider says differ, inputs or not.
    """

    urn: str
    type: str
    op: Op
    before: Side | None = None
    after: Side | None = None
    forces: frozenset[str] = frozenset()
    differs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The error messages, by the URN of the resource; under ``""`` those of no resource."""

    messages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def general(self) -> tuple[str, ...]:
        return self.messages.get("", ())


def changes(events: Iterable[EngineEvent]) -> Mapping[str, Change]:
    """By URN, without providers and the stack itself."""
    found: dict[str, Change] = {}
    for event in events:
        told = event.resource_pre_event
        if told is None or is_ours(told.metadata.type):
            continue
        now = change(told.metadata)
        found[now.urn] = _merged(found.get(now.urn), now)
    return found


def ended(events: Iterable[EngineEvent]) -> Mapping[str, Change]:
    """As :func:`changes`, from what had become of each resource at the end: of a refresh, where
    nothing is known before.
    """
    found: dict[str, Change] = {}
    for event in events:
        told = event.res_outputs_event
        if told is not None and not is_ours(told.metadata.type):
            found[told.metadata.urn] = change(told.metadata)
    return found


def trouble(events: Iterable[EngineEvent]) -> Trouble:
    """What was said of failures, each message once."""
    found: dict[str, dict[str, None]] = {}
    for event in events:
        told = event.diagnostic_event
        if told is None or told.severity != "error" or told.message.strip() in _EMPTY_WORDS:
            continue
        found.setdefault(told.urn or "", {})[told.message] = None
    return Trouble(messages={urn: tuple(messages) for urn, messages in found.items()})


def stack_outputs_before(events: Iterable[EngineEvent]) -> Mapping[str, Any]:
    """The stack's outputs as the last apply left them; empty where there was none."""
    for event in events:
        told = event.resource_pre_event
        if told is not None and told.metadata.type == STACK and told.metadata.old is not None:
            return dict(plain(dict(told.metadata.old.outputs or {})))
    return {}


def change(told: StepEventMetadata) -> Change:
    paths = told.detailed_diff or {}
    forced = {path for path, diff in paths.items() if diff.diff_kind.value.endswith("-replace")}
    return Change(
        urn=told.urn,
        type=told.type,
        op=OPS[told.op.value],
        before=_side(told.old),
        after=_side(told.new),
        forces=frozenset(forced or told.keys or ()),
        differs=frozenset(paths or told.diffs or ()),
    )


def _side(told: StepEventStateMetadata | None) -> Side | None:
    if told is None:
        return None
    return Side(
        inputs=plain(dict(told.inputs or {})),
        outputs=plain(dict(told.outputs or {})),
        protect=bool(told.protect),
        id=told.id or "",
    )


def _merged(former: Change | None, now: Change) -> Change:
    """The events of one replacement tell the old side, the new one, or both."""
    if former is None:
        return now
    first, second = (former, now) if _RANK[former.op] > _RANK[now.op] else (now, former)
    return Change(
        urn=now.urn,
        type=now.type,
        op=first.op,
        before=first.before or second.before,
        after=first.after or second.after,
        forces=first.forces | second.forces,
        differs=first.differs | second.differs,
    )
