"""What goes wrong in life: each ends in a clear message, and the next apply repairs it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from minio import Minio
from tests.functional.conftest import SMALL_APP, removed
from tests.support.disk import remount, small_disk
from tests.support.tool import Tool, belongs, write_app

ROWS = 200


def dsn(tool: Tool) -> str:
    """How the app reaches its database, from the runtime config alone."""
    server = tool.infra()["sql_servers"][0]
    database = server["databases"]["orders"]
    password = tool.variables()[database["password"]["$env"]]
    return (
        f"postgresql://{database['username']}:{password}@{server['host']}"
        f"/{database.get('name', 'orders')}?sslmode=disable"
    )


def storage(tool: Tool) -> tuple[Minio, str]:
    block = tool.infra()["object_storage"][0]
    client = Minio(
        block["endpoint"].removeprefix("http://"),
        access_key=block["access_key_id"],
        secret_key=tool.variables()[block["secret_access_key"]["$env"]],
        secure=False,
        region=block["region"],
    )
    return client, block["buckets"]["receipts"]["name"]


def fill(tool: Tool) -> None:
    with psycopg.connect(dsn(tool)) as connection:
        connection.execute(f"INSERT INTO orders SELECT g, 'x' FROM generate_series(1, {ROWS}) g")
    client, bucket = storage(tool)
    with (tool.app / "encore.app").open("rb") as body:
        client.put_object(bucket, "a/receipt.txt", body, -1, part_size=10 * 1024 * 1024)


def rows(tool: Tool) -> int:
    with psycopg.connect(dsn(tool)) as connection:
        found = connection.execute("SELECT count(*) FROM orders").fetchone()
    return int(found[0]) if found else -1


def assert_all_there(tool: Tool) -> None:
    assert rows(tool) == ROWS
    client, bucket = storage(tool)
    assert [o.object_name for o in client.list_objects(bucket, recursive=True)] == ["a/receipt.txt"]
    assert client.get_object(bucket, "a/receipt.txt").data == (tool.app / "encore.app").read_bytes()


def repaired(tool: Tool) -> None:
    tool.apply()
    tool.ok("doctor")
    assert_all_there(tool)
    assert "no changes" in tool.apply().text.lower()


@pytest.fixture
def filled(small: Tool) -> Tool:
    small.apply()
    fill(small)
    return small


@pytest.mark.parametrize("word", ["postgres", "ministack"])
def test_a_killed_server_is_noticed_and_started_again(filled: Tool, word: str) -> None:
    killed = [p for p in filled.processes() if any(word in a for a in p.cmdline())]
    assert killed
    for process in killed:
        process.send_signal(signal.SIGKILL)
    time.sleep(0.2)
    plan = filled.ok("plan", "--format", "json").json()
    assert any(s["op"] == "update" and s["reason"] == "not running" for s in plan["steps"])
    assert filled("doctor").code == 1
    repaired(filled)


def test_after_a_reboot_all_comes_back_with_its_data(filled: Tool) -> None:
    before = (filled.state / "infra.config.json").read_bytes()
    filled.kill_servers()
    assert filled.processes() == []
    repaired(filled)
    assert (filled.state / "infra.config.json").read_bytes() == before


def test_a_taken_port_names_its_holder_and_is_never_changed_silently(filled: Tool) -> None:
    host, _, port = filled.infra()["sql_servers"][0]["host"].partition(":")
    filled.ok("stop")
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((host, int(port)))
        holder.listen()
        refused = filled("apply", "--yes")
        assert refused.code == 1
        assert port in refused.err
        assert str(os.getpid()) in refused.err
        assert "--new-ports" in refused.err
        filled.apply("--new-ports")
    assert filled.infra()["sql_servers"][0]["host"] != f"{host}:{port}"
    repaired(filled)


@pytest.mark.parametrize(
    "content", ["", "{", '{"schema": 1, "resources": {"x', "\x00\xff" * 40, "[]"]
)
def test_a_broken_state_file_is_rebuilt(filled: Tool, content: str) -> None:
    (filled.state / "state.json").write_bytes(content.encode("latin-1"))
    repaired(filled)


@pytest.mark.parametrize("name", ["state.json", "servers.json"])
def test_a_lost_state_file_is_rebuilt(filled: Tool, name: str) -> None:
    (filled.state / name).unlink()
    repaired(filled)


@pytest.mark.parametrize("loss", ["removed", "older"])
def test_lost_passwords_are_made_anew_and_nothing_else_is_lost(filled: Tool, loss: str) -> None:
    store = filled.state / "secrets.json"
    older = re.sub(r'("(?:[^"\\]|\\.)*": ")([A-Za-z0-9_-]{30,})"', r'\1\2x"', store.read_text())
    assert older != store.read_text()
    store.unlink() if loss == "removed" else store.write_text(older)
    plan = filled.ok("plan", "--format", "json").json()
    assert plan["summary"]["update"] > 0
    assert plan["summary"]["delete"] == 0
    repaired(filled)


def test_a_second_apply_at_the_same_time_names_the_holder(small: Tool) -> None:
    first = small.start("apply", "--yes")
    try:
        deadline = time.monotonic() + 10
        while not (small.state / "lock").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        second = small("apply", "--yes")
        assert second.code == 1
        assert str(first.pid) in second.err
        assert "--lock-timeout" in second.err
    finally:
        out, err = first.communicate(timeout=60)
    assert first.returncode == 0, out + err
    waited = small.start("apply", "--yes", "--lock-timeout", "60")
    small.apply("--lock-timeout", "60")
    waited.communicate(timeout=60)
    assert waited.returncode == 0


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.3, 0.6, 0.9, 1.3, 1.8, 2.4])
def test_an_interrupted_apply_converges(small: Tool, sent: signal.Signals, after: float) -> None:
    running = small.start("apply", "--yes")
    time.sleep(after)
    running.send_signal(sent)
    out, err = running.communicate(timeout=60)
    if sent is signal.SIGINT and running.returncode == -sent:
        assert out == ""  # Python itself was still starting
    elif sent is signal.SIGINT and running.returncode != 0:
        assert running.returncode == 130
        assert "Traceback" not in out + err
    small.apply()
    small.ok("doctor")
    assert "no changes" in small.apply().text.lower()


def test_a_copied_app_is_not_mistaken_for_the_original(filled: Tool, tmp_path: Path) -> None:
    copy = Tool(Path(shutil.copytree(filled.app, tmp_path / "copy")))
    try:
        copy.ok("stop")
        assert filled.processes()
        copy.apply()
        assert_all_there(copy)
        assert copy.infra()["sql_servers"][0]["host"] != filled.infra()["sql_servers"][0]["host"]
        assert not {p.pid for p in copy.processes()} & {p.pid for p in filled.processes()}
        with psycopg.connect(dsn(copy)) as connection:
            connection.execute("DELETE FROM orders")
        copy.ok("destroy", "--yes", "--env", "local")
        assert_all_there(filled)
        assert "no changes" in filled.apply().text.lower()
    finally:
        removed(copy)


def test_a_renamed_folder_keeps_its_environment(filled: Tool) -> None:
    filled.ok("stop")
    ports = filled.infra()["sql_servers"][0]["host"]
    renamed = Tool(filled.app.rename(filled.app.with_name("renamed")))
    try:
        plan = renamed.ok("plan", "--format", "json").json()
        assert plan["summary"]["create"] == plan["summary"]["delete"] == 0
        repaired(renamed)
        assert renamed.infra()["sql_servers"][0]["host"] == ports
    finally:
        removed(renamed)


def test_a_removed_database_or_bucket_is_refused_without_its_name(filled: Tool) -> None:
    (filled.app / "orders" / "api.ts").unlink()
    (filled.app / "orders" / "db.ts").unlink()
    plan = filled.ok("plan")
    assert "DATA LOSS" in plan.out
    assert "database/orders" in plan.out
    assert filled("apply", "--yes").code == 1
    assert rows(filled) == ROWS
    assert filled("apply", "--yes", "--allow-data-loss", "bucket/receipts").code == 1
    assert rows(filled) == ROWS
    filled.apply("--allow-data-loss", "database/orders")
    assert "no changes" in filled.apply().text.lower()


def test_a_broken_migration_leaves_the_database_as_it_was(filled: Tool) -> None:
    folder = filled.app / "orders" / "migrations"
    (folder / "2_good.up.sql").write_text("ALTER TABLE orders ADD COLUMN total int;\n")
    (folder / "3_bad.up.sql").write_text(
        "CREATE TABLE kept (id int);\n\nALTER TABEL orders ADD y int;\n"
    )
    failed = filled("apply", "--yes")
    assert failed.code == 1
    assert "3_bad.up.sql:3" in failed.err
    assert 'syntax error at or near "TABEL"' in failed.err
    with psycopg.connect(dsn(filled)) as connection:
        version = connection.execute("SELECT version, dirty FROM schema_migrations").fetchall()
        tables = connection.execute("SELECT to_regclass('public.kept')").fetchone()
    assert version == [(2, False)]
    assert tables == (None,)
    assert rows(filled) == ROWS
    (folder / "3_bad.up.sql").write_text("ALTER TABLE orders ADD y int;\n")
    repaired(filled)


def test_an_edited_a_late_and_a_vanished_migration(filled: Tool) -> None:
    folder = filled.app / "orders" / "migrations"
    (folder / "5_more.up.sql").write_text("ALTER TABLE orders ADD COLUMN total int;\n")
    filled.apply()
    first = folder / "1_create.up.sql"
    original = first.read_text()
    first.write_text(original.replace("\n", "\r\n"))
    assert "no changes" in filled.apply().text.lower()
    first.write_text(original + "-- edited\n")
    edited = filled("apply", "--yes")
    assert edited.code == 1
    assert "1_create.up.sql" in edited.err
    first.write_text(original)
    (folder / "3_late.up.sql").write_text("SELECT 1;\n")
    late = filled("apply", "--yes")
    assert late.code == 1
    assert "3_late.up.sql" in late.err
    (folder / "3_late.up.sql").unlink()
    first.unlink()
    gone = filled("apply", "--yes")
    assert gone.code == 0, gone.text
    assert "1_create.up.sql" in gone.err
    assert_all_there(filled)


def test_a_missing_secret_is_planned_and_refused(small: Tool) -> None:
    source = small.app / "orders" / "key.ts"
    source.write_text(
        'import { secret } from "encore.dev/config";\nconst key = secret("PayKey");\n'
    )
    plan = small.ok("plan")
    assert "PayKey" in plan.text
    refused = small("apply", "--yes")
    assert refused.code == 1
    assert "PayKey" in refused.err
    assert "encore-infra secret set PayKey" in refused.err
    assert small.processes() == []
    small.ok("secret", "set", "PayKey", stdin="s3cret-value")
    small.apply()
    assert small.variables()["INFRA_SECRET_PayKey"] == "s3cret-value"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own, 30 MB: too small for a PostgreSQL."""
    with small_disk(tmp_path / "disk", "30m") as made:
        yield made


def write_without_end(path: Path) -> None:
    with path.open("wb") as target:
        while True:
            target.write(b"\0" * 1024 * 1024)


def test_a_full_disk_is_said_and_repaired(disk: Path) -> None:
    tool = Tool(write_app(disk / "small", SMALL_APP))
    try:
        failed = tool("apply", "--yes")
        assert failed.code == 1
        assert "Traceback" not in failed.text
        assert "space" in failed.err.lower()
        assert str(disk) in failed.err or ".encore/infra" in failed.err
        remount(disk, "size=600m")
        tool.apply()
        fill(tool)
        filler = disk / "filler"
        with pytest.raises(OSError, match="No space"):
            write_without_end(filler)
        tool.kill_servers()
        failed = tool("apply", "--yes")
        assert failed.code == 1
        assert "Traceback" not in failed.text
        filler.unlink()
        repaired(tool)
    finally:
        removed(tool)


def test_a_read_only_disk_is_said_and_repaired(disk: Path) -> None:
    remount(disk, "size=600m")
    tool = Tool(write_app(disk / "small", SMALL_APP))
    try:
        tool.apply()
        fill(tool)
        tool.ok("stop")
        remount(disk, "ro")
        assert tool.ok("plan").code == 0
        failed = tool("apply", "--yes")
        assert failed.code == 1
        assert "Traceback" not in failed.text
        assert "read-only" in failed.err.lower()
        remount(disk, "rw")
        repaired(tool)
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=False)
        removed(tool)


BAD_APPS = {
    "no encore.app": ({"x.txt": ""}, ["encore.app"]),
    "invalid TypeScript": (
        {
            "encore.app": '{"lang": "typescript"}',
            "a/api.ts": 'import { api } from "encore.dev/api";\nexport const = 3;\n',
        },
        ["a/api.ts:2:", "^"],
    ),
    "unknown key": (
        {
            "encore.app": '{"lang": "typescript"}',
            "encore.infra.yaml": "environments:\n  local:\n    providr: local\n",
        },
        ["encore.infra.yaml:3:5", "provider"],
    ),
    "broken YAML": (
        {"encore.app": '{"lang": "typescript"}', "encore.infra.yaml": "environments: [\n"},
        ["encore.infra.yaml:"],
    ),
}


@pytest.mark.parametrize("name", BAD_APPS)
@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")])
def test_bad_input_is_refused_with_place_and_remedy(
    name: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    files, expected = BAD_APPS[name]
    root = tmp_path / "app"
    if "encore.app" in files:
        write_app(root, files)
    else:
        root.mkdir()
    before = sorted(p.name for p in root.rglob("*"))
    tool = Tool(root)
    result = tool(*command)
    assert result.code == 1
    assert "Traceback" not in result.text
    for part in expected:
        assert part in result.text
    assert sorted(p.name for p in root.rglob("*")) == before
    told = tool(*command, "--format", "json").json()
    assert told["error"]["code"]
    assert told["error"]["message"]


def test_no_process_of_ours_is_left(tmp_path: Path) -> None:
    """The helper that finds servers must find one: a check that cannot fail is none."""
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, cwd=tmp_path
    ) as child:
        assert belongs(psutil.Process(child.pid), str(tmp_path))
        child.communicate(b"\n")
