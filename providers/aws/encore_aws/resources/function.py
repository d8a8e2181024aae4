"""The function that works inside the network (``encore_aws.function``): one, in Lambda.

It is there as soon as the app has a database or a cache that is ours. It lies in the compute
subnets and belongs to their security group, so storage lets it in as it does the containers, and
what it calls outside it reaches as they do: Secrets Manager, and S3 for the files of migrations. It
has no address, no trigger and no permission for anybody: whoever may call it has that from their
own policies. It has no variables, so nothing of it needs a key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from encore_aws import arns, bundle, policies
from encore_aws.cloud import cloudwatch, iam, lambda_, root
from encore_aws.function.documents import HANDLER
from encore_aws.given import Files, Given
from encore_aws.naming import Names, described
from encore_aws.permissions import INTERFACES, Allowed
from encore_aws.policies import ACCOUNT, MOST_CHARACTERS, MOST_POLICIES, Key, Statement
from encore_aws.resources import network, secret
from encore_aws.servers import Servers
from encore_aws.settings import Settings
from encore_aws.stage import Note, Stage, unknown
from encore_config.diagnostics import Diagnostic
from encore_config.graph import Database, Graph

Outputs = Mapping[str, Any]

SECONDS: Final = 900
"""The longest that Lambda lets a call take; a file of a migration may need it."""
MEMORY: Final = 512
"""MiB. A migration of the largest size that is taken needs half of it for a moment."""
MIGRATIONS: Final = "migrations"
"""Where the files lie under the prefix of the environment's state."""
TOO_LARGE: Final = "E9240"
NOT_MIGRATED: Final = "W9250"

_NAME: Final = "function"
_RUNTIME: Final = "python3.13"
_MACHINE: Final = "x86_64"
"""Every region has it. The code is the same on both, and a few calls cost the same: nothing."""
_ROLE: Final = f"{_NAME}#role"
_LOG: Final = f"{_NAME}#log"
_REASON: Final = "makes roles and logical databases and runs migrations, where the servers are"
_MAY: Final = "what the function inside the network may do: its secrets and files, nothing else"
_SOME_ACCOUNT: Final = "000000000000"
_SOME_SERVER: Final = f"secret:rds!db-{'0' * 36}-XXXXXX"
"""What RDS calls the secret of a server's first user."""
_SOME_RANDOM: Final = "-XXXXXX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``policies``: the statements of each one, with holes where ARNs are known after apply only.

    ``account`` is None where the file does not name it. ``migrates``: some database of ours
    declares migrations. ``servers`` and ``variables``: whose secrets it may read.
    """

    name: str
    log: str
    log_days: int
    key: str | None
    role: str
    description: str
    account: str | None
    partition: str
    policies: tuple[tuple[Statement, ...], ...]
    policy_names: tuple[str, ...]
    files_policy: str | None


def normalise(graph: Graph, settings: Settings, names: Names) -> Wanted | None:
    """None where there is nothing for it to do: no database and no cache, or all are adopted."""
    allowed = tuple(_allowed(graph, settings))
    if not allowed:
        return None
    name = names.name("function", "inside")
    log = names.name("log-group", "function", "inside")
    found = (*_statements(allowed, settings), _denied(name, settings))
    cut = policies.cut(found, _lengths(graph, settings, names, log))
    return Wanted(
        name=name,
        log=log,
        log_days=settings.containers.log_days,
        key=settings.key,
        role=names.name("role", _NAME),
        description=described(f"{names.app} {names.environment}: {_MAY}", 1_000),
        account=settings.account,
        partition=settings.partition,
        policies=cut,
        policy_names=tuple(
            names.name("policy", _NAME, str(number)) for number in range(1, len(cut) + 1)
        ),
        files_policy=names.name("policy", _NAME, "files") if _migrates(graph, settings) else None,
    )


def _allowed(graph: Graph, settings: Settings) -> Iterator[Allowed]:
    """All but the files, of which only apply knows where they lie."""
    ours = [d.name for d in graph.databases if d.name not in settings.adopt.databases]
    caches = [c.name for c in graph.caches if c.name not in settings.adopt.caches]
    if not ours and not caches:
        return
    for key in Servers(graph, settings).keys:
        yield Allowed(kind="admin", operation="read", name=key)
    for name in ours:
        variable = secret.variable_of("database", name)
        yield Allowed(kind="generated", operation="fill", name=variable)
    for name in caches:
        yield Allowed(kind="generated", operation="read", name=secret.variable_of("cache", name))
    yield Allowed(kind="log-group", operation="write", name=_NAME)
    yield Allowed(kind="interface", operation="manage", name=_NAME)


def _statements(allowed: tuple[Allowed, ...], settings: Settings) -> tuple[Statement, ...]:
    key = None if settings.key is None else _through(settings.key, settings.region)
    return policies.statements(allowed, key)


def _through(key: str, region: str) -> Key:
    suffixes = ("amazonaws.com", "amazonaws.com.cn") if region.startswith("cn-") else None
    return Key(arn=key, region=region, suffixes=suffixes or ("amazonaws.com",))


def _denied(name: str, settings: Settings) -> Statement:
    """Lambda makes interfaces as the role; the code that runs as the role has no need to."""
    function = arns.of(settings, "lambda", f"function:{name}", unnamed=f"{{{{{ACCOUNT}}}}}")
    return {
        "Effect": "Deny",
        "Action": list(INTERFACES),
        "Resource": ["*"],
        "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": [function]}},
    }


def _migrates(graph: Graph, settings: Settings) -> bool:
    return any(
        database.migrations is not None and database.name not in settings.adopt.databases
        for database in graph.databases
    )


def _lengths(graph: Graph, settings: Settings, names: Names, log: str) -> dict[str, str]:
    """ARNs as long as the real ones: what decides how policies are cut."""

    def long(service: str, resource: str) -> str:
        return arns.of(settings, service, resource, unnamed=_SOME_ACCOUNT)

    places = {
        f"generated/{place.variable}": long("secretsmanager", f"secret:{place.name}{_SOME_RANDOM}")
        for place in secret.normalise(graph, settings, names).made
    }
    servers = {
        f"admin/{key}": long("secretsmanager", _SOME_SERVER)
        for key in Servers(graph, settings).keys
    }
    own = {ACCOUNT: _SOME_ACCOUNT, f"log-group/{_NAME}": long("logs", f"log-group:{log}")}
    return {**places, **servers, **own}


def adopted_finding(database: Database, settings: Settings) -> Diagnostic | None:
    """That nobody runs its migrations here; None where it declares none, or is not adopted."""
    found = database.migrations
    if database.name not in settings.adopt.databases or found is None or not found.files:
        return None
    where = f"environments.{settings.environment}.adopt.databases.{database.name}"
    return Diagnostic(
        code=NOT_MIGRATED,
        severity="warning",
        message=f"{where}: the migrations in {found.dir} are not run here, because the "
        "database belongs to somebody else",
        at=database.at,
        hint="run them as you did before, or by hand before the app that needs them starts",
    )


def findings(graph: Graph, settings: Settings, names: Names) -> Iterator[Diagnostic]:
    for database in graph.databases:
        found = adopted_finding(database, settings)
        if found is not None:
            yield found
    wanted = normalise(graph, settings, names)
    if wanted is None:
        return
    needed = len(wanted.policies) + (wanted.files_policy is not None)
    if needed > MOST_POLICIES:
        yield Diagnostic(
            code=TOO_LARGE,
            severity="error",
            message=f"the role of the function inside the network needs {needed} policies of "
            f"{MOST_CHARACTERS} characters for {len(graph.databases)} databases and "
            f"{len(graph.caches)} caches; a role takes {MOST_POLICIES}",
            hint="split the app into several, each with an environment of its own",
        )


def create(
    wanted: Wanted | None, made: network.Made, outputs: Outputs, given: Given, stage: Stage
) -> dict[str, Any]:
    """``outputs``: those of secrets, databases and caches. ``function``: its ``name``, its ``arn``
    and the name of its ``log_group``; missing where there is none.

    Its zip is named without a folder: Pulumi's CLI finds it in the folder that it works in, where
    ``bundle.write`` has put it, and no path of a machine stands in plan or state.
    """
    if wanted is None:
        return {}
    log = _create_log(wanted, stage)
    role, attached = _create_role(wanted, log, outputs, given, stage)
    code = bundle.build()
    function = lambda_.Function(
        _NAME,
        name=wanted.name,
        description=described(f"{stage.names.app} {stage.names.environment}: {_REASON}"),
        role=role.arn,
        runtime=_RUNTIME,
        architectures=[_MACHINE],
        handler=HANDLER,
        timeout=SECONDS,
        memory_size=MEMORY,
        code=pulumi.FileArchive(code.filename),
        source_code_hash=code.code_sha256,
        vpc_config={
            "subnet_ids": list(made.subnets["compute"]),
            "security_group_ids": [made.compute.id],
        },
        logging_config={"log_format": "Text", "log_group": log.name},
        tags=stage.tags(None),
        # It is refused while its role may not make interfaces, and these go last when it goes.
        opts=stage.options(_NAME, Note(reason=_REASON), needs=attached),
    )
    return {"function": {"name": function.name, "arn": function.arn, "log_group": log.name}}


def _create_log(wanted: Wanted, stage: Stage) -> cloudwatch.LogGroup:
    return cloudwatch.LogGroup(
        _LOG,
        name=wanted.log,
        retention_in_days=wanted.log_days,
        kms_key_id=wanted.key,
        tags=stage.tags(None),
        opts=stage.options(_LOG, Note(reason="what the function did, for so many days")),
    )


def _create_role(
    wanted: Wanted, log: cloudwatch.LogGroup, outputs: Outputs, given: Given, stage: Stage
) -> tuple[iam.Role, list[pulumi.Resource]]:
    """With everything that gives it its rights."""
    trust = {
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    role = iam.Role(
        _ROLE,
        name=wanted.role,
        description=wanted.description,
        assume_role_policy=policies.document([trust]),
        tags=stage.tags(None),
        opts=stage.options(_ROLE, Note(reason=_MAY)),
    )
    values = _values(wanted, log, outputs, stage)
    attached: list[pulumi.Resource] = []
    for number, (name, found) in enumerate(
        zip(wanted.policy_names, wanted.policies, strict=True), start=1
    ):
        whole = _document(found, values)
        attached.append(_attach(wanted, role, str(number), name, whole, stage))
    if wanted.files_policy is not None:
        files = _of_files(given.files, wanted.partition)
        attached.append(_attach(wanted, role, "files", wanted.files_policy, files, stage))
    return role, attached


def _values(
    wanted: Wanted, log: cloudwatch.LogGroup, outputs: Outputs, stage: Stage
) -> dict[str, pulumi.Input[str]]:
    """What fills each hole of the policies."""
    found: dict[str, pulumi.Input[str]] = {f"log-group/{_NAME}": log.arn}
    for key, server in outputs["servers"].items():
        found[f"admin/{key}"] = server["admin_secret"]
    for variable, arn in outputs["variables"].items():
        found[f"generated/{variable}"] = arn
    if ACCOUNT in policies.holes(wanted.policies):
        asked = root.get_caller_identity_output(opts=stage.question)
        found[ACCOUNT] = wanted.account or asked.account_id
    return found


def _document(
    found: tuple[Statement, ...], values: Mapping[str, pulumi.Input[str]]
) -> pulumi.Output[str]:
    """As JSON; unknown as long as one of its ARNs is."""
    needed = sorted(policies.holes(found))
    return pulumi.Output.all(*(values[hole] for hole in needed)).apply(
        lambda known: policies.document(found, dict(zip(needed, known, strict=True)))
    )


def _of_files(files: Files | None, partition: str) -> pulumi.Input[str]:
    """S3 encrypts with keys of the bucket's own region alone."""
    if files is None:
        return unknown()
    key = None if files.key is None else _through(files.key, files.key.split(":")[3])
    arn = arns.bucket_arn(f"{files.bucket}/{files.prefix}/{MIGRATIONS}", partition)
    read = Allowed(kind="migrations", operation="read", name=_NAME)
    return policies.document(policies.statements([read], key), {f"migrations/{_NAME}": arn})


def _attach(
    wanted: Wanted,
    role: iam.Role,
    part: str,
    name: str,
    document: pulumi.Input[str],
    stage: Stage,
) -> pulumi.Resource:
    label = f"{_NAME}#policy-{part}"
    policy = iam.Policy(
        label,
        name=name,
        description=wanted.description,
        policy=document,
        tags=stage.tags(None),
        opts=stage.options(label, Note(reason=_MAY)),
    )
    label = f"{_NAME}#attachment-{part}"
    return iam.RolePolicyAttachment(
        label,
        role=role.name,
        policy_arn=policy.arn,
        opts=stage.options(label, Note(reason="gives the policy to the function's role")),
    )
