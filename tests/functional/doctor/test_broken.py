"""Each thing that can be wrong, on real servers: one check fails, with a reason for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest
from tests.functional.doctor.conftest import REGION, ROLE, World

from encore_config import infra
from encore_config.graph import Graph
from encore_provisioner.doctor import Check, diagnose

Config = infra.InfraConfig


@dataclass(frozen=True, kw_only=True)
class Case:
    """``change`` breaks something and returns the config and variables to diagnose with."""

    name: str
    change: Callable[[World], tuple[Config, dict[str, str]]]
    key: tuple[str, str]
    reason: str
    hint: str = ""
    also: tuple[tuple[str, str], ...] = ()


def here(world: World) -> tuple[Config, dict[str, str]]:
    return world.config, world.environ


def variables(**changed: str | None) -> Callable[[World], tuple[Config, dict[str, str]]]:
    def change(world: World) -> tuple[Config, dict[str, str]]:
        merged = {**world.environ, **changed}
        return world.config, {name: value for name, value in merged.items() if value is not None}

    return change


def admin(*statements: str) -> Callable[[World], tuple[Config, dict[str, str]]]:
    def change(world: World) -> tuple[Config, dict[str, str]]:
        for statement in statements:
            world.as_admin(statement)
        return here(world)

    return change


def database(**changed: object) -> Callable[[World], tuple[Config, dict[str, str]]]:
    def change(world: World) -> tuple[Config, dict[str, str]]:
        [server] = world.config.sql_servers or ()
        entry = msgspec.structs.replace(server.databases[ROLE], **changed)
        server = msgspec.structs.replace(server, databases={ROLE: entry})
        return msgspec.structs.replace(world.config, sql_servers=(server,)), world.environ

    return change


def sql_tls(tls: infra.TLSConfig) -> Callable[[World], tuple[Config, dict[str, str]]]:
    def change(world: World) -> tuple[Config, dict[str, str]]:
        [server] = world.config.sql_servers or ()
        server = msgspec.structs.replace(server, tls_config=tls)
        return msgspec.structs.replace(world.config, sql_servers=(server,)), world.environ

    return change


def cache(**changed: object) -> Callable[[World], tuple[Config, dict[str, str]]]:
    def change(world: World) -> tuple[Config, dict[str, str]]:
        entry = msgspec.structs.replace((world.config.redis or {})["sessions"], **changed)
        return msgspec.structs.replace(world.config, redis={"sessions": entry}), world.environ

    return change


def stopped(kind: str) -> Callable[[World], tuple[Config, dict[str, str]]]:
    def change(world: World) -> tuple[Config, dict[str, str]]:
        server = world.fleet.postgres if kind == "postgres" else world.fleet.caches["sessions"]
        if server is not None:
            server.stop()
        return here(world)

    return change


def raw_delivery(world: World) -> tuple[Config, dict[str, str]]:
    world.sns.set_subscription_attribute(world.subscription, "RawMessageDelivery", "true")
    return here(world)


def without_redrive_policy(world: World) -> tuple[Config, dict[str, str]]:
    """The queue made anew: the local server, unlike AWS, takes no empty policy."""
    kept = {"Policy", "VisibilityTimeout", "MessageRetentionPeriod"}
    attributes = world.sqs.queue_attributes(world.queue)
    world.sqs.delete_queue(world.queue)
    name = world.queue.rpartition("/")[2]
    made = {key: value for key, value in attributes.items() if key in kept}
    world.sqs.create_queue(name, attributes=made)
    return here(world)


def delete(what: str) -> Callable[[World], tuple[Config, dict[str, str]]]:
    def change(world: World) -> tuple[Config, dict[str, str]]:
        match what:
            case "topic":
                world.sns.delete_topic(world.topic)
            case "queue":
                world.sqs.delete_queue(world.queue)
            case "dead-letter queue":
                world.sqs.delete_queue(world.dead)
            case "subscription":
                world.sns.unsubscribe(world.subscription)
            case "bucket":
                world.s3.delete_bucket("images")
        return here(world)

    return change


def foreign_policy(world: World) -> tuple[Config, dict[str, str]]:
    policy = world.sqs.queue_attributes(world.queue)["Policy"]
    other = policy.replace(world.topic, f"{world.topic}-other")
    world.sqs.set_queue_attributes(world.queue, {"Policy": other})
    return here(world)


def fifo_topic(world: World) -> tuple[Config, dict[str, str]]:
    arn = world.sns.create_topic("ledger.fifo", attributes={"FifoTopic": "true"})
    block = infra.AWSSnsSqs(topics={"ledger": infra.AWSTopic(arn=arn)})
    return msgspec.structs.replace(world.config, pubsub=(block,)), world.environ


def public_url(url: str) -> Callable[[World], tuple[Config, dict[str, str]]]:
    def change(world: World) -> tuple[Config, dict[str, str]]:
        [store] = world.config.object_storage or ()
        if not isinstance(store, infra.S3):
            raise TypeError("the world's buckets are in S3")
        bucket = infra.Bucket(name="images", public_base_url=f"{world.s3_url}{url}")
        store = msgspec.structs.replace(store, buckets={"images": bucket})
        return msgspec.structs.replace(world.config, object_storage=(store,)), world.environ

    return change


DATABASE, CACHE = ("database", "orders"), ("cache", "sessions")
SUBSCRIPTION, TOPIC = ("subscription", "placed/mail"), ("topic", "placed")
ROUND_TRIP, BUCKET = ("pubsub", "round trip"), ("bucket", "images")

CASES = (
    Case(
        name="wrong password of a database",
        change=variables(INFRA_SQL_orders_PASSWORD="not-the-password"),
        key=DATABASE,
        reason="refuses the password of role orders",
        hint="encore-infra apply",
    ),
    Case(
        name="no password of a database",
        change=variables(INFRA_SQL_orders_PASSWORD=None),
        key=DATABASE,
        reason="the variable INFRA_SQL_orders_PASSWORD is not in runtime.env",
        also=(("config", "$.sql_servers[0].databases.orders.password"),),
    ),
    Case(
        name="unknown role",
        change=database(username="nobody"),
        key=DATABASE,
        reason="refuses the password of role nobody",
    ),
    Case(
        name="unknown database",
        change=database(name="elsewhere"),
        key=DATABASE,
        reason="the database elsewhere does not exist",
    ),
    Case(
        name="stopped PostgreSQL",
        change=stopped("postgres"),
        key=DATABASE,
        reason="connection refused on 127.0.0.1:",
        hint="encore-infra apply",
    ),
    Case(
        name="a CA, but no TLS",
        change=sql_tls(
            infra.TLSConfig(ca="-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
        ),
        key=DATABASE,
        reason="offers no TLS, but the runtime config requires it",
        also=(("config", "$.sql_servers[0].tls_config.ca"),),
    ),
    Case(
        name="a CA that is none",
        change=sql_tls(infra.TLSConfig(ca="nonsense")),
        key=DATABASE,
        reason="no PEM certificate",
        also=(("config", "$.sql_servers[0].tls_config.ca"),),
    ),
    Case(
        name="a table of somebody else",
        change=admin("CREATE TABLE theirs (n int)"),
        key=DATABASE,
        reason="the role orders may not read and write public.theirs",
    ),
    Case(
        name="no right to create tables",
        change=admin("ALTER SCHEMA public OWNER TO CURRENT_USER"),
        key=DATABASE,
        reason="permission denied for schema public",
    ),
    Case(
        name="wrong password of a cache",
        change=variables(INFRA_REDIS_sessions_PASSWORD="not-the-password"),
        key=CACHE,
        reason="refuses the credentials",
        hint="encore-infra apply",
    ),
    Case(
        name="no password for a cache",
        change=cache(auth=None),
        key=CACHE,
        reason="refuses the credentials",
    ),
    Case(
        name="stopped cache",
        change=stopped("cache"),
        key=CACHE,
        reason="connection refused on 127.0.0.1:",
        hint="encore-infra apply",
    ),
    Case(
        name="no such index of a cache",
        change=cache(database_index=99),
        key=CACHE,
        reason="out of range",
    ),
    Case(
        name="TLS to a cache without it",
        change=cache(tls_config=infra.TLSConfig()),
        key=CACHE,
        reason="no TLS connection to 127.0.0.1:",
        hint="tls_config.disabled",
    ),
    Case(
        name="raw delivery",
        change=raw_delivery,
        key=SUBSCRIPTION,
        reason="raw message delivery is on",
    ),
    Case(
        name="no redrive policy",
        change=without_redrive_policy,
        key=SUBSCRIPTION,
        reason="it has no dead-letter queue",
    ),
    Case(
        name="no dead-letter queue",
        change=delete("dead-letter queue"),
        key=SUBSCRIPTION,
        reason="the dead-letter queue arn:aws:sqs:us-east-1:000000000000:placed--mail--dlq",
    ),
    Case(
        name="no queue",
        change=delete("queue"),
        key=SUBSCRIPTION,
        reason="placed--mail does not exist",
    ),
    Case(
        name="no link from topic to queue",
        change=delete("subscription"),
        key=SUBSCRIPTION,
        reason="does not feed the queue",
    ),
    Case(
        name="a policy for another topic",
        change=foreign_policy,
        key=SUBSCRIPTION,
        reason="does not let the topic",
    ),
    Case(
        name="no topic",
        change=delete("topic"),
        key=TOPIC,
        reason="the topic arn:aws:sns:us-east-1:000000000000:placed does not exist",
        also=(SUBSCRIPTION,),
    ),
    Case(
        name="another region",
        change=variables(AWS_REGION="eu-north-1"),
        key=TOPIC,
        reason=f"the topic is in {REGION}, but AWS_REGION is eu-north-1",
        also=(SUBSCRIPTION,),
    ),
    Case(
        name="no region",
        change=variables(AWS_REGION=None),
        key=TOPIC,
        reason="AWS_REGION is not in runtime.env",
        also=(("config", "$.pubsub"), ROUND_TRIP, SUBSCRIPTION),
    ),
    Case(
        name="a FIFO topic in the JSON",
        change=fifo_topic,
        key=("topic", "ledger"),
        reason="the app sends no group id and cannot publish",
        also=(("config", "$.pubsub[0].topics.ledger.arn"),),
    ),
    Case(
        name="no bucket",
        change=delete("bucket"),
        key=BUCKET,
        reason="the bucket images does not exist (NoSuchBucket)",
        hint="encore-infra apply",
    ),
    Case(
        name="a public URL that leads elsewhere",
        change=public_url("/receipts"),
        key=BUCKET,
        reason="answers 403 to a reader without credentials",
    ),
    Case(
        name="no secret",
        change=variables(INFRA_SECRET_Stripe=None),
        key=("secret", "Stripe"),
        reason="the variable INFRA_SECRET_Stripe is not in runtime.env",
        hint="encore-infra secret set Stripe",
    ),
    Case(
        name="an empty secret",
        change=variables(INFRA_SECRET_Stripe=""),
        key=("secret", "Stripe"),
        reason="the variable INFRA_SECRET_Stripe is empty",
    ),
    Case(
        name="a secret that the app would expand",
        change=variables(INFRA_SECRET_Stripe="envref:A"),
        key=("secret", "Stripe"),
        reason="starts with envref:",
    ),
    Case(
        name="no port",
        change=variables(PORT="http"),
        key=("port", "PORT"),
        reason="PORT is 'http', which is no port",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_fault_one_reason(world: World, case: Case) -> None:
    config, environ = case.change(world)
    checks = world.diagnose(config, environ)
    failed = {key for key, check in checks.items() if not check.ok}
    assert failed == {case.key, *case.also}
    assert case.reason in (checks[case.key].reason or "")
    assert case.hint in (checks[case.key].hint or "")
    assert "not-the-password" not in repr(checks)
    if case.name != "no region":
        assert world.leftovers() == []


def test_dead_letters_are_told(world: World) -> None:
    world.sqs.send(world.dead, "lost")
    check = world.diagnose()["subscription", "placed/mail"]
    assert check.ok
    assert check.detail.endswith("0 waiting, 1 dead")
    assert check.hint == "Failed for good, now in the dead-letter queue: 1."


def test_more_pools_than_connections_are_told(world: World) -> None:
    config, environ = database(max_connections=500)(world)
    check = world.diagnose(config, environ)["database", "orders"]
    assert check.ok
    assert "add up to 500 connections, more than the 197" in (check.hint or "")


def with_graph(world: World, graph: Graph) -> dict[tuple[str, str], Check]:
    checks = diagnose(world.config, world.environ, on_check=lambda _: None, graph=graph)
    return {(check.kind, check.name): check for check in checks}


def test_a_migration_that_has_not_run(world: World, graph: Graph) -> None:
    world.as_admin("UPDATE schema_migrations SET version = 1")
    reason = with_graph(world, graph)["database", "orders"].reason
    assert reason == "migration 2 of orders/migrations has not run; the database is at 1"


def test_a_dirty_migration(world: World, graph: Graph) -> None:
    world.as_admin("UPDATE schema_migrations SET dirty = true")
    reason = with_graph(world, graph)["database", "orders"].reason
    assert reason == "migration 2 is marked dirty: it failed half-way"


def test_no_migration_ever_ran(world: World, graph: Graph) -> None:
    world.as_admin("DROP TABLE schema_migrations")
    reason = with_graph(world, graph)["database", "orders"].reason
    assert reason == "migration 2 of orders/migrations has not run; none has run"


def test_another_eviction_policy(world: World, graph: Graph) -> None:
    world.redis().config_set("maxmemory-policy", "noeviction")
    reason = with_graph(world, graph)["cache", "sessions"].reason
    assert reason == "its eviction policy is noeviction, the source declares allkeys-lru"


def test_a_bucket_without_versions(world: World, graph: Graph) -> None:
    world.s3.set_versioning("receipts", False)
    reason = with_graph(world, graph)["bucket", "receipts"].reason
    assert reason == "the source declares it versioned, but it keeps no versions"


def test_a_full_cache(world: World) -> None:
    redis = world.redis()
    redis.config_set("maxmemory-policy", "noeviction")
    redis.config_set("maxmemory", "1")
    try:
        check = world.diagnose()["cache", "sessions"]
    finally:
        redis.config_set("maxmemory", "100mb")
    assert "takes no more keys" in (check.reason or "")


def test_a_policy_for_everyone(world: World) -> None:
    """It lets the topic send, too."""
    queue = world.sqs.queue_attributes(world.queue)["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["SQS:SendMessage"],
        "Resource": [queue],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    world.sqs.set_queue_attributes(world.queue, {"Policy": policy})
    assert world.diagnose()["subscription", "placed/mail"].ok
