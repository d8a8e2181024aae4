"""Queues: what they are decided to be, what Pulumi is asked for, what the app gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, run, settings_of
from tests.support.graphs import at, graph, subscription, topic

from encore_aws.resources import subscription as kind
from encore_aws.resources import topic as topics
from encore_aws.settings import Settings
from encore_aws.stage import Note
from encore_config.environment import Adopt
from encore_config.graph import Graph
from encore_config.plan import UNKNOWN
from encore_provisioner.engine.recording import Recorded, Recording

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
PLAIN = graph(topics=(topic("orders"),), subscriptions=(subscription("orders", "ship"),))
ORDERED = graph(
    topics=(topic("carts", ordering_attribute="cart"),),
    subscriptions=(subscription("carts", "learn"),),
)
SHIP = "subscription/orders/ship"
PARTS = ["queue", "dead-letters", "dead-letters-from", "dead-letters-policy", "policy"]
THEIRS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:theirs"
THEIR_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:theirs"


def program(
    app: Graph, settings: Settings, *, applied: bool = True
) -> tuple[Recording, Mapping[str, Note]]:
    """Queues with the topics that they need."""

    def create(stage: Any) -> dict[str, Any]:
        found = topics.create(topics.normalise(app, settings, NAMES), stage)
        wanted = kind.normalise(app, settings, NAMES)
        return found | kind.create(wanted, found, stage)

    return run(create, made=applied)


def made(app: Graph, **keys: Any) -> dict[str, Recorded]:
    return by_name(program(app, settings_of(**keys))[0])


def statements(resource: Recorded) -> Any:
    return json.loads(resource.inputs["policy"])["Statement"]


def one(**changes: Any) -> Graph:
    return graph(
        topics=(topic("orders"),), subscriptions=(subscription("orders", "ship", **changes),)
    )


def test_a_subscription_is_a_queue_with_all_that_the_core_leaves_to_others() -> None:
    found = made(PLAIN)
    queue = found[f"{SHIP}#queue"].inputs
    assert queue["visibilityTimeoutSeconds"] == 30
    assert queue["messageRetentionSeconds"] == 7 * 86400
    assert queue["receiveWaitTimeSeconds"] == 20
    assert queue["sqsManagedSseEnabled"] is True
    assert "fifoQueue" not in queue
    dead = found[f"{SHIP}#dead-letters"]
    assert dead.inputs["messageRetentionSeconds"] == 14 * 86400
    assert dead.inputs["name"].endswith("-dlq")
    assert json.loads(queue["redrivePolicy"]) == {
        "deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{dead.inputs['name']}",
        "maxReceiveCount": 101,
    }
    ours = {name for name in found if name.startswith("subscription/")}
    assert ours == {f"{SHIP}#{part}" for part in [*PARTS, "subscription"]}


@pytest.mark.parametrize(
    ("retries", "receives"), [(0, 101), (1, 2), (100, 101), (999, 1000), (5000, 1000), (-2, 1)]
)
def test_retries_are_counted_by_the_queue(retries: int, receives: int) -> None:
    queue = made(one(max_retries=retries))[f"{SHIP}#queue"].inputs
    assert json.loads(queue["redrivePolicy"])["maxReceiveCount"] == receives


def test_what_is_tried_without_end_has_no_dead_letter_queue() -> None:
    found = made(one(max_retries=-1))
    assert "redrivePolicy" not in found[f"{SHIP}#queue"].inputs
    assert not [name for name in found if "dead-letters" in name]
    assert f"{SHIP}#subscription" in found


def test_messages_come_in_the_envelope_that_the_core_reads() -> None:
    assert made(PLAIN)[f"{SHIP}#subscription"].inputs["rawMessageDelivery"] is False


def test_only_its_topic_may_send_and_may_before_anything_is_sent() -> None:
    found = made(PLAIN)
    name = found["topic/orders"].inputs["name"]
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{found[f'{SHIP}#queue'].inputs['name']}"
    tls, sender = statements(found[f"{SHIP}#policy"])
    assert sender == {
        "Sid": "topic",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"}},
    }
    assert (tls["Effect"], tls["Resource"]) == ("Deny", queue)
    assert found[f"{SHIP}#policy"].urn in found[f"{SHIP}#subscription"].depends_on


@pytest.mark.parametrize("part", ["policy", "dead-letters-policy"])
def test_nobody_comes_without_tls(part: str) -> None:
    deny = statements(made(PLAIN)[f"{SHIP}#{part}"])[0]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "sqs:*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_only_its_queue_may_put_messages_aside() -> None:
    found = made(PLAIN)
    queue = found[f"{SHIP}#queue"].inputs["name"]
    allowed = json.loads(found[f"{SHIP}#dead-letters-from"].inputs["redriveAllowPolicy"])
    assert allowed == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"],
    }
    assert [s["Effect"] for s in statements(found[f"{SHIP}#dead-letters-policy"])] == ["Deny"]


def test_order_makes_queue_and_dead_letters_fifo() -> None:
    found = made(ORDERED)
    for part in ("queue", "dead-letters"):
        queue = found[f"subscription/carts/learn#{part}"].inputs
        assert queue["name"].endswith(".fifo")
        assert queue["fifoQueue"] is True
        assert queue["contentBasedDeduplication"] is False
        assert queue["deduplicationScope"] == "messageGroup"
        assert queue["fifoThroughputLimit"] == "perMessageGroupId"
    dead = found["subscription/carts/learn#dead-letters"].inputs
    assert dead["messageRetentionSeconds"] == 14 * 86400


def test_queues_are_encrypted_with_keys_that_sns_may_use() -> None:
    own, given = made(PLAIN), made(PLAIN, key=KEY)
    for part in ("queue", "dead-letters"):
        assert "kmsMasterKeyId" not in own[f"{SHIP}#{part}"].inputs
        queue = given[f"{SHIP}#{part}"].inputs
        assert queue["kmsMasterKeyId"] == KEY
        assert "sqsManagedSseEnabled" not in queue


@pytest.mark.parametrize(
    ("type_", "kept"), [("production", True), ("development", False), ("ephemeral", False)]
)
def test_messages_of_production_are_protected(type_: Any, kept: bool) -> None:
    found = by_name(program(PLAIN, settings_of(type_))[0])
    assert {found[f"{SHIP}#{part}"].protect for part in ("queue", "dead-letters")} == {kept}


def test_before_an_apply_only_arns_are_unknown() -> None:
    found, notes = program(PLAIN, settings_of(), applied=False)
    resources = by_name(found)
    queue = resources[f"{SHIP}#queue"].inputs
    assert queue["redrivePolicy"] == UNKNOWN
    assert queue["name"] == NAMES.name("queue", "orders", "ship")
    assert resources[f"{SHIP}#policy"].inputs == {"policy": UNKNOWN, "queueUrl": UNKNOWN}
    assert set(notes) == set(resources)
    ours = [note for name, note in notes.items() if name.startswith(SHIP)]
    assert {str(note.declaration) for note in ours} == {SHIP}
    assert all(note.declaration is not None and note.declaration.at for note in ours)


def test_tags_say_whose_it_is() -> None:
    found = made(PLAIN)
    for part in ("queue", "dead-letters"):
        assert found[f"{SHIP}#{part}"].inputs["tags"] == {
            "encore:app": "shop",
            "encore:environment": "production",
            "encore:declaration": SHIP,
            "encore:service": "shop",
        }


@pytest.mark.parametrize("app", [PLAIN, ORDERED, graph()], ids=["plain", "ordered", "empty"])
def test_the_app_gets_every_subscription_once(app: Graph) -> None:
    outputs = program(app, settings_of())[0].outputs
    wanted = kind.normalise(app, settings_of(), NAMES)
    bound = list(kind.expose(app, outputs))
    assert [(b.topic, b.name) for b in bound] == [(s.topic, s.name) for s in app.subscriptions]
    for item, queue in zip(bound, wanted.queues, strict=True):
        assert item.url.endswith(f"/{ACCOUNT}/{queue.name}")


def test_a_topic_that_exists_feeds_our_queue() -> None:
    found = made(PLAIN, adopt=Adopt(topics={"orders": THEIR_TOPIC}))
    assert "topic/orders" not in found
    assert found[f"{SHIP}#subscription"].inputs["topic"] == THEIR_TOPIC
    sender = statements(found[f"{SHIP}#policy"])[1]
    assert sender["Condition"] == {"ArnEquals": {"aws:SourceArn": THEIR_TOPIC}}


@pytest.mark.parametrize(
    ("region", "partition", "host"),
    [
        (REGION, "aws", f"sqs.{REGION}.amazonaws.com"),
        ("cn-north-1", "aws-cn", "sqs.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "sqs.us-gov-west-1.amazonaws.com"),
    ],
)
def test_a_queue_that_exists_is_bound_and_never_touched(
    region: str, partition: str, host: str
) -> None:
    arn = f"arn:{partition}:sqs:{region}:{ACCOUNT}:theirs"
    settings = settings_of(region=region, adopt=Adopt(subscriptions={"orders/ship": arn}))
    found, _ = program(PLAIN, settings)
    assert not [name for name in by_name(found) if name.startswith("subscription/")]
    url = f"https://{host}/{ACCOUNT}/theirs"
    assert found.outputs["subscriptions"] == {"orders/ship": {"arn": arn, "url": url}}
    assert [b.url for b in kind.expose(PLAIN, found.outputs)] == [url]


def adopted(app: Graph, label: str, arn: str, **more: Any) -> list[Any]:
    adopt = Adopt(subscriptions={label: arn}, **more)
    return [*kind.findings(app, settings_of(adopt=adopt), NAMES)]


@pytest.mark.parametrize(
    ("app", "label", "arn", "code"),
    [
        (PLAIN, "orders/ship", "https://sqs.eu-north-1.amazonaws.com/1/theirs", "E9220"),
        (PLAIN, "orders/ship", THEIR_TOPIC, "E9220"),
        (PLAIN, "orders/ship", THEIRS.replace(REGION, "eu-west-1"), "E9220"),
        (PLAIN, "orders/ship", THEIRS.replace(ACCOUNT, "999988887777"), "E9220"),
        (PLAIN, "orders/ship", f"{THEIRS}.fifo", "E9221"),
        (ORDERED, "carts/learn", THEIRS, "E9221"),
    ],
)
def test_what_cannot_be_adopted(app: Graph, label: str, arn: str, code: str) -> None:
    topic_name = label.partition("/")[0]
    (found,) = adopted(app, label, arn, topics={topic_name: THEIR_TOPIC})
    assert (found.code, found.severity, found.at) == (code, "error", at())
    assert f"adopt.subscriptions.{label}: " in found.message


def test_a_queue_that_exists_on_a_new_topic_gets_nothing_by_itself() -> None:
    (found,) = adopted(PLAIN, "orders/ship", THEIRS)
    assert (found.code, found.severity) == ("W9222", "warning")
    assert THEIRS in found.message
    assert not adopted(PLAIN, "orders/ship", THEIRS, topics={"orders": THEIR_TOPIC})


def test_a_key_of_ones_own_must_let_sns_use_it() -> None:
    settings = settings_of(key=KEY)
    outputs = program(PLAIN, settings)[0].outputs
    (statement,) = kind.key_statements(PLAIN, settings, outputs)
    assert statement == {
        "Sid": "topics",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": [outputs["topics"]["orders"]]}},
    }
    (found,) = kind.findings(PLAIN, settings, NAMES)
    assert (found.code, found.severity) == ("W9221", "warning")
    assert found.hint is not None
    assert json.dumps(statement) in found.hint
    assert not kind.key_statements(PLAIN, settings_of(), outputs)
    assert not [*kind.findings(PLAIN, settings_of(), NAMES)]


@pytest.mark.parametrize(
    ("app", "adopt"),
    [
        (graph(topics=(topic("orders"),)), Adopt()),
        (
            PLAIN,
            Adopt(topics={"orders": THEIR_TOPIC}, subscriptions={"orders/ship": THEIRS}),
        ),
    ],
    ids=["nobody listens", "all is there"],
)
def test_a_key_needs_nothing_where_no_queue_is_ours(app: Graph, adopt: Adopt) -> None:
    settings = settings_of(key=KEY, adopt=adopt)
    assert not [*kind.findings(app, settings, NAMES)]
