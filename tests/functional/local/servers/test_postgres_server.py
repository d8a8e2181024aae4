"""PostgreSQL: private, complete, and never short of a row."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from tests.support.servers import PROCESSES, Place, kill, make_place, pid_of, query

from encore_local.secrets import POSTGRES_ADMIN
from encore_provisioner.errors import InfraError

ROWS = 1000


def fill(place: Place) -> None:
    query(place.postgres, f"CREATE TABLE kept AS SELECT generate_series(1, {ROWS}) AS n")


def rows(place: Place) -> int:
    return int(query(place.postgres, "SELECT count(*) FROM kept")[0][0])


@pytest.fixture
def filled(place: Place) -> Place:
    place.postgres.start()
    fill(place)
    return place


def test_the_first_start(place: Place) -> None:
    server = place.postgres
    assert (server.status(), server.actual()) == ("missing", None)
    server.start()
    assert server.status() == "running"
    assert server.actual() == server.desired() == {"port": server.port, "version": "18"}
    facts = query(
        server,
        "SELECT current_user, rolsuper, current_setting('server_encoding'), upper('é'), "
        "current_setting('password_encryption'), current_setting('fsync') "
        "FROM pg_roles WHERE rolname = current_user",
    )
    assert facts == [("encore_admin", True, "UTF8", "É", "scram-sha-256", "on")]


def test_it_is_for_this_machine_and_its_owner_only(filled: Place) -> None:
    server = filled.postgres
    listening = [
        (entry.laddr.ip, entry.laddr.port)
        for entry in psutil.Process(pid_of(server)).net_connections("all")
        if entry.status == psutil.CONN_LISTEN
    ]
    assert listening == [("127.0.0.1", server.port)]
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.log.stat().st_mode) == 0o600
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**{**server.connection(), "password": "wrong"})


def test_no_folder_above_is_changed(place: Place) -> None:
    above = [place.layout.data, *place.layout.data.parents]
    before = [(p, p.stat().st_mode, p.stat().st_uid, p.stat().st_gid) for p in above]
    place.postgres.start()
    place.postgres.stop()
    assert before == [(p, p.stat().st_mode, p.stat().st_uid, p.stat().st_gid) for p in above]


def test_its_password_stands_nowhere_but_in_the_store(filled: Place) -> None:
    password = filled.secrets.generated(POSTGRES_ADMIN)
    assert password is not None
    files = [p for p in filled.layout.folder.rglob("*") if p.is_file()]
    assert [p.name for p in files if password.encode() in p.read_bytes()] == ["secrets.json"]
    assert not [p for p in PROCESSES.all() if any(password in word for word in p.command)]


def test_a_second_start_does_nothing_and_a_stop_keeps_the_rows(filled: Place) -> None:
    server = filled.postgres
    pid = pid_of(server)
    server.start()
    assert pid_of(server) == pid
    assert server.stop() is True
    assert (server.status(), server.actual()) == ("stopped", server.desired())
    assert filled.processes() == ()
    assert server.stop() is False
    server.start()
    assert rows(filled) == ROWS


def test_rows_survive_kill_9(filled: Place) -> None:
    kill(filled.postgres)
    assert filled.postgres.status() == "stopped"
    filled.postgres.start()
    assert rows(filled) == ROWS


@contextlib.contextmanager
def busy(place: Place) -> Iterator[None]:
    """A query that runs on, in a backend that outlives its postmaster."""

    def work() -> None:
        with contextlib.suppress(psycopg.OperationalError):
            query(place.postgres, "SELECT sum(sqrt(n)) FROM generate_series(1, 1000000000) n")

    thread = threading.Thread(target=work)
    thread.start()
    wanted = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%1000000000%' AND state = 'active'"
    deadline = time.monotonic() + 10
    while len(query(place.postgres, wanted)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    yield
    thread.join(30)
    assert not thread.is_alive()


def test_a_busy_orphan_of_a_killed_server_is_ended_first(filled: Place) -> None:
    with busy(filled):
        kill(filled.postgres)
        assert filled.postgres.strays() != ()
        filled.postgres.start()
    assert rows(filled) == ROWS


def test_after_a_reboot_all_rows_are_there(filled: Place) -> None:
    server = filled.postgres
    pid = pid_of(server)
    filled.reboot()
    # After a reboot another process has the pid, and the kernel another boot id.
    servers = json.loads(filled.layout.servers.read_text())
    servers["servers"]["postgres"].update(pid=os.getpid(), started="another-boot/1")
    filled.layout.servers.write_text(json.dumps(servers))
    file = server.data / "postmaster.pid"
    file.write_text(file.read_text().replace(str(pid), str(os.getpid())))
    assert server.status() == "stopped"
    assert server.stop() is False
    server.start()
    assert rows(filled) == ROWS


def test_a_pid_file_that_names_a_zombie_is_no_obstacle(filled: Place) -> None:
    filled.reboot()
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as corpse:
        while PROCESSES.get(corpse.pid) is not None:
            time.sleep(0.01)
        file = filled.postgres.data / "postmaster.pid"
        lines = file.read_text().splitlines()
        file.write_text("\n".join([str(corpse.pid), *lines[1:], ""]))
        filled.postgres.start()
    assert rows(filled) == ROWS


@pytest.mark.parametrize("content", ["", "garbage\n", "99999999999\n", "-1\n"])
def test_a_broken_pid_file_is_no_obstacle(filled: Place, content: str) -> None:
    filled.postgres.stop()
    (filled.postgres.data / "postmaster.pid").write_text(content)
    filled.postgres.start()
    assert rows(filled) == ROWS


def test_a_lost_record_is_made_good_by_the_next_start(filled: Place) -> None:
    """As when the command is killed between the start and the record."""
    former = pid_of(filled.postgres)
    filled.layout.servers.unlink()
    assert filled.postgres.status() == "stopped"
    filled.postgres.check_port()  # its own orphan holds it, and goes with the start
    filled.postgres.start()
    assert PROCESSES.get(former) is None
    assert rows(filled) == ROWS


FIRST_START = """
import sys
from pathlib import Path
from tests.support.servers import make_place
print("go", flush=True)
make_place(Path(sys.argv[1])).postgres.start()
"""


@pytest.mark.parametrize("after", [0.05, 0.2, 0.4, 0.7])
def test_a_killed_first_start_leaves_no_half_database(place: Place, after: float) -> None:
    root = place.layout.folder.parents[2]
    command = [sys.executable, "-c", FIRST_START, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(after)
        child.kill()
    place.postgres.start()
    assert query(place.postgres, "SELECT 1") == [(1,)]
    assert sorted(p.name for p in place.layout.data.iterdir()) == ["caches", "postgres"]


def test_a_copied_folder_is_not_the_original(filled: Place, tmp_path: Path) -> None:
    server = filled.postgres
    pid = pid_of(server)
    shutil.copytree(tmp_path / "app", tmp_path / "copy")
    ports = {"postgres": server.port}
    copy = make_place(tmp_path / "copy", ports=ports)
    assert copy.postgres.status() == "stopped"
    assert copy.postgres.stop() is False
    with pytest.raises(InfraError) as caught:
        copy.postgres.start()
    assert caught.value.code == "port-taken"
    assert f"port {server.port}" in caught.value.message
    assert f"process {pid} (" in caught.value.message
    assert pid_of(server) == pid
    moved = make_place(tmp_path / "copy")
    try:
        moved.postgres.start()
        query(moved.postgres, "DELETE FROM kept")
        assert rows(filled) == ROWS
        moved.postgres.remove()
    finally:
        moved.reboot()
    assert (pid_of(server), rows(filled)) == (pid, ROWS)


def test_a_moved_folder_is_still_the_same(filled: Place, tmp_path: Path) -> None:
    pid = pid_of(filled.postgres)
    (tmp_path / "app").rename(tmp_path / "moved")
    moved = make_place(tmp_path / "moved", ports={"postgres": filled.postgres.port})
    try:
        assert pid_of(moved.postgres) == pid
        assert moved.postgres.stop() is True
        moved.postgres.start()
        assert rows(moved) == ROWS
    finally:
        moved.reboot()


@pytest.mark.parametrize("content", [None, "restored"])
def test_a_lost_or_older_secret_store_does_not_lock_us_out(
    filled: Place, content: str | None
) -> None:
    if content is None:
        filled.layout.secrets.unlink()
        filled.postgres.stop()
    else:
        document = json.loads(filled.layout.secrets.read_text())
        document["generated"][POSTGRES_ADMIN] = content
        filled.layout.secrets.write_text(json.dumps(document))
    filled.postgres.start()
    assert rows(filled) == ROWS
    if content:
        assert filled.postgres.connection()["password"] == content


def test_another_port_means_a_restart(filled: Place) -> None:
    before = filled.postgres
    moved = make_place(filled.layout.folder.parents[2])
    assert moved.postgres.port != before.port
    assert moved.postgres.actual() != moved.postgres.desired()
    moved.postgres.start()
    assert moved.postgres.actual() == moved.postgres.desired()
    assert rows(moved) == ROWS
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", before.port)) != 0


def test_a_start_that_fails_tells_what_the_server_said(filled: Place) -> None:
    filled.postgres.stop()
    with (filled.postgres.data / "postgresql.conf").open("a") as file:
        file.write("no_such_option = 1\n")
    with pytest.raises(InfraError) as caught:
        filled.postgres.start()
    assert caught.value.code == "server-start-failed"
    assert 'unrecognized configuration parameter "no_such_option"' in caught.value.message
    assert caught.value.hint is not None
    assert str(filled.postgres.log) in caught.value.hint


def test_a_hung_server_is_started_anew(filled: Place) -> None:
    pid = pid_of(filled.postgres)
    for process in filled.processes():
        os.kill(process.pid, signal.SIGSTOP)
    filled.postgres.start()
    assert pid_of(filled.postgres) != pid
    assert rows(filled) == ROWS
