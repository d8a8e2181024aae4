"""Where two runtime configs mean different things to the core.

In: two messages. Out: the paths at which they differ in a normal form without resource ids:
a pool holds its role and a role its certificate, gateways are hosted by name, and resources
stand by name, because neither ids nor their order mean anything to the core. Credentials that
nothing refers to do not count.

May not: show values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.json_format import MessageToDict, SerializeToJsonError

from encore_config.errors import DocumentError
from encore_config.proto.runtime_pb2 import RuntimeConfig

Json = dict[str, Any]

_NAMES: Final = ("encore_name", "name")


def differences(left: RuntimeConfig, right: RuntimeConfig) -> tuple[str, ...]:
    """Paths at which two messages mean different things to the core, sorted.

    Raises :class:`DocumentError` for a duration or time that no protobuf library accepts.
    """
    return tuple(sorted(set(_differences(_normal(left), _normal(right), ""))))


def _differences(left: Any, right: Any, path: str) -> Iterator[str]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in left.keys() | right.keys():
            yield from _differences(left.get(key), right.get(key), f"{path}.{key}".lstrip("."))
    elif left != right:
        yield path


def _normal(runtime: RuntimeConfig) -> Json:
    try:
        made: Json = MessageToDict(runtime, preserving_proto_field_name=True)
    except (SerializeToJsonError, ValueError) as error:
        raise DocumentError(f"the message holds a value out of range: {error}") from error
    infrastructure = made.setdefault("infra", {})
    credentials = infrastructure.pop("credentials", {})
    resources = infrastructure.setdefault("resources", {})
    deployment = made.setdefault("deployment", {})
    made.setdefault("environment", {})
    deployment.setdefault("observability", {})
    names = {g.get("rid", ""): g.get("encore_name", "") for g in resources.get("gateways", [])}
    hosted = deployment.get("hosted_gateways", [])
    deployment["hosted_gateways"] = [names.get(rid) for rid in hosted]
    _inline(resources.get("sql_clusters", []), credentials, "sql_roles")
    _inline(resources.get("redis_clusters", []), credentials, "redis_roles")
    resources["redis_clusters"] = sorted(resources.get("redis_clusters", []), key=_first_database)
    for cluster in resources.get("pubsub_clusters", []):
        for subscription in cluster.get("subscriptions", []):
            subscription["encore_name"] = _subscription(subscription)
            if subscription.get("push_only"):
                subscription["push_id"] = subscription.get("rid", "")
    normal: Json = _named(made)
    return normal


def _subscription(subscription: Json) -> str:
    topic = subscription.get("topic_encore_name", "")
    return f"{topic}/{subscription.get('subscription_encore_name', '')}"


def _first_database(cluster: Json) -> str:
    databases = sorted(d.get("encore_name", "") for d in cluster.get("databases", []))
    return databases[0] if databases else ""


def _inline(clusters: list[Json], credentials: Json, kind: str) -> None:
    """In place: each pool of ``clusters`` gets its role, with the role's certificate."""
    roles = {role.get("rid", ""): role for role in credentials.get(kind, [])}
    certs = {cert.get("rid", ""): cert for cert in credentials.get("client_certs", [])}
    for cluster in clusters:
        for database in cluster.get("databases", []):
            for pool in database.get("conn_pools", []):
                role = dict(roles.get(pool.pop("role_rid", ""), {}))
                if "client_cert_rid" in role:
                    role["client_cert"] = certs.get(role.pop("client_cert_rid"))
                pool["role"] = role


def _named(value: Any) -> Any:
    """Without rids, and with lists of resources turned into maps by name, others by index.

    A secret provider keeps its rid in the references to it, which have another key.
    """
    if isinstance(value, dict):
        return {key: _named(child) for key, child in value.items() if key != "rid"}
    if isinstance(value, list):
        return {key: _named(child) for key, child in _keyed(value)}
    return value


def _keyed(items: list[Any]) -> Iterator[tuple[str, Any]]:
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        name = (
            next((item[key] for key in _NAMES if key in item), None)
            if isinstance(item, dict)
            else None
        )
        label = f"[{index}]" if name is None else str(name)
        seen[label] = seen.get(label, 0) + 1
        yield (label if seen[label] == 1 else f"{label}#{seen[label]}"), item
