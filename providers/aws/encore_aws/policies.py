"""Policy documents made of what is allowed, and cut to the sizes that IAM takes.

In: :class:`Allowed` in the graph's names. Out: statements whose ARNs are still to be filled in
(``{{topic/orders}}``), since most of them are known only after apply; how they are grouped, sorted
and cut is decided without them. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from encore_aws.permissions import EXPORTER, VIA, Allowed, Scope, needs, row

Statement = Mapping[str, Any]

MOST_CHARACTERS: Final = 6_144
"""Of one managed policy. White space does not count, and there is none."""
MOST_POLICIES: Final = 10
"""On one role, unless AWS was asked for more."""
ACCOUNT: Final = "account"

_HOLE: Final = re.compile(r"\{\{([A-Za-z0-9_.~%/-]+)\}\}")
_SUFFIXES: Final[Mapping[Scope, str]] = {"itself": "", "objects": "/*", "streams": ":*"}
_EVERYTHING: Final = "*"
VERSION: Final = "2012-10-17"
"""Of the language of policies, not of a policy; the older one knows no variables."""
_EMPTY: Final = len(f'{{"Version":"{VERSION}","Statement":[]}}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The person's own key, and where the services that use it for us are reached.

    ``suffixes``: in China AWS writes the names of services with either of two.
    """

    arn: str
    region: str
    suffixes: tuple[str, ...] = ("amazonaws.com",)

    def through(self, service: str) -> dict[str, Any]:
        """The condition that only this service of AWS, asked by us, may use the key."""
        found = [f"{service}.{self.region}.{suffix}" for suffix in self.suffixes]
        return {"StringEquals": {"kms:ViaService": found if len(found) > 1 else found[0]}}


def hole(kind: str, name: str) -> str:
    """What stands for a value until it is known.

    Names may hold anything, braces and quotes too; here they are written as in an address.
    """
    return f"{{{{{kind}/{quote(name)}}}}}"


def statements(allowed: Iterable[Allowed], key: Key | None = None) -> tuple[Statement, ...]:
    """The same actions on several resources together, all sorted.

    The same grants give the same statements, in whatever order they come.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for grant in allowed:
        for target, limits, listed in _lines(grant, key):
            found.setdefault((target, json.dumps(limits)), set()).update(listed)
    together: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for (target, condition), actions in found.items():
        together.setdefault((tuple(sorted(actions)), condition), []).append(target)
    return tuple(
        _statement(ordered, sorted(targets), json.loads(condition))
        for (ordered, condition), targets in sorted(together.items())
    )


def _lines(
    grant: Allowed, key: Key | None
) -> Iterator[tuple[str, dict[str, Any], tuple[str, ...]]]:
    """Target, condition and actions of each thing that a grant needs."""
    for need in needs(grant):
        if need.scope == "everything":
            yield _EVERYTHING, {}, need.actions
        else:
            target = hole(grant.kind, grant.name) + _SUFFIXES[need.scope]
            yield target, _of_the_account(grant), need.actions
    sealed = row(grant.kind, grant.operation).key
    if key is not None and sealed:
        yield key.arn, key.through(VIA[grant.kind]), sealed


def _of_the_account(grant: Allowed) -> dict[str, Any]:
    """The ARN of a bucket names no account: whoever has the name today may not get our objects."""
    if grant.kind != "bucket" or grant.foreign:
        return {}
    return {"StringEquals": {"aws:ResourceAccount": f"{{{{{ACCOUNT}}}}}"}}


def _statement(
    listed: Sequence[str], targets: Sequence[str], condition: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Effect": "Allow",
        "Action": list(listed),
        "Resource": list(targets),
    }
    return {**found, "Condition": dict(condition)} if condition else found


def exporter_statement(namespace: str) -> Statement:
    """CloudWatch has no ARNs for metrics; the namespace is what narrows the permission."""
    return _statement(
        [action for need in EXPORTER.needs for action in need.actions],
        [_EVERYTHING],
        {"StringEquals": {"cloudwatch:namespace": namespace}},
    )


def holes(value: Any) -> frozenset[str]:
    """The names of all that is to be filled in."""
    return frozenset(map(unquote, _HOLE.findall(json.dumps(value))))


def fill(value: Any, values: Mapping[str, str]) -> Any:
    """Raises ``KeyError`` for a hole without a value."""
    if isinstance(value, str):
        return _HOLE.sub(lambda found: values[unquote(found[1])], value)
    if isinstance(value, Mapping):
        return {key: fill(item, values) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill(item, values) for item in value]
    return value


def document(found: Iterable[Statement], values: Mapping[str, str] | None = None) -> str:
    """A policy as IAM counts it, without white space. AWS refuses one that is made of nothing."""
    filled = [fill(statement, values or {}) for statement in found]
    if not filled:
        raise ValueError("a policy without a statement")
    policy = {"Version": VERSION, "Statement": filled}
    return json.dumps(policy, separators=(",", ":"))


def cut(
    found: Iterable[Statement], values: Mapping[str, str], most: int = MOST_CHARACTERS
) -> tuple[tuple[Statement, ...], ...]:
    """Policies that are short enough each, with the same statements in the same order.

    ``values`` are as long as the real ones, or longer.
    """
    made: list[list[dict[str, Any]]] = []
    room = 0
    for statement in found:
        frame = len(_compact({**fill(statement, values), "Resource": []})) + 1
        is_open = False
        for target in statement["Resource"]:
            size = len(_compact(fill(target, values))) + 1
            if not made or room < size + (0 if is_open else frame):
                made.append([])
                room, is_open = most - _EMPTY, False
            if not is_open:
                made[-1].append({**statement, "Resource": []})
                room, is_open = room - frame, True
            made[-1][-1]["Resource"].append(target)
            room -= size
    return tuple(tuple(policy) for policy in made)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
