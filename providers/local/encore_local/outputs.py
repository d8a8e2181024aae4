"""What an apply learned, for everyone who wants to reach the resources. Pure.

In: the state. Out: endpoints, names, ARNs, URLs and ports as plain JSON, keyed by declared name.
No secret's value. All of it follows from names and ports, so it is the same after every start.
"""

from __future__ import annotations

from typing import Any

from encore_local.aws import ACCESS_KEY_ID, REGION, queue_url, topic_arn
from encore_local.model import AWS, BUCKET, DATABASE, SUBSCRIPTION, TOPIC, VALKEY
from encore_local.state import Record, State
from encore_provisioner.errors import RefusedError
from encore_provisioner.provider import Outputs

HOST = "127.0.0.1"


def outputs_of(state: State) -> Outputs:
    """Raises ``RefusedError`` (code ``not-applied``) where nothing was ever applied."""
    ports = state.ports
    if state.app is None or "app" not in ports:
        raise not_applied("the environment")
    app = ports["app"]
    outputs: dict[str, Any] = {"app": {"port": app, "url": f"http://{HOST}:{app}"}}
    if "postgres" in ports and _of(state, DATABASE):
        outputs["postgres"] = {"host": HOST, "port": ports["postgres"]}
        outputs["databases"] = {
            record.name: {
                "database": record.properties["database"],
                "username": record.properties["owner"],
            }
            for record in _of(state, DATABASE)
        }
    if "aws" in ports and _of(state, AWS):
        outputs.update(_aws(state, f"http://{HOST}:{ports['aws']}"))
    caches = _of(state, VALKEY)
    if caches:
        outputs["caches"] = {
            cache.name.removeprefix("cache/"): {"host": HOST, "port": ports[cache.name]}
            for cache in caches
        }
    return outputs


def _aws(state: State, endpoint: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "aws": {"endpoint": endpoint, "region": REGION, "access_key_id": ACCESS_KEY_ID}
    }
    topics = {
        record.name: {"arn": topic_arn(record.properties["topic"])} for record in _of(state, TOPIC)
    }
    subscriptions = {
        record.name: {
            key: queue_url(endpoint, record.properties[name])
            for key, name in (("url", "queue"), ("dead_letter_url", "dead_letter_queue"))
            if record.properties[name] is not None
        }
        for record in _of(state, SUBSCRIPTION)
    }
    buckets = {record.name: _bucket(endpoint, record) for record in _of(state, BUCKET)}
    parts = {"topics": topics, "subscriptions": subscriptions, "buckets": buckets}
    return {**found, **{name: part for name, part in parts.items() if part}}


def _bucket(endpoint: str, record: Record) -> dict[str, Any]:
    name = record.properties["bucket"]
    public = record.properties["public"] is True
    return {"bucket": name, **({"public_base_url": f"{endpoint}/{name}"} if public else {})}


def _of(state: State, type_: str) -> list[Record]:
    records = (record for record in state.resources.values() if record.type == type_)
    return sorted(records, key=lambda record: record.name)


def not_applied(what: str) -> RefusedError:
    return RefusedError(
        f"{what} was not applied yet",
        code="not-applied",
        hint="Run `encore-infra apply` first.",
    )
