"""What Pulumi's state says is there, as plain data.

In: the JSON of ``pulumi stack export``. Out: a :class:`State`. Secrets are marks (``{"secret":
true}``), whether they lie there encrypted or not. Providers and the stack itself are left out, but
for the stack's outputs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from encore_provisioner.engine.values import STACK, is_ours, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One resource as it was last seen. ``id`` is the cloud's; empty for a component.

    ``needs`` are the URNs of what its values come from, by the first name of the property, and
    under ``""`` those that must only be there before. ``doomed``: it was replaced, and its
    deletion is still to come.
    """

    urn: str
    type: str
    id: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    doomed: bool = False
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the program calls it."""
        return self.urn.split("::", 3)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """``resources`` in the order in which they were made."""

    resources: tuple[Kept, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def by_urn(self) -> Mapping[str, Kept]:
        """Without those whose deletion is still to come."""
        return {item.urn: item for item in self.resources if not item.doomed}


NOTHING: Final = "nothing"
"""The fingerprint of a state in which nothing is."""
_TELLING: Final = ("urn", "id", "inputs", "outputs", "protect", "delete")


def fingerprint(document: Mapping[str, Any]) -> str:
    """The same for the same resources, whenever and by whom they were written: they and what they
    depend on come in the order in which the engine was done, and what is encrypted is encrypted
    anew each time, so it counts as a secret and no more. ``document`` is as for :func:`read`.
    """
    deployment = document.get("deployment", document)
    resources = deployment.get("resources") or []
    if not resources:
        return NOTHING
    told = ({name: item.get(name) for name in _TELLING} for item in resources)
    texts = sorted(json.dumps(plain(item, nulls=True), sort_keys=True) for item in told)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]


def read(document: Mapping[str, Any]) -> State:
    """``document`` is the whole export, or its ``deployment``."""
    deployment = document.get("deployment", document)
    resources = deployment.get("resources") or []
    stack: Mapping[str, Any] = next((item for item in resources if item["type"] == STACK), {})
    return State(
        resources=tuple(_kept(item) for item in resources if not is_ours(item["type"])),
        outputs=plain(stack.get("outputs") or {}, nulls=True),
    )


def _kept(item: Mapping[str, Any]) -> Kept:
    return Kept(
        urn=item["urn"],
        type=item["type"],
        id=item.get("id", ""),
        inputs=plain(item.get("inputs") or {}),
        outputs=plain(item.get("outputs") or {}),
        protect=bool(item.get("protect")),
        doomed=bool(item.get("delete")),
        needs=dict(_needs(item)),
    )


def _needs(item: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    told: set[str] = set()
    for name, urns in sorted((item.get("propertyDependencies") or {}).items()):
        if urns:
            told |= set(urns)
            yield name, tuple(sorted(urns))
    others = tuple(sorted(set(item.get("dependencies") or ()) - told))
    if others:
        yield "", others
