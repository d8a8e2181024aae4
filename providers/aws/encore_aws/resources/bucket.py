"""S3 buckets; public ones behind CloudFront (contract §4.8).

No bucket is open to the world. What is declared public is read through CloudFront, which alone may
read it; a missing object is answered 404, and nothing lists what is there: no query string reaches
S3, and the bare address means one fixed object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from encore_aws.cloud import cloudfront, s3
from encore_aws.naming import MissingIdError, Names
from encore_aws.stage import Note, Stage, unknown
from encore_config import infra
from encore_config.graph import Bucket, Graph
from encore_config.plan import DeclarationRef
from encore_provisioner.binding import BucketBinding

Outputs = Mapping[str, Any]
_VERSION: Final = "2012-10-17"
_UNFINISHED_DAYS: Final = 1
"""After this an upload that was never finished is removed; its parts cost and nobody sees them."""
_ORIGIN: Final = "bucket"
_ROOT_OBJECT: Final = "index.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """One rule of which pages may use a bucket from a browser. ``max_age`` in seconds."""

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ("GET",)
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    max_age: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the environment says of a bucket.

    ``cache_seconds``: how long CloudFront may answer without asking S3. ``key``: the ARN of a key
    of the person's own. ``empty_on_destroy``: objects do not keep the bucket from being deleted.
    """

    cors: tuple[Cors, ...] = ()
    cache_seconds: int = 86_400
    key: str | None = None
    protect: bool = False
    empty_on_destroy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedBucket:
    """``name`` and ``access_name`` are unknown before the environment has an id."""

    declared: Bucket
    name: str | None
    access_name: str
    options: Options

    @property
    def reference(self) -> DeclarationRef:
        return DeclarationRef(kind="bucket", name=self.declared.name, at=self.declared.at)


def normalise(
    graph: Graph, names: Names, options: Mapping[str, Options], default: Options
) -> tuple[WantedBucket, ...]:
    """``options`` by the bucket's name; ``default`` for all others."""
    return tuple(
        WantedBucket(
            declared=bucket,
            name=_name(names, bucket.name),
            access_name=names.name("origin-access", bucket.name),
            options=options.get(bucket.name, default),
        )
        for bucket in graph.buckets
    )


def _name(names: Names, declared: str) -> str | None:
    try:
        return names.name("bucket", declared)
    except MissingIdError:
        return None


def create(wanted: tuple[WantedBucket, ...], stage: Stage) -> dict[str, Any]:
    """``buckets``: name, ARN and, where public, ``url`` by the declared name."""
    return {"buckets": {bucket.declared.name: _create(bucket, stage) for bucket in wanted}}


def _create(wanted: WantedBucket, stage: Stage) -> dict[str, Any]:
    name = str(wanted.reference)
    note = Note(reason="holds the app's objects", declaration=wanted.reference)
    bucket = s3.Bucket(
        name,
        bucket=wanted.name or unknown(),
        force_destroy=wanted.options.empty_on_destroy,
        tags=stage.tags(wanted.reference),
        opts=stage.options(name, note, protect=wanted.options.protect),
    )
    closed = _close(wanted, bucket, stage)
    _keep(wanted, bucket, stage)
    distribution = _distribute(wanted, bucket, stage) if wanted.declared.public else None
    _allow(wanted, bucket, distribution, closed, stage)
    found: dict[str, Any] = {"name": bucket.bucket, "arn": bucket.arn}
    if distribution is not None:
        found["url"] = pulumi.Output.concat("https://", distribution.domain_name)
    return found


def _note(wanted: WantedBucket, reason: str) -> Note:
    return Note(reason=reason, declaration=wanted.reference)


def _close(wanted: WantedBucket, bucket: s3.Bucket, stage: Stage) -> s3.BucketPublicAccessBlock:
    """Nobody outside the account, no access lists, everything encrypted."""
    name = f"{wanted.reference}#owner"
    s3.BucketOwnershipControls(
        name,
        bucket=bucket.id,
        rule={"object_ownership": "BucketOwnerEnforced"},
        opts=stage.options(name, _note(wanted, "switches access lists off")),
    )
    name = f"{wanted.reference}#encryption"
    key = wanted.options.key
    s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.id,
        rules=[
            {
                "apply_server_side_encryption_by_default": (
                    {"sse_algorithm": "aws:kms", "kms_master_key_id": key}
                    if key
                    else {"sse_algorithm": "AES256"}
                ),
                "bucket_key_enabled": True if key else None,
            }
        ],
        opts=stage.options(name, _note(wanted, "encrypts every object")),
    )
    name = f"{wanted.reference}#closed"
    return s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=stage.options(name, _note(wanted, "no policy can ever open it to the world")),
    )


def _keep(wanted: WantedBucket, bucket: s3.Bucket, stage: Stage) -> None:
    """Versions as declared, unfinished uploads not for ever, browsers as the environment says."""
    if wanted.declared.versioned:
        name = f"{wanted.reference}#versions"
        s3.BucketVersioning(
            name,
            bucket=bucket.id,
            versioning_configuration={"status": "Enabled"},
            opts=stage.options(name, _note(wanted, "declared as versioned")),
        )
    name = f"{wanted.reference}#unfinished-uploads"
    s3.BucketLifecycleConfiguration(
        name,
        bucket=bucket.id,
        rules=[
            {
                "id": "unfinished-uploads",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "abort_incomplete_multipart_upload": {"days_after_initiation": _UNFINISHED_DAYS},
            }
        ],
        opts=stage.options(name, _note(wanted, "removes uploads that were never finished")),
    )
    if wanted.options.cors:
        name = f"{wanted.reference}#cors"
        s3.BucketCorsConfiguration(
            name,
            bucket=bucket.id,
            cors_rules=[_cors(rule) for rule in wanted.options.cors],
            opts=stage.options(name, _note(wanted, "pages that may use it")),
        )


def _cors(rule: Cors) -> s3.BucketCorsConfigurationCorsRuleArgs:
    return s3.BucketCorsConfigurationCorsRuleArgs(
        allowed_origins=list(rule.origins),
        allowed_methods=list(rule.methods),
        allowed_headers=list(rule.headers) or None,
        expose_headers=list(rule.expose) or None,
        max_age_seconds=rule.max_age,
    )


def _distribute(wanted: WantedBucket, bucket: s3.Bucket, stage: Stage) -> cloudfront.Distribution:
    name = f"{wanted.reference}#access"
    access = cloudfront.OriginAccessControl(
        name,
        name=wanted.access_name,
        origin_access_control_origin_type="s3",
        signing_behavior="always",
        signing_protocol="sigv4",
        opts=stage.options(name, _note(wanted, "signs CloudFront's requests to the bucket")),
    )
    policy = _cache_policy(wanted, stage)
    name = f"{wanted.reference}#cdn"
    return cloudfront.Distribution(
        name,
        enabled=True,
        comment=f"{stage.names.app} {stage.names.environment}: bucket {wanted.declared.name}",
        default_root_object=_ROOT_OBJECT,
        http_version="http2and3",
        is_ipv6_enabled=True,
        price_class="PriceClass_100",
        origins=[
            {
                "origin_id": _ORIGIN,
                "domain_name": bucket.bucket_regional_domain_name,
                "origin_access_control_id": access.id,
            }
        ],
        default_cache_behavior={
            "target_origin_id": _ORIGIN,
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": ["GET", "HEAD", "OPTIONS"],
            "cached_methods": ["GET", "HEAD"],
            "cache_policy_id": policy.id,
            "compress": True,
        },
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate={"cloudfront_default_certificate": True},
        tags=stage.tags(wanted.reference),
        opts=stage.options(name, _note(wanted, "declared as public: the world reads it here")),
    )


def _cache_policy(wanted: WantedBucket, stage: Stage) -> cloudfront.CachePolicy:
    """Neither cookies nor query strings reach S3, so no request can list the bucket."""
    name = f"{wanted.reference}#cache-policy"
    seconds = wanted.options.cache_seconds
    return cloudfront.CachePolicy(
        name,
        name=wanted.access_name,
        min_ttl=0,
        default_ttl=seconds,
        max_ttl=seconds,
        parameters_in_cache_key_and_forwarded_to_origin={
            "cookies_config": {"cookie_behavior": "none"},
            "headers_config": (
                {
                    "header_behavior": "whitelist",
                    "headers": {
                        "items": [
                            "Access-Control-Request-Headers",
                            "Access-Control-Request-Method",
                            "Origin",
                        ]
                    },
                }
                if wanted.options.cors
                else {"header_behavior": "none"}
            ),
            "query_strings_config": {"query_string_behavior": "none"},
            "enable_accept_encoding_brotli": True,
            "enable_accept_encoding_gzip": True,
        },
        opts=stage.options(name, _note(wanted, "how long objects stay in CloudFront's nodes")),
    )


def _allow(
    wanted: WantedBucket,
    bucket: s3.Bucket,
    distribution: cloudfront.Distribution | None,
    closed: s3.BucketPublicAccessBlock,
    stage: Stage,
) -> None:
    """One policy for each bucket, and last, so that bucket and distribution make no circle."""
    name = f"{wanted.reference}#policy"
    reader = distribution.arn if distribution is not None else pulumi.Output.from_input("")
    s3.BucketPolicy(
        name,
        bucket=bucket.id,
        policy=pulumi.Output.all(bucket.arn, reader).apply(lambda arns: policy(*arns)),
        opts=stage.options(
            name, _note(wanted, "who may reach it, and only with TLS"), needs=[closed]
        ),
    )


def policy(bucket: str, distribution: str) -> str:
    """``distribution``: the ARN of the one that may read; empty where there is none.

    Without the right to list, S3 answers 403 for a missing object.
    """
    statements: list[dict[str, Any]] = [
        {
            "Sid": "tls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    for sid, action, target in (
        ("cdn-read", "s3:GetObject", f"{bucket}/*"),
        ("cdn-missing", "s3:ListBucket", bucket),
    ):
        if distribution:
            statements.append(
                {
                    "Sid": sid,
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudfront.amazonaws.com"},
                    "Action": action,
                    "Resource": target,
                    "Condition": {"StringEquals": {"aws:SourceArn": distribution}},
                }
            )
    return json.dumps({"Version": _VERSION, "Statement": statements})


def expose(graph: Graph, region: str, outputs: Outputs) -> Iterator[BucketBinding]:
    """Every bucket of the graph. Raises ``KeyError`` where apply made one not."""
    for bucket in graph.buckets:
        found = outputs["buckets"][bucket.name]
        yield BucketBinding(
            name=bucket.name,
            region=region,
            bucket=infra.Bucket(name=found["name"], public_base_url=found.get("url")),
        )
