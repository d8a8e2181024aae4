"""SNS, SQS and S3 in memory: as much as the doctor asks of them, and faults on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from encore_provisioner.clients.aws import AwsError
from encore_provisioner.clients.s3 import ObjectVersion
from encore_provisioner.clients.sns import Subscription
from encore_provisioner.clients.sqs import Message

ACCOUNT = "us-east-1:000000000000"


def missing(what: str) -> AwsError:
    return AwsError("NotFound", f"{what} does not exist", "Fake", 404)


@dataclass
class FakeAws:
    """Topics, queues and links. ``fails`` names calls that raise ``AccessDenied``."""

    topics: dict[str, dict[str, str]] = field(default_factory=dict)
    queues: dict[str, dict[str, str]] = field(default_factory=dict)
    links: dict[str, tuple[Subscription, dict[str, str]]] = field(default_factory=dict)
    inbox: dict[str, list[str]] = field(default_factory=dict)
    fails: frozenset[str] = frozenset()
    delivers: bool = True
    envelope: dict[str, object] = field(default_factory=dict)
    raw: str | None = None
    published: list[dict[str, object]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name in self.fails:
            raise AwsError("AccessDenied", "not allowed", f"Fake {name}", 403)

    def create_topic(self, name: str, *, attributes: Mapping[str, str] | None = None) -> str:
        arn = f"arn:aws:sns:{ACCOUNT}:{name}"
        self.topics[arn] = dict(attributes or {})
        self._called("create_topic")
        return arn

    def delete_topic(self, arn: str) -> None:
        self._called("delete_topic")
        self.topics.pop(arn, None)

    def list_topics(self) -> Iterator[str]:
        self._called("list_topics")
        yield from sorted(self.topics)

    def topic_attributes(self, arn: str) -> dict[str, str]:
        if arn not in self.topics:
            raise missing(arn)
        return self.topics[arn]

    def subscribe(
        self,
        topic_arn: str,
        *,
        protocol: str,
        endpoint: str,
        attributes: Mapping[str, str] | None = None,
    ) -> str:
        self._called("subscribe")
        arn = f"{topic_arn}:{len(self.links)}"
        link = Subscription(arn=arn, topic_arn=topic_arn, protocol=protocol, endpoint=endpoint)
        self.links[arn] = (link, dict(attributes or {}))
        return arn

    def unsubscribe(self, arn: str) -> None:
        self._called("unsubscribe")
        del self.links[arn]

    def list_subscriptions(self, topic_arn: str | None = None) -> Iterator[Subscription]:
        yield from (link for link, _ in self.links.values() if link.topic_arn == topic_arn)

    def subscription_attributes(self, arn: str) -> dict[str, str]:
        return self.links[arn][1]

    def publish(
        self,
        topic_arn: str,
        message: str,
        *,
        attributes: Mapping[str, str] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
    ) -> str:
        self._called("publish")
        sent: dict[str, object] = {
            "group": group_id,
            "deduplication": deduplication_id,
            "message": message,
        }
        self.published.append(sent)
        body: dict[str, object] = {
            "Type": "Notification",
            "MessageId": "m",
            "TopicArn": topic_arn,
            "Message": message,
            "Timestamp": "2026-01-02T03:04:05.678Z",
            "UnsubscribeURL": "http://x",
            "MessageAttributes": {
                name: {"Type": "String", "Value": value}
                for name, value in (attributes or {}).items()
            },
        }
        text = json.dumps({k: v for k, v in {**body, **self.envelope}.items() if v is not None})
        for link, _ in self.links.values():
            if self.delivers and link.topic_arn == topic_arn:
                self.inbox.setdefault(link.endpoint, []).append(self.raw or text)
        return "m"

    def create_queue(self, name: str, *, attributes: Mapping[str, str] | None = None) -> str:
        url = f"http://q/000000000000/{name}"
        arn = f"arn:aws:sqs:{ACCOUNT}:{name}"
        self.queues[url] = {"QueueArn": arn, **(attributes or {})}
        self._called("create_queue")
        return url

    def delete_queue(self, url: str) -> None:
        self._called("delete_queue")
        if self.queues.pop(url, None) is None:
            raise missing(url)

    def list_queues(self, prefix: str = "") -> Iterator[str]:
        self._called("list_queues")
        yield from (u for u in sorted(self.queues) if u.rpartition("/")[2].startswith(prefix))

    def queue_url(self, name: str) -> str:
        for url in self.queues:
            if url.rpartition("/")[2] == name:
                return url
        raise missing(name)

    def queue_attributes(self, url: str) -> dict[str, str]:
        if url not in self.queues:
            raise missing(url)
        return self.queues[url]

    def set_queue_attributes(self, url: str, attributes: Mapping[str, str]) -> None:
        self._called("set_queue_attributes")
        self.queues[url].update(attributes)

    def receive(self, url: str, *, limit: int = 1, wait: int = 0) -> tuple[Message, ...]:
        self._called(f"receive {limit} {wait}")
        bodies = self.inbox.pop(self.queues[url]["QueueArn"], [])
        return tuple(Message(id="m", receipt="r", body=body, attributes={}) for body in bodies)

    def close(self) -> None:
        self._called("close")


@dataclass
class FakeObjects:
    """One bucket that keeps versions. ``fails`` as above; ``garbles`` changes what is read."""

    versions: list[ObjectVersion] = field(default_factory=list)
    content: dict[str, bytes] = field(default_factory=dict)
    fails: frozenset[str] = frozenset()
    garbles: bool = False
    keeps: bool = True
    closed: bool = False

    def _called(self, name: str) -> None:
        if name in self.fails:
            raise AwsError("AccessDenied", "not allowed", f"Fake {name}", 403)

    def _add(self, key: str, *, marker: bool) -> str:
        version = ObjectVersion(
            key=key,
            version_id=f"v{len(self.versions)}",
            latest=True,
            delete_marker=marker,
            size=0,
        )
        self.versions.append(version)
        return version.version_id

    def put(self, bucket: str, key: str, data: bytes) -> str | None:
        """The object is there even when the answer gets lost."""
        self.content[f"{bucket}/{key}"] = data
        made = self._add(key, marker=False)
        self._called("put")
        return made

    def get(self, bucket: str, key: str) -> bytes:
        self._called("get")
        return b"changed" if self.garbles else self.content[f"{bucket}/{key}"]

    def delete(self, bucket: str, key: str) -> None:
        self._called("delete")
        del self.content[f"{bucket}/{key}"]
        self._add(key, marker=True)

    def list_versions(self, bucket: str, prefix: str = "") -> Iterator[ObjectVersion]:
        self._called(f"list_versions of {bucket}")
        yield from [version for version in self.versions if version.key.startswith(prefix)]

    def delete_versions(self, bucket: str, versions: tuple[ObjectVersion, ...]) -> None:
        self._called(f"delete_versions of {bucket}")
        self.versions = [version for version in self.versions if version not in versions]

    def versioning(self, bucket: str) -> bool:
        self._called(f"versioning of {bucket}")
        return self.keeps

    def close(self) -> None:
        self.closed = True
