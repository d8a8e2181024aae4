"""Whether a destroy that failed is worth another try, and when: one table by the messages.

In: what was said of the steps that failed, how often and for how long it was tried. Out: seconds to
wait, or None. It asks nobody and waits for nothing.

AWS deletes some things long after it says so. The network interfaces of a function go up to 40
minutes after it, and until then neither its security group nor its subnets can be deleted; a server
that is being deleted holds its groups. Pulumi's plugin waits for some of this itself, so each
further try can take many minutes of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from encore_aws.error_help import reason

_MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``pause`` seconds before each of at most ``tries`` further tries, of which the last begins no
    later than ``within`` seconds after the first destroy did.
    """

    why: str
    pattern: re.Pattern[str]
    pause: float
    within: float
    tries: int


def _rule(why: str, pattern: str, *, pause: float, minutes: float, tries: int = 1_000) -> Rule:
    return Rule(
        why=why,
        pattern=re.compile(pattern),
        pause=pause,
        within=minutes * _MINUTE,
        tries=tries,
    )


RULES: Final[tuple[Rule, ...]] = (
    _rule(
        "the network interfaces of a function go up to 40 minutes after it",
        r"\bDependencyViolation\b|\bInvalidNetworkInterface\.?InUse\b"
        r"|\bInvalidNetworkInterfaceID?\.InUse\b|\bInvalidParameterValue: Network interface \S+ is "
        r"currently in use\b|\bInvalidGroup\.InUse\b|\bNetworkInterfaceInUse\b",
        pause=60,
        minutes=50,
    ),
    _rule(
        "a database server is busy, or what belongs to it goes after it",
        r"\bInvalidDB(?:Instance|SubnetGroup|ParameterGroup|Snapshot)State(?:Fault)?\b",
        pause=30,
        minutes=60,
    ),
    _rule(
        "a cache is busy, or what belongs to it goes after it",
        r"\bInvalid(?:ReplicationGroup|CacheCluster|CacheParameterGroup|User|UserGroup)State"
        r"(?:Fault)?\b|\bCacheSubnetGroupInUse\b|\bis still using it\b|\bare still members of\b",
        pause=30,
        minutes=60,
    ),
    _rule(
        "CloudFront's nodes must know of it first",
        r"\b(?:DistributionNotDisabled|CachePolicyInUse|OriginAccessControlInUse)\b"
        r"|\bPreconditionFailed\b",
        pause=30,
        minutes=40,
    ),
    _rule(
        "not all of AWS's copies know yet what was taken away",
        r"\bDeleteConflict\b|\bConcurrentModification\b",
        pause=10,
        minutes=10,
        tries=5,
    ),
    _rule(
        "S3 is still busy with the bucket, or something was written to it",
        r"\bOperationAborted\b|\bBucketNotEmpty\b",
        pause=10,
        minutes=30,
        tries=3,
    ),
    _rule(
        "the plugin has stopped waiting; a last snapshot of much data takes hours",
        r"\btimeout while waiting for (?:state|resource)\b",
        pause=10,
        minutes=360,
        tries=6,
    ),
    _rule(
        "AWS takes only so many calls a second",
        r"\b(?:Throttling\w*|Throttled\w*|RequestLimitExceeded|TooManyRequests\w*|SlowDown"
        r"|RequestThrottled\w*|PriorRequestNotComplete)\b|\bRate exceeded\b",
        pause=30,
        minutes=60,
        tries=5,
    ),
)


def again(messages: Iterable[str], tries: int, elapsed: float) -> float | None:
    """Seconds until the next try; None where none makes sense.

    ``messages``: the text of each step that failed. ``tries``: how many destroys there were;
    ``elapsed``: seconds since the first began. A bucket must be emptied once more before each try
    (``lifting``).

    One error that does not go away by itself is enough for None, since a person must do something
    first. What nobody knows decides nothing.
    """
    found: list[Rule] = []
    for message in messages:
        rule = _fitting(message)
        if rule is not None:
            found.append(rule)
        elif reason((message,)) is not None:
            return None
    if not found or any(tries > rule.tries or elapsed > rule.within for rule in found):
        return None
    return max(rule.pause for rule in found)


def why(messages: Iterable[str]) -> tuple[str, ...]:
    """What is waited for, for people: each reason once."""
    rules = (_fitting(message) for message in messages)
    return tuple(dict.fromkeys(rule.why for rule in rules if rule is not None))


def _fitting(message: str) -> Rule | None:
    return next((rule for rule in RULES if rule.pattern.search(message)), None)
