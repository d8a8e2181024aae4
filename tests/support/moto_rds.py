"""RDS: moto keeps what was asked for, and a real PostgreSQL answers at the endpoint.

Moto knows no certificates, takes a final snapshot for nothing and gives every server the same
first user; all that is here.
"""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Iterator
from typing import Any, Final

from tests.support.aws_inside import USUAL_AUTHORITY, Inside, PostgresMachine
from tests.support.moto_network import Lying
from tests.support.moto_parts import REGION, backend
from tests.support.moto_wire import Answer, Call, Refused, Reply, answered

_FROM: Final = datetime.datetime(2020, 1, 1)
_SAME_ID: Final = b"db-M5ENSHXFPU6XHZ4G4ZEI5QIO2U"
"""What moto calls every server."""
_TILL: Final = datetime.datetime(2120, 1, 1)


class Rds:
    """``machines`` by the server's identifier; without ``inside`` there are none."""

    def __init__(self, inside: Inside | None) -> None:
        self._inside = inside
        self.machines: dict[str, PostgresMachine] = {}

    def refuse(self, call: Call) -> Answer | None:
        try:
            if call.operation == "DeleteDBInstance":
                _check_delete(call.parameters)
            if call.operation == "ModifyDBInstance":
                _check_modify(call.parameters)
            if call.operation == "DeleteDBSubnetGroup":
                _check_unused(call.parameters["DBSubnetGroupName"], "subnet")
            if call.operation == "DeleteDBParameterGroup":
                _check_unused(call.parameters["DBParameterGroupName"], "parameter")
        except Refused as refused:
            return refused.answer
        return None

    def answer(self, call: Call) -> Reply | None:
        if call.operation == "DescribeCertificates" and call.service == "rds":
            return self._certificates(call)
        if call.operation == "ModifyDBSubnetGroup":
            return _modify_subnets(call)
        return None

    def after(self, call: Call, reply: Reply) -> Reply:
        """What follows from a call that moto has answered, and the servers' real addresses."""
        if call.service != "rds" or self._inside is None:
            return reply
        body = reply.body
        if reply.is_fine and call.operation == "CreateDBInstance":
            made = self._start(call.parameters["DBInstanceIdentifier"].lower(), self._inside)
            body = body.replace(_SAME_ID, made.encode())
        if reply.is_fine and call.operation == "DeleteDBInstance":
            self._stop(call.parameters["DBInstanceIdentifier"].lower())
        for name, machine in self.machines.items():
            written = f"{name}.aaaaaaaaaa.{REGION}.rds.amazonaws.com"
            body = body.replace(written.encode(), machine.host.encode())
        return Reply(status=reply.status, headers=_measured(reply, body), body=body)

    def forget(self) -> None:
        for name in tuple(self.machines):
            self._stop(name)

    def servers(self) -> Iterator[Lying]:
        for name, found in backend("rds").databases.items():
            machine, group = self.machines.get(name), getattr(found, "db_subnet_group", None)
            yield Lying(
                groups=tuple(found.vpc_security_group_ids),
                subnets=tuple(each.id for each in group._subnets) if group is not None else (),
                at=(machine.host, machine.port) if machine is not None else ("", found.port),
            )

    def rotate(self, identifier: str) -> str:
        """What RDS does every seven days: another password of the first user, and no word of it."""
        found = instance_of(identifier)
        return self._give(found, self.machines[identifier])

    def _start(self, name: str, inside: Inside) -> str:
        """The server's own id, which moto's answer does not have yet."""
        found = instance_of(name)
        if found.engine != "postgres":
            raise AssertionError(f"{found.engine}: only PostgreSQL can be had here")
        # Moto gives all servers the same one, and whoever asks for one by it gets all.
        found.dbi_resource_id = f"db-{secrets.token_hex(13).upper()}"
        if found.ca_certificate_identifier not in inside.roots:
            found.ca_certificate_identifier = USUAL_AUTHORITY
        machine = inside.postgres(
            name,
            user=found.master_username,
            password=secrets.token_urlsafe(24),
            port=found.port,
            authority=found.ca_certificate_identifier,
        )
        # Only where this machine has no address of its own for it.
        found.port = machine.port
        self.machines[name] = machine
        if found.manage_master_user_password:
            self._give(found, machine)
        else:
            machine.set_password(found.master_username, found._master_user_password)
        return str(found.dbi_resource_id)

    def _give(self, found: Any, machine: PostgresMachine) -> str:
        password = secrets.token_urlsafe(24)
        machine.set_password(found.master_username, password)
        kept = {"username": found.master_username, "password": password}
        backend("secretsmanager").put_secret_value(
            secret_id=found.master_user_secret.secret_arn,
            secret_string=json.dumps(kept),
            secret_binary=None,
            client_request_token=secrets.token_hex(16),
            version_stages=["AWSCURRENT"],
        )
        return password

    def _stop(self, name: str) -> None:
        machine = self.machines.pop(name, None)
        if machine is not None:
            machine.stop()

    def _certificates(self, call: Call) -> Reply:
        wanted = call.parameters.get("CertificateIdentifier")
        roots = self._inside.roots if self._inside is not None else {}
        found = [
            {
                "CertificateIdentifier": name,
                "CertificateType": "CA",
                "Thumbprint": root.thumbprint,
                "ValidFrom": _FROM,
                "ValidTill": _TILL,
                "CertificateArn": f"arn:aws:rds:{REGION}::cert:{name}",
                "CustomerOverride": False,
            }
            for name, root in sorted(roots.items())
            if wanted in (None, name)
        ]
        if not found:
            raise Refused("CertificateNotFound", f"Certificate not found: {wanted}", 404)
        return answered(call, {"Certificates": found})


def _modify_subnets(call: Call) -> Reply:
    """Moto loses the group."""
    given = call.parameters
    group = backend("rds").subnet_groups.get(given["DBSubnetGroupName"])
    if group is None:
        words = f"Subnet Group {given['DBSubnetGroupName']} not found."
        raise Refused("DBSubnetGroupNotFoundFault", words, 404)
    group._subnets = [backend("ec2").get_subnet(each) for each in given["SubnetIds"]]
    group.description = given.get("DBSubnetGroupDescription", group.description)
    return answered(call, {"DBSubnetGroup": {"DBSubnetGroupName": group.name}})


def instance_of(identifier: str) -> Any:
    """A server as moto has it, or None."""
    return backend("rds").databases.get(identifier)


def _measured(reply: Reply, body: bytes) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, str(len(body)) if name.lower() == "content-length" else value)
        for name, value in reply.headers
    )


def _check_delete(given: dict[str, Any]) -> None:
    found = instance_of(given["DBInstanceIdentifier"].lower())
    if found is None or found.deletion_protection:
        return
    snapshot, skips = given.get("FinalDBSnapshotIdentifier"), given.get("SkipFinalSnapshot")
    if bool(snapshot) == bool(skips):
        raise Refused(
            "InvalidParameterCombination",
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            if not snapshot
            else "FinalDBSnapshotIdentifier can not be specified when deleting with "
            "SkipFinalSnapshot.",
        )


def _check_modify(given: dict[str, Any]) -> None:
    found = instance_of(given["DBInstanceIdentifier"].lower())
    if found is None:
        return
    if given.get("AllocatedStorage", found.allocated_storage) < found.allocated_storage:
        raise Refused(
            "InvalidParameterCombination",
            "Invalid storage size for engine name postgres and storage type gp3: "
            f"{given['AllocatedStorage']}",
        )
    version = str(given.get("EngineVersion", found.engine_version)).partition(".")[0]
    before = str(found.engine_version).partition(".")[0]
    if int(version) < int(before) or (
        version != before and not given.get("AllowMajorVersionUpgrade")
    ):
        raise Refused(
            "InvalidParameterCombination",
            f"Cannot upgrade postgres from {before} to {version}",
        )


def _check_unused(name: str, kind: str) -> None:
    """Moto lets go of a group that a server lies in."""
    for server in backend("rds").databases.values():
        subnets = server._db_subnet_group_name
        if name in ((subnets,) if kind == "subnet" else (server.db_parameter_group_name,)):
            where = "DBSubnetGroup" if kind == "subnet" else "DBParameterGroup"
            raise Refused(
                f"Invalid{where}StateFault" if kind == "subnet" else f"Invalid{where}State",
                f"Cannot delete the {kind} group '{name}' because at least one database instance: "
                f"{server.db_instance_identifier} is still using it.",
            )
