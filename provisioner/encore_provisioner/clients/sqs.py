"""SQS: queues and messages. AWS's JSON 1.0 protocol.

Attributes are passed through by AWS's names (``RedrivePolicy``, ``FifoQueue`` …), their
values are strings. A queue is named by its URL, which is sent in the body: calls go to the
door's endpoint, not to the URL's host. Every call raises ``AwsError``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from encore_provisioner.clients.aws import AwsError, Call, Door, door, utc_now
from encore_provisioner.clients.sigv4 import Credentials
from encore_provisioner.clients.transport import Response, Transport

_CONTENT_TYPE = "application/x-amz-json-1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """``receipt`` names this delivery; ``attributes`` are SQS's own (``MessageGroupId`` …)."""

    id: str
    receipt: str
    body: str
    attributes: Mapping[str, str]


class Sqs:
    """A door to SQS; threads may share it."""

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
            "sqs",
            endpoint=endpoint,
            region=region,
            credentials=credentials,
            transport=transport,
            clock=clock,
        )

    def close(self) -> None:
        self._door.transport.close()

    def create_queue(
        self,
        name: str,
        *,
        attributes: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """The URL. A queue of that name with equal attributes is returned as it is."""
        answer = self._call(
            "CreateQueue",
            QueueName=name,
            Attributes=dict(attributes or {}),
            tags=dict(tags or {}),
        )
        return str(answer["QueueUrl"])

    def queue_url(self, name: str) -> str:
        """The URL of an existing queue."""
        return str(self._call("GetQueueUrl", QueueName=name)["QueueUrl"])

    def list_queues(self, prefix: str = "") -> Iterator[str]:
        """The URLs of the queues whose names begin with ``prefix``."""
        token: str | None = None
        while True:
            answer = self._call(
                "ListQueues", QueueNamePrefix=prefix or None, MaxResults=1000, NextToken=token
            )
            yield from answer.get("QueueUrls") or ()
            token = answer.get("NextToken")
            if not token:
                return

    def queue_attributes(self, url: str) -> dict[str, str]:
        answer = self._call("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
        return dict(answer.get("Attributes") or {})

    def set_queue_attributes(self, url: str, attributes: Mapping[str, str]) -> None:
        self._call("SetQueueAttributes", QueueUrl=url, Attributes=dict(attributes))

    def delete_queue(self, url: str) -> None:
        self._call("DeleteQueue", QueueUrl=url)

    def purge_queue(self, url: str) -> None:
        """Removes every message of the queue."""
        self._call("PurgeQueue", QueueUrl=url)

    def tags(self, url: str) -> dict[str, str]:
        return dict(self._call("ListQueueTags", QueueUrl=url).get("Tags") or {})

    def tag(self, url: str, tags: Mapping[str, str]) -> None:
        """Adds these tags, or changes their values."""
        self._call("TagQueue", QueueUrl=url, Tags=dict(tags))

    def untag(self, url: str, *keys: str) -> None:
        self._call("UntagQueue", QueueUrl=url, TagKeys=sorted(keys))

    def send(
        self,
        url: str,
        body: str,
        *,
        group_id: str | None = None,
        deduplication_id: str | None = None,
    ) -> str:
        """The message's id."""
        answer = self._call(
            "SendMessage",
            QueueUrl=url,
            MessageBody=body,
            MessageGroupId=group_id,
            MessageDeduplicationId=deduplication_id,
        )
        return str(answer["MessageId"])

    def receive(
        self, url: str, *, limit: int = 1, wait: int = 0, visibility: int | None = None
    ) -> tuple[Message, ...]:
        """Up to ``limit`` (1-10) messages, waiting up to ``wait`` (0-20) seconds for the first.

        They stay hidden for ``visibility`` seconds, by default the queue's own.
        """
        answer = self._call(
            "ReceiveMessage",
            server_may_take=float(wait),
            QueueUrl=url,
            MaxNumberOfMessages=limit,
            WaitTimeSeconds=wait,
            VisibilityTimeout=visibility,
            MessageSystemAttributeNames=["All"],
        )
        return tuple(_message(m) for m in answer.get("Messages") or ())

    def delete_message(self, url: str, receipt: str) -> None:
        self._call("DeleteMessage", QueueUrl=url, ReceiptHandle=receipt)

    def _call(
        self, operation: str, *, server_may_take: float = 0.0, **parameters: Any
    ) -> dict[str, Any]:
        given = {name: value for name, value in parameters.items() if value is not None}
        call = Call(
            operation=f"SQS {operation}",
            headers={"content-type": _CONTENT_TYPE, "x-amz-target": f"AmazonSQS.{operation}"},
            body=json.dumps(given).encode(),
            wait=server_may_take,
        )
        return _read(call.operation, self._door.send(call))


def _message(raw: dict[str, Any]) -> Message:
    return Message(
        id=raw["MessageId"],
        receipt=raw["ReceiptHandle"],
        body=raw["Body"],
        attributes=raw.get("Attributes") or {},
    )


def _read(operation: str, response: Response) -> dict[str, Any]:
    try:
        answer = json.loads(response.body or b"{}")
    except ValueError as error:
        message = f"the answer is no JSON: {error}"
        raise AwsError("InvalidResponse", message, operation, response.status) from error
    if not isinstance(answer, dict):
        message = "the answer is no JSON object"
        raise AwsError("InvalidResponse", message, operation, response.status)
    if response.status == 200:
        return answer
    # "com.amazonaws.sqs#QueueDoesNotExist": the code is what follows the namespace.
    code = str(answer.get("__type", response.status)).rpartition("#")[2]
    text = str(answer.get("message") or answer.get("Message") or "no message")
    raise AwsError(code, text, operation, response.status)
