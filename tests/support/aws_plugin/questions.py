"""What a program asks without making anything: Pulumi's invokes."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from typing import Final

from tests.support.aws_plugin.aws import Aws, found
from tests.support.aws_plugin.caches import KINDS as CACHES
from tests.support.aws_plugin.databases import KINDS as DATABASES
from tests.support.aws_plugin.wire import Props

Question = Callable[[Aws, Props], Props]


def _zones(aws: Aws, asked: Props) -> Props:
    filters = [
        {"Name": each["name"], "Values": each["values"]} for each in asked.get("filters") or []
    ]
    state = [{"Name": "state", "Values": [asked["state"]]}] if asked.get("state") else []
    # moto knows no other filter than these; what opts in is none of its zones.
    known = [each for each in (*filters, *state) if each["Name"] in ("zone-name", "state")]
    zones = aws.call("ec2", "describe_availability_zones", Filters=known)["AvailabilityZones"]
    without = set(asked.get("excludeZoneIds") or []), set(asked.get("excludeNames") or [])
    kept = [
        zone
        for zone in zones
        if zone["ZoneId"] not in without[0] and zone["ZoneName"] not in without[1]
    ]
    kept.sort(key=lambda zone: str(zone["ZoneName"]))
    return {
        "id": aws.region,
        "names": [zone["ZoneName"] for zone in kept],
        "zoneIds": [zone["ZoneId"] for zone in kept],
        "groupNames": [aws.region],
    }


def _certificate(aws: Aws, asked: Props) -> Props:
    """Raises ``ValueError`` where no certificate, or more than one, is like that."""
    by = {"CertificateIdentifier": asked["id"]} if asked.get("id") else {}
    there = aws.call("rds", "describe_certificates", **by)["Certificates"]
    if len(there) != 1:
        raise ValueError(f"{len(there)} RDS Certificates matched; use additional constraints")
    one = there[0]
    return {
        "id": one["CertificateIdentifier"],
        "arn": one.get("CertificateArn", ""),
        "certificateType": one.get("CertificateType", "CA"),
        "thumbprint": one.get("Thumbprint", ""),
        "validFrom": _rfc(one.get("ValidFrom")),
        "validTill": _rfc(one.get("ValidTill")),
    }


def _rfc(moment: object) -> str:
    return str(moment).replace(" ", "T").replace("+00:00", "Z") if moment else ""


def _parameter(aws: Aws, asked: Props) -> Props:
    there = aws.call("ssm", "get_parameter", Name=asked["name"], WithDecryption=True)["Parameter"]
    return {"id": asked["name"], **found(there, "name", "type", "value", "version", arn="ARN")}


def _identity(aws: Aws, asked: Props) -> Props:
    del asked
    there = aws.call("sts", "get_caller_identity")
    return {"id": there["Account"], **found(there, "userId", accountId="Account", arn="Arn")}


def _server(aws: Aws, asked: Props) -> Props:
    name = asked["dbInstanceIdentifier"]
    look = DATABASES["aws:rds/instance:Instance"].look
    there = look(aws, name, {"identifier": name})
    if there is None:
        raise ValueError(f"reading RDS DB Instance ({name}): empty result")
    return {"id": name, "dbInstanceIdentifier": name, "dbInstanceArn": there["arn"], **there}


def _cache(aws: Aws, asked: Props) -> Props:
    name = asked["replicationGroupId"]
    there = CACHES["aws:elasticache/replicationGroup:ReplicationGroup"].look(aws, name, {})
    if there is None:
        raise ValueError(f"reading ElastiCache Replication Group ({name}): empty result")
    return {"id": name, **there}


def _region(aws: Aws, asked: Props) -> Props:
    del asked
    return {"id": aws.region, "name": aws.region, "region": aws.region}


def _partition(aws: Aws, asked: Props) -> Props:
    del aws, asked
    suffix = "amazonaws.com"
    return {
        "id": "aws",
        "partition": "aws",
        "dnsSuffix": suffix,
        "reverseDnsPrefix": "com.amazonaws",
    }


def _vpc(aws: Aws, asked: Props) -> Props:
    there = aws.call("ec2", "describe_vpcs", VpcIds=[asked["id"]])["Vpcs"][0]
    return {"id": asked["id"], **found(there, "cidrBlock", "instanceTenancy", "ownerId")}


def _subnet(aws: Aws, asked: Props) -> Props:
    there = aws.call("ec2", "describe_subnets", SubnetIds=[asked["id"]])["Subnets"][0]
    return {"id": asked["id"], **found(there, "vpcId", "cidrBlock", "availabilityZone")}


def _secret(aws: Aws, asked: Props) -> Props:
    name = asked.get("arn") or asked.get("name")
    there = aws.call("secretsmanager", "describe_secret", SecretId=name)
    return {"id": there["ARN"], **found(there, "name", "description", "kmsKeyId", arn="ARN")}


_QUESTIONS: Final[Mapping[str, Question]] = {
    "aws:index/getAvailabilityZones:*": _zones,
    "aws:index/getCallerIdentity:*": _identity,
    "aws:index/getRegion:*": _region,
    "aws:index/getPartition:*": _partition,
    "aws:rds/getCertificate:*": _certificate,
    "aws:rds/getInstance:*": _server,
    "aws:elasticache/getReplicationGroup:*": _cache,
    "aws:ssm/getParameter:*": _parameter,
    "aws:ec2/getVpc:*": _vpc,
    "aws:ec2/getSubnet:*": _subnet,
    "aws:secretsmanager/getSecret:*": _secret,
}


def answer(aws: Aws, token: str, asked: Props) -> Props:
    """Raises ``KeyError`` for what this double was not taught, and what a call raises."""
    for pattern, question in _QUESTIONS.items():
        if fnmatch.fnmatchcase(token, pattern):
            return question(aws, asked)
    raise KeyError(f"the plugin's double knows no {token}")
