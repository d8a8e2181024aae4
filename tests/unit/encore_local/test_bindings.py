"""What the app is handed: explicit everywhere, secrets only by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.graphs import AppFolder, bucket, cache, secret, subscription, topic, use

from encore_config import infra
from encore_local.bindings import bind
from encore_local.desired import desired_resources, desired_servers
from encore_local.journal import record_of
from encore_local.model import names_of
from encore_local.outputs import outputs_of
from encore_local.secrets import S3_KEY, LocalSecrets, cache_key, database_key
from encore_local.state import AppIdentity, State
from encore_provisioner.binding import (
    Bindings,
    BucketBinding,
    CacheBinding,
    Grant,
    SecretBinding,
    SqlBinding,
    SubscriptionBinding,
    TopicBinding,
)
from encore_provisioner.errors import RefusedError

PORTS = {"app": 20001, "postgres": 20002, "aws": 20003, "cache/main": 20004}
PARTS = {
    "topics": (topic("placed"), topic("ledger", ordering_attribute="id")),
    "subscriptions": (subscription("placed", "mail"),),
    "buckets": (bucket("files"), bucket("Web", public=True)),
    "caches": (cache("main"),),
    "secrets": (secret("Stripe-Key"),),
    "uses": (
        use("database", "orders", "access"),
        use("bucket", "files", "read", "write"),
        use("topic", "placed", "publish"),
        use("endpoint", "shop.list", "call"),
        use("metric", "sold", "increment"),
    ),
}


def state_of(app: AppFolder) -> State:
    """The state after an apply."""
    target = app.target
    names = names_of(target)
    servers = [name for name in PORTS if name != "app"]
    wanted = (
        *desired_servers(
            target.graph, names, runs_with={name: {} for name in servers}, ports=PORTS
        ),
        *desired_resources(target.graph, names, with_value=frozenset(), files={}),
    )
    return State(
        app=AppIdentity(path="/a", device=1, inode=1),
        ports=PORTS,
        resources={resource.urn: record_of(resource) for resource in wanted},
    )


@pytest.fixture
def app(tmp_path: Path) -> AppFolder:
    return AppFolder(root=tmp_path, databases={"orders": None, "Site.DB": None}, parts=PARTS)


@pytest.fixture
def secrets(app: AppFolder) -> LocalSecrets:
    store = LocalSecrets(app.root / "secrets.json", declared={"Stripe-Key": ("shop",)})
    store.set("Stripe-Key", "sk_1")
    store.ensure([S3_KEY, database_key("orders"), database_key("Site.DB"), cache_key("main")])
    return store


@pytest.fixture
def bindings(app: AppFolder, secrets: LocalSecrets) -> Bindings:
    return bind(app.target, outputs_of(state_of(app)), secrets)


def test_the_environment_is_named(bindings: Bindings) -> None:
    assert (bindings.app_id, bindings.environment) == ("shop", "local")
    assert (bindings.environment_type, bindings.cloud) == ("development", "local")
    assert bindings.base_url == "http://127.0.0.1:20001"


def test_databases_say_that_there_is_no_tls(bindings: Bindings) -> None:
    found = {item.name: item for item in bindings.items if isinstance(item, SqlBinding)}
    assert found.keys() == {"orders", "Site.DB"}
    orders = found["orders"]
    assert orders.server == "127.0.0.1:20002"
    assert orders.tls == infra.TLSConfig(disabled=True)
    assert orders.database == infra.SQLDatabase(
        name="orders",
        username="orders",
        password=infra.EnvRef(env="INFRA_SQL_orders_PASSWORD"),
        max_connections=20,
    )


def test_caches_have_every_field_that_the_core_demands(bindings: Bindings) -> None:
    (found,) = [item for item in bindings.items if isinstance(item, CacheBinding)]
    assert found.redis == infra.Redis(
        host="127.0.0.1:20004",
        database_index=0,
        in_memory=False,
        auth=infra.RedisAuth(
            type="auth_string", auth_string=infra.EnvRef(env="INFRA_REDIS_main_PASSWORD")
        ),
        tls_config=infra.TLSConfig(disabled=True),
        max_connections=20,
    )


def test_topics_queues_and_buckets(bindings: Bindings) -> None:
    assert [item for item in bindings.items if isinstance(item, TopicBinding)] == [
        TopicBinding(name="placed", arn="arn:aws:sns:us-east-1:000000000000:placed"),
        TopicBinding(name="ledger", arn="arn:aws:sns:us-east-1:000000000000:ledger.fifo"),
    ]
    assert [item for item in bindings.items if isinstance(item, SubscriptionBinding)] == [
        SubscriptionBinding(
            topic="placed",
            name="mail",
            url="http://127.0.0.1:20003/000000000000/placed--mail",
        )
    ]
    files, web = (item for item in bindings.items if isinstance(item, BucketBinding))
    assert (files.endpoint, files.region) == ("http://127.0.0.1:20003", "us-east-1")
    assert files.secret_access_key == infra.EnvRef(env="INFRA_S3_SECRET_KEY")
    assert files.bucket == infra.Bucket(name="files")
    assert web.bucket.public_base_url == f"http://127.0.0.1:20003/{web.bucket.name}"


def test_every_env_reference_has_its_value(bindings: Bindings, secrets: LocalSecrets) -> None:
    (own,) = [item for item in bindings.items if isinstance(item, SecretBinding)]
    assert bindings.env_values == {
        own.env: "sk_1",
        "INFRA_S3_SECRET_KEY": secrets.generated(S3_KEY),
        "INFRA_REDIS_main_PASSWORD": secrets.generated(cache_key("main")),
        "INFRA_SQL_orders_PASSWORD": secrets.generated(database_key("orders")),
        "INFRA_SQL_Site_DB_6ff8c75e_PASSWORD": secrets.generated(database_key("Site.DB")),
    }
    assert not [value for value in bindings.env_values.values() if value in repr(bindings)]


def test_the_process_finds_sns_and_sqs_by_variables(
    bindings: Bindings, secrets: LocalSecrets
) -> None:
    assert bindings.variables == {
        "PORT": "20001",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_SNS": "http://127.0.0.1:20003",
        "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:20003",
        "AWS_ACCESS_KEY_ID": "encore-local",
        "AWS_SECRET_ACCESS_KEY": secrets.generated(S3_KEY),
    }


def test_an_app_without_topics_keeps_its_own_aws_account(
    app: AppFolder, secrets: LocalSecrets
) -> None:
    plain = app.but(topics=(), subscriptions=())
    found = bind(plain.target, outputs_of(state_of(plain)), secrets)
    assert found.variables == {"PORT": "20001"}


def test_grants_come_from_uses_subscriptions_and_secrets(bindings: Bindings) -> None:
    def grant(kind: str, operation: str, target: str) -> Grant:
        return Grant(service="shop", kind=kind, operation=operation, target=target)

    assert bindings.grants == (
        grant("database", "access", "orders"),
        grant("bucket", "read", "files"),
        grant("bucket", "write", "files"),
        grant("topic", "publish", "placed"),
        grant("subscription", "subscribe", "placed/mail"),
        grant("secret", "read", "Stripe-Key"),
    )


@pytest.mark.parametrize(
    "more",
    [
        {"databases": {"orders": None, "new": None}},
        {"buckets": (bucket("new"),)},
        {"topics": (topic("placed"), topic("new"))},
        {"caches": (cache("new"),)},
    ],
)
def test_what_was_not_applied_is_not_bound(
    app: AppFolder, secrets: LocalSecrets, more: dict[str, object]
) -> None:
    with pytest.raises(RefusedError, match="new was not applied yet") as caught:
        bind(app.but(**more).target, outputs_of(state_of(app)), secrets)
    assert caught.value.code == "not-applied"
