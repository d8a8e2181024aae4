"""What a person sees: questions on a terminal, colours, Ctrl-C; and what a pipe gets instead."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from tests.support.person import person
from tests.support.tool import TIMEOUT, Tool


def created(tool: Tool) -> int:
    count: int = tool.ok("plan", "--format", "json").json()["summary"]["create"]
    return count


@pytest.mark.parametrize("answer", ["yes\n", "y\n", " YES \n"])
def test_apply_asks_and_goes_on(app: Tool, answer: str) -> None:
    with person(app, "apply") as someone:
        someone.until("Type yes to go on: ")
        assert "Plan: 2 to create" in someone.text
        someone.type(answer)
        assert someone.end() == 0
        assert "Applied 2 changes" in someone.text
    assert created(app) == 0


@pytest.mark.parametrize("answer", ["no\n", "\n", "yess\n", "\x04"])
def test_anything_else_declines(app: Tool, answer: str) -> None:
    with person(app, "apply") as someone:
        someone.until("Type yes to go on: ")
        someone.type(answer)
        assert someone.end() == 1
        assert "declined; nothing was changed" in someone.text
    assert created(app) == 2


def test_ctrl_c_at_the_question_is_130(app: Tool) -> None:
    with person(app, "apply") as someone:
        someone.until("Type yes to go on: ")
        os.killpg(someone.process.pid, signal.SIGINT)
        assert someone.end() == 130
        assert "interrupted" in someone.text
        assert "Traceback" not in someone.text
    assert created(app) == 2


def test_where_ci_is_set_nobody_is_asked(app: Tool) -> None:
    with person(app, "apply", CI="true") as someone:
        assert someone.end() == 1
        assert "there is no terminal to ask on" in someone.text


@pytest.mark.parametrize(("answer", "code"), [("local\n", 0), ("yes\n", 1), ("Local\n", 1)])
def test_destroy_asks_for_the_name(applied: Tool, answer: str, code: int) -> None:
    with person(applied, "destroy") as someone:
        someone.until("Type the environment's name, local: ")
        someone.type(answer)
        assert someone.end() == code
    assert created(applied) == (2 if code == 0 else 0)


def test_json_keeps_the_question_away_from_the_document(app: Tool, tmp_path: Path) -> None:
    document = tmp_path / "out.json"
    shell = Tool(app.app, env=app.env, command=("sh", "-c"))
    with person(shell, f"{app.command[0]} apply --format json > {document}") as someone:
        someone.until("Type yes to go on: ")
        assert "+ fake:database:Database orders" in someone.text
        someone.type("yes\n")
        assert someone.end() == 0
    assert document.read_text().startswith('{\n  "schema": 1')


def test_a_secret_is_typed_unseen(bare: Tool) -> None:
    with person(bare, "secret", "set", "PayKey") as someone:
        someone.until("Value of PayKey (not shown): ")
        someone.type("hunter2\n")
        assert someone.end() == 0
        assert "hunter2" not in someone.text
        assert "PayKey is set in local" in someone.text
    bare.apply()
    assert bare.variables()["INFRA_SECRET_PayKey"] == "hunter2"


@pytest.mark.parametrize("typed", ["\n", "\x04"])
def test_an_empty_secret_is_refused(bare: Tool, typed: str) -> None:
    with person(bare, "secret", "set", "PayKey") as someone:
        someone.until("(not shown): ")
        someone.type(typed)
        assert someone.end() == 1
        assert "no value was given" in someone.text


@pytest.mark.parametrize(
    ("env", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours_where_they_are_wanted(app: Tool, env: dict[str, str], coloured: bool) -> None:
    with person(app, "plan", **env) as someone:
        assert someone.end() == 0
        assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]", someone.raw)) is coloured
        assert "+ fake:database:Database orders" in someone.text


def test_what_is_shown_on_a_terminal_is_what_a_pipe_gets(app: Tool) -> None:
    with person(app, "graph") as someone:
        assert someone.end() == 0
        assert someone.text == app.ok("graph").out


def test_progress_is_drawn_over_on_a_terminal_only(app: Tool) -> None:
    slow = Tool(app.app, env={**app.env, "FAKE_SECONDS": "0.3"})
    with person(slow, "apply", "--yes") as someone:
        assert someone.end() == 0
        assert "creating fake:database:Database orders" in someone.text
        assert "\x1b[2K" in someone.raw
    (app.state / "fake.json").write_text('{"secrets": {"PayKey": "x"}}')
    piped = slow.apply()
    assert "\x1b" not in piped.text
    assert "creating" not in piped.text


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_apply_says_how_far_it_got(app: Tool, sent: signal.Signals) -> None:
    slow = Tool(app.app, env={**app.env, "FAKE_SECONDS": "1.5"})
    running = slow.start("apply", "--yes")
    assert running.stderr is not None
    first = running.stderr.readline()
    assert "created fake:database:Database orders" in first
    running.send_signal(sent)
    out, err = running.communicate(timeout=TIMEOUT)
    assert running.returncode == 130
    assert "1 of 2 steps were done and stay; the next apply goes on from there" in err
    assert "Traceback" not in out + err
    assert created(app) == 1
    app.apply()


def test_an_interrupted_apply_is_a_document_too(app: Tool) -> None:
    slow = Tool(app.app, env={**app.env, "FAKE_SECONDS": "1.5"})
    running = slow.start("apply", "--yes", "--format", "json")
    assert running.stderr is not None
    running.stderr.readline()
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=TIMEOUT)
    assert running.returncode == 130
    assert '"code": "interrupted"' in out


def test_a_reader_that_goes_away_is_no_error(app: Tool) -> None:
    for words in ("graph", "--help", "plan --format html"):
        script = f"{app.command[0]} {words} | true; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=app.app,
            env=app.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), words


def test_a_full_disk_behind_stdout_is_told(app: Tool) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*app.command, "graph", "--format", "json"],
            cwd=app.app,
            env=app.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "cannot write to standard output: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_bug(app: Tool, closed: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{app.command[0]} plan {closed}"],
        cwd=app.app,
        env=app.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_an_output_that_knows_only_ascii_gets_escapes(app: Tool) -> None:
    (app.app / "orders" / "files.ts").write_text(
        'import { Bucket } from "encore.dev/storage/objects";\n'
        'const größe = "x";\nexport const receipts = new Bucket(größe);\n'
    )
    ascii_only = Tool(app.app, env={**app.env, "PYTHONIOENCODING": "ascii"})
    result = ascii_only("validate")
    assert "Traceback" not in result.text
    assert result.code in (0, 1)
