"""How far things are: every step of a plan with its state, and what all others wait for.

In: the steps of a plan, and events in whatever order they come. Out: counts, what is in flight,
and the step that the end depends on. It knows no terminal and no clock: each call is told the time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from encore_config.plan import Step
from encore_provisioner.provider import Notice, Phase, Progress, Reason

State = Literal["waiting", "running", "finishing", "done", "failed", "abandoned"]
Usual = Callable[[Step], float | None]

_STATES: Final[dict[Phase, State]] = {
    "started": "running",
    "finishing": "finishing",
    "done": "done",
    "failed": "failed",
    "abandoned": "abandoned",
}
_ENDED: Final = frozenset({"done", "failed", "abandoned"})
_UNKNOWN: Final = 2.0
"""Seconds that count for a step of which nobody knows how long it takes."""

_OVERDUE: Final = 0.1
"""Of the usual time: how much more is expected of what should be over by now."""

WORTH_NAMING: Final = 15.0
"""Nobody asks what is waited for when it is over within so many seconds."""

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One step. ``since`` is when it began, ``took`` and ``usually`` are seconds."""

    step: Step
    state: State = "waiting"
    since: float | None = None
    took: float | None = None
    usually: float | None = None
    message: str = ""
    reason: Reason | None = None

    @property
    def ended(self) -> bool:
        return self.state in _ENDED

    @property
    def in_flight(self) -> bool:
        return self.state in ("running", "finishing")

    @property
    def counts(self) -> bool:
        """What only is looked at is no step of the plan's."""
        return self.step.op != "same"

    def elapsed(self, now: float) -> float:
        return max(now - self.since, 0.0) if self.since is not None else 0.0

    def remaining(self, now: float) -> float:
        """Seconds until its end, as far as one knows; what is overdue takes some more time."""
        if self.ended:
            return 0.0
        usually = _UNKNOWN if self.usually is None else self.usually
        return max(usually - self.elapsed(now), usually * _OVERDUE, _UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What goes on besides the steps, said at ``since``."""

    text: str
    since: float


class Board:
    """``steps`` are those of the plan that change something; others appear when they begin."""

    def __init__(self, steps: Iterable[Step], usual: Usual) -> None:
        self._usual = usual
        self._items: dict[_Key, Item] = {}
        self._order: tuple[_Key, ...] = ()
        self._next: dict[_Key, tuple[_Key, ...]] = {}
        self._known: tuple[float, dict[_Key, float]] | None = None
        """The ways to the end at one time: a picture asks for them more than once."""
        self.notice: Said | None = None
        for step in steps:
            self._items[_key(step)] = Item(step=step, usually=usual(step))

    def take(self, progress: Progress, now: float) -> Item | None:
        """The step as it is after the event; None where it has ended already and stays so."""
        key = _key(progress.step)
        item = self._items.get(key) or Item(step=progress.step, usually=self._usual(progress.step))
        state = _STATES[progress.phase]
        if item.ended and state in ("finishing", "abandoned"):
            return None
        self.notice = None
        began = now if state == "running" else item.since
        took = progress.seconds
        if took is None and began is not None:
            took = max(now - began, 0.0)
        item = Item(
            step=item.step,
            state=state,
            since=began,
            took=took if state in _ENDED else None,
            usually=item.usually,
            message=progress.message,
            reason=progress.reason,
        )
        self._items[key] = item
        self._known = None
        return item

    def note(self, notice: Notice, now: float) -> Said:
        """It stands until the next one, or until a step begins or ends."""
        self.notice = Said(text=notice.text, since=now)
        return self.notice

    def of(self, *states: State) -> tuple[Item, ...]:
        """The plan's steps in one of these states, in the plan's order; what failed while it was
        only looked at, too."""
        return tuple(
            item
            for item in self._items.values()
            if item.state in states and (item.counts or item.state == "failed")
        )

    @property
    def total(self) -> int:
        return sum(item.counts for item in self._items.values())

    @property
    def done(self) -> int:
        return len(self.of("done"))

    @property
    def in_flight(self) -> tuple[Item, ...]:
        """What runs, what only is looked at too, the one that began first before the others."""
        running = [item for item in self._items.values() if item.in_flight]
        return tuple(sorted(running, key=lambda item: item.since or 0.0))

    def by_weight(self, now: float) -> tuple[Item, ...]:
        """What is in flight, first that on which most of the time that is left depends."""
        tails = self._tails(now)
        return tuple(sorted(self.in_flight, key=lambda item: -tails.get(_key(item.step), 0.0)))

    def critical(self, now: float) -> Item | None:
        """The step in flight that the end waits for; None where nothing takes long enough."""
        first = next(iter(self.by_weight(now)), None)
        if first is None:
            return None
        ahead = self._tails(now).get(_key(first.step), 0.0) if self._is_known(first) else 0.0
        return first if max(ahead, first.elapsed(now)) >= WORTH_NAMING else None

    def left(self, now: float) -> float | None:
        """Seconds until the end, if all goes on side by side; None where nobody can know."""
        if not any(i.usually is not None and not i.ended for i in self._items.values()):
            return None
        return max(self._tails(now).values(), default=0.0)

    def _is_known(self, item: Item) -> bool:
        """Whether an estimate stands behind it: its own, or that of something that waits for it."""
        seen, todo = set(), [_key(item.step)]
        while todo:
            key = todo.pop()
            here = self._items[key]
            if here.usually is not None and not here.ended:
                return True
            seen.add(key)
            todo += [other for other in self._next.get(key, ()) if other not in seen]
        return False

    def _tails(self, now: float) -> dict[_Key, float]:
        """For each step that has not ended: the longest way from it to the end, in seconds."""
        if self._known and self._known[0] == now:
            return self._known[1]
        self._sort()
        tails: dict[_Key, float] = {}
        for key in reversed(self._order):
            item = self._items[key]
            if not item.ended:
                after = max((tails.get(other, 0.0) for other in self._next[key]), default=0.0)
                tails[key] = item.remaining(now) + after
        self._known = (now, tails)
        return tails

    def _sort(self) -> None:
        """Before comes before; in a circle, which no plan should have, as it comes."""
        if len(self._order) == len(self._items):
            return
        self._next = _next(self._items)
        waits = dict.fromkeys(self._items, 0)
        for followers in self._next.values():
            for key in followers:
                waits[key] += 1
        ready = deque(key for key, number in waits.items() if not number)
        order: list[_Key] = []
        while ready:
            key = ready.popleft()
            order.append(key)
            for other in self._next[key]:
                waits[other] -= 1
                if not waits[other]:
                    ready.append(other)
        sorted_ones = set(order)
        self._order = (*order, *(key for key in self._items if key not in sorted_ones))


def _key(step: Step) -> _Key:
    """A replacement that was cut off leaves a deletion of the same name behind."""
    return step.urn, step.op


def _next(items: dict[_Key, Item]) -> dict[_Key, tuple[_Key, ...]]:
    """Who waits for whom: users for what they use, and the other way round where both go."""
    by_urn: dict[str, list[_Key]] = {}
    for key in items:
        by_urn.setdefault(key[0], []).append(key)
    found: dict[_Key, set[_Key]] = {key: set() for key in items}
    for key, item in items.items():
        for urn in {urn for urns in item.step.needs.values() for urn in urns}:
            for other in by_urn.get(urn, ()):
                both_go = (key[1] == "delete", other[1] == "delete")
                if both_go == (True, True):
                    found[key].add(other)
                elif both_go == (False, False) and other != key:
                    found[other].add(key)
    return {key: tuple(sorted(others - {key})) for key, others in found.items()}
