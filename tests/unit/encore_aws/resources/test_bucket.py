"""Buckets: nothing is open but what was declared public, and that through one door."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, run, settings_of
from tests.support.graphs import at, bucket, graph

from encore_aws.naming import Names
from encore_aws.resources import bucket as kind
from encore_config.environment import Adopt, BucketSettings, CorsRule
from encore_config.graph import Graph
from encore_config.plan import UNKNOWN
from encore_provisioner.engine.recording import Recorded

APP = graph(buckets=(bucket("invoices", versioned=True), bucket("Pictures", public=True)))
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
PRIVATE, PUBLIC = "bucket/invoices", "bucket/Pictures"


def made(
    app: Graph = APP,
    *,
    names: Names = NAMES,
    key: str | None = None,
    adopt: Adopt | None = None,
    **all_: Any,
) -> dict[str, Recorded]:
    """``all_``: settings of all buckets."""
    settings = settings_of(key=key, adopt=adopt, buckets={"defaults": BucketSettings(**all_)})
    wanted = kind.normalise(app, settings, names)
    return by_name(run(lambda stage: kind.create(wanted, stage), made=True)[0])


def statements(found: dict[str, Recorded], name: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(found[f"{name}#policy"].inputs["policy"])["Statement"]
    return listed


@pytest.mark.parametrize("name", [PRIVATE, PUBLIC])
def test_every_bucket_is_closed_and_encrypted(name: str) -> None:
    found = made()
    closed = found[f"{name}#closed"].inputs
    assert {key for key, value in closed.items() if value is True} == {
        "blockPublicAcls",
        "blockPublicPolicy",
        "ignorePublicAcls",
        "restrictPublicBuckets",
    }
    assert found[f"{name}#owner"].inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    [rule] = found[f"{name}#encryption"].inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    [rule] = made(key=KEY)[f"{name}#encryption"].inputs["rules"]
    assert rule == {
        "applyServerSideEncryptionByDefault": {"kmsMasterKeyId": KEY, "sseAlgorithm": "aws:kms"},
        "bucketKeyEnabled": True,
    }


@pytest.mark.parametrize("name", [PRIVATE, PUBLIC])
def test_nobody_comes_without_tls(name: str) -> None:
    deny = statements(made(), name)[0]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(deny["Resource"]) == 2
    assert f"{name}#closed" in {r.rpartition("::")[2] for r in made()[f"{name}#policy"].depends_on}


def test_a_private_bucket_lets_nobody_in_by_its_policy() -> None:
    found = made()
    assert [s["Effect"] for s in statements(found, PRIVATE)] == ["Deny"]
    assert f"{PRIVATE}#cdn" not in found


def test_a_public_bucket_is_read_by_its_own_distribution_alone() -> None:
    found = made()
    _, read, missing = statements(found, PUBLIC)
    arn = f"arn:aws:s3:::{found[PUBLIC].inputs['bucket']}"
    assert (read["Action"], read["Resource"]) == ("s3:GetObject", f"{arn}/*")
    assert (missing["Action"], missing["Resource"]) == ("s3:ListBucket", arn)
    for statement in (read, missing):
        assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        [source] = statement["Condition"]["StringEquals"].values()
        assert source.endswith(f":{PUBLIC}#cdn")


def test_no_request_through_cloudfront_can_list_a_bucket() -> None:
    """The right to list is there for 404s; query strings and the bare address would use it."""
    found = made(cors=(CorsRule(origins=("https://shop.example",)),))
    policy = found[f"{PUBLIC}#cache-policy"].inputs["parametersInCacheKeyAndForwardedToOrigin"]
    assert policy["queryStringsConfig"] == {"queryStringBehavior": "none"}
    assert policy["cookiesConfig"] == {"cookieBehavior": "none"}
    cdn = found[f"{PUBLIC}#cdn"].inputs
    assert cdn["defaultRootObject"] == "index.html"
    assert cdn["defaultCacheBehavior"]["viewerProtocolPolicy"] == "redirect-to-https"
    assert "PUT" not in cdn["defaultCacheBehavior"]["allowedMethods"]
    assert found[f"{PUBLIC}#access"].inputs["signingBehavior"] == "always"


def test_versions_uploads_and_browsers() -> None:
    rule = CorsRule(origins=("https://shop.example",), methods=("GET", "PUT"), max_age=600)
    found = made(cors=(rule,), cache_seconds=60)
    status = found[f"{PRIVATE}#versions"].inputs["versioningConfiguration"]
    assert status == {"status": "Enabled"}
    assert f"{PUBLIC}#versions" not in found
    [uploads] = found[f"{PRIVATE}#unfinished-uploads"].inputs["rules"]
    assert uploads["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 1}
    assert "expiration" not in uploads
    assert found[f"{PRIVATE}#cors"].inputs["corsRules"] == [
        {
            "allowedMethods": ["GET", "PUT"],
            "allowedOrigins": ["https://shop.example"],
            "maxAgeSeconds": 600,
        }
    ]
    assert f"{PRIVATE}#cors" not in made()
    assert found[f"{PUBLIC}#cache-policy"].inputs["defaultTtl"] == 60


@pytest.mark.parametrize(("seconds", "most"), [(0, 1), (1, 1), (60, 60)])
def test_nothing_is_kept_longer_than_the_file_says(seconds: int, most: int) -> None:
    """With 0 as the most, CloudFront refuses headers and compression: caching is off then."""
    found = made(cache_seconds=seconds, cors=(CorsRule(origins=("*",)),))
    policy = found[f"{PUBLIC}#cache-policy"].inputs
    assert (policy["minTtl"], policy["defaultTtl"], policy["maxTtl"]) == (0, seconds, most)
    forwarded = policy["parametersInCacheKeyAndForwardedToOrigin"]
    assert forwarded["enableAcceptEncodingGzip"] is True
    assert "Origin" in forwarded["headersConfig"]["headers"]["items"]


def test_a_distributions_comment_has_room_for_no_more() -> None:
    app = graph(buckets=(bucket("b" * 300, public=True),))
    (cdn,) = (item for name, item in made(app).items() if name.endswith("#cdn"))
    assert len(cdn.inputs["comment"]) == 128


def test_protection_is_what_the_environment_says() -> None:
    kept, loose = made(protect=True), made(protect=False, empty_on_destroy=True)
    assert kept[PRIVATE].protect
    assert kept[PRIVATE].inputs["forceDestroy"] is False
    assert not loose[PRIVATE].protect
    assert loose[PRIVATE].inputs["forceDestroy"] is True


def test_one_bucket_may_differ_from_the_others() -> None:
    own = BucketSettings(cache_seconds=5, protect=False)
    settings = settings_of(buckets={"invoices": own, "defaults": BucketSettings(cache_seconds=9)})
    wanted = kind.normalise(APP, settings, NAMES)
    found = {b.declared.name: (b.options.cache_seconds, b.options.protect) for b in wanted.buckets}
    assert found == {"invoices": (5, False), "Pictures": (9, True)}


def test_a_page_of_which_only_the_origin_is_said_may_read() -> None:
    found = made(cors=(CorsRule(origins=("https://shop.example",)),))
    [rule] = found[f"{PRIVATE}#cors"].inputs["corsRules"]
    assert rule == {
        "allowedMethods": ["GET", "HEAD"],
        "allowedOrigins": ["https://shop.example"],
    }


def test_a_name_for_the_whole_world_is_unknown_before_there_is_an_id() -> None:
    names = Names(app="shop", environment="production")
    assert made(names=names)[PRIVATE].inputs["bucket"] == UNKNOWN
    assert made()[PRIVATE].inputs["bucket"] == NAMES.name("bucket", "invoices")


def test_the_app_gets_every_bucket_and_the_address_of_public_ones() -> None:
    wanted = kind.normalise(APP, settings_of(), NAMES)
    found, _ = run(lambda stage: kind.create(wanted, stage))
    assert set(found.outputs["buckets"]["invoices"]) == {"arn", "name"}
    assert set(found.outputs["buckets"]["Pictures"]) == {"arn", "distribution", "name", "url"}
    applied = {
        "buckets": {
            "invoices": {"name": "a", "arn": "x"},
            "Pictures": {"name": "b", "arn": "y", "url": "https://d1.cloudfront.net"},
        }
    }
    bound = {item.name: item for item in kind.expose(APP, REGION, applied)}
    assert set(bound) == {"invoices", "Pictures"}
    assert {item.region for item in bound.values()} == {REGION}
    assert bound["invoices"].bucket.public_base_url is None
    assert bound["Pictures"].bucket.public_base_url == "https://d1.cloudfront.net"
    assert all(item.access_key_id is None for item in bound.values())


@pytest.mark.parametrize(
    ("region", "name", "arn", "url"),
    [
        (REGION, "theirs", "arn:aws:s3:::theirs", f"https://theirs.s3.{REGION}.amazonaws.com"),
        (REGION, "the.irs", "arn:aws:s3:::the.irs", f"https://s3.{REGION}.amazonaws.com/the.irs"),
        (
            "cn-north-1",
            "theirs",
            "arn:aws-cn:s3:::theirs",
            "https://theirs.s3.cn-north-1.amazonaws.com.cn",
        ),
    ],
)
@pytest.mark.parametrize("public", [True, False])
def test_a_bucket_that_exists_is_bound_and_never_touched(
    region: str, name: str, arn: str, url: str, public: bool
) -> None:
    app = graph(buckets=(bucket("files", public=public), bucket("own")))
    settings = settings_of(region=region, adopt=Adopt(buckets={"files": name}))
    wanted = kind.normalise(app, settings, NAMES)
    found, _ = run(lambda stage: kind.create(wanted, stage), made=True)
    assert {made.partition("#")[0] for made in by_name(found)} == {"bucket/own"}
    expected = {"name": name, "arn": arn, **({"url": url} if public else {})}
    assert found.outputs["buckets"]["files"] == expected
    bound = {item.name: item.bucket for item in kind.expose(app, region, found.outputs)}
    assert bound["files"].name == name
    assert bound["files"].public_base_url == (url if public else None)


@pytest.mark.parametrize(
    ("name", "public", "codes"),
    [
        ("theirs", False, []),
        ("theirs", True, ["W9223"]),
        ("arn:aws:s3:::theirs", False, ["E9220"]),
        ("Theirs", True, ["E9220"]),
        ("https://theirs.s3.amazonaws.com", False, ["E9220"]),
        ("x", False, ["E9220"]),
    ],
)
def test_what_is_said_of_a_bucket_that_exists(name: str, public: bool, codes: list[str]) -> None:
    app = graph(buckets=(bucket("files", public=public),))
    found = [*kind.findings(app, settings_of(adopt=Adopt(buckets={"files": name})), NAMES)]
    assert [finding.code for finding in found] == codes
    assert all(finding.hint and finding.at == at() for finding in found)
    assert all(name in finding.message for finding in found)


@pytest.mark.parametrize(
    ("region", "codes"), [(REGION, []), ("cn-north-1", ["E9222"]), ("us-gov-east-1", ["E9222"])]
)
def test_a_public_bucket_needs_cloudfront(region: str, codes: list[str]) -> None:
    found = [*kind.findings(APP, settings_of(region=region), NAMES)]
    assert [finding.code for finding in found] == codes
    assert all(finding.severity == "error" for finding in found)
    there = settings_of(region=region, adopt=Adopt(buckets={"Pictures": "theirs"}))
    assert "E9222" not in {finding.code for finding in kind.findings(APP, there, NAMES)}


def test_a_key_of_ones_own_must_let_cloudfront_use_it() -> None:
    settings = settings_of(key=KEY)
    wanted = kind.normalise(APP, settings, NAMES)
    outputs = run(lambda stage: kind.create(wanted, stage), made=True)[0].outputs
    (statement,) = kind.key_statements(APP, settings, outputs)
    assert statement == {
        "Sid": "cdn",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {
            "ArnEquals": {"aws:SourceArn": [outputs["buckets"]["Pictures"]["distribution"]]}
        },
    }
    (found,) = kind.findings(APP, settings, NAMES)
    assert (found.code, found.severity) == ("W9221", "warning")
    assert found.hint is not None
    assert f"arn:aws:cloudfront::{ACCOUNT}:distribution/*" in found.hint


def test_a_key_needs_nothing_where_no_bucket_is_given_out() -> None:
    private = graph(buckets=(bucket("invoices"),))
    for app, settings in (
        (private, settings_of(key=KEY)),
        (APP, settings_of()),
    ):
        assert not kind.key_statements(
            app, settings, {"buckets": {"Pictures": {"distribution": "arn:aws:cloudfront::1:d"}}}
        )
        assert not [*kind.findings(app, settings, NAMES)]
