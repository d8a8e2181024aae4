"""What AWS keeps while something lies in it: groups, subnets, networks, buckets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.moto_server import ACCOUNT, REGION

Client = Any


def a_database(client: Client, network: dict[str, Any]) -> Callable[[], Any]:
    rds = client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="places", DBSubnetGroupDescription="d", SubnetIds=network["subnets"]
    )
    rds.create_db_instance(
        DBInstanceIdentifier="shop",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="encore_admin",
        ManageMasterUserPassword=True,
        DBSubnetGroupName="places",
        VpcSecurityGroupIds=[network["storage"]],
    )
    return lambda: rds.delete_db_instance(DBInstanceIdentifier="shop", SkipFinalSnapshot=True)


def an_interface(client: Client, network: dict[str, Any]) -> Callable[[], Any]:
    made = client("ec2").create_network_interface(
        SubnetId=network["subnets"][0], Groups=[network["storage"]]
    )["NetworkInterface"]["NetworkInterfaceId"]
    return lambda: client("ec2").delete_network_interface(NetworkInterfaceId=made)


@pytest.mark.parametrize("lying", [a_database, an_interface])
def test_what_something_lies_in_stays(
    client: Client, network: dict[str, Any], lying: Callable[..., Callable[[], Any]]
) -> None:
    ec2, remove = client("ec2"), lying(client, network)
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_security_group(GroupId=network["storage"])
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_subnet(SubnetId=network["subnets"][0])
    remove()
    ec2.delete_security_group(GroupId=network["storage"])
    ec2.delete_subnet(SubnetId=network["subnets"][0])


def test_a_group_that_another_names_stays(client: Client, network: dict[str, Any]) -> None:
    ec2 = client("ec2")
    pair = {"GroupId": network["compute"], "UserId": ACCOUNT}
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [pair]}
    ec2.authorize_security_group_ingress(GroupId=network["storage"], IpPermissions=[rule])
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_security_group(GroupId=network["compute"])
    ec2.revoke_security_group_ingress(GroupId=network["storage"], IpPermissions=[rule])
    ec2.delete_security_group(GroupId=network["compute"])


def test_a_network_with_something_in_it_stays(client: Client, network: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="DependencyViolation"):
        client("ec2").delete_vpc(VpcId=network["vpc"])


def test_a_bucket_with_something_in_it_stays(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="things", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="things", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="things", Key="a", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket="things", Key="a")["VersionId"]
    for gone in (version, marker):
        with pytest.raises(ClientError, match="BucketNotEmpty"):
            s3.delete_bucket(Bucket="things")
        s3.delete_object(Bucket="things", Key="a", VersionId=gone)
    s3.delete_bucket(Bucket="things")
