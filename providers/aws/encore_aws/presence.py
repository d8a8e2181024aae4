"""How AWS is asked whether something is there: the forms that such a question has.

In: the names of calls and of their parameters. Out: rows of ``presence_table``. It calls nothing
itself. What is in the network is asked for by filters, which answer with an empty list where others
answer with an error; its physical name is the tag ``Name``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from encore_aws.account import Account

Given = Callable[[str, Account], dict[str, Any]]
TAG: Final = "tag:Name"
_TAGS: Final = "tags.Name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """``operation`` as boto3 calls it, ``given`` its parameters for what is looked for.

    ``items``: the path to what was found, through lists and objects; empty where the answer itself
    is it. ``key``: where each of them has what was looked for; the others, such as those with the
    same beginning, are not meant. :data:`TAG` stands for the tag ``Name``. ``absent``: the codes of
    AWS that mean that nothing is there.
    """

    operation: str
    given: Given
    items: str = ""
    key: str = ""
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``what`` it is, for people; ``by_id`` takes the id of Pulumi's state.

    ``name``: the property that holds the physical name, empty where there is none. ``own``: where
    the answer has what ``show``, a command for people, takes as ``{it}``. ``state``: where it has
    AWS's own word for how it is; with one of ``gone`` it is there no more, with one of ``going``
    AWS is deleting it (both in small letters: AWS writes them either way). ``until``: where it has
    the day on which AWS deletes for good what can still be restored. ``holders``: what may keep it
    from being deleted.
    """

    what: str
    service: str
    show: str
    by_id: Call
    by_name: Call | None = None
    name: str = ""
    own: str = ""
    state: str = ""
    gone: frozenset[str] = frozenset()
    going: frozenset[str] = frozenset({"deleting"})
    until: str = ""
    holders: Call | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Follows:
    """It cannot be without its ``owner``, a type of this table too, and goes with it."""

    owner: str
    why: str


Row = Question | Follows
Rows = Mapping[str, Row]


def filtered(
    operation: str, items: str, name: str, parameter: str = "Filters", key: str = ""
) -> Call:
    """A call that lists what the filter ``name`` lets through."""

    def given(it: str, _account: Account) -> dict[str, Any]:
        return {parameter: [{"Name": name, "Values": [it]}]}

    return Call(operation=operation, given=given, items=items, key=key)


def interfaces(name: str) -> Call:
    """The network interfaces in what an id stands for."""
    return filtered("describe_network_interfaces", "NetworkInterfaces", name)


def in_network(
    what: str,
    operation: str,
    items: str,
    own: str,
    *,
    by_id: Call,
    show: str,
    by: str = "Filters",
    state: str = "",
    gone: tuple[str, ...] = (),
    going: tuple[str, ...] = ("deleting",),
    holders: Call | None = None,
) -> Question:
    """A type of EC2; ``show`` is the option of its command that takes ids."""
    return Question(
        what=what,
        service="ec2",
        show=f"aws ec2 {operation.replace('_', '-')} --{show} {{it}}",
        by_id=by_id,
        by_name=filtered(operation, items, TAG, by, key=TAG),
        name=_TAGS,
        own=own,
        state=state,
        gone=frozenset(gone),
        going=frozenset(going),
        holders=holders,
    )


def one(parameter: str, operation: str, items: str, *absent: str) -> Call:
    """A call that takes one id or name, and refuses where there is no such thing."""

    def given(it: str, _account: Account) -> dict[str, Any]:
        return {parameter: it}

    return Call(operation=operation, given=given, items=items, absent=frozenset(absent))


def arn(parameter: str, service: str, form: str, operation: str, items: str, absent: str) -> Call:
    """By an ARN that follows from the name. ``form``: with ``{it}``, ``{region}``, ``{account}``,
    ``{partition}`` in their places.
    """

    def given(it: str, account: Account) -> dict[str, Any]:
        rest = form.format(it=it, region=account.region, account=account.id)
        return {parameter: f"arn:{account.partition}:{service}:{rest}"}

    return Call(operation=operation, given=given, items=items, absent=frozenset({absent}))


def of_caches(
    what: str, parameter: str, operation: str, items: str, absent: str, name: str, state: str = ""
) -> Question:
    """A type of ElastiCache, whose ids are its names."""
    option = {
        "ReplicationGroupId": "replication-group-id",
        "CacheParameterGroupName": "cache-parameter-group-name",
        "CacheSubnetGroupName": "cache-subnet-group-name",
        "UserId": "user-id",
        "UserGroupId": "user-group-id",
    }[parameter]
    return Question(
        what=what,
        service="elasticache",
        show=f"aws elasticache {operation.replace('_', '-')} --{option} {{it}}",
        by_id=one(parameter, operation, items, absent),
        name=name,
        own=parameter,
        state=state,
    )
