"""A whole program of the provider ``aws`` as if AWS had made everything: outputs to bind with."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from encore_aws import arns, offline
from encore_aws.program import Program, normalise
from encore_aws.settings import settings
from encore_config.environment import Environment
from encore_config.graph import Graph
from encore_config.plan import UNKNOWN
from encore_provisioner.engine.recording import Answers, Made, Recording, record
from encore_provisioner.provider import Target


def _self_signed() -> str:
    key = ec.derive_private_key(1, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a root for tests")])
    start = datetime.datetime(2021, 5, 21, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(
        subject_name=name,
        issuer_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=start,
        not_valid_after=start.replace(year=2061),
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


ROOT: Final = _self_signed()
"""The core, and so the emitter too, refuses what is no certificate."""


def target(graph: Graph, environment: Environment) -> Target:
    return Target(root=Path("/"), app_id="shop", graph=graph, environment=environment, cors={})


def outputs(wanted: Target) -> dict[str, Any]:
    """What an apply would have learned, and the roots that it fetches."""
    found = dict(_recorded(wanted).outputs)
    databases: Mapping[str, Any] = found.get("databases", {})
    roots = {made["ca_identifier"]: ROOT for made in databases.values()}
    return {**found, "certificates": roots}


def _recorded(wanted: Target) -> Recording:
    chosen = settings(wanted.environment)
    names = offline.names_of(wanted, chosen)
    program = Program(normalise(wanted.graph, chosen, names), chosen, names)
    return record(
        program,
        project="shop",
        stack=wanted.environment.name,
        made=_everything(arns.made(chosen)),
        answers=_ANSWERS,
    )


def _everything(certain: Made) -> Made:
    """Ids, ARNs and addresses from the names alone, where these do not follow for certain."""

    def made(kind: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        physical = inputs.get("name") or inputs.get("bucket") or name
        physical = name if physical == UNKNOWN else physical
        invented = {
            "id": f"id-of-{name}",
            "arn": f"arn:aws:made:{physical}",
            "url": f"https://made.test/{physical}",
            "bucket": physical,
            "address": f"{name.replace('/', '-').replace('#', '-')}.made.test",
            "primaryEndpointAddress": f"{name.replace('/', '-')}.made.test",
            "domainName": f"{name.replace('/', '-').replace('#', '-')}.made.test",
            "masterUserSecrets": [{"secretArn": f"arn:aws:made:first-user-of-{physical}"}],
        }
        return {**invented, **certain(kind, name, inputs)}

    return made


_ANSWERS: Final[Answers] = {
    "aws:rds/getInstance:getInstance": lambda given: {
        "address": f"{given['dbInstanceIdentifier']}.made.test", "port": 5432,
        "caCertIdentifier": "rds-ca-rsa2048-g1",
    },
    "aws:elasticache/getReplicationGroup:getReplicationGroup": lambda given: {
        "primaryEndpointAddress": f"{given['replicationGroupId']}.made.test", "port": 6379,
    },
    "aws:rds/getCertificate:getCertificate": lambda _: {"thumbprint": "00"},
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda _: {
        "names": ["eu-north-1a", "eu-north-1b", "eu-north-1c"],
    },
}  # fmt: skip
