"""What an operation of the graph needs in AWS: one total table, each row with its reason.

In: an operation on a kind of resource. Out: the actions, and on what. Nothing else in the provider
names an action of a policy for the app. What the runtime core really calls stands behind each row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from encore_config.graph import Operation, UseKind

Scope = Literal["itself", "objects"]
"""On the resource's own ARN, or on all that lies in it (``arn:aws:s3:::bucket/*``)."""

GrantKind = Literal[UseKind, "subscription"]
GrantOperation = Literal[Operation, "consume"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """``when_versioned``: only where the bucket keeps old versions."""

    actions: tuple[str, ...]
    scope: Scope = "itself"
    when_versioned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``needs`` is empty where no call to AWS is made, or where a password opens the door."""

    needs: tuple[Need, ...]
    reason: str


_PASSWORD: Final = "the door is a password inside the network; IAM plays no part"
_MISSING: Final = Need(actions=("s3:ListBucket",))
"""Without it S3 answers 403 for an object that is not there, and `exists` throws."""
_CONTENT: Final = Need(actions=("s3:GetObject",), scope="objects")
_OLD_CONTENT: Final = Need(actions=("s3:GetObjectVersion",), scope="objects", when_versioned=True)

TABLE: Final[Mapping[tuple[str, str], Row]] = {
    ("topic", "publish"): Row(
        needs=(Need(actions=("sns:Publish",)),),
        reason="publish is one call of SNS",
    ),
    ("subscription", "consume"): Row(
        needs=(
            Need(
                actions=("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage")
            ),
        ),
        reason="messages are fetched, deleted when handled, and put back later when that fails",
    ),
    ("bucket", "list"): Row(
        needs=(Need(actions=("s3:ListBucket",)),),
        reason="list is ListObjectsV2, on the bucket itself",
    ),
    ("bucket", "read"): Row(
        needs=(_CONTENT, _OLD_CONTENT, _MISSING),
        reason="download is GetObject; a missing object must be told from a forbidden one",
    ),
    ("bucket", "attrs"): Row(
        needs=(_CONTENT, _OLD_CONTENT, _MISSING),
        reason="attrs and exists are HeadObject, which needs the same as reading",
    ),
    ("bucket", "write"): Row(
        needs=(Need(actions=("s3:AbortMultipartUpload", "s3:PutObject"), scope="objects"),),
        reason="from 8 MiB on an upload has parts, which are given up when it fails",
    ),
    ("bucket", "delete"): Row(
        needs=(
            Need(actions=("s3:DeleteObject",), scope="objects"),
            Need(actions=("s3:DeleteObjectVersion",), scope="objects", when_versioned=True),
        ),
        reason="remove is DeleteObject, with a version where one is named",
    ),
    ("bucket", "signed_upload"): Row(
        needs=(Need(actions=("s3:PutObject",), scope="objects"),),
        reason="a signed link can do what its signer may, no more",
    ),
    ("bucket", "signed_download"): Row(
        needs=(_CONTENT, _OLD_CONTENT),
        reason="a signed link can do what its signer may, no more",
    ),
    ("bucket", "public_url"): Row(needs=(), reason="the address is put together without a call"),
    ("database", "access"): Row(needs=(), reason=_PASSWORD),
    ("database", "read"): Row(needs=(), reason=_PASSWORD),
    ("database", "write"): Row(needs=(), reason=_PASSWORD),
    ("cache", "access"): Row(needs=(), reason=_PASSWORD),
    ("cache", "read"): Row(needs=(), reason=_PASSWORD),
    ("cache", "write"): Row(needs=(), reason=_PASSWORD),
    ("endpoint", "call"): Row(needs=(), reason="services call each other over HTTP, with a key"),
    ("metric", "increment"): Row(needs=(), reason="the exporter sends metrics, see EXPORTER"),
    ("metric", "set"): Row(needs=(), reason="the exporter sends metrics, see EXPORTER"),
}

EXPORTER: Final = Row(
    needs=(Need(actions=("cloudwatch:PutMetricData",)),),
    reason="only where CloudWatch is the exporter; it has no ARN, so the namespace narrows it",
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Allowed:
    """That one service may do ``operation`` on the resource with this ARN."""

    kind: str
    operation: str
    arn: str
    versioned: bool = False


def row(kind: str, operation: str) -> Row:
    """Raises ``KeyError`` for what has no row: an operation is never without a decision."""
    return TABLE[kind, operation]


def statements(allowed: Iterable[Allowed]) -> list[dict[str, Any]]:
    """The statements of a policy: actions on the same resource together, all sorted.

    The same grants give the same statements, in whatever order they come.
    """
    actions: dict[str, set[str]] = {}
    for grant in allowed:
        for need in row(grant.kind, grant.operation).needs:
            if need.when_versioned and not grant.versioned:
                continue
            target = f"{grant.arn}/*" if need.scope == "objects" else grant.arn
            actions.setdefault(target, set()).update(need.actions)
    together: dict[tuple[str, ...], list[str]] = {}
    for target, found in actions.items():
        together.setdefault(tuple(sorted(found)), []).append(target)
    return [
        {"Effect": "Allow", "Action": list(found), "Resource": sorted(targets)}
        for found, targets in sorted(together.items())
    ]


def exporter_statement(namespace: str) -> dict[str, Any]:
    """CloudWatch has no ARNs for metrics; the namespace is what narrows the permission."""
    return {
        "Effect": "Allow",
        "Action": [action for need in EXPORTER.needs for action in need.actions],
        "Resource": "*",
        "Condition": {"StringEquals": {"cloudwatch:namespace": namespace}},
    }


def policy(found: list[dict[str, Any]]) -> dict[str, Any]:
    """A policy document; it may not be made of nothing, since AWS refuses that."""
    if not found:
        raise ValueError("a policy without a statement")
    return {"Version": "2012-10-17", "Statement": found}


def operations_of(kind: str) -> frozenset[str]:
    """The operations that have a row for a kind of resource."""
    return frozenset(operation for known, operation in TABLE if known == kind)


KINDS: Final = frozenset({*get_args(UseKind), "subscription"})
