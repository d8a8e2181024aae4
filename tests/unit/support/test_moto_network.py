"""What moto leaves behind keeps nothing in use; a part of a bucket is not the bucket."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]


def test_a_gateway_that_is_gone_lies_in_no_subnet(client: Client) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    ec2.delete_subnet(SubnetId=subnet)
    assert not ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]


def test_a_bucket_keeps_its_policy_when_its_rules_for_browsers_go(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(
        Bucket="shop-pictures", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"}
    )
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [tls]})
    s3.put_bucket_policy(Bucket="shop-pictures", Policy=policy)
    s3.delete_bucket_cors(Bucket="shop-pictures")
    assert s3.get_bucket_policy(Bucket="shop-pictures")["Policy"] == policy
