"""SQS: what goes over the wire for each call, and what becomes of the answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.wire import CREDENTIALS, FakeTransport, answer, fixed_clock

from encore_provisioner.clients.aws import AwsError
from encore_provisioner.clients.sqs import Message, Sqs

URL = "http://127.0.0.1:1/000000000000/orders"


def door(*answers: Any) -> tuple[Sqs, FakeTransport]:
    transport = FakeTransport(*answers)
    sqs = Sqs(
        endpoint="http://127.0.0.1:1",
        region="us-east-1",
        credentials=CREDENTIALS,
        transport=transport,
        clock=fixed_clock,
    )
    return sqs, transport


def bodies(transport: FakeTransport) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in transport.requests]


CALLS: tuple[tuple[str, Callable[[Sqs], object], str, dict[str, Any]], ...] = (
    (
        "create_queue",
        lambda sqs: sqs.create_queue("q", attributes={"FifoQueue": "true"}, tags={"k": "v"}),
        "CreateQueue",
        {"QueueName": "q", "Attributes": {"FifoQueue": "true"}, "tags": {"k": "v"}},
    ),
    (
        "create_queue, bare",
        lambda sqs: sqs.create_queue("q"),
        "CreateQueue",
        {"QueueName": "q", "Attributes": {}, "tags": {}},
    ),
    ("queue_url", lambda sqs: sqs.queue_url("q"), "GetQueueUrl", {"QueueName": "q"}),
    (
        "queue_attributes",
        lambda sqs: sqs.queue_attributes(URL),
        "GetQueueAttributes",
        {"QueueUrl": URL, "AttributeNames": ["All"]},
    ),
    (
        "set_queue_attributes",
        lambda sqs: sqs.set_queue_attributes(URL, {"DelaySeconds": "1"}),
        "SetQueueAttributes",
        {"QueueUrl": URL, "Attributes": {"DelaySeconds": "1"}},
    ),
    ("delete_queue", lambda sqs: sqs.delete_queue(URL), "DeleteQueue", {"QueueUrl": URL}),
    ("purge_queue", lambda sqs: sqs.purge_queue(URL), "PurgeQueue", {"QueueUrl": URL}),
    ("tags", lambda sqs: sqs.tags(URL), "ListQueueTags", {"QueueUrl": URL}),
    (
        "tag",
        lambda sqs: sqs.tag(URL, {"a": "b"}),
        "TagQueue",
        {"QueueUrl": URL, "Tags": {"a": "b"}},
    ),
    (
        "untag",
        lambda sqs: sqs.untag(URL, "b", "a"),
        "UntagQueue",
        {"QueueUrl": URL, "TagKeys": ["a", "b"]},
    ),
    (
        "send",
        lambda sqs: sqs.send(URL, "ü", group_id="g", deduplication_id="d"),
        "SendMessage",
        {
            "QueueUrl": URL,
            "MessageBody": "ü",
            "MessageGroupId": "g",
            "MessageDeduplicationId": "d",
        },
    ),
    (
        "send, standard queue",
        lambda sqs: sqs.send(URL, "x"),
        "SendMessage",
        {"QueueUrl": URL, "MessageBody": "x"},
    ),
    (
        "receive",
        lambda sqs: sqs.receive(URL, limit=10, wait=20, visibility=30),
        "ReceiveMessage",
        {
            "QueueUrl": URL,
            "MaxNumberOfMessages": 10,
            "WaitTimeSeconds": 20,
            "VisibilityTimeout": 30,
            "MessageSystemAttributeNames": ["All"],
        },
    ),
    (
        "delete_message",
        lambda sqs: sqs.delete_message(URL, "r"),
        "DeleteMessage",
        {"QueueUrl": URL, "ReceiptHandle": "r"},
    ),
)


@pytest.mark.parametrize(
    ("call", "operation", "body"), [c[1:] for c in CALLS], ids=[c[0] for c in CALLS]
)
def test_bodies(call: Callable[[Sqs], object], operation: str, body: dict[str, Any]) -> None:
    sqs, transport = door(answer(json.dumps({"QueueUrl": URL, "MessageId": "m"})))
    call(sqs)
    assert bodies(transport) == [body]
    [request] = transport.requests
    assert (request.method, request.target) == ("POST", "/")
    assert request.headers["x-amz-target"] == f"AmazonSQS.{operation}"
    assert request.headers["content-type"] == "application/x-amz-json-1.0"
    assert "x-amz-target" in request.headers["authorization"]


def test_lists_all_pages() -> None:
    sqs, transport = door(
        answer(json.dumps({"QueueUrls": ["a", "b"], "NextToken": "t"})), answer("{}")
    )
    assert list(sqs.list_queues("p")) == ["a", "b"]
    first = {"QueueNamePrefix": "p", "MaxResults": 1000}
    assert bodies(transport) == [first, {**first, "NextToken": "t"}]


def test_messages() -> None:
    raw = {"MessageId": "m", "ReceiptHandle": "r", "Body": "b", "MD5OfBody": "x"}
    sqs, _ = door(answer(json.dumps({"Messages": [raw, {**raw, "Attributes": {"a": "1"}}]})))
    first, second = sqs.receive(URL)
    assert first == Message(id="m", receipt="r", body="b", attributes={})
    assert second.attributes == {"a": "1"}


def test_a_long_poll_may_take_its_time() -> None:
    sqs, transport = door(answer("{}"))
    assert sqs.receive(URL, wait=20) == ()
    assert transport.requests[0].wait == 20.0


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (
            {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no queue"},
            "QueueDoesNotExist",
            "no queue",
        ),
        ({"__type": "QueueNameExists", "Message": "taken"}, "QueueNameExists", "taken"),
        ({}, "400", "no message"),
    ],
    ids=["namespace", "capital", "bare"],
)
def test_errors(body: dict[str, str], code: str, message: str) -> None:
    sqs, _ = door(answer(json.dumps(body), status=400))
    with pytest.raises(AwsError) as caught:
        sqs.queue_attributes(URL)
    error = caught.value
    assert (error.code, error.detail, error.status) == (code, message, 400)
    assert error.missing == (code == "QueueDoesNotExist")


@pytest.mark.parametrize("body", ["<html>", "[]", '"x"'])
def test_answers_that_are_no_object(body: str) -> None:
    sqs, _ = door(answer(body))
    with pytest.raises(AwsError) as caught:
        sqs.queue_url("q")
    assert caught.value.code == "InvalidResponse"
