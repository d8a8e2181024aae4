"""One process of the CLI, played by a script: what it sees, and what a Ctrl-C does to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pulumi.automation import CommandError, StackNotFoundError

from encore_provisioner.engine.command import Command, child_environment
from encore_provisioner.engine.installation import Installation

ROOT = Path(__file__).resolve().parents[4]


def command(tmp_path: Path, script: str, **options: object) -> Command:
    executable = tmp_path / "pulumi"
    executable.write_text(f"#!{sys.executable}\nimport json, os, signal, sys, time\n{script}")
    executable.chmod(0o755)
    installed = Installation(executable=executable, version=(3, 272, 0))
    return Command(installed, **options)  # type: ignore[arg-type]


def test_the_child_sees_what_is_on_the_list_and_no_more(tmp_path: Path) -> None:
    mine = {
        "PATH": os.environ["PATH"],
        "AWS_PROFILE": "work",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "GOOGLE_APPLICATION_CREDENTIALS": "/key.json",
        "STORAGE_EMULATOR_HOST": "127.0.0.1:1",
        "HTTPS_PROXY": "http://proxy",
        "PULUMI_ACCESS_TOKEN": "t",
        "PULUMI_BACKEND_URL": "file:///elsewhere",
        "PULUMI_SKIP_CONFIRMATIONS": "true",
        "DATABASE_URL": "postgres://secret",
        "PYTHONPATH": "/theirs",
    }
    run = command(tmp_path, "print(json.dumps(dict(os.environ)))", environ=mine)
    seen = json.loads(run.run(["up"], str(tmp_path), {"PULUMI_HOME": "/h"}).stdout)
    assert {name: seen.get(name) for name in mine if name in seen} == {
        name: mine[name]
        for name in mine
        if name
        not in ("PULUMI_BACKEND_URL", "PULUMI_SKIP_CONFIRMATIONS", "DATABASE_URL", "PYTHONPATH")
    }
    assert seen["PULUMI_HOME"] == "/h"
    assert seen["PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER"] == "true"
    assert seen["PULUMI_SKIP_UPDATE_CHECK"] == "true"


def test_nothing_of_ours_overrides_what_is_set_for_it() -> None:
    found = child_environment({"PULUMI_SKIP_UPDATE_CHECK": "false", "PATH": "/bin"})
    assert found["PULUMI_SKIP_UPDATE_CHECK"] == "true"


@pytest.mark.parametrize(
    ("args", "answer"),
    [
        (["stack", "select", "--stack", "production"], ""),
        (["stack", "output", "--json", "--stack", "production"], "{}"),
        (["stack", "output", "--json", "--show-secrets", "--stack", "production"], "{}"),
    ],
)
def test_what_needs_no_process_starts_none(tmp_path: Path, args: list[str], answer: str) -> None:
    run = command(tmp_path, "sys.exit('started')")
    assert run.run(args, str(tmp_path), {}).stdout == answer


def test_a_history_is_made_up_of_one_success_since_the_api_wants_an_entry(tmp_path: Path) -> None:
    run = command(tmp_path, "sys.exit('started')")
    args = ["stack", "history", "--json", "--page-size", "1"]
    (entry,) = json.loads(run.run(args, str(tmp_path), {}).stdout)
    assert entry["result"] == "succeeded"


def test_output_comes_line_by_line_and_is_kept(tmp_path: Path) -> None:
    run = command(tmp_path, "print('one'); print('two', file=sys.stderr); print(sys.argv[1:])")
    told: list[str] = []
    failed: list[str] = []
    done = run.run(["up", "--yes"], str(tmp_path), {}, told.append, failed.append)
    assert told == ["one", "['--non-interactive', 'up', '--yes']"]
    assert failed == ["two"]
    assert (done.stdout, done.stderr, done.code) == ("\n".join(told), "two", 0)


def test_more_output_than_a_pipe_holds_does_not_stop_the_child(tmp_path: Path) -> None:
    run = command(tmp_path, "sys.stderr.write('x' * 1_000_000); print('y' * 1_000_000)")
    assert len(run.run(["up"], str(tmp_path), {}).stdout) == 1_000_000


def test_a_failure_is_the_automation_api_s_own_error(tmp_path: Path) -> None:
    run = command(tmp_path, "sys.exit('error: something')")
    with pytest.raises(CommandError, match="error: something"):
        run.run(["up"], str(tmp_path), {})
    run = command(tmp_path, "sys.exit(\"error: no stack named 'production' found\")")
    with pytest.raises(StackNotFoundError):
        run.run(["preview"], str(tmp_path), {})


def test_standard_input_is_empty(tmp_path: Path) -> None:
    run = command(tmp_path, "print(repr(sys.stdin.read()))")
    assert run.run(["up"], str(tmp_path), {}).stdout == "''"


CHILD = """
# A signal may come while a line is written, and `print` cannot be called inside itself.
def say(*words):
    os.write(1, (' '.join(map(str, words)) + '\\n').encode())
count = 0
def told(number, frame):
    global count
    count += 1
    say('asked', count)
    if count == 2:
        os._exit(3)
signal.signal(signal.SIGINT, told)
say('ready')
for _ in range(200):
    time.sleep(0.05)
    if count and os.environ.get('AWS_FINISHES'):
        say('saved')
        sys.exit(1)
"""
PARENT = """
import os, sys
from pathlib import Path
from pulumi.automation import CommandError
from encore_provisioner.engine.command import Command
from encore_provisioner.engine.installation import Installation

def say(*words):
    # One write for a line: two threads speak here.
    os.write(1, (' '.join(map(str, words)) + '\\n').encode())

told = lambda n: say('interrupt', n)
run = Command(
    Installation(executable=Path(sys.argv[1]), version=(3, 272, 0)), on_interrupt=told
)
try:
    run.run(['up'], sys.argv[2], {}, say)
except CommandError:
    say('failed', run.interrupts)
except KeyboardInterrupt:
    say('interrupted', run.interrupts)
"""


def interrupted(
    tmp_path: Path, script: str, times: int, *, parent: str = PARENT, **environ: str
) -> list[str]:
    """What a parent and its child print when the parent gets SIGINT ``times`` times."""
    executable = command(tmp_path, script).command
    paths = [str(ROOT / part) for part in ("provisioner", "config-schema")]
    with subprocess.Popen(
        [sys.executable, "-c", parent, executable, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environ},
        start_new_session=True,
    ) as process:
        try:
            return _heard(process, times)
        finally:
            process.kill()


def _heard(process: subprocess.Popen[str], times: int) -> list[str]:
    assert process.stdout is not None
    lines = [process.stdout.readline().strip()]
    assert lines == ["ready"]
    for number in range(1, times + 1):
        process.send_signal(signal.SIGINT)
        while f"interrupt {number}" not in lines:
            line = process.stdout.readline()
            assert line, f"the parent ended: {lines}"
            lines.append(line.strip())
        time.sleep(0.1)
    # By lines to the end: `communicate` would pass over what was read ahead.
    lines += [line.strip() for line in process.stdout]
    process.wait(timeout=20)
    return lines


def test_the_first_interrupt_lets_the_child_finish_and_save(tmp_path: Path) -> None:
    lines = interrupted(tmp_path, CHILD, 1, AWS_FINISHES="yes")
    assert [line for line in lines if line != "interrupt 1"] == [
        "ready",
        "asked 1",
        "saved",
        "failed 1",
    ]


def test_the_second_interrupt_ends_it_at_once(tmp_path: Path) -> None:
    lines = interrupted(tmp_path, CHILD, 2)
    assert "asked 2" in lines
    assert "saved" not in lines
    assert "failed 2" in lines


def test_an_interrupt_that_another_thread_got_is_heard_too(tmp_path: Path) -> None:
    """The kernel may choose any thread of ours; that one wakes the main thread from no wait."""
    elsewhere = """
import signal, threading, time
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
"""
    hears = "signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])\n"
    lines = interrupted(tmp_path, hears + CHILD, 2, parent=elsewhere + PARENT)
    assert "asked 2" in lines
    assert "failed 2" in lines


@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize("words", [["preview"], ["stack", "export"]])
def test_an_interrupt_of_what_changes_nothing_goes_no_further(
    tmp_path: Path, words: list[str], code: int
) -> None:
    """Even where the child had not noticed it, the next one must not begin."""
    child = CHILD.replace("sys.exit(1)", f"sys.exit({code})")
    parent = PARENT.replace("['up']", repr(words))
    lines = interrupted(tmp_path, child, 1, parent=parent, AWS_FINISHES="yes")
    assert lines[-2:] == ["saved", "interrupted 1"]


def test_two_interrupts_at_once_are_two_for_the_child(tmp_path: Path) -> None:
    """Pulumi's CLI is deaf while it heeds the first one."""
    busy = """
asked = []
def heed(number, frame):
    asked.append(time.monotonic())
    if len(asked) > 1 and asked[1] - asked[0] > 0.5:
        os._exit(7)
    del asked[1:]
signal.signal(signal.SIGINT, heed)
print('ready', flush=True)
for _ in range(100):
    time.sleep(0.1)
"""
    start = time.monotonic()
    assert "failed 2" in interrupted(tmp_path, busy, 2)
    assert time.monotonic() - start < 8


def test_a_second_interrupt_that_was_lost_is_sent_again(tmp_path: Path) -> None:
    """And one that was heard is not: who is about to save would be ended by it."""
    loses = """
asked = []
def heed(number, frame):
    asked.append(number)
    if len(asked) == 3:
        os.write(1, b'^C received; terminating\\n')
    if len(asked) > 3:
        os._exit(7)
signal.signal(signal.SIGINT, heed)
os.write(1, b'ready\\n')
since = None
while since is None or time.monotonic() - since < 4:
    time.sleep(0.1)
    since = since or (time.monotonic() if len(asked) == 3 else None)
os.write(1, b'saved\\n')
sys.exit(1)
"""
    lines = interrupted(tmp_path, loses, 2)
    assert lines[-3:] == ["^C received; terminating", "saved", "failed 2"]


def test_a_child_that_heeds_nothing_is_killed_at_the_third(tmp_path: Path) -> None:
    deaf = (
        "signal.signal(signal.SIGINT, signal.SIG_IGN); print('ready', flush=True)\ntime.sleep(60)"
    )
    start = time.monotonic()
    assert "failed 3" in interrupted(tmp_path, deaf, 3)
    assert time.monotonic() - start < 15
