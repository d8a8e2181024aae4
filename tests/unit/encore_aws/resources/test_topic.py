"""Topics and queues: what they are decided to be, what Pulumi is asked for, what the app gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, run
from tests.support.graphs import graph, subscription, topic

from encore_aws.resources import topic as kind
from encore_config.graph import Graph
from encore_config.plan import UNKNOWN
from encore_provisioner.binding import SubscriptionBinding, TopicBinding
from encore_provisioner.engine.recording import Recorded

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
PLAIN = graph(topics=(topic("orders"),), subscriptions=(subscription("orders", "ship"),))
ORDERED = graph(
    topics=(topic("carts", ordering_attribute="cart"),),
    subscriptions=(subscription("carts", "learn"),),
)
DECLARATIONS = ["queue", "dead-letters", "dead-letters-from", "policy", "subscription"]


def made(app: Graph, *, key: str | None = None) -> dict[str, Recorded]:
    wanted = kind.normalise(app, NAMES, key=key)
    found, _ = run(lambda stage: kind.create(wanted, stage), made=True)
    return by_name(found)


def policy(resource: Recorded, name: str) -> Any:
    return json.loads(resource.inputs[name])


def test_a_subscription_is_a_queue_with_all_that_the_core_leaves_to_others() -> None:
    found = made(PLAIN)
    queue = found["subscription/orders/ship#queue"].inputs
    assert queue["visibilityTimeoutSeconds"] == 30
    assert queue["messageRetentionSeconds"] == 7 * 86400
    assert queue["receiveWaitTimeSeconds"] == 20
    assert queue["sqsManagedSseEnabled"] is True
    assert "fifoQueue" not in queue
    dead = found["subscription/orders/ship#dead-letters"]
    assert dead.inputs["messageRetentionSeconds"] == 14 * 86400
    assert dead.inputs["name"].endswith("-dlq")
    assert json.loads(queue["redrivePolicy"]) == {
        "deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{dead.inputs['name']}",
        "maxReceiveCount": 101,
    }
    assert set(found) == {
        "topic/orders",
        *(f"subscription/orders/ship#{part}" for part in DECLARATIONS),
    }


def test_messages_come_in_the_envelope_that_the_core_reads() -> None:
    assert (
        made(PLAIN)["subscription/orders/ship#subscription"].inputs["rawMessageDelivery"] is False
    )


def test_only_its_topic_may_send_and_may_before_anything_is_sent() -> None:
    found = made(PLAIN)
    name = found["topic/orders"].inputs["name"]
    queue = found["subscription/orders/ship#queue"].inputs["name"]
    assert policy(found["subscription/orders/ship#policy"], "policy")["Statement"] == [
        {
            "Sid": "topic",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
            "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"}},
        }
    ]
    needs = found["subscription/orders/ship#subscription"].depends_on
    assert found["subscription/orders/ship#policy"].urn in needs


def test_only_its_queue_may_put_messages_aside() -> None:
    found = made(PLAIN)
    queue = found["subscription/orders/ship#queue"].inputs["name"]
    allowed = policy(found["subscription/orders/ship#dead-letters-from"], "redriveAllowPolicy")
    assert allowed == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"],
    }


def test_order_makes_topic_queue_and_dead_letters_fifo() -> None:
    found = made(ORDERED)
    parts = [found["topic/carts"]]
    parts += [found[f"subscription/carts/learn#{part}"] for part in ("queue", "dead-letters")]
    for part in parts:
        assert part.inputs["name"].endswith(".fifo")
        assert part.inputs["contentBasedDeduplication"] is False
    assert found["topic/carts"].inputs["fifoTopic"] is True
    assert found["topic/carts"].inputs["fifoThroughputScope"] == "MessageGroup"
    for queue in parts[1:]:
        assert queue.inputs["fifoQueue"] is True
        assert queue.inputs["deduplicationScope"] == "messageGroup"
        assert queue.inputs["fifoThroughputLimit"] == "perMessageGroupId"


def test_everything_is_encrypted_with_keys_that_sns_may_use() -> None:
    own, given = made(PLAIN), made(PLAIN, key=KEY)
    assert own["topic/orders"].inputs["kmsMasterKeyId"] == "alias/aws/sns"
    assert given["topic/orders"].inputs["kmsMasterKeyId"] == KEY
    for part in ("queue", "dead-letters"):
        assert "kmsMasterKeyId" not in own[f"subscription/orders/ship#{part}"].inputs
        queue = given[f"subscription/orders/ship#{part}"].inputs
        assert queue["kmsMasterKeyId"] == KEY
        assert "sqsManagedSseEnabled" not in queue


def test_before_an_apply_only_arns_are_unknown() -> None:
    wanted = kind.normalise(PLAIN, NAMES)
    found, notes = run(lambda stage: kind.create(wanted, stage))
    resources = by_name(found)
    queue = resources["subscription/orders/ship#queue"].inputs
    assert queue["redrivePolicy"] == UNKNOWN
    assert queue["name"] == NAMES.name("queue", "orders", "ship")
    assert resources["subscription/orders/ship#policy"].inputs == {
        "policy": UNKNOWN,
        "queueUrl": UNKNOWN,
    }
    assert set(notes) == set(resources)
    assert {str(note.declaration) for note in notes.values()} == {
        "topic/orders",
        "subscription/orders/ship",
    }
    assert all(note.declaration is not None and note.declaration.at for note in notes.values())


def test_tags_say_whose_it_is_and_not_where_it_is_declared() -> None:
    found = made(PLAIN)
    assert found["subscription/orders/ship#queue"].inputs["tags"] == {
        "encore:app": "shop",
        "encore:environment": "production",
        "encore:declaration": "subscription/orders/ship",
        "encore:service": "shop",
    }
    assert "main.ts" not in json.dumps([resource.inputs for resource in found.values()])


@pytest.mark.parametrize("app", [PLAIN, ORDERED, graph()], ids=["plain", "ordered", "empty"])
def test_the_app_gets_every_topic_and_subscription_once(app: Graph) -> None:
    wanted = kind.normalise(app, NAMES)
    outputs = run(lambda stage: kind.create(wanted, stage), made=True)[0].outputs
    bound = list(kind.expose(app, outputs))
    topics = [b for b in bound if isinstance(b, TopicBinding)]
    queues = [b for b in bound if isinstance(b, SubscriptionBinding)]
    assert [b.name for b in topics] == [t.name for t in app.topics]
    assert [(b.topic, b.name) for b in queues] == [(s.topic, s.name) for s in app.subscriptions]
    for found, name in zip(topics, wanted.topics, strict=True):
        assert found.arn == f"arn:aws:sns:{REGION}:{ACCOUNT}:{name.name}"
    for item, queue in zip(queues, wanted.queues, strict=True):
        assert item.url.endswith(f"/{ACCOUNT}/{queue.name}")
