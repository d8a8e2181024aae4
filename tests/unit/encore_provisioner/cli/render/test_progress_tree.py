"""The picture on a terminal: goldens of screens, and that it never outgrows one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.golden import CASES, assert_golden
from tests.support.steps import BUCKET_POLICY, NAT, SERVER, SHOP, TOPIC, VPC, step

from encore_config.plan import Step
from encore_provisioner.cli.render.progress_board import Board
from encore_provisioner.cli.render.progress_tree import PLAIN_SPINNER, SPINNER, cut, tree_lines
from encore_provisioner.cli.render.style import line, plain, width
from encore_provisioner.engine.durations import usual_seconds
from encore_provisioner.provider import Phase, Progress

FOLDER = CASES / "progress"
LOCAL = Step(op="create", type="local:s3:Bucket", name="uploads", urn="urn:encore:a::b")
PHASES: tuple[Phase, ...] = ("started", "finishing", "done", "failed", "abandoned")


def board_of(*running: Step, done: tuple[Step, ...] = (), more: tuple[Step, ...] = ()) -> Board:
    board = Board((*SHOP, *more), usual_seconds)
    for each in (*done, *running):
        board.take(Progress(step=each, phase="started"), 0)
    for each in done:
        board.take(Progress(step=each, phase="done"), 1)
    return board


MANY = tuple(step("aws:sqs/queue:Queue", f"topic/t{n}#queue-{m}") for n in range(90) for m in "ab")
SCENES: dict[str, tuple[Board, float, bool]] = {
    "apply": (board_of(SERVER, NAT, BUCKET_POLICY, done=(VPC,)), 75, False),
    "stopping": (board_of(SERVER, NAT, done=(VPC,)), 75, True),
    "quick": (board_of(TOPIC), 0.4, False),
    "local": (board_of(LOCAL), 2, False),
    "overdue": (board_of(SERVER), 1000, False),
    "many": (board_of(SERVER, *MANY, more=MANY), 12, False),
}


@pytest.mark.parametrize("columns", [100, 40])
@pytest.mark.parametrize("name", SCENES)
def test_screens(name: str, columns: int) -> None:
    board, now, stopped = SCENES[name]
    lines = tree_lines(board, now, columns=columns, rows=30, stopped=stopped)
    assert_golden(FOLDER / f"tree-{name}-{columns}.txt", plain(lines))


def test_nothing_is_drawn_while_nothing_is_in_flight() -> None:
    assert tree_lines(board_of(), 0, columns=80, rows=24) == []


def test_a_failure_is_counted() -> None:
    board = board_of(SERVER)
    board.take(Progress(step=TOPIC, phase="failed"), 1)
    assert "0 of 8 done, 1 failed, 1 in flight" in plain(tree_lines(board, 2, columns=80, rows=24))


@pytest.mark.parametrize("spinner", [SPINNER, PLAIN_SPINNER])
def test_something_moves(spinner: str) -> None:
    frames = {
        plain(tree_lines(board_of(TOPIC), now / 5, columns=80, rows=24, spinner=spinner))
        for now in range(5)
    }
    assert len(frames) >= 4
    assert all(plain([line(PLAIN_SPINNER)]).isascii() for _ in frames)


@given(
    st.lists(st.tuples(st.sampled_from((*SHOP, *MANY)), st.sampled_from(PHASES)), max_size=60),
    st.integers(1, 200),
    st.integers(1, 60),
    st.booleans(),
)
def test_it_never_outgrows_the_screen(
    events: list[tuple[Step, Phase]], columns: int, rows: int, stopped: bool
) -> None:
    board = Board((*SHOP, *MANY), usual_seconds)
    for each, phase in events:
        board.take(Progress(step=each, phase=phase), 0)
    lines = tree_lines(board, 9, columns=columns, rows=rows, stopped=stopped)
    assert all(sum(width(text) for text, _ in row) < max(columns, 1) for row in lines)
    assert len(lines) <= max(rows, 7)
    assert (not lines) == (not board.in_flight)


@given(st.integers(1, 180))
def test_what_is_not_shown_is_counted(many: int) -> None:
    lines = plain(tree_lines(board_of(*MANY[:many], more=MANY), 1, columns=100, rows=24))
    shown = lines.count("creating aws:sqs:Queue")
    hidden = sum(
        int(row.split()[2]) for row in lines.splitlines() if row.lstrip().startswith("… and")
    )
    assert shown + hidden == many


@pytest.mark.parametrize(
    ("most", "text"), [(20, "abc日本def"), (9, "abc日本d…"), (4, "abc…"), (1, "…"), (0, "")]
)
def test_a_line_is_cut_across_its_spans(most: int, text: str) -> None:
    assert "".join(part for part, _ in cut(line("abc", ("日本", "bold"), "def"), most)) == text
