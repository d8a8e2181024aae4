"""CloudFront. Of a distribution's configuration what AWS shows is read back for the few properties
that stand alone; the rest stays as the state has it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from tests.support.aws_plugin.aws import Aws, found, listed, told
from tests.support.aws_plugin.kind import Kind, names
from tests.support.aws_plugin.wire import Props

_PLAIN: Final = {
    "enabled": "Enabled",
    "comment": "Comment",
    "defaultRootObject": "DefaultRootObject",
    "priceClass": "PriceClass",
    "httpVersion": "HttpVersion",
    "isIpv6Enabled": "IsIPV6Enabled",
}


def _several(items: list[Any] | None, key: str = "Items") -> Props:
    return {"Quantity": len(items or []), key: items or []}


def _config(inputs: Props, reference: str) -> Props:
    behaviour = inputs["defaultCacheBehavior"]
    methods = _several(behaviour["allowedMethods"])
    return {
        "CallerReference": reference,
        "Comment": inputs.get("comment") or "",
        "Enabled": inputs["enabled"],
        "DefaultRootObject": inputs.get("defaultRootObject") or "",
        "PriceClass": inputs.get("priceClass") or "PriceClass_All",
        "HttpVersion": inputs.get("httpVersion") or "http2",
        "IsIPV6Enabled": bool(inputs.get("isIpv6Enabled")),
        "Aliases": _several(inputs.get("aliases")),
        "Origins": _several([_origin(origin) for origin in inputs["origins"]]),
        "DefaultCacheBehavior": {
            "TargetOriginId": behaviour["targetOriginId"],
            "ViewerProtocolPolicy": behaviour["viewerProtocolPolicy"],
            "CachePolicyId": behaviour.get("cachePolicyId") or "",
            "Compress": bool(behaviour.get("compress")),
            "AllowedMethods": {
                **methods,
                "CachedMethods": _several(behaviour["cachedMethods"]),
            },
        },
        "Restrictions": {
            "GeoRestriction": {
                "RestrictionType": inputs["restrictions"]["geoRestriction"]["restrictionType"],
                "Quantity": 0,
            }
        },
        "ViewerCertificate": {
            "CloudFrontDefaultCertificate": bool(
                inputs["viewerCertificate"].get("cloudfrontDefaultCertificate")
            )
        },
    }


def _origin(origin: Props) -> Props:
    return {
        "Id": origin["originId"],
        "DomainName": origin["domainName"],
        "OriginPath": "",
        "CustomHeaders": {"Quantity": 0},
        "OriginAccessControlId": origin.get("originAccessControlId") or "",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }


def _make_distribution(aws: Aws, inputs: Props) -> str:
    page = aws.call(
        "cloudfront",
        "create_distribution_with_tags",
        DistributionConfigWithTags={
            "DistributionConfig": _config(inputs, str(uuid.uuid4())),
            "Tags": {"Items": listed(inputs.get("tags"))},
        },
    )
    return str(page["Distribution"]["Id"])


def _look_at_distribution(aws: Aws, id_: str, state: Props) -> Props | None:
    page = aws.ask("cloudfront", "get_distribution", Id=id_)
    if page is None:
        return None
    there = page["Distribution"]
    config = there["DistributionConfig"]
    tags = aws.call("cloudfront", "list_tags_for_resource", Resource=there["ARN"])
    kept = {name: value for name, value in state.items() if name not in ("tags", "tagsAll")}
    return {
        **kept,
        **found(config, **_PLAIN),
        "arn": there["ARN"],
        "domainName": there["DomainName"],
        "hostedZoneId": "Z2FDTNDATAQYW2",
        "status": "Deployed",
        "etag": page.get("ETag", ""),
        **told(tags["Tags"]["Items"]),
    }


def _configure(aws: Aws, id_: str, new: Props) -> str:
    page = aws.call("cloudfront", "get_distribution_config", Id=id_)
    reference = page["DistributionConfig"]["CallerReference"]
    changed = aws.call(
        "cloudfront",
        "update_distribution",
        Id=id_,
        IfMatch=page["ETag"],
        DistributionConfig=_config(new, reference),
    )
    return str(changed["ETag"])


def _change_distribution(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    if "tags" in keys:
        _change_tags(aws, old["arn"], old, new)
    if keys - {"tags"}:
        _configure(aws, id_, new)


def _change_tags(aws: Aws, arn: str, old: Props, new: Props) -> None:
    before, after = old.get("tags") or {}, new.get("tags") or {}
    gone = sorted(set(before) - set(after))
    if gone:
        aws.call("cloudfront", "untag_resource", Resource=arn, TagKeys={"Items": gone})
    if after != before:
        aws.call("cloudfront", "tag_resource", Resource=arn, Tags={"Items": listed(after)})


def _drop_distribution(aws: Aws, id_: str, state: Props) -> None:
    """It is switched off first; AWS refuses otherwise."""
    etag = _configure(aws, id_, {**state, "enabled": False})
    aws.call("cloudfront", "delete_distribution", Id=id_, IfMatch=etag)


def _access_config(inputs: Props) -> Props:
    return {
        "Name": inputs["name"],
        "Description": inputs.get("description") or "",
        "SigningProtocol": inputs["signingProtocol"],
        "SigningBehavior": inputs["signingBehavior"],
        "OriginAccessControlOriginType": inputs["originAccessControlOriginType"],
    }


def _make_access(aws: Aws, inputs: Props) -> str:
    page = aws.call(
        "cloudfront",
        "create_origin_access_control",
        OriginAccessControlConfig=_access_config(inputs),
    )
    return str(page["OriginAccessControl"]["Id"])


def _look_at_access(aws: Aws, id_: str, state: Props) -> Props | None:
    del state
    page = aws.ask("cloudfront", "get_origin_access_control", Id=id_)
    if page is None:
        return None
    config = page["OriginAccessControl"]["OriginAccessControlConfig"]
    return {
        **found(config, "name", "description", "signingProtocol", "signingBehavior"),
        **found(config, "originAccessControlOriginType"),
        "arn": aws.arn("cloudfront", f"origin-access-control/{id_}", is_global=True),
        "etag": page.get("ETag", ""),
    }


def _change_access(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    del old, keys
    etag = aws.call("cloudfront", "get_origin_access_control", Id=id_).get("ETag", "")
    aws.call(
        "cloudfront",
        "update_origin_access_control",
        Id=id_,
        IfMatch=etag,
        OriginAccessControlConfig=_access_config(new),
    )


def _drop_access(aws: Aws, id_: str, state: Props) -> None:
    del state
    etag = aws.call("cloudfront", "get_origin_access_control", Id=id_).get("ETag", "")
    aws.call("cloudfront", "delete_origin_access_control", Id=id_, IfMatch=etag)


def _policy_config(inputs: Props) -> Props:
    asked = inputs["parametersInCacheKeyAndForwardedToOrigin"]
    header_names = (asked["headersConfig"].get("headers") or {}).get("items")
    headers = {"Headers": _several(header_names)} if header_names else {}
    return {
        "Name": inputs["name"],
        "Comment": inputs.get("comment") or "",
        "MinTTL": inputs.get("minTtl") or 0,
        "DefaultTTL": inputs.get("defaultTtl", 86_400),
        "MaxTTL": inputs.get("maxTtl", 31_536_000),
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": bool(asked.get("enableAcceptEncodingGzip")),
            "EnableAcceptEncodingBrotli": bool(asked.get("enableAcceptEncodingBrotli")),
            "HeadersConfig": {
                "HeaderBehavior": asked["headersConfig"]["headerBehavior"],
                **headers,
            },
            "CookiesConfig": {"CookieBehavior": asked["cookiesConfig"]["cookieBehavior"]},
            "QueryStringsConfig": {
                "QueryStringBehavior": asked["queryStringsConfig"]["queryStringBehavior"]
            },
        },
    }


def _make_policy(aws: Aws, inputs: Props) -> str:
    page = aws.call("cloudfront", "create_cache_policy", CachePolicyConfig=_policy_config(inputs))
    return str(page["CachePolicy"]["Id"])


def _look_at_policy(aws: Aws, id_: str, state: Props) -> Props | None:
    page = aws.ask("cloudfront", "get_cache_policy", Id=id_)
    if page is None:
        return None
    config = page["CachePolicy"]["CachePolicyConfig"]
    shown = found(config, "name", minTtl="MinTTL", defaultTtl="DefaultTTL", maxTtl="MaxTTL")
    return {**state, **shown, "etag": page.get("ETag", "")}


def _change_policy(aws: Aws, id_: str, old: Props, new: Props, keys: frozenset[str]) -> None:
    del old, keys
    etag = aws.call("cloudfront", "get_cache_policy", Id=id_)["ETag"]
    aws.call(
        "cloudfront",
        "update_cache_policy",
        Id=id_,
        IfMatch=etag,
        CachePolicyConfig=_policy_config(new),
    )


def _drop_policy(aws: Aws, id_: str, state: Props) -> None:
    del state
    etag = aws.call("cloudfront", "get_cache_policy", Id=id_)["ETag"]
    aws.call("cloudfront", "delete_cache_policy", Id=id_, IfMatch=etag)


KINDS: Final[Mapping[str, Kind]] = {
    "aws:cloudfront/distribution:Distribution": Kind(
        what="CloudFront Distribution",
        make=_make_distribution,
        look=_look_at_distribution,
        drop=_drop_distribution,
        change=_change_distribution,
        defaults={
            "httpVersion": "http2",
            "priceClass": "PriceClass_All",
            "retainOnDelete": False,
            "staging": False,
            "waitForDeployment": True,
        },
        computed=names("arn", "domainName", "hostedZoneId", "status", "etag"),
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": Kind(
        what="CloudFront Origin Access Control",
        name="name",
        autonamed=True,
        make=_make_access,
        look=_look_at_access,
        drop=_drop_access,
        change=_change_access,
        computed=frozenset({"arn", "etag"}),
    ),
    "aws:cloudfront/cachePolicy:CachePolicy": Kind(
        what="CloudFront Cache Policy",
        name="name",
        autonamed=True,
        make=_make_policy,
        look=_look_at_policy,
        drop=_drop_policy,
        change=_change_policy,
        defaults={"defaultTtl": 86_400, "maxTtl": 31_536_000},
        computed=frozenset({"arn", "etag"}),
    ),
}
