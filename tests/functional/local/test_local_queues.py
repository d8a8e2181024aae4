"""Topics and queues as Encore's runtime meets them: envelope, retries, order (contract §4.7.1)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from tests.functional.local.conftest import Local
from tests.support.graphs import AppFolder, subscription, topic

from encore_local.aws import Doors, open_doors, queue_url, topic_arn
from encore_local.layout import Layout
from encore_local.secrets import S3_KEY, LocalSecrets

ENVELOPE = {"Type", "MessageId", "TopicArn", "Message", "Timestamp", "UnsubscribeURL"}

PARTS = {
    "topics": (
        topic("placed"),
        topic("ledger", ordering_attribute="account"),
        topic("once", delivery="exactly-once"),
    ),
    "subscriptions": (
        subscription("placed", "mail", max_retries=1, ack_deadline=1),
        subscription("placed", "audit"),
        subscription("ledger", "book", max_concurrency=1),
        subscription("once", "count", max_retries=0, ack_deadline=0.2, retention=90.5),
    ),
}


@pytest.fixture
def queues(shared: AppFolder, local: Local) -> AppFolder:
    app = shared.but(**PARTS)
    local.apply(app)
    return app


@pytest.fixture
def doors(queues: AppFolder, local: Local) -> Iterator[Doors]:
    endpoint = local.provider.outputs(queues.target)["aws"]["endpoint"]
    secrets = LocalSecrets(Layout(folder=queues.target.state_dir).secrets, declared={})
    doors = open_doors(endpoint, secrets.generated(S3_KEY) or "")
    yield doors
    doors.close()


def test_a_published_message_reaches_every_subscription_in_its_envelope(
    doors: Doors, queues: AppFolder, local: Local
) -> None:
    outputs = local.provider.outputs(queues.target)
    arn = outputs["topics"]["placed"]["arn"]
    doors.sns.publish(arn, '{"id": 7}', attributes={"kind": "new"})
    for name in ("placed/mail", "placed/audit"):
        url = outputs["subscriptions"][name]["url"]
        (message,) = doors.sqs.receive(url, wait=5)
        body = json.loads(message.body)
        assert body.keys() >= ENVELOPE
        assert (body["Message"], body["TopicArn"]) == ('{"id": 7}', arn)
        assert body["MessageAttributes"]["kind"] == {"Type": "String", "Value": "new"}


def test_a_message_that_always_fails_ends_in_the_dead_letter_queue(
    doors: Doors, queues: AppFolder, local: Local
) -> None:
    """One retry: two deliveries, then the dead-letter queue."""
    outputs = local.provider.outputs(queues.target)
    subscribed = outputs["subscriptions"]["placed/mail"]
    doors.sns.publish(outputs["topics"]["placed"]["arn"], "poison")
    deliveries = 0
    deadline = time.monotonic() + 30
    dead: tuple[object, ...] = ()
    while not dead and time.monotonic() < deadline:
        deliveries += len(doors.sqs.receive(subscribed["url"], wait=1))
        dead = doors.sqs.receive(subscribed["dead_letter_url"])
    assert deliveries == 2
    assert len(dead) == 1


def test_an_ordered_topic_keeps_the_order_within_a_group(
    doors: Doors, queues: AppFolder, local: Local
) -> None:
    outputs = local.provider.outputs(queues.target)
    arn, url = outputs["topics"]["ledger"]["arn"], outputs["subscriptions"]["ledger/book"]["url"]
    assert arn.endswith(".fifo")
    assert url.endswith(".fifo")
    for number in range(5):
        doors.sns.publish(arn, str(number), group_id="a", deduplication_id=f"msg_{number}")
    got: list[str] = []
    deadline = time.monotonic() + 20
    while len(got) < 5 and time.monotonic() < deadline:
        for message in doors.sqs.receive(url, limit=1, wait=1):
            got.append(json.loads(message.body)["Message"])
            doors.sqs.delete_message(url, message.receipt)
    assert got == ["0", "1", "2", "3", "4"]


def test_equal_messages_are_two_messages(doors: Doors, queues: AppFolder, local: Local) -> None:
    """The runtime sends a fresh deduplication id each time; contents are never compared."""
    outputs = local.provider.outputs(queues.target)
    for number in range(2):
        doors.sns.publish(
            outputs["topics"]["once"]["arn"], "same", group_id="g", deduplication_id=f"id{number}"
        )
    url = outputs["subscriptions"]["once/count"]["url"]
    got = 0
    deadline = time.monotonic() + 20
    while got < 2 and time.monotonic() < deadline:
        for message in doors.sqs.receive(url, wait=1):
            got += 1
            doors.sqs.delete_message(url, message.receipt)
    assert got == 2


def test_queues_have_what_the_declaration_says(doors: Doors) -> None:
    attributes = doors.sqs.queue_attributes(queue_url(doors.endpoint, "once--count.fifo"))
    assert attributes["VisibilityTimeout"] == "1"
    assert attributes["MessageRetentionPeriod"] == "91"
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] in (101, "101")
    assert attributes["FifoQueue"] == "true"
    dead = doors.sqs.queue_attributes(queue_url(doors.endpoint, "once--count--dlq.fifo"))
    assert dead["FifoQueue"] == "true"
    assert dead["MessageRetentionPeriod"] == str(14 * 86400)
    plain = doors.sqs.queue_attributes(queue_url(doors.endpoint, "placed--audit"))
    assert plain.get("FifoQueue", "false") == "false"
    (statement,) = json.loads(plain["Policy"])["Statement"]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": topic_arn("placed")}}


def test_every_setting_that_was_changed_by_hand_is_seen_and_put_right(
    doors: Doors, queues: AppFolder, local: Local
) -> None:
    url = queue_url(doors.endpoint, "placed--audit")
    doors.sqs.set_queue_attributes(url, {"VisibilityTimeout": "99", "Policy": ""})
    feeds = {feed.endpoint.rpartition(":")[2]: feed for feed in doors.sns.list_subscriptions()}
    doors.sns.set_subscription_attribute(feeds["placed--audit"].arn, "RawMessageDelivery", "true")
    doors.sns.unsubscribe(feeds["placed--mail"].arn)
    doors.sqs.delete_queue(queue_url(doors.endpoint, "placed--mail--dlq"))
    doors.sns.delete_topic(topic_arn("ledger.fifo"))

    changes = {
        step.name: (step.op, sorted(change.path for change in step.diff))
        for step in local.plan(queues).changes
    }
    assert changes["placed/audit"] == (
        "update",
        ["raw_message_delivery", "send_allowed_to", "visibility_timeout"],
    )
    assert changes["placed/mail"][0] == "update"
    assert {"topic", "dead_letter_queue"} <= set(changes["placed/mail"][1])
    assert changes["ledger"][0] == "create"
    assert changes["ledger/book"] == ("update", ["topic"])
    local.apply(queues)
    assert local.changes(queues) == []


def test_what_is_tried_without_end_has_no_dead_letter_queue(
    doors: Doors, queues: AppFolder, local: Local
) -> None:
    """Encore's parser takes no such number; a graph that another program wrote may have it."""
    endless = (*PARTS["subscriptions"], subscription("placed", "retry", max_retries=-1))
    local.apply(queues.but(subscriptions=endless))
    assert local.changes(queues.but(subscriptions=endless)) == []
    own = [url for url in doors.sqs.list_queues() if "placed--retry" in url]
    assert len(own) == 1
    assert not doors.sqs.queue_attributes(own[0]).get("RedrivePolicy")
    outputs = local.provider.outputs(queues.target)["subscriptions"]
    assert outputs["placed/retry"].keys() == {"url"}


def test_a_removed_subscription_is_a_loss_and_takes_its_queues_with_it(
    doors: Doors, queues: AppFolder, local: Local
) -> None:
    less = queues.but(subscriptions=PARTS["subscriptions"][1:])
    plan = local.plan(less)
    assert plan.losses == ("subscription/placed/mail",)
    assert [step.op for step in plan.changes] == ["delete"]
    assert plan.changes[0].reason.startswith("DATA LOSS")
    local.apply(less, "subscription/placed/mail")
    left = [url.rpartition("/")[2] for url in doors.sqs.list_queues()]
    assert not [name for name in left if name.startswith("placed--mail")]
    assert topic_arn("placed") in list(doors.sns.list_topics())


def test_a_topic_that_becomes_ordered_is_replaced_with_its_queues(
    doors: Doors, queues: AppFolder, local: Local
) -> None:
    ordered = queues.but(topics=(topic("placed", ordering_attribute="id"), *PARTS["topics"][1:]))
    plan = local.plan(ordered)
    assert {step.name: step.op for step in plan.changes} == {
        "placed": "replace",
        "placed/mail": "replace",
        "placed/audit": "replace",
    }
    assert plan.losses == (
        "subscription/placed/audit",
        "subscription/placed/mail",
        "topic/placed",
    )
    local.apply(ordered, *plan.losses)
    assert local.changes(ordered) == []
    assert topic_arn("placed") not in list(doors.sns.list_topics())
    assert local.provider.outputs(ordered.target)["topics"]["placed"]["arn"].endswith(".fifo")


def test_what_others_made_on_the_server_is_left_alone(
    doors: Doors, queues: AppFolder, local: Local
) -> None:
    doors.sns.create_topic("somebody-elses")
    doors.sqs.create_queue("somebody-elses")
    doors.s3.create_bucket("somebody-elses")
    try:
        assert local.changes(queues) == []
    finally:
        doors.sns.delete_topic(topic_arn("somebody-elses"))
        doors.sqs.delete_queue(queue_url(doors.endpoint, "somebody-elses"))
        doors.s3.delete_bucket("somebody-elses")
