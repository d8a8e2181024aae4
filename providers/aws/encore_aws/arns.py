"""ARNs and addresses: read from text, and worked out from names before anything exists.

In: an ARN as people write it; or the type and the inputs of a resource, as a program asks for it.
Out: its parts; or what AWS will certainly call the resource. Certain is what follows from name,
region, partition and account alone (AWS's *Service Authorization Reference* has the forms); what
AWS chooses, such as the end of a secret's ARN or a subnet's id, is never here. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from encore_aws.settings import Settings

Inputs = Mapping[str, Any]
Made = Callable[[str, str, Inputs], Mapping[str, Any]]

_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*)"
    r":(?P<account>\d{12}|):(?P<resource>\S+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arn:
    """``region`` and ``account`` are empty where the service has none in its ARNs."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        place = f"{self.service}:{self.region}:{self.account}"
        return f"arn:{self.partition}:{place}:{self.resource}"


def parse(text: str) -> Arn | None:
    """The parts of an ARN; None for what is none."""
    found = _ARN.fullmatch(text)
    return Arn(**found.groupdict()) if found else None


def of(settings: Settings, service: str, resource: str, *, unnamed: str) -> str:
    """The ARN of what lies in the environment's region; ``unnamed`` stands for the account where
    the file does not name it.
    """
    return str(
        Arn(
            partition=settings.partition,
            service=service,
            region=settings.region,
            account=settings.account or unnamed,
            resource=resource,
        )
    )


def queue_url(queue: Arn, dns_suffix: str) -> str:
    """The address of an SQS queue, as *CreateQueue* answers it."""
    return f"https://sqs.{queue.region}.{dns_suffix}/{queue.account}/{queue.resource}"


def bucket_arn(name: str, partition: str) -> str:
    return f"arn:{partition}:s3:::{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where an environment's resources lie. ``account`` is None where the file names none."""

    partition: str
    region: str
    account: str | None
    dns_suffix: str

    def arn(self, service: str, resource: str, *, is_global: bool = False) -> Arn | None:
        if self.account is None:
            return None
        return Arn(
            partition=self.partition,
            service=service,
            region="" if is_global else self.region,
            account=self.account,
            resource=resource,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """``name`` is the input that holds the name, ``resource`` the end of the ARN before it.

    ``id_is``: what the provider takes for the id; None where AWS chooses it. ``lower``: the
    service keeps names in small letters, whatever was asked for.
    """

    service: str
    resource: str = ""
    name: str = "name"
    id_is: str | None = "name"
    is_global: bool = False
    lower: bool = False


_FORMS: Final[Mapping[str, _Form]] = {
    "aws:sns/topic:Topic": _Form(service="sns", id_is="arn"),
    "aws:iam/role:Role": _Form(service="iam", resource="role/", is_global=True),
    "aws:iam/policy:Policy": _Form(service="iam", resource="policy/", id_is="arn", is_global=True),
    "aws:iam/instanceProfile:InstanceProfile": _Form(
        service="iam", resource="instance-profile/", is_global=True
    ),
    "aws:lambda/function:Function": _Form(service="lambda", resource="function:"),
    # Without the `:*` that CloudWatch's own answers have; the provider cuts it off.
    "aws:cloudwatch/logGroup:LogGroup": _Form(service="logs", resource="log-group:"),
    # The id of a database server is AWS's own since version 6 of the provider.
    "aws:rds/instance:Instance": _Form(
        service="rds", resource="db:", name="identifier", id_is=None, lower=True
    ),
    "aws:rds/subnetGroup:SubnetGroup": _Form(service="rds", resource="subgrp:", lower=True),
    "aws:rds/parameterGroup:ParameterGroup": _Form(service="rds", resource="pg:", lower=True),
    "aws:elasticache/replicationGroup:ReplicationGroup": _Form(
        service="elasticache",
        resource="replicationgroup:",
        name="replicationGroupId",
        lower=True,
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": _Form(
        service="elasticache", resource="subnetgroup:", lower=True
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": _Form(
        service="elasticache", resource="parametergroup:", lower=True
    ),
    "aws:elasticache/user:User": _Form(
        service="elasticache", resource="user:", name="userId", lower=True
    ),
    "aws:elasticache/userGroup:UserGroup": _Form(
        service="elasticache", resource="usergroup:", name="userGroupId", lower=True
    ),
}
"""Types whose ARN is a name behind a prefix; the others are below."""

_OWN_PATH: Final = "/"


def made(settings: Settings) -> Made:
    """What a resource of a type and with these inputs has when it is made; nothing if unsure."""
    place = _Place(
        partition=settings.partition,
        region=settings.region,
        account=settings.account,
        dns_suffix=settings.dns_suffix,
    )

    def found(kind: str, _: str, inputs: Inputs) -> Mapping[str, Any]:
        match kind:
            case "aws:sqs/queue:Queue":
                return _queue(place, inputs)
            case "aws:s3/bucket:Bucket":
                return _bucket(place, inputs)
            case _ if kind in _FORMS:
                return _named(place, _FORMS[kind], inputs)
            case _:
                return {}

    return found


def _known(inputs: Inputs, key: str) -> str | None:
    """A name that is asked for; a mark of what is unknown or secret is no text."""
    value = inputs.get(key)
    return value if isinstance(value, str) and value else None


def _named(place: _Place, form: _Form, inputs: Inputs) -> Mapping[str, Any]:
    name = _known(inputs, form.name)
    if name is None or inputs.get("path", _OWN_PATH) != _OWN_PATH:
        return {}
    name = name.lower() if form.lower else name
    arn = place.arn(form.service, f"{form.resource}{name}", is_global=form.is_global)
    found = {} if arn is None else {"arn": str(arn)}
    id_ = {"name": name, "arn": found.get("arn"), None: None}[form.id_is]
    return found if id_ is None else {**found, "id": id_}


def _queue(place: _Place, inputs: Inputs) -> Mapping[str, Any]:
    name = _known(inputs, "name")
    arn = place.arn("sqs", name) if name is not None else None
    if arn is None:
        return {}
    url = queue_url(arn, place.dns_suffix)
    return {"arn": str(arn), "url": url, "id": url}


def _bucket(place: _Place, inputs: Inputs) -> Mapping[str, Any]:
    name = _known(inputs, "bucket")
    if name is None:
        return {}
    found = {"arn": bucket_arn(name, place.partition), "id": name}
    if place.region == "us-east-1":  # some versions of the provider leave the region out there
        return found
    address = f"{name}.s3.{place.region}.{place.dns_suffix}"
    return {**found, "bucketRegionalDomainName": address}
