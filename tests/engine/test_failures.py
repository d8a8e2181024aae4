"""An apply in which AWS says no: what is told, what stays, and that the next one goes on."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from tests.support.aws_world import World
from tests.support.broken_app import (
    DATABASE,
    HERE,
    THINGS,
    Told,
    broken_app,
    changes,
    made,
    running,
    told,
)
from tests.support.golden import CASES
from tests.support.tool import Tool

CASES_OF_APPLY: dict[str, dict[str, Any]] = {
    case["code"]: case
    for case in tomllib.loads((CASES / "aws" / "errors" / "messages.toml").read_text())["case"]
    if case["code"] and "deleting" not in case["said"][0] and "deleted" not in case["said"][0]
}
TOPIC = "aws:sns/topic:"


def words_of(case: dict[str, Any]) -> str:
    """What the plugin's code says, without what it and the engine wrap around it."""
    text = re.sub(r"<\{%[^%]*%\}>", "", case["said"][0]).strip()
    text = re.sub(r"^\S+\.go:\d+: sdk\.helper_schema: |: provider=aws@[\d.]+$", "", text)
    return text.rpartition("1 error occurred:\n\t* ")[2]


@pytest.fixture(scope="module")
def every_error(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failed]:
    """As many topics as the table has errors of an apply, each of which fails once with its own."""
    world.forget()
    tool = broken_app(
        world, tmp_path_factory.mktemp("app"), {"mail/things.ts": "".join(topics(CASES_OF_APPLY))}
    )
    for code, case in CASES_OF_APPLY.items():
        world.fault(TOPIC, f"::topic/{topic(code)}", message=words_of(case), sleep=1)
    applies: list[Told] = []
    while not applies or applies[-1].code:
        assert len(applies) <= len(CASES_OF_APPLY), applies[-1].text
        applies.append(told(tool, "apply", "--yes"))
    yield Failed(world=world, tool=tool, applies=applies)
    world.forget()


@dataclass(frozen=True, kw_only=True)
class Failed:
    """``applies``: each goes on where the one before ended; the last one ended well."""

    world: World
    tool: Tool
    applies: list[Told]

    @property
    def events(self) -> dict[str, dict[str, Any]]:
        return {each["name"]: each for apply in self.applies for each in apply.of("failed")}


def topic(code: str) -> str:
    """No name is the beginning of another."""
    return f"{code}-topic"


def topics(codes: Iterable[str]) -> Iterator[str]:
    yield 'import { Topic } from "encore.dev/pubsub";\n'
    for name in map(topic, codes):
        yield (
            f'export const {name.replace("-", "_")} = new Topic<{{ id: string }}>("{name}", '
            '{ deliveryGuarantee: "at-least-once" });\n'
        )


@pytest.mark.parametrize("code", CASES_OF_APPLY)
def test_an_error_of_the_table_is_told_with_its_reason(every_error: Failed, code: str) -> None:
    event = every_error.events[f"topic/{topic(code)}"]
    assert event["reason"]["code"] == code
    assert event["message"] == CASES_OF_APPLY[code]["shown"]
    line = list(CASES_OF_APPLY).index(code) + 2
    assert event["declaration"]["at"] == {"file": "mail/things.ts", "line": line, "column": ANY}


def test_what_is_done_is_not_done_again(every_error: Failed) -> None:
    """However often it failed in between."""
    done = Counter(made(every_error.world))
    assert len(done) == every_error.applies[0].of("ended")[0]["total"]
    assert set(done.values()) == {1}
    first, *_, last = every_error.applies
    assert [apply.code for apply in every_error.applies[:-1]] == [1] * (
        len(every_error.applies) - 1
    )
    assert first.names("failed").isdisjoint(last.names("failed"))
    assert changes(every_error.tool) == 0


def test_a_document_says_that_it_failed_and_why(every_error: Failed) -> None:
    failed = every_error.applies[0]
    codes = {each["reason"]["code"] for each in failed.of("failed")}
    assert failed.error["code"] in codes
    ended = failed.of("ended")[0]
    assert ended["failed"] == len(failed.of("failed")) > 1
    assert f"{ended['done']} of {ended['total']} steps done" in failed.error["message"]
    assert "not begun" in failed.error["message"]
    assert failed.error["hint"]


def test_what_a_person_reads(aws: World, tmp_path: Path) -> None:
    """Two reasons at once; a bucket's line, the cause, the remedy, what is done and what is not."""
    tool = broken_app(aws, tmp_path, {"mail/things.ts": THINGS})
    taken, busy = CASES_OF_APPLY["bucket-name-taken"], CASES_OF_APPLY["throttled"]
    aws.fault("aws:s3/bucket:", message=words_of(taken), sleep=2)
    aws.fault(TOPIC, "::topic/letters", message=words_of(busy), sleep=2)
    failed = tool("apply", *HERE, "--yes")
    assert failed.code == 1
    assert "failed aws:s3:Bucket bucket/receipts (2." in failed.err
    told = failed.err[failed.err.index("error: ") :]
    assert told.startswith(
        f"error: could not create aws:s3:Bucket bucket/receipts: {taken['shown']}\n"
    )
    assert "  Likely cause: somebody else in the world has a bucket of this name.\n" in told
    assert (
        f"  Also: could not create aws:sns:Topic topic/letters: {busy['shown']} (mail/things.ts:6"
        in told
    )
    assert "more calls a second than AWS takes" in told
    assert " steps done: " in told
    assert " not begun: " in told
    assert "The next apply goes on from there.\n --> mail/things.ts:8:25\n" in told
    assert '8 | export const receipts = new Bucket("receipts"' in told
    assert "hint: give the environment another `id` in encore.infra.yaml" in told
    for noise in ("RequestID", "StatusCode", "provider=aws", "error occurred", "Traceback"):
        assert noise not in failed.text
    tool.ok("apply", *HERE, "--yes")
    assert changes(tool) == 0


def test_a_server_that_aws_made_without_an_answer_is_named(aws: World, tmp_path: Path) -> None:
    """The answer is lost, so the next apply finds a server that the state does not know."""
    tool = broken_app(aws, tmp_path, {"mail/things.ts": THINGS, **DATABASE})
    lost = CASES_OF_APPLY["no-network"]
    aws.fault("aws:rds/instance:", when="after", message=words_of(lost))
    first = told(tool, "apply", "--yes")
    assert (first.code, first.error["code"]) == (1, "no-network")
    (there,) = aws.client("rds").describe_db_instances()["DBInstances"]
    second = told(tool, "apply", "--yes")
    assert (second.code, second.error["code"]) == (1, "exists-already")
    assert there["DBInstanceIdentifier"] in second.error["message"]
    assert "delete it and apply again" in second.error["hint"]
    assert first.names("done").isdisjoint(second.names("started"))
    # What the hint and docs/operations.md say to do.
    aws.client("rds").delete_db_instance(
        DBInstanceIdentifier=there["DBInstanceIdentifier"], SkipFinalSnapshot=True
    )
    third = told(tool, "apply", "--yes")
    assert third.code == 0, third.text
    assert "aws:rds/instance:Instance" in {each["type"] for each in third.of("done")}
    assert aws.sql("SELECT count(*) FROM books", database="books") == [(0,)]
    assert changes(tool) == 0


def test_a_plugin_that_was_killed_is_no_want_of_a_network(aws: World, tmp_path: Path) -> None:
    tool = broken_app(aws, tmp_path, {"mail/things.ts": THINGS})
    tool.ok("apply", *HERE, "--yes")
    (tool.app / "mail" / "late.ts").write_text("".join(topics(["late"])))
    aws.fault(TOPIC, "::topic/late", kill=True)
    failed = told(tool, "apply", "--yes")
    assert (failed.code, failed.error["code"]) == (1, "plugin-ended")
    assert failed.names("failed") == {"topic/late-topic"}
    again = told(tool, "apply", "--yes")
    assert again.code == 0, again.text
    assert again.names("done") == {"topic/late-topic", "topic/late-topic#policy"}


def test_a_state_that_cannot_be_written_for_a_moment_is_written_a_little_later(
    aws: World, tmp_path: Path
) -> None:
    tool = broken_app(aws, tmp_path, {"mail/things.ts": THINGS})
    with running(tool, "apply", "--yes") as command:
        command.until("started", "topic/letters")
        aws.aws.fail("PutObject", "SlowDown", status=503, times=5)
        ended = command.end()
    assert ended.code == 0, ended.text
    assert changes(tool) == 0
