"""Events as Pulumi's engine sends them, seen on 3.259 itself, for tests that run without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.automation import EngineEvent

PRE, DONE, FAILED = "resourcePreEvent", "resOutputsEvent", "resOpFailedEvent"
HIDDEN = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
"""A secret, as events tell it."""
NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
STACK = "urn:pulumi:production::shop::pulumi:pulumi:Stack::shop-production"


def side(urn: str, inputs: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": _type(urn), "urn": urn, "inputs": dict(inputs), **more}


def told(
    kind: str,
    op: str,
    urn: str,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    **more: Any,
) -> EngineEvent:
    """``old`` and ``new`` are inputs, or a whole :func:`side`. ``diff``: kinds by path."""
    metadata: dict[str, Any] = {"op": op, "urn": urn, "type": _type(urn), "provider": ""}
    for name, given in (("old", old), ("new", new)):
        if given is not None:
            metadata[name] = given if "urn" in given else side(urn, given)
    diff = more.pop("diff", None)
    if diff:
        metadata["detailedDiff"] = {
            path: {"diffKind": kind, "inputDiff": True} for path, kind in diff.items()
        }
    rest = {"status": 1, "steps": 1} if kind == FAILED else {}
    return EngineEvent.from_json({**_HEAD, kind: {"metadata": {**metadata, **more}, **rest}})


def replaced(
    urn: str, old: Mapping[str, Any], new: Mapping[str, Any], **diff: str
) -> tuple[EngineEvent, ...]:
    """All that is told of one replacement where the old one goes first."""
    forced = [path for path, kind in diff.items() if kind.endswith("-replace")]
    parts = (
        ("delete-replaced", old, None),
        ("replace", old, new),
        ("create-replacement", old, new),
    )
    found = []
    for op, before, after in parts:
        more = {} if after is None else {"diff": diff, "keys": forced}
        found += [told(kind, op, urn, before, after, **more) for kind in (PRE, DONE)]
    return tuple(found)


def said(message: str, urn: str | None = None, severity: str = "error") -> EngineEvent:
    told = {"message": message, "color": "never", "severity": severity, "urn": urn}
    return EngineEvent.from_json({**_HEAD, "diagnosticEvent": told})


_HEAD = {"sequence": 1, "timestamp": 1}


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]
