"""SNS: topics, subscriptions, publishing. AWS's query protocol: a form in, XML out.

Attributes are passed through by AWS's names (``RawMessageDelivery``, ``FifoTopic`` …): which
of them matter is the caller's knowledge. Every call raises ``AwsError``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from encore_provisioner.clients import safe_xml
from encore_provisioner.clients.aws import AwsError, Call, Door, door, utc_now
from encore_provisioner.clients.safe_xml import entries, text
from encore_provisioner.clients.sigv4 import Credentials, Pairs, query_string
from encore_provisioner.clients.transport import Response, Transport

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_VERSION = "2010-03-31"
_FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
PENDING = "PendingConfirmation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """``arn`` is :data:`PENDING` while the endpoint has not confirmed."""

    arn: str
    topic_arn: str
    protocol: str
    endpoint: str


class Sns:
    """A door to SNS; threads may share it."""

    def __init__(
        self,
        *,
        endpoint: str,
        region: str,
        credentials: Credentials,
        transport: Transport | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._door: Door = door(
            "sns",
            endpoint=endpoint,
            region=region,
            credentials=credentials,
            transport=transport,
            clock=clock,
        )

    def close(self) -> None:
        self._door.transport.close()

    def create_topic(
        self,
        name: str,
        *,
        attributes: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """The ARN. A topic of that name with equal attributes is returned as it is."""
        root = self._call(
            "CreateTopic",
            ("Name", name),
            *_map("Attributes.entry", "key", "value", attributes),
            *_map("Tags.member", "Key", "Value", tags),
        )
        return text(root, "CreateTopicResult/TopicArn")

    def list_topics(self) -> Iterator[str]:
        """Every topic's ARN in this account and region."""
        for root in self._pages("ListTopics"):
            for topic in root.iterfind("ListTopicsResult/Topics/member"):
                yield text(topic, "TopicArn")

    def topic_attributes(self, arn: str) -> dict[str, str]:
        root = self._call("GetTopicAttributes", ("TopicArn", arn))
        return dict(entries(root, "GetTopicAttributesResult/Attributes/entry"))

    def set_topic_attribute(self, arn: str, name: str, value: str) -> None:
        self._call(
            "SetTopicAttributes",
            ("TopicArn", arn),
            ("AttributeName", name),
            ("AttributeValue", value),
        )

    def delete_topic(self, arn: str) -> None:
        """Also ends its subscriptions. A topic that does not exist is no error (AWS's rule)."""
        self._call("DeleteTopic", ("TopicArn", arn))

    def tags(self, arn: str) -> dict[str, str]:
        root = self._call("ListTagsForResource", ("ResourceArn", arn))
        return dict(entries(root, "ListTagsForResourceResult/Tags/member"))

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Adds these tags, or changes their values."""
        self._call("TagResource", ("ResourceArn", arn), *_map("Tags.member", "Key", "Value", tags))

    def untag(self, arn: str, *keys: str) -> None:
        numbered = ((f"TagKeys.member.{n}", key) for n, key in enumerate(sorted(keys), 1))
        self._call("UntagResource", ("ResourceArn", arn), *numbered)

    def subscribe(
        self,
        topic_arn: str,
        *,
        protocol: str,
        endpoint: str,
        attributes: Mapping[str, str] | None = None,
    ) -> str:
        """The subscription's ARN. The same endpoint with equal attributes is returned again."""
        root = self._call(
            "Subscribe",
            ("TopicArn", topic_arn),
            ("Protocol", protocol),
            ("Endpoint", endpoint),
            ("ReturnSubscriptionArn", "true"),
            *_map("Attributes.entry", "key", "value", attributes),
        )
        return text(root, "SubscribeResult/SubscriptionArn")

    def unsubscribe(self, arn: str) -> None:
        self._call("Unsubscribe", ("SubscriptionArn", arn))

    def list_subscriptions(self, topic_arn: str | None = None) -> Iterator[Subscription]:
        """Those of one topic, or all of this account and region."""
        operation = "ListSubscriptionsByTopic" if topic_arn else "ListSubscriptions"
        parameters = (("TopicArn", topic_arn),) if topic_arn else ()
        for root in self._pages(operation, *parameters):
            for member in root.iterfind(f"{operation}Result/Subscriptions/member"):
                yield Subscription(
                    arn=text(member, "SubscriptionArn"),
                    topic_arn=text(member, "TopicArn"),
                    protocol=text(member, "Protocol"),
                    endpoint=text(member, "Endpoint"),
                )

    def subscription_attributes(self, arn: str) -> dict[str, str]:
        root = self._call("GetSubscriptionAttributes", ("SubscriptionArn", arn))
        return dict(entries(root, "GetSubscriptionAttributesResult/Attributes/entry"))

    def set_subscription_attribute(self, arn: str, name: str, value: str) -> None:
        self._call(
            "SetSubscriptionAttributes",
            ("SubscriptionArn", arn),
            ("AttributeName", name),
            ("AttributeValue", value),
        )

    def publish(
        self,
        topic_arn: str,
        message: str,
        *,
        attributes: Mapping[str, str] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
    ) -> str:
        """The message's id. ``attributes`` are strings; SNS refuses empty values."""
        ids = (("MessageGroupId", group_id), ("MessageDeduplicationId", deduplication_id))
        root = self._call(
            "Publish",
            ("TopicArn", topic_arn),
            ("Message", message),
            *((name, value) for name, value in ids if value is not None),
            *_message_attributes(attributes),
        )
        return text(root, "PublishResult/MessageId")

    def _pages(self, operation: str, *parameters: tuple[str, str]) -> Iterator[Element]:
        token = ""
        while True:
            page = (("NextToken", token),) if token else ()
            root = self._call(operation, *parameters, *page)
            yield root
            token = text(root, f"{operation}Result/NextToken")
            if not token:
                return

    def _call(self, operation: str, *parameters: tuple[str, str]) -> Element:
        form = (("Action", operation), ("Version", _VERSION), *parameters)
        call = Call(operation=f"SNS {operation}", headers=_FORM, body=query_string(form).encode())
        return _read(call.operation, self._door.send(call))


def _read(operation: str, response: Response) -> Element:
    try:
        root = safe_xml.parse(response.body)
    except safe_xml.XmlError as error:
        message = f"the answer is no XML: {error}"
        raise AwsError("InvalidResponse", message, operation, response.status) from error
    if response.status == 200:
        return root
    raise AwsError(
        text(root, "Error/Code", str(response.status)),
        text(root, "Error/Message", "no message"),
        operation,
        response.status,
    )


def _map(prefix: str, key: str, value: str, content: Mapping[str, str] | None) -> Pairs:
    """A map in the query protocol: numbered pairs, in the order of their names."""
    return tuple(
        pair
        for n, (name, entry) in enumerate(sorted((content or {}).items()), 1)
        for pair in ((f"{prefix}.{n}.{key}", name), (f"{prefix}.{n}.{value}", entry))
    )


def _message_attributes(attributes: Mapping[str, str] | None) -> Iterator[tuple[str, str]]:
    for n, (name, value) in enumerate(sorted((attributes or {}).items()), 1):
        yield f"MessageAttributes.entry.{n}.Name", name
        yield f"MessageAttributes.entry.{n}.Value.DataType", "String"
        yield f"MessageAttributes.entry.{n}.Value.StringValue", value
