"""Secrets: a place for each value, and never a value."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, run
from tests.support.generated_graphs import graphs
from tests.support.graphs import cache, database, graph, secret, use

from encore_aws.containers import COMBINED, containers
from encore_aws.permissions import Grants
from encore_aws.resources import secret as kind
from encore_aws.settings import Settings
from encore_aws.settings import settings as settled
from encore_config import infra
from encore_config.environment import (
    Adopt,
    AdoptedCache,
    AdoptedDatabase,
    CacheSettings,
    Containers,
    DatabaseSettings,
    Environment,
    EnvironmentEntry,
    SecretSettings,
)
from encore_config.graph import Gateway, Graph, Service, ServiceEndpoint
from encore_config.plan import UNKNOWN
from encore_provisioner import binding
from encore_provisioner.emit.config import env_references, infra_config
from encore_provisioner.emit.scope import scope

APP = graph(
    secrets=(secret("StripeKey"), secret("weird/name")),
    databases=(database("orders", root=Path()),),
    caches=(cache("sessions"),),
)
VARIABLES = {
    "secret/StripeKey": "INFRA_SECRET_StripeKey",
    "secret/weird/name": "INFRA_SECRET_weird_name_2d21614c",
    "database/orders#password": "INFRA_SQL_orders_PASSWORD",
    "cache/sessions#password": "INFRA_REDIS_sessions_PASSWORD",
}
OTHERS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:others/key-a1B2c3"
SPLIT = Containers(layout="per-service")


def settings(type_: Any = "development", **keys: Any) -> Settings:
    entry = EnvironmentEntry(region=REGION, **keys)
    return settled(Environment(name="production", type=type_, settings=entry))


def variables(app: Graph, chosen: Settings) -> dict[str, tuple[str, ...]]:
    """Those of each container, by its label."""
    grants = Grants(app)
    return {
        container.label: kind.variables_of(app, grants, container, chosen)
        for container in containers(app, chosen)
    }


def made(app: Graph, chosen: Settings, *, known: bool = True) -> Any:
    wanted = kind.normalise(app, chosen, NAMES)
    found, notes = run(lambda stage: kind.create(wanted, stage), made=known)
    assert set(by_name(found)) == set(notes)
    return found


def test_each_secret_and_each_password_has_a_place_and_no_value() -> None:
    found = made(APP, settings(containers=SPLIT), known=False)
    assert set(by_name(found)) == {*VARIABLES, "service-key"}
    assert {resource.type for resource in found.resources} == {"aws:secretsmanager/secret:Secret"}
    assert found.outputs["variables"] == dict.fromkeys(
        sorted([*VARIABLES.values(), kind.SERVICE_KEY]), UNKNOWN
    )
    for resource in found.resources:
        assert not {key for key in resource.inputs if "string" in key.lower()}


def test_a_container_finds_each_by_its_variable() -> None:
    found = made(APP, settings())
    names = {name: resource.inputs["name"] for name, resource in by_name(found).items()}
    assert found.outputs["variables"] == {
        variable: f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:{names[name]}"
        for name, variable in VARIABLES.items()
    }
    assert len(set(names.values())) == len(names)


def test_the_app_is_told_the_variables_of_what_it_declares() -> None:
    assert {b.name: b.env for b in kind.expose(APP)} == {
        "StripeKey": "INFRA_SECRET_StripeKey",
        "weird/name": "INFRA_SECRET_weird_name_2d21614c",
    }


@pytest.mark.parametrize(
    ("type_", "days"), [("production", 30), ("development", 7), ("ephemeral", 0), ("test", 0)]
)
def test_how_long_a_deleted_secret_can_be_restored(type_: str, days: int) -> None:
    def kept(chosen: Settings) -> set[int]:
        return {r.inputs["recoveryWindowInDays"] for r in made(APP, chosen).resources}

    assert kept(settings(type_)) == {days}
    assert kept(settings(type_, secrets=SecretSettings(recovery_days=12))) == {12}


def test_a_password_is_kept_as_well_as_what_it_opens() -> None:
    def kept(chosen: Settings) -> set[str]:
        return {r.name for r in made(APP, chosen).resources if r.protect}

    assert kept(settings("development", containers=SPLIT)) == set()
    assert kept(settings("production", containers=SPLIT)) == {*VARIABLES, "service-key"}
    loose = settings("production", caches={"sessions": CacheSettings(protect=False)})
    assert kept(loose) == set(VARIABLES) - {"cache/sessions#password"}
    held = settings("development", databases={"orders": DatabaseSettings(protect=True)})
    assert kept(held) == {"database/orders#password"}


def test_a_key_of_the_persons_own_encrypts_them() -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    assert {r.inputs["kmsKeyId"] for r in made(APP, settings(key=key)).resources} == {key}
    assert not any("kmsKeyId" in r.inputs for r in made(APP, settings()).resources)


def test_what_is_ours_is_filled_once_and_what_is_a_persons_never() -> None:
    outputs = made(APP, settings(containers=SPLIT)).outputs
    filled = outputs["generated"]
    assert {name: (item["for"], item["name"]) for name, item in filled.items()} == {
        "INFRA_SQL_orders_PASSWORD": ("database", "orders"),
        "INFRA_REDIS_sessions_PASSWORD": ("cache", "sessions"),
        "INFRA_SERVICE_KEY": ("service-key", "service-key"),
    }
    for variable, item in filled.items():
        assert item["secret"] == outputs["variables"][variable]


def test_generated_values_are_what_each_taker_accepts() -> None:
    """RDS, ElastiCache, an address, a shell, and the core, which expands ``envref:``."""
    for item in made(APP, settings(containers=SPLIT)).outputs["generated"].values():
        left = set(string.printable[:94]) - set(item["exclude"])
        assert left == set(string.ascii_letters + string.digits)
        assert 16 <= item["length"] <= 128


def test_what_is_adopted_is_named_and_neither_made_nor_filled() -> None:
    adopt = Adopt(
        secrets={"StripeKey": OTHERS},
        databases={"orders": AdoptedDatabase(instance="db", username="app", password=OTHERS)},
        caches={"sessions": AdoptedCache(group="old", username="app", password=OTHERS)},
    )
    found = made(APP, settings(adopt=adopt))
    assert set(by_name(found)) == {"secret/weird/name"}
    assert found.outputs["generated"] == {}
    assert set(found.outputs["variables"]) == set(VARIABLES.values())
    del found.outputs["variables"]["INFRA_SECRET_weird_name_2d21614c"]
    assert set(found.outputs["variables"].values()) == {OTHERS}


def test_an_adopted_cache_without_a_password_has_no_variable() -> None:
    adopt = Adopt(caches={"sessions": AdoptedCache(group="old")})
    assert VARIABLES["cache/sessions#password"] in variables(APP, settings())[COMBINED]
    assert (
        VARIABLES["cache/sessions#password"] not in variables(APP, settings(adopt=adopt))[COMBINED]
    )
    found = made(APP, settings(adopt=adopt)).outputs["variables"]
    assert VARIABLES["cache/sessions#password"] not in found


@pytest.mark.parametrize("layout", ["combined", "per-service"])
def test_calls_are_signed_as_soon_as_there_are_several_containers(layout: Any) -> None:
    chosen = settings(containers=Containers(layout=layout))
    split = layout == "per-service"
    key = infra.KeyAuth(id=1, key=infra.EnvRef(env="INFRA_SERVICE_KEY"))
    assert kind.expose_service_key(APP, chosen) == (key if split else None)
    assert ("service-key" in by_name(made(APP, chosen))) is split


def test_a_gateway_alone_signs_nothing() -> None:
    alone = with_services(APP)
    chosen = settings(containers=SPLIT)
    assert kind.expose_service_key(alone, chosen) is None
    assert "service-key" not in by_name(made(alone, chosen))
    assert variables(alone, chosen) == {alone.gateway.name: ()}


def test_which_variables_a_container_needs() -> None:
    app = with_services(APP, "shop", "mail", "users")
    app = msgspec.structs.replace(
        app,
        secrets=(secret("StripeKey"),),
        uses=(use("database", "orders", "read"),),
        gateway=Gateway(auth_handler=ServiceEndpoint(service="shop", name="auth")),
    )
    every = ("INFRA_SECRET_StripeKey", "INFRA_SERVICE_KEY", "INFRA_SQL_orders_PASSWORD")
    found = variables(app, settings(containers=SPLIT))
    assert found["shop"] == every
    assert found["mail"] == ("INFRA_SERVICE_KEY",)
    assert found[app.gateway.name] == every  # it runs the auth handler of shop
    assert variables(app, settings())[COMBINED] == (
        "INFRA_REDIS_sessions_PASSWORD",
        "INFRA_SECRET_StripeKey",
        "INFRA_SQL_orders_PASSWORD",
    )


@given(app=graphs(), split=st.booleans())
def test_a_container_gets_what_its_runtime_config_refers_to(app: Graph, split: bool) -> None:
    chosen = settings(containers=Containers(layout="per-service" if split else "combined"))
    needed = variables(app, chosen)
    given_to_all = {s.variable for s in kind.normalise(app, chosen, NAMES).made}
    for container in containers(app, chosen):
        config = infra_config(scope(app, container.service), bindings(app, chosen), cors={})
        assert needed[container.label] == tuple(sorted(set(env_references(config))))
        assert set(needed[container.label]) <= given_to_all


@pytest.mark.parametrize(
    ("adopt", "key"),
    [
        (Adopt(secrets={"A": "arn:aws:ssm:eu-north-1:111122223333:parameter/a"}), "secrets.A"),
        (Adopt(secrets={"A": OTHERS[:-7]}), "secrets.A"),
        (
            Adopt(databases={"d": AdoptedDatabase(instance="i", username="u", password="hunter2")}),
            "databases.d.password",
        ),
        (Adopt(caches={"c": AdoptedCache(group="g", password="hunter2")}), "caches.c.password"),
    ],
)
def test_what_is_no_secret_cannot_be_adopted_as_one(adopt: Adopt, key: str) -> None:
    (found,) = kind.findings(APP, settings(adopt=adopt), NAMES)
    assert found.code == "E9233"
    assert found.severity == "error"
    assert found.message.startswith(f"environments.production.adopt.{key}: ")


def test_a_whole_arn_of_any_partition_can_be_adopted() -> None:
    adopt = Adopt(secrets={"A": OTHERS, "B": OTHERS.replace("arn:aws:", "arn:aws-cn:")})
    assert list(kind.findings(APP, settings(adopt=adopt), NAMES)) == []


def with_services(app: Graph, *names: str) -> Graph:
    services = tuple(Service(name=name, root=name, at=app.caches[0].at) for name in names)
    return msgspec.structs.replace(app, services=services)


def bindings(app: Graph, chosen: Settings) -> binding.Bindings:
    """Of everything, as the other kinds make them: passwords behind their variables."""
    tls = infra.TLSConfig()
    items: list[binding.Binding] = [*kind.expose(app)]
    for database_ in app.databases:
        password = infra.EnvRef(env=kind.variable_of("database", database_.name))
        items.append(
            binding.SqlBinding(
                name=database_.name,
                server="db:5432",
                tls=tls,
                database=infra.SQLDatabase(username="app", password=password),
            )
        )
    for cache_ in app.caches:
        password = infra.EnvRef(env=kind.variable_of("cache", cache_.name))
        auth = infra.RedisAuth(type="acl", username="app", password=password)
        redis = infra.Redis(host="cache:6379", database_index=0, auth=auth, in_memory=False)
        items.append(binding.CacheBinding(name=cache_.name, redis=redis))
    items += [binding.TopicBinding(name=t.name, arn="arn") for t in app.topics]
    items += [
        binding.SubscriptionBinding(topic=s.topic, name=s.name, url="url")
        for s in app.subscriptions
    ]
    items += [
        binding.BucketBinding(name=b.name, region=REGION, bucket=infra.Bucket(name=b.name))
        for b in app.buckets
    ]
    return binding.Bindings(
        app_id="shop",
        environment=chosen.environment,
        environment_type=chosen.type,
        cloud="aws",
        base_url=None,
        items=tuple(items),
        service_auth=kind.expose_service_key(app, chosen),
    )
