"""What an operation of the graph needs in AWS: one total table, each row with its reason.

In: an operation on a kind of resource. Out: the actions, and on what. Nothing else in the provider
names an action that a role of ours gets. What the runtime core really calls stands behind each row
of :data:`TABLE`, what the platform does to start a container behind those of :data:`STARTING`, what
our function inside the network does behind those of :data:`INSIDE`. What is granted stands here in
the graph's own names; which ARN is behind each is filled in later, so the same grants make the
plan's list of permissions and the policies. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from encore_aws.containers import Container, of_gateway, of_services, opened
from encore_aws.settings import Settings
from encore_config.graph import Graph, Use
from encore_config.plan import Permission
from encore_provisioner.engine.offline import permission_order

Scope = Literal["itself", "objects", "streams", "everything"]
"""On the resource's own ARN, on all that lies in it (``arn:aws:s3:::bucket/*``, ``<group>:*``), or
on everything, for the few actions that AWS lets nobody narrow: see :data:`UNNARROWED`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """``when_versioned``: only where the bucket keeps old versions."""

    actions: tuple[str, ...]
    scope: Scope = "itself"
    when_versioned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``needs`` is empty where no call to AWS is made, or where a password opens the door.

    ``key``: what it needs of the person's own key, where that encrypts the resource.
    """

    needs: tuple[Need, ...]
    reason: str
    key: tuple[str, ...] = ()


_PASSWORD: Final = "the door is a password inside the network; IAM plays no part"
_MISSING: Final = Need(actions=("s3:ListBucket",))
"""Without it S3 answers 403 for an object that is not there, and `exists` throws."""
_CONTENT: Final = Need(actions=("s3:GetObject",), scope="objects")
_OLD_CONTENT: Final = Need(actions=("s3:GetObjectVersion",), scope="objects", when_versioned=True)

_OPENS: Final = ("kms:Decrypt",)
_SEALS: Final = ("kms:Decrypt", "kms:GenerateDataKey")
"""Parts of an upload are read again when they are put together, so sealing means opening too."""
_SENDS: Final = ("kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")
"""AWS writes `kms:GenerateDataKey*`; with a symmetric key that pattern means these two."""

TABLE: Final[Mapping[tuple[str, str], Row]] = {
    ("topic", "publish"): Row(
        needs=(Need(actions=("sns:Publish",)),),
        reason="publish is one call of SNS",
        key=_SENDS,
    ),
    ("subscription", "consume"): Row(
        needs=(
            Need(
                actions=("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage")
            ),
        ),
        reason="messages are fetched, deleted when handled, and put back later when that fails",
        key=_OPENS,
    ),
    ("bucket", "list"): Row(
        needs=(Need(actions=("s3:ListBucket",)),),
        reason="list is ListObjectsV2, on the bucket itself",
    ),
    ("bucket", "read"): Row(
        needs=(_CONTENT, _OLD_CONTENT, _MISSING),
        reason="download is GetObject; a missing object must be told from a forbidden one",
        key=_OPENS,
    ),
    ("bucket", "attrs"): Row(
        needs=(_CONTENT, _OLD_CONTENT, _MISSING),
        reason="attrs and exists are HeadObject, which needs the same as reading",
        key=_OPENS,
    ),
    ("bucket", "write"): Row(
        needs=(Need(actions=("s3:AbortMultipartUpload", "s3:PutObject"), scope="objects"),),
        reason="from 8 MiB on an upload has parts, which are given up when it fails",
        key=_SEALS,
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
        key=_SEALS,
    ),
    ("bucket", "signed_download"): Row(
        needs=(_CONTENT, _OLD_CONTENT),
        reason="a signed link can do what its signer may, no more",
        key=_OPENS,
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

STARTING: Final[Mapping[tuple[str, str], Row]] = {
    ("secret", "read"): Row(
        needs=(Need(actions=("secretsmanager:GetSecretValue",)),),
        reason="the value is put into a variable of the container when it starts",
        key=_OPENS,
    ),
    ("password", "read"): Row(
        needs=(Need(actions=("secretsmanager:GetSecretValue",)),),
        reason="the password is put into a variable of the container when it starts",
        key=_OPENS,
    ),
    ("image", "pull"): Row(
        needs=(
            Need(
                actions=(
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:GetDownloadUrlForLayer",
                )
            ),
            Need(actions=("ecr:GetAuthorizationToken",), scope="everything"),
        ),
        reason="the image is fetched from its repository before the container starts",
    ),
    ("log-group", "write"): Row(
        needs=(Need(actions=("logs:CreateLogStream", "logs:PutLogEvents"), scope="streams"),),
        reason="what the container prints is written to its own log group",
    ),
}
"""What starting a container needs. The platform does this, before the app's code runs."""

INTERFACES: Final = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
"""As AWS's own policy ``AWSLambdaVPCAccessExecutionRole`` has them."""

INSIDE: Final[Mapping[tuple[str, str], Row]] = {
    ("admin", "read"): Row(
        needs=(Need(actions=("secretsmanager:GetSecretValue",)),),
        reason="RDS changes the password of the server's first user; it is read at each call",
        key=_OPENS,
    ),
    ("generated", "fill"): Row(
        needs=(
            Need(actions=("secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue")),
            Need(actions=("secretsmanager:GetRandomPassword",), scope="everything"),
        ),
        reason="the password of a database's role is made where it is kept, once, then read",
        key=("kms:Decrypt", "kms:GenerateDataKey"),
    ),
    ("generated", "read"): Row(
        needs=(Need(actions=("secretsmanager:GetSecretValue",)),),
        reason="`doctor` logs in to a cache as the app would",
        key=_OPENS,
    ),
    ("migrations", "read"): Row(
        needs=(Need(actions=("s3:GetObject",), scope="objects"),),
        reason="the texts of migrations lie beside the state, each under its hash",
        key=_OPENS,
    ),
    ("interface", "manage"): Row(
        needs=(Need(actions=INTERFACES, scope="everything"),),
        reason="Lambda itself, as the role, puts the function into the network; its code may not",
    ),
}
"""What the function inside the network needs (``resources/function``)."""

EXPORTER: Final = Row(
    needs=(Need(actions=("cloudwatch:PutMetricData",), scope="everything"),),
    reason="only where CloudWatch is the exporter; it has no ARN, so the namespace narrows it",
)

UNNARROWED: Final[Mapping[str, str]] = {
    "cloudwatch:PutMetricData": "metrics have no ARN; the namespace is a condition",
    "ecr:GetAuthorizationToken": "the token is for the registry, and opens no repository by itself",
    "secretsmanager:GetRandomPassword": "it is on no secret, and tells none",
    **dict.fromkeys(
        INTERFACES, "Lambda works with interfaces of its own; the function's code is denied it"
    ),
}
"""The only actions that are allowed on everything, and why AWS leaves no other way."""

VIA: Final[Mapping[str, str]] = {
    "topic": "sns",
    "subscription": "sqs",
    "bucket": "s3",
    "secret": "secretsmanager",
    "password": "secretsmanager",
    "admin": "secretsmanager",
    "generated": "secretsmanager",
    "migrations": "s3",
}
"""The service of AWS that uses the person's key for us; the key opens nothing without it."""

SERVICE_KEY: Final = "service-key"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Allowed:
    """That ``operation`` is allowed on the resource of this ``kind`` and ``name``.

    ``foreign``: the resource may lie in another account, as a bucket that is adopted by its name.
    """

    kind: str
    operation: str
    name: str
    versioned: bool = False
    foreign: bool = False


def row(kind: str, operation: str) -> Row:
    """Raises ``KeyError`` for what has no row: an operation is never without a decision."""
    for table in (TABLE, STARTING, INSIDE):
        if (kind, operation) in table:
            return table[kind, operation]
    raise KeyError((kind, operation))


def actions(allowed: Allowed, *, own_key: bool) -> tuple[str, ...]:
    """``own_key``: a key of the person's own encrypts the resource."""
    found = row(allowed.kind, allowed.operation)
    needed = {action for need in needs(allowed) for action in need.actions}
    return tuple(sorted(needed | set(found.key if own_key else ())))


def needs(allowed: Allowed) -> Iterator[Need]:
    for need in row(allowed.kind, allowed.operation).needs:
        if allowed.versioned or not need.when_versioned:
            yield need


class Grants:
    """What each container may do by the graph's uses. The graph is gone through once."""

    def __init__(self, graph: Graph, adopted: Iterable[str] = ()) -> None:
        """``adopted``: the buckets that are known by their names alone."""
        self._foreign = frozenset(adopted)
        self._versioned = frozenset(bucket.name for bucket in graph.buckets if bucket.versioned)
        self._uses: dict[str, list[Allowed]] = defaultdict(list)
        self._consumed: dict[str, list[Allowed]] = defaultdict(list)
        self._read: dict[str, list[Allowed]] = defaultdict(list)
        for use in graph.uses:
            self._uses[use.service] += self._used(use)
        for found in graph.subscriptions:
            label = f"{found.topic}/{found.name}"
            self._consumed[found.service].append(_allowed("subscription", "consume", label))
        for service, kind, name in _secrets(graph):
            self._read[service].append(_allowed(kind, "read", name))

    def _used(self, use: Use) -> Iterator[Allowed]:
        is_bucket = use.kind == "bucket"
        for operation in use.operations:
            yield Allowed(
                kind=use.kind,
                operation=operation,
                name=use.name,
                versioned=is_bucket and use.name in self._versioned,
                foreign=is_bucket and use.name in self._foreign,
            )

    def of(self, container: Container) -> tuple[Allowed, ...]:
        """What its code may do: sorted, each once. Code outside every service may run anywhere."""
        found = _of(self._uses, container.active)
        if container.hosted:
            found |= _of(self._consumed, container.hosted)
        return tuple(sorted(found))

    def secrets(self, container: Container) -> tuple[Allowed, ...]:
        """Secrets and passwords that are read for it when it starts."""
        return tuple(sorted(_of(self._read, container.active)))


def _of(found: Mapping[str, list[Allowed]], services: Iterable[str]) -> set[Allowed]:
    return {allowed for service in ("", *services) for allowed in found.get(service, ())}


def _allowed(kind: str, operation: str, name: str) -> Allowed:
    return Allowed(kind=kind, operation=operation, name=name)


def _secrets(graph: Graph) -> Iterator[tuple[str, str, str]]:
    """Service, kind and name; passwords are called after what they open."""
    for secret in graph.secrets:
        for service in secret.services or ("",):
            yield service, "secret", secret.name
    for service, name in opened(graph):
        yield service, "password", name


def granted(graph: Graph, settings: Settings) -> tuple[Permission, ...]:
    """Every permission of the plan by service, sorted, from graph and settings alone.

    What one container has in common is said of each service in it; the gateway has lines of its
    own where it has a container of its own. Secrets are read by what starts the container; the
    password of a database is called ``database/<name>``, the key that signs calls between
    containers ``service-key``.
    """
    grants = Grants(graph, settings.adopt.buckets)
    apart = settings.containers.layout == "per-service"
    found = []
    for container in (*of_services(graph), *((of_gateway(graph),) if apart else ())):
        common = [_allowed("password", "read", SERVICE_KEY)] if apart else []
        for allowed in (*grants.of(container), *grants.secrets(container), *common):
            listed = actions(allowed, own_key=settings.key is not None)
            if listed:
                found.append(_granted(container, allowed, listed))
        if settings.namespace is not None:
            found.append(_exported(container, settings.namespace))
    return tuple(sorted(found, key=permission_order))


def _granted(container: Container, allowed: Allowed, listed: tuple[str, ...]) -> Permission:
    return Permission(
        service=container.label,
        kind=allowed.kind,
        name=allowed.name,
        operation=allowed.operation,
        actions=listed,
        reason=row(allowed.kind, allowed.operation).reason,
    )


def _exported(container: Container, namespace: str) -> Permission:
    listed = tuple(action for need in EXPORTER.needs for action in need.actions)
    return Permission(
        service=container.label,
        kind="metric",
        name=namespace,
        operation="export",
        actions=listed,
        reason=EXPORTER.reason,
    )
