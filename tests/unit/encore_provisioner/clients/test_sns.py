"""SNS: what goes over the wire for each call, and what becomes of the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from tests.support.wire import CREDENTIALS, FakeTransport, answer, fixed_clock

from encore_provisioner.clients.aws import AwsError, AwsUnreachableError
from encore_provisioner.clients.sns import Sns, Subscription

ARN = "arn:aws:sns:us-east-1:000000000000:orders"


def door(*answers: Any) -> tuple[Sns, FakeTransport]:
    transport = FakeTransport(*answers)
    sns = Sns(
        endpoint="http://127.0.0.1:1",
        region="us-east-1",
        credentials=CREDENTIALS,
        transport=transport,
        clock=fixed_clock,
    )
    return sns, transport


def forms(transport: FakeTransport) -> list[dict[str, str]]:
    sent = []
    for request in transport.requests:
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        assert form.pop("Version") == "2010-03-31"
        sent.append(form)
    return sent


Calls = tuple[str, Callable[[Sns], object], dict[str, str]]
EMPTY = "<R/>"

CALLS: tuple[Calls, ...] = (
    (
        "create_topic",
        lambda sns: sns.create_topic("a.fifo", attributes={"FifoTopic": "true"}, tags={"k": "v"}),
        {
            "Action": "CreateTopic",
            "Name": "a.fifo",
            "Attributes.entry.1.key": "FifoTopic",
            "Attributes.entry.1.value": "true",
            "Tags.member.1.Key": "k",
            "Tags.member.1.Value": "v",
        },
    ),
    (
        "set_topic_attribute",
        lambda sns: sns.set_topic_attribute(ARN, "Policy", "{}"),
        {
            "Action": "SetTopicAttributes",
            "TopicArn": ARN,
            "AttributeName": "Policy",
            "AttributeValue": "{}",
        },
    ),
    (
        "delete_topic",
        lambda sns: sns.delete_topic(ARN),
        {"Action": "DeleteTopic", "TopicArn": ARN},
    ),
    (
        "tag",
        lambda sns: sns.tag(ARN, {"b": "2", "a": "ü &"}),
        {
            "Action": "TagResource",
            "ResourceArn": ARN,
            "Tags.member.1.Key": "a",
            "Tags.member.1.Value": "ü &",
            "Tags.member.2.Key": "b",
            "Tags.member.2.Value": "2",
        },
    ),
    (
        "untag",
        lambda sns: sns.untag(ARN, "b", "a"),
        {
            "Action": "UntagResource",
            "ResourceArn": ARN,
            "TagKeys.member.1": "a",
            "TagKeys.member.2": "b",
        },
    ),
    (
        "subscribe",
        lambda sns: sns.subscribe(
            ARN, protocol="sqs", endpoint="arn:q", attributes={"RawMessageDelivery": "false"}
        ),
        {
            "Action": "Subscribe",
            "TopicArn": ARN,
            "Protocol": "sqs",
            "Endpoint": "arn:q",
            "ReturnSubscriptionArn": "true",
            "Attributes.entry.1.key": "RawMessageDelivery",
            "Attributes.entry.1.value": "false",
        },
    ),
    (
        "unsubscribe",
        lambda sns: sns.unsubscribe("arn:s"),
        {"Action": "Unsubscribe", "SubscriptionArn": "arn:s"},
    ),
    (
        "set_subscription_attribute",
        lambda sns: sns.set_subscription_attribute("arn:s", "RawMessageDelivery", "false"),
        {
            "Action": "SetSubscriptionAttributes",
            "SubscriptionArn": "arn:s",
            "AttributeName": "RawMessageDelivery",
            "AttributeValue": "false",
        },
    ),
    (
        "publish",
        lambda sns: sns.publish(
            ARN, "{}", attributes={"a": "1"}, group_id="g", deduplication_id="d"
        ),
        {
            "Action": "Publish",
            "TopicArn": ARN,
            "Message": "{}",
            "MessageGroupId": "g",
            "MessageDeduplicationId": "d",
            "MessageAttributes.entry.1.Name": "a",
            "MessageAttributes.entry.1.Value.DataType": "String",
            "MessageAttributes.entry.1.Value.StringValue": "1",
        },
    ),
    (
        "publish without ids",
        lambda sns: sns.publish(ARN, "x"),
        {"Action": "Publish", "TopicArn": ARN, "Message": "x"},
    ),
)


@pytest.mark.parametrize(("call", "form"), [c[1:] for c in CALLS], ids=[c[0] for c in CALLS])
def test_forms(call: Callable[[Sns], object], form: dict[str, str]) -> None:
    sns, transport = door(answer(EMPTY))
    call(sns)
    assert forms(transport) == [form]
    [request] = transport.requests
    assert (request.method, request.target) == ("POST", "/")
    assert request.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert "/us-east-1/sns/aws4_request" in request.headers["authorization"]


def test_lists_all_pages() -> None:
    def page(names: str, token: str) -> Any:
        topics = "".join(f"<member><TopicArn>{n}</TopicArn></member>" for n in names)
        next_token = f"<NextToken>{token}</NextToken>" if token else ""
        return answer(
            "<ListTopicsResponse><ListTopicsResult>"
            f"<Topics>{topics}</Topics>{next_token}</ListTopicsResult></ListTopicsResponse>"
        )

    sns, transport = door(page("ab", "t1"), page("c", "t2"), page("", ""))
    assert list(sns.list_topics()) == ["a", "b", "c"]
    assert [form.get("NextToken") for form in forms(transport)] == [None, "t1", "t2"]


@pytest.mark.parametrize(
    ("topic", "operation"), [(None, "ListSubscriptions"), (ARN, "ListSubscriptionsByTopic")]
)
def test_lists_subscriptions(topic: str | None, operation: str) -> None:
    sns, transport = door(
        answer(
            f"<R><{operation}Result><Subscriptions><member><SubscriptionArn>arn:s</SubscriptionArn>"
            f"<TopicArn>{ARN}</TopicArn><Protocol>sqs</Protocol><Endpoint>arn:q</Endpoint>"
            f"</member></Subscriptions></{operation}Result></R>"
        )
    )
    expected = Subscription(arn="arn:s", topic_arn=ARN, protocol="sqs", endpoint="arn:q")
    assert list(sns.list_subscriptions(topic)) == [expected]
    assert forms(transport)[0]["Action"] == operation


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        (lambda sns: sns.topic_attributes(ARN), "GetTopicAttributes"),
        (lambda sns: sns.subscription_attributes(ARN), "GetSubscriptionAttributes"),
    ],
    ids=["topic", "subscription"],
)
def test_reads_attributes(call: Callable[[Sns], dict[str, str]], operation: str) -> None:
    entry = "<entry><key>FifoTopic</key><value>true</value></entry>"
    sns, _ = door(
        answer(f"<R><{operation}Result><Attributes>{entry}</Attributes></{operation}Result></R>")
    )
    assert call(sns) == {"FifoTopic": "true"}


def test_errors_carry_the_services_words() -> None:
    sns, _ = door(
        answer(
            "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code>"
            "<Message>Topic does not exist</Message></Error></ErrorResponse>",
            status=404,
        )
    )
    with pytest.raises(AwsError) as caught:
        sns.topic_attributes(ARN)
    error = caught.value
    assert (error.code, error.detail, error.status) == ("NotFound", "Topic does not exist", 404)
    assert error.operation == "SNS GetTopicAttributes"
    assert error.missing
    assert str(error) == "SNS GetTopicAttributes failed: Topic does not exist (NotFound)"


def test_an_answer_that_is_no_xml() -> None:
    sns, _ = door(answer("<html><p>Bad gateway", status=502))
    with pytest.raises(AwsError) as caught:
        sns.create_topic("a")
    assert (caught.value.code, caught.value.status) == ("InvalidResponse", 502)


def test_nobody_answers() -> None:
    sns, _ = door(ConnectionRefusedError())
    with pytest.raises(AwsUnreachableError) as caught:
        sns.create_topic("a")
    assert caught.value.refused
    assert not caught.value.missing
    assert caught.value.status == 0
