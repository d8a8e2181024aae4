"""Two offline plans, an earlier one and one of now, as the changes between them. Pure.

In: both plans, each with every property of every resource, and rules of what can be changed in
place and what holds data. Out: a plan of the changes. Only the provider's plugin knows for certain;
where this cannot tell, it says the worse: a value that comes from a replaced resource is a new
one, and a resource whose values of that kind cannot be changed is replaced too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from encore_config.plan import (
    SECRET,
    UNKNOWN,
    DeclarationRef,
    Op,
    Permission,
    Plan,
    PropertyDiff,
    Step,
    summarise,
)
from encore_provisioner.engine.offline import permission_order
from encore_provisioner.engine.paths import order, steps_of
from encore_provisioner.errors import RefusedError

_INDEX: Final = re.compile(r"\[\d+\]")
_VERSION: Final = re.compile(r"\d+(\.\d+)*")
_NAMED: Final = 3
_AGAIN: Final = "make it with `plan --offline --out FILE`, without --against"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a change means for resources of one type.

    ``forces``: paths, without indexes, of what cannot be changed in place; what lies below is
    meant too. ``switches``: likewise, but only where the property comes or goes. ``rises``: of what
    can only grow in place, numbers and versions; less of it is another resource. ``holds`` is what
    would be lost, in words, empty where nothing would; ``only_with`` is the type that must hang on
    it for that to be so. ``inside`` is the type of the resource that its data lies in.
    """

    forces: frozenset[str] = frozenset()
    switches: frozenset[str] = frozenset()
    rises: frozenset[str] = frozenset()
    holds: str = ""
    only_with: str = ""
    inside: str = ""


Rules = Mapping[str, Rule]
"""By Pulumi's type. A type without a rule is refused: nothing is harmless by default."""


def compare(former: Plan, now: Plan, rules: Rules) -> Plan:
    """What leads from ``former`` to ``now``.

    Raises ``RefusedError``: ``plan-is-a-comparison``, ``other-plan``, ``other-version``.
    """
    refuse_former(former, app=now.app, environment=now.environment, provider=now.provider)
    _refuse_unknown(former, now, rules)
    before = {step.urn: step for step in former.steps}
    full = with_data(former.steps, rules)
    found: dict[str, Step] = {}
    for step in now.steps:  # what a step needs stands before it
        old = before.get(step.urn)
        found[step.urn] = step if old is None else _Pair(old, step, rules, found).step(full)
    wanted = {str(s.declaration): s.declaration for s in now.steps if s.declaration}
    gone = [s for s in reversed(former.steps) if s.urn not in found]
    steps = (*found.values(), *(_deletion(s, wanted, full, rules) for s in gone))
    return msgspec.structs.replace(
        now,
        against="plan",
        summary=summarise(steps),
        steps=steps,
        permissions=permission_changes(former.permissions, now.permissions),
    )


def refuse_former(former: Plan, *, app: str, environment: str, provider: str) -> None:
    """Raise ``RefusedError`` unless a plan of these can be compared with ``former``."""
    wanted, found = (app, environment, provider), (former.app, former.environment, former.provider)
    if found != wanted:
        raise RefusedError(
            f"the earlier plan is for {_told(found)}, this is {_told(wanted)}",
            code="other-plan",
            hint="give the plan of this app and environment",
        )
    if former.mode != "offline":
        raise RefusedError(
            "the earlier plan was made with a look at what is really there",
            code="other-plan",
            hint=_AGAIN,
        )
    if len({step.urn for step in former.steps}) != len(former.steps):
        raise RefusedError(
            "the earlier plan holds a resource twice: it is not as it was written",
            code="bad-plan-file",
            hint=_AGAIN,
        )
    if former.against == "plan" or any(step.op != "create" for step in former.steps):
        raise RefusedError(
            "the earlier plan is a comparison itself: it holds what differed, not all there is",
            code="plan-is-a-comparison",
            hint=_AGAIN,
        )


def permission_changes(
    former: Iterable[Permission], now: Iterable[Permission]
) -> tuple[Permission, ...]:
    """Each permission with what became of it, action by action."""
    sides = [_actions(former), _actions(now)]
    found = []
    for key in {*sides[0], *sides[1]}:
        old, new = (side[key].actions if key in side else () for side in sides)
        parts = {
            "gained": set(new) - set(old),
            "lost": set(old) - set(new),
            "same": set(old) & set(new),
        }
        told = sides[1].get(key) or sides[0][key]
        if not old and not new:  # an operation that needs no action at all
            parts["same" if key in sides[0] and key in sides[1] else _side(key, sides)] = {""}
        found += [
            msgspec.structs.replace(told, actions=tuple(sorted(actions - {""})), change=change)
            for change, actions in parts.items()
            if actions
        ]
    return tuple(sorted(found, key=permission_order))


Key = tuple[str, str, str, str]


def _side(key: Key, sides: list[dict[Key, Permission]]) -> str:
    return "lost" if key in sides[0] else "gained"


def _actions(permissions: Iterable[Permission]) -> dict[Key, Permission]:
    found: dict[Key, Permission] = {}
    for item in permissions:
        key = (item.service, item.kind, item.name, item.operation)
        if item.change != "lost":
            more = found[key].actions if key in found else ()
            found[key] = msgspec.structs.replace(item, actions=(*more, *item.actions))
    return found


class _Pair:
    """One resource in both plans; ``found`` is what happens to those that it may need."""

    def __init__(self, old: Step, new: Step, rules: Rules, found: Mapping[str, Step]) -> None:
        self._old, self._new, self._found = old, new, found
        self._rule = rules[new.type]

    def step(self, full: frozenset[str]) -> Step:
        """``full`` are the URNs of what holds data."""
        diff = self._diff()
        forced = tuple(item for item in diff if item.forces_replacement)
        moved = self._moved()
        op: Op = "replace" if forced or moved else "update" if diff else "same"
        loses = op == "replace" and self._old.urn in full
        why = moved or self._why(op, forced or diff)
        if loses:
            why = f"DATA LOSS: {why}; {self._rule.holds} would be deleted and made anew, empty"
        return msgspec.structs.replace(self._new, op=op, diff=diff, data_loss=loses, reason=why)

    def _diff(self) -> tuple[PropertyDiff, ...]:
        old, new = ({d.path: d.after for d in step.diff} for step in (self._old, self._new))
        once = frozenset(self._new.once)
        differing = [
            path
            for path in {**old, **new}
            if old.get(path) != new.get(path) or self._is_another(path, new.get(path))
        ]
        return tuple(
            PropertyDiff(
                path=path,
                before=old.get(path),
                after=new.get(path),
                forces_replacement=self._forces(path, old.get(path), new.get(path)),
            )
            for path in sorted(differing, key=order)
            if not _covers(once, path)
        )

    def _why(self, op: Op, diff: tuple[PropertyDiff, ...]) -> str:
        if op == "same":
            return "as in the earlier plan"
        names = list(dict.fromkeys(first_of(item.path) for item in diff))
        if all(item.before == item.after for item in diff):
            sources = {urn for name in names for urn in self._new.needs.get(name, ())}
            replaced = sorted(filter(self._is_replaced, sources))
            if replaced:
                verb = "is" if len(replaced) == 1 else "are"
                return f"{listed([name_of(urn) for urn in replaced])} {verb} replaced"
        told = listed(names)
        return f"{told} cannot be changed in place" if op == "replace" else f"differs in {told}"

    def _forces(self, path: str, old: Any, new: Any) -> bool:
        if old == UNKNOWN and new != UNKNOWN:
            # What apply chose then is told now, such as an environment's id: nothing says that
            # it is another value.
            return False
        comes_or_goes = (old is None) != (new is None)
        return (
            _covers(self._rule.forces, path)
            or (comes_or_goes and _covers(self._rule.switches, path))
            or (_covers(self._rule.rises, path) and _is_less(new, old))
        )

    def _is_another(self, path: str, value: Any) -> bool:
        """Whether a value that is not shown comes from elsewhere than before."""
        if value not in (UNKNOWN, SECRET):
            return False
        name = first_of(path)
        sources = self._new.needs.get(name, ())
        return sources != self._old.needs.get(name, ()) or any(map(self._is_replaced, sources))

    def _moved(self) -> str:
        """The resource that holds the data and is replaced or another one; empty if none is."""
        if not self._rule.inside:
            return ""
        places = hosts(self._new, self._rule.inside)
        for urn in places:
            if self._is_replaced(urn):
                return f"{name_of(urn)}, which it lies in, is replaced"
        if places != hosts(self._old, self._rule.inside):
            return f"it moves to {', '.join(map(name_of, places)) or 'another server'}"
        return ""

    def _is_replaced(self, urn: str) -> bool:
        step = self._found.get(urn)
        return step is not None and step.op == "replace"


class Placed(Protocol):
    """A resource and what it needs: a step of a plan, or what a state holds."""

    @property
    def urn(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def needs(self) -> Mapping[str, tuple[str, ...]]: ...


def with_data(items: Collection[Placed], rules: Rules) -> frozenset[str]:
    """The URNs of the resources whose end is the end of data."""
    hung = {(item.type, urn) for item in items for urns in item.needs.values() for urn in urns}
    found = ((item.urn, rules[item.type]) for item in items)
    return frozenset(
        urn
        for urn, rule in found
        if rule.holds and (not rule.only_with or (rule.only_with, urn) in hung)
    )


def _deletion(
    step: Step, wanted: Mapping[str, DeclarationRef], full: frozenset[str], rules: Rules
) -> Step:
    rule = rules[step.type]
    declared = step.declaration
    still = wanted.get(str(declared)) if declared else None
    why = "nothing needs it any more"
    if declared and not still:
        # What is adopted is declared too, and makes nothing.
        why = f"{declared} is no longer declared, or is adopted"
        declared = msgspec.structs.replace(declared, at=None)
    loses = step.urn in full
    return Step(
        op="delete",
        type=step.type,
        name=step.name,
        urn=step.urn,
        declaration=still or declared,
        diff=tuple(PropertyDiff(path=d.path, before=d.after) for d in step.diff),
        data_loss=loses,
        reason=f"DATA LOSS: {why}; {rule.holds} would be deleted" if loses else why,
    )


def first_of(path: str) -> str:
    """The name that a path begins with."""
    return str(steps_of(path)[0])


def listed(names: list[str]) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _covers(paths: frozenset[str], path: str) -> bool:
    plain = _INDEX.sub("", path)
    return any(plain == known or plain.startswith((f"{known}.", f'{known}["')) for known in paths)


def _is_less(new: Any, old: Any) -> bool:
    """Whether a number, a version (``8.2``) or a word is before another; of two kinds, never."""
    numbers = [value for value in (new, old) if isinstance(value, int | float)]
    if len(numbers) == 2:
        return bool(new < old)
    if not (isinstance(new, str) and isinstance(old, str)):
        return False
    if _VERSION.fullmatch(new) and _VERSION.fullmatch(old):
        return [int(part) for part in new.split(".")] < [int(part) for part in old.split(".")]
    return new < old


def hosts(item: Placed, kind: str) -> tuple[str, ...]:
    """The URNs of the resources of type ``kind`` that it needs."""
    return tuple(
        sorted({urn for urns in item.needs.values() for urn in urns if _type(urn) == kind})
    )


def _type(urn: str) -> str:
    """The type in ``urn:pulumi:stack::project::parent$type::name``."""
    return urn.split("::")[2].rpartition("$")[2] if urn.count("::") >= 3 else ""


def name_of(urn: str) -> str:
    """What the program calls the resource of a URN."""
    return urn.split("::", 3)[-1]


def _refuse_unknown(former: Plan, now: Plan, rules: Rules) -> None:
    strange = sorted({step.type for step in (*former.steps, *now.steps)} - set(rules))
    if strange:
        raise RefusedError(
            f"nothing is known of what a change means for {', '.join(strange)}",
            code="other-version",
            hint="make both plans with this version of encore-infra",
        )


def _told(names: tuple[str, str, str]) -> str:
    app, environment, provider = names
    return f"app {app}, environment {environment}, provider {provider}"
