"""What the app is handed: complete for its graph, strict, and the same in both encodings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from tests.support.aws_made import ROOT, outputs, target
from tests.support.examples import examples
from tests.support.generated_graphs import environments, graphs
from tests.support.graphs import bucket, cache, database, graph, secret, subscription, topic

from encore_aws.bindings import bind
from encore_aws.settings import settings as resolved
from encore_config import runtime as rt
from encore_config.environment import (
    Adopt,
    AdoptedCache,
    AdoptedDatabase,
    Environment,
    EnvironmentEntry,
    MetricsSettings,
)
from encore_config.graph import Graph
from encore_config.infra import AWSCloudWatch, AWSSnsSqs, InfraConfig
from encore_config.infra_reader import boot_problems, read_infra
from encore_provisioner.binding import Bindings
from encore_provisioner.emit import Emitted, emit
from encore_provisioner.errors import RefusedError


def bound(found: Graph, environment: Environment) -> Bindings:
    wanted = target(found, environment)
    return bind(wanted, resolved(environment), outputs(wanted))


def plain(**entry: object) -> Environment:
    values = {"provider": "aws", "region": "eu-north-1", "id": "k3f9", **entry}
    return Environment(name="live", provider="aws", settings=EnvironmentEntry(**values))  # type: ignore[arg-type]


def names(config: InfraConfig) -> dict[str, list[str]]:
    """Every name in the config, as often as it stands there."""
    blocks = [block for block in config.pubsub or () if isinstance(block, AWSSnsSqs)]
    return {
        "databases": [name for server in config.sql_servers or () for name in server.databases],
        "caches": list(config.redis or {}),
        "topics": [name for block in blocks for name in block.topics],
        "subscriptions": [
            f"{topic}/{name}"
            for block in blocks
            for topic, one in block.topics.items()
            for name in one.subscriptions or {}
        ],
        "buckets": [name for store in config.object_storage or () for name in store.buckets],
        "secrets": list(config.secrets or {}),
    }


def declared(found: Graph) -> dict[str, list[str]]:
    return {
        "databases": [item.name for item in found.databases],
        "caches": [item.name for item in found.caches],
        "topics": [item.name for item in found.topics],
        "subscriptions": [f"{item.topic}/{item.name}" for item in found.subscriptions],
        "buckets": [item.name for item in found.buckets],
        "secrets": [item.name for item in found.secrets],
    }


@examples(15)
@given(found=graphs(), environment=environments())
def test_the_config_is_strict_complete_and_equal_in_both_encodings(
    found: Graph, environment: Environment
) -> None:
    emitted = emit(found, bound(found, environment), cors={})
    config = read_infra(emitted.infra_json)
    assert {key: sorted(value) for key, value in names(config).items()} == {
        key: sorted(value) for key, value in declared(found).items()
    }
    assert rt.differences(rt.parse(emitted.runtime_pb), _as_protobuf(config, found)) == ()
    wrong = [
        str(problem)
        for problem in boot_problems(config, graph=found)
        if problem.effect == "stops-boot"
    ]
    assert wrong == []


def _as_protobuf(config: InfraConfig, found: Graph) -> rt.RuntimeConfig:
    extras = {
        topic.name: rt.TopicExtra(
            delivery=topic.delivery, ordering_attribute=topic.ordering_attribute
        )
        for topic in found.topics
    }
    return rt.from_infra(config, topics=extras)


@examples(8)
@given(found=graphs(), environment=environments())
def test_each_container_of_an_app_in_several_gets_what_it_needs(
    found: Graph, environment: Environment
) -> None:
    given_ = bound(found, environment)
    for service in (*(item.name for item in found.services), found.gateway.name):
        emitted: Emitted = emit(found, given_, cors={}, service=service)
        assert read_infra(emitted.infra_json).metadata is not None


def test_databases_and_caches_are_reached_over_tls_with_a_root_and_a_variable() -> None:
    found = Environment(
        name="live",
        provider="aws",
        settings=EnvironmentEntry(provider="aws", region="eu-north-1", id="k3f9"),
    )
    from tests.support.graphs import cache, database

    app = graph(
        databases=[database("orders", root=target(graph(), found).root)], caches=[cache("c")]
    )
    config = read_infra(emit(app, bound(app, found), cors={}).infra_json)
    (server,) = config.sql_servers or ()
    assert server.tls_config is not None
    assert server.tls_config.ca == ROOT
    assert not server.tls_config.disabled
    (redis,) = (config.redis or {}).values()
    assert redis.tls_config is not None
    assert not redis.tls_config.disabled
    assert redis.auth is not None


def test_what_is_adopted_is_bound_by_its_id() -> None:
    secret_arn = "arn:aws:secretsmanager:eu-north-1:111122223333:secret:old-AbCdEf"
    adopt = Adopt(
        databases={"orders": AdoptedDatabase(instance="old", username="me", password=secret_arn)},
        caches={"c": AdoptedCache(group="old-cache")},
        topics={"t": "arn:aws:sns:eu-north-1:111122223333:old"},
        subscriptions={"t/s": "arn:aws:sqs:eu-north-1:111122223333:old-queue"},
        buckets={"b": "old-bucket"},
        secrets={"Key": secret_arn},
    )
    environment = plain(adopt=adopt)
    app = graph(
        databases=[database("orders", root=Path("/"))],
        caches=[cache("c")],
        topics=[topic("t")],
        subscriptions=[subscription("t", "s")],
        buckets=[bucket("b")],
        secrets=[secret("Key")],
    )
    config = read_infra(emit(app, bound(app, environment), cors={}).infra_json)
    (server,) = config.sql_servers or ()
    assert server.host.startswith("old.made.test")
    assert server.databases["orders"].username == "me"
    assert (config.redis or {})["c"].host.startswith("old-cache.made.test")
    (block,) = config.pubsub or ()
    assert isinstance(block, AWSSnsSqs)
    assert block.topics["t"].arn.endswith(":old")
    url = "https://sqs.eu-north-1.amazonaws.com/111122223333/old-queue"
    assert (block.topics["t"].subscriptions or {})["s"].url == url
    (store,) = config.object_storage or ()
    assert store.buckets["b"].name == "old-bucket"


def test_metrics_go_to_cloudwatch_where_the_environment_says_so() -> None:
    assert bound(graph(), plain()).metrics is None
    chosen = plain(metrics=MetricsSettings(exporter="cloudwatch", namespace="shop"))
    assert bound(graph(), chosen).metrics == AWSCloudWatch(namespace="shop")


def test_variables_name_the_region_and_the_port() -> None:
    assert bound(graph(), plain()).variables == {"AWS_REGION": "eu-north-1", "PORT": "8080"}


def test_a_declaration_that_was_not_applied_is_named() -> None:
    environment = plain()
    wanted = target(graph(buckets=[bucket("late")]), environment)
    with pytest.raises(RefusedError, match="late") as caught:
        bind(wanted, resolved(environment), outputs(target(graph(), environment)))
    assert caught.value.code == "not-applied"
