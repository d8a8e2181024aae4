"""SNS topics (contract §4.7.1).

Who may publish is for the roles of the app to say: the policy of a topic adds nobody, and takes
away what SNS allows everybody in the account by itself, and every message that comes without TLS.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from encore_aws import adopting
from encore_aws.adopting import Adopted
from encore_aws.cloud import sns
from encore_aws.naming import Names
from encore_aws.policies import VERSION
from encore_aws.settings import Settings
from encore_aws.stage import Note, Stage
from encore_config.diagnostics import Diagnostic
from encore_config.graph import Graph, Topic
from encore_config.plan import DeclarationRef
from encore_provisioner.binding import TopicBinding
from encore_provisioner.queues import is_fifo

Outputs = Mapping[str, Any]

_AWS_KEY: Final = "alias/aws/sns"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTopic:
    """``key`` encrypts what the topic holds: AWS's own for SNS, or the person's.

    ``protect``: a topic that is deleted takes along who listened to it.
    """

    declared: Topic
    name: str
    fifo: bool
    key: str
    protect: bool

    @property
    def reference(self) -> DeclarationRef:
        return DeclarationRef(kind="topic", name=self.declared.name, at=self.declared.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``adopted``: ARNs of topics that are there, by the declared name."""

    topics: tuple[WantedTopic, ...] = ()
    adopted: Mapping[str, str] = field(default_factory=dict)


def normalise(graph: Graph, settings: Settings, names: Names) -> Wanted:
    """Every property, decided."""
    known = settings.adopt.topics
    return Wanted(
        topics=tuple(
            _topic(topic, settings, names) for topic in graph.topics if topic.name not in known
        ),
        adopted={topic.name: known[topic.name] for topic in graph.topics if topic.name in known},
    )


def physical(topic: Topic, names: Names) -> str:
    """The topic's name in AWS, if it is one of ours."""
    return names.name("fifo-topic" if is_fifo(topic) else "topic", topic.name)


def _topic(topic: Topic, settings: Settings, names: Names) -> WantedTopic:
    return WantedTopic(
        declared=topic,
        name=physical(topic, names),
        fifo=is_fifo(topic),
        key=settings.key or _AWS_KEY,
        protect=settings.protect,
    )


def create(wanted: Wanted, stage: Stage) -> dict[str, Any]:
    """``topics``: ARN by name."""
    made = {topic.declared.name: _create(topic, stage).arn for topic in wanted.topics}
    return {"topics": {**made, **wanted.adopted}}


def _create(wanted: WantedTopic, stage: Stage) -> sns.Topic:
    name = str(wanted.reference)
    note = Note(reason="messages are published to it", declaration=wanted.reference)
    topic = sns.Topic(
        name,
        name=wanted.name,
        fifo_topic=True if wanted.fifo else None,
        # The core sends an id with each message, so contents are never compared.
        content_based_deduplication=False if wanted.fifo else None,
        fifo_throughput_scope="MessageGroup" if wanted.fifo else None,
        kms_master_key_id=wanted.key,
        tags=stage.tags(wanted.reference),
        opts=stage.options(name, note, protect=wanted.protect),
    )
    name = f"{wanted.reference}#policy"
    note = Note(
        reason="roles alone say who publishes, and only with TLS", declaration=wanted.reference
    )
    sns.TopicPolicy(
        name,
        arn=topic.arn,
        policy=pulumi.Output.from_input(topic.arn).apply(policy),
        opts=stage.options(name, note),
    )
    return topic


def policy(topic: str) -> str:
    """In place of the policy that SNS makes, with which everybody in the account may publish,
    subscribe and delete, whatever their roles say.

    Publishing is the one action that carries messages; SNS refuses `sns:*` here.
    """
    statement = {
        "Sid": "tls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": VERSION, "Statement": [statement]})


def findings(graph: Graph, settings: Settings, _: Names) -> Iterator[Diagnostic]:
    """What is wrong with topics that are there already."""
    for topic in graph.topics:
        arn = settings.adopt.topics.get(topic.name)
        if arn is not None:
            adopted = Adopted(
                key=f"topics.{topic.name}",
                arn=arn,
                what="an SNS topic",
                service="sns",
                fifo=is_fifo(topic),
                at=topic.at,
            )
            yield from adopting.findings(adopted, settings)


def expose(graph: Graph, outputs: Outputs) -> Iterator[TopicBinding]:
    """Every topic of the graph. Raises ``KeyError`` where apply made one not."""
    for topic in graph.topics:
        yield TopicBinding(name=topic.name, arn=outputs["topics"][topic.name])
