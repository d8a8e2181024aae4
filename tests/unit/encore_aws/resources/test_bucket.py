"""Buckets: nothing is open but what was declared public, and that through one door."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.aws_program import ACCOUNT, NAMES, REGION, by_name, run
from tests.support.graphs import bucket, graph

from encore_aws.naming import Names
from encore_aws.resources import bucket as kind
from encore_aws.resources.bucket import Cors, Options
from encore_config.graph import Graph
from encore_config.plan import UNKNOWN
from encore_provisioner.engine.recording import Recorded

APP = graph(buckets=(bucket("invoices", versioned=True), bucket("Pictures", public=True)))
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
PRIVATE, PUBLIC = "bucket/invoices", "bucket/Pictures"


def made(app: Graph = APP, *, names: Names = NAMES, **options: Any) -> dict[str, Recorded]:
    wanted = kind.normalise(app, names, {}, Options(**options))
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
    found = made(cors=(Cors(origins=("https://shop.example",)),))
    policy = found[f"{PUBLIC}#cache-policy"].inputs["parametersInCacheKeyAndForwardedToOrigin"]
    assert policy["queryStringsConfig"] == {"queryStringBehavior": "none"}
    assert policy["cookiesConfig"] == {"cookieBehavior": "none"}
    cdn = found[f"{PUBLIC}#cdn"].inputs
    assert cdn["defaultRootObject"] == "index.html"
    assert cdn["defaultCacheBehavior"]["viewerProtocolPolicy"] == "redirect-to-https"
    assert "PUT" not in cdn["defaultCacheBehavior"]["allowedMethods"]
    assert found[f"{PUBLIC}#access"].inputs["signingBehavior"] == "always"


def test_versions_uploads_and_browsers() -> None:
    rule = Cors(origins=("https://shop.example",), methods=("GET", "PUT"), max_age=600)
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


def test_protection_is_what_the_environment_says() -> None:
    kept, loose = made(protect=True), made(empty_on_destroy=True)
    assert kept[PRIVATE].protect
    assert kept[PRIVATE].inputs["forceDestroy"] is False
    assert not loose[PRIVATE].protect
    assert loose[PRIVATE].inputs["forceDestroy"] is True


def test_one_bucket_may_differ_from_the_others() -> None:
    own = {"invoices": Options(cache_seconds=5, protect=True)}
    wanted = kind.normalise(APP, NAMES, own, Options())
    assert [bucket.options.protect for bucket in wanted] == [
        bucket.declared.name == "invoices" for bucket in wanted
    ]


def test_a_name_for_the_whole_world_is_unknown_before_there_is_an_id() -> None:
    names = Names(app="shop", environment="production")
    assert made(names=names)[PRIVATE].inputs["bucket"] == UNKNOWN
    assert made()[PRIVATE].inputs["bucket"] == NAMES.name("bucket", "invoices")


def test_the_app_gets_every_bucket_and_the_address_of_public_ones() -> None:
    wanted = kind.normalise(APP, NAMES, {}, Options())
    found, _ = run(lambda stage: kind.create(wanted, stage))
    assert set(found.outputs["buckets"]["invoices"]) == {"arn", "name"}
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
