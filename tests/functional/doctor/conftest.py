"""Real servers with one of everything, and the config that an app would get for them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import redis
from psycopg import sql

from encore_config import graph as graphs
from encore_config import infra
from encore_config.position import At
from encore_local.layout import Layout, prepare
from encore_local.resources.bucket import read_policy
from encore_local.secrets import S3_KEY, LocalSecrets, cache_key
from encore_local.servers.fleet import Fleet, make_fleet
from encore_local.servers.server import start_all
from encore_local.settings import LocalSettings
from encore_provisioner.clients.s3 import S3
from encore_provisioner.clients.sigv4 import Credentials
from encore_provisioner.clients.sns import Sns
from encore_provisioner.clients.sqs import Sqs
from encore_provisioner.doctor import Check, diagnose

REGION = "us-east-1"
ROLE = "orders"
PLAIN = infra.TLSConfig(disabled=True)
DATABASE_PASSWORD = "correct-horse-battery"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The servers, the doors to them, and what the app is told."""

    fleet: Fleet
    admin: dict[str, Any] = field(repr=False)
    sns: Sns
    sqs: Sqs
    s3: S3
    config: infra.InfraConfig
    environ: dict[str, str] = field(repr=False)
    topic: str
    queue: str
    dead: str
    subscription: str

    def diagnose(
        self, config: infra.InfraConfig | None = None, environ: dict[str, str] | None = None
    ) -> dict[tuple[str, str], Check]:
        checks = diagnose(
            config or self.config,
            self.environ if environ is None else environ,
            on_check=lambda _: None,
        )
        return {(check.kind, check.name): check for check in checks}

    def as_admin(self, statement: str) -> None:
        with psycopg.connect(**{**self.admin, "dbname": ROLE}, autocommit=True) as connection:
            connection.execute(statement.encode())

    @property
    def s3_url(self) -> str:
        return self.fleet.aws.endpoint if self.fleet.aws else ""

    def pubsub_block(self) -> infra.AWSSnsSqs:
        [block] = self.config.pubsub or ()
        if not isinstance(block, infra.AWSSnsSqs):
            raise TypeError("the world's topics are on SNS")
        return block

    def redis(self) -> Any:
        server = self.fleet.caches["sessions"]
        password = self.environ["INFRA_REDIS_sessions_PASSWORD"]
        return redis.Redis(host="127.0.0.1", port=server.port, password=password)

    def leftovers(self) -> list[str]:
        """Everything in the servers that a doctor made."""
        topics = [arn for arn in self.sns.list_topics() if "encore-doctor" in arn]
        queues = [url for url in self.sqs.list_queues() if "encore-doctor" in url]
        versions = [
            version.key
            for bucket in self.s3.list_buckets()
            for version in self.s3.list_versions(bucket)
            if "encore-doctor" in version.key
        ]
        links = [
            link.arn for link in self.sns.list_subscriptions() if "encore-doctor" in link.topic_arn
        ]
        return topics + queues + versions + links


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fleet, LocalSecrets]]:
    layout = Layout(folder=tmp_path_factory.mktemp("doctor") / ".encore" / "infra" / "local")
    prepare(layout)
    secrets = LocalSecrets(layout.secrets, declared={})
    names = ("postgres", "aws", "cache/sessions")
    made = make_fleet(
        layout,
        LocalSettings(environment="local", type="development"),
        secrets,
        ports={name: free_port() for name in names},
        caches={"sessions": "allkeys-lru"},
    )
    try:
        start_all(made.all)
        yield made, secrets
    finally:
        for server in made.all:
            server.remove()


@pytest.fixture
def world(fleet: tuple[Fleet, LocalSecrets]) -> Iterator[World]:
    """Everything in order; what a test breaks is made again for the next."""
    servers, secrets = fleet
    start_all(servers.all)
    made = make_world(servers, secrets)
    yield made
    for door in (made.sns, made.sqs, made.s3):
        door.close()


def make_world(servers: Fleet, secrets: LocalSecrets) -> World:
    if servers.postgres is None or servers.aws is None:
        raise TypeError("the fleet of these tests has every server")
    admin = servers.postgres.connection()
    make_database(admin)
    key = secrets.generated(S3_KEY) or ""
    endpoint = servers.aws.endpoint
    credentials = Credentials(access_key_id="encore-local", secret_access_key=key)
    sns = Sns(endpoint=endpoint, region=REGION, credentials=credentials)
    sqs = Sqs(endpoint=endpoint, region=REGION, credentials=credentials)
    s3 = S3(endpoint=endpoint, region=REGION, credentials=credentials)
    make_buckets(s3)
    arns = make_pubsub(sns, sqs)
    environ = {
        "AWS_ACCESS_KEY_ID": "encore-local",
        "AWS_ENDPOINT_URL_SNS": endpoint,
        "AWS_ENDPOINT_URL_SQS": endpoint,
        "AWS_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": key,
        "INFRA_REDIS_sessions_PASSWORD": secrets.generated(cache_key("sessions")) or "",
        "INFRA_S3_SECRET_KEY": key,
        "INFRA_SECRET_Stripe": "sk-very-secret",
        "INFRA_SQL_orders_PASSWORD": DATABASE_PASSWORD,
        "PORT": str(free_port()),
    }
    return World(
        fleet=servers,
        admin=admin,
        sns=sns,
        sqs=sqs,
        s3=s3,
        config=make_config(servers, arns),
        environ=environ,
        **arns,
    )


def make_database(admin: dict[str, Any]) -> None:
    """A database that its role owns, with one table and one migration."""
    name = sql.Identifier(ROLE)
    with psycopg.connect(**admin, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(name))
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(DATABASE_PASSWORD))
        )
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))
    with psycopg.connect(**{**admin, "dbname": ROLE}, autocommit=True) as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(name))
        connection.execute("CREATE TABLE orders (id bigint PRIMARY KEY)")
        connection.execute("CREATE TABLE schema_migrations (version bigint, dirty bool)")
        connection.execute("INSERT INTO schema_migrations VALUES (2, false)")


def make_buckets(s3: S3) -> None:
    for bucket in s3.list_buckets():
        s3.delete_versions(bucket, list(s3.list_versions(bucket)))
        s3.delete_bucket(bucket)
    s3.create_bucket("receipts")
    s3.set_versioning("receipts", True)
    s3.create_bucket("images")
    s3.set_public_access_block("images", False)
    s3.set_policy("images", json.dumps(read_policy("images")))
    s3.put("receipts", "mine/1", b"theirs")


def make_pubsub(sns: Sns, sqs: Sqs) -> dict[str, str]:
    for arn in list(sns.list_topics()):
        sns.delete_topic(arn)
    for url in list(sqs.list_queues()):
        sqs.delete_queue(url)
    topic = sns.create_topic("placed")
    dead = sqs.create_queue("placed--mail--dlq")
    dead_arn = sqs.queue_attributes(dead)["QueueArn"]
    queue = sqs.create_queue("placed--mail")
    queue_arn = sqs.queue_attributes(queue)["QueueArn"]
    redrive = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": "101"}
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sqs.set_queue_attributes(
        queue, {"RedrivePolicy": json.dumps(redrive), "Policy": json.dumps(policy)}
    )
    link = sns.subscribe(topic, protocol="sqs", endpoint=queue_arn)
    return {"topic": topic, "queue": queue, "dead": dead, "subscription": link}


def make_store(endpoint: str) -> infra.S3:
    return infra.S3(
        region=REGION,
        endpoint=endpoint,
        access_key_id="encore-local",
        secret_access_key=infra.EnvRef(env="INFRA_S3_SECRET_KEY"),
        buckets={
            "receipts": infra.Bucket(name="receipts"),
            "images": infra.Bucket(name="images", public_base_url=f"{endpoint}/images"),
        },
    )


def make_config(servers: Fleet, arns: dict[str, str]) -> infra.InfraConfig:
    if servers.postgres is None or servers.aws is None:
        raise TypeError("the fleet of these tests has every server")
    endpoint = servers.aws.endpoint
    return infra.InfraConfig(
        metadata=infra.Metadata(
            app_id="shop", env_name="local", env_type="development", cloud="local"
        ),
        hosted_services=("orders",),
        hosted_gateways=("api-gateway",),
        cors=infra.CORS(),
        secrets={"Stripe": infra.EnvRef(env="INFRA_SECRET_Stripe")},
        sql_servers=(
            infra.SQLServer(
                host=servers.postgres.endpoint,
                tls_config=PLAIN,
                databases={
                    "orders": infra.SQLDatabase(
                        username=ROLE,
                        password=infra.EnvRef(env="INFRA_SQL_orders_PASSWORD"),
                        max_connections=20,
                    )
                },
            ),
        ),
        redis={
            "sessions": infra.Redis(
                host=servers.caches["sessions"].endpoint,
                database_index=0,
                in_memory=False,
                key_prefix="shop/",
                tls_config=PLAIN,
                auth=infra.RedisAuth(
                    type="auth_string",
                    auth_string=infra.EnvRef(env="INFRA_REDIS_sessions_PASSWORD"),
                ),
            )
        },
        pubsub=(
            infra.AWSSnsSqs(
                topics={
                    "placed": infra.AWSTopic(
                        arn=arns["topic"],
                        subscriptions={"mail": infra.AWSSubscription(url=arns["queue"])},
                    )
                }
            ),
        ),
        object_storage=(make_store(endpoint),),
    )


@pytest.fixture(scope="session")
def graph() -> graphs.Graph:
    """An app that declares what the world has."""
    at = At(file="orders/app.ts", line=1, column=1)
    files = tuple(
        graphs.MigrationFile(filename=f"{n}_x.up.sql", number=n, description="x") for n in (1, 2)
    )
    migrations = graphs.Migrations(dir="orders/migrations", source="default", files=files)
    return graphs.Graph(
        app=graphs.App(id="shop", language="typescript"),
        gateway=graphs.Gateway(),
        services=(graphs.Service(name="orders", root="orders", at=at),),
        databases=(graphs.Database(name="orders", migrations=migrations, at=at),),
        topics=(
            graphs.Topic(name="placed", delivery="at-least-once", ordering_attribute=None, at=at),
        ),
        subscriptions=(
            graphs.Subscription(
                topic="placed",
                name="mail",
                service="orders",
                ack_deadline=30,
                retention=604800,
                min_backoff=10,
                max_backoff=600,
                max_retries=100,
                max_concurrency=None,
                at=at,
            ),
        ),
        buckets=(
            graphs.Bucket(name="images", public=True, versioned=False, at=at),
            graphs.Bucket(name="receipts", public=False, versioned=True, at=at),
        ),
        caches=(graphs.Cache(name="sessions", eviction_policy="allkeys-lru", at=at),),
        secrets=(graphs.Secret(name="Stripe", services=("orders",), at=(at,)),),
    )
