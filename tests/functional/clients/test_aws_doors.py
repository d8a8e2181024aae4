"""Every call of the doors on a real server."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from tests.functional.clients.conftest import Aws

from encore_local.resources.subscription import queue_policy
from encore_provisioner.clients.aws import AwsError
from encore_provisioner.clients.s3 import S3, CorsRule
from encore_provisioner.clients.sigv4 import Credentials
from encore_provisioner.clients.sns import Subscription

KEYS = ("plain", "a b/ü~+&?.txt", "quotes'\"", "100%", "a//b", "ends/", "日本")


def test_topics(aws: Aws) -> None:
    # The local server drops the tags of CreateTopic; test_sns.py has how AWS wants them sent.
    arn = aws.sns.create_topic("one")
    assert aws.sns.create_topic("one") == arn
    aws.sns.tag(arn, {"a": "1", "ü": "b c"})
    assert arn in list(aws.sns.list_topics())
    aws.sns.set_topic_attribute(arn, "DisplayName", "<One> & only")
    assert aws.sns.topic_attributes(arn)["DisplayName"] == "<One> & only"
    aws.sns.tag(arn, {"c": "3"})
    aws.sns.untag(arn, "a")
    assert aws.sns.tags(arn) == {"ü": "b c", "c": "3"}
    aws.sns.delete_topic(arn)
    with pytest.raises(AwsError) as caught:
        aws.sns.topic_attributes(arn)
    assert caught.value.missing


def test_queues(aws: Aws) -> None:
    url = aws.sqs.create_queue("one", attributes={"VisibilityTimeout": "7"}, tags={"a": "1"})
    assert aws.sqs.queue_url("one") == url
    assert list(aws.sqs.list_queues("on")) == [url]
    assert list(aws.sqs.list_queues("two")) == []
    aws.sqs.set_queue_attributes(url, {"MessageRetentionPeriod": "600"})
    attributes = aws.sqs.queue_attributes(url)
    assert (attributes["VisibilityTimeout"], attributes["MessageRetentionPeriod"]) == ("7", "600")
    aws.sqs.tag(url, {"ü": "<&>"})
    aws.sqs.untag(url, "a")
    assert aws.sqs.tags(url) == {"ü": "<&>"}
    aws.sqs.delete_queue(url)
    with pytest.raises(AwsError) as caught:
        aws.sqs.queue_attributes(url)
    assert caught.value.missing


def test_messages(aws: Aws) -> None:
    url = aws.sqs.create_queue("mail")
    sent = aws.sqs.send(url, "hello <ü> & more")
    [message] = aws.sqs.receive(url, limit=10, wait=1, visibility=30)
    assert (message.id, message.body) == (sent, "hello <ü> & more")
    assert message.attributes["ApproximateReceiveCount"] == "1"
    assert aws.sqs.receive(url) == ()
    aws.sqs.delete_message(url, message.receipt)
    aws.sqs.send(url, "gone")
    aws.sqs.purge_queue(url)
    assert aws.sqs.receive(url) == ()
    aws.sqs.delete_queue(url)


def test_from_topic_to_queue(aws: Aws) -> None:
    topic = aws.sns.create_topic("ledger.fifo", attributes={"FifoTopic": "true"})
    url = aws.sqs.create_queue("ledger.fifo", attributes={"FifoQueue": "true"})
    queue = aws.sqs.queue_attributes(url)["QueueArn"]
    policy = queue_policy("ledger.fifo", "ledger.fifo")
    aws.sqs.set_queue_attributes(url, {"Policy": json.dumps(policy)})
    link = aws.sns.subscribe(
        topic, protocol="sqs", endpoint=queue, attributes={"RawMessageDelivery": "false"}
    )
    expected = Subscription(arn=link, topic_arn=topic, protocol="sqs", endpoint=queue)
    assert list(aws.sns.list_subscriptions(topic)) == [expected]
    assert expected in list(aws.sns.list_subscriptions())
    aws.sns.set_subscription_attribute(link, "RawMessageDelivery", "false")
    assert aws.sns.subscription_attributes(link)["RawMessageDelivery"] == "false"
    with pytest.raises(AwsError) as caught:
        aws.sns.publish(topic, "x")
    assert caught.value.status == 400
    aws.sns.publish(
        topic, '{"n": "ü"}', attributes={"a": "<1>"}, group_id="g", deduplication_id="d"
    )
    [message] = aws.sqs.receive(url, wait=2)
    envelope = json.loads(message.body)
    assert envelope["Message"] == '{"n": "ü"}'
    assert envelope["MessageAttributes"] == {"a": {"Type": "String", "Value": "<1>"}}
    assert message.attributes["MessageGroupId"] == "g"
    aws.sns.unsubscribe(link)
    assert list(aws.sns.list_subscriptions(topic)) == []
    aws.sns.delete_topic(topic)
    aws.sqs.delete_queue(url)


def test_pages(aws: Aws) -> None:
    """A page holds 100 topics."""
    topics = {aws.sns.create_topic(f"page-{n}") for n in range(101)}
    assert topics <= set(aws.sns.list_topics())
    for arn in topics:
        aws.sns.delete_topic(arn)


def test_bucket_settings(aws: Aws) -> None:
    s3, name = aws.s3, "settings"
    assert not s3.bucket_exists(name)
    s3.create_bucket(name)
    assert s3.bucket_exists(name)
    assert name in s3.list_buckets()
    assert not s3.versioning(name)
    s3.set_versioning(name, True)
    assert s3.versioning(name)
    s3.set_versioning(name, False)
    assert not s3.versioning(name)
    assert s3.policy(name) is None
    s3.set_policy(name, '{"Version": "2012-10-17", "Statement": []}')
    assert json.loads(s3.policy(name) or "")["Version"] == "2012-10-17"
    s3.delete_policy(name)
    assert s3.policy(name) is None
    assert s3.tags(name) == {}
    s3.set_tags(name, {"a": "<&>", "b": "ü"})
    assert s3.tags(name) == {"a": "<&>", "b": "ü"}
    s3.delete_tags(name)
    assert s3.tags(name) == {}
    rule = CorsRule(origins=("*",), methods=("GET", "PUT"), headers=("*",), max_age=60)
    assert s3.cors(name) == ()
    s3.set_cors(name, [rule])
    assert s3.cors(name) == (rule,)
    s3.delete_cors(name)
    assert s3.cors(name) == ()
    s3.set_public_access_block(name, True)
    assert s3.public_access_blocked(name)
    s3.set_public_access_block(name, False)
    assert not s3.public_access_blocked(name)
    s3.delete_bucket(name)
    assert not s3.bucket_exists(name)


@pytest.mark.parametrize("key", KEYS)
def test_objects_of_every_name(aws: Aws, key: str) -> None:
    s3, name = aws.s3, "objects"
    s3.create_bucket(name)
    s3.set_versioning(name, True)
    first = s3.put(name, key, b"one", content_type="text/plain")
    s3.put(name, key, b"two!")
    assert (s3.get(name, key), s3.get(name, key, version_id=first)) == (b"two!", b"one")
    assert (s3.size(name, key), s3.size(name, f"{key}-not")) == (4, None)
    assert [(o.key, o.size) for o in s3.list_objects(name)] == [(key, 4)]
    assert [o.key for o in s3.list_objects(name, key[:2])] == [key]
    s3.delete(name, key)
    assert list(s3.list_objects(name)) == []
    marker, *versions = s3.list_versions(name)
    assert (marker.key, marker.delete_marker, len(versions)) == (key, True, 2)
    with pytest.raises(AwsError) as caught:
        s3.delete_bucket(name)
    assert caught.value.code == "BucketNotEmpty"
    s3.delete(name, key, version_id=first)
    s3.delete_versions(name, list(s3.list_versions(name)))
    assert list(s3.list_versions(name)) == []
    s3.delete_bucket(name)


def test_pages_of_objects(aws: Aws) -> None:
    s3, name = aws.s3, "many"
    s3.create_bucket(name)
    keys = [f"k/{n:04}" for n in range(1001)]
    for key in keys:
        s3.put(name, key, b"")
    assert [o.key for o in s3.list_objects(name)] == keys
    versions = list(s3.list_versions(name))
    assert [version.key for version in versions] == keys
    s3.delete_versions(name, versions)
    s3.delete_bucket(name)


def test_links(aws: Aws) -> None:
    """The server checks the signature of a link."""
    aws.s3.create_bucket("links")
    upload = aws.s3.presign("PUT", "links", "a b/ü", expires=60)
    request = urllib.request.Request(upload, data=b"by link", method="PUT")
    with urllib.request.urlopen(request) as response:
        assert response.status == 200
    with urllib.request.urlopen(aws.s3.presign("GET", "links", "a b/ü", expires=60)) as response:
        assert response.read() == b"by link"
    forged = S3(
        endpoint=aws.endpoint,
        region="us-east-1",
        credentials=Credentials(access_key_id="encore-local", secret_access_key="another"),
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(forged.presign("GET", "links", "a b/ü", expires=60))
    caught.value.close()
    assert caught.value.code == 403
    aws.s3.delete("links", "a b/ü")
    aws.s3.delete_bucket("links")
