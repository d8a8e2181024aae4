"""Where the state is, what encrypts it, and what happens when two want it at once.

One small app is applied for most of the module, and its tests stand in the order of its life:
planned, applied, changed on another machine, destroyed. Others are apps of their own.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.aws_applied import ENVIRONMENT, change, changing, only_by_tls, tags, tiny
from tests.support.aws_world import World
from tests.support.moto_server import ACCOUNT, REGION
from tests.support.tool import TIMEOUT, Result, Tool
from tests.support.until import until

ON = ("--env", ENVIRONMENT)
PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"


@pytest.fixture(scope="module")
def emptied(world: World) -> Iterator[World]:
    world.forget()
    yield world
    world.forget()


@pytest.fixture(scope="module")
def unapplied(emptied: World, tmp_path_factory: pytest.TempPathFactory) -> Tool:
    return tiny(emptied, tmp_path_factory.mktemp("state") / "tiny")


@pytest.fixture(scope="module")
def applied(unapplied: Tool) -> Tool:
    unapplied.ok("apply", *ON, "--yes")
    return unapplied


def buckets(world: World) -> list[str]:
    return [each["Name"] for each in world.client("s3").list_buckets()["Buckets"]]


def bucket_of(world: World, app: str) -> str:
    (found,) = (name for name in buckets(world) if name.startswith(f"{app}-state-"))
    return found


def objects(world: World, bucket: str) -> dict[str, str]:
    """The objects of a bucket with what tells one content from another."""
    found = world.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    return {item["Key"]: item["ETag"] for item in found}


def opened(content: bytes) -> Any:
    """A state as Pulumi writes it, packed or not."""
    return json.loads(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)


def encryption(world: World, bucket: str) -> Any:
    """What the state says that its secrets are encrypted with."""
    (key,) = (
        key
        for key in objects(world, bucket)
        if "/.pulumi/stacks/" in key and key.endswith((".json", ".json.gz"))
    )
    body = world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return opened(body)["checkpoint"]["latest"]["secrets_providers"]


def locks(world: World, bucket: str) -> list[str]:
    return [key for key in objects(world, bucket) if "/.pulumi/locks/" in key]


# --- before the first apply -----------------------------------------------------------------


def test_a_plan_before_the_first_apply_leaves_nothing(emptied: World, unapplied: Tool) -> None:
    before = len(emptied.aws.calls)
    planned = unapplied("plan", *ON, "--detailed-exitcode")
    assert (planned.code, planned.err) == (2, "")
    assert changing(emptied.aws.calls[before:]) == []
    assert buckets(emptied) == []
    left = [path for path in unapplied.app.glob(".encore/**/*") if path.is_file()]
    assert [path for path in left if path.suffix != ".zip"] == []


@pytest.mark.parametrize(
    "words",
    [("outputs",), ("refresh",), ("doctor",), ("secret", "set", "PayKey")],
    ids=" ".join,
)
def test_what_needs_an_apply_says_so_and_makes_nothing(
    emptied: World, unapplied: Tool, words: tuple[str, ...]
) -> None:
    told = unapplied(*words, *ON, stdin="a value" if "set" in words else None)
    assert told.code == 1
    assert f"encore-infra apply --env {ENVIRONMENT}" in told.err
    assert buckets(emptied) == []


@pytest.mark.parametrize("name", [PASSPHRASE, "PULUMI_CONFIG_PASSPHRASE_FILE"])
def test_an_empty_passphrase_is_refused_before_anything_is_asked(
    emptied: World, unapplied: Tool, name: str
) -> None:
    before = len(emptied.aws.calls)
    told = replace(unapplied, env={**unapplied.env, name: ""})("apply", *ON, "--yes")
    assert told.code == 1
    assert f"{name} is set and empty: everybody could read the secrets of the state" in told.err
    assert emptied.aws.calls[before:] == []


# --- applied --------------------------------------------------------------------------------


@pytest.mark.usefixtures("applied")
def test_the_bucket_is_closed_encrypted_versioned_and_tidied(emptied: World) -> None:
    s3, name = emptied.client("s3"), bucket_of(emptied, "tiny")
    assert name.startswith(f"tiny-state-{ACCOUNT}-{REGION}-")
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    used = rule["ApplyServerSideEncryptionByDefault"]
    assert used == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_of(emptied)["Arn"]}
    assert only_by_tls(s3.get_bucket_policy(Bucket=name)["Policy"])
    closed = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    (lifecycle,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert lifecycle["Status"] == "Enabled"
    assert lifecycle["NoncurrentVersionExpiration"]["NoncurrentDays"] == 90
    assert tags(s3.get_bucket_tagging(Bucket=name)["TagSet"])["encore:app"] == "tiny"


def key_of(world: World) -> dict[str, Any]:
    kms = world.client("kms")
    (alias,) = (
        each for each in kms.list_aliases()["Aliases"] if "/tiny-state-" in each["AliasName"]
    )
    found: dict[str, Any] = kms.describe_key(KeyId=alias["TargetKeyId"])["KeyMetadata"]
    return found


@pytest.mark.usefixtures("applied")
def test_the_key_turns_and_encrypts_every_object(emptied: World) -> None:
    key, name = key_of(emptied), bucket_of(emptied, "tiny")
    kms, s3 = emptied.client("kms"), emptied.client("s3")
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is True
    for each in objects(emptied, name):
        found = s3.head_object(Bucket=name, Key=each)
        assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
    assert encryption(emptied, name)["type"] == "cloud"


def test_another_passphrase_on_another_machine_changes_nothing(
    emptied: World, applied: Tool
) -> None:
    """The trap: without the stack's file Pulumi would take what the variable says, even silently,
    and whoever comes next could not read the state.
    """
    name = bucket_of(emptied, "tiny")
    before = encryption(emptied, name)
    assert before["state"]["url"].startswith("awskms://alias/tiny-state-")
    assert list(applied.app.glob(f".encore/**/Pulumi.{ENVIRONMENT}.yaml"))
    shutil.rmtree(applied.app / ".encore")
    change(applied, "tags", "{team: a}")
    elsewhere = replace(applied, env={**applied.env, PASSPHRASE: "another"})
    assert "Applied 10 changes" in elsewhere.ok("apply", *ON, "--yes").text
    assert encryption(emptied, name) == before
    planned = applied("plan", *ON, "--detailed-exitcode")
    assert (planned.code, "No changes." in planned.out) == (0, True)


def test_two_at_once_do_not_come_into_each_other(emptied: World, applied: Tool) -> None:
    """The first one's lock is what a killed process would leave, too."""
    name, s3 = bucket_of(emptied, "tiny"), emptied.client("s3")
    emptied.fault("aws:sns/topic", operation="update", sleep=2.0)
    change(applied, "tags", "{team: b}")
    first = applied.start("apply", *ON, "--yes")
    until(lambda: locks(emptied, name))
    (lock,) = locks(emptied, name)
    content = s3.get_object(Bucket=name, Key=lock)["Body"].read()
    out, err = first.communicate(timeout=TIMEOUT)
    assert first.returncode == 0, out + err
    assert locks(emptied, name) == []
    s3.put_object(Bucket=name, Key=lock, Body=content)
    _second_is_refused(applied, json.loads(content))
    _third_waits(applied, lambda: s3.delete_object(Bucket=name, Key=lock))


def _second_is_refused(tool: Tool, holder: dict[str, Any]) -> None:
    change(tool, "tags", "{team: c}")
    second = tool("apply", *ON, "--yes", "--format", "json")
    error = second.json()["error"]
    assert (second.code, error["code"]) == (1, "busy")
    who = f"{holder['username']}@{holder['hostname']}, process {holder['pid']}"
    assert error["message"].startswith(f"{ENVIRONMENT} is held by {who}, since 20")
    assert error["message"].endswith("; nothing was changed")
    assert "--lock-timeout" in error["hint"]


def _third_waits(tool: Tool, release: Callable[[], object]) -> None:
    third = tool.start("apply", *ON, "--yes", "--lock-timeout", f"{TIMEOUT:g}")
    assert third.stderr is not None
    told = next((line for line in third.stderr if line.startswith("waiting up to ")), "")
    assert told.startswith(f"waiting up to {TIMEOUT:g} s for ")
    assert f": {ENVIRONMENT} is in use [" in told
    assert third.poll() is None
    release()
    out, err = third.communicate(timeout=TIMEOUT)
    assert third.returncode == 0, out + err
    assert "Applied 10 changes" in out + err


def test_after_a_destroy_a_plan_leaves_the_state_alone(emptied: World, applied: Tool) -> None:
    name = bucket_of(emptied, "tiny")
    applied.ok("destroy", *ON, "--yes", "--allow-data-loss", "secret/PayKey")
    left, before = objects(emptied, name), len(emptied.aws.calls)
    planned = applied("plan", *ON, "--detailed-exitcode")
    assert planned.code == 2
    assert "Plan: 18 to create" in planned.out
    assert changing(emptied.aws.calls[before:]) == []
    assert objects(emptied, name) == left
    assert applied("outputs", *ON).code == 1


# --- kept elsewhere -------------------------------------------------------------------------


def test_a_folder_is_told_about_each_time(emptied: World, tmp_path: Path) -> None:
    tool = tiny(emptied, tmp_path / "app", {"state": "./kept"}, name="folder")
    told = f"state is kept in {tool.app / 'kept'}, on this machine alone"
    assert told in tool.ok("plan", *ON).text
    assert told in tool.ok("apply", *ON, "--yes").text
    (state,) = (
        path
        for path in (tool.app / "kept" / ".pulumi" / "stacks").rglob(f"{ENVIRONMENT}.json*")
        if path.suffix in (".json", ".gz")
    )
    found = opened(state.read_bytes())["checkpoint"]["latest"]
    assert found["secrets_providers"]["type"] == "cloud", "encrypted by a key all the same"
    assert (tool.app / "kept").stat().st_mode & 0o077 == 0


def test_a_bucket_of_ones_own_is_used_as_it_is(emptied: World, tmp_path: Path) -> None:
    s3 = emptied.client("s3")
    s3.create_bucket(
        Bucket="of-the-company", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    tool = tiny(emptied, tmp_path / "app", {"state": "s3://of-the-company/infra"}, name="adopted")
    planned = tool.ok("plan", *ON)
    assert "the bucket of-the-company keeps no old versions" in planned.text
    assert objects(emptied, "of-the-company") == {}
    tool.ok("apply", *ON, "--yes")
    kept = objects(emptied, "of-the-company")
    assert kept
    assert all(key.startswith("infra/adopted-preview-") for key in kept)
    assert not [name for name in buckets(emptied) if name.startswith("adopted-state-")]
    assert "Status" not in s3.get_bucket_versioning(Bucket="of-the-company"), "never changed"
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket="of-the-company")


def test_a_bucket_that_is_not_there_is_not_made(emptied: World, tmp_path: Path) -> None:
    tool = tiny(emptied, tmp_path / "app", {"state": "s3://nobodys"}, name="missing")
    before = len(emptied.aws.calls)
    told = tool("apply", *ON, "--yes")
    assert told.code == 1
    assert "the bucket nobodys, which `state` names, does not exist" in told.err
    assert changing(emptied.aws.calls[before:]) == []


def test_a_passphrase_is_what_the_person_gave_and_is_needed_ever_after(
    emptied: World, tmp_path: Path
) -> None:
    plain = tiny(emptied, tmp_path / "app", name="phrase")
    tool = replace(plain, env={**plain.env, PASSPHRASE: "correct horse"})
    tool.ok("apply", *ON, "--yes")
    kept = encryption(emptied, bucket_of(emptied, "phrase"))
    assert kept["type"] == "passphrase"
    assert tool("plan", *ON, "--detailed-exitcode").code == 0
    for without in (plain, replace(plain, env={**plain.env, PASSPHRASE: "wrong"})):
        _says_passphrase(without("plan", *ON))
    assert emptied.spilled(["correct horse"], tool.app) == []


def _says_passphrase(told: Result) -> None:
    assert told.code == 1
    assert "passphrase" in told.err
    assert "Traceback" not in told.text
