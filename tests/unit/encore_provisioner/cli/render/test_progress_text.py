"""What a log, a program and a person at the end are told: goldens of whole scenes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.golden import CASES, assert_golden
from tests.support.steps import (
    BUCKET,
    BUCKET_POLICY,
    DATABASE,
    NAT,
    SERVER,
    SHOP,
    SUBNETS,
    TOPIC,
    VPC,
    step,
)

from encore_aws.error_help import failed
from encore_config.plan import Op, Step
from encore_provisioner.cli.render.diagnostics import Sources, failure_lines
from encore_provisioner.cli.render.progress_board import Board
from encore_provisioner.cli.render.progress_json import board_event, step_event
from encore_provisioner.cli.render.progress_text import (
    about,
    began,
    elapsed,
    ended,
    explained,
    stopping,
    tally,
    title,
    waited,
)
from encore_provisioner.cli.render.style import plain
from encore_provisioner.engine.durations import usual_seconds
from encore_provisioner.provider import Phase, Progress, Reason

FOLDER = CASES / "progress"
DENIED = Reason(code="access-denied", cause="a right is missing", remedy="give it, apply again")
OTHER = Reason(code="quota", cause="a quota is used up", remedy="ask for more")
GATEWAY = step(NAT.type, NAT.name, op="delete")
NASTY = 'x\x1b[31m\x7f\u202e\n"é'


def board_at(now: float, *events: tuple[Phase, Step]) -> Board:
    board = Board(SHOP, usual_seconds)
    for phase, each in events:
        board.take(Progress(step=each, phase=phase), now)
    return board


def fail(board: Board, each: Step, message: str, reason: Reason | None, now: float = 20) -> None:
    board.take(Progress(step=each, phase="failed", message=message, reason=reason), now)


MIDDLE: tuple[tuple[Phase, Step], ...] = (
    ("started", VPC),
    ("done", VPC),
    ("started", BUCKET),
    ("done", BUCKET),
    ("started", SUBNETS),
    ("done", SUBNETS),
    ("started", TOPIC),
    ("started", NAT),
    ("started", SERVER),
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "5 s"), (7, "5 s"), (44, "45 s"), (89, "90 s"), (90, "2 min"), (480, "8 min")],
)
def test_an_estimate_is_no_finer_than_it_can_be(value: float, text: str) -> None:
    assert about(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.4, "0 s"), (59.4, "59 s"), (125, "2 min 5 s")])
def test_time_that_goes_on(value: float, text: str) -> None:
    assert elapsed(value) == text


def test_a_resource_is_named_as_the_program_names_it() -> None:
    local = Step(op="create", type="local:s3:Bucket", name="uploads", urn="urn:encore:x")
    assert (title(SERVER), title(local)) == ("database#server", "local:s3:Bucket uploads")


@pytest.mark.parametrize(
    ("each", "text"),
    [
        (SERVER, "creating aws:rds:Instance database#server (usually 8 min)\n"),
        (GATEWAY, "deleting aws:ec2:NatGateway network#nat (usually 55 s)\n"),
        (TOPIC, ""),
        (step("acme:a:B", "thing"), ""),
    ],
)
def test_only_what_takes_long_is_worth_a_line_when_it_begins(each: Step, text: str) -> None:
    item = Board((each,), usual_seconds).take(Progress(step=each, phase="started"), 0)
    assert item is not None
    row = began(item)
    assert (plain([row]) if row else "") == text


@pytest.mark.parametrize(
    ("op", "phase", "text"),
    [
        ("create", "done", " created aws:sns:Topic topic/events (4 s)\n"),
        ("delete", "done", " deleted aws:sns:Topic topic/events (4 s)\n"),
        ("replace", "failed", "  failed aws:sns:Topic topic/events (4 s): no\n"),
        ("update", "abandoned", " cut off aws:sns:Topic topic/events (4 s): no\n"),
        ("same", "done", ""),
        ("same", "failed", "  failed aws:sns:Topic topic/events (4 s): no\n"),
    ],
)
def test_what_has_ended(op: Op, phase: Phase, text: str) -> None:
    each = step(TOPIC.type, TOPIC.name, op=op)
    board = Board((each,), usual_seconds)
    board.take(Progress(step=each, phase="started"), 10)
    message = "" if phase == "done" else "no"
    item = board.take(Progress(step=each, phase=phase, message=message), 14)
    assert item is not None
    row = ended(item)
    assert (plain([row]) if row else "").replace("4.00", "4") == text


def test_what_a_log_says_every_half_minute() -> None:
    board = board_at(20, *MIDDLE)
    row = waited(board, 140, 0)
    assert row is not None
    assert plain([row]) == (
        "waiting for database#server (creating, 2 min 0 s, usually 8 min), network#nat (creating, "
        "2 min 0 s, usually 2 min) and topic/events (creating, 2 min 0 s); 3 of 8 steps done, "
        "about 6 min left [2 min 20 s]\n"
    )
    assert waited(board_at(0), 30, 0) is None


@pytest.mark.parametrize(
    ("hard", "text"),
    [
        (
            False,
            "finishing what is in flight and saving: waiting for database#server, network#nat and "
            "topic/events; Ctrl-C again to stop hard\n",
        ),
        (
            True,
            "stopping hard; cut off: database#server, network#nat and topic/events; what became "
            "of it the next apply finds out\n",
        ),
    ],
)
def test_the_answer_to_ctrl_c(hard: bool, text: str) -> None:
    assert plain([stopping(board_at(20, *MIDDLE), 20, hard=hard)]) == text


def test_the_answer_where_nothing_is_in_flight() -> None:
    assert plain([stopping(board_at(0), 0, hard=False)]) == (
        "finishing what is in flight and saving; Ctrl-C again to stop hard\n"
    )


def test_a_failure_with_all_that_is_known() -> None:
    board = board_at(20, *MIDDLE, ("abandoned", NAT))
    fail(board, BUCKET_POLICY, "putting S3 Bucket (a) Policy: AccessDenied", DENIED)
    fail(board, TOPIC, "creating SNS Topic (b): AccessDenied", DENIED)
    fail(board, SERVER, "creating RDS DB Instance (c): InstanceQuotaExceeded", OTHER)
    error = explained(board, "apply")
    assert error is not None
    assert (error.code, error.hint) == ("quota", "ask for more")
    assert str(error.at) == "None"
    text = f"{error.message}\nhint: {error.hint}\n"
    assert_golden(FOLDER / "failure.txt", text)


def test_a_failure_as_a_person_reads_it(tmp_path: Path) -> None:
    """From what the plugin says to the screen: cleaned, underlined, explained, counted."""
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "files.ts").write_text(
        'import { Bucket } from "encore.dev/storage/objects";\n'
        'export const receipts = new Bucket("receipts", { versioned: true });\n'
    )
    board = board_at(20, *(event for event in MIDDLE if event[1] is not BUCKET))
    said = (
        "  sdk-v2/provider2.go:572: sdk.helper_schema: creating S3 Bucket (shop-receipts-k3f9ab): "
        "operation error S3: CreateBucket, https response error StatusCode: 409, RequestID: FYY3, "
        "HostID: xfKm2=, BucketAlreadyExists: : provider=aws@7.51.1"
    )
    board.take(failed(BUCKET, [said], seconds=3), 23)
    for each in (SERVER, TOPIC, NAT):
        board.take(Progress(step=each, phase="done"), 400)
    error = explained(board, "apply")
    assert error is not None
    assert_golden(FOLDER / "failure-shown.txt", plain(failure_lines(error, Sources(tmp_path))))


def test_a_failure_stands_at_its_declaration() -> None:
    board = board_at(20, *MIDDLE)
    fail(board, DATABASE, "no", None)
    fail(board, BUCKET_POLICY, "denied", DENIED)
    error = explained(board, "destroy")
    assert error is not None
    assert str(error.at) == "orders/files.ts:2:25"
    assert error.end is not None
    assert error.code == "access-denied"
    assert "Also: could not create encore:sql:LogicalDatabase database/orders: no" in error.message
    assert "(orders/db.ts:4:19)" in error.message
    assert error.message.endswith("The next destroy goes on from there.")


def test_without_a_reason_the_message_stands_alone() -> None:
    board = board_at(20, *MIDDLE)
    fail(board, TOPIC, "", None)
    error = explained(board, "apply")
    assert error is not None
    assert (error.code, error.hint) == ("step-failed", None)
    assert error.message.startswith("could not create aws:sns:Topic topic/events\n")
    assert "Likely cause" not in error.message


def test_without_a_failure_there_is_nothing_to_explain() -> None:
    assert explained(board_at(20, *MIDDLE), "apply") is None


def test_what_could_not_be_looked_at_is_explained_where_no_step_is_told_of() -> None:
    look = step(BUCKET.type, BUCKET.name, op="same")
    board = Board((), usual_seconds)
    fail(board, look, "no answer", OTHER)
    error = explained(board, "refresh")
    assert error is not None
    assert error.message == (
        f"could not check aws:s3:Bucket {BUCKET.name}: no answer\nLikely cause: a quota is used up."
    )


PHASES: tuple[Phase, ...] = ("started", "finishing", "done", "failed", "abandoned")


@given(st.lists(st.tuples(st.sampled_from(SHOP), st.sampled_from(PHASES)), max_size=30))
def test_whatever_happened_every_step_is_told_of(events: list[tuple[Step, Phase]]) -> None:
    """The numbers of done, failed, cut off and not begun make up the plan."""
    board = board_at(1, *((phase, each) for each, phase in events))
    told = 0
    for row in tally(board):
        told += int(row.split()[0])
    assert told + len(board.of("failed")) == len(SHOP)
    error = explained(board, "apply")
    assert (error is None) == (not board.of("failed"))


# --- for programs ------------------------------------------------------------------------------


def test_events_for_programs() -> None:
    board = Board(SHOP, usual_seconds)
    lines = []
    for now, progress in (
        (0.0, Progress(step=SERVER, phase="started")),
        (0.5, Progress(step=TOPIC, phase="started")),
        (1.25, Progress(step=TOPIC, phase="done")),
        (2.0, Progress(step=SERVER, phase="failed", seconds=1.9, message="no", reason=DENIED)),
    ):
        item = board.take(progress, now)
        assert item is not None
        lines.append(step_event(item, now))
    board.take(Progress(step=NAT, phase="started"), 10)
    lines.append(board_event("waiting", board, 40, 40))
    assert all("\n" not in row for row in lines)
    shown = [json.dumps(json.loads(row), indent=1) for row in lines]
    assert_golden(FOLDER / "events.json", "\n".join(shown) + "\n")


def test_an_event_is_one_line_that_nothing_has_to_escape() -> None:
    each = step("a:b:C", NASTY)
    item = Board((), usual_seconds).take(Progress(step=each, phase="failed", message=NASTY), now=0)
    assert item is not None
    text = step_event(item, 0)
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text)["message"] == NASTY
