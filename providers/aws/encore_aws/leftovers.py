"""What is left after a destroy: AWS is asked for every id and for every name.

In: what the state and the plan know of (:func:`of_state`, :func:`of_plan`), an account. Out: lines
for people, each with what it is, why it is still there as far as AWS says, and the command that
shows it. It deletes nothing. How to ask is a table (``presence_table``). A type without a row is
told as not asked for, and so is what these credentials may not see: neither counts as gone.

What AWS only keeps for a while stands apart: a secret that can still be restored is no leftover.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from encore_aws.account import Account, AwsError, ask
from encore_aws.presence import TAG, Call, Follows, Question, Rows
from encore_aws.presence_table import ROWS
from encore_config.plan import Plan, Step
from encore_provisioner.engine.paths import steps_of
from encore_provisioner.engine.state import State
from encore_provisioner.waiting import Clock, OnWait

_AT_ONCE: Final = 6
"""Of the services asked here some take ten calls a second from a whole account."""
_AGAIN: Final = (5.0, 15.0, 40.0)
"""Seconds until what was found is asked for once more: AWS's own copies follow within a minute."""
_BUSY: Final = (2.0, 10.0)
"""Seconds until a call is repeated of which the client has given up hope."""
_NOT_ASKED: Final = frozenset({"aws-denied", "aws-busy", "aws-region-off", "aws-refused"})
"""The codes of answers that hold for one question. With others, no question would be answered."""
_MOST_HOLDERS: Final = 3

Fate = Literal["gone", "kept", "left", "unasked"]
Client = Callable[[str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A resource by Pulumi's type. ``id`` is that of the state, ``name`` the physical one; either
    may be empty.
    """

    type: str
    id: str = ""
    name: str = ""
    urn: str = ""

    @property
    def label(self) -> str:
        """What the program calls it, and AWS."""
        called = self.urn.split("::", 3)[-1] if "::" in self.urn else ""
        names = ", ".join(dict.fromkeys(filter(None, (self.name, self.id))))
        return f"{called} ({names})" if called and names else called or names


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """``left``: what is there, or may be. ``kept``: what AWS deletes by itself on a day."""

    left: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def of_state(state: State) -> tuple[Known, ...]:
    """Everything that the state has, in its order. What has no id was never in AWS."""
    return tuple(
        Known(
            type=item.type,
            id=item.id,
            name=_name(item.type, item.inputs) or _name(item.type, item.outputs),
            urn=item.urn,
        )
        for item in state.resources
        if item.id or item.type not in ROWS
    )


def of_plan(plan: Plan) -> tuple[Known, ...]:
    """The physical names of the plan's resources, as far as it knows them."""
    return tuple(
        Known(type=step.type, name=name, urn=step.urn)
        for step in plan.steps
        for name in _names(step)
    )


def left(
    known: Iterable[Known], account: Account, *, on_wait: OnWait = lambda _: None
) -> tuple[str, ...]:
    """One line for each that is still there, or may be. See :func:`look`."""
    return look(known, account, on_wait=on_wait).left


def look(
    known: Iterable[Known],
    account: Account,
    *,
    patient: bool = True,
    on_wait: OnWait = lambda _: None,
    clock: Clock | None = None,
    rows: Rows = ROWS,
) -> Found:
    """Ask for each of ``known`` by id and by name, in their order.

    ``patient``: what is found is asked for again, for a minute in all. Raises :class:`AwsError`
    where no question can be answered, such as with credentials that have expired.
    """
    asker = _Asker(account, rows, clock or Clock())
    wanted = _once(known)
    answers = dict(zip(wanted, asker.all(wanted), strict=True))
    for pause in _AGAIN if patient else ():
        again = [one for one in wanted if answers[one].fate == "left"]
        if not again:
            break
        on_wait(f"{len(again)} of the resources can still be seen; asking again")
        asker.clock.pause(pause)
        answers |= dict(zip(again, asker.all(again), strict=True))
    return Found(
        left=tuple(a.line for a in answers.values() if a.fate in ("left", "unasked")),
        kept=tuple(a.line for a in answers.values() if a.fate == "kept"),
    )


def _once(known: Iterable[Known]) -> list[Known]:
    """What is known by its id needs no second question by the same name."""
    found = list(dict.fromkeys(known))
    named = {(one.type, one.name) for one in found if one.id}
    return [one for one in found if one.id or (one.type, one.name) not in named]


def _name(type_: str, properties: Mapping[str, Any]) -> str:
    row = ROWS.get(type_)
    if not isinstance(row, Question) or not row.name:
        return ""
    found: Any = properties
    for step in row.name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""


def _names(step: Step) -> Iterator[str]:
    row = ROWS.get(step.type)
    if not isinstance(row, Question) or not row.name:
        return
    path = tuple(row.name.split("."))
    for item in step.diff:
        if steps_of(item.path) == path:
            values = (item.before, item.after)
            yield from dict.fromkeys(value for value in values if isinstance(value, str) and value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    fate: Fate
    line: str = ""


class _Asker:
    """One client for each service, made before the threads are: making them is not for threads."""

    def __init__(self, account: Account, rows: Rows, clock: Clock) -> None:
        self._account, self._rows, self.clock = account, rows, clock
        self._clients: dict[str, Any] = {}

    def all(self, wanted: Iterable[Known]) -> list[_Answer]:
        listed = list(wanted)
        for one in listed:
            row = self._rows.get(one.type)
            if isinstance(row, Question) and row.service not in self._clients:
                self._clients[row.service] = self._account.client(row.service)
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
            return list(threads.map(self._one, listed))

    def _one(self, known: Known) -> _Answer:
        row = self._rows.get(known.type)
        if row is None:
            why = "its type has no row in the table of what can be asked"
            return _unasked(known.type, known, f"{why}; this is a bug of encore-infra")
        if isinstance(row, Follows):
            return _Answer(fate="gone")
        try:
            return self._asked(known, row)
        except AwsError as error:
            if error.code not in _NOT_ASKED:
                raise
            show = self._show(row, known.id or known.name)
            return _unasked(row.what, known, f"{error.message}; {show}")

    def _asked(self, known: Known, row: Question) -> _Answer:
        seen: dict[str, Mapping[str, Any]] = {}
        for call, it in self._calls(known, row):
            for found in self._found(row, call, it):
                own = str(_at(found, row.own) or it)
                if str(_at(found, row.state)).lower() not in row.gone:
                    seen.setdefault(own, found)
        if not seen:
            return _Answer(fate="gone")
        told = [self._told(known, row, own, found) for own, found in seen.items()]
        fate: Fate = "left" if any(one.fate == "left" for one in told) else "kept"
        return _Answer(fate=fate, line="; ".join(one.line for one in told if one.fate == fate))

    def _calls(self, known: Known, row: Question) -> Iterator[tuple[Call, str]]:
        """By id and by name, but never the same call twice."""
        asked = set()
        for call, it in ((row.by_id, known.id), (row.by_name or row.by_id, known.name)):
            whole = (
                call.operation,
                json.dumps(call.given(it, self._account)),
                it if call.key else "",
            )
            if it and whole not in asked:
                asked.add(whole)
                yield call, it

    def _found(self, row: Question, call: Call, it: str) -> list[Mapping[str, Any]]:
        for pause in (*_BUSY, None):
            try:
                return self._call(row, call, it)
            except AwsError as error:
                if error.answer is not None and error.answer in call.absent:
                    return []
                if error.code != "aws-busy" or pause is None:
                    raise
                self.clock.pause(pause)
        return []

    def _call(self, row: Question, call: Call, it: str) -> list[Mapping[str, Any]]:
        client = self._clients[row.service]
        given = call.given(it, self._account)

        def answers() -> list[Mapping[str, Any]]:
            if client.can_paginate(call.operation) and "MaxKeys" not in given:
                return list(client.get_paginator(call.operation).paginate(**given))
            return [getattr(client, call.operation)(**given)]

        found = ask(f"look for the {row.what} {it}", answers)
        items = [each for answer in found for each in _members(answer, call.items)]
        return [each for each in items if not call.key or _value(each, call.key) == it]

    def _told(self, known: Known, row: Question, own: str, found: Mapping[str, Any]) -> _Answer:
        until = _at(found, row.until)
        if until is not None:
            return _Answer(fate="kept", line=self._kept(known, row, own, until))
        state = _at(found, row.state)
        if state is False:
            why = "it is switched off, and not deleted"
        elif str(state).lower() in row.going:
            why = f"AWS is still deleting it ({state})"
        elif state is None or state is True:
            why = "AWS knows it"
        else:
            why = f"AWS says that it is {state}"
        why = "".join((why, *self._held(row, own)))
        line = f"{row.what} {known.label} is still there: {why}; {self._show(row, own)}"
        return _Answer(fate="left", line=line)

    def _held(self, row: Question, own: str) -> Iterator[str]:
        if row.holders is None:
            return
        try:
            found = self._found(row, row.holders, own)
        except AwsError:
            return
        told = [_holder(each) for each in found[:_MOST_HOLDERS]]
        more = len(found) - len(told)
        if told:
            yield f", in the way: {', '.join(told)}" + (f" and {more} more" if more else "")

    def _kept(self, known: Known, row: Question, own: str, until: Any) -> str:
        day = f"{until:%Y-%m-%d}" if isinstance(until, datetime) else str(until)
        return (
            f"{row.what} {known.label} is deleted and can be restored until {day}; its name is "
            f"taken meanwhile; {self._show(row, own)}"
        )

    def _show(self, row: Question, own: str) -> str:
        return f"`{row.show.format(it=own)} --region {self._account.region}`"


def _unasked(what: str, known: Known, why: str) -> _Answer:
    line = f"{what} {known.label} could not be asked for, and may still be there: {why}"
    return _Answer(fate="unasked", line=line)


def _holder(found: Mapping[str, Any]) -> str:
    """What hangs on something, in words."""
    if "NetworkInterfaceId" in found:
        what = found.get("Description") or found.get("InterfaceType") or "of nobody known"
        return f"the network interface {found['NetworkInterfaceId']} ({what})"
    if "Key" in found:
        return "objects"
    return str(found.get("PolicyArn") or found.get("RoleName"))


def _value(found: Mapping[str, Any], key: str) -> Any:
    if key != TAG:
        return _at(found, key)
    # Network interfaces alone have it in the other place.
    tags = found.get("Tags") or found.get("TagSet") or ()
    return next((tag.get("Value") for tag in tags if tag.get("Key") == "Name"), None)


def _at(found: Any, path: str) -> Any:
    if not path:
        return None
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _members(answer: Mapping[str, Any], path: str) -> list[Mapping[str, Any]]:
    """What lies at the path, through lists and objects alike."""
    found: list[Any] = [answer]
    for step in path.split(".") if path else ():
        inner = [each.get(step) for each in found]
        found = [each for one in inner if one for each in (one if isinstance(one, list) else [one])]
    return found
