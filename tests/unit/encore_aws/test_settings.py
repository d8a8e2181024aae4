"""What an environment says of AWS, with every default filled in, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest
from tests.support.aws_program import ACCOUNT, REGION, settings_of
from tests.support.pages import RIGHT, WRONG, apps

from encore_aws.naming import Names
from encore_aws.settings import Bucket, Cache, Containers, Database, Network, settings
from encore_config.environment import (
    BucketSettings,
    CacheSettings,
    CorsRule,
    DatabaseSettings,
    EnvironmentType,
    MetricsSettings,
    Ports,
    Postgres,
    SecretSettings,
    Subnets,
)
from encore_config.environment import Containers as GivenContainers
from encore_config.environment import Network as GivenNetwork
from encore_config.rules import load
from encore_provisioner.environments import read_environments, resolve
from encore_provisioner.errors import EnvironmentFileError

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"


def database(
    found: Mapping[str, Mapping[str, Any]],
    name: str | None = None,
    kind: EnvironmentType = "production",
) -> Database:
    given = {key: DatabaseSettings(**value) for key, value in found.items()}
    return settings_of(kind, databases=given).database(name)


PRODUCTION = Database(
    layout="shared",
    size="db.t4g.medium",
    version=17,
    storage=20,
    max_storage=500,
    multi_az=True,
    backup_days=14,
    protect=True,
    final_snapshot=True,
    performance_insights=True,
    certificate_authority="rds-ca-rsa2048-g1",
)
EPHEMERAL = Database(
    layout="shared",
    size="db.t4g.micro",
    version=17,
    storage=20,
    max_storage=40,
    multi_az=False,
    backup_days=0,
    protect=False,
    final_snapshot=False,
    performance_insights=False,
    certificate_authority="rds-ca-rsa2048-g1",
)


def test_production_is_protected_and_survives_the_loss_of_a_zone() -> None:
    made = settings_of("production")
    assert made.network == Network(cidr="10.0.0.0/16", zones=3, nat="gateway")
    assert made.database(None) == PRODUCTION
    assert made.cache("sessions") == Cache(
        engine="valkey",
        version=None,
        size="cache.t4g.small",
        replicas=1,
        multi_az=True,
        backup_days=1,
        protect=True,
    )
    assert made.bucket("images") == Bucket(
        cors=(), cache_seconds=86_400, protect=True, empty_on_destroy=False
    )
    assert made.containers == Containers(
        layout="combined",
        image=None,
        replicas=2,
        worker_threads=1,
        cpu=512,
        memory=1024,
        log_days=90,
        trust="ecs",
    )
    assert (made.protect, made.recovery_days, made.namespace, made.key) == (True, 30, None, None)


def test_development_is_small_and_keeps_what_was_deleted_by_mistake() -> None:
    made = settings_of("development")
    assert made.network == Network(cidr="10.0.0.0/16", zones=2, nat="instance")
    assert (made.protect, made.recovery_days, made.containers.replicas) == (False, 7, 1)
    found = made.database(None)
    assert (found.size, found.backup_days, found.final_snapshot) == ("db.t4g.micro", 3, True)
    assert (made.cache("a").replicas, made.bucket("a").empty_on_destroy) == (0, False)


@pytest.mark.parametrize("kind", ["ephemeral", "test"])
def test_what_comes_and_goes_leaves_nothing(kind: EnvironmentType) -> None:
    made = settings_of(kind)
    assert made.database(None) == EPHEMERAL
    assert made.bucket("a") == Bucket(
        cors=(), cache_seconds=86_400, protect=False, empty_on_destroy=True
    )
    assert (made.protect, made.recovery_days) == (False, 0)
    assert (made.cache("a").replicas, made.cache("a").protect) == (0, False)


def test_one_resource_lies_over_all_and_all_over_the_default() -> None:
    given: dict[str, dict[str, Any]] = {
        "defaults": {"size": "db.t4g.small", "backup_days": 7},
        "orders": {"backup_days": 0},
    }
    found = database(given, "orders")
    assert (found.size, found.backup_days, found.version) == ("db.t4g.small", 0, 17)
    found = database(given, "stock")
    assert (found.size, found.backup_days) == ("db.t4g.small", 7)


def test_false_and_nought_and_an_empty_list_are_said() -> None:
    made = settings_of(
        protect=True,
        databases={"a": DatabaseSettings(protect=False, multi_az=False)},
        buckets={
            "defaults": BucketSettings(cors=(CorsRule(origins=("*",)),)),
            "a": BucketSettings(cors=(), cache_seconds=0),
        },
        secrets=SecretSettings(recovery_days=0),
    )
    assert (made.database("a").protect, made.database("a").multi_az) == (False, False)
    assert (made.bucket("a").cors, made.bucket("a").cache_seconds) == ((), 0)
    assert made.bucket("b").cors == (CorsRule(origins=("*",)),)
    assert made.recovery_days == 0


def test_protect_of_all_counts_where_a_resource_says_nothing() -> None:
    made = settings_of("development", protect=True, caches={"loose": CacheSettings(protect=False)})
    assert (made.cache("kept").protect, made.cache("loose").protect) == (True, False)
    assert (made.bucket("any").protect, made.database(None).protect) == (True, True)


SERVER_KEYS = {
    "size": "db.t4g.small",
    "version": 16,
    "storage": 50,
    "max_storage": 90,
    "multi_az": False,
    "backup_days": 1,
    "protect": False,
    "final_snapshot": False,
    "performance_insights": False,
    "certificate_authority": "rds-ca-ecc384-g1",
}


@pytest.mark.parametrize("key", SERVER_KEYS)
def test_who_says_something_of_a_databases_server_gets_one_of_its_own(key: str) -> None:
    given = {"orders": {key: SERVER_KEYS[key]}}
    assert database(given, "orders").is_own
    assert not database(given, "stock").is_own
    assert not database(given).is_own
    assert not database({"defaults": given["orders"]}, "orders").is_own


def test_the_keys_of_a_server_are_all_but_two() -> None:
    others = {"layout": "shared", "max_connections": 5}
    assert {*SERVER_KEYS, *others} == set(DatabaseSettings.__struct_fields__)
    for key, value in others.items():
        assert not database({"orders": {key: value}}, "orders").is_own


def test_a_database_called_defaults_has_what_all_have_and_no_server_of_its_own() -> None:
    found = database({"defaults": {"size": "db.m7g.large"}}, "defaults")
    assert (found.size, found.is_own) == ("db.m7g.large", False)


@pytest.mark.parametrize(
    ("kind", "given", "storage", "most"),
    [
        ("production", {}, 20, 500),
        ("ephemeral", {"storage": 30}, 30, 60),
        ("production", {"storage": 1000}, 1000, 2000),
        ("ephemeral", {"storage": 100, "max_storage": 110}, 100, 110),
        ("ephemeral", {"storage": 100, "max_storage": 100}, 100, 100),
        # A tenth more than this is more than RDS has, so the disk stays as it is.
        ("production", {"storage": 60_000}, 60_000, 60_000),
        ("production", {"storage": 59_000}, 59_000, 65_536),
    ],
)
def test_storage_can_double_unless_the_file_says_otherwise(
    kind: EnvironmentType, given: dict[str, int], storage: int, most: int
) -> None:
    found = database({"orders": given}, "orders", kind)
    assert (found.storage, found.max_storage) == (storage, most)


@pytest.mark.parametrize(
    ("given", "multi_az"),
    [
        ({}, True),
        ({"replicas": 0}, False),
        ({"replicas": 0, "multi_az": True}, True),
        ({"replicas": 2, "multi_az": False}, False),
    ],
)
def test_a_cache_without_a_replica_has_nothing_that_takes_over(
    given: dict[str, Any], multi_az: bool
) -> None:
    made = settings_of(caches={"defaults": CacheSettings(**given)})
    assert made.cache("a").multi_az is multi_az


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-north-1", "aws", "amazonaws.com"),
        ("ap-southeast-2", "aws", "amazonaws.com"),
        ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_where_a_region_lies(region: str, partition: str, suffix: str) -> None:
    made = settings_of(region=region)
    assert (made.partition, made.dns_suffix) == (partition, suffix)


def test_metrics_go_where_the_file_says() -> None:
    given = MetricsSettings(exporter="cloudwatch", namespace="shop")
    assert settings_of(metrics=given).namespace == "shop"
    none = MetricsSettings(exporter="none", namespace="shop")
    assert settings_of(metrics=none).namespace is None


def test_every_setting_of_all_kinds_is_handed_on() -> None:
    made = settings_of(
        key=KEY,
        tags={"team": "shop", "cost": "1"},
        network=GivenNetwork(cidr="10.8.0.0/20", zones=2, nat="none"),
        containers=GivenContainers(replicas=5, image="shop:1", layout="per-service"),
        trust=f"arn:aws:iam::{ACCOUNT}:role/runner",
    )
    assert made.network == Network(cidr="10.8.0.0/20", zones=2, nat="none")
    found = asdict(made.containers)
    assert (found["replicas"], found["image"], found["layout"]) == (5, "shop:1", "per-service")
    assert found["trust"] == f"arn:aws:iam::{ACCOUNT}:role/runner"
    assert (made.key, list(made.tags)) == (KEY, ["cost", "team"])


def cors(**rule: Any) -> dict[str, Any]:
    return {"buckets": {"a": BucketSettings(cors=(CorsRule(**rule),))}}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"region": None}, "names no region"),
    ({"region": "eu-north-1a"}, "`eu-north-1a` is no region"),
    ({"region": "us-iso-east-1"}, "is no region that encore-infra knows"),
    ({"region": "eusc-de-east-1"}, "is no region that encore-infra knows"),
    ({"id": "ABC"}, "cannot be part of a bucket's name"),
    ({"id": "k3f"}, "cannot be part of a bucket's name"),
    ({"key": "alias/mine"}, "is not the ARN of a key"),
    ({"key": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/mine"}, "is not the ARN of a key"),
    ({"key": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"}, "lies in us-east-1, the environment in"),
    ({"tags": {f"t{n}": "" for n in range(41)}}, "41 tags"),
    ({"tags": {"aws:team": "x"}}, "is a tag of AWS"),
    ({"tags": {"Encore:app": "x"}}, "is a tag of encore-infra"),
    ({"tags": {"team": "a;b"}}, "AWS does not take `team: a;b`"),
    ({"tags": {"": "x"}}, "AWS does not take"),
    ({"tags": {"team": "x", "Team": "y"}}, "`Team` is there twice but for its case"),
    ({"tags": {"team": "x" * 257}}, "AWS does not take"),
    ({"ports": Ports()}, "ports has no meaning"),
    ({"postgres": Postgres()}, "postgres has no meaning"),
    ({"network": GivenNetwork(subnets=Subnets())}, "has subnets but no vpc"),
    ({"network": GivenNetwork(cidr="10.0.0.1/16")}, "`10.0.0.1/16` is no network"),
    ({"network": GivenNetwork(cidr="fd00::/56")}, "is no network of IPv4"),
    ({"network": GivenNetwork(cidr="10.0.0.0/23")}, "10.0.0.0/23 is smaller than can be used"),
    ({"network": GivenNetwork(cidr="10.0.0.0/8")}, "10.0.0.0/8 is larger than can be used"),
    ({"network": GivenNetwork(cidr="127.0.0.0/16")}, "127.0.0.0/16 means something else"),
    ({"network": GivenNetwork(cidr="240.0.0.0/16")}, "240.0.0.0/16 means something else"),
    ({"trust": "lambda"}, "is neither ec2, ecs, eks nor an ARN"),
    ({"metrics": MetricsSettings(exporter="cloudwatch")}, "names no namespace"),
    ({"metrics": MetricsSettings(namespace="shop")}, "says nothing without an exporter"),
    ({"secrets": SecretSettings(recovery_days=6)}, "0 or 7 to 30 days, not 6"),
    ({"containers": GivenContainers(log_days=31)}, "does not keep logs 31 days"),
    ({"databases": {"a": DatabaseSettings(storage=50, max_storage=54)}}, "a: storage of 50 GiB"),
    (
        {
            "databases": {
                "defaults": DatabaseSettings(max_storage=40),
                "a": DatabaseSettings(storage=50),
            }
        },
        "a: storage of 50 GiB cannot grow to 40",
    ),
    (cors(origins=("https://*.shop.*",)), "a.cors: `https://*.shop.*` has more than one *"),
    (cors(origins=("*",), headers=("x-*-*",)), "a.cors: `x-*-*` has more than one *"),
    (cors(origins=("*",), expose=("*",)), "a.cors: `*` is no name of a header"),
    (
        {"buckets": {"a": BucketSettings(cors=(CorsRule(origins=("*",)),) * 101)}},
        "a.cors: 101 rules",
    ),
]
_OWN = GivenNetwork(
    vpc="vpc-1", subnets=Subnets(compute=("subnet-a",), storage=("subnet-b", "subnet-c"))
)


@pytest.mark.parametrize(("given", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_cannot_be_is_refused_with_what_to_do(given: dict[str, Any], words: str) -> None:
    with pytest.raises(EnvironmentFileError) as caught:
        settings_of(**given)
    assert caught.value.code == "bad-aws-settings"
    [found] = caught.value.diagnostics
    assert found.code == "E9201"
    assert found.message.startswith("environments.production")
    assert words in found.message
    assert found.hint
    assert (caught.value.message, caught.value.hint) == (found.message, found.hint)


@pytest.mark.parametrize(
    "given",
    [
        {"network": _OWN},
        {"network": GivenNetwork(cidr="10.0.0.0/22")},
        {"tags": {"Team ü": "a b_.:/=+-@", "none": ""}},
        {"secrets": SecretSettings(recovery_days=7)},
        {"containers": GivenContainers(log_days=3653)},
        {"key": KEY},
        {"trust": "eks"},
        cors(origins=("https://*.shop.com",), headers=("*",), expose=("ETag",)),
    ],
    ids=str,
)
def test_the_nearest_thing_to_a_mistake_is_taken(given: dict[str, Any]) -> None:
    assert settings_of(**given)


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"cidr": "10.0.0.0/16", "zones": 3, "nat": "none"}, 3),
        ({"subnets": Subnets(compute=("subnet-a",), storage=("subnet-b", "subnet-b"))}, 1),
        ({"subnets": None}, 2),
    ],
    ids=["what is for a new network", "one subnet twice", "no subnets"],
)
def test_a_network_of_ones_own_needs_its_subnets_and_nothing_else(
    given: dict[str, Any], count: int
) -> None:
    own = {"vpc": "vpc-1", "subnets": _OWN.subnets, **given}
    with pytest.raises(EnvironmentFileError) as caught:
        settings_of(network=GivenNetwork(**own))
    assert len(caught.value.diagnostics) == count


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(EnvironmentFileError) as caught:
        settings_of(region=None, trust="x", ports=Ports())
    assert len(caught.value.diagnostics) == 3
    assert caught.value.message == "environments.production has 3 settings that cannot be"


FILE = b"""\
environments:
  production:
    provider: aws
    region: eu-north-1
    account: "111122223333"
    id: k3f9ab
    type: production
    databases: {defaults: {size: db.t4g.large}, orders: {size: db.m7g.large, multi_az: true}}
    network: {nat: gateway_per_zone}
    tags: {team: shop}
  "pr-*":
    extends: production
    type: ephemeral
    network: {zones: 2}
    databases: {defaults: {size: db.t4g.micro}}
"""


def test_an_environment_of_a_pattern_has_the_defaults_of_its_own_type() -> None:
    made = settings(resolve(read_environments(FILE), "pr-7"))
    assert (made.environment, made.region, made.account) == ("pr-7", REGION, ACCOUNT)
    assert (made.network.nat, made.network.zones) == ("gateway_per_zone", 2)
    assert made.database("stock").size == "db.t4g.micro"
    assert (made.database("orders").size, made.database("orders").is_own) == ("db.m7g.large", True)
    assert (made.database("orders").backup_days, made.protect) == (0, False)
    assert made.tags == {"team": "shop"}


def test_environments_that_share_an_id_never_share_a_name() -> None:
    """So a pattern may take over the id: a bucket's name holds a hash of the environment's too."""
    file = read_environments(FILE)
    made = [settings(resolve(file, name)) for name in ("production", "pr-1", "pr-11", "pr-1-1")]
    assert {found.id for found in made} == {"k3f9ab"}
    for app in ("shop", "a" * 80):
        for declared in ("images", "1-images", "b" * 80):
            names = {
                Names(app=app, environment=found.environment, id=found.id).name("bucket", declared)
                for found in made
            }
            assert len(names) == len(made)


def test_the_example_on_the_page_of_diagnostics() -> None:
    shown = apps(load()["E9201"], ())
    files = {version: app["encore.infra.yaml"] for version, app in shown.items()}
    right, wrong = (
        resolve(read_environments(files[version].encode()), "production")
        for version in (RIGHT, WRONG)
    )
    assert settings(right).region == REGION
    with pytest.raises(EnvironmentFileError, match="names no region"):
        settings(wrong)
