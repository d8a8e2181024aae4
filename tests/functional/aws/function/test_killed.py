"""Whatever ends a call in the middle, the next one finishes what it began."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.functional.aws.function.conftest import Inside, wait_for_statement

from encore_aws import bundle
from encore_aws.function import documents
from encore_aws.function.postgres import Postgres, connect


class Killed(BaseException):
    """What kill -9 is to the one who is killed: nothing more is done."""


class Mortal(Postgres):
    """A session that dies when it has sent a statement: nobody hears the answer."""

    def __init__(self, session: Postgres, lives: itertools.count[int], last: int) -> None:
        wire = session._wire
        assert wire is not None
        super().__init__(wire, session._where)
        self._lives, self._last = lives, last

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        self._live(text)
        return super().rows(text)

    def run_text(self, text: str) -> Any:
        self._live(text)
        return super().run_text(text)

    def _live(self, text: str) -> None:
        if self._wire is None or next(self._lives) < self._last:
            return
        self._wire.send_QUERY(text)
        self._wire._sock.flush()
        # Now and then before the server has begun, now and then when it is done.
        time.sleep(0.02 * (self._last % 3))
        self._wire.hang_up()
        self._wire = None
        raise Killed


def dying(inside: Inside, at: int) -> Inside:
    lives = itertools.count()
    return inside.but(connect=lambda login: Mortal(connect(login), lives, at))


def test_prepare_may_be_killed_at_every_statement(inside: Inside) -> None:
    kills = 0
    for at in itertools.count():
        name = inside.wanted().database
        try:
            assert dying(inside, at).prepare().error is None
            break
        except Killed:
            kills += 1
        assert inside.prepare().error is None
        assert inside.sql("SELECT current_user = current_database()") == [(True,)]
        assert inside.prepare().databases[0].changed == ()
        # From the beginning, but with the password that is there.
        inside.rds.sql(f"DROP DATABASE {name} WITH (FORCE)")
        inside.rds.sql(f"DROP ROLE {name}")
    assert kills > 15


FILES = {
    "1_a.up.sql": "CREATE TABLE a (id int); INSERT INTO a VALUES (1);",
    "2_i.up.sql": "CREATE INDEX CONCURRENTLY i ON a (id);",
    "3_b.up.sql": "INSERT INTO a VALUES (3);",
}


def test_migrate_may_be_killed_at_every_statement(ready: Inside) -> None:
    request = ready.request(FILES)
    kills = dirty = 0
    for at in itertools.count():
        try:
            assert dying(ready, at).ask(request, documents.Migrated).error is None
            break
        except Killed:
            kills += 1
        found = ready.ask(request, documents.Migrated)
        if found.error is not None:
            # The one that runs in no transaction: only a person can tell, and is told how.
            assert [finding.code for finding in found.findings] == ["E9003"]
            dirty += 1
            ready.sql(
                "DROP INDEX IF EXISTS i; UPDATE schema_migrations SET version = 1, dirty = false"
            )
            found = ready.ask(request, documents.Migrated)
        assert found.error is None
        assert ready.sql("SELECT id FROM a ORDER BY id") == [(1,), (3,)]
        assert ready.sql("SELECT version, dirty FROM schema_migrations") == [(3, False)]
        assert ready.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") == [
            (True,)
        ]
        ready.sql("DROP TABLE a; DELETE FROM schema_migrations")
        ready.sql_as_root("DELETE FROM encore_infra.migrations")
    assert kills > 30
    assert 1 <= dirty <= 3


_PROGRAM = """
import json, sys
from encore_aws.function import handler
assert handler.__file__.startswith({zip!r}), handler.__file__
class Context:
    def get_remaining_time_in_millis(self): return 900_000
print(json.dumps(handler.handle(json.load(sys.stdin), Context())))
"""


def call(inside: Inside, request: documents.Request, folder: Path) -> subprocess.Popen[str]:
    """The zip in a process of its own, as Lambda has it."""
    path = str(bundle.write(bundle.build(), folder))
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM.format(zip=path)],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": path,
            "AWS_REGION": "eu-north-1",
            "AWS_DEFAULT_REGION": "eu-north-1",
            **inside.aws.environment,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(documents.event(request)))
    process.stdin.close()
    process.stdin = None
    return process


def test_the_zip_does_all_of_it_in_a_process_of_its_own(inside: Inside, tmp_path: Path) -> None:
    wanted = documents.Prepare(server=inside.server, databases=(inside.wanted(),))
    requests: list[documents.Request] = [wanted, inside.request(FILES)]
    for request in requests:
        out, err = call(inside, request, tmp_path).communicate(timeout=60)
        answer = json.loads(out)
        assert answer["error"] is None, answer
        assert err.startswith("encore-infra: ")
        assert inside.password() not in out + err
    assert inside.sql("SELECT id FROM a ORDER BY id") == [(1,), (3,)]


def test_kill_minus_nine_in_the_middle_of_a_migration(ready: Inside, tmp_path: Path) -> None:
    slow = {"1_a.up.sql": "CREATE TABLE a (id int); SELECT pg_sleep(31.25);"}
    process = call(ready, ready.request(slow), tmp_path)
    wait_for_statement(ready, "pg_sleep(31.25)")
    process.kill()
    process.communicate()
    began = time.monotonic()
    # The server notices that nobody listens any more, and lets go.
    found = ready.migrate({"1_a.up.sql": "CREATE TABLE a (id bigint);"})
    assert found.error is None
    assert time.monotonic() - began < 25
    assert ready.sql("SELECT pg_typeof(id)::text FROM a UNION SELECT 'bigint'") == [("bigint",)]
