"""Whether what the app needs is there and answers: from here what can be asked from here.

In: the graph, the outputs of the last apply, an account. Out: a ``Check`` for each topic,
subscription, bucket and secret. They are asked with the credentials of whoever asks, since the
app's role is for containers alone. Databases and caches are for the function inside the network.
Nothing is published, written or read of what the app keeps.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from encore_aws.account import Account, AwsError, ask
from encore_aws.resources.secret import variable_of
from encore_aws.secret_versions import versions
from encore_config.graph import Bucket, Graph, Subscription, Topic
from encore_provisioner.check import Check, Kind

Outputs = Mapping[str, Any]

_AGAIN: Final = "`encore-infra apply` makes it"
_HOPELESS: Final = frozenset({"aws-expired", "aws-bad-credentials", "aws-clock", "aws-region-off"})
"""Every further question would be answered likewise."""
_ATTRIBUTES: Final = ["All"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``hint`` is worth knowing also where all is well."""

    detail: str = ""
    reason: str | None = None
    hint: str | None = None


def checks(graph: Graph, outputs: Outputs, account: Account, environment: str) -> Iterator[Check]:
    """One after the other: topics, subscriptions, buckets, secrets, each sorted by name.

    Raises :class:`AwsError` where nothing can be asked at all, such as with expired credentials.
    """
    sns, sqs, s3 = (account.client(name) for name in ("sns", "sqs", "s3"))
    secrets = account.client("secretsmanager")
    for topic in graph.topics:
        yield _check("topic", topic.name, partial(_topic, topic, outputs, sns))
    for each in graph.subscriptions:
        name = f"{each.topic}/{each.name}"
        yield _check("subscription", name, partial(_subscription, each, outputs, sns, sqs))
    for bucket in graph.buckets:
        yield _check("bucket", bucket.name, partial(_bucket, bucket, outputs, s3))
    for secret in graph.secrets:
        yield _check(
            "secret", secret.name, partial(_secret, secret.name, outputs, secrets, environment)
        )


def _check(kind: Kind, name: str, look: Callable[[], Verdict]) -> Check:
    began = time.monotonic()
    try:
        found = look()
    except KeyError:
        found = Verdict(reason="it was not made yet", hint=_AGAIN)
    except AwsError as error:
        if error.answer is None or error.code in _HOPELESS:
            raise
        found = Verdict(reason=error.message, hint=error.hint)
    return Check(
        kind=kind,
        name=name,
        ok=found.reason is None,
        seconds=time.monotonic() - began,
        detail=found.detail,
        reason=found.reason,
        hint=found.hint,
    )


def _topic(topic: Topic, outputs: Outputs, sns: Any) -> Verdict:
    arn = outputs["topics"][topic.name]
    ask(f"look at the topic {topic.name}", lambda: sns.get_topic_attributes(TopicArn=arn))
    return Verdict(detail=arn.rpartition(":")[2])


def _subscription(each: Subscription, outputs: Outputs, sns: Any, sqs: Any) -> Verdict:
    name = f"{each.topic}/{each.name}"
    queue, topic = outputs["subscriptions"][name], outputs["topics"][each.topic]
    found = ask(
        f"look at the queue of {name}",
        lambda: sqs.get_queue_attributes(QueueUrl=queue["url"], AttributeNames=_ATTRIBUTES),
    )["Attributes"]
    if queue["arn"] not in set(_endpoints(topic, sns, name)):
        return Verdict(reason=f"the topic {each.topic} does not deliver to its queue", hint=_AGAIN)
    if not _lets_in(found.get("Policy"), topic):
        return Verdict(
            reason="the queue's policy does not let the topic in: messages are dropped",
            hint=_AGAIN,
        )
    waiting = int(found.get("ApproximateNumberOfMessages", 0))
    return Verdict(detail=f"{waiting} waiting", hint=_dead(found, sqs, name))


def _endpoints(topic: str, sns: Any, name: str) -> Iterator[str]:
    token: dict[str, str] = {}
    while True:
        page = ask(
            f"look who hears the topic of {name}",
            partial(sns.list_subscriptions_by_topic, TopicArn=topic, **token),
        )
        yield from (each["Endpoint"] for each in page["Subscriptions"])
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _lets_in(policy: str | None, topic: str) -> bool:
    statements = json.loads(policy)["Statement"] if policy else []
    return any(each.get("Effect") == "Allow" and topic in json.dumps(each) for each in statements)


def _dead(attributes: Mapping[str, str], sqs: Any, name: str) -> str | None:
    """Messages that nobody could handle stop nothing, and somebody should look at them."""
    redrive = attributes.get("RedrivePolicy")
    if not redrive:
        return None
    arn = json.loads(redrive)["deadLetterTargetArn"]
    queue = arn.rpartition(":")[2]
    url = ask(f"find the dead letters of {name}", lambda: sqs.get_queue_url(QueueName=queue))
    found = ask(
        f"count the dead letters of {name}",
        lambda: sqs.get_queue_attributes(QueueUrl=url["QueueUrl"], AttributeNames=_ATTRIBUTES),
    )["Attributes"]
    dead = int(found.get("ApproximateNumberOfMessages", 0))
    if not dead:
        return None
    return f"{dead} message{'' if dead == 1 else 's'} could not be handled and lie in {queue}"


def _bucket(bucket: Bucket, outputs: Outputs, s3: Any) -> Verdict:
    name = outputs["buckets"][bucket.name]["name"]
    ask(f"look at the bucket {name}", lambda: s3.head_bucket(Bucket=name))
    if not bucket.versioned:
        return Verdict(detail=name)
    found = ask(f"ask whether {name} keeps versions", lambda: s3.get_bucket_versioning(Bucket=name))
    if found.get("Status") != "Enabled":
        return Verdict(
            reason="the app declares versions, and the bucket does not keep them", hint=_AGAIN
        )
    return Verdict(detail=f"{name}, keeps versions")


def _secret(name: str, outputs: Outputs, client: Any, environment: str) -> Verdict:
    arn = outputs["variables"][variable_of("declared", name)]
    found = versions(arn, f"the secret {name}", client)
    if found is None:
        return Verdict(reason="its place is gone", hint=_AGAIN)
    if found.deleted is not None:
        return Verdict(
            reason="it was deleted, and AWS keeps it for a while",
            hint=f"aws secretsmanager restore-secret --secret-id {arn}",
        )
    if not found.has_value:
        return Verdict(
            reason="it has no value: a container that needs it does not start",
            hint=f"encore-infra secret set {name} --env {environment}",
        )
    return Verdict(detail="has a value")
