"""Topics, queues and what joins them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.support.aws_plugin.aws import Aws, listed, tagged, told
from tests.support.aws_plugin.kind import Kind, Tagging, names
from tests.support.aws_plugin.wire import Props

_OF_TOPICS: Final = Tagging(
    service="sns", add="tag_resource", remove="untag_resource", target="ResourceArn"
)
_OF_QUEUES: Final = Tagging(
    service="sqs", add="tag_queue", remove="untag_queue", target="QueueUrl", as_map=True
)

_TOPIC: Final = {
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "fifoTopic": "FifoTopic",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "fifoThroughputScope": "FifoThroughputScope",
}
_QUEUE: Final = {
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "maxMessageSize": "MaximumMessageSize",
    "delaySeconds": "DelaySeconds",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redrivePolicy": "RedrivePolicy",
    "fifoQueue": "FifoQueue",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
}
_FIXED: Final = ("fifoTopic", "fifoQueue")
_NUMBERS: Final = ("Seconds", "Size")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _attributes(props: Props, table: Mapping[str, str], keys: frozenset[str]) -> dict[str, str]:
    """Of ``keys`` only; what is no longer given is set to nothing."""
    return {
        to: _text(props.get(name)) if props.get(name) is not None else ""
        for name, to in table.items()
        if name in keys
    }


def _properties(attributes: Mapping[str, str], table: Mapping[str, str]) -> Props:
    state: Props = {}
    for name, of in table.items():
        value = attributes.get(of)
        if value in ("true", "false"):
            state[name] = value == "true"
        elif value and name.endswith(_NUMBERS):
            state[name] = int(value)
        elif value:
            state[name] = value
    return state


def _make_topic(aws: Aws, inputs: Props) -> str:
    given = frozenset(name for name in _TOPIC if inputs.get(name) is not None)
    # A topic without order takes no attribute about order, not even a no.
    given -= frozenset() if inputs.get("fifoTopic") else {*_FIXED, "contentBasedDeduplication"}
    page = aws.call(
        "sns",
        "create_topic",
        Name=inputs["name"],
        Attributes=_attributes(inputs, _TOPIC, given),
        Tags=listed(inputs.get("tags")),
    )
    return str(page["TopicArn"])


def _look_at_topic(aws: Aws, id_: str, state: Props) -> Props | None:
    page = aws.ask("sns", "get_topic_attributes", TopicArn=id_)
    if page is None:
        return None
    attributes = page["Attributes"]
    tags = aws.call("sns", "list_tags_for_resource", ResourceArn=id_)["Tags"]
    kept = {name: state[name] for name in ("fifoThroughputScope",) if name in state}
    return {
        **kept,
        **_properties(attributes, _TOPIC),
        "name": id_.rpartition(":")[2],
        "arn": id_,
        "owner": attributes.get("Owner", ""),
        "policy": attributes.get("Policy", ""),
        **told(tags),
    }


def _change_topic(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        _OF_TOPICS.change(aws, id_, old, new)
    for to, value in _attributes(new, _TOPIC, keys - set(_FIXED)).items():
        aws.call(
            "sns", "set_topic_attributes", TopicArn=id_, AttributeName=to, AttributeValue=value
        )


def _drop_topic(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("sns", "delete_topic", TopicArn=id_)


def _set_policy(aws: Aws, inputs: Props) -> str:
    aws.call(
        "sns",
        "set_topic_attributes",
        TopicArn=inputs["arn"],
        AttributeName="Policy",
        AttributeValue=inputs["policy"],
    )
    return str(inputs["arn"])


def _look_at_topic_policy(aws: Aws, id_: str, state: Props) -> Props | None:
    del state
    page = aws.ask("sns", "get_topic_attributes", TopicArn=id_)
    if page is None or not page["Attributes"].get("Policy"):
        return None
    found = page["Attributes"]
    return {"arn": id_, "policy": found["Policy"], "owner": found.get("Owner", "")}


def _change_topic_policy(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    del id_, old, keys
    _set_policy(aws, new)


def _usual_policy(aws: Aws, id_: str, state: Props) -> None:
    """A topic's policy cannot be taken away, so the genuine plugin puts back the usual one."""
    del state
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe"],
        "Resource": id_,
        "Condition": {"StringEquals": {"AWS:SourceOwner": aws.account}},
    }
    policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    aws.call(
        "sns",
        "set_topic_attributes",
        TopicArn=id_,
        AttributeName="Policy",
        AttributeValue=json.dumps(policy),
    )


_LINK: Final = {
    "rawMessageDelivery": "RawMessageDelivery",
    "filterPolicy": "FilterPolicy",
    "redrivePolicy": "RedrivePolicy",
}


def _make_link(aws: Aws, inputs: Props) -> str:
    given = frozenset(name for name in _LINK if inputs.get(name))
    page = aws.call(
        "sns",
        "subscribe",
        TopicArn=inputs["topic"],
        Protocol=inputs["protocol"],
        Endpoint=inputs["endpoint"],
        Attributes=_attributes(inputs, _LINK, given),
        ReturnSubscriptionArn=True,
    )
    return str(page["SubscriptionArn"])


def _look_at_link(aws: Aws, id_: str, state: Props) -> Props | None:
    del state
    page = aws.ask("sns", "get_subscription_attributes", SubscriptionArn=id_)
    if page is None:
        return None
    attributes = page["Attributes"]
    return {
        "arn": id_,
        "topic": attributes["TopicArn"],
        "protocol": attributes["Protocol"],
        "endpoint": attributes["Endpoint"],
        "ownerId": attributes.get("Owner", ""),
        "pendingConfirmation": attributes.get("PendingConfirmation") == "true",
        "rawMessageDelivery": False,
        **_properties(attributes, _LINK),
    }


def _change_link(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    del old
    for to, value in _attributes(new, _LINK, keys).items():
        aws.call(
            "sns",
            "set_subscription_attributes",
            SubscriptionArn=id_,
            AttributeName=to,
            AttributeValue=value,
        )


def _drop_link(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("sns", "unsubscribe", SubscriptionArn=id_)


def _make_queue(aws: Aws, inputs: Props) -> str:
    """What is false of order is left out: AWS takes such an attribute only for a FIFO queue."""
    given = frozenset(
        name
        for name in _QUEUE
        if inputs.get(name) is not None and (inputs.get("fifoQueue") or not _is_order(name))
    )
    page = aws.call(
        "sqs",
        "create_queue",
        QueueName=inputs["name"],
        Attributes=_attributes(inputs, _QUEUE, given),
        tags=inputs.get("tags") or {},
    )
    return str(page["QueueUrl"])


def _is_order(name: str) -> bool:
    return name in ("fifoQueue", "contentBasedDeduplication", "deduplicationScope")


def _attributes_of(aws: Aws, url: str) -> dict[str, str] | None:
    page = aws.ask("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
    return None if page is None else page.get("Attributes", {})


def _look_at_queue(aws: Aws, id_: str, state: Props) -> Props | None:
    attributes = _attributes_of(aws, id_)
    if attributes is None:
        return None
    tags = aws.call("sqs", "list_queue_tags", QueueUrl=id_).get("Tags", {})
    order = {name: state[name] for name in ("fifoQueue",) if name in state}
    return {
        **order,
        **_properties(attributes, _QUEUE),
        "name": id_.rpartition("/")[2],
        "arn": attributes["QueueArn"],
        "url": id_,
        **tagged(tags),
    }


def _change_queue(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        _OF_QUEUES.change(aws, id_, old, new)
    asked = _attributes(new, _QUEUE, keys - set(_FIXED))
    if asked:
        aws.call("sqs", "set_queue_attributes", QueueUrl=id_, Attributes=asked)


def _drop_queue(aws: Aws, id_: str, state: Props) -> None:
    del state
    aws.call("sqs", "delete_queue", QueueUrl=id_)


def _of_queue(what: str, name: str, attribute: str) -> Kind:
    """One attribute of a queue that the genuine plugin has as a resource of its own."""

    def put(aws: Aws, inputs: Props) -> str:
        url = str(inputs["queueUrl"])
        aws.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes={attribute: inputs[name]})
        return url

    def look(aws: Aws, id_: str, state: Props) -> Props | None:
        del state
        value = (_attributes_of(aws, id_) or {}).get(attribute)
        return {"queueUrl": id_, name: value} if value else None

    def change(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
        del id_, old, keys
        put(aws, new)

    def drop(aws: Aws, id_: str, state: Props) -> None:
        del state
        aws.call("sqs", "set_queue_attributes", QueueUrl=id_, Attributes={attribute: ""})

    return Kind(what=what, name="queueUrl", make=put, look=look, drop=drop, change=change)


KINDS: Final[Mapping[str, Kind]] = {
    "aws:sns/topic:Topic": Kind(
        what="SNS Topic",
        name="name",
        autonamed=True,
        make=_make_topic,
        look=_look_at_topic,
        drop=_drop_topic,
        change=_change_topic,
        defaults={"contentBasedDeduplication": False, "fifoTopic": False},
        computed=names("arn", "owner", "policy"),
    ),
    "aws:sns/topicPolicy:TopicPolicy": Kind(
        what="SNS Topic Policy",
        name="arn",
        make=_set_policy,
        look=_look_at_topic_policy,
        drop=_usual_policy,
        change=_change_topic_policy,
        computed=frozenset({"owner"}),
    ),
    "aws:sns/topicSubscription:TopicSubscription": Kind(
        what="SNS Topic Subscription",
        make=_make_link,
        look=_look_at_link,
        drop=_drop_link,
        change=_change_link,
        defaults={
            "confirmationTimeoutInMinutes": 1,
            "endpointAutoConfirms": False,
            "rawMessageDelivery": False,
        },
        computed=frozenset({"arn", "ownerId", "pendingConfirmation"}),
    ),
    "aws:sqs/queue:Queue": Kind(
        what="SQS Queue",
        name="name",
        autonamed=True,
        make=_make_queue,
        look=_look_at_queue,
        drop=_drop_queue,
        change=_change_queue,
        defaults={
            "contentBasedDeduplication": False,
            "delaySeconds": 0,
            "fifoQueue": False,
            "messageRetentionSeconds": 345_600,
            "receiveWaitTimeSeconds": 0,
            "visibilityTimeoutSeconds": 30,
        },
        computed=names("arn", "url"),
    ),
    "aws:sqs/queuePolicy:QueuePolicy": _of_queue("SQS Queue Policy", "policy", "Policy"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _of_queue(
        "SQS Queue Redrive Allow Policy", "redriveAllowPolicy", "RedriveAllowPolicy"
    ),
}
