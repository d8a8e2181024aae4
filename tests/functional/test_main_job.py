"""The whole main job as a person does it: graph, plan, apply, config, doctor, destroy."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.support.tool import ROOT, SHOP, Tool, copy_app

from encore_config import codec, infra_reader
from encore_config.graph import Graph
from encore_config.plan import Plan

SEEDS = sorted(
    p.name
    for p in (ROOT / "tests" / "cases" / "ts").glob("seed-*")
    if not p.name.startswith("seed-wrong")
)
EMITTED = ("infra.config.json", "runtime.pb", "runtime.env")


def emitted(tool: Tool) -> dict[str, bytes]:
    return {name: (tool.state / name).read_bytes() for name in EMITTED}


def summary(tool: Tool) -> dict[str, int]:
    plan: dict[str, int] = tool.ok("plan", "--format", "json").json()["summary"]
    return plan


def test_the_demonstration_ends_with_a_green_doctor(tmp_path: Path) -> None:
    tool = Tool(copy_app(SHOP, tmp_path / "shop"))
    try:
        done = subprocess.run(
            ["sh", str(ROOT / "scripts" / "demo.sh"), str(tool.app)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "encore-infra doctor" in done.stdout
        assert ".encore/infra/local/" in done.stdout
        assert "encore-infra stop" in done.stdout
        assert (tool.state / "runtime.env").stat().st_mode & 0o777 == 0o600
    finally:
        tool("destroy", "--yes", "--env", "local")
        tool.kill_servers()


def test_a_second_apply_changes_nothing_and_says_so(running_shop: Tool) -> None:
    before = emitted(running_shop)
    again = running_shop.apply()
    assert "no changes" in again.text.lower()
    assert emitted(running_shop) == before
    counts = summary(running_shop)
    assert counts["create"] == counts["update"] == counts["delete"] == counts["replace"] == 0
    assert counts["same"] > 0


def test_the_documents_load_into_their_types(running_shop: Tool) -> None:
    codec.decode(running_shop.ok("graph", "--format", "json").out.encode(), Graph)
    codec.decode(running_shop.ok("plan", "--format", "json").out.encode(), Plan)
    config = infra_reader.read_infra((running_shop.state / "infra.config.json").read_bytes())
    problems = infra_reader.boot_problems(config, environ=running_shop.variables())
    # The one thing that JSON cannot say; it is why the process is handed the protobuf.
    assert [problem.path[2:] for problem in problems] == [("topics", "cart-events", "arn")]


def test_every_declaration_of_the_shop_is_bound(running_shop: Tool) -> None:
    graph = running_shop.ok("graph", "--format", "json").json()
    config = running_shop.infra()
    names = {
        kind: {item["name"] for item in graph[kind]} for kind in ("databases", "buckets", "caches")
    }
    assert {n for s in config["sql_servers"] for n in s["databases"]} == names["databases"]
    assert {n for s in config["object_storage"] for n in s["buckets"]} == names["buckets"]
    assert set(config["redis"]) == names["caches"]
    assert set(config["secrets"]) == {s["name"] for s in graph["secrets"]}
    topics = {name: t for block in config["pubsub"] for name, t in block["topics"].items()}
    assert set(topics) == {t["name"] for t in graph["topics"]}
    bound = {(t, s) for t, topic in topics.items() for s in topic.get("subscriptions", {})}
    assert bound == {(s["topic"], s["name"]) for s in graph["subscriptions"]}
    assert config["hosted_services"] == [s["name"] for s in graph["services"]]
    assert config["hosted_gateways"] == ["api-gateway"]


def test_doctor_is_green_and_names_every_resource(running_shop: Tool) -> None:
    told = running_shop.ok("doctor").text
    graph = running_shop.ok("graph", "--format", "json").json()
    for kind in ("databases", "buckets", "caches", "topics", "subscriptions", "secrets"):
        for item in graph[kind]:
            assert item["name"] in told, (kind, item["name"])


def test_no_secret_value_is_ever_printed_or_written_in_clear(running_shop: Tool) -> None:
    secrets = json.loads((running_shop.state / "secrets.json").read_text())
    values = [v for v in strings(secrets) if len(v) >= 16 and not v.startswith("20")]
    assert values
    commands = (
        ["graph"],
        ["plan"],
        ["plan", "--format", "json"],
        ["apply", "--yes"],
        ["doctor"],
        ["status"],
        ["outputs"],
        ["config", "--format", "infra"],
        ["secret", "list"],
    )
    printed = "".join(running_shop.ok(*command).text for command in commands)
    files = [p for p in running_shop.state.rglob("*") if p.is_file() and "data" not in p.parts]
    kept = [p for p in files if p.name not in ("secrets.json", "runtime.env")]
    written = "".join(p.read_text(errors="replace") for p in kept)
    for value in values:
        assert value not in printed
        assert value not in written


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [s for item in value.values() for s in strings(item)]
    if isinstance(value, list):
        return [s for item in value for s in strings(item)]
    return []


def test_a_config_for_one_service_holds_only_what_it_uses(running_shop: Tool) -> None:
    graph = running_shop.ok("graph", "--format", "json").json()
    for service in (s["name"] for s in graph["services"]):
        config = running_shop.ok("config", "--format", "infra", "--service", service).json()
        assert config["hosted_services"] == [service]


def test_config_as_variables_is_what_runtime_env_holds(running_shop: Tool) -> None:
    printed = running_shop.ok("config", "--format", "env").out
    assert printed.encode() == (running_shop.state / "runtime.env").read_bytes()
    variables = running_shop.variables()
    exactly_one = {"ENCORE_RUNTIME_CONFIG", "ENCORE_INFRA_CONFIG_PATH"} & set(variables)
    assert exactly_one == {"ENCORE_RUNTIME_CONFIG"}  # the shop has an ordered topic
    assert {"PORT", "AWS_REGION", "AWS_ENDPOINT_URL_SNS", "AWS_ENDPOINT_URL_SQS"} <= set(variables)
    assert "AWS_ENDPOINT_URL" not in variables
    for name in references(running_shop.infra()):
        assert variables[name]


def references(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["$env"]} if set(value) == {"$env"} else set()
        return own.union(*(references(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(references(item) for item in value))
    return set()


def test_json_of_an_ordered_app_warns(running_shop: Tool) -> None:
    result = running_shop.ok("config", "--format", "infra")
    assert "order" in result.err.lower()


def test_stop_keeps_the_data_and_destroy_leaves_nothing(shop: Tool) -> None:
    shop.apply()
    before = emitted(shop)
    shop.ok("stop")
    assert shop.processes() == []
    plan = shop.ok("plan", "--format", "json").json()
    assert plan["summary"]["update"] > 0
    assert any(s["reason"] == "not running" for s in plan["steps"] if s["op"] == "update")
    shop.apply()
    assert emitted(shop) == before
    ports = {port for p in shop.processes() for port in listening(p.net_connections())}
    assert ports
    shop.ok("destroy", "--yes", "--env", "local")
    assert shop.processes() == []
    assert not shop.state.exists() or not any(shop.state.rglob("*"))
    assert not listening(psutil.net_connections("tcp")) & ports


def listening(connections: Iterable[Any]) -> set[int]:
    return {c.laddr.port for c in connections if c.status == psutil.CONN_LISTEN}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_seed_goes_the_whole_way(seed: str, tmp_path: Path) -> None:
    tool = Tool(copy_app(ROOT / "tests" / "cases" / "ts" / seed, tmp_path / seed))
    try:
        tool.ok("graph")
        tool.set_secrets()
        tool.ok("plan")
        tool.apply()
        first = (tool.state / "infra.config.json").read_bytes()
        tool.ok("config", "--format", "infra")
        tool.ok("doctor")
        tool.apply()
        assert (tool.state / "infra.config.json").read_bytes() == first
        tool.ok("destroy", "--yes", "--env", "local")
        assert tool.processes() == []
    finally:
        tool("destroy", "--yes", "--env", "local")
        tool.kill_servers()


def test_there_is_a_seed_case_for_every_section() -> None:
    sections = ("database", "topic", "subscription", "cron", "bucket", "cache", "secret")
    joined = " ".join(SEEDS)
    assert [s for s in sections if s not in joined] == []
