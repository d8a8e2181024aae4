"""What the app's process is handed, in both encodings, and what is warned of or refused."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.encore_provisioner.emit import shop

from encore_config import runtime as rt
from encore_config.infra import AWSCloudWatch, EnvRef, InfraConfig, KeyAuth, TLSConfig
from encore_config.infra_reader import boot_problems, read_infra
from encore_provisioner.binding import SecretBinding
from encore_provisioner.emit import Emitted, emit, emitter, environment_variables
from encore_provisioner.errors import AppError, InfraError, RefusedError, UsageError


def config(emitted: Emitted) -> InfraConfig:
    return read_infra(emitted.infra_json)


def codes(emitted: Emitted) -> list[str]:
    return [warning.code for warning in emitted.warnings]


def test_the_whole_app_is_emitted_sound_and_without_warnings() -> None:
    emitted = emit(shop.graph(), shop.bindings(), cors={})
    assert emitted.warnings == ()
    made = config(emitted)
    environ = environment_variables(emitted, config_path="/c.json")
    assert boot_problems(made, environ=environ, graph=shop.graph()) == ()


def test_the_json_is_strict_sorted_and_says_everything_that_the_core_would_guess() -> None:
    made = config(emit(shop.graph(), shop.bindings(), cors={}))
    assert made.hosted_services == ("auth", "mail", "orders")
    assert made.hosted_gateways == ("api-gateway",)
    assert made.cors is not None
    assert made.metadata is not None
    assert (made.metadata.cloud, made.metadata.env_type) == ("local", "development")
    assert made.metadata.base_url == "http://127.0.0.1:20000"
    assert all(server.tls_config is not None for server in made.sql_servers or ())
    assert all(redis.tls_config is not None for redis in (made.redis or {}).values())
    assert [d.max_connections for s in made.sql_servers or () for d in s.databases.values()]
    assert all(d.max_connections for s in made.sql_servers or () for d in s.databases.values())
    assert all(redis.max_connections for redis in (made.redis or {}).values())
    assert made.secrets == {
        "MailKey": EnvRef(env="INFRA_SECRET_MailKey"),
        "Shared": EnvRef(env="INFRA_SECRET_Shared"),
    }


def test_the_protobuf_says_the_same_as_the_json() -> None:
    emitted = emit(shop.graph(), shop.bindings(), cors={"debug": True})
    message = rt.parse(emitted.runtime_pb)
    assert rt.differences(message, rt.from_infra(config(emitted))) == ()
    assert rt.decode_value(emitted.runtime_config_value) == emitted.runtime_pb


def test_equal_input_in_another_order_gives_equal_bytes() -> None:
    graph, items = shop.graph(), list(shop.ITEMS)
    first = emit(graph, shop.bindings(*items), cors={})
    for seed in range(5):
        random.Random(seed).shuffle(items)
        again = emit(graph, shop.bindings(*items), cors={})
        assert again == first


def test_variables_hold_every_value_that_the_config_refers_to_and_no_config() -> None:
    emitted = emit(shop.graph(), shop.bindings(), cors={})
    assert emitted.variables == {"PORT": "20000", "AWS_REGION": "us-east-1", **shop.VALUES}


def test_no_secret_stands_in_the_json_the_protobuf_or_a_repr() -> None:
    values = {name: f"S3cret-{index}" for index, name in enumerate(shop.VALUES)}
    emitted = emit(shop.graph(), shop.bindings(env_values=values), cors={})
    for text in (emitted.infra_json, emitted.runtime_pb, repr(emitted).encode()):
        assert b"S3cret" not in text


@pytest.mark.parametrize(
    "special", [shop.topic("placed", ordering="id"), shop.topic("placed", "exactly-once")]
)
def test_an_ordered_or_exactly_once_topic_asks_for_the_protobuf(special: Any) -> None:
    graph = shop.graph(topics=[special, shop.topic("sent")])
    emitted = emit(graph, shop.bindings(), cors={})
    assert emitted.uses_protobuf
    assert codes(emitted) == ["W9101"]
    assert '"placed"' in emitted.warnings[0].message
    assert str(emitted.warnings[0].at) == "shop.ts:3:7"
    (cluster,) = rt.parse(emitted.runtime_pb).infra.resources.pubsub_clusters
    placed, sent = cluster.topics
    assert (placed.ordering_attr or placed.delivery_guarantee) in ("id", 2)
    assert (sent.ordering_attr, sent.delivery_guarantee) == ("", 1)


def test_exactly_one_variable_leads_to_the_runtime_config() -> None:
    plain = emit(shop.graph(), shop.bindings(), cors={})
    variables = environment_variables(plain, config_path="/srv/infra.config.json")
    assert variables["ENCORE_INFRA_CONFIG_PATH"] == "/srv/infra.config.json"
    assert "ENCORE_RUNTIME_CONFIG" not in variables

    topics = [shop.topic("placed", ordering="id"), shop.topic("sent")]
    ordered = emit(shop.graph(topics=topics), shop.bindings(), cors={})
    variables = environment_variables(ordered, config_path="/srv/infra.config.json")
    assert variables["ENCORE_RUNTIME_CONFIG"] == ordered.runtime_config_value
    assert "ENCORE_INFRA_CONFIG_PATH" not in variables


def test_values_that_are_not_known_here_are_named_once() -> None:
    values = {k: v for k, v in shop.VALUES.items() if k not in ("CACHE", "INFRA_SECRET_Shared")}
    emitted = emit(shop.graph(), shop.bindings(env_values=values), cors={})
    assert codes(emitted) == ["W9102"]
    assert "CACHE, INFRA_SECRET_Shared" in emitted.warnings[0].message


def test_a_value_among_the_plain_variables_counts_as_known() -> None:
    values = {k: v for k, v in shop.VALUES.items() if k != "CACHE"}
    given = shop.bindings(env_values=values, variables={"CACHE": "pc"})
    assert emit(shop.graph(), given, cors={}).warnings == ()


def test_metrics_go_where_the_provider_says_in_both_encodings_and_in_every_container() -> None:
    assert config(emit(shop.graph(), shop.bindings(), cors={})).metrics is None
    exporter = AWSCloudWatch(namespace="shop/live")
    for service in (None, "orders", "api-gateway"):
        given = shop.bindings(metrics=exporter, cloud="aws")
        emitted = emit(shop.graph(), given, cors={}, service=service)
        assert config(emitted).metrics == exporter
        (sent,) = rt.parse(emitted.runtime_pb).deployment.observability.metrics
        assert sent.aws.namespace == "shop/live"


def test_values_of_resources_that_the_app_no_longer_declares_are_left_out() -> None:
    items = (*shop.ITEMS, SecretBinding(name="Old", env="INFRA_SECRET_Old"))
    given = shop.bindings(*items, env_values={**shop.VALUES, "INFRA_SECRET_Old": "x"})
    emitted = emit(shop.graph(), given, cors={})
    assert "INFRA_SECRET_Old" not in emitted.variables
    assert "Old" not in (config(emitted).secrets or {})


def test_one_service_gets_what_it_uses_and_no_gateway() -> None:
    emitted = emit(shop.graph(), shop.bindings(), cors={}, service="orders")
    made = config(emitted)
    assert (made.hosted_services, made.hosted_gateways, made.cors) == (("orders",), None, None)
    assert [list(server.databases) for server in made.sql_servers or ()] == [["orders"]]
    assert set(made.redis or {}) == {"hot"}
    assert made.object_storage is None
    assert [list(block.topics) for block in made.pubsub or ()] == [["placed"]]
    assert set(made.secrets or {}) == {"Shared"}
    assert [(m.name, m.services) for m in made.used_metrics or ()] == [("sold", ("orders",))]
    assert set(emitted.variables) == {
        "PORT", "AWS_REGION", "INFRA_SQL_orders_PASSWORD", "CACHE", "INFRA_SECRET_Shared",
    }  # fmt: skip


def test_a_subscriber_gets_the_topic_with_its_own_subscription() -> None:
    made = config(emit(shop.graph(), shop.bindings(), cors={}, service="mail"))
    (block,) = made.pubsub or ()
    assert {name: list(topic.subscriptions) for name, topic in block.topics.items()} == {
        "placed": ["confirm"]
    }


def test_the_gateway_alone_gets_what_the_auth_handler_needs() -> None:
    made = config(emit(shop.graph(), shop.bindings(), cors={}, service="api-gateway"))
    assert (made.hosted_services, made.hosted_gateways) == (None, ("api-gateway",))
    assert made.cors is not None
    assert [list(server.databases) for server in made.sql_servers or ()] == [["users"]]
    assert made.pubsub is None


def test_calls_to_other_containers_need_addresses_and_a_key() -> None:
    bare = emit(shop.graph(), shop.bindings(), cors={}, service="orders")
    assert codes(bare) == ["W9103", "W9104"]
    assert "mail" in bare.warnings[0].message

    key = KeyAuth(id=1, key=EnvRef(env="CALLS"))
    full = shop.bindings(
        service_urls={"mail": "http://mail:8080/"},
        service_auth=key,
        env_values={**shop.VALUES, "CALLS": "k"},
    )
    emitted = emit(shop.graph(), full, cors={}, service="orders")
    assert emitted.warnings == ()
    made = config(emitted)
    assert made.auth == (key,)
    assert (made.service_discovery or {})["mail"].base_url == "http://mail:8080"
    assert emitted.variables["CALLS"] == "k"


def test_a_whole_app_needs_neither() -> None:
    key = KeyAuth(id=1, key=EnvRef(env="CALLS"))
    made = config(emit(shop.graph(), shop.bindings(service_auth=key), cors={}))
    assert (made.auth, made.service_discovery) == (None, None)


def test_databases_share_a_server_entry_when_server_and_tls_are_equal() -> None:
    tls = TLSConfig(disable_ca_validation=True)
    rest = [item for item in shop.ITEMS if item not in shop.ITEMS[:2]]
    same = config(emit(shop.graph(), shop.bindings(), cors={}))
    other = shop.bindings(shop.database("orders"), shop.database("users", tls=tls), *rest)
    apart = config(emit(shop.graph(), other, cors={}))
    assert [list(s.databases) for s in same.sql_servers or ()] == [["orders", "users"]]
    assert [list(s.databases) for s in apart.sql_servers or ()] == [["orders"], ["users"]]


def test_buckets_share_a_block_when_service_and_key_are_equal() -> None:
    graph = shop.graph(
        buckets=[
            {"name": n, "public": False, "versioned": False, "at": shop.AT} for n in ("a", "b", "c")
        ]
    )
    rest = [item for item in shop.ITEMS if item != shop.bucket("photos")]
    buckets = (shop.bucket("a"), shop.bucket("b", region="eu-north-1"), shop.bucket("c"))
    made = config(emit(graph, shop.bindings(*buckets, *rest), cors={}))
    assert [list(storage.buckets) for storage in made.object_storage or ()] == [["a", "c"], ["b"]]


def test_cors_is_the_app_s_with_origins_in_lower_case() -> None:
    cors = {
        "allow_headers": ["X-Id"],
        "allow_origins_with_credentials": ["HTTPS://Shop.Example"],
        "unheard_of": 1,
    }
    made = config(emit(shop.graph(), shop.bindings(), cors=cors))
    assert made.cors is not None
    assert made.cors.allow_headers == ("X-Id",)
    assert made.cors.allow_origins_with_credentials == ("https://shop.example",)
    assert made.cors.allow_origins_without_credentials is None


REFUSED: list[tuple[type[InfraError], str, str, dict[str, Any]]] = [
    (UsageError, "unknown-service", "api-gateway", {"service": "nope"}),
    (AppError, "invalid-cors", "", {"cors": {"allow_headers": "X-Id"}}),
    (RefusedError, "would-not-boot", "name", {"cors": {"allow_headers": ["X Id"]}}),
]


@pytest.mark.parametrize(("kind", "code", "hint", "arguments"), REFUSED)
def test_what_cannot_be_emitted_is_refused(
    kind: type[InfraError], code: str, hint: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(kind) as caught:
        emit(shop.graph(), shop.bindings(), **{"cors": {}, **arguments})
    assert caught.value.code == code
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("missing", shop.ITEMS, ids=lambda item: type(item).__name__)
def test_a_resource_without_binding_is_refused_by_name(missing: Any) -> None:
    items = [item for item in shop.ITEMS if item is not missing]
    with pytest.raises(RefusedError) as caught:
        emit(shop.graph(), shop.bindings(*items), cors={})
    assert caught.value.code == "not-bound"
    assert missing.name in caught.value.message
    assert "apply --env local" in (caught.value.hint or "")


def test_a_value_that_the_core_would_expand_is_refused_and_not_shown() -> None:
    values = {**shop.VALUES, "INFRA_SECRET_MailKey": "envref:HIDDEN"}
    with pytest.raises(RefusedError) as caught:
        emit(shop.graph(), shop.bindings(env_values=values), cors={})
    assert caught.value.code == "envref-value"
    assert "HIDDEN" not in caught.value.message


def test_a_config_too_long_for_a_variable_is_warned_of() -> None:
    noise = random.Random(1)
    names = [f"S{index}_{noise.getrandbits(256):x}" for index in range(2500)]
    secrets = [{"name": name, "services": [], "at": [shop.AT]} for name in names]
    items = [SecretBinding(name=name, env=f"INFRA_SECRET_{name}") for name in names]
    given = shop.bindings(
        *shop.ITEMS, *items, env_values={**shop.VALUES, **{item.env: "x" for item in items}}
    )
    emitted = emit(shop.graph(secrets=secrets), given, cors={})
    assert codes(emitted) == ["W9105"]


def test_what_the_provider_binds_badly_is_warned_of() -> None:
    emitted = emit(shop.graph(), shop.bindings(cloud="moon"), cors={})
    assert codes(emitted) == ["W9106"]
    assert "$.metadata.cloud" in emitted.warnings[0].message


def test_every_warning_of_emission_has_a_hint_and_an_entry_in_the_documentation() -> None:
    text = (Path(__file__).parents[4] / "docs" / "diagnostics.md").read_text("utf-8")
    documented = set(re.findall(r"^### (W91\d\d)\b", text, re.MULTILINE))
    source = Path(emitter.__file__).read_text("utf-8")
    assert documented == set(re.findall(r'"(W91\d\d)"', source))
    emitted = emit(shop.graph(), shop.bindings(cloud="moon"), cors={}, service="orders")
    assert len(emitted.warnings) == 3
    assert all(w.hint and w.severity == "warning" for w in emitted.warnings)
