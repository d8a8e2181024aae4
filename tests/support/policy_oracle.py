"""What a program's roles must be allowed, worked out anew, and every attempt that is made.

What a use needs is written here from what the core calls (contract §6), and not taken from the
provider's table of permissions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.support.policies import Request, World, decide, world

from encore_aws import arns
from encore_aws.naming import Names
from encore_aws.program import Program, normalise
from encore_aws.settings import Settings
from encore_aws.settings import settings as resolved
from encore_config.environment import Environment
from encore_config.graph import Graph, Use
from encore_provisioner.engine.recording import record

ACCOUNT: Final = "111122223333"
STRANGER: Final = "999988887777"
REGION: Final = "eu-north-1"
KEY: Final = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own"
TLS: Final = {"aws:SecureTransport": "true"}

Pair = tuple[str, str]
"""An action and the ARN of what it is on."""

NEEDED: Final[Mapping[tuple[str, str], tuple[tuple[str, str], ...]]] = {
    ("topic", "publish"): (("sns:Publish", ""),),
    ("bucket", "list"): (("s3:ListBucket", ""),),
    ("bucket", "read"): (("s3:GetObject", "/some/key"), ("s3:ListBucket", "")),
    ("bucket", "attrs"): (("s3:GetObject", "/some/key"), ("s3:ListBucket", "")),
    ("bucket", "write"): (
        ("s3:PutObject", "/some/key"),
        ("s3:AbortMultipartUpload", "/some/key"),
    ),
    ("bucket", "delete"): (("s3:DeleteObject", "/some/key"),),
    ("bucket", "signed_upload"): (("s3:PutObject", "/some/key"),),
    ("bucket", "signed_download"): (("s3:GetObject", "/some/key"),),
    ("bucket", "public_url"): (),
}
VERSIONED: Final = {
    "read": "s3:GetObjectVersion",
    "attrs": "s3:GetObjectVersion",
    "signed_download": "s3:GetObjectVersion",
    "delete": "s3:DeleteObjectVersion",
}
CONSUMED: Final = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
OPENED: Final = {
    ("topic", "publish"): ("sns", {"kms:Decrypt", "kms:GenerateDataKey"}),
    ("bucket", "read"): ("s3", {"kms:Decrypt"}),
    ("bucket", "attrs"): ("s3", {"kms:Decrypt"}),
    ("bucket", "signed_download"): ("s3", {"kms:Decrypt"}),
    ("bucket", "write"): ("s3", {"kms:Decrypt", "kms:GenerateDataKey"}),
    ("bucket", "signed_upload"): ("s3", {"kms:Decrypt", "kms:GenerateDataKey"}),
}
"""What a key of one's own must do for whom, and through which service."""

ON: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "topic": tuple(
        (f"sns:{name}", "") for name in ("Publish", "Subscribe", "AddPermission", "DeleteTopic")
    ),
    "queue": tuple(
        (f"sqs:{name}", "")
        for name in (
            "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "SendMessage",
            "PurgeQueue", "SetQueueAttributes", "DeleteQueue",
        )
    ),
    "bucket": (
        *((f"s3:{name}", "") for name in ("ListBucket", "ListBucketVersions", "PutBucketPolicy")),
        *(
            (f"s3:{name}", "/some/key")
            for name in (
                "GetObject", "GetObjectVersion", "PutObject", "AbortMultipartUpload",
                "DeleteObject", "DeleteObjectVersion", "PutObjectAcl",
            )
        ),
    ),
    "secret": tuple(
        (f"secretsmanager:{name}", "") for name in ("GetSecretValue", "PutSecretValue")
    ),
    "log": (
        ("logs:CreateLogStream", ":log-stream:app/1"),
        ("logs:PutLogEvents", ":log-stream:app/1"),
        ("logs:DeleteLogGroup", ":log-stream:app/1"),
    ),
}  # fmt: skip
"""The universe: what is tried on every resource of a kind."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """``resources``: the ARNs of each kind of :data:`ON`."""

    graph: Graph
    settings: Settings
    world: World
    resources: Mapping[str, tuple[str, ...]]

    @property
    def roles(self) -> Iterator[tuple[str, str, str]]:
        """The container, the purpose and the ARN of each role."""
        for label, handed in self.world.outputs["roles"].items():
            for purpose in ("task", "execution"):
                if purpose in handed:
                    yield label, purpose, handed[purpose]

    def ask(self, role: str, action: str, resource: str, **context: str) -> Request:
        guarded = resource.removesuffix("/some/key")
        return Request(
            principal=role,
            action=action,
            resource=resource,
            account=ACCOUNT,
            context={**self._around(action), **context},
            policies=self.world.roles[role],
            resource_policy=self.world.guards.get(guarded) or self._key(resource),
        )

    def _around(self, action: str) -> dict[str, str]:
        found = {**TLS, "aws:ResourceAccount": ACCOUNT, "aws:PrincipalAccount": ACCOUNT}
        return found | ({"aws:SourceVpc": "vpc-1"} if action.startswith("s3:") else {})

    def _key(self, resource: str) -> Any:
        """A key's own policy, as KMS makes it: the account's policies decide."""
        if not resource.startswith("arn:aws:kms:"):
            return None
        owner = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        allow = {"Effect": "Allow", "Principal": owner, "Action": "kms:*", "Resource": "*"}
        return {"Version": "2012-10-17", "Statement": [allow]}


def case(graph: Graph, environment: Environment) -> Case:
    chosen = resolved(environment)
    names = Names(app="shop", environment=environment.name, id=chosen.id)
    known = arns.made(chosen)

    def made(kind: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """What AWS chooses itself is made up, so that every policy is whole."""
        found = dict(known(kind, name, inputs))
        if kind.startswith("aws:secretsmanager/"):
            arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{inputs['name']}-AbCdEf"
            found = {"id": arn, "arn": arn}
        if kind.startswith("aws:cloudfront/distribution:"):
            arn = f"arn:aws:cloudfront::{ACCOUNT}:distribution/{name.replace('#', '-')}"
            found = {"id": name, "arn": arn, "domainName": "d1.cloudfront.net"}
        return found

    program = Program(normalise(graph, chosen, names), chosen, names)
    recording = record(program, project="shop", stack=environment.name, made=made)
    outputs = recording.outputs
    resources = {
        "topic": tuple(outputs["topics"].values()),
        "queue": tuple(item["arn"] for item in outputs["subscriptions"].values()),
        "bucket": tuple(item["arn"] for item in outputs["buckets"].values()),
        "secret": tuple(outputs["variables"].values()),
        "log": tuple(item["arn"] for item in outputs["log_groups"].values()),
    }
    return Case(graph=graph, settings=chosen, world=world(recording), resources=resources)


def active(app: Graph, label: str) -> set[str]:
    """Whose code runs in a container, by Encore's own rules (contract §2 and §4.2)."""
    if label == "app":
        return {service.name for service in app.services}
    if label == app.gateway.name:
        return {app.gateway.auth_handler.service} if app.gateway.auth_handler else set()
    return {label}


def expected(found: Case, label: str, purpose: str) -> set[Pair]:
    outputs, app = found.world.outputs, found.graph
    wanted: set[Pair] = set()
    apart = found.settings.containers.trust == "ecs"
    if purpose == "task":
        wanted |= set(_used(found, active(app, label)))
        hosted = active(app, label) if label != app.gateway.name else set()
        for item in app.subscriptions:
            if item.service in hosted:
                queue = outputs["subscriptions"][f"{item.topic}/{item.name}"]["arn"]
                wanted |= {(action, queue) for action in CONSUMED}
    if purpose == "execution" or not apart:
        for arn in outputs["containers"][label]["secrets"].values():
            wanted.add(("secretsmanager:GetSecretValue", arn))
        if found.settings.containers.trust in ("ecs", "ec2"):
            streams = f"{outputs['log_groups'][label]['arn']}:log-stream:app/1"
            wanted |= {("logs:CreateLogStream", streams), ("logs:PutLogEvents", streams)}
    return wanted


def _used(found: Case, services: set[str]) -> Iterator[Pair]:
    versioned = {item.name for item in found.graph.buckets if item.versioned}
    for use in found.graph.uses:
        if use.service not in services or use.kind not in ("topic", "bucket"):
            continue
        arn = _arn(found, use)
        for operation in use.operations:
            for action, rest in NEEDED[use.kind, operation]:
                yield action, arn + rest
            if use.kind == "bucket" and use.name in versioned and operation in VERSIONED:
                yield VERSIONED[operation], f"{arn}/some/key"


def _arn(found: Case, use: Use) -> str:
    known = found.world.outputs[f"{use.kind}s"][use.name]
    return str(known if use.kind == "topic" else known["arn"])


def tried(found: Case) -> list[Pair]:
    return [
        (action, arn + rest)
        for kind, arns_ in found.resources.items()
        for arn in arns_
        for action, rest in ON[kind]
    ]


Asked = tuple[str, Pair, Mapping[str, str]]
"""A role, what it tries, and what is around."""


def allowed(found: Case, asked: Iterable[Asked]) -> set[tuple[str, str, str]]:
    """Role, action and resource of all that is allowed; one process decides it all."""
    listed = list(asked)
    answers = decide(
        found.ask(role, action, resource, **context) for role, (action, resource), context in listed
    )
    return {(role, *pair) for (role, pair, _), yes in zip(listed, answers, strict=True) if yes}


def each(found: Case, pairs: Iterable[Pair], **context: str) -> list[Asked]:
    """The same pairs for every role."""
    listed = list(pairs)
    return [(role, pair, context) for _, _, role in found.roles for pair in listed]


def all_expected(found: Case) -> set[tuple[str, str, str]]:
    return {
        (role, *pair)
        for label, purpose, role in found.roles
        for pair in expected(found, label, purpose)
    }


def opened(found: Case, label: str, purpose: str) -> Iterator[tuple[str, str]]:
    app = found.graph
    if purpose == "execution":
        if found.world.outputs["containers"][label]["secrets"]:
            yield "secretsmanager", "kms:Decrypt"
        return
    services = active(app, label)
    for use in app.uses:
        for operation in use.operations:
            if use.service in services and (use.kind, operation) in OPENED:
                through, actions = OPENED[use.kind, operation]
                yield from ((through, action) for action in actions)
    if label != app.gateway.name and any(item.service in services for item in app.subscriptions):
        yield "sqs", "kms:Decrypt"
