"""``new Topic<M>("name", {…})`` and ``new Subscription(topic, "name", {…})`` (contract A6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from tree_sitter import Node

from encore_config.graph import Delivery, Seconds
from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.declarations.arguments import arguments, name_at, options_at
from encore_provisioner.analysis.declarations.model import Site, Subscription, Topic
from encore_provisioner.analysis.declarations.schema import check_schema
from encore_provisioner.analysis.findings import did_you_mean
from encore_provisioner.analysis.literals import LARGEST_COUNT, Reader
from encore_provisioner.analysis.types import Types

_DELIVERIES: Final = ("at-least-once", "exactly-once")
_TOPIC: Final = ("deliveryGuarantee", "orderingAttribute")
_RETRY: Final = ("minBackoff", "maxBackoff", "maxRetries")
_SUBSCRIPTION: Final = (
    "handler",
    "maxConcurrency",
    "ackDeadline",
    "messageRetention",
    "retryPolicy",
)
ACK_DEADLINE: Final = 30
RETENTION: Final = 7 * 86_400
MIN_BACKOFF: Final = 10
MAX_BACKOFF: Final = 600
MAX_RETRIES: Final = 100


def declare_topic(site: Site, reader: Reader) -> Topic:
    found = arguments(site, reader)
    name = name_at(site, reader, found)
    options = options_at(site, reader, found, 1, _TOPIC)
    if not nodes.type_arguments(site.node) and nodes.arguments(site.node) is not None:
        hint = 'write `new Topic<MessageType>("name", …)`'
        reader.refuse("E0603", site.node, "this topic does not say the type of its messages", hint)
    _check_ordering(site, options.get("orderingAttribute"), reader)
    for message in nodes.type_arguments(site.node)[:1]:
        check_schema(reader, message, "a message")
    delivery, ordering = options.get("deliveryGuarantee"), options.get("orderingAttribute")
    what = "the delivery guarantee"
    chosen = reader.choice(delivery, what, _DELIVERIES, "E0604") if delivery else None
    return Topic(
        name=name,
        place=site.place,
        bind=site.bind,
        delivery=cast("Delivery", chosen or _DELIVERIES[0]),
        ordering_attribute=reader.string(ordering, "the ordering attribute") if ordering else None,
    )


def _check_ordering(site: Site, node: Node | None, reader: Reader) -> None:
    """Encore does not look, but publishing fails without the attribute."""
    given = nodes.type_arguments(site.node)
    name = nodes.string_value(node) if node is not None else None
    if node is None or name is None or not given:
        return
    shape = Types(reader.resolver).shape(reader.module, given[0])
    if shape.kind == "object" and not shape.open and shape.field(name) is None:
        known = [field.name for field in shape.fields]
        hint = did_you_mean(name, known, f"add `{name}: Attribute<string>` to the message type")
        message = f"the ordering attribute `{name}` is no field of the topic's messages"
        reader.refuse("W0604", node, message, hint)


def declare_subscription(site: Site, reader: Reader) -> Subscription | None:
    found = arguments(site, reader)
    if not found:
        if nodes.arguments(site.node) is not None:
            hint = 'write `new Subscription(topic, "name", { handler: … })`'
            reader.refuse("E0206", site.node, "this subscription names no topic", hint)
        return None
    options = options_at(site, reader, found, 2, _SUBSCRIPTION, ("handler",))
    retry: Mapping[str, Node] = {}
    if "retryPolicy" in options:
        retry = reader.options(options["retryPolicy"], "`retryPolicy`", _RETRY) or {}
    retries = _count(retry, "maxRetries", reader)
    return Subscription(
        name=name_at(site, reader, found, 1),
        place=site.place,
        bind=site.bind,
        topic=site.module.place(found[0]),
        ack_deadline=_duration(options, "ackDeadline", ACK_DEADLINE, reader),
        retention=_duration(options, "messageRetention", RETENTION, reader),
        min_backoff=_duration(retry, "minBackoff", MIN_BACKOFF, reader),
        max_backoff=_duration(retry, "maxBackoff", MAX_BACKOFF, reader),
        max_retries=MAX_RETRIES if retries is None else retries,
        max_concurrency=_count(options, "maxConcurrency", reader),
    )


def _duration(options: Mapping[str, Node], name: str, default: Seconds, reader: Reader) -> Seconds:
    node = options.get(name)
    value = reader.duration(node, f"`{name}`") if node is not None else None
    return default if value is None else value


def _count(options: Mapping[str, Node], name: str, reader: Reader) -> int | None:
    node = options.get(name)
    return reader.integer(node, f"`{name}`", most=LARGEST_COUNT) if node is not None else None
