"""What an apply would change: wanted against actual, as data. Pure.

In: wanted resources in the order of their creation, and an observation. Out: the steps of a
``Plan`` in the order in which they are carried out: servers, then what is made or changed, then
what goes, the servers that nothing needs any more last. Nothing here is a matter of chance or
time: the same input gives the same steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from encore_config.plan import PropertyDiff, Step
from encore_local.model import (
    AWS,
    BUCKET,
    DATABASE,
    POSTGRES,
    SECRET,
    SERVER_OF,
    SERVERS,
    SUBSCRIPTION,
    TOPIC,
    VALKEY,
    Actual,
    Wanted,
)
from encore_provisioner.postgres.migrations import ADOPTED, Verdict, pending_reason

_DELETE_ORDER = (SUBSCRIPTION, TOPIC, BUCKET, DATABASE, SECRET, VALKEY, AWS, POSTGRES)
_PUT_BACK = "is put back once its server runs"
_LOST = {
    DATABASE: "the database and all its rows",
    BUCKET: "the bucket with its objects and versions",
    TOPIC: "the topic and what its subscriptions have not handled",
    SUBSCRIPTION: "the queue and the messages in it",
    VALKEY: "the cache and its keys",
}


def step_for(wanted: Wanted, actual: Actual | None) -> Step:
    """What is to be done for one wanted resource."""
    if actual is None:
        return _step("create", wanted, _created(wanted.properties), reason="does not exist")
    diff = _changed(wanted, actual.properties)
    if any(change.forces_replacement for change in diff):
        return _replaced(wanted, actual, diff)
    if diff:
        names = ", ".join(change.path for change in diff)
        return _step("update", wanted, diff, reason=actual.note or f"differs in {names}")
    return _unchanged(wanted, actual)


def _unchanged(wanted: Wanted, actual: Actual) -> Step:
    if actual.known:
        return _step("same", wanted, reason=actual.note or "is as declared")
    if wanted.type in SERVERS:
        return _step("update", wanted, reason=actual.note)
    if SERVER_OF.get(wanted.type) == AWS:
        # SNS and SQS hold everything in memory; S3 its buckets' settings.
        return _step("update", wanted, reason=_PUT_BACK)
    return _step("same", wanted, reason="was as declared when its server last ran")


def _replaced(wanted: Wanted, actual: Actual, diff: tuple[PropertyDiff, ...]) -> Step:
    forced = ", ".join(change.path for change in diff if change.forces_replacement)
    loss = actual.data != "none" and wanted.type in _LOST
    reason = f"{forced} cannot be changed in place"
    if loss:
        reason = f"DATA LOSS: {reason}; {_LOST[wanted.type]} are deleted and made anew, empty"
    return _step("replace", wanted, diff, data_loss=loss, reason=reason)


def deletion(actual: Actual, *, why: str) -> Step:
    """The step that removes something of ours."""
    loss = actual.data != "none" and actual.type in _LOST
    reason = f"DATA LOSS: {why}; {_LOST[actual.type]} are deleted" if loss else why
    return Step(
        op="delete",
        type=actual.type,
        name=actual.name,
        urn=actual.urn,
        declaration=actual.declaration,
        diff=tuple(
            PropertyDiff(path=path, before=value)
            for path, value in sorted(actual.properties.items())
        ),
        data_loss=loss,
        reason=reason,
    )


def _step(
    op: Any,
    wanted: Wanted,
    diff: tuple[PropertyDiff, ...] = (),
    *,
    data_loss: bool = False,
    reason: str,
) -> Step:
    return Step(
        op=op,
        type=wanted.type,
        name=wanted.name,
        urn=wanted.urn,
        declaration=wanted.declaration,
        diff=diff,
        data_loss=data_loss,
        reason=reason,
    )


def _created(properties: Mapping[str, Any]) -> tuple[PropertyDiff, ...]:
    return tuple(PropertyDiff(path=p, after=v) for p, v in sorted(properties.items()))


def _changed(wanted: Wanted, before: Mapping[str, Any]) -> tuple[PropertyDiff, ...]:
    """A server that remembers no properties differs in nothing that could be named."""
    if not before and wanted.type in SERVERS:
        return ()
    return tuple(
        PropertyDiff(
            path=path,
            before=before.get(path),
            after=after,
            forces_replacement=path in wanted.forces,
        )
        for path, after in sorted(wanted.properties.items())
        if before.get(path) != after
    )


def migration_steps(wanted: Mapping[str, Wanted], verdict: Verdict) -> tuple[Step, ...]:
    """One step for each file to run or to adopt; ``wanted`` is keyed by file name."""
    adopted = tuple(
        _step(
            "update",
            wanted[file.filename],
            (PropertyDiff(path="sha256", after=file.sha256),),
            reason=ADOPTED,
        )
        for file in verdict.adopt
    )
    pending = tuple(
        _step(
            "create",
            wanted[file.filename],
            _created(wanted[file.filename].properties),
            reason=pending_reason(file),
        )
        for file in verdict.pending
    )
    return (*adopted, *pending)


def deletions(
    wanted: Iterable[Wanted], actual: Mapping[str, Actual], *, why: str
) -> tuple[Step, ...]:
    """The steps that remove what is ours and no longer wanted, contents before servers."""
    kept = {resource.urn for resource in wanted}
    gone = [resource for urn, resource in actual.items() if urn not in kept]
    gone.sort(key=lambda resource: (_DELETE_ORDER.index(resource.type), resource.name))
    return tuple(deletion(resource, why=why) for resource in gone)
