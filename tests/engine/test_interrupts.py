"""An apply that is interrupted: once it finishes what it is at, twice it stops, killed it stays."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.support.aws_world import World
from tests.support.broken_app import HERE, THINGS, Running, broken_app, changes, made, running, told
from tests.support.person import person
from tests.support.tool import Tool
from tests.support.until import until

TOPIC = "aws:sns/topic:"
LOCKS = ".pulumi/locks/"


@pytest.fixture
def app(aws: World, tmp_path: Path) -> Tool:
    return broken_app(aws, tmp_path / "app", {"mail/things.ts": THINGS})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_once_what_is_in_flight_comes_to_its_end(aws: World, app: Tool, number: int) -> None:
    aws.fault(TOPIC, "::topic/letters", sleep=4)
    with running(app, "apply", "--yes") as command:
        command.until("started", "topic/letters")
        command.interrupt(number)
        waited_for = command.until("finishing", "topic/letters")
        ended = command.end()
    assert waited_for["op"] == "create"
    (stopping,) = ended.of("stopping")
    assert any(each["urn"].endswith("::topic/letters") for each in stopping["running"])
    assert ended.code == 130
    assert ended.error["code"] == "interrupted"
    assert "topic/letters" in ended.names("done")
    assert ended.names("failed") == ended.names("abandoned") == set()
    done, total = (ended.of("ended")[0][key] for key in ("done", "total"))
    assert 0 < done < total
    assert f"{done} of {total} steps were done and stay" in ended.error["message"]
    assert locks(aws) == []
    again = told(app, "apply", "--yes")
    assert again.code == 0, again.text
    assert ended.names("done") | again.names("done") == set(made(aws))
    assert set(Counter(made(aws)).values()) == {1}, "nothing is made twice"
    assert len(made(aws)) == total
    assert changes(app) == 0


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_while_it_plans_nothing_has_begun_and_nothing_begins(
    aws: World, app: Tool, command: str
) -> None:
    aws.fault(TOPIC, "::topic/letters", operation="check", sleep=4)
    with running(app, command, *(["--yes"] if command == "apply" else [])) as planning:
        until(lambda: aws.spent)
        planning.interrupt()
        ended = planning.end()
    assert (ended.code, ended.error["code"]) == (130, "interrupted")
    assert not ended.of("started")
    assert made(aws) == []


def test_once_is_told_to_who_reads_it(aws: World, app: Tool) -> None:
    aws.fault(TOPIC, "::topic/letters", sleep=4)
    with person(app, "apply", *HERE, "--yes") as someone:
        someone.until("topic/letters")
        someone.until("creating")
        os.kill(someone.process.pid, signal.SIGINT)
        someone.until("finishing what is in flight and saving: waiting for ")
        assert someone.end() == 130
    told = someone.text
    assert "Ctrl-C again to stop hard" in told
    assert "steps were done and stay; the next apply goes on from there" in told
    assert "Traceback" not in told


def test_twice_it_stops_and_names_what_was_cut_off(aws: World, app: Tool) -> None:
    """AWS makes the bucket, and nobody is there to note it."""
    app.ok("apply", *HERE, "--yes")
    (app.app / "mail" / "late.ts").write_text(
        'import { Bucket } from "encore.dev/storage/objects";\n'
        'export const late = new Bucket("late");\n'
    )
    aws.fault("aws:s3/bucket:", "::bucket/late", when="after", sleep=30)
    with running(app, "apply", "--yes") as command:
        command.until("started", "bucket/late")
        command.interrupt()
        command.until("stopping")
        command.interrupt()
        began = time.monotonic()
        ended = command.end()
    assert time.monotonic() - began < 20, "it does not wait for the bucket"
    assert ended.code == 130
    assert ended.of("stopping-hard")
    assert "bucket/late" in ended.names("abandoned")
    assert "cut off, done or not: " in ended.error["message"]
    assert "bucket/late" in ended.error["message"]
    assert locks(aws) == []
    wait_for_plugins(aws)
    again = told(app, "apply", "--yes")
    assert (again.code, again.error["code"]) == (1, "exists-already")
    assert again.names("failed") == {"bucket/late"}
    (name,) = (each for each in buckets(aws) if "late" in each)
    assert name in again.error["message"]
    assert "delete it and apply again" in again.error["hint"]
    aws.client("s3").delete_bucket(Bucket=name)
    assert told(app, "apply", "--yes").code == 0
    assert changes(app) == 0


@pytest.fixture(scope="module")
def applied(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    world.forget()
    folder = tmp_path_factory.mktemp("applied")
    tool = broken_app(world, folder, {"mail/things.ts": THINGS})
    tool.ok("apply", *HERE, "--yes")
    yield tool
    world.forget()


@pytest.mark.parametrize("killed", ["command", "engine", "both"])
def test_what_is_killed_leaves_a_lock_that_names_it(
    world: World, applied: Tool, killed: str
) -> None:
    """Then the way of docs/operations.md. An engine whose command has gone ends at once, too."""
    (applied.app / "mail" / f"{killed}.ts").write_text(
        'import { Topic } from "encore.dev/pubsub";\n'
        f'export const late = new Topic<{{ id: string }}>("late-{killed}", '
        '{ deliveryGuarantee: "at-least-once" });\n'
    )
    world.fault(TOPIC, f"::topic/late-{killed}", sleep=3)
    with running(applied, "apply", "--yes") as command:
        command.until("started", f"topic/late-{killed}")
        engine = pulumi_of(command)
        if killed != "engine":
            command.process.kill()
        if killed != "command":
            engine.kill()
        ended = command.end()
    psutil.wait_procs([engine], timeout=30)
    wait_for_plugins(world)
    if killed == "engine":
        assert (ended.code, ended.error["code"]) == (1, "engine-killed")
        assert ended.names("abandoned") == {f"topic/late-{killed}"}
        assert "docs/operations.md" in ended.error["hint"]
    else:
        assert ended.code == -signal.SIGKILL
    refused = told(applied, "apply", "--yes")
    assert (refused.code, refused.error["code"]) == (1, "busy")
    assert f"process {engine.pid}" in refused.error["message"]
    assert "docs/operations.md" in refused.error["hint"]
    assert not refused.of("started")
    (key,) = locks(world)
    world.client("s3").delete_object(Bucket=state(world), Key=key)
    again = told(applied, "apply", "--yes")
    assert again.code == 0, again.text
    assert again.names("done") == {f"topic/late-{killed}", f"topic/late-{killed}#policy"}


def pulumi_of(command: Running) -> psutil.Process:
    found = psutil.Process(command.process.pid).children()
    (cli,) = (each for each in found if each.name() == "pulumi")
    return cli


def wait_for_plugins(world: World) -> None:
    """What a killed engine leaves finishes what it is at, and goes."""
    home = str(world.pulumi_home)
    plugins = [
        each
        for each in psutil.process_iter(["cmdline"])
        if any(word.startswith(home) for word in each.info["cmdline"] or ())
    ]
    _, alive = psutil.wait_procs(plugins, timeout=60)
    assert not alive


def state(world: World) -> str:
    """The bucket of the state."""
    (found,) = (name for name in buckets(world) if name.startswith("post-state-"))
    return found


def buckets(world: World) -> list[str]:
    return [each["Name"] for each in world.client("s3").list_buckets()["Buckets"]]


def locks(world: World) -> list[str]:
    found: list[dict[str, Any]] = (
        world.client("s3").list_objects_v2(Bucket=state(world)).get("Contents", [])
    )
    return [each["Key"] for each in found if LOCKS in each["Key"]]
