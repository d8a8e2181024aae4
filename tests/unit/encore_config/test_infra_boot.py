"""What parses and still fails is told with path, effect, consequence and remedy (contract 7)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from encore_config.codec import convert
from encore_config.errors import show
from encore_config.graph import Graph
from encore_config.infra_reader import BootProblem, boot_problems, read_infra

CASES = json.loads((Path(__file__).parent / "cases" / "infra_boot.json").read_text("utf-8"))

SOUND: dict[str, Any] = {
    "metadata": {"app_id": "shop", "env_name": "prod", "env_type": "production", "cloud": "aws"},
    "hosted_services": ["orders"],
    "hosted_gateways": ["api-gateway"],
    "cors": {"allow_headers": ["X-Id", "*"], "allow_origins_with_credentials": ["https://*.a.b"]},
    "sql_servers": [
        {
            "host": "db:5432",
            "tls_config": {"disabled": True},
            "databases": {
                "orders": {"username": "u", "password": {"$env": "P"}, "max_connections": 5}
            },
        }
    ],
    "redis": {
        "cache": {
            "host": "/run/redis.sock",
            "database_index": 0,
            "in_memory": False,
            "tls_config": {"disabled": True},
            "auth": {"type": "acl", "username": "u", "password": {"$env": "R"}},
        }
    },
    "pubsub": [
        {
            "type": "aws_sns_sqs",
            "topics": {"placed": {"arn": "arn:aws:sns:x", "subscriptions": {"mail": {"url": "u"}}}},
        }
    ],
    "object_storage": [
        {
            "type": "s3",
            "region": "eu-north-1",
            "buckets": {"files": {"name": "files", "public_base_url": "https://f.example"}},
        }
    ],
    "secrets": {"Key": {"$env": "K"}},
    "used_metrics": [{"name": "sold", "services": ["orders"]}],
}

AT = {"file": "a.ts", "line": 1, "column": 1}
GRAPH: dict[str, Any] = {
    "app": {"id": "shop", "language": "typescript"},
    "gateway": {},
    "services": [{"name": "orders", "root": "orders", "at": AT}],
    "databases": [{"name": "orders", "migrations": None, "at": AT}],
    "topics": [
        {"name": "placed", "delivery": "at-least-once", "ordering_attribute": None, "at": AT}
    ],
    "subscriptions": [
        {
            "topic": "placed", "name": "mail", "service": "orders", "ack_deadline": 30,
            "retention": 60, "min_backoff": 1, "max_backoff": 2, "max_retries": 3,
            "max_concurrency": None, "at": AT,
        }
    ],
    "buckets": [{"name": "files", "public": True, "versioned": False, "at": AT}],
    "caches": [{"name": "cache", "eviction_policy": "allkeys-lru", "at": AT}],
    "keyspaces": [{"cache": "cache", "service": "orders", "key_pattern": "k", "at": AT}],
    "secrets": [{"name": "Key", "services": ["orders"], "at": [AT]}],
    "metrics": [{"name": "sold", "kind": "counter", "services": ["orders"], "at": AT}],
    "uses": [
        {"service": "orders", "kind": kind, "name": name, "operations": [], "at": [AT]}
        for kind, name in (("database", "orders"), ("topic", "placed"), ("bucket", "files"))
    ],
}  # fmt: skip
ENVIRON = {"P": "p", "R": "r", "K": "k", "AWS_REGION": "eu-north-1"}


def merged(base: Any, more: Any) -> Any:
    """``more`` over ``base``, map by map; a null removes the key."""
    if not (isinstance(base, dict) and isinstance(more, dict)):
        return more
    keys = [*base, *(key for key in more if key not in base)]
    both = {key: merged(base.get(key), more[key]) if key in more else base[key] for key in keys}
    return {key: value for key, value in both.items() if value is not None}


def problems(config: Any, environ: Any = None, graph: Any = None) -> tuple[BootProblem, ...]:
    parsed = None if graph is None else convert(graph, Graph)
    return boot_problems(read_infra(json.dumps(config).encode()), environ=environ, graph=parsed)


def test_a_sound_config_has_no_problems() -> None:
    assert problems(SOUND, ENVIRON, GRAPH) == ()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_mistake_is_told_where_it_stands(case: dict[str, Any]) -> None:
    """A case changes the sound config, environment or graph, and lists what is then wrong."""
    found = problems(
        merged(SOUND, case.get("config", {})),
        merged(ENVIRON, case.get("environ", {})),
        merged(GRAPH, case.get("graph", {})),
    )
    assert [[show(p.path), p.effect] for p in found] == case["problems"]
    assert any(case["says"] in problem.consequence for problem in found)
    assert all(problem.consequence and problem.remedy for problem in found)


def test_what_stops_the_boot_comes_first() -> None:
    config = merged(SOUND, {"cors": None, "hosted_gateways": ["zz"]})
    assert [p.effect for p in problems(config)] == ["stops-boot", "fails-later"]


def test_without_environment_and_graph_only_the_config_is_judged() -> None:
    config = merged(SOUND, {"secrets": {"New": {"$env": "NOT_THERE"}}, "redis": None})
    assert problems(config) == ()


def test_a_real_certificate_is_taken_and_a_bundle_is_a_problem_for_sql_only() -> None:
    pem = (Path(__file__).parent / "cases" / "root.pem").read_text("utf-8")
    tls = {"tls_config": {"ca": pem + pem}}
    config = merged(
        SOUND, {"redis": {"cache": {"tls_config": {"disabled": None, "ca": pem + pem}}}}
    )
    assert problems(config) == ()
    server = {**SOUND["sql_servers"][0], **tls}
    (problem,) = problems({**SOUND, "sql_servers": [server]})
    assert "only the first certificate" in problem.consequence
    assert problems({**SOUND, "sql_servers": [{**server, "tls_config": {"ca": pem}}]}) == ()


def test_no_problem_shows_a_value_of_the_environment() -> None:
    environ = {**ENVIRON, "K": "envref:TOPSECRET_A,TOPSECRET_B"}
    (problem,) = problems(SOUND, environ)
    assert "TOPSECRET" not in f"{problem} {problem.remedy}"


def test_a_cache_in_memory_needs_no_server_and_no_variable() -> None:
    config = merged(SOUND, {"redis": {"cache": {"in_memory": True, "host": "::1"}}})
    assert problems(config, {key: value for key, value in ENVIRON.items() if key != "R"}) == ()
