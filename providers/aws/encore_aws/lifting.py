"""What AWS refuses to delete as it is, and how that is changed: for what was said to go, alone.

In: the resources of the state that are about to be deleted or replaced. Out: :func:`obstacles`, and
with :func:`lift` an account in which they can be deleted; :func:`told` says what will be kept. It
decides nothing: whoever calls it was told that the data may go. Pulumi's own ``protect`` is not
AWS's business, nor is it this module's.

Everything can be repeated, and what is gone already is no error. A server is found by RDS's own id
where the state has it, so another one that has its name by now is not touched; a bucket must belong
to the account.

Last snapshots are taken by Pulumi's plugin, as the properties in the state say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from encore_aws.account import Account, AwsError, ask
from encore_aws.emptying import empty
from encore_aws.state_store import Backend
from encore_provisioner.engine.state import Kept
from encore_provisioner.errors import ApplyError
from encore_provisioner.waiting import Clock, OnWait

BUCKET: Final = "aws:s3/bucket:Bucket"
SERVER: Final = "aws:rds/instance:Instance"
CACHE: Final = "aws:elasticache/replicationGroup:ReplicationGroup"
MACHINE: Final = "aws:ec2/instance:Instance"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
SECRET: Final = "aws:secretsmanager/secret:Secret"

_RDS_ID: Final = re.compile(r"db-[A-Z0-9]+")
_NO_SERVER: Final = frozenset({"DBInstanceNotFound", "DBInstanceNotFoundFault"})
_NO_MACHINE: Final = frozenset(
    {"InvalidInstanceID.NotFound", "IncorrectInstanceState", "IncorrectState"}
)
_NOT_NOW: Final = "InvalidDBInstanceState"
_WAIT: Final = 1800.0
"""Seconds for a server that is busy, such as with its backup."""
_EVERY: Final = 10.0
_RECOVERY_DAYS: Final = 30
"""Of secrets, where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why AWS would not delete the resource ``urn``. ``id`` is that of the state, ``name`` the
    physical one.
    """

    type: str
    id: str
    name: str
    urn: str

    @property
    def what(self) -> str:
        """For people, after "lifting" or "without"."""
        return _LIFTS[self.type].what.format(name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tools:
    account: Account
    on_wait: OnWait
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lift:
    """``name``: the property with the physical name. ``switches``: those properties of which one
    must be true for there to be an obstacle; none: there may always be one.
    """

    name: str
    what: str
    door: Callable[[Obstacle, _Tools], None]
    switches: tuple[str, ...] = ()


def obstacles(resources: Iterable[Kept]) -> tuple[Obstacle, ...]:
    """Those of ``resources``, in their order.

    Every bucket is one: what it holds only S3 knows. A protection counts whether the program asked
    for it or a refresh has seen it.
    """
    return tuple(
        Obstacle(type=item.type, id=item.id, name=_name(item), urn=item.urn)
        for item in resources
        if item.id and _stands(item)
    )


def _stands(item: Kept) -> bool:
    row = _LIFTS.get(item.type)
    if row is None:
        return False
    return not row.switches or any(_has(item, switch) for switch in row.switches)


def _has(item: Kept, name: str) -> bool:
    return item.inputs.get(name) is True or item.outputs.get(name) is True


def _name(item: Kept) -> str:
    key = _LIFTS[item.type].name
    found = item.outputs.get(key) or item.inputs.get(key)
    return found if isinstance(found, str) else item.id


def lift(
    obstacles: Iterable[Obstacle],
    account: Account,
    *,
    on_wait: OnWait = lambda _: None,
    clock: Clock | None = None,
) -> None:
    """Take them away, one after the other. ``on_wait`` is told how far it is.

    Raises :class:`AwsError`; ``ApplyError`` for a server that stays busy (``server-busy``), and for
    objects that S3 does not delete (``bucket-not-emptied``).
    """
    tools = _Tools(account=account, on_wait=on_wait, clock=clock or Clock())
    for obstacle in obstacles:
        _LIFTS[obstacle.type].door(obstacle, tools)


def _empty(obstacle: Obstacle, tools: _Tools) -> None:
    empty(obstacle.name, tools.account, on_wait=tools.on_wait, clock=tools.clock)


def _free_server(obstacle: Obstacle, tools: _Tools) -> None:
    """Until RDS says that it is not protected: the change takes a moment, also at once."""
    client = tools.account.client("rds")
    deadline = tools.clock.now() + _WAIT
    is_asked = is_told = False
    while (found := _server(obstacle, client)) is not None and found.get("DeletionProtection"):
        status = str(found.get("DBInstanceStatus"))
        if status == "deleting":
            return
        if tools.clock.now() >= deadline:
            raise _busy(obstacle, status)
        if not is_asked:
            is_asked = _ask_to_free(str(found["DBInstanceIdentifier"]), client)
            if is_asked:
                continue
        if not is_told:
            tools.on_wait(
                f"the database server {obstacle.name} is {status}; waiting until RDS takes its "
                "deletion protection away"
            )
            is_told = True
        tools.clock.pause(_EVERY)


def _ask_to_free(identifier: str, client: Any) -> bool:
    """Whether RDS took it; False where the server is busy with something else."""
    try:
        ask(
            f"take the deletion protection from the database server {identifier}",
            lambda: client.modify_db_instance(
                DBInstanceIdentifier=identifier, DeletionProtection=False, ApplyImmediately=True
            ),
        )
    except AwsError as error:
        if error.answer in _NO_SERVER:
            return True
        if error.answer != _NOT_NOW:
            raise
        return False
    return True


def _server(obstacle: Obstacle, client: Any) -> Mapping[str, Any] | None:
    given: dict[str, Any] = {"DBInstanceIdentifier": obstacle.name}
    if _RDS_ID.fullmatch(obstacle.id):
        given = {"Filters": [{"Name": "dbi-resource-id", "Values": [obstacle.id]}]}
    try:
        found = ask(
            f"look at the database server {obstacle.name}",
            lambda: client.describe_db_instances(**given)["DBInstances"],
        )
    except AwsError as error:
        if error.answer not in _NO_SERVER:
            raise
        return None
    return found[0] if found else None


def _busy(obstacle: Obstacle, status: str) -> ApplyError:
    return ApplyError(
        f"the database server {obstacle.name} is {status}, and RDS has not taken its deletion "
        f"protection away within {_WAIT / 60:.0f} minutes",
        code="server-busy",
        hint="see its events in the console of RDS; the next try goes on from here",
    )


def _free_machine(obstacle: Obstacle, tools: _Tools) -> None:
    client = tools.account.client("ec2")
    for attribute in ("DisableApiTermination", "DisableApiStop"):
        call = partial(
            client.modify_instance_attribute,
            InstanceId=obstacle.id,
            **{attribute: {"Value": False}},
        )
        _tolerant(f"let the machine {obstacle.id} be deleted", call, _NO_MACHINE)


def _free_log_group(obstacle: Obstacle, tools: _Tools) -> None:
    client = tools.account.client("logs")
    call = partial(
        client.put_log_group_deletion_protection,
        logGroupIdentifier=obstacle.name,
        deletionProtectionEnabled=False,
    )
    absent = frozenset({"ResourceNotFoundException"})
    _tolerant(f"let the log group {obstacle.name} be deleted", call, absent)


def _tolerant(doing: str, call: Callable[[], Any], absent: frozenset[str]) -> None:
    try:
        ask(doing, call)
    except AwsError as error:
        if error.answer not in absent:
            raise


_LIFTS: Final[Mapping[str, _Lift]] = {
    BUCKET: _Lift(name="bucket", what="all objects of the bucket {name}", door=_empty),
    SERVER: _Lift(
        name="identifier",
        what="the deletion protection of the database server {name}",
        door=_free_server,
        switches=("deletionProtection",),
    ),
    # The program sets neither of these two; a person may have, and a refresh has seen it.
    MACHINE: _Lift(
        name="id",
        what="the deletion protection of the machine {name}",
        door=_free_machine,
        switches=("disableApiTermination", "disableApiStop"),
    ),
    LOG_GROUP: _Lift(
        name="name",
        what="the deletion protection of the log group {name}",
        door=_free_log_group,
        switches=("deletionProtectionEnabled",),
    ),
}


def told(resources: Iterable[Kept], *, backend: Backend | None = None) -> tuple[str, ...]:
    """What stays after ``resources`` are deleted, and for how long: one line each, for people.

    ``backend``: where the state is; None where that is told elsewhere. Days are counted, not named:
    a plan knows no clock, and ``leftovers`` names them when it is done.
    """
    listed = tuple(resources)
    return (
        *(line for item in listed if item.type == SERVER for line in _of_server(item)),
        *(line for item in listed if item.type == CACHE for line in _of_cache(item)),
        *_of_secrets(item for item in listed if item.type == SECRET),
        *(_of_backend(backend) if backend is not None else ()),
    )


def _of_server(item: Kept) -> Iterator[str]:
    identifier = _text(item, "identifier") or item.id
    snapshot = _text(item, "finalSnapshotIdentifier")
    if _first(item, "skipFinalSnapshot") is not True and snapshot:
        yield (
            f"{item.name}: a last snapshot, {snapshot}, until somebody deletes it: `aws rds "
            f"delete-db-snapshot --db-snapshot-identifier {snapshot}`"
        )
    days = _first(item, "backupRetentionPeriod")
    if _first(item, "deleteAutomatedBackups") is False and days:
        yield (
            f"{item.name}: the automatic backups of {identifier}, {int(days)} days more: `aws rds "
            f"describe-db-instance-automated-backups --db-instance-identifier {identifier}`"
        )


def _of_cache(item: Kept) -> Iterator[str]:
    snapshot = _text(item, "finalSnapshotIdentifier")
    if snapshot:
        yield (
            f"{item.name}: a last snapshot, {snapshot}, until somebody deletes it: `aws "
            f"elasticache delete-snapshot --snapshot-name {snapshot}`"
        )


def _of_secrets(items: Iterable[Kept]) -> Iterator[str]:
    """By the days for which they can be restored."""
    by_days: dict[int, list[str]] = {}
    for item in items:
        days = _first(item, "recoveryWindowInDays")
        window = _RECOVERY_DAYS if days is None else int(days)
        if window:
            by_days.setdefault(window, []).append(_text(item, "name") or item.id)
    for window, names in sorted(by_days.items()):
        yield (
            f"secrets that can be restored for {window} days, and whose names are taken so long: "
            f"{', '.join(sorted(names))}; `aws secretsmanager restore-secret --secret-id NAME`"
        )


def _of_backend(backend: Backend) -> Iterator[str]:
    """Not all of it is this environment's: the bucket and the key are the app's."""
    if backend.bucket:
        yield (
            f"the state's bucket {backend.bucket}: it belongs to all environments of the app; this "
            f"one's history lies under {backend.prefix}/"
        )
    if backend.key is not None:
        yield f"the key {backend.key}, without which no state of the app can be read"


def _first(item: Kept, name: str) -> Any:
    """As the plugin will see it: what AWS said last, else what the program asked for."""
    found = item.outputs.get(name)
    return item.inputs.get(name) if found is None else found


def _text(item: Kept, name: str) -> str:
    found = _first(item, name)
    return found if isinstance(found, str) else ""
