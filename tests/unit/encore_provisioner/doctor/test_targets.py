"""What the config means for the doctor: targets, defaults, order."""

from __future__ import annotations

import pytest

from encore_config import infra
from encore_config.infra import EnvRef
from encore_provisioner.doctor import targets

PASSWORD = EnvRef(env="P")


def database(**changed: int | str) -> infra.SQLDatabase:
    return infra.SQLDatabase(username="u", password=PASSWORD, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("db", ("db", 5432)),
        ("db:6000", ("db", 6000)),
        ("127.0.0.1:6000", ("127.0.0.1", 6000)),
        ("/run/sql", ("/run/sql", 5432)),
        ("/run/a:b", ("/run/a:b", 5432)),
        ("db:x", ("db", 5432)),
    ],
)
def test_hosts_are_split_as_the_core_splits(host: str, expected: tuple[str, int]) -> None:
    assert targets.split_host(host, 5432) == expected


@pytest.mark.parametrize(("maximum", "pool"), [(None, 100), (7, 7), (0, 30), (-1, 30)])
def test_pools(maximum: int | None, pool: int) -> None:
    assert targets.pool_size(maximum) == pool


@pytest.mark.parametrize(("workers", "factor"), [(None, 1), (0, 8), (3, 3)])
def test_every_worker_has_its_own_pools(workers: int | None, factor: int) -> None:
    server = infra.SQLServer(
        host="db", databases={"b": database(max_connections=10), "a": database()}
    )
    config = infra.InfraConfig(sql_servers=(server,), worker_threads=workers)
    first, second = targets.sql_targets(config, cpus=8)
    assert (first.name, first.pool, first.server_pool) == ("a", 100, 110 * factor)
    assert (second.name, second.pool, second.server_pool) == ("b", 10, 110 * factor)


def test_databases_inherit_from_their_server() -> None:
    shared = infra.ClientCert(cert="shared", key="k")
    own = infra.ClientCert(cert="own", key="k")
    tls = infra.TLSConfig(client_cert=shared)
    server = infra.SQLServer(
        host="db",
        tls_config=tls,
        databases={
            "a": database(),
            "b": infra.SQLDatabase(
                username="u", password=PASSWORD, name="physical", client_cert=own
            ),
        },
    )
    first, second = targets.sql_targets(infra.InfraConfig(sql_servers=(server,)), cpus=1)
    assert (first.physical, first.client_cert, first.tls) == ("a", shared, tls)
    assert (second.physical, second.client_cert) == ("physical", own)


def test_buckets_have_an_endpoint_always() -> None:
    stores = (
        infra.S3(region="eu-north-1", buckets={"b": infra.Bucket(name="x")}),
        infra.S3(
            region="eu-north-1",
            endpoint="http://127.0.0.1:9",
            buckets={"a": infra.Bucket(name="y")},
        ),
        infra.GCS(buckets={"g": infra.Bucket(name="z")}),
    )
    config = infra.InfraConfig(object_storage=stores)
    assert [(t.name, t.endpoint) for t in targets.bucket_targets(config)] == [
        ("a", "http://127.0.0.1:9"),
        ("b", "https://s3.eu-north-1.amazonaws.com"),
    ]
    assert targets.unknown_services(config) == ("gcs",)


def test_topics_with_their_subscriptions() -> None:
    url = infra.AWSSubscription(url="http://q")
    block = infra.AWSSnsSqs(
        topics={
            "b": infra.AWSTopic(arn="arn:b", subscriptions={"y": url, "x": url}),
            "a": infra.AWSTopic(arn="arn:a"),
        }
    )
    nsq = infra.NSQ(hosts="h", topics={})
    config = infra.InfraConfig(pubsub=(block, nsq))
    (first, none), (second, both) = targets.topic_targets(config, frozenset({"b"}))
    assert (first.name, first.ordered, none) == ("a", False, ())
    assert (second.name, second.ordered) == ("b", True)
    assert [(s.name, s.url, s.topic) for s in both] == [
        ("x", "http://q", second),
        ("y", "http://q", second),
    ]
    assert targets.unknown_services(config) == ("nsq",)


@pytest.mark.parametrize(
    ("environ", "region", "sns", "sqs"),
    [
        (
            {"AWS_REGION": "r", "AWS_ENDPOINT_URL_SNS": "http://a", "AWS_ENDPOINT_URL": "http://b"},
            "r",
            "http://a",
            "http://b",
        ),
        (
            {"AWS_REGION": "eu-north-1"},
            "eu-north-1",
            "https://sns.eu-north-1.amazonaws.com",
            "https://sqs.eu-north-1.amazonaws.com",
        ),
    ],
)
def test_endpoints_as_the_sdk_finds_them(
    environ: dict[str, str], region: str, sns: str, sqs: str
) -> None:
    found = targets.aws_target(environ)
    assert (found.region, found.sns, found.sqs) == (region, sns, sqs)


@pytest.mark.parametrize("environ", [{}, {"AWS_REGION": ""}])
def test_no_region(environ: dict[str, str]) -> None:
    assert targets.aws_target(environ).region is None
