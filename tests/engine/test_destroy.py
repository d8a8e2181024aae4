"""The end of an environment: what is shown and asked, what goes, what stays, what was made late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.account import everything
from tests.support.aws_world import World
from tests.support.broken_app import (
    DATABASE,
    HERE,
    THINGS,
    Told,
    broken_app,
    changes,
    running,
    told,
)
from tests.support.person import person
from tests.support.tool import Result, Tool

DENIED = (
    "deleting S3 Bucket (x) Policy: operation error S3: DeleteBucketPolicy, https response error "
    "StatusCode: 403, RequestID: 1, api error AccessDenied: User: arn:aws:iam::123456789012:user/x "
    "is not authorized to perform: s3:DeleteBucketPolicy on x"
)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """An environment of type ``production`` from its apply to its end, step by step."""

    world: World
    tool: Tool
    before: set[str]
    applied: set[str]
    unnamed: Result
    unasked: Result
    declined: str
    after_refusals: set[str]
    broken: Told
    second: Told
    after: set[str]


@pytest.fixture(scope="module")
def ended(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    world.forget()
    tool = broken_app(
        world,
        tmp_path_factory.mktemp("app"),
        {"mail/things.ts": THINGS, **DATABASE},
        type_="production",
    )
    before = everything(world)
    tool.ok("apply", *HERE, "--yes")
    fill(world)
    applied = everything(world)
    unnamed = tool("destroy", *HERE, "--yes")
    unasked = tool("destroy", *HERE)
    declined = answered(tool, "clowd")
    after_refusals = everything(world)
    world.fault("aws:s3/bucketPolicy:", operation="delete", message=DENIED)
    broken = told(tool, "destroy", "--yes", *losses(unnamed))
    world.fault("aws:s3/bucket:", operation="delete", sleep=3)
    second = disturbed(world, tool, tool("destroy", *HERE, "--yes"))
    yield Ended(
        world=world, tool=tool, before=before, applied=applied, unnamed=unnamed, unasked=unasked,
        declined=declined, after_refusals=after_refusals, broken=broken, second=second,
        after=everything(world),
    )  # fmt: skip
    world.forget()


def receipts(world: World) -> str:
    names = [each["Name"] for each in world.client("s3").list_buckets()["Buckets"]]
    (found,) = (name for name in names if "receipts" in name)
    return str(found)


def fill(world: World) -> None:
    for content in (b"1", b"2"):
        world.client("s3").put_object(Bucket=receipts(world), Key="a", Body=content)


def answered(tool: Tool, name: str) -> str:
    """What somebody sees who types ``name``."""
    with person(tool, "destroy", *HERE) as someone:
        someone.until("Type the environment's name, cloud: ")
        someone.type(f"{name}\n")
        assert someone.end() == 1
        return someone.text


def losses(refused: Result) -> list[str]:
    """The options that the refusal names."""
    words = refused.err.partition("if that is what you want, add ")[2].split()
    assert words
    return words


def disturbed(world: World, tool: Tool, refused: Result) -> Told:
    """Somebody writes to a bucket that was emptied and is about to go."""
    with running(tool, "destroy", "--yes", *losses(refused)) as command:
        command.until("started", "bucket/receipts")
        world.client("s3").put_object(Bucket=receipts(world), Key="late", Body=b"3")
        return command.end()


def test_everything_is_shown_before_anything_goes(ended: Ended) -> None:
    shown = ended.unnamed.out
    for name in ("bucket/receipts", "topic/orders", "database/books", "secret/PayKey"):
        assert name in shown
    assert f"Destroy: {ended.broken.of('ended')[0]['total']} to delete." in shown
    assert "DATA LOSS: this deletes data for good:" in shown
    assert "a last snapshot" in shown
    assert "the state's bucket" in shown
    assert "can be restored for 30 days" in shown


def test_production_wants_every_loss_by_its_name(ended: Ended) -> None:
    assert ended.unnamed.code == 1
    assert "nothing was changed" in ended.unnamed.err
    assert "--allow-data-loss bucket/receipts" in ended.unnamed.err
    assert ended.unasked.code == 1
    assert "encore-infra destroy --env cloud --yes" in ended.unasked.err
    assert "declined; nothing was changed" in ended.declined
    assert ended.after_refusals == ended.applied


def test_what_cannot_be_deleted_is_named_with_its_reason(ended: Ended) -> None:
    assert (ended.broken.code, ended.broken.error["code"]) == (1, "access-denied")
    (failed,) = ended.broken.of("failed")
    assert failed["name"] == "bucket/receipts#policy"
    assert "s3:DeleteBucketPolicy" in failed["reason"]["remedy"]
    assert "The next destroy goes on from there." in ended.broken.error["message"]


def test_a_second_destroy_finishes_though_somebody_still_writes(ended: Ended) -> None:
    assert ended.second.code == 0, ended.second.text
    assert ended.second.document["left"] == []
    assert ended.broken.names("done").isdisjoint(ended.second.names("started"))
    assert "bucket/receipts" in ended.second.names("done")


def test_what_went_at_the_second_try_has_not_failed(ended: Ended) -> None:
    assert not ended.second.of("failed")
    (end,) = ended.second.of("ended")
    assert (end["failed"], end["done"]) == (0, end["total"])
    begun = [each for each in ended.second.of("started") if each["name"] == "bucket/receipts"]
    assert len(begun) == 2
    told = [each["text"] for each in ended.second.of("notice")]
    assert (
        "S3 is still busy with the bucket, or something was written to it; trying again in 10 s"
        in told
    )


def test_how_far_a_bucket_is_emptied_is_told(ended: Ended) -> None:
    name = next(each for each in ended.applied if "receipts" in each).rpartition(" ")[2]
    told = {each["text"] for each in ended.broken.of("notice")}
    assert f"bucket {name}: 2 objects and old versions deleted" in told


def test_what_stays_is_what_was_said(ended: Ended) -> None:
    stays = sorted(ended.after - ended.before)
    kinds = sorted({name.partition(" ")[0] for name in stays})
    assert kinds == ["kms", "rds", "s3", "secretsmanager"], stays
    for service, _, name in (each.partition(" ") for each in stays):
        shown = key_of(ended.world, name) if service == "kms" else name
        assert shown in ended.unnamed.out
    assert not ended.before - ended.after, "what is somebody else's stays"


def key_of(world: World, alias: str) -> str:
    """Its ARN."""
    return str(world.client("kms").describe_key(KeyId=alias)["KeyMetadata"]["Arn"])


def test_a_last_snapshot_was_taken(ended: Ended) -> None:
    listed = ended.world.client("rds").describe_db_snapshots(SnapshotType="manual")
    (found,) = listed["DBSnapshots"]
    assert found["DBSnapshotIdentifier"] in ended.unnamed.out


def test_secrets_can_be_restored(ended: Ended) -> None:
    client = ended.world.client("secretsmanager")
    listed = client.list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert listed
    assert all(each["DeletedDate"] for each in listed)


def test_afterwards_nothing_is_known_and_nothing_is_to_do(ended: Ended) -> None:
    assert "Nothing is here yet" in ended.tool.ok("status", *HERE).out
    refused = ended.tool("outputs", *HERE)
    assert refused.code == 1
    assert "was not applied yet" in refused.err
    third = ended.tool("destroy", *HERE, "--yes")
    assert "Traceback" not in third.text
    assert "this is a bug" not in third.text
    assert not (ended.tool.app / ".encore" / "infra" / "cloud" / "runtime.pb").exists()


def test_of_an_ephemeral_environment_nothing_stays(aws: World, tmp_path: Path) -> None:
    """On a terminal, by its name; an object that comes late goes too."""
    tool = broken_app(aws, tmp_path, {"mail/things.ts": THINGS, **DATABASE})
    before = everything(aws)
    tool.ok("apply", *HERE, "--yes")
    fill(aws)
    with person(tool, "destroy", *HERE) as someone:
        someone.until("Type the environment's name, cloud: ")
        someone.type("cloud\n")
        code = someone.end()
    assert code == 0, someone.text
    assert "Nothing is left of cloud" in someone.text
    stays = sorted(everything(aws) - before)
    assert [name.partition(" ")[0] for name in stays] == ["kms", "s3"], stays
    again = tool.ok("destroy", *HERE, "--yes", "--format", "json").json()
    assert again["plan"]["steps"] == []
    assert again["left"] == []
    assert changes(tool) > 0


def test_what_has_our_name_and_is_in_no_state_is_named(aws: World, tmp_path: Path) -> None:
    """The environment was never applied; somebody made one of its topics."""
    tool = broken_app(aws, tmp_path, {"mail/things.ts": THINGS})
    plan: dict[str, Any] = tool.ok("plan", *HERE, "--offline", "--format", "json").json()
    (name,) = (
        item["after"]
        for step in plan["steps"]
        if step["urn"].endswith("Topic::topic/letters")
        for item in step["diff"]
        if item["path"] == "name"
    )
    aws.client("sns").create_topic(Name=name)
    found = told(tool, "destroy", "--yes")
    assert (found.code, found.error["code"]) == (1, "not-all-destroyed")
    assert name in found.error["message"]
    assert "aws sns get-topic-attributes" in found.error["message"]
