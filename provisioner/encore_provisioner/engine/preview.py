"""What the engine says would happen, as a plan: its changes, with our reasons. Pure.

In: the plan of the program alone (every resource with its declaration, its reason and what it
needs), the engine's changes, and the state where something is deleted or replaced. Out: a ``Plan``.
What differs and what is replaced the engine says, since it asks the provider; why a resource is
there, and whether data goes with it, we do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from encore_config.plan import DeclarationRef, Op, Plan, PropertyDiff, Step, summarise
from encore_provisioner.engine.compare import (
    Rules,
    first_of,
    hosts,
    listed,
    name_of,
    with_data,
)
from encore_provisioner.engine.events import Change, Side
from encore_provisioner.engine.offline import PROTECT
from encore_provisioner.engine.paths import flatten, order, steps_of
from encore_provisioner.engine.state import Kept, State
from encore_provisioner.errors import RefusedError

_INDEX: Final = re.compile(r"\[[^\]]*\]")
_COMPONENT: Final = "encore:"
DECLARATION_TAG: Final = "encore:declaration"
"""Under which a resource in the cloud says what declares it."""
KINDS: Final = frozenset({"database", "topic", "subscription", "bucket", "cache", "secret"})


def needs_state(found: Mapping[str, Change], rules: Rules) -> bool:
    """Whether a plan of these changes can only be made with the state: where something goes, and
    where what lies inside another resource may move.
    """
    return any(
        item.op in ("delete", "replace")
        or (item.op == "update" and item.type in rules and bool(rules[item.type].inside))
        for item in found.values()
    )


def preview_plan(now: Plan, found: Mapping[str, Change], state: State, rules: Rules) -> Plan:
    """``now``: the program's own plan. ``state`` may be empty unless :func:`needs_state`.

    Raises ``RefusedError`` (``other-version``) for a resource of which nothing is known.
    """
    _refuse_unknown((*found.values(), *state.resources), rules)
    merged = _Merged(found, state, rules)
    steps = [merged.step(step) for step in now.steps]
    wanted = {step.urn for step in now.steps}
    declared = {str(s.declaration): s.declaration for s in now.steps if s.declaration}
    gone = [item for item in reversed(state.resources) if item.urn not in wanted]
    steps += [merged.deletion(item, declared) for item in gone if item.urn in found]
    return msgspec.structs.replace(
        now, mode="preview", against="state", summary=summarise(tuple(steps)), steps=tuple(steps)
    )


def deletions(now: Plan, state: State, rules: Rules) -> tuple[Step, ...]:
    """A step for everything in the state, in the order in which it can go. ``now`` says where its
    declarations stand.
    """
    found = {
        item.urn: Change(urn=item.urn, type=item.type, op="delete") for item in state.resources
    }
    _refuse_unknown(state.resources, rules)
    merged = _Merged(found, state, rules)
    declared = {str(s.declaration): s.declaration for s in now.steps if s.declaration}
    return tuple(
        merged.deletion(item, declared, "the environment is destroyed")
        for item in reversed(state.resources)
    )


def plan_of_state(now: Plan, steps: tuple[Step, ...], kept: tuple[str, ...] = ()) -> Plan:
    """A plan of what the state holds and not of what the program asks for: nobody is given a
    permission by it, and no value is missing.
    """
    return msgspec.structs.replace(
        now,
        mode="preview",
        against="state",
        steps=steps,
        summary=summarise(steps),
        permissions=(),
        missing_secrets=(),
        kept=kept,
    )


def refreshed(known: Iterable[Step], found: Mapping[str, Change]) -> tuple[Step, ...]:
    """``known``: a step for everything in the state. What a refresh found of each: that it is as
    remembered, that it is another, that it is gone.
    """
    return tuple(_refreshed(step, found.get(step.urn)) for step in known)


def _refreshed(step: Step, change: Change | None) -> Step:
    op: Op = "same" if change is None else change.op
    if op == "delete":
        told = "it is gone, though nobody here deleted it"
        return msgspec.structs.replace(step, data_loss=False, reason=told)
    diff = tuple(_drifted(change)) if change is not None and op == "update" else ()
    if not diff:
        return msgspec.structs.replace(
            step, op="same", diff=(), data_loss=False, reason="as remembered"
        )
    names = list(dict.fromkeys(first_of(item.path) for item in diff))
    told = f"somebody changed {listed(names)}"
    return msgspec.structs.replace(step, op="update", diff=diff, data_loss=False, reason=told)


def _drifted(change: Change) -> Iterator[PropertyDiff]:
    """Of what the program gives, not of what the cloud adds to it by itself."""
    before, after = change.before or Side(), change.after or Side()
    for path, value in _ordered(flatten(before.inputs)):
        new = _at(after.inputs, path)
        if new != value:
            yield PropertyDiff(path=path, before=value, after=new)


def declaration_of(item: Kept) -> DeclarationRef | None:
    """What declares a resource of the state: what its name begins with, up to the ``#`` of a part.

    A declared name may hold ``#`` too; the tag then tells by its length which one it is.
    """
    names: tuple[str, ...] = (item.name, item.name.rpartition("#")[0])
    tag = (item.inputs.get("tags") or {}).get(DECLARATION_TAG)
    if tag:
        names = tuple(name for name in names if len(name) == len(tag)) or names
    elif not item.type.startswith(_COMPONENT):
        names = (names[1] or names[0],)
    kind, _, name = names[0].partition("/")
    return DeclarationRef(kind=kind, name=name) if kind in KINDS and name else None


class _Merged:
    """The engine's changes beside what the program and the state say."""

    def __init__(self, found: Mapping[str, Change], state: State, rules: Rules) -> None:
        self._rules, self._kept = rules, state.by_urn
        self._found = {
            urn: _as_protected(change, self._kept[urn]) if urn in self._kept else change
            for urn, change in found.items()
        }
        self._full = with_data(state.resources, rules)

    def step(self, wanted: Step) -> Step:
        change = self._found.get(wanted.urn)
        if change is None:
            raise ValueError(f"the engine says nothing of {wanted.urn}")
        if change.op == "create":
            return msgspec.structs.replace(wanted, diff=tuple(_created(change.after or Side())))
        diff = tuple(_differences(change))
        moved = self._moved(wanted)
        op: Op = "replace" if moved or change.op == "replace" else "update" if diff else "same"
        loses = op == "replace" and wanted.urn in self._full
        why = moved or self._why(op, diff, wanted)
        if loses:
            holds = self._rules[wanted.type].holds
            why = f"DATA LOSS: {why}; {holds} would be deleted and made anew, empty"
        return msgspec.structs.replace(wanted, op=op, diff=diff, data_loss=loses, reason=why)

    def deletion(
        self, item: Kept, declared: Mapping[str, DeclarationRef], why: str | None = None
    ) -> Step:
        cause = declaration_of(item)
        still = declared.get(str(cause)) if cause else None
        if why is None:
            why = "nothing needs it any more"
            if cause and not still:
                why = f"{cause} is no longer declared, or is adopted"
        loses = item.urn in self._full
        holds = self._rules[item.type].holds
        return Step(
            op="delete",
            type=item.type,
            name=item.name,
            urn=item.urn,
            declaration=still or cause,
            diff=tuple(
                PropertyDiff(path=path, before=value)
                for path, value in _ordered(_leaves(_side(item)))
            ),
            data_loss=loses,
            reason=f"DATA LOSS: {why}; {holds} would be deleted" if loses else why,
            needs=dict(item.needs),
        )

    def _why(self, op: Op, diff: tuple[PropertyDiff, ...], wanted: Step) -> str:
        if op == "same":
            return "as it is"
        forced = [item for item in diff if item.forces_replacement]
        names = list(dict.fromkeys(first_of(item.path) for item in forced or diff))
        if op == "update":
            return f"differs in {listed(names)}"
        if forced:
            return f"{listed(names)} cannot be changed in place"
        return self._replaced_with(wanted)

    def _replaced_with(self, wanted: Step) -> str:
        """It goes because what it needs goes first."""
        needed = sorted({urn for urns in wanted.needs.values() for urn in urns})
        replaced = [name_of(urn) for urn in needed if self._is_replaced(urn)]
        if not replaced:
            return "it cannot be changed in place"
        return f"{listed(replaced)} {'is' if len(replaced) == 1 else 'are'} replaced"

    def _moved(self, wanted: Step) -> str:
        """Where data lies inside another resource: what became of that; empty where nothing did."""
        rule, kept = self._rules[wanted.type], self._kept.get(wanted.urn)
        if not rule.inside or kept is None:
            return ""
        places = hosts(wanted, rule.inside)
        for urn in places:
            if self._is_replaced(urn):
                return f"{name_of(urn)}, which it lies in, is replaced"
        if places != hosts(kept, rule.inside):
            return f"it moves to {', '.join(map(name_of, places)) or 'another server'}"
        return ""

    def _is_replaced(self, urn: str) -> bool:
        change = self._found.get(urn)
        return change is not None and change.op == "replace"


def _as_protected(change: Change, kept: Kept) -> Change:
    """Protected as the state says: the engine may have looked at a copy without any protection."""
    if change.before is None:
        return change
    return replace(change, before=replace(change.before, protect=kept.protect))


def _side(item: Kept) -> Side:
    return Side(inputs=item.inputs, outputs=item.outputs, protect=item.protect, id=item.id)


def _leaves(side: Side) -> dict[str, Any]:
    return {**flatten(side.inputs), **({PROTECT: True} if side.protect else {})}


def _ordered(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((path, found[path]) for path in sorted(found, key=order))


def _created(side: Side) -> Iterator[PropertyDiff]:
    for path, value in _ordered(_leaves(side)):
        yield PropertyDiff(path=path, after=value)


def _differences(change: Change) -> Iterator[PropertyDiff]:
    """Of inputs; and where a provider says that something else differs, that, as it was read."""
    before, after = change.before or Side(), change.after or Side()
    old, new = _leaves(before), _leaves(after)
    differing = {path for path in {**old, **new} if old.get(path) != new.get(path)}
    if not differing and change.op == "update":
        drifted = sorted(change.differs)
        old = {path: _at(before.outputs, path) for path in drifted}
        new = {path: _at(after.inputs, path) for path in drifted}
        differing = {path for path in drifted if old[path] != new[path]} or set(drifted)
    for path in sorted(differing, key=order):
        yield PropertyDiff(
            path=path,
            before=old.get(path),
            after=new.get(path),
            forces_replacement=change.op == "replace" and _forces(change.forces, path),
        )


def _at(value: Any, path: str) -> Any:
    for step in steps_of(path):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _forces(paths: frozenset[str], path: str) -> bool:
    """The provider names a property, or a path above or below it."""
    plain = _INDEX.sub("", path)
    return any(
        plain == known or plain.startswith(f"{known}.") or known.startswith(f"{plain}.")
        for known in (_INDEX.sub("", item) for item in paths)
    )


def _refuse_unknown(items: Iterable[Change | Kept], rules: Rules) -> None:
    strange = sorted({item.type for item in items} - set(rules))
    if strange:
        raise RefusedError(
            f"nothing is known of what it means to change or delete {', '.join(strange)}: the "
            "environment was applied with another version of encore-infra",
            code="other-version",
            hint="use that version, or a newer one",
        )
