"""The reporter on fake terminals: what stands there while it lasts, and that nothing stays."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.golden import CASES, assert_golden
from tests.support.screen import Screen
from tests.support.steps import BUCKET, NAT, SERVER, SHOP, SUBNETS, TOPIC, VPC, step

from encore_config.plan import Step
from encore_provisioner.cli.progress import Reporter
from encore_provisioner.cli.terminal import Terminal
from encore_provisioner.errors import ApplyError
from encore_provisioner.provider import STEPS_FAILED, Notice, Phase, Progress, Reason, Stopping

FOLDER = CASES / "progress"
PHASES: tuple[Phase, ...] = ("started", "finishing", "done", "failed", "abandoned")


class Stream(io.StringIO):
    """A stream that is a terminal or not; ``seen`` gets what is written."""

    def __init__(self, screen: Screen | None = None, encoding: str = "utf-8") -> None:
        super().__init__()
        self.screen = screen
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self.screen is not None

    def write(self, text: str) -> int:
        if self.screen:
            self.screen.write(text)
        return super().write(text)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """A reporter on a terminal, and its clock; ``screen`` is None for a pipe."""

    reporter: Reporter
    stream: Stream
    terminal: Terminal
    clock: Clock = field(default_factory=Clock)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def screen(self) -> Screen:
        assert self.stream.screen
        return self.stream.screen

    def tell(self, phase: Phase, *steps: Step, message: str = "", after: float = 0) -> None:
        self.clock.now += after
        for each in steps:
            self.reporter(Progress(step=each, phase=phase, message=message))

    def note(self, text: str) -> None:
        self.reporter(Notice(text=text))

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.reporter.tick()

    def resize(self, columns: int) -> None:
        self.screen.resize(columns)
        self.terminal.console().size = (columns, 30)


def stage(
    *,
    columns: int | None = None,
    as_json: bool = False,
    steps: tuple[Step, ...] = SHOP,
    encoding: str = "utf-8",
    environ: Mapping[str, str] | None = None,
) -> Stage:
    stream = Stream(Screen(columns) if columns else None, encoding)
    terminal = Terminal(Stream(), Stream(), stream, {"TERM": "xterm", **(environ or {})})
    clock = Clock()
    # It ticks when a test says so, and not by itself.
    reporter = Reporter(terminal, steps, as_json=as_json, clock=clock, redraw=3600)
    if columns:
        terminal.console().size = (columns, 30)
    return Stage(reporter, stream, terminal, clock)


@pytest.fixture(autouse=True)
def a_terminal_that_can_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")


# --- a terminal --------------------------------------------------------------------------------


def test_a_terminal_shows_what_is_in_flight_and_keeps_what_has_ended() -> None:
    on = stage(columns=90)
    with on.reporter.shown():
        on.tell("started", VPC)
        on.wait(12)
        on.tell("done", VPC)
        on.tell("started", SUBNETS, NAT)
        on.tell("done", SUBNETS, after=2)
        on.tell("started", SERVER)
        on.wait(61)
        during = on.screen.text
        on.tell("done", SERVER, NAT, after=420)
        on.wait(1)
    assert_golden(FOLDER / "screen-during.txt", during)
    assert on.screen.text == (
        " created aws:ec2:Vpc network (12 s)\n"
        " created aws:rds:SubnetGroup database#subnets (2.00 s)\n"
        " created aws:rds:Instance database#server (8 min 1 s)\n"
        " created aws:ec2:NatGateway network#nat (8 min 3 s)\n"
    )
    assert not on.screen.cursor_hidden


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ApplyError("no", code="x"), KeyError("y")])
def test_whatever_ends_it_nothing_is_left_behind(error: BaseException) -> None:
    on = stage(columns=60)

    def run() -> None:
        with on.reporter.shown():
            on.tell("started", SERVER, NAT)
            on.wait(5)
            assert "creating" in on.screen.text
            raise error

    with pytest.raises(type(error)):
        run()
    assert on.screen.text == "\n"
    assert not on.screen.cursor_hidden
    assert not [t for t in threading.enumerate() if t.name == "progress"]


def test_a_terminal_that_becomes_narrower_is_left_clean() -> None:
    on = stage(columns=100)
    with on.reporter.shown():
        on.tell("started", SERVER, NAT, BUCKET)
        on.wait(5)
        for columns in (45, 30, 100, 20, 60):
            on.resize(columns)
            on.wait(1)
            assert on.screen.text.count("of 8") == 1, on.screen.text
            assert on.screen.text.count("shared") == 1, on.screen.text
        on.resize(25)
        on.tell("done", BUCKET)
        on.resize(10)
    on.resize(100)
    assert on.screen.text == " created aws:s3:Bucket bucket/receipts (10 s)\n"


def test_a_terminal_without_unicode_gets_characters_that_it_has() -> None:
    on = stage(columns=40, encoding="ascii")
    with on.reporter.shown():
        on.tell("started", SERVER, step("a:b:C", "日本"))
        on.wait(5)
        assert on.screen.text.isascii()
        assert "??" in on.screen.text


def test_without_colours_the_same_words() -> None:
    on = stage(columns=90, environ={"NO_COLOR": "1"})
    with on.reporter.shown():
        on.tell("started", SERVER)
        on.wait(5)
        assert "creating aws:rds:Instance database#server" in on.screen.text


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(PHASES), st.sampled_from(SHOP)),
        st.tuples(st.just("resize"), st.integers(12, 120)),
        st.tuples(st.just("wait"), st.integers(0, 400)),
    ),
    max_size=25,
)


@settings(deadline=None)
@given(EVENTS)
def test_in_whatever_order_things_happen_the_screen_is_clean_afterwards(
    events: list[tuple[str, object]],
) -> None:
    """What stays is exactly what was told for good, one line for each, and in its order."""
    on = stage(columns=80)
    pipe = stage()
    with on.reporter.shown(), pipe.reporter.shown():
        for what, which in events:
            if what == "resize":
                assert isinstance(which, int)
                on.resize(which)
            elif what == "wait":
                assert isinstance(which, int)
                on.wait(which)
                pipe.clock.now += which
            else:
                assert isinstance(which, Step)
                on.reporter(Progress(step=which, phase=what))  # type: ignore[arg-type]
                pipe.reporter(Progress(step=which, phase=what))  # type: ignore[arg-type]
    on.resize(10_000)
    begun = [row for row in pipe.text.splitlines() if "(usually " not in row]
    assert [row for row in on.screen.text.splitlines() if row] == begun
    assert not on.screen.cursor_hidden


# --- a log -------------------------------------------------------------------------------------


def scene(on: Stage) -> None:
    with on.reporter.shown():
        on.tell("started", VPC)
        on.tell("done", VPC, after=12)
        on.tell("started", SUBNETS, NAT)
        on.tell("done", SUBNETS, after=2)
        on.tell("started", SERVER)
        for _ in range(7):
            on.wait(10)
        on.reporter(Stopping())
        on.reporter(Stopping())
        on.tell("finishing", SERVER, NAT)
        on.tell("done", NAT, after=40)
        on.tell("abandoned", SERVER, after=40)
        on.wait(30)


@pytest.mark.parametrize("environ", [{}, {"CI": "true"}])
def test_a_log(environ: dict[str, str]) -> None:
    """CI is a log, whatever it is written to."""
    on = stage(columns=500 if environ else None, environ=environ)
    scene(on)
    text = on.screen.text if environ else on.text
    assert_golden(FOLDER / "log.txt", text)
    assert "\x1b[2K" not in on.text


def test_lines_for_programs() -> None:
    on = stage(as_json=True)
    scene(on)
    events = [json.loads(row) for row in on.text.splitlines()]
    assert [event["event"] for event in events] == [
        "started",
        "done",
        *("started",) * 2,
        "done",
        "started",
        *("waiting",) * 2,
        "stopping",
        *("finishing",) * 2,
        "done",
        "stopping-hard",
        "abandoned",
        "waiting",
        "ended",
    ]
    assert {event["schema"] for event in events} == {1}
    assert events[-1]["done"] == 3
    assert events[-1]["abandoned"] == 1


HELD = "waiting up to 90 s for bo@mill, process 7: dev is in use"


def test_what_is_waited_for_besides_the_steps_is_shown_while_it_stands() -> None:
    on = stage(columns=90)
    with on.reporter.shown():
        on.note(HELD)
        on.wait(12)
        assert HELD in on.screen.text
        assert "12 s" in on.screen.text
        assert "in flight" not in on.screen.text
        on.tell("started", TOPIC)
        on.wait(1)
        assert "in use" not in on.screen.text
        on.tell("done", TOPIC)
        on.note("bucket receipts: 3000 objects and old versions deleted")
        on.wait(1)
        assert "3000 objects" in on.screen.text
    assert on.screen.text == " created aws:sns:Topic topic/events (1.00 s)\n"


def test_a_log_says_it_once_and_again_every_half_minute() -> None:
    on = stage()
    with on.reporter.shown():
        on.note(HELD)
        on.wait(29)
        on.wait(1)
        on.wait(12)
        on.tell("started", TOPIC)
        on.tell("done", TOPIC)
        on.wait(30)
    assert on.text.splitlines() == [
        f"{HELD} [0 s]", f"{HELD} [30 s]", " created aws:sns:Topic topic/events (0.00 s)",
    ]  # fmt: skip


def test_a_program_reads_it_as_an_event_of_its_own() -> None:
    on = stage(as_json=True)
    on.clock.now = 2.5
    on.note(HELD)
    assert json.loads(on.text) == {"schema": 1, "event": "notice", "elapsed": 2.5, "text": HELD}


def test_programs_get_lines_on_a_terminal_too() -> None:
    on = stage(columns=10_000, as_json=True)
    scene(on)
    assert all(json.loads(row) for row in on.screen.text.splitlines())


def test_looking_is_no_news_unless_it_fails() -> None:
    look = step(BUCKET.type, BUCKET.name, op="same")
    for as_json in (False, True):
        on = stage(as_json=as_json)
        on.tell("started", look)
        on.tell("done", look)
        assert on.text == ""
        on.tell("failed", look, message="gone")
        assert "gone" in on.text


def test_what_was_cut_off_is_named_in_the_end() -> None:
    on = stage()
    assert on.reporter.cut_off == ""
    on.tell("started", SERVER, NAT)
    on.tell("abandoned", SERVER, NAT)
    assert on.reporter.cut_off == "; cut off, done or not: database#server and network#nat"


# --- failures ----------------------------------------------------------------------------------


def test_a_bare_failure_is_told_with_all_that_is_known() -> None:
    on = stage()
    reason = Reason(code="quota", cause="it is full", remedy="ask for more")

    def run() -> None:
        with on.reporter.shown():
            on.tell("started", BUCKET)
            on.reporter(Progress(step=BUCKET, phase="failed", message="full", reason=reason))
            raise ApplyError("a step failed", code=STEPS_FAILED)

    with pytest.raises(ApplyError) as caught:
        run()
    assert caught.value.message.startswith("could not create aws:s3:Bucket bucket/receipts: full\n")
    assert (caught.value.code, caught.value.hint) == ("quota", "ask for more")
    assert str(caught.value.at) == "orders/files.ts:2:25"


@pytest.mark.parametrize("code", ["bucket-taken", STEPS_FAILED])
def test_a_provider_that_says_it_all_is_left_alone(code: str) -> None:
    """So is one that has told of no failed step."""
    on = stage()

    def run() -> None:
        with on.reporter.shown():
            if code != STEPS_FAILED:
                on.tell("failed", BUCKET, message="full")
            raise ApplyError("as it was", code=code)

    with pytest.raises(ApplyError) as caught:
        run()
    assert caught.value.message == "as it was"


# --- threads -----------------------------------------------------------------------------------


def test_several_threads_may_tell() -> None:
    """No line is torn, and no count is lost."""
    steps = tuple(step(TOPIC.type, f"topic/t{number}") for number in range(400))
    on = stage(columns=200, steps=steps)

    def tell(mine: tuple[Step, ...]) -> Callable[[], None]:
        def run() -> None:
            for each in mine:
                on.reporter(Progress(step=each, phase="started"))
                on.reporter.tick()
                on.reporter(Progress(step=each, phase="done", seconds=1))

        return run

    with on.reporter.shown():
        threads = [threading.Thread(target=tell(steps[n::4])) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert on.reporter.done == on.reporter.total == 400
    assert sorted(on.screen.text.splitlines()) == sorted(
        f" created aws:sns:Topic {each.name} (1.00 s)" for each in steps
    )
