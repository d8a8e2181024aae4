"""Whatever is killed, and whenever: the next apply repairs it, and no row or object is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.functional.local.conftest import Local
from tests.functional.local.test_local_lifecycle import PARTS, doors_of
from tests.functional.local.test_local_migrations import sql_of
from tests.support.graphs import AppFolder

from encore_local.servers.registry import Registry
from encore_provisioner.errors import InfraError, RefusedError

ROWS = 500
SOURCES = ("config-schema", "provisioner", "providers/local", ".")
PROJECT = Path(__file__).parents[3]

# What a killed apply runs: it ends itself, as kill -9 would, at a checkpoint.
VICTIM = """
import os, signal, sys
from pathlib import Path
from encore_local import LocalProvider
from tests.functional.local.test_local_lifecycle import PARTS
from tests.support.graphs import AppFolder

root, what, last = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def checkpoint(where):
    if where == last:
        os.kill(os.getpid(), signal.SIGKILL)

provider = LocalProvider(checkpoint=checkpoint)
target = AppFolder(root=root, databases={"orders": "default"}, parts=PARTS).target
if what == "apply":
    plan = provider.plan(target)
    provider.apply(target, plan, on_progress=lambda _: None)
else:
    provider.destroy(target, provider.plan_destroy(target), on_progress=lambda _: None)
"""


@pytest.fixture
def whole(app: AppFolder, local: Local) -> AppFolder:
    whole = app.but(databases={"orders": "default"}, **PARTS)
    whole.migration("orders", "1_create.up.sql", "CREATE TABLE orders (id int PRIMARY KEY);")
    whole.migration("orders", "2_fill.up.sql", "CREATE TABLE more (id int);")
    local.provider.secrets(whole.target).set("StripeKey", "sk_secret_value")
    return whole


def command(app: AppFolder, what: str, last: str) -> list[str]:
    return [sys.executable, "-c", VICTIM, str(app.root), what, last]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(str(PROJECT / s) for s in SOURCES)}


def is_killed(app: AppFolder, what: str, last: str) -> bool:
    """Run it; whether it came to the checkpoint ``last``, where it is killed."""
    done = subprocess.run(
        command(app, what, last),
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def pids(app: AppFolder) -> dict[str, int]:
    registry = Registry(app.target.state_dir / "servers.json")
    names = ("postgres", "aws", "cache/main", "cache/Sessions")
    records = {name: registry.get(name) for name in names}
    return {name: record.pid for name, record in records.items() if record}


def test_an_apply_killed_at_every_point_is_finished_by_the_next(
    whole: AppFolder, local: Local
) -> None:
    """Each attempt comes one point further, on what the ones before it have left."""
    steps = local.plan(whole).changes
    servers = [f"before {step.urn}" for step in steps if step.type.startswith("local:server:")]
    resources = [
        f"{when} {step.urn}"
        for step in steps
        if not step.type.startswith("local:server:")
        for when in ("before", "did")
    ]
    assert len(resources) == 14
    for point in ("begun", *servers, *resources):
        assert is_killed(whole, "apply", point), point
    local.apply(whole)
    assert local.changes(whole) == []
    sql = sql_of(whole, local)
    assert sql("SELECT version, dirty FROM schema_migrations") == [(2, False)]
    assert sql("SELECT to_regclass('orders')::text, to_regclass('more')::text") == [
        ("orders", "more")
    ]


@pytest.mark.parametrize("delay", [0.6, 1.2])
def test_an_apply_killed_at_any_time_is_finished_by_the_next(
    whole: AppFolder, local: Local, delay: float
) -> None:
    process = subprocess.Popen(
        command(whole, "apply", "never"),
        cwd=PROJECT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(delay)
    process.kill()
    process.wait()
    apply_unseen(whole, local)
    assert local.changes(whole) == []


def apply_unseen(app: AppFolder, local: Local) -> None:
    """As the command does where nobody looks at the plan: what changes meanwhile is planned anew.

    A server that the killed apply was starting may answer for the first time just then.
    """
    for _ in range(20):
        try:
            local.apply(app)
        except RefusedError as error:
            if error.code != "plan-stale":
                raise
            time.sleep(0.25)
        else:
            return
    pytest.fail("the plan was stale each time")


def test_killed_servers_come_back_with_every_row_and_object(whole: AppFolder, local: Local) -> None:
    first = local.apply(whole)
    sql = sql_of(whole, local)
    sql(f"INSERT INTO orders SELECT generate_series(1, {ROWS})")
    with doors_of(whole, local) as doors:
        for number in range(20):
            doors.s3.put("files", f"object-{number}", b"%d" % number)
    for name, pid in pids(whole).items():
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            status = {s.name: s.state for s in local.provider.status(whole.target)}
            if status[name] != "running":
                break
            time.sleep(0.05)
        assert status[name] == "stopped"
        steps = {step.name: step for step in local.plan(whole).changes}
        assert (steps[name].op, steps[name].reason) == ("update", "not running")
        assert local.apply(whole) == first
        assert local.changes(whole) == []
    assert sql("SELECT count(*) FROM orders") == [(ROWS,)]
    with doors_of(whole, local) as doors:
        got = {n: doors.s3.get("files", f"object-{n}") for n in range(20)}
    assert got == {n: b"%d" % n for n in range(20)}


def test_a_state_that_cannot_be_read_is_made_anew(whole: AppFolder, local: Local) -> None:
    first = local.apply(whole)
    path = whole.target.state_dir / "state.json"
    good = path.read_bytes()
    for content in (b"", good[: len(good) // 2], b"[]", b'{"schema": 99}', b"\xff\xfe"):
        path.write_bytes(content)
        assert local.changes(whole) == []
        assert path.read_bytes() == content
        again = local.apply(whole)
        assert again == first
        assert path.read_bytes() == good
    path.unlink()
    assert local.apply(whole) == first
    assert path.read_bytes() == good


def test_a_lost_state_is_no_excuse_to_forget_what_is_ours(whole: AppFolder, local: Local) -> None:
    """What the app no longer declares is found by our marks on it."""
    local.apply(whole)
    (whole.target.state_dir / "state.json").unlink()
    less = whole.but(databases={"other": None}, topics=(), subscriptions=(), buckets=())
    assert {s.name for s in local.plan(less).changes if s.op == "delete"} == {
        "orders",
        "placed",
        "placed/mail",
        "files",
        "Web",
        "aws",
    }


def test_a_destroy_killed_at_every_point_is_finished_by_the_next(
    whole: AppFolder, local: Local
) -> None:
    local.apply(whole)
    servers = [
        f"after {step.urn}"
        for step in local.provider.plan_destroy(whole.target).steps
        if step.type in ("local:server:Valkey", "local:server:Aws", "local:server:Postgres")
    ]
    assert len(servers) == 4
    for point in (*servers, "before folder"):
        assert is_killed(whole, "destroy", point), point
    assert not is_killed(whole, "destroy", "never")
    assert not (whole.root / ".encore").exists()
    assert local.provider.plan_destroy(whole.target).steps == ()


def test_a_destroy_that_knows_nothing_of_the_app_finds_every_server(
    whole: AppFolder, local: Local
) -> None:
    """With the state lost and the source unreadable, servers.json still names the caches."""
    local.apply(whole)
    (whole.target.state_dir / "state.json").unlink()
    bare = whole.but(databases={}, topics=(), subscriptions=(), buckets=(), caches=(), secrets=())
    types = [step.type for step in local.provider.plan_destroy(bare.target).steps]
    assert types.count("local:server:Valkey") == 2


def test_destroy_tells_of_a_process_that_nobody_knows(whole: AppFolder, local: Local) -> None:
    local.apply(whole)
    folder = whole.target.state_dir / "data" / "caches" / "forgotten"
    folder.mkdir()
    with subprocess.Popen(["sleep", "60"], cwd=folder) as process:
        plan = local.provider.plan_destroy(whole.target)
        left = local.provider.destroy(whole.target, plan, on_progress=lambda _: None)
        process.kill()
    assert [line for line in left if f"process {process.pid} (sleep 60)" in line]


def test_a_taken_port_is_named_before_anything_changes(whole: AppFolder, local: Local) -> None:
    local.apply(whole)
    local.provider.stop(whole.target)
    port = int(local.provider.outputs(whole.target)["aws"]["endpoint"].rpartition(":")[2])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(InfraError) as caught:
            local.apply(whole)
        assert caught.value.code == "port-taken"
        assert str(port) in caught.value.message
        assert str(os.getpid()) in caught.value.message
        assert {s.state for s in local.provider.status(whole.target)} == {"stopped"}
        moved = local.apply(whole, new_ports=True)
        assert moved["aws"]["endpoint"].rpartition(":")[2] != str(port)
    assert local.changes(whole) == []
