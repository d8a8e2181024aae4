"""What is left is found, what is gone is not, and what cannot be asked for is no news that it is
gone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from tests.support.aws_cases import APP, AWS, target
from tests.support.aws_things import (
    MAKERS,
    NAME,
    Made,
    bucket,
    network,
    queue,
    role,
    secret,
    security_group,
    server,
    told,
    topic,
)
from tests.support.fake_clock import Time
from tests.support.moto_server import MotoServer

from encore_aws import offline
from encore_aws.account import Account, AwsError
from encore_aws.leftovers import Known, left, look, of_plan, of_state
from encore_aws.presence import Follows, Question
from encore_aws.presence_table import ROWS
from encore_config.plan import UNKNOWN, Plan, PropertyDiff, Step, summarise
from encore_provisioner.engine.state import Kept, State
from encore_provisioner.waiting import Clock

TABLE: Final = "aws:ec2/routeTable:RouteTable"
SECRET: Final = "aws:secretsmanager/secret:Secret"
DISTRIBUTION: Final = "aws:cloudfront/distribution:Distribution"
LACKING: Final = {
    # What moto does not have is tried on botocore's models of the answers, below.
    "aws:cloudfront/cachePolicy:CachePolicy",
    "aws:elasticache/parameterGroup:ParameterGroup",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:elasticache/subnetGroup:SubnetGroup",
    "aws:elasticache/userGroup:UserGroup",
    "aws:lambda/function:Function",
}


def once(known: list[Known], account: Account) -> tuple[str, ...]:
    return look(known, account, patient=False, clock=Time().clock).left


@pytest.mark.parametrize("make", MAKERS)
def test_what_is_there_is_found_by_id_and_by_name_and_nothing_else_is(
    make: Callable[[Account], Made], account: Account
) -> None:
    known, undo = make(account)
    row = ROWS[known.type]
    assert isinstance(row, Question)
    assert bool(known.name) == bool(row.name)
    by_id = Known(type=known.type, id=known.id, urn=known.urn)
    by_name = Known(type=known.type, name=known.name, urn=known.urn)
    end = f"{known.id[:-4]}0000" if known.type != DISTRIBUTION else "E000000000000"
    other = Known(type=known.type, id=end, name=row.name and f"{NAME}-other")
    asked = [by_id, by_name, other] if known.name else [by_id, other]
    found = once(asked, account)
    assert len(found) == len(asked) - 1
    for line in found:
        assert line.startswith(f"{row.what} thing (")
        assert "is still there: " in line
        assert f"--region {account.region}`" in line
    undo()
    assert once([known, *asked], account) == ()


def test_every_type_is_tried() -> None:
    """On moto, or on an answer as AWS's model has it."""
    asked = {kind for kind, row in ROWS.items() if isinstance(row, Question)}
    made = {made_type(make) for make in MAKERS}
    assert made | LACKING == asked
    assert {kind for kind, *_ in ANSWERED} == LACKING


def made_type(make: Callable[[Account], Made]) -> str:
    """Read from the maker's own text, without an account."""
    words = (str(word) for word in make.__code__.co_consts)
    return next(word for word in words if word.startswith("aws:"))


ANSWERED: Final[tuple[tuple[str, str, dict[str, Any], str], ...]] = (
    (
        "aws:cloudfront/cachePolicy:CachePolicy",
        "get_cache_policy",
        {
            "CachePolicy": {
                "Id": "some-id",
                "LastModifiedTime": datetime(2026, 1, 1, tzinfo=UTC),
                "CachePolicyConfig": {"Name": NAME, "MinTTL": 0},
            }
        },
        "NoSuchCachePolicy",
    ),
    (
        "aws:elasticache/parameterGroup:ParameterGroup",
        "describe_cache_parameter_groups",
        {"CacheParameterGroups": [{"CacheParameterGroupName": "some-id"}]},
        "CacheParameterGroupNotFound",
    ),
    (
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "describe_replication_groups",
        {"ReplicationGroups": [{"ReplicationGroupId": "some-id", "Status": "deleting"}]},
        "ReplicationGroupNotFoundFault",
    ),
    (
        "aws:elasticache/subnetGroup:SubnetGroup",
        "describe_cache_subnet_groups",
        {"CacheSubnetGroups": [{"CacheSubnetGroupName": "some-id"}]},
        "CacheSubnetGroupNotFoundFault",
    ),
    (
        "aws:elasticache/userGroup:UserGroup",
        "describe_user_groups",
        {"UserGroups": [{"UserGroupId": "some-id", "Status": "active"}]},
        "UserGroupNotFound",
    ),
    (
        "aws:lambda/function:Function",
        "get_function_configuration",
        {"FunctionName": "some-id", "State": "Active"},
        "ResourceNotFoundException",
    ),
)


@pytest.mark.parametrize(("kind", "operation", "answer", "absent"), ANSWERED)
def test_what_moto_does_not_have_is_found_where_aws_has_it(
    kind: str, operation: str, answer: dict[str, Any], absent: str
) -> None:
    known = Known(type=kind, id="some-id")
    (line,) = once([known], told((operation, answer)))
    assert "(some-id)" in line or "some-id is still there" in line
    assert once([known], told((operation, absent))) == ()


def test_a_cache_policy_is_found_by_its_name() -> None:
    listed = [
        {"Type": "custom", "CachePolicy": {**ANSWERED[0][2]["CachePolicy"], "Id": id_}}
        for id_ in ("id-1",)
    ]
    pages = {"CachePolicyList": {"MaxItems": 100, "Quantity": 1, "Items": listed}}
    kind = "aws:cloudfront/cachePolicy:CachePolicy"
    (line,) = once([Known(type=kind, name=NAME)], told(("list_cache_policies", pages)))
    assert "--id id-1 " in line
    assert once([Known(type=kind, name="other")], told(("list_cache_policies", pages))) == ()


# What counts as what.


STATES: Final = (
    ("aws:ec2/natGateway:NatGateway", "describe_nat_gateways", "deleted", None),
    ("aws:ec2/natGateway:NatGateway", "describe_nat_gateways", "deleting", "still deleting it"),
    ("aws:ec2/natGateway:NatGateway", "describe_nat_gateways", "available", "it is available"),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "describe_vpc_endpoints", "Deleted", None),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "describe_vpc_endpoints", "deleting", "still deleting it"),
    ("aws:ec2/instance:Instance", "describe_instances", "terminated", None),
    ("aws:ec2/instance:Instance", "describe_instances", "shutting-down", "still deleting it"),
    ("aws:ec2/instance:Instance", "describe_instances", "stopped", "it is stopped"),
    ("aws:rds/instance:Instance", "describe_db_instances", "deleting", "still deleting it"),
    ("aws:rds/instance:Instance", "describe_db_instances", "storage-full", "it is storage-full"),
)


@pytest.mark.parametrize(("kind", "operation", "state", "why"), STATES)
def test_what_a_state_means(kind: str, operation: str, state: str, why: str | None) -> None:
    answers: dict[str, dict[str, Any]] = {
        "describe_nat_gateways": {"NatGateways": [{"NatGatewayId": "nat-1", "State": state}]},
        "describe_vpc_endpoints": {"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "State": state}]},
        "describe_instances": {
            "Reservations": [{"Instances": [{"InstanceId": "i-1", "State": {"Name": state}}]}]
        },
        "describe_db_instances": {
            "DBInstances": [{"DBInstanceIdentifier": NAME, "DBInstanceStatus": state}]
        },
    }
    found = once([Known(type=kind, id="it")], told((operation, answers[operation])))
    assert [why in line for line in found if why] == ([] if why is None else [True])
    assert bool(found) == (why is not None)


@pytest.mark.parametrize(("is_on", "why"), [(True, "AWS knows it"), (False, "it is switched off")])
def test_a_distribution_that_is_switched_off_is_not_gone(is_on: bool, why: str) -> None:
    answer = {
        "Distribution": {
            "Id": "E1",
            "ARN": "arn:aws:cloudfront::123456789012:distribution/E1",
            "Status": "Deployed",
            "LastModifiedTime": datetime(2026, 1, 1, tzinfo=UTC),
            "InProgressInvalidationBatches": 0,
            "DomainName": "made.test",
            "DistributionConfig": {
                "CallerReference": "1",
                "Origins": {"Quantity": 1, "Items": [{"Id": "b", "DomainName": "b.test"}]},
                "DefaultCacheBehavior": {
                    "TargetOriginId": "bucket",
                    "ViewerProtocolPolicy": "https-only",
                },
                "Comment": "",
                "Enabled": is_on,
            },
        }
    }
    known = Known(type=DISTRIBUTION, id="E1")
    (line,) = once([known], told(("get_distribution", answer)))
    assert why in line


def test_a_secret_that_can_be_restored_is_kept_and_not_left(account: Account) -> None:
    known, _ = secret(account)
    client = account.client("secretsmanager")
    deleted = client.delete_secret(SecretId=known.id, RecoveryWindowInDays=7)
    found = look([known], account, clock=Time().clock)
    assert found.left == ()
    (line,) = found.kept
    assert f"secret thing ({NAME}, {known.id}) is deleted" in line
    assert f"can be restored until {deleted['DeletionDate']:%Y-%m-%d}" in line


def test_a_new_secret_of_an_old_name_is_left(account: Account) -> None:
    """The old one is gone, and what has its name now is another."""
    known, undo = secret(account)
    undo()
    new, _ = secret(account)
    assert new.id != known.id
    (line,) = once([known], account)
    assert new.id in line


# Why it is still there.


def test_what_stands_in_the_way_of_a_network_is_named(account: Account) -> None:
    known, _ = security_group(account)
    ec2 = account.client("ec2")
    home = ec2.describe_security_groups(GroupIds=[known.id])["SecurityGroups"][0]["VpcId"]
    place = ec2.create_subnet(VpcId=home, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    ids = [
        ec2.create_network_interface(
            SubnetId=place, Groups=[known.id], Description=f"AWS Lambda VPC ENI-{number}"
        )["NetworkInterface"]["NetworkInterfaceId"]
        for number in range(5)
    ]
    for kind, id_ in (
        (known.type, known.id),
        ("aws:ec2/subnet:Subnet", place),
        ("aws:ec2/vpc:Vpc", home),
    ):
        (line,) = once([Known(type=kind, id=id_)], account)
        assert sum(each in line for each in ids) == 3, line
        assert "(AWS Lambda VPC ENI-" in line
        assert " and 2 more; " in line


def test_a_bucket_with_objects_says_so(account: Account) -> None:
    known, _ = bucket(account)
    (line,) = once([known], account)
    assert "in the way" not in line
    account.client("s3").put_object(Bucket=NAME, Key="a", Body=b"")
    (line,) = once([known], account)
    assert "is still there: AWS knows it, in the way: objects; `aws s3api" in line


def test_a_role_that_somebody_gave_a_policy_says_so(account: Account) -> None:
    known, _ = role(account)
    iam = account.client("iam")
    statement = '{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}'
    document = f'{{"Version": "2012-10-17", "Statement": [{statement}]}}'
    arn = iam.create_policy(PolicyName="theirs", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=NAME, PolicyArn=arn)
    assert f"in the way: {arn}; " in once([known], account)[0]
    policy = Known(type="aws:iam/policy:Policy", id=arn)
    assert f"in the way: {NAME}; " in once([policy], account)[0]


def test_who_may_not_see_what_is_in_the_way_is_told_the_rest(
    account: Account, moto: MotoServer
) -> None:
    known, _ = network(account)
    moto.fail("DescribeNetworkInterfaces", "UnauthorizedOperation", status=403)
    (line,) = once([known], account)
    assert "is still there: AWS says that it is available; " in line


# What cannot be asked.


def test_a_type_without_a_row_does_not_count_as_gone(account: Account) -> None:
    known = Known(type="aws:dax/cluster:Cluster", id="dax-1", urn="u::p::t::cluster")
    (line,) = once([known], account)
    assert line.startswith("aws:dax/cluster:Cluster cluster (dax-1) could not be asked for")


def test_a_question_that_is_denied_does_not_count_as_gone(
    account: Account, moto: MotoServer
) -> None:
    known, undo = topic(account)
    other, _ = queue(account)
    undo()
    words = "User: arn:x is not authorized to perform: SNS:GetTopicAttributes on resource: y"
    moto.fail("GetTopicAttributes", "AuthorizationError", words=words, status=403)
    first, second = once([known, other], account)
    assert first.startswith(f"topic thing ({NAME}, {known.id}) could not be asked for, and may")
    assert "SNS:GetTopicAttributes is not allowed" in first
    assert second.startswith("queue thing (")


def test_a_bucket_of_somebody_else_cannot_be_asked_for(account: Account, moto: MotoServer) -> None:
    known, undo = bucket(account)
    undo()
    moto.fail("HeadBucket", "AccessDenied", status=403)
    (line,) = once([known], account)
    assert "could not be asked for, and may still be there" in line


def test_with_credentials_that_expired_nothing_is_said(account: Account, moto: MotoServer) -> None:
    known, _ = topic(account)
    moto.fail("GetTopicAttributes", "ExpiredToken", status=403, times=9)
    with pytest.raises(AwsError, match="the credentials have expired"):
        once([known], account)


def test_a_busy_aws_is_asked_again() -> None:
    known = Known(type="aws:sns/topic:Topic", id="arn:aws:sns:eu-north-1:123456789012:t")
    busy = ("get_topic_attributes", "Throttling")
    answer = ("get_topic_attributes", {"Attributes": {"TopicArn": known.id}})
    time = Time()
    found = look([known], told(busy, busy, answer), patient=False, clock=time.clock)
    assert "is still there" in found.left[0]
    assert time.pauses == [2, 10]
    (line,) = look([known], told(busy, busy, busy), patient=False, clock=Time().clock).left
    assert "could not be asked for" in line


# Asking again, and asking once.


def test_what_goes_within_a_minute_is_no_leftover(account: Account) -> None:
    known, undo = topic(account)
    stays, _ = queue(account)
    pauses: list[float] = []
    words: list[str] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            undo()

    clock = Clock(now=lambda: 0.0, pause=pause)
    found = look([known, stays], account, on_wait=words.append, clock=clock)
    assert [line.split(" ")[0] for line in found.left] == ["queue"]
    assert sum(pauses) == 60
    assert words[0].startswith("2 of the resources can still be seen")
    assert words[-1].startswith("1 of the resources")


def test_what_is_gone_is_asked_for_once(account: Account, moto: MotoServer) -> None:
    known, undo = topic(account)
    undo()
    moto.calls.clear()
    again = Known(type=known.type, name=known.name, urn=known.urn)
    time = Time()
    assert look([known, again, known], account, clock=time.clock).left == ()
    assert moto.operations == ["GetTopicAttributes"]
    assert time.pauses == []


def test_many_are_asked_for_and_told_in_their_order(account: Account) -> None:
    sqs = account.client("sqs")
    kind = "aws:sqs/queue:Queue"
    known = [
        Known(type=kind, id=sqs.create_queue(QueueName=f"queue-{number}")["QueueUrl"])
        for number in range(40)
    ]
    found = once(known, account)
    assert [one.id in line for one, line in zip(known, found, strict=True)] == [True] * 40


def test_a_server_is_asked_for_by_its_own_id_and_by_its_name() -> None:
    """Another server has its name by now: it is none of ours, and it is told."""
    kind = "aws:rds/instance:Instance"
    by_id = {"Filters": [{"Name": "dbi-resource-id", "Values": ["db-ABC1"]}]}
    row = ROWS[kind]
    assert isinstance(row, Question)
    assert row.by_id.given("db-ABC1", told()) == by_id
    there = {"DBInstances": [{"DBInstanceIdentifier": NAME, "DBInstanceStatus": "available"}]}
    nothing: dict[str, Any] = {"DBInstances": []}
    account = told(("describe_db_instances", nothing), ("describe_db_instances", there))
    (line,) = once([Known(type=kind, id="db-ABC1", name=NAME)], account)
    assert f"--db-instance-identifier {NAME} " in line


def test_a_server_is_asked_for_by_its_name_where_that_is_its_id(account: Account) -> None:
    known, undo = server(account)
    one = Known(type=known.type, id=NAME)
    assert len(once([one], account)) == 1
    undo()
    assert left([one], account) == ()


# What is known.


def test_what_the_state_knows() -> None:
    state = State(
        resources=(
            Kept(urn="u::a", type="aws:ec2/vpc:Vpc", id="vpc-1", inputs={"tags": {"Name": "n"}}),
            Kept(urn="u::b", type=TABLE, id="rtb-1", doomed=True),
            Kept(urn="u::c", type="aws:s3/bucket:Bucket", id="b", outputs={"bucket": "b"}),
            Kept(urn="u::d", type=SECRET, id="arn", inputs={"name": dict(UNKNOWN)}),
            Kept(urn="u::e", type="encore:sql:LogicalDatabase", inputs={"name": "x"}),
            Kept(urn="u::f", type="other:index:Thing"),
        )
    )
    assert of_state(state) == (
        Known(type="aws:ec2/vpc:Vpc", id="vpc-1", name="n", urn="u::a"),
        Known(type=TABLE, id="rtb-1", urn="u::b"),
        Known(type="aws:s3/bucket:Bucket", id="b", name="b", urn="u::c"),
        Known(type=SECRET, id="arn", urn="u::d"),
        # It may be in a cloud that nobody here knows.
        Known(type="other:index:Thing", urn="u::f"),
    )


def test_what_a_plan_knows() -> None:
    queues = "aws:sqs/queue:Queue"
    steps = (
        step("create", "aws:ec2/vpc:Vpc", "a", PropertyDiff(path="tags.Name", after="n")),
        step("create", "aws:s3/bucket:Bucket", "b", PropertyDiff(path="bucket", after=UNKNOWN)),
        step("delete", queues, "c", PropertyDiff(path="name", before="old")),
        step("replace", queues, "d", PropertyDiff(path="name", before="one", after="two")),
        step("same", "aws:sns/topicPolicy:TopicPolicy", "e", PropertyDiff(path="name", after="x")),
    )
    plan = Plan(
        app="shop",
        environment="production",
        provider="aws",
        mode="offline",
        summary=summarise(steps),
        steps=steps,
    )
    assert of_plan(plan) == (
        Known(type="aws:ec2/vpc:Vpc", name="n", urn="a"),
        Known(type=queues, name="old", urn="c"),
        Known(type=queues, name="one", urn="d"),
        Known(type=queues, name="two", urn="d"),
    )


def step(op: Any, kind: str, urn: str, *diff: PropertyDiff) -> Step:
    return Step(op=op, type=kind, name=urn, urn=urn, diff=diff)


CASES: Final = sorted(path.name for path in AWS.iterdir() if path.name not in ("app", "errors"))


@pytest.mark.parametrize("case", [case for case in CASES if case != "shop"])
def test_all_of_a_plan_is_known_by_a_name_or_goes_with_something(case: str) -> None:
    """What the program makes, by each of its options."""
    plan = offline.make_plan(target(APP, AWS / case, "production"))
    known = {one.urn: one for one in of_plan(plan)}
    for one in plan.steps:
        row = ROWS[one.type]
        if isinstance(row, Follows):
            needed = {urn for urns in one.needs.values() for urn in urns}
            assert any(f"::{row.owner}::" in urn for urn in needed), one.urn
        elif row.name:
            unknown = [item for item in one.diff if item.after == UNKNOWN]
            is_unknown = any(item.path == row.name for item in unknown)
            assert (one.urn in known) != is_unknown, one.urn
            assert known.get(one.urn) is None or known[one.urn].name
