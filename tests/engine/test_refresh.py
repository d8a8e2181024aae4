"""Somebody changes things by hand: ``refresh`` finds it, ``plan`` shows it, ``apply`` undoes it."""

from __future__ import annotations

from pathlib import Path

from tests.support.aws_world import World
from tests.support.broken_app import HERE, THINGS, broken_app, summary


def test_what_was_changed_by_hand_is_found_and_put_back(aws: World, tmp_path: Path) -> None:
    tool = broken_app(aws, tmp_path, {"mail/things.ts": THINGS})
    tool.ok("apply", *HERE, "--yes")
    sqs, sns = aws.client("sqs"), aws.client("sns")
    (queue,) = (url for url in sqs.list_queues()["QueueUrls"] if not url.endswith("-dlq"))
    (topic,) = (
        each["TopicArn"] for each in sns.list_topics()["Topics"] if "letters" in each["TopicArn"]
    )
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "77"})
    sns.delete_topic(TopicArn=topic)
    asked = summary(tool, "--refresh")
    assert (asked["update"], asked["create"]) == (1, 2)
    before = aws.aws.operations.count("SetQueueAttributes")
    found = tool.ok("refresh", *HERE)
    assert "visibilityTimeoutSeconds  30 -> 77" in found.out
    assert "- aws:sns:Topic  (it is gone, though nobody here deleted it)" in found.out
    assert "Found: 1 changed, 2 gone," in found.out
    assert aws.aws.operations.count("SetQueueAttributes") == before, "nothing in AWS is changed"
    assert "`encore-infra plan --env cloud` shows what apply would make of it." in found.err
    planned = tool.ok("plan", *HERE).out
    assert "visibilityTimeoutSeconds  77 -> 30" in planned
    assert "Plan: 2 to create, 1 to update, 0 to delete" in planned
    applied = tool.ok("apply", *HERE, "--yes")
    assert "Applied 3 changes" in applied.err
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "30"
    assert topic in {each["TopicArn"] for each in sns.list_topics()["Topics"]}
    assert "No differences." in tool.ok("refresh", *HERE).out
