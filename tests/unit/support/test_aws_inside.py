"""Servers go with who started them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
from tests.support.aws_inside import Inside
from tests.support.moto_server import REGION

_STARTS = """
import sys
from pathlib import Path
from tests.support.aws_inside import Inside
inside = Inside(Path(sys.argv[1]), "eu-north-1")
print(inside.postgres("shop", user="first", password="of-the-first-user", port=5432).host)
sys.stdout.flush()
sys.stdin.read()
"""


def at_work(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(f"{folder}{os.sep}"):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_who_is_killed_leaves_no_server_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _STARTS, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"127.")
        assert at_work(tmp_path)
        process.kill()
    deadline = time.monotonic() + 20
    while at_work(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_two_servers_have_the_port_that_both_want(tmp_path: Path) -> None:
    inside = Inside(tmp_path, REGION)
    try:
        found = [
            inside.postgres(name, user="first", password="of-the-first-user", port=5432)
            for name in ("one", "two")
        ]
        assert len({(each.host, each.port) for each in found}) == 2
        for each in found:
            assert each.sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'first'") == [(False,)]
    finally:
        inside.stop()
    assert at_work(tmp_path) == []
