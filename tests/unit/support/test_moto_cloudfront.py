"""Cache policies of CloudFront: made, changed, in use, gone."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Any


def config(name: str = "images", **more: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "MinTTL": 0,
        "DefaultTTL": 60,
        "MaxTTL": 600,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": True,
            "EnableAcceptEncodingBrotli": True,
            "HeadersConfig": {
                "HeaderBehavior": "whitelist",
                "Headers": {"Quantity": 1, "Items": ["Origin"]},
            },
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        },
        **more,
    }


def distribution(policy: str) -> dict[str, Any]:
    return {
        "CallerReference": "r",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "b.s3.amazonaws.com"}]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": policy,
        },
    }


def test_a_policy_is_made_changed_and_listed(client: Client) -> None:
    cloudfront = client("cloudfront")
    made = cloudfront.create_cache_policy(CachePolicyConfig=config())
    id_ = made["CachePolicy"]["Id"]
    found = cloudfront.get_cache_policy(Id=id_)
    assert found["CachePolicy"]["CachePolicyConfig"] == config()
    assert found["ETag"] == made["ETag"]
    new = cloudfront.update_cache_policy(
        Id=id_, IfMatch=found["ETag"], CachePolicyConfig=config(MaxTTL=900)
    )
    assert new["ETag"] != found["ETag"]
    (item,) = cloudfront.list_cache_policies(Type="custom")["CachePolicyList"]["Items"]
    assert item["CachePolicy"]["CachePolicyConfig"]["MaxTTL"] == 900
    with pytest.raises(ClientError, match="PreconditionFailed"):
        cloudfront.delete_cache_policy(Id=id_, IfMatch=found["ETag"])
    cloudfront.delete_cache_policy(Id=id_, IfMatch=new["ETag"])
    with pytest.raises(ClientError, match="NoSuchCachePolicy"):
        cloudfront.get_cache_policy(Id=id_)


def test_there_is_one_of_each_name(client: Client) -> None:
    client("cloudfront").create_cache_policy(CachePolicyConfig=config())
    with pytest.raises(ClientError, match="CachePolicyAlreadyExists"):
        client("cloudfront").create_cache_policy(CachePolicyConfig=config())


def test_one_in_use_stays(client: Client) -> None:
    cloudfront = client("cloudfront")
    made = cloudfront.create_cache_policy(CachePolicyConfig=config())
    id_ = made["CachePolicy"]["Id"]
    cloudfront.create_distribution(DistributionConfig=distribution(id_))
    with pytest.raises(ClientError, match="CachePolicyInUse"):
        cloudfront.delete_cache_policy(Id=id_, IfMatch=made["ETag"])
