"""IAM roles: what the code of each container may do, and what is done for it when it starts.

The app's role holds what the graph's uses need and nothing else. ECS has a second role, for whoever
starts the container: it reads the secrets, fetches the image and writes the logs, so the app's own
role does none of it. Elsewhere there is no such second role, and who starts the container works
with the first one; what that gets more stands in :data:`_STARTED_BY`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import pulumi

from encore_aws import arns, policies
from encore_aws.cloud import iam, root
from encore_aws.containers import Container, containers
from encore_aws.naming import RULES, Names, described
from encore_aws.permissions import Allowed, Grants
from encore_aws.policies import ACCOUNT, MOST_CHARACTERS, MOST_POLICIES, Key, Statement
from encore_aws.resources import log_group, secret
from encore_aws.resources import subscription as queues
from encore_aws.resources import topic as topics
from encore_aws.settings import Settings
from encore_aws.stage import Note, Stage
from encore_config.diagnostics import Diagnostic
from encore_config.graph import Graph
from encore_provisioner.queues import is_fifo

Outputs = Mapping[str, Any]
Purpose = Literal["task", "execution"]

TOO_LARGE: Final = "E9240"
NOBODY_TO_TRUST: Final = "E9241"

_WHOLE_START: Final = frozenset({"secret", "image", "log-group"})
_STARTED_BY: Final[Mapping[str, frozenset[str]]] = {
    "ecs": _WHOLE_START,
    # The agent on a machine works with the machine's own role, for all that it does.
    "ec2": _WHOLE_START,
    # Images and logs are the node's business; what reads secrets for a pod works as the pod.
    "eks": frozenset({"secret"}),
}
_STARTED_ELSEWHERE: Final = frozenset({"secret"})
"""Whoever takes the role by its ARN fetches images and writes logs as whoever it is."""

_REASONS: Final[Mapping[Purpose, str]] = {
    "task": "what the code of the container may do: what its services use, nothing else",
    "execution": "starts the container: reads its secrets, fetches its image, writes its logs",
}
_ECR: Final = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\."
    r"(amazonaws\.com(\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)/(?P<repository>[^:@]+)([:@].+)?"
)
_PERSON: Final = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::\d{12}:(root|(role|user)/[^*?]+)")
_SOME_ACCOUNT: Final = "000000000000"
_SOME_RANDOM: Final = "-XXXXXX"
"""What Secrets Manager adds to a name."""
_IMAGE: Final = "repository"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRole:
    """``trust``: the statement of who may take it. ``policies``: the statements of each one.

    Both have holes where an ARN, or the account, is known only after apply.
    """

    container: Container
    purpose: Purpose
    name: str
    description: str
    trust: Statement
    policies: tuple[tuple[Statement, ...], ...]
    policy_names: tuple[str, ...]
    profile: str | None = None

    @property
    def label(self) -> str:
        own = f"role/{self.container.label}"
        return own if self.purpose == "task" else f"{own}#execution"

    def part(self, name: str) -> str:
        return f"{self.label}-{name}" if "#" in self.label else f"{self.label}#{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``account`` is None where the file does not name it: AWS is asked then.

    ``fixed`` are values of holes that are known from the start.
    """

    account: str | None
    logs: log_group.Wanted
    roles: tuple[WantedRole, ...]
    fixed: Mapping[str, str]


def normalise(graph: Graph, settings: Settings, names: Names) -> Wanted:
    grants = Grants(graph, settings.adopt.buckets)
    fixed = _fixed(settings)
    logs = log_group.normalise(graph, settings, names)
    lengths = _lengths(graph, settings, names, logs) | fixed
    apart = settings.containers.trust == "ecs"
    roles: list[WantedRole] = []
    for container in containers(graph, settings):
        code, started = grants.of(container), _starting(graph, grants, container, settings)
        task = code if apart else (*code, *started)
        roles.append(_role("task", container, task, settings, names, lengths))
        if apart:
            roles.append(_role("execution", container, started, settings, names, lengths))
    return Wanted(
        account=settings.account,
        logs=logs,
        roles=tuple(roles),
        fixed=fixed,
    )


def _role(
    purpose: Purpose,
    container: Container,
    allowed: Iterable[Allowed],
    settings: Settings,
    names: Names,
    lengths: Mapping[str, str],
) -> WantedRole:
    found = policies.statements(allowed, _key(settings))
    if purpose == "task" and settings.namespace is not None:
        found = (*found, policies.exporter_statement(settings.namespace))
    cut = policies.cut(found, lengths)
    of_machine = settings.containers.trust == "ec2"
    return WantedRole(
        container=container,
        purpose=purpose,
        name=names.name("role", container.label, purpose),
        description=described(
            f"{names.app} {names.environment}, {container.label}: {_REASONS[purpose]}", 1_000
        ),
        trust=trust(settings),
        policies=cut,
        policy_names=tuple(
            names.name("policy", container.label, purpose, str(number))
            for number in range(1, len(cut) + 1)
        ),
        profile=names.name("instance-profile", container.label) if of_machine else None,
    )


def _starting(
    graph: Graph, grants: Grants, container: Container, settings: Settings
) -> tuple[Allowed, ...]:
    """What is done for a container before its code runs, by a role of ours."""
    by = _STARTED_BY.get(settings.containers.trust, _STARTED_ELSEWHERE)
    found = [
        Allowed(kind="secret", operation="read", name=variable)
        for variable in secret.variables_of(graph, grants, container, settings)
    ]
    if "log-group" in by:
        found.append(Allowed(kind="log-group", operation="write", name=container.label))
    if "image" in by and repository(settings) is not None:
        found.append(Allowed(kind="image", operation="pull", name=_IMAGE))
    return tuple(found)


def repository(settings: Settings) -> str | None:
    """The ARN of the repository in ECR that the image is in, if it is in one."""
    found = _ECR.fullmatch(settings.containers.image or "")
    if found is None:
        return None
    return str(
        arns.Arn(
            partition=settings.partition,
            service="ecr",
            region=found["region"],
            account=found["account"],
            resource=f"repository/{found['repository']}",
        )
    )


def trust(settings: Settings) -> Statement:
    """Who may take the roles. ECS says for which account it asks, and is asked for ours."""
    who = settings.containers.trust
    statement: dict[str, Any] = {"Effect": "Allow", "Action": ["sts:AssumeRole"]}
    account = f"{{{{{ACCOUNT}}}}}"
    match who:
        case "ecs":
            tasks = f"arn:{settings.partition}:ecs:{settings.region}:{account}:*"
            return {
                **statement,
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Condition": {
                    "ArnLike": {"aws:SourceArn": tasks},
                    "StringEquals": {"aws:SourceAccount": account},
                },
            }
        case "eks":
            # EKS tells the pod's cluster, namespace and name in tags of the session.
            listed = ["sts:AssumeRole", "sts:TagSession"]
            return {
                **statement,
                "Action": listed,
                "Principal": {"Service": "pods.eks.amazonaws.com"},
            }
        case "ec2":
            return {**statement, "Principal": {"Service": f"ec2.{settings.dns_suffix}"}}
        case _ if is_person(who, settings):
            return {**statement, "Principal": {"AWS": who}}
    # Refused by `findings`; should anybody go on, nobody gets in.
    return {**statement, "Effect": "Deny", "Principal": {"AWS": "*"}}


def is_person(arn: str, settings: Settings) -> bool:
    """A role, a user or a whole account; nothing that stands for strangers too."""
    found = _PERSON.fullmatch(arn)
    return found is not None and found["partition"] == settings.partition


def findings(graph: Graph, settings: Settings, names: Names) -> Iterator[Diagnostic]:
    where = f"environments.{settings.environment}"
    who = settings.containers.trust
    if who not in ("ecs", "eks", "ec2") and not is_person(who, settings):
        yield Diagnostic(
            code=NOBODY_TO_TRUST,
            severity="error",
            message=f"{where}.trust: `{who}` is no role, user or account in the partition "
            f"{settings.partition}, so it does not say exactly who may take the app's roles",
            hint=_instead_of(who),
        )
    for role in normalise(graph, settings, names).roles:
        if len(role.policies) > MOST_POLICIES:
            yield Diagnostic(
                code=TOO_LARGE,
                severity="error",
                message=f"the {role.purpose} role of the container {role.container.label} needs "
                f"{len(role.policies)} policies of {MOST_CHARACTERS} characters; a role takes "
                f"{MOST_POLICIES}",
                hint=f"give each service a container of its own: {where}.containers.layout: "
                "per-service"
                if role.container.service is None
                else f"split the service {role.container.label}",
                at=role.container.declaration.at if role.container.declaration else None,
            )


def _instead_of(who: str) -> str:
    if ":oidc-provider/" in who:
        return (
            "such a provider speaks for everybody who can log in there; for pods use `trust: eks`, "
            "else a role of your own that names the subject, and its ARN here"
        )
    return "ecs, eks, ec2, or such as arn:aws:iam::111122223333:role/deploy"


def _fixed(settings: Settings) -> dict[str, str]:
    arn = repository(settings)
    return {} if arn is None else {f"image/{_IMAGE}": arn}


def _key(settings: Settings) -> Key | None:
    if settings.key is None:
        return None
    suffixes = dict.fromkeys(("amazonaws.com", settings.dns_suffix))
    return Key(arn=settings.key, region=settings.region, suffixes=tuple(suffixes))


def _lengths(
    graph: Graph, settings: Settings, names: Names, logs: log_group.Wanted
) -> dict[str, str]:
    """ARNs as long as the real ones, or a little longer: what decides how policies are cut."""
    adopt = settings.adopt
    fifo = {topic.name: is_fifo(topic) for topic in graph.topics}
    found = {ACCOUNT: _SOME_ACCOUNT}
    for topic in graph.topics:
        arn = _long(settings, "sns", topics.physical(topic, names))
        found[f"topic/{topic.name}"] = adopt.topics.get(topic.name, arn)
    for subscription in graph.subscriptions:
        label = queues.label_of(subscription)
        name = queues.physical(subscription, names, fifo=fifo[subscription.topic])
        found[f"subscription/{label}"] = adopt.subscriptions.get(
            label, _long(settings, "sqs", name)
        )
    for bucket in graph.buckets:
        name = adopt.buckets.get(bucket.name, "b" * RULES["bucket"].longest)
        found[f"bucket/{bucket.name}"] = arns.bucket_arn(name, settings.partition)
    for group in logs:
        arn = log_group.arn_of(group, settings, unnamed=_SOME_ACCOUNT)
        found[f"log-group/{group.container.label}"] = arn
    return found | _secret_lengths(secret.normalise(graph, settings, names), settings)


def _secret_lengths(found: secret.Wanted, settings: Settings) -> dict[str, str]:
    made = {
        place.variable: _long(settings, "secretsmanager", f"secret:{place.name}{_SOME_RANDOM}")
        for place in found.made
    }
    return {f"secret/{name}": arn for name, arn in {**made, **dict(found.adopted)}.items()}


def _long(settings: Settings, service: str, resource: str) -> str:
    return arns.of(settings, service, resource, unnamed=_SOME_ACCOUNT)


def create(wanted: Wanted, outputs: Outputs, stage: Stage) -> dict[str, Any]:
    """``outputs``: those of topics, subscriptions, buckets and secrets.

    ``roles``: by the container's label the ARNs of its ``task`` role and, with ECS, of its
    ``execution`` role, the name of its instance ``profile`` with EC2, and the ``policies`` of each
    role as JSON. ``log_groups``: name and ARN by label.
    """
    found = log_group.create(wanted.logs, stage)
    known = _Known(wanted, {**outputs, **found}, stage)
    roles: dict[str, dict[str, Any]] = {}
    for role in wanted.roles:
        own = roles.setdefault(role.container.label, {"policies": {}})
        made, documents = _create(role, known, stage)
        own[role.purpose] = made.arn
        own["policies"][role.purpose] = documents
        if role.profile is not None:
            own["profile"] = _profile(role, made, stage)
    return {**found, "roles": roles}


class _Known:
    """What fills the holes of policies: the outputs of other kinds, by the graph's names."""

    def __init__(self, wanted: Wanted, outputs: Outputs, stage: Stage) -> None:
        self._fixed, self._outputs = wanted.fixed, outputs
        self._account: pulumi.Input[str] = (
            wanted.account or root.get_caller_identity_output(opts=stage.question).account_id
        )

    def document(self, found: Iterable[Statement]) -> pulumi.Output[str]:
        """As JSON; unknown as long as one of its ARNs is."""
        listed = tuple(found)
        needed = sorted(policies.holes(listed))
        return pulumi.Output.all(*(self._value(hole) for hole in needed)).apply(
            lambda values: policies.document(listed, dict(zip(needed, values, strict=True)))
        )

    def _value(self, hole: str) -> pulumi.Input[str]:
        kind, _, name = hole.partition("/")
        value: pulumi.Input[str]
        match kind:
            case "account":
                value = self._account
            case "topic":
                value = self._outputs["topics"][name]
            case "subscription" | "bucket":
                value = self._outputs[f"{kind}s"][name]["arn"]
            case "secret":
                value = self._outputs["variables"][name]
            case "log-group":
                value = self._outputs["log_groups"][name]["arn"]
            case _:
                value = self._fixed[hole]
        return value


def _create(
    wanted: WantedRole, known: _Known, stage: Stage
) -> tuple[iam.Role, list[pulumi.Output[str]]]:
    container = wanted.container
    note = Note(reason=_REASONS[wanted.purpose], declaration=container.declaration)
    role = iam.Role(
        wanted.label,
        name=wanted.name,
        description=wanted.description,
        assume_role_policy=known.document([wanted.trust]),
        tags=stage.tags(container.declaration, container.service),
        opts=stage.options(wanted.label, note),
    )
    documents = [known.document(policy) for policy in wanted.policies]
    for number, (name, document) in enumerate(
        zip(wanted.policy_names, documents, strict=True), start=1
    ):
        _attach(wanted, role, number, name, document, stage)
    return role, documents


def _attach(
    wanted: WantedRole,
    role: iam.Role,
    number: int,
    name: str,
    document: pulumi.Output[str],
    stage: Stage,
) -> None:
    container = wanted.container
    label = wanted.part(f"policy-{number}")
    note = Note(reason=_REASONS[wanted.purpose], declaration=container.declaration)
    policy = iam.Policy(
        label,
        name=name,
        description=wanted.description,
        policy=document,
        tags=stage.tags(container.declaration, container.service),
        opts=stage.options(label, note),
    )
    label = wanted.part(f"attachment-{number}")
    note = Note(reason="gives the policy to the role", declaration=container.declaration)
    iam.RolePolicyAttachment(
        label, role=role.name, policy_arn=policy.arn, opts=stage.options(label, note)
    )


def _profile(wanted: WantedRole, role: iam.Role, stage: Stage) -> pulumi.Output[str]:
    container = wanted.container
    label = wanted.part("profile")
    note = Note(reason="hands the role to a machine", declaration=container.declaration)
    profile = iam.InstanceProfile(
        label,
        name=wanted.profile,
        role=role.name,
        tags=stage.tags(container.declaration, container.service),
        opts=stage.options(label, note),
    )
    return profile.name
