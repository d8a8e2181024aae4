"""The offline plan: the same bytes each time, kept by content, and from this process alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from tests.support.aws_made import target
from tests.support.examples import examples
from tests.support.generated_graphs import environments, graphs
from tests.support.graphs import bucket, database, graph, subscription, topic, use

from encore_aws import offline
from encore_aws.replacement import RULES
from encore_config import codec
from encore_config.environment import Environment, EnvironmentEntry
from encore_config.graph import Graph
from encore_config.plan import UNKNOWN, Plan
from encore_provisioner.engine.compare import compare
from encore_provisioner.errors import EnvironmentFileError, RefusedError
from encore_provisioner.user_cache import FOLDER_VARIABLE

ROOT = Path(__file__).resolve().parents[3]


def live(**entry: object) -> Environment:
    values = {"provider": "aws", "region": "eu-north-1", "account": "111122223333", **entry}
    return Environment(
        name="live",
        provider="aws",
        type="production",
        settings=EnvironmentEntry(**values),  # type: ignore[arg-type]
    )


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return tmp_path / "plans"


@examples(6)
@given(found=graphs(), environment=environments())
def test_the_same_input_gives_the_same_bytes(found: Graph, environment: Environment) -> None:
    wanted = target(found, environment)
    first, second = (offline.make_plan(wanted) for _ in range(2))
    assert codec.encode(first) == codec.encode(second)
    assert not compare(codec.decode(codec.encode(first), Plan), second, RULES).changes


def test_a_plan_is_made_once_and_kept_with_its_findings(cache: Path) -> None:
    wanted = target(graph(topics=[topic("orders")]), live())
    first = offline.plan(wanted)
    offline.findings(wanted)
    kept = {path.name: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert len(kept) == 2
    assert offline.plan(wanted) == first
    changed = msgspec.structs.replace(wanted.environment, type="development")
    offline.plan(target(wanted.graph, changed))
    assert len(list(cache.iterdir())) == 3


def test_what_is_unknown_without_an_id_or_an_account() -> None:
    app = graph(
        buckets=[bucket("files")],
        topics=[topic("orders")],
        uses=[use("topic", "orders", "publish")],
    )
    plan = offline.make_plan(target(app, live(account=None)))
    found = {(step.name, item.path): item.after for step in plan.steps for item in step.diff}
    assert found["bucket/files", "bucket"] == UNKNOWN
    assert found["role/app#policy-1", "policy"] == UNKNOWN
    known = offline.make_plan(target(app, live(id="k3f9")))
    found = {(step.name, item.path): item.after for step in known.steps for item in step.diff}
    assert "k3f9" in found["bucket/files", "bucket"]
    assert "sns:Publish" in found["role/app#policy-1", "policy"]


def test_every_step_has_a_reason_and_each_declaration_its_place() -> None:
    app = graph(buckets=[bucket("files")], databases=[database("orders", root=ROOT)])
    plan = offline.make_plan(target(app, live()))
    assert all(step.reason for step in plan.steps)
    placed = {
        str(step.declaration) for step in plan.steps if step.declaration and step.declaration.at
    }
    assert placed == {"bucket/files", "database/orders"}


def test_an_earlier_plan_shows_what_changes_and_what_is_lost() -> None:
    before = graph(buckets=[bucket("files")], topics=[topic("orders")])
    after = graph(buckets=[bucket("files", versioned=True)])
    former = offline.make_plan(target(before, live(id="k3f9")))
    plan = offline.plan(target(after, live(id="k3f9")), former)
    changes = {(step.op, step.name) for step in plan.changes}
    assert ("create", "bucket/files#versions") in changes
    assert ("delete", "topic/orders") in changes


def test_a_comparison_is_no_plan_to_compare_with() -> None:
    wanted = target(graph(topics=[topic("orders")]), live())
    once = offline.plan(wanted, offline.make_plan(wanted))
    with pytest.raises(RefusedError) as caught:
        offline.plan(wanted, once)
    assert caught.value.code == "plan-is-a-comparison"


def test_names_that_the_program_cannot_tell_apart_are_refused_with_a_way_out() -> None:
    """To Encore's parser a name is any text, and unique in its kind or topic."""
    app = graph(
        topics=[topic("t"), topic("t/a")],
        subscriptions=[subscription("t", "a/b"), subscription("t/a", "b")],
    )
    with pytest.raises(RefusedError, match="subscription/t/a/b") as caught:
        offline.make_plan(target(app, live()))
    assert caught.value.code == "names-meet"
    assert "rename one" in (caught.value.hint or "")


def test_settings_that_cannot_be_are_told_together() -> None:
    with pytest.raises(EnvironmentFileError) as caught:
        offline.findings(target(graph(), live(region="nowhere", trust="somebody")))
    assert len(caught.value.diagnostics) == 2


NOTHING_OUTSIDE = """
import os, sys
calls = []

def told(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen",
                 "os.system", "os.exec", "os.posix_spawn"):
        calls.append((event, str(args)[:200]))

sys.addaudithook(told)
from tests.support.aws_made import target
from tests.support.graphs import bucket, cache, database, graph, subscription, topic
from tests.unit.encore_aws.test_offline import ROOT, live
from encore_aws import offline
from encore_aws.replacement import RULES

app = graph(
    buckets=[bucket("files", public=True)], topics=[topic("t")], caches=[cache("c")],
    subscriptions=[subscription("t", "s")], databases=[database("d", root=ROOT)],
)
assert len(offline.make_plan(target(app, live())).steps) > 50
for call in calls:
    print(call)
"""


def test_no_address_is_asked_and_no_program_is_started() -> None:
    """Pulumi's loop makes a pair of sockets for itself; that is neither of the two."""
    done = subprocess.run(
        [sys.executable, "-c", NOTHING_OUTSIDE],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={
            "PATH": "",
            "HOME": "/nonexistent",
            "PYTHONPATH": ":".join(
                str(ROOT / part)
                for part in ("", "config-schema", "provisioner", "providers/aws", "providers/local")
            ),
        },
    )
    assert done.stdout == ""
