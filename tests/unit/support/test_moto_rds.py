"""A server of RDS that one can log in to."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError
from tests.support.aws_inside import Inside
from tests.support.moto_server import REGION, MotoServer

from encore_aws.authority import root_certificate

Client = Any


def create(client: Client, network: dict[str, Any], **more: Any) -> dict[str, Any]:
    rds = client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="places", DBSubnetGroupDescription="d", SubnetIds=network["subnets"]
    )
    rds.create_db_parameter_group(
        DBParameterGroupName="strict", DBParameterGroupFamily="postgres17", Description="d"
    )
    rds.create_db_instance(
        DBInstanceIdentifier="shop",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        EngineVersion="17",
        AllocatedStorage=20,
        StorageType="gp3",
        MasterUsername="encore_admin",
        ManageMasterUserPassword=True,
        DBSubnetGroupName="places",
        DBParameterGroupName="strict",
        VpcSecurityGroupIds=[network["storage"]],
        Port=5432,
        CACertificateIdentifier="rds-ca-rsa2048-g1",
        **more,
    )
    return look(client)


def look(client: Client) -> dict[str, Any]:
    (found,) = client("rds").describe_db_instances(DBInstanceIdentifier="shop")["DBInstances"]
    return dict(found)


def root(client: Client, inside: Inside, name: str = "rds-ca-rsa2048-g1") -> str:
    """As an apply finds it: from the trust store, and held against what the API says."""
    (found,) = client("rds").describe_certificates(CertificateIdentifier=name)["Certificates"]
    return root_certificate(REGION, name, lambda _: inside.bundle, thumbprint=found["Thumbprint"])


def log_in(
    found: dict[str, Any], given: dict[str, str], ca: str, tmp_path: Any
) -> psycopg.Connection:
    path = tmp_path / "ca.pem"
    path.write_text(ca)
    return psycopg.connect(
        host=found["Endpoint"]["Address"],
        port=found["Endpoint"]["Port"],
        user=given["username"],
        password=given["password"],
        dbname="postgres",
        sslmode="verify-full",
        sslrootcert=str(path),
    )


def admin(client: Client, found: dict[str, Any]) -> dict[str, str]:
    arn = found["MasterUserSecret"]["SecretArn"]
    text = client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return dict(json.loads(text))


def test_one_logs_in_with_what_the_secret_holds(
    client: Client, network: dict[str, Any], inside: Inside, tmp_path: Any
) -> None:
    found = create(client, network)
    given = admin(client, found)
    assert (found["DBInstanceStatus"], given["username"]) == ("available", "encore_admin")
    with log_in(found, given, root(client, inside), tmp_path) as connection:
        rows = connection.execute(
            "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchall()
    assert rows == [("encore_admin", False)]
    with pytest.raises(psycopg.OperationalError, match="certificate"):
        log_in(found, given, root(client, inside, "rds-ca-ecc384-g1"), tmp_path)


def test_the_password_changes_now_and_then(
    aws: MotoServer, client: Client, network: dict[str, Any], inside: Inside, tmp_path: Any
) -> None:
    found = create(client, network)
    before = admin(client, found)
    aws.rds.rotate("shop")
    after = admin(client, found)
    ca = root(client, inside)
    with pytest.raises(psycopg.OperationalError, match="password"):
        log_in(found, before, ca, tmp_path)
    log_in(found, after, ca, tmp_path).close()


def test_a_server_goes_with_its_data(
    aws: MotoServer, client: Client, network: dict[str, Any]
) -> None:
    create(client, network)
    folder = aws.rds.machines["shop"].place.postgres.data
    assert folder.exists()
    client("rds").delete_db_instance(
        DBInstanceIdentifier="shop", FinalDBSnapshotIdentifier="shop-last"
    )
    assert not folder.exists()
    (snapshot,) = client("rds").describe_db_snapshots()["DBSnapshots"]
    assert snapshot["DBSnapshotIdentifier"] == "shop-last"
    assert aws.rds.machines == {}


@pytest.mark.parametrize(
    ("protected", "given", "code"),
    [
        (True, {"SkipFinalSnapshot": True}, "InvalidParameterCombination"),
        (False, {}, "InvalidParameterCombination"),
        (
            False,
            {"SkipFinalSnapshot": True, "FinalDBSnapshotIdentifier": "last"},
            "InvalidParameterCombination",
        ),
    ],
)
def test_deletes_that_aws_refuses(
    client: Client, network: dict[str, Any], protected: bool, given: dict[str, Any], code: str
) -> None:
    create(client, network, DeletionProtection=protected)
    with pytest.raises(ClientError) as caught:
        client("rds").delete_db_instance(DBInstanceIdentifier="shop", **given)
    assert caught.value.response["Error"]["Code"] == code
    assert look(client)["DBInstanceStatus"] == "available"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"AllocatedStorage": 10}, "InvalidParameterCombination"),
        ({"EngineVersion": "18"}, "InvalidParameterCombination"),
        ({"EngineVersion": "16", "AllowMajorVersionUpgrade": True}, "InvalidParameterCombination"),
    ],
)
def test_changes_that_aws_refuses(
    client: Client, network: dict[str, Any], given: dict[str, Any], code: str
) -> None:
    create(client, network)
    with pytest.raises(ClientError) as caught:
        client("rds").modify_db_instance(DBInstanceIdentifier="shop", **given)
    assert caught.value.response["Error"]["Code"] == code


def test_changes_that_aws_makes(client: Client, network: dict[str, Any]) -> None:
    create(client, network, DeletionProtection=True)
    client("rds").modify_db_instance(
        DBInstanceIdentifier="shop",
        DeletionProtection=False,
        DBInstanceClass="db.t4g.small",
        EngineVersion="18",
        AllowMajorVersionUpgrade=True,
        ApplyImmediately=True,
    )
    found = look(client)
    assert (found["DeletionProtection"], found["DBInstanceClass"]) == (False, "db.t4g.small")


def test_groups_that_a_server_lies_in_stay(client: Client, network: dict[str, Any]) -> None:
    create(client, network)
    rds = client("rds")
    with pytest.raises(ClientError, match="still using it"):
        rds.delete_db_subnet_group(DBSubnetGroupName="places")
    with pytest.raises(ClientError, match="still using it"):
        rds.delete_db_parameter_group(DBParameterGroupName="strict")
    rds.delete_db_instance(DBInstanceIdentifier="shop", SkipFinalSnapshot=True)
    rds.delete_db_subnet_group(DBSubnetGroupName="places")
    rds.delete_db_parameter_group(DBParameterGroupName="strict")


def test_there_is_no_certificate_of_another_name(client: Client) -> None:
    assert len(client("rds").describe_certificates()["Certificates"]) == 3
    with pytest.raises(ClientError, match="CertificateNotFound"):
        client("rds").describe_certificates(CertificateIdentifier="rds-ca-2019")


def test_a_group_of_subnets_is_changed_and_stays(client: Client, network: dict[str, Any]) -> None:
    rds, both = client("rds"), network["subnets"]
    rds.create_db_subnet_group(
        DBSubnetGroupName="places", DBSubnetGroupDescription="d", SubnetIds=both
    )
    rds.modify_db_subnet_group(DBSubnetGroupName="places", SubnetIds=both[:1])
    (group,) = rds.describe_db_subnet_groups(DBSubnetGroupName="places")["DBSubnetGroups"]
    assert [each["SubnetIdentifier"] for each in group["Subnets"]] == both[:1]
    with pytest.raises(ClientError, match="not found"):
        rds.modify_db_subnet_group(DBSubnetGroupName="others", SubnetIds=both)


def test_a_server_is_found_by_the_id_that_it_was_made_with(client: Client) -> None:
    made = client("rds").create_db_instance(
        DBInstanceIdentifier="own",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        EngineVersion="17",
        AllocatedStorage=20,
        MasterUsername="encore_admin",
        ManageMasterUserPassword=True,
    )["DBInstance"]
    by_id = {"Name": "dbi-resource-id", "Values": [made["DbiResourceId"]]}
    (found,) = client("rds").describe_db_instances(Filters=[by_id])["DBInstances"]
    assert found["DBInstanceIdentifier"] == "own"
