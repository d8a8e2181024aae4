"""The table of permissions is total, and what is granted is what is used and nothing more."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from tests.support.generated_graphs import environments, graphs
from tests.support.graphs import at, bucket, graph, secret, settings, subscription, topic, use

from encore_aws import permissions
from encore_aws.containers import containers, whole
from encore_aws.permissions import (
    EXPORTER,
    INSIDE,
    STARTING,
    TABLE,
    UNNARROWED,
    VIA,
    Allowed,
    Grants,
    granted,
    row,
)
from encore_aws.settings import Settings
from encore_aws.settings import settings as resolved
from encore_config.environment import Containers, Environment, MetricsSettings
from encore_config.graph import BucketOperation, Gateway, Graph, Keyspace, Service, ServiceEndpoint
from encore_config.plan import Permission
from encore_provisioner.analysis import catalogue
from encore_provisioner.emit.scope import scope
from encore_provisioner.engine.offline import permission_order

ROWS = {**TABLE, **STARTING, **INSIDE}
KEY = "arn:aws:kms:eu-north-1:111122223333:key/own"


def of(**keys: Any) -> Settings:
    return resolved(settings(region="eu-north-1", **keys))


PER_SERVICE = Containers(layout="per-service")


def operations_of(kind: str) -> set[str]:
    return {operation for known, operation in TABLE if known == kind}


def test_every_operation_that_the_analysis_finds_has_a_row() -> None:
    assert operations_of("bucket") == set(get_args(BucketOperation))
    assert operations_of("topic") == {o for row in catalogue.TOPIC_METHODS.values() for o in row}
    assert operations_of("metric") == {
        o for row in catalogue.METRIC_OPERATIONS.values() for o in row
    }
    assert operations_of("database") == {"access", "read", "write"}
    assert operations_of("cache") >= {o for row in catalogue.KEYSPACE_METHODS.values() for o in row}
    assert operations_of("endpoint") == {"call"}
    assert operations_of("subscription") == {"consume"}


def test_every_row_says_why_and_no_action_is_a_pattern() -> None:
    for found in (*ROWS.values(), EXPORTER):
        assert len(found.reason.split()) > 4
        for listed in (*(need.actions for need in found.needs), found.key):
            assert listed == tuple(sorted(listed))
            assert not any("*" in action for action in listed)


def test_only_listed_actions_are_on_everything() -> None:
    wide = {
        action
        for found in (*ROWS.values(), EXPORTER)
        for need in found.needs
        if need.scope == "everything"
        for action in need.actions
    }
    assert wide == set(UNNARROWED)


def test_the_key_is_used_only_through_a_service_and_only_where_contents_are() -> None:
    assert {kind for (kind, _), found in ROWS.items() if found.key} == set(VIA)
    opening = {o for (kind, o), found in ROWS.items() if kind == "bucket" and found.key}
    assert opening == {"read", "attrs", "write", "signed_upload", "signed_download"}
    for (_, operation), found in ROWS.items():
        assert ("kms:GenerateDataKey" in found.key) == (
            operation in ("fill", "publish", "write", "signed_upload") and bool(found.key)
        )


def test_an_operation_without_a_row_is_an_error() -> None:
    with pytest.raises(KeyError):
        row("topic", "subscribe")
    with pytest.raises(KeyError):
        permissions.actions(Allowed(kind="bucket", operation="rename", name="f"), own_key=False)


@pytest.mark.parametrize(
    ("kind", "operation", "wanted"),
    [
        ("topic", "publish", ["sns:Publish"]),
        (
            "subscription",
            "consume",
            ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"],
        ),
        ("bucket", "list", ["s3:ListBucket"]),
        ("bucket", "read", ["s3:GetObject", "s3:ListBucket"]),
        ("bucket", "attrs", ["s3:GetObject", "s3:ListBucket"]),
        ("bucket", "write", ["s3:AbortMultipartUpload", "s3:PutObject"]),
        ("bucket", "delete", ["s3:DeleteObject"]),
        ("bucket", "signed_upload", ["s3:PutObject"]),
        ("bucket", "signed_download", ["s3:GetObject"]),
        ("bucket", "public_url", []),
        ("database", "write", []),
        ("cache", "access", []),
        ("endpoint", "call", []),
        ("metric", "increment", []),
        ("secret", "read", ["secretsmanager:GetSecretValue"]),
    ],
)
def test_what_an_operation_may(kind: str, operation: str, wanted: list[str]) -> None:
    allowed = Allowed(kind=kind, operation=operation, name="x")
    assert list(permissions.actions(allowed, own_key=False)) == wanted


def test_old_versions_are_opened_only_where_there_are_any() -> None:
    plain = Allowed(kind="bucket", operation="read", name="f")
    kept = Allowed(kind="bucket", operation="read", name="f", versioned=True)
    assert "s3:GetObjectVersion" not in permissions.actions(plain, own_key=False)
    assert "s3:GetObjectVersion" in permissions.actions(kept, own_key=False)


SHOP = graph(
    topics=(topic("orders"),),
    subscriptions=(subscription("orders", "ship"),),
    buckets=(bucket("files", versioned=True),),
    secrets=(secret("Stripe"),),
    uses=(
        use("bucket", "files", "delete"),
        use("database", "orders", "read", "write"),
        use("topic", "orders", "publish"),
    ),
    keyspaces=(Keyspace(cache="hot", service="shop", key_pattern="x", at=at()),),
)


def brief(found: tuple[Permission, ...]) -> list[tuple[str, str, str, str]]:
    return [(item.service, item.kind, item.name, item.operation) for item in found]


def test_the_plan_is_told_what_each_service_may_and_why() -> None:
    found = granted(SHOP, of())
    assert brief(found) == [
        ("shop", "bucket", "files", "delete"),
        ("shop", "password", "cache/hot", "read"),
        ("shop", "password", "database/orders", "read"),
        ("shop", "secret", "Stripe", "read"),
        ("shop", "subscription", "orders/ship", "consume"),
        ("shop", "topic", "orders", "publish"),
    ]
    assert found[0].actions == ("s3:DeleteObject", "s3:DeleteObjectVersion")
    assert all(item.reason and item.actions for item in found)


def test_a_key_and_an_exporter_are_part_of_what_is_granted() -> None:
    metrics = MetricsSettings(exporter="cloudwatch", namespace="shop/live")
    found = granted(SHOP, of(key=KEY, metrics=metrics))
    by_name = {item.name: item for item in found}
    assert "kms:Decrypt" in by_name["orders/ship"].actions
    assert "kms:Decrypt" not in by_name["files"].actions, "nothing is opened to delete it"
    assert by_name["shop/live"].actions == ("cloudwatch:PutMetricData",)
    assert by_name["shop/live"].operation == "export"


def test_a_gateway_of_its_own_may_do_what_the_auth_handler_does() -> None:
    handler = ServiceEndpoint(service="shop", name="auth")
    services = (*SHOP.services, Service(name="idle", root="idle", at=at()))
    app = Graph(
        app=SHOP.app,
        gateway=Gateway(auth_handler=handler),
        services=services,
        topics=SHOP.topics,
        subscriptions=SHOP.subscriptions,
        uses=SHOP.uses,
        secrets=SHOP.secrets,
    )
    found = brief(granted(app, of(containers=PER_SERVICE)))
    assert {item[1:] for item in found if item[0] == "api-gateway"} == {
        ("bucket", "files", "delete"),
        ("password", "database/orders", "read"),
        ("password", "service-key", "read"),
        ("secret", "Stripe", "read"),
        ("topic", "orders", "publish"),
    }, "but it handles no messages"
    assert {item[1:] for item in found if item[0] == "idle"} == {
        ("password", "service-key", "read")
    }
    together = brief(granted(app, of()))
    assert {item[0] for item in together} == {"shop"}


def test_code_outside_every_service_may_run_in_each() -> None:
    shared = use("topic", "orders", "publish")
    app = Graph(
        app=SHOP.app,
        gateway=SHOP.gateway,
        services=(*SHOP.services, Service(name="zoo", root="zoo", at=at())),
        topics=SHOP.topics,
        uses=(type(shared)(**{**_fields(shared), "service": ""}),),
    )
    assert brief(granted(app, of())) == [
        ("shop", "topic", "orders", "publish"),
        ("zoo", "topic", "orders", "publish"),
    ]


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


@given(graphs(), environments())
def test_a_container_may_use_what_its_config_holds_and_nothing_else(
    app: Graph, environment: Environment
) -> None:
    """Permissions and runtime config are worked out apart; they are about the same things."""
    grants = Grants(app)
    for container in containers(app, resolved(environment)):
        needed = scope(app, container.service)
        allowed = grants.of(container)
        assert {a.name for a in allowed if a.kind == "subscription"} == {
            f"{topic}/{name}" for topic, name in needed.subscriptions
        }
        assert {a.name for a in allowed if a.kind == "bucket"} <= set(needed.buckets)
        assert {a.name for a in allowed if a.kind == "topic"} <= set(needed.topics)
        if container.service is not None:
            assert {a.name for a in allowed if a.kind == "bucket"} == set(needed.buckets)
            read = grants.secrets(container)
            assert {a.name for a in read if a.kind == "secret"} == set(needed.secrets)
            assert {a.name for a in read if a.kind == "password"} == {
                *(f"database/{name}" for name in needed.databases),
                *(f"cache/{name}" for name in needed.caches),
            }


@given(graphs(), environments())
def test_what_services_may_is_what_the_whole_app_may(app: Graph, environment: Environment) -> None:
    chosen = resolved(environment)
    alone = {
        (item.kind, item.name, item.operation)
        for item in granted(app, chosen)
        if item.kind in ("bucket", "subscription", "topic")
    }
    assert alone == {
        (item.kind, item.name, item.operation)
        for item in Grants(app).of(whole(app))
        if permissions.actions(item, own_key=False)
    }
    assert granted(app, chosen) == tuple(sorted(granted(app, chosen), key=permission_order))
