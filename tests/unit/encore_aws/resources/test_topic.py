"""Topics: what they are decided to be, what Pulumi is asked for, what the app gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, run, settings_of
from tests.support.graphs import at, graph, topic

from encore_aws.resources import topic as kind
from encore_config.environment import Adopt
from encore_config.graph import Graph
from encore_config.plan import UNKNOWN
from encore_provisioner.engine.recording import Recorded

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
PLAIN = graph(topics=(topic("orders"),))
ORDERED = graph(topics=(topic("carts", ordering_attribute="cart"),))
THEIRS = f"arn:aws:sns:{REGION}:{ACCOUNT}:theirs"


def made(app: Graph, **keys: Any) -> dict[str, Recorded]:
    wanted = kind.normalise(app, settings_of(**keys), NAMES)
    return by_name(run(lambda stage: kind.create(wanted, stage), made=True)[0])


def adopt(**arns: str) -> Adopt:
    return Adopt(topics=arns)


@pytest.mark.parametrize("app", [PLAIN, ORDERED], ids=["plain", "ordered"])
def test_roles_alone_say_who_publishes_and_only_with_tls(app: Graph) -> None:
    """SNS's own policy lets everybody in the account publish, subscribe and delete."""
    found = made(app)
    name = f"topic/{app.topics[0].name}"
    assert set(found) == {name, f"{name}#policy"}
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{found[name].inputs['name']}"
    written = found[f"{name}#policy"].inputs
    assert written["arn"] == arn
    assert json.loads(written["policy"])["Statement"] == [
        {
            "Sid": "tls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def test_order_makes_a_topic_fifo() -> None:
    inputs = made(ORDERED)["topic/carts"].inputs
    assert inputs["name"].endswith(".fifo")
    assert inputs["fifoTopic"] is True
    assert inputs["contentBasedDeduplication"] is False
    assert inputs["fifoThroughputScope"] == "MessageGroup"
    plain = made(PLAIN)["topic/orders"].inputs
    assert not plain["name"].endswith(".fifo")
    assert "fifoTopic" not in plain


def test_every_topic_is_encrypted() -> None:
    assert made(PLAIN)["topic/orders"].inputs["kmsMasterKeyId"] == "alias/aws/sns"
    assert made(PLAIN, key=KEY)["topic/orders"].inputs["kmsMasterKeyId"] == KEY


@pytest.mark.parametrize(
    ("type_", "kept"), [("production", True), ("development", False), ("ephemeral", False)]
)
def test_who_listens_is_not_lost_in_production(type_: Any, kept: bool) -> None:
    wanted = kind.normalise(PLAIN, settings_of(type_), NAMES)
    found, _ = run(lambda stage: kind.create(wanted, stage), made=True)
    assert by_name(found)["topic/orders"].protect is kept


def test_before_an_apply_only_arns_are_unknown() -> None:
    wanted = kind.normalise(PLAIN, settings_of(), NAMES)
    found, notes = run(lambda stage: kind.create(wanted, stage))
    resources = by_name(found)
    assert resources["topic/orders"].inputs["name"] == NAMES.name("topic", "orders")
    assert resources["topic/orders#policy"].inputs == {"arn": UNKNOWN, "policy": UNKNOWN}
    assert found.outputs["topics"] == {"orders": UNKNOWN}
    assert set(notes) == set(resources)
    assert {str(note.declaration) for note in notes.values()} == {"topic/orders"}
    assert all(note.declaration is not None and note.declaration.at for note in notes.values())


def test_tags_say_whose_it_is_and_not_where_it_is_declared() -> None:
    inputs = made(PLAIN)["topic/orders"].inputs
    assert inputs["tags"] == {
        "encore:app": "shop",
        "encore:environment": "production",
        "encore:declaration": "topic/orders",
    }
    assert "main.ts" not in json.dumps(inputs)


@pytest.mark.parametrize("app", [PLAIN, ORDERED, graph()], ids=["plain", "ordered", "empty"])
def test_the_app_gets_every_topic_once(app: Graph) -> None:
    wanted = kind.normalise(app, settings_of(), NAMES)
    outputs = run(lambda stage: kind.create(wanted, stage), made=True)[0].outputs
    assert [(b.name, b.arn) for b in kind.expose(app, outputs)] == [
        (t.declared.name, f"arn:aws:sns:{REGION}:{ACCOUNT}:{t.name}") for t in wanted.topics
    ]


def test_a_topic_that_exists_is_bound_and_never_touched() -> None:
    app = graph(topics=(topic("orders"), topic("paid")))
    wanted = kind.normalise(app, settings_of(adopt=adopt(orders=THEIRS)), NAMES)
    found, _ = run(lambda stage: kind.create(wanted, stage), made=True)
    assert set(by_name(found)) == {"topic/paid", "topic/paid#policy"}
    assert found.outputs["topics"]["orders"] == THEIRS
    assert next(b.arn for b in kind.expose(app, found.outputs)) == THEIRS


NOT_USABLE = {
    "no ARN": ({}, "orders", "E9220", "is not the ARN of an SNS topic"),
    "a queue": ({}, THEIRS.replace("sns", "sqs"), "E9220", "is not the ARN of an SNS topic"),
    "a subscription": ({}, f"{THEIRS}:5f1a", "E9220", "is not the ARN of an SNS topic"),
    "another region": (
        {},
        THEIRS.replace(REGION, "eu-west-1"),
        "E9220",
        "lies in eu-west-1 (aws), but the environment is in eu-north-1 (aws)",
    ),
    "another partition": (
        {"region": "cn-north-1"},
        THEIRS.replace(REGION, "cn-north-1"),
        "E9220",
        "(aws), but the environment is in cn-north-1 (aws-cn)",
    ),
    "another account": (
        {},
        THEIRS.replace(ACCOUNT, "999988887777"),
        "E9220",
        f"belongs to the account 999988887777, but the environment to {ACCOUNT}",
    ),
    "FIFO where no order is declared": ({}, f"{THEIRS}.fifo", "E9221", "send no message group"),
}


@pytest.mark.parametrize(
    ("keys", "arn", "code", "told"), NOT_USABLE.values(), ids=NOT_USABLE.keys()
)
def test_what_cannot_be_adopted(keys: dict[str, Any], arn: str, code: str, told: str) -> None:
    settings = settings_of(adopt=adopt(orders=arn), **keys)
    (found,) = kind.findings(PLAIN, settings, NAMES)
    assert (found.code, found.severity, found.at) == (code, "error", at())
    assert found.message.startswith("environments.production.adopt.topics.orders: ")
    assert told in found.message
    assert found.hint


@pytest.mark.parametrize(
    ("keys", "arn"),
    [({}, THEIRS), ({"account": None}, THEIRS.replace(ACCOUNT, "999988887777"))],
    ids=["here", "no account is named"],
)
def test_what_can_be_adopted(keys: dict[str, Any], arn: str) -> None:
    assert not [*kind.findings(PLAIN, settings_of(adopt=adopt(orders=arn), **keys), NAMES)]


def test_an_ordered_topic_must_be_fifo_where_it_exists() -> None:
    (found,) = kind.findings(ORDERED, settings_of(adopt=adopt(carts=THEIRS)), NAMES)
    assert found.code == "E9221"
    assert "is not FIFO" in found.message
    assert not [*kind.findings(ORDERED, settings_of(adopt=adopt(carts=f"{THEIRS}.fifo")), NAMES)]
