"""What AWS does not take is told before anything is planned; what it takes is not."""

from __future__ import annotations

from typing import Any

import pytest

from encore_aws.mistakes import mistakes
from encore_config.environment import (
    Adopt,
    AdoptedCache,
    AdoptedDatabase,
    BucketSettings,
    Containers,
    CorsRule,
    Environment,
    EnvironmentEntry,
    MetricsSettings,
    Network,
    Subnets,
)

SECRET = "arn:aws:secretsmanager:eu-north-1:111122223333:secret:x-AbCdEf"


def told(**keys: Any) -> list[str]:
    entry = EnvironmentEntry(**{"provider": "aws", "region": "eu-north-1", **keys})
    found = mistakes(Environment(name="live", provider="aws", settings=entry))
    return [f"{item.message} / {item.hint}" for item in found]


REGIONS = (
    *("af-south-1", "ap-northeast-3", "ap-southeast-7", "ca-west-1", "cn-northwest-1"),
    *("eu-central-2", "il-central-1", "me-south-1", "mx-central-1", "sa-east-1"),
    *("us-east-2", "us-gov-east-1", "xy-north-9"),
)


@pytest.mark.parametrize("region", REGIONS)
def test_regions_are_known_by_their_form(region: str) -> None:
    """AWS adds some each year; none of them needs a new version of this."""
    assert told(region=region) == []


@pytest.mark.parametrize(
    ("region", "meant"),
    [
        ("eu-nroth-1", "did you mean `eu-north-1`?"),
        ("us-eats-1", "did you mean `us-east-1`?"),
        ("EU-NORTH-1", "did you mean `eu-north-1`?"),
        ("eu-north-1a", "did you mean `eu-north-1`?"),
        ("us-iso-east-1", "sovereign regions are not supported"),
        ("eusc-de-east-1", "sovereign regions are not supported"),
        ("mars", "such as eu-north-1"),
        (" ", "such as eu-north-1"),
    ],
)
def test_a_misspelt_region_is_told_with_what_was_meant(region: str, meant: str) -> None:
    (found,) = told(region=region)
    assert f"`{region}` is no region that encore-infra knows" in found
    assert meant in found


def own(**subnets: Any) -> Network:
    tiers = {"compute": ("subnet-0a1b2c3d",), "storage": ("subnet-01", "subnet-02"), **subnets}
    return Network(vpc="vpc-0a1b2c3d4e5f60718", subnets=Subnets(**tiers))


def adopted(**keys: Any) -> Adopt:
    database = {"instance": "old", "username": "me", "password": SECRET}
    group = keys.pop("group", "old-cache")
    return Adopt(
        databases={"orders": AdoptedDatabase(**{**database, **keys})},
        caches={"sessions": AdoptedCache(group=group)},
    )


def cors(*origins: str) -> dict[str, BucketSettings]:
    return {"images": BucketSettings(cors=(CorsRule(origins=origins),))}


def metrics(namespace: str) -> MetricsSettings:
    return MetricsSettings(exporter="cloudwatch", namespace=namespace)


@pytest.mark.parametrize(
    "keys",
    [
        {"network": own()},
        {"network": own(public=("subnet-0f",))},
        {"metrics": metrics("shop/live")},
        {"metrics": metrics("Shop #1: live_x.y-z")},
        {"adopt": adopted()},
        {"adopt": adopted(instance="Old-1", database="any name")},
        {"buckets": cors("*", "https://shop.example.com", "http://localhost:3000")},
        {"buckets": cors("https://*.example.com", "capacitor://localhost")},
        {"containers": Containers(image="ghcr.io/acme/shop:1.2")},
        {"containers": Containers(image="localhost:5000/Shop@sha256:" + "0" * 64)},
    ],
)
def test_what_aws_takes_is_no_mistake(keys: dict[str, Any]) -> None:
    assert told(**keys) == []


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"network": Network(vpc="mine", subnets=own().subnets)}, "network.vpc: `mine`"),
        ({"network": own(compute=("compute-a",))}, "network.subnets.compute: `compute-a`"),
        ({"network": own(public=("",))}, "network.subnets.public: ``"),
        ({"metrics": metrics(":shop")}, "metrics.namespace: `:shop`"),
        ({"metrics": metrics("AWS/Lambda")}, "metrics.namespace: `AWS/Lambda`"),
        ({"metrics": metrics("größe")}, "metrics.namespace: `größe`"),
        ({"metrics": metrics("{{topic/x}}")}, "metrics.namespace: `{{topic/x}}`"),
        ({"adopt": adopted(instance="")}, "adopt.databases.orders.instance: ``"),
        (
            {"adopt": adopted(instance="arn:aws:rds:eu-north-1:111122223333:db:old")},
            "adopt.databases.orders.instance: `arn:aws:rds",
        ),
        ({"adopt": adopted(username="")}, "adopt.databases.orders.username"),
        ({"adopt": adopted(group="old.cache.amazonaws.com")}, "adopt.caches.sessions.group: `old."),
        ({"buckets": cors("https://shop.example.com/")}, "buckets.images.cors: "),
        ({"buckets": cors("shop.example.com")}, "buckets.images.cors: `shop.example.com`"),
        ({"containers": Containers(image="no image")}, "containers.image: `no image`"),
        ({"containers": Containers(image="")}, "containers.image: ``"),
        ({"key": "arn:aws:kms:eu-north-1:111122223333:key/{{x}}"}, "key: `arn:aws:kms"),
    ],
)
def test_what_aws_does_not_take_is_told_with_its_place(keys: dict[str, Any], what: str) -> None:
    (found,) = told(**keys)
    assert found.startswith(f"environments.live.{what}")
