"""What runs of an environment, and how it is: the servers of its state, asked one by one.

In: the state, an account. Out: a ``ServerStatus`` for each server, for the function inside the
network and for each queue, with what waits in it. What AWS does not know any more is ``missing``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from encore_aws.account import Account, AwsError, ask
from encore_provisioner.engine.state import Kept
from encore_provisioner.provider import ServerState, ServerStatus

_AT_ONCE: Final = 4
_GONE: Final = frozenset(
    {
        *("DBInstanceNotFound", "DBInstanceNotFoundFault", "ReplicationGroupNotFoundFault"),
        *("ResourceNotFoundException", "AWS.SimpleQueueService.NonExistentQueue"),
        "QueueDoesNotExist",
    }
)
_USUAL: Final = ("available", "active")
_STATES: Final[Mapping[str, ServerState]] = {
    "available": "running",
    "active": "running",
    "storage-optimization": "running",
    "backing-up": "running",
    "snapshotting": "running",
    "creating": "creating",
    "pending": "creating",
    "starting": "creating",
    "stopped": "stopped",
    "stopping": "stopped",
    "inactive": "stopped",
    "deleting": "deleting",
    "modifying": "modifying",
    "upgrading": "modifying",
    "rebooting": "modifying",
    "maintenance": "modifying",
    "failed": "failed",
    "create-failed": "failed",
    "storage-full": "failed",
}
"""AWS's words, in small letters. What is not here is told as AWS tells it."""


def status(resources: Iterable[Kept], account: Account) -> tuple[ServerStatus, ...]:
    """Servers first, then queues, each by name. Raises :class:`AwsError`."""
    kinds = list(_LOOKS)
    known = sorted(
        (item for item in resources if item.type in _LOOKS and not item.doomed),
        key=lambda item: (kinds.index(item.type), item.name),
    )
    asked = [(item, _LOOKS[item.type]) for item in known]
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return tuple(pool.map(lambda pair: _one(pair[0], pair[1], account), asked))


def _one(item: Kept, look: Look, account: Account) -> ServerStatus:
    try:
        return look(item, account)
    except AwsError as error:
        if error.answer not in _GONE:
            raise
        return ServerStatus(
            name=item.name, state="missing", endpoint="", detail="AWS does not know it any more"
        )


def _told(item: Kept, word: str, endpoint: str, detail: str) -> ServerStatus:
    state = _STATES.get(word.lower(), "unknown")
    more = detail if word.lower() in _USUAL else f"{word}; {detail}"
    return ServerStatus(name=item.name, state=state, endpoint=endpoint, detail=more)


def _database(item: Kept, account: Account) -> ServerStatus:
    rds = account.client("rds")
    found = ask(
        f"look at {item.name}",
        partial(rds.describe_db_instances, DBInstanceIdentifier=_named(item)),
    )["DBInstances"][0]
    at = found.get("Endpoint") or {}
    endpoint = f"{at['Address']}:{at['Port']}" if at.get("Address") else ""
    zones = "two zones" if found.get("MultiAZ") else "one zone"
    detail = f"{found['DBInstanceClass']}, {found['AllocatedStorage']} GiB, {zones}"
    return _told(item, found["DBInstanceStatus"], endpoint, detail)


def _cache(item: Kept, account: Account) -> ServerStatus:
    client = account.client("elasticache")
    found = ask(
        f"look at {item.name}",
        partial(client.describe_replication_groups, ReplicationGroupId=item.id),
    )["ReplicationGroups"][0]
    groups = found.get("NodeGroups") or [{}]
    at = groups[0].get("PrimaryEndpoint") or {}
    endpoint = f"{at['Address']}:{at['Port']}" if at.get("Address") else ""
    return _told(item, found["Status"], endpoint, str(found.get("CacheNodeType") or ""))


def _function(item: Kept, account: Account) -> ServerStatus:
    client = account.client("lambda")
    found = ask(
        f"look at {item.name}", partial(client.get_function_configuration, FunctionName=item.id)
    )
    detail = "runs migrations and checks inside the network"
    return _told(item, found.get("State") or "Active", "", detail)


def _queue(item: Kept, account: Account) -> ServerStatus:
    client = account.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = ask(
        f"look at {item.name}",
        partial(client.get_queue_attributes, QueueUrl=item.id, AttributeNames=names),
    )["Attributes"]
    waiting, taken = (int(found.get(name, 0)) for name in names)
    detail = f"{waiting} waiting, {taken} being handled"
    return ServerStatus(
        name=item.name.removesuffix("#queue"), state="running", endpoint="", detail=detail
    )


def _named(item: Kept) -> str:
    """The id in the state is one that RDS's calls for a server do not take."""
    return str(item.outputs.get("identifier") or item.inputs.get("identifier") or item.id)


Look = Callable[[Kept, Account], ServerStatus]

_LOOKS: Final[Mapping[str, Look]] = {
    "aws:rds/instance:Instance": _database,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:lambda/function:Function": _function,
    "aws:sqs/queue:Queue": _queue,
}
