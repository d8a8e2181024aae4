"""What is shown while a real process applies: on a terminal of its own, and to a program."""

from __future__ import annotations

import json
import os
import signal

from tests.support.person import person
from tests.support.screen import Screen
from tests.support.tool import Tool


def slow(app: Tool, seconds: float) -> Tool:
    return Tool(app.app, env={**app.env, "FAKE_SECONDS": str(seconds)})


def test_after_ctrl_c_nothing_of_the_picture_is_left(app: Tool) -> None:
    with person(slow(app, 30), "apply", "--yes") as someone:
        someone.until("creating fake:database:Database orders")
        someone.until("in flight")
        os.killpg(someone.process.pid, signal.SIGINT)
        assert someone.end() == 130
    screen = Screen(80)
    screen.write(someone.raw)
    assert "0 of 2 steps were done and stay" in screen.text
    assert "creating" not in screen.text
    assert "in flight" not in screen.text
    assert not screen.cursor_hidden


def test_what_has_ended_stays_above_the_picture(app: Tool) -> None:
    with person(slow(app, 0.5), "apply", "--yes") as someone:
        assert someone.end() == 0
    assert "1 of 2 done, 1 in flight" in someone.text
    screen = Screen(80)
    screen.write(someone.raw)
    assert screen.text.count(" created fake:") == 2
    assert "in flight" not in screen.text


def test_a_program_reads_one_event_a_line_and_one_document(app: Tool) -> None:
    done = app.ok("apply", "--yes", "--format", "json")
    events = [json.loads(row) for row in done.err.splitlines() if row.startswith("{")]
    assert [event["event"] for event in events] == ["started", "done", "started", "done", "ended"]
    assert events[0]["declaration"]["name"] == "orders"
    assert done.json()["error"] is None


def test_a_program_hears_of_the_end_of_an_environment_too(applied: Tool) -> None:
    done = applied.ok("destroy", "--yes", "--env", "local", "--format", "json")
    events = [json.loads(row) for row in done.err.splitlines() if row.startswith("{")]
    assert {event["op"] for event in events if "op" in event} == {"delete"}
    assert events[-1]["done"] == 2
