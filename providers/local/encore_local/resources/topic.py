"""SNS topics. FIFO where the app asks for order or for exactly-once (contract §4.7.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from encore_config.graph import Topic
from encore_local.aws import Doors, own_tags, topic_arn
from encore_local.naming import physical_name
from encore_provisioner.queues import is_fifo

FORCES = frozenset({"topic", "fifo"})


def physical(topic: Topic) -> str:
    return physical_name("topic", topic.name, fifo=is_fifo(topic))


def properties(topic: Topic) -> dict[str, Any]:
    """As wanted. The core sends a deduplication id of its own, so contents are never compared."""
    fifo = is_fifo(topic)
    wanted: dict[str, Any] = {"topic": physical(topic), "fifo": fifo}
    return {**wanted, "content_based_deduplication": False} if fifo else wanted


def observe(doors: Doors) -> dict[str, dict[str, Any]]:
    """The properties of every topic on the server, by physical name."""
    arns = sorted(doors.sns.list_topics())
    return {_name(arn): _read(doors, arn) for arn in arns}


def _name(arn: str) -> str:
    return arn.rpartition(":")[2]


def _read(doors: Doors, arn: str) -> dict[str, Any]:
    attributes = doors.sns.topic_attributes(arn)
    fifo = attributes.get("FifoTopic", "false") == "true"
    found: dict[str, Any] = {"topic": _name(arn), "fifo": fifo}
    if fifo:
        found["content_based_deduplication"] = (
            attributes.get("ContentBasedDeduplication", "false") == "true"
        )
    return found


def put(doors: Doors, wanted: Mapping[str, Any], *, declared: str) -> None:
    """Make the topic, or make it as wanted; the same topic is never made twice."""
    attributes = {}
    if wanted["fifo"]:
        attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "false"}
    name = wanted["topic"]
    arn = doors.sns.create_topic(name, attributes=attributes)
    doors.sns.tag(arn, own_tags("topic", declared))
    if wanted["fifo"]:
        doors.sns.set_topic_attribute(arn, "ContentBasedDeduplication", "false")


def delete(doors: Doors, actual: Mapping[str, Any]) -> None:
    """Remove the topic; one that is gone is fine."""
    doors.sns.delete_topic(topic_arn(actual["topic"]))
