"""One thing of each type in an account on moto, made by AWS's own calls and known as a state knows
it; and for what moto does not have, clients that answer what a test says.

A maker gives what the state has of the thing, and takes it away again with the second function.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3
from botocore.stub import Stubber
from moto.backends import get_backend
from tests.support.moto_server import ACCOUNT, REGION

from encore_aws.account import Account
from encore_aws.leftovers import Known

Undo = Callable[[], Any]
Made = tuple[Known, Undo]
NAME: Final = "shop-production-thing-a1b2c3"
_TAGS: Final = [{"Key": "Name", "Value": NAME}]


def _spec(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": _TAGS}]


def _known(type_: str, id_: str, name: str = NAME) -> Known:
    return Known(type=type_, id=id_, name=name, urn=f"urn:pulumi:production::shop::{type_}::thing")


def network(account: Account) -> Made:
    ec2 = account.client("ec2")
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=_spec("vpc"))["Vpc"]
    known = _known("aws:ec2/vpc:Vpc", made["VpcId"])
    return known, lambda: ec2.delete_vpc(VpcId=made["VpcId"])


def _home(account: Account) -> str:
    return str(account.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def subnet(account: Account) -> Made:
    ec2, home = account.client("ec2"), _home(account)
    made = ec2.create_subnet(
        VpcId=home, CidrBlock="10.0.0.0/24", TagSpecifications=_spec("subnet")
    )["Subnet"]["SubnetId"]
    return _known("aws:ec2/subnet:Subnet", made), lambda: ec2.delete_subnet(SubnetId=made)


def internet_gateway(account: Account) -> Made:
    ec2 = account.client("ec2")
    made = ec2.create_internet_gateway(TagSpecifications=_spec("internet-gateway"))
    id_ = made["InternetGateway"]["InternetGatewayId"]
    known = _known("aws:ec2/internetGateway:InternetGateway", id_)
    return known, lambda: ec2.delete_internet_gateway(InternetGatewayId=id_)


def route_table(account: Account) -> Made:
    ec2 = account.client("ec2")
    made = ec2.create_route_table(VpcId=_home(account), TagSpecifications=_spec("route-table"))
    id_ = made["RouteTable"]["RouteTableId"]
    known = _known("aws:ec2/routeTable:RouteTable", id_)
    return known, lambda: ec2.delete_route_table(RouteTableId=id_)


def address(account: Account) -> Made:
    ec2 = account.client("ec2")
    id_ = ec2.allocate_address(Domain="vpc", TagSpecifications=_spec("elastic-ip"))["AllocationId"]
    return _known("aws:ec2/eip:Eip", id_), lambda: ec2.release_address(AllocationId=id_)


def nat_gateway(account: Account) -> Made:
    ec2 = account.client("ec2")
    place, _ = subnet(account)
    here, _ = address(account)
    made = ec2.create_nat_gateway(
        SubnetId=place.id, AllocationId=here.id, TagSpecifications=_spec("natgateway")
    )
    id_ = made["NatGateway"]["NatGatewayId"]
    known = _known("aws:ec2/natGateway:NatGateway", id_)
    return known, lambda: ec2.delete_nat_gateway(NatGatewayId=id_)


def machine(account: Account) -> Made:
    ec2 = account.client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    made = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=_spec("instance")
    )
    id_ = made["Instances"][0]["InstanceId"]
    known = _known("aws:ec2/instance:Instance", id_)
    return known, lambda: ec2.terminate_instances(InstanceIds=[id_])


def interface(account: Account) -> Made:
    ec2 = account.client("ec2")
    place, _ = subnet(account)
    made = ec2.create_network_interface(
        SubnetId=place.id, TagSpecifications=_spec("network-interface")
    )
    id_ = made["NetworkInterface"]["NetworkInterfaceId"]
    known = _known("aws:ec2/networkInterface:NetworkInterface", id_)
    return known, lambda: ec2.delete_network_interface(NetworkInterfaceId=id_)


def endpoint(account: Account) -> Made:
    """Of the kind with interfaces: the other kind moto makes and cannot delete."""
    ec2, home = account.client("ec2"), _home(account)
    place = ec2.create_subnet(VpcId=home, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    made = ec2.create_vpc_endpoint(
        VpcId=home,
        VpcEndpointType="Interface",
        SubnetIds=[place],
        ServiceName=f"com.amazonaws.{REGION}.sns",
        TagSpecifications=_spec("vpc-endpoint"),
    )
    id_ = made["VpcEndpoint"]["VpcEndpointId"]
    known = _known("aws:ec2/vpcEndpoint:VpcEndpoint", id_)
    return known, lambda: ec2.delete_vpc_endpoints(VpcEndpointIds=[id_])


def security_group(account: Account) -> Made:
    ec2 = account.client("ec2")
    made = ec2.create_security_group(
        GroupName=NAME,
        Description="of a test",
        VpcId=_home(account),
        TagSpecifications=_spec("security-group"),
    )
    id_ = made["GroupId"]
    known = _known("aws:ec2/securityGroup:SecurityGroup", id_)
    return known, lambda: ec2.delete_security_group(GroupId=id_)


def bucket(account: Account) -> Made:
    s3 = account.client("s3")
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": account.region})
    return _known("aws:s3/bucket:Bucket", NAME), lambda: s3.delete_bucket(Bucket=NAME)


def origin_access(account: Account) -> Made:
    cloudfront = account.client("cloudfront")
    made = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": NAME,
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )
    id_ = made["OriginAccessControl"]["Id"]
    known = _known("aws:cloudfront/originAccessControl:OriginAccessControl", id_)
    return known, lambda: cloudfront.delete_origin_access_control(Id=id_)


def distribution(account: Account) -> Made:
    cloudfront = account.client("cloudfront")
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": "test",
            "Comment": "of a test",
            "Enabled": True,
            "Origins": {
                "Quantity": 1,
                "Items": [{"Id": "bucket", "DomainName": "b.s3.amazonaws.com", "S3OriginConfig": {
                    "OriginAccessIdentity": ""}}],
            },
            "DefaultCacheBehavior": {
                "TargetOriginId": "bucket",
                "ViewerProtocolPolicy": "redirect-to-https",
            },
        }
    )  # fmt: skip
    id_, etag = made["Distribution"]["Id"], made["ETag"]
    known = _known("aws:cloudfront/distribution:Distribution", id_, "")
    return known, lambda: cloudfront.delete_distribution(Id=id_, IfMatch=etag)


def topic(account: Account) -> Made:
    sns = account.client("sns")
    arn = sns.create_topic(Name=NAME)["TopicArn"]
    return _known("aws:sns/topic:Topic", arn), lambda: sns.delete_topic(TopicArn=arn)


def subscription(account: Account) -> Made:
    sns = account.client("sns")
    to, _ = topic(account)
    queue_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:somewhere"
    account.client("sqs").create_queue(QueueName="somewhere")
    arn = sns.subscribe(
        TopicArn=to.id, Protocol="sqs", Endpoint=queue_arn, ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    known = _known("aws:sns/topicSubscription:TopicSubscription", arn, "")
    return known, lambda: sns.unsubscribe(SubscriptionArn=arn)


def queue(account: Account) -> Made:
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName=NAME)["QueueUrl"]
    return _known("aws:sqs/queue:Queue", url), lambda: sqs.delete_queue(QueueUrl=url)


def server(account: Account) -> Made:
    rds = account.client("rds")
    made = rds.create_db_instance(
        DBInstanceIdentifier=NAME,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="encore",
        ManageMasterUserPassword=True,
    )
    known = _known("aws:rds/instance:Instance", made["DBInstance"]["DbiResourceId"])
    return known, lambda: rds.delete_db_instance(DBInstanceIdentifier=NAME, SkipFinalSnapshot=True)


def parameter_group(account: Account) -> Made:
    rds = account.client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName=NAME, DBParameterGroupFamily="postgres17", Description="of a test"
    )
    known = _known("aws:rds/parameterGroup:ParameterGroup", NAME)
    return known, lambda: rds.delete_db_parameter_group(DBParameterGroupName=NAME)


def subnet_group(account: Account) -> Made:
    rds = account.client("rds")
    place, _ = subnet(account)
    rds.create_db_subnet_group(
        DBSubnetGroupName=NAME, DBSubnetGroupDescription="of a test", SubnetIds=[place.id]
    )
    known = _known("aws:rds/subnetGroup:SubnetGroup", NAME)
    return known, lambda: rds.delete_db_subnet_group(DBSubnetGroupName=NAME)


def cache_user(account: Account) -> Made:
    elasticache = account.client("elasticache")
    elasticache.create_user(
        UserId=NAME,
        UserName=NAME,
        Engine="valkey",
        AccessString="off -@all",
        AuthenticationMode={"Type": "iam"},
    )

    def undo() -> None:
        elasticache.delete_user(UserId=NAME)
        # Moto says "deleting" for ever.
        get_backend("elasticache")[ACCOUNT][REGION].users.pop(NAME, None)

    return _known("aws:elasticache/user:User", NAME), undo


def log_group(account: Account) -> Made:
    logs = account.client("logs")
    logs.create_log_group(logGroupName=NAME)
    # Found by the same beginning, and somebody else's.
    logs.create_log_group(logGroupName=f"{NAME}-more")
    known = _known("aws:cloudwatch/logGroup:LogGroup", NAME)
    return known, lambda: logs.delete_log_group(logGroupName=NAME)


def role(account: Account) -> Made:
    iam = account.client("iam")
    trust = {"Version": "2012-10-17", "Statement": []}
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(trust))
    return _known("aws:iam/role:Role", NAME), lambda: iam.delete_role(RoleName=NAME)


def policy(account: Account) -> Made:
    iam = account.client("iam")
    statement = {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    made = iam.create_policy(PolicyName=NAME, PolicyDocument=json.dumps(document))
    arn = made["Policy"]["Arn"]
    return _known("aws:iam/policy:Policy", arn), lambda: iam.delete_policy(PolicyArn=arn)


def profile(account: Account) -> Made:
    iam = account.client("iam")
    iam.create_instance_profile(InstanceProfileName=NAME)
    known = _known("aws:iam/instanceProfile:InstanceProfile", NAME)
    return known, lambda: iam.delete_instance_profile(InstanceProfileName=NAME)


def secret(account: Account) -> Made:
    secrets = account.client("secretsmanager")
    arn = secrets.create_secret(Name=NAME)["ARN"]
    known = _known("aws:secretsmanager/secret:Secret", arn)
    return known, lambda: secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


MAKERS: Final[tuple[Callable[[Account], Made], ...]] = (
    *(network, subnet, internet_gateway, route_table, address, nat_gateway, machine, interface),
    *(endpoint, security_group, bucket, origin_access, distribution, topic, subscription, queue),
    *(server, parameter_group, subnet_group, cache_user, log_group, role, policy, profile, secret),
)

Reply = (
    tuple[str, Mapping[str, Any]]
    | tuple[str, str]
    | tuple[str, Mapping[str, Any], Mapping[str, Any]]
)
"""An operation as boto3 calls it, its answer (an object, or the code of an error), and where that
matters what it must be given.
"""


class Told:
    """A session whose clients answer what it is told, in that order; botocore checks both sides by
    AWS's own model, and a call that was not foreseen fails.
    """

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)

    def client(self, service: str, region_name: str, config: Any = None) -> Any:
        client = boto3.session.Session().client(
            service,
            region_name=region_name,
            config=config,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        stubber = Stubber(client)
        for operation, answer, *given in self._replies:
            if isinstance(answer, str):
                stubber.add_client_error(operation, service_error_code=answer)
            else:
                stubber.add_response(operation, dict(answer), *given)
        stubber.activate()
        return client


def told(*replies: Reply) -> Account:
    """An account of which only one service is asked."""
    return Account(
        id=ACCOUNT,
        region=REGION,
        partition="aws",
        who=f"arn:aws:iam::{ACCOUNT}:user/test",
        session=Told(*replies),
    )
