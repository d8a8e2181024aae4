"""A function that really runs, with the rights and the network that it was given."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.moto_server import ACCOUNT, REGION, MotoServer

Client = Any
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
NETWORK_RIGHT = {"Effect": "Allow", "Action": "ec2:CreateNetworkInterface", "Resource": "*"}
ECHO = "def handle(event, context):\n    return {'heard': event, 'name': context.function_name}\n"


def zipped(text: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        opened.writestr("code.py", text)
    return target.getvalue()


def role(client: Client, *statements: dict[str, Any], trust: Any = TRUST) -> str:
    iam = client("iam")
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    if statements:
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(policy))
    return str(arn)


def create(client: Client, text: str, arn: str, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "FunctionName": "inside",
        "Runtime": "python3.13",
        "Handler": "code.handle",
        "Timeout": 60,
    }
    code = {"ZipFile": zipped(text)}
    made = client("lambda").create_function(Code=code, Role=arn, **{**given, **more})
    return dict(made)


def call(client: Client, event: Any = None, name: str = "inside") -> tuple[str | None, Any]:
    found = client("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}).encode())
    return found.get("FunctionError"), json.loads(found["Payload"].read())


def test_it_runs_and_answers(aws: MotoServer, client: Client) -> None:
    made = create(client, ECHO, role(client))
    assert call(client, {"a": 1}) == (None, {"heard": {"a": 1}, "name": "inside"})
    assert call(client, {"a": 2}, made["FunctionArn"])[1]["heard"] == {"a": 2}
    assert [run.event for run in aws.functions.runs] == [{"a": 1}, {"a": 2}]


def test_new_code_is_what_runs(client: Client) -> None:
    create(client, ECHO, role(client))
    text = "def handle(event, context):\n    return 'new'\n"
    client("lambda").update_function_code(FunctionName="inside", ZipFile=zipped(text))
    assert call(client) == (None, "new")


def test_it_sees_its_own_variables_and_no_package_of_this_project(client: Client) -> None:
    text = """
import importlib.util, os
import boto3
def handle(event, context):
    there = [n for n in event if importlib.util.find_spec(n)]
    has_time = context.get_remaining_time_in_millis() > 0
    return [os.environ["WORD"], os.environ["AWS_REGION"], there, has_time]
"""
    create(client, text, role(client), Environment={"Variables": {"WORD": "yes"}})
    asked = ["encore_aws", "pg8000", "pulumi", "tests", "botocore"]
    assert call(client, asked) == (None, ["yes", REGION, ["botocore"], True])


def test_what_it_raises_is_told_as_lambda_tells_it(client: Client) -> None:
    create(client, "def handle(event, context):\n    raise ValueError('no')\n", role(client))
    error, answer = call(client)
    assert (error, answer["errorType"], answer["errorMessage"]) == ("Unhandled", "ValueError", "no")


def test_one_that_ends_itself(client: Client) -> None:
    create(client, "import os\ndef handle(e, c):\n    os._exit(3)\n", role(client))
    error, answer = call(client)
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")


def test_its_time_is_over(aws: MotoServer, client: Client) -> None:
    aws.functions.most_seconds = 1.0
    create(client, "import time\ndef handle(e, c):\n    time.sleep(30)\n", role(client))
    error, answer = call(client)
    assert (error, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert "Task timed out after 1.00 seconds" in answer["errorMessage"]


def test_there_is_none_of_that_name(client: Client) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        call(client)


def test_settings_that_moto_drops(client: Client, network: dict[str, Any]) -> None:
    made = create(
        client,
        ECHO,
        role(client, NETWORK_RIGHT),
        LoggingConfig={"LogFormat": "JSON", "LogGroup": "theirs"},
        Architectures=["arm64"],
        VpcConfig={"SubnetIds": network["subnets"], "SecurityGroupIds": [network["compute"]]},
    )
    assert made["LoggingConfig"]["LogGroup"] == "theirs"
    found = client("lambda").get_function(FunctionName="inside")["Configuration"]
    assert (found["LoggingConfig"], found["Architectures"], found["VpcConfig"]["VpcId"]) == (
        {"LogFormat": "JSON", "LogGroup": "theirs"},
        ["arm64"],
        network["vpc"],
    )


# What its role may do.

READS = """
import boto3
def handle(event, context):
    found = boto3.client("secretsmanager").get_secret_value(SecretId=event["secret"])
    return found["SecretString"]
"""


def secret(client: Client, name: str = "password", **more: Any) -> str:
    made = client("secretsmanager").create_secret(Name=name, SecretString="hidden", **more)
    return str(made["ARN"])


def reading(resource: str, action: str = "secretsmanager:GetSecretValue") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": [action], "Resource": [resource]}


def test_it_reads_what_its_role_lets_it_read(client: Client) -> None:
    arn, other = secret(client), secret(client, "other")
    create(client, READS, role(client, reading(arn)))
    assert call(client, {"secret": arn}) == (None, "hidden")
    error, answer = call(client, {"secret": other})
    assert (error, answer["errorType"]) == ("Unhandled", "ClientError")
    assert (
        f"not authorized to perform: secretsmanager:GetSecretValue on resource: {other}"
        in (answer["errorMessage"])
    )


def test_a_policy_of_its_own_counts_as_one_inside_the_role(client: Client) -> None:
    arn = secret(client)
    created = role(client)
    policy = {"Version": "2012-10-17", "Statement": [reading(arn, "secretsmanager:Get*")]}
    made = client("iam").create_policy(PolicyName="q", PolicyDocument=json.dumps(policy))
    client("iam").attach_role_policy(RoleName="r", PolicyArn=made["Policy"]["Arn"])
    create(client, READS, created)
    assert call(client, {"secret": arn}) == (None, "hidden")


def test_a_secret_under_a_key_of_ones_own_wants_the_key_too(client: Client) -> None:
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    arn = secret(client, KmsKeyId=key)
    through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}}
    create(client, READS, role(client, reading(arn)))
    assert "kms:Decrypt" in call(client, {"secret": arn})[1]["errorMessage"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [reading(arn), {**reading(key, "kms:Decrypt"), "Condition": through}],
    }
    client("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(policy))
    assert call(client, {"secret": arn}) == (None, "hidden")


FETCHES = """
import boto3
def handle(event, context):
    return boto3.client("s3").get_object(Bucket="files", Key=event["key"])["Body"].read().decode()
"""


def test_objects_by_their_prefix(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in ("mine/1", "theirs/1"):
        s3.put_object(Bucket="files", Key=key, Body=key.encode())
    create(client, FETCHES, role(client, reading("arn:aws:s3:::files/mine/*", "s3:GetObject")))
    assert call(client, {"key": "mine/1"}) == (None, "mine/1")
    assert "AccessDenied" in call(client, {"key": "theirs/1"})[1]["errorMessage"]


def test_what_else_there_is_in_aws_it_may_not(client: Client) -> None:
    text = "import boto3\ndef handle(e, c):\n    boto3.client('sqs').list_queues()\n"
    create(client, text, role(client))
    assert "not authorized to perform: sqs:ListQueues" in call(client)[1]["errorMessage"]


def test_a_role_that_is_not_for_lambda(client: Client) -> None:
    trust = json.loads(json.dumps(TRUST).replace("lambda.", "ecs-tasks."))
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        create(client, ECHO, role(client, trust=trust))


def test_a_role_that_may_make_no_network_interface(client: Client, network: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="CreateNetworkInterface"):
        create(client, ECHO, role(client), VpcConfig=placed(network))


# What its network leads to.


def placed(network: dict[str, Any]) -> dict[str, Any]:
    return {"SubnetIds": network["subnets"], "SecurityGroupIds": [network["compute"]]}


KNOCKS = """
import socket
def handle(event, context):
    try:
        socket.create_connection((event["host"], event["port"]), 3).close()
    except TimeoutError:
        return "no way"
    return "there"
"""


def rule(network: dict[str, Any], other: str, port: int) -> list[dict[str, Any]]:
    pair = {"GroupId": network[other], "UserId": ACCOUNT}
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [pair]}]


def test_it_reaches_a_server_whose_group_lets_its_own_in(
    client: Client, network: dict[str, Any]
) -> None:
    client("rds").create_db_subnet_group(
        DBSubnetGroupName="places", DBSubnetGroupDescription="d", SubnetIds=network["subnets"]
    )
    client("rds").create_db_instance(
        DBInstanceIdentifier="shop",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="encore_admin",
        ManageMasterUserPassword=True,
        DBSubnetGroupName="places",
        VpcSecurityGroupIds=[network["storage"]],
        Port=5432,
    )
    (found,) = client("rds").describe_db_instances()["DBInstances"]
    event = {"host": found["Endpoint"]["Address"], "port": found["Endpoint"]["Port"]}
    create(client, KNOCKS, role(client, NETWORK_RIGHT))
    assert call(client, event) == (None, "no way")
    client("lambda").update_function_configuration(FunctionName="inside", VpcConfig=placed(network))
    assert call(client, event) == (None, "no way")
    client("ec2").authorize_security_group_ingress(
        GroupId=network["storage"], IpPermissions=rule(network, "compute", event["port"])
    )
    assert call(client, event) == (None, "there")


def test_without_a_way_out_it_does_not_reach_aws(client: Client, network: dict[str, Any]) -> None:
    arn = secret(client)
    text = READS.replace(
        'boto3.client("secretsmanager")',
        'boto3.client("secretsmanager", config=Config(retries={"total_max_attempts": 1}))',
    ).replace("import boto3", "import boto3\nfrom botocore.config import Config")
    create(client, text, role(client, NETWORK_RIGHT, reading(arn)), VpcConfig=placed(network))
    assert call(client, {"secret": arn}) == (None, "hidden")
    client("ec2").revoke_security_group_egress(
        GroupId=network["compute"],
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    error, answer = call(client, {"secret": arn})
    assert (error, answer["errorType"]) == ("Unhandled", "ConnectTimeoutError")
