"""The protobuf is the one that the core makes, comes back, and packs into a variable.

``cases/infra_map.json`` holds configs with the bytes that the core's own mapping made of them
when it was compiled and asked.
"""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given
from hypothesis import strategies as st
from tests.support.values import values_of

from encore_config import codec, infra
from encore_config import runtime as rt
from encore_config.errors import DocumentError
from encore_config.infra_reader import read_infra
from encore_config.proto import database_pb2, deployment_pb2, pubsub_pb2
from encore_config.runtime import TopicExtra

CASES = json.loads((Path(__file__).parent / "cases" / "infra_map.json").read_text("utf-8"))


def bootable(config: infra.InfraConfig) -> bool:
    try:
        rt.from_infra(config)
    except DocumentError:
        return False
    return True


CONFIGS = values_of(infra.InfraConfig).filter(bootable)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_message_is_the_core_s(case: dict[str, Any]) -> None:
    ours = rt.from_infra(read_infra(json.dumps(case["config"]).encode()))
    theirs = rt.parse(base64.b64decode(case["core"]))
    assert rt.differences(ours, theirs) == ()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_message_made_by_the_core_comes_back_without_loss(case: dict[str, Any]) -> None:
    theirs = rt.parse(base64.b64decode(case["core"]))
    back = rt.to_infra(theirs)
    assert back.losses == ()
    assert rt.differences(rt.from_infra(read_infra(codec.encode(back.config))), theirs) == ()


@given(CONFIGS)
def test_to_the_message_and_back_loses_nothing(config: infra.InfraConfig) -> None:
    made = rt.from_infra(config)
    back = rt.to_infra(made)
    assert back.losses == ()
    assert rt.to_infra(rt.from_infra(back.config)) == back


@given(CONFIGS)
def test_bytes_and_variable_come_back(config: infra.InfraConfig) -> None:
    made = rt.from_infra(config)
    data = rt.serialise(made)
    assert rt.parse(rt.decode_value(rt.encode_value(data))) == made
    assert rt.serialise(rt.parse(data)) == data


@given(CONFIGS)
def test_every_reference_in_the_message_holds(config: infra.InfraConfig) -> None:
    made = rt.from_infra(config)
    credentials, resources = made.infra.credentials, made.infra.resources
    certs = [cert.rid for cert in credentials.client_certs]
    sql = [role.rid for role in credentials.sql_roles]
    redis = [role.rid for role in credentials.redis_roles]
    for rids in (certs, sql, redis):
        assert len(rids) == len(set(rids))
    used = [p.role_rid for c in resources.sql_clusters for d in c.databases for p in d.conn_pools]
    assert used == sql
    used = [p.role_rid for c in resources.redis_clusters for d in c.databases for p in d.conn_pools]
    assert used == redis
    shown = [r.client_cert_rid for r in credentials.sql_roles if r.HasField("client_cert_rid")]
    shown += [r.client_cert_rid for r in credentials.redis_roles if r.HasField("client_cert_rid")]
    assert set(shown) <= set(certs)
    hosted = [gateway.rid for gateway in resources.gateways]
    assert list(made.deployment.hosted_gateways) == hosted


def topic(name: str, config: rt.RuntimeConfig) -> pubsub_pb2.PubSubTopic:
    clusters = config.infra.resources.pubsub_clusters
    return next(t for c in clusters for t in c.topics if t.encore_name == name)


PUBSUB = infra.InfraConfig(
    pubsub=(
        infra.AWSSnsSqs(topics={n: infra.AWSTopic(arn=n) for n in ("plain", "ordered", "once")}),
    )
)


def test_delivery_and_ordering_are_those_given_for_the_topic() -> None:
    extras = {
        "ordered": TopicExtra(ordering_attribute="customer"),
        "once": TopicExtra(delivery="exactly-once"),
    }
    made = rt.from_infra(PUBSUB, topics=extras)
    plain, ordered, once = (topic(name, made) for name in ("plain", "ordered", "once"))
    assert plain.delivery_guarantee == pubsub_pb2.PubSubTopic.DELIVERY_GUARANTEE_AT_LEAST_ONCE
    assert not plain.HasField("ordering_attr")
    assert ordered.ordering_attr == "customer"
    assert ordered.delivery_guarantee == plain.delivery_guarantee
    assert once.delivery_guarantee == pubsub_pb2.PubSubTopic.DELIVERY_GUARANTEE_EXACTLY_ONCE
    assert rt.to_infra(made).losses == (
        "infra.resources.pubsub_clusters.[0].topics.once.delivery_guarantee",
        "infra.resources.pubsub_clusters.[0].topics.ordered.ordering_attr",
    )


BASE = infra.InfraConfig(
    hosted_gateways=("api-gateway",),
    hosted_services=("orders", "users"),
    cors=infra.CORS(),
    auth=(infra.KeyAuth(id=1, key="k"),),
    metrics=infra.AWSCloudWatch(namespace="n"),
    sql_servers=(
        infra.SQLServer(
            host="h", databases={"orders": infra.SQLDatabase(username="u", password="p")}
        ),
    ),
    redis={"cache": infra.Redis(host="h", database_index=0, in_memory=False)},
    pubsub=(infra.GCPPubSub(topics={"t": infra.GCPTopic(name="t")}),),
    secrets={"Key": infra.EnvRef(env="KEY")},
    object_storage=(infra.GCS(buckets={"b": infra.Bucket(name="b")}),),
)

_R = "infra.resources"


def secret(data: dict[str, Any]) -> dict[str, Any]:
    return {"infra": {"resources": {"app_secrets": [{"encore_name": "S", "data": data}]}}}


LOSSES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"environment": {"app_id": "id"}}, ("environment.app_id",)),
    ({"environment": {"env_id": "id"}}, ("environment.env_id",)),
    ({"deployment": {"deploy_id": "d"}}, ("deployment.deploy_id",)),
    ({"deployment": {"deployed_at": "2026-01-01T00:00:00Z"}}, ("deployment.deployed_at",)),
    ({"deployment": {"dynamic_experiments": ["x"]}}, ("deployment.dynamic_experiments",)),
    (
        {"deployment": {"observability": {"tracing": [{"encore": {"trace_endpoint": "e"}}]}}},
        ("deployment.observability.tracing",),
    ),
    (
        {"deployment": {"observability": {"metrics": [{"datadog": {"site": "s"}}]}}},
        ("deployment.observability.metrics.[1]",),
    ),
    (
        {"deployment": {"graceful_shutdown": {"total": "1.5s"}}},
        ("deployment.graceful_shutdown.total",),
    ),
    (
        {"encore_platform": {"platform_signing_keys": [{"id": 1}]}},
        ("encore_platform",),
    ),
    (
        {"infra": {"resources": {"secret_providers": [{"rid": "p", "encore_name": "sm"}]}}},
        (f"{_R}.secret_providers",),
    ),
    (
        {"infra": {"resources": {"gateways": [{"rid": "x", "encore_name": "unused"}]}}},
        (f"{_R}.gateways.unused",),
    ),
    (
        secret({"provider": {"id": "i"}}),
        (f"{_R}.app_secrets.S.data.embedded", f"{_R}.app_secrets.S.data.provider"),
    ),
    (
        secret({"env": "E", "encoding": "ENCODING_BASE64", "json_key": "k"}),
        (f"{_R}.app_secrets.S.data.encoding", f"{_R}.app_secrets.S.data.json_key"),
    ),
    (secret({"embedded": "/w=="}), (f"{_R}.app_secrets.S.data.embedded",)),
    (
        {"infra": {"resources": {"bucket_clusters": [{"gcs": {"anonymous": True}}]}}},
        (f"{_R}.bucket_clusters.[1].gcs.anonymous",),
    ),
    (
        {"infra": {"resources": {"pubsub_clusters": [{"azure": {"namespace": "n"}}]}}},
        (f"{_R}.pubsub_clusters.[1]",),
    ),
    (
        {"infra": {"resources": {"pubsub_clusters": [{"nsq": {"hosts": ["a", "b"]}}]}}},
        (f"{_R}.pubsub_clusters.[1].nsq.hosts.[1]",),
    ),
]


@pytest.mark.parametrize(("more", "expected"), LOSSES, ids=[str(i) for i in range(len(LOSSES))])
def test_what_json_cannot_carry_is_listed(more: dict[str, Any], expected: tuple[str, ...]) -> None:
    message = rt.from_infra(BASE)
    message.MergeFrom(ParseDict(more, rt.RuntimeConfig()))
    found = rt.to_infra(message).losses
    assert all(any(loss.startswith(path) for loss in found) for path in expected), found
    assert all(any(loss.startswith(path) for path in expected) for loss in found), found


def test_several_keys_of_one_method_keep_the_one_that_signs() -> None:
    message = rt.from_infra(BASE)
    keys = message.deployment.auth_methods[0].encore_auth.auth_keys
    keys.add(id=9).data.embedded = b"new"
    back = rt.to_infra(message)
    assert back.config.auth == (infra.KeyAuth(id=9, key="new"),)
    assert back.losses


def test_read_replicas_and_read_only_pools_are_losses() -> None:
    message = rt.from_infra(BASE)
    cluster = message.infra.resources.sql_clusters[0]
    cluster.servers.add(host="r", kind=database_pb2.SERVER_KIND_READ_REPLICA)
    cluster.databases[0].conn_pools.add(is_readonly=True)
    back = rt.to_infra(message)
    assert back.config.sql_servers is not None
    assert back.config.sql_servers[0].host == "h"
    assert {loss.split(".")[4] for loss in back.losses} == {"servers", "databases"}


@pytest.mark.parametrize("kind", ["sql_clusters", "redis_clusters"])
def test_a_role_that_does_not_exist_is_refused(kind: str) -> None:
    message = rt.from_infra(BASE)
    cluster = getattr(message.infra.resources, kind)[0]
    cluster.databases[0].conn_pools[0].role_rid = "nobody"
    with pytest.raises(DocumentError, match="nobody"):
        rt.to_infra(message)


def test_a_gateway_that_does_not_exist_is_refused() -> None:
    message = rt.RuntimeConfig(deployment=deployment_pb2.Deployment(hosted_gateways=["g"]))
    with pytest.raises(DocumentError, match="no gateway"):
        rt.to_infra(message)


def test_redis_auth_that_makes_the_core_panic_is_refused() -> None:
    redis = infra.Redis(
        host="h", database_index=0, in_memory=True, auth=infra.RedisAuth(type="acl", username="u")
    )
    with pytest.raises(DocumentError) as caught:
        rt.from_infra(infra.InfraConfig(redis={"c": redis}))
    assert caught.value.path == ("redis", "c", "auth")
    assert "password" in caught.value.problem


@given(st.binary(max_size=300))
def test_any_bytes_pack_into_a_variable_and_come_back(data: bytes) -> None:
    assert rt.decode_value(rt.encode_value(data)) == data


def test_the_shorter_form_is_taken() -> None:
    assert rt.encode_value(b"abc") == base64.b64encode(b"abc").decode()
    long = rt.encode_value(b"abc" * 1000)
    assert long.startswith("gzip:")
    packed = base64.b64decode(long.removeprefix("gzip:"))
    assert gzip.decompress(packed) == b"abc" * 1000
    # No time and no system in the header: the same on every machine.
    assert packed[4:8] == b"\0\0\0\0"
    assert packed[9] == 255


@pytest.mark.parametrize(
    "value", ["*", "abc", "YWJ=", "YWJj====", "gzip:AAAA", "gzip:", "YWJj\n", "gzip:H4sIAAAA"]
)
def test_a_value_that_is_no_runtime_config_is_refused(value: str) -> None:
    with pytest.raises(DocumentError, match="padded base64"):
        rt.decode_value(value)


def test_bytes_that_are_no_message_are_refused() -> None:
    with pytest.raises(DocumentError, match="RuntimeConfig"):
        rt.parse(b"\xff\xff\xff")
