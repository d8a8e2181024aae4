"""What the doctor says when everything is in order, and that it leaves all as it was."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import psycopg
import pytest
from tests.functional.doctor.conftest import ROLE, World

from encore_config import infra
from encore_config.graph import Graph
from encore_config.runtime_map import TopicExtra, from_infra
from encore_provisioner.doctor import Check, diagnose

ORDER = [
    ("config", "runtime config"),
    ("port", "PORT"),
    ("secret", "Stripe"),
    ("database", "orders"),
    ("cache", "sessions"),
    ("bucket", "images"),
    ("bucket", "receipts"),
    ("topic", "placed"),
    ("subscription", "placed/mail"),
    ("pubsub", "round trip"),
]


def failures(checks: Mapping[tuple[str, str], Check]) -> dict[tuple[str, str], str | None]:
    return {key: check.reason for key, check in checks.items() if not check.ok}


def by_key(checks: tuple[Check, ...]) -> dict[tuple[str, str], Check]:
    return {(check.kind, check.name): check for check in checks}


def test_everything_is_ok_in_a_stable_order(world: World) -> None:
    seen: list[Check] = []
    checks = diagnose(world.config, world.environ, on_check=seen.append)
    assert tuple(seen) == checks
    assert [(check.kind, check.name) for check in checks] == ORDER
    assert [check.reason for check in checks if not check.ok] == []


def test_details_say_what_was_seen_and_no_secret(world: World) -> None:
    checks = world.diagnose()
    assert checks["database", "orders"].detail == (
        "PostgreSQL 18.6, role orders, no TLS, migration 2, pool 20 of 197 connections"
    )
    assert checks["cache", "sessions"].detail.endswith("index 0, prefix shop/, allkeys-lru")
    assert "keeps versions, private" in checks["bucket", "receipts"].detail
    assert checks["bucket", "receipts"].hint is None
    assert f"public at {world.s3_url}/images" in checks["bucket", "images"].detail
    shown = repr(checks)
    secrets = [
        value for name, value in world.environ.items() if "INFRA" in name or "SECRET" in name
    ]
    assert [secret for secret in secrets if secret in shown] == []


def test_nothing_is_left_behind_and_nothing_of_the_app_is_touched(world: World) -> None:
    before = fingerprint(world)
    world.diagnose()
    assert world.leftovers() == []
    assert fingerprint(world) == before


def fingerprint(world: World) -> object:
    """All that the app has: tables, keys, objects with versions, topics, queues, messages."""
    with psycopg.connect(**{**world.admin, "dbname": ROLE}) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
        ).fetchall()
    versions = [v for b in sorted(world.s3.list_buckets()) for v in world.s3.list_versions(b)]
    waiting = world.sqs.queue_attributes(world.queue)["ApproximateNumberOfMessages"]
    return (
        tables,
        world.redis().keys("*"),
        versions,
        sorted(world.sns.list_topics()),
        sorted(world.sqs.list_queues()),
        sorted(link.arn for link in world.sns.list_subscriptions()),
        waiting,
    )


def test_leftovers_of_killed_runs_are_swept_but_not_those_of_others(world: World) -> None:
    old, young = "1000000000-0123456789ab", "9999999999-0123456789ab"
    for age in (old, young):
        world.sns.create_topic(f"encore-doctor-{age}")
        world.sqs.create_queue(f"encore-doctor-{age}")
        world.s3.put("receipts", f"encore-doctor/{age}", b"1")
        world.s3.put("receipts", f"encore-doctor/{age}", b"2")
        world.s3.delete("receipts", f"encore-doctor/{age}")
    world.sqs.create_queue("encore-doctor-mine")
    assert failures(world.diagnose()) == {}
    assert [name for name in world.leftovers() if old in name] == []
    assert len([name for name in world.leftovers() if young in name]) == 5
    assert world.sqs.queue_url("encore-doctor-mine")


def test_a_stopped_server_costs_seconds_not_minutes(world: World) -> None:
    """Every check of it fails at once, and says what to do."""
    assert world.fleet.aws is not None
    world.fleet.aws.stop()
    checks = world.diagnose()
    failed = failures(checks)
    assert sorted(failed) == [
        ("bucket", "images"),
        ("bucket", "receipts"),
        ("pubsub", "round trip"),
        ("subscription", "placed/mail"),
        ("topic", "placed"),
    ]
    refused = f"connection refused on {world.s3_url}: the server is not running"
    assert set(failed.values()) == {refused}
    assert all("encore-infra apply" in (checks[key].hint or "") for key in failed)
    assert max(check.seconds for check in checks.values()) < 5


def test_the_shells_environment_does_not_count(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that would lead the drivers elsewhere, were they read."""
    shell = {
        "AWS_ACCESS_KEY_ID": "wrong",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "eu-north-1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
        "PGHOSTADDR": "192.0.2.1",
        "PGOPTIONS": "-c search_path=nowhere",
        "PGREQUIREAUTH": "none",
        "PGSSLMODE": "verify-full",
        "PGSSLCERTMODE": "require",
        "PGTARGETSESSIONATTRS": "standby",
        "PORT": "1",
    }
    for name, value in shell.items():
        monkeypatch.setitem(os.environ, name, value)
    assert failures(world.diagnose()) == {}


def test_ordered_topics_by_protobuf(world: World) -> None:
    """FIFO agrees with what the protobuf says, and gets a round trip of its own."""
    topic = world.sns.create_topic("ledger.fifo", attributes={"FifoTopic": "true"})
    block = world.pubsub_block()
    config = msgspec.structs.replace(
        world.config,
        pubsub=(infra.AWSSnsSqs(topics={**block.topics, "ledger": infra.AWSTopic(arn=topic)}),),
    )
    ordered = from_infra(config, topics={"ledger": TopicExtra(ordering_attribute="account")})
    checks = by_key(diagnose(ordered, world.environ, on_check=ignore))
    assert failures(checks) == {}
    assert checks["topic", "ledger"].detail == f"{topic}, FIFO"
    assert "FIFO topic to queue" in checks["pubsub", "FIFO round trip"].detail
    assert world.leftovers() == []


def test_the_protobuf_gives_the_same_checks_as_the_json(world: World) -> None:
    by_json = diagnose(world.config, world.environ, on_check=ignore)
    by_protobuf = diagnose(from_infra(world.config), world.environ, on_check=ignore)
    assert [(c.kind, c.name, c.ok) for c in by_protobuf] == [
        (c.kind, c.name, c.ok) for c in by_json
    ]


def test_the_graph_adds_what_only_the_source_knows(world: World, graph: Graph) -> None:
    checks = diagnose(world.config, world.environ, on_check=ignore, graph=graph)
    assert [check.reason for check in checks if not check.ok] == []


def ignore(_: Check) -> None:
    """Nobody watches."""


class Healthy(BaseHTTPRequestHandler):
    """The health endpoint of Encore's core."""

    def do_GET(self) -> None:
        body = b'{"code":"ok","message":"Your Encore app is up and running!","details":{}}'
        self.send_response(200 if self.path == "/__encore/healthz" else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Silent."""


@contextmanager
def running_app() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_a_running_app_on_its_port_is_fine(world: World) -> None:
    with running_app() as port:
        check = world.diagnose(environ={**world.environ, "PORT": str(port)})["port", "PORT"]
    assert check.ok
    assert check.detail == f"{port} is held by a running Encore app (ok)"


def test_another_program_on_the_apps_port(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        threading.Thread(target=close_first, args=(other,)).start()
        check = world.diagnose(environ={**world.environ, "PORT": str(port)})["port", "PORT"]
    assert check.reason == f"another program holds {port}: the app cannot start"
    assert "--new-ports" in (check.hint or "")


def close_first(server: socket.socket) -> None:
    """Take one connection and say nothing."""
    connection, _ = server.accept()
    connection.close()
