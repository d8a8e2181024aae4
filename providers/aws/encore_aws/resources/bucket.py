"""S3 buckets; public ones behind CloudFront (contract §4.8).

No bucket is open to the world. What is declared public is read through CloudFront, which alone may
read it; a missing object is answered 404, and nothing lists what is there: no query string reaches
S3, and the bare address means one fixed object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from encore_aws import arns
from encore_aws.cloud import cloudfront, s3
from encore_aws.naming import MissingIdError, Names, described
from encore_aws.policies import VERSION
from encore_aws.settings import Bucket as Options
from encore_aws.settings import Settings
from encore_aws.stage import Note, Stage, unknown
from encore_config import infra
from encore_config.diagnostics import Diagnostic
from encore_config.environment import CorsRule
from encore_config.graph import Bucket, Graph
from encore_config.plan import DeclarationRef
from encore_provisioner.binding import BucketBinding

Outputs = Mapping[str, Any]
_UNFINISHED_DAYS: Final = 1
"""After this an upload that was never finished is removed; its parts cost and nobody sees them."""
_ORIGIN: Final = "bucket"
_ROOT_OBJECT: Final = "index.html"
_CLOUDFRONT: Final = "cloudfront.amazonaws.com"
_LONGEST_COMMENT: Final = 128
"""Of a distribution."""
_METHODS: Final = ("GET", "HEAD")
"""What a page may do where the file names its origin alone: read."""
_NO_CLOUDFRONT: Final = {
    "aws-cn": "CloudFront in China gives nothing out but under a domain registered there",
    "aws-us-gov": "GovCloud has no CloudFront",
}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedBucket:
    """``name`` is unknown before the environment has an id. ``key``: the ARN of a key of the
    person's own.
    """

    declared: Bucket
    name: str | None
    access_name: str
    options: Options
    key: str | None

    @property
    def reference(self) -> DeclarationRef:
        return DeclarationRef(kind="bucket", name=self.declared.name, at=self.declared.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedBucket:
    """A bucket that is there. ``url``: where the world reads it, if it is declared public."""

    name: str
    arn: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``adopted`` by the declared name."""

    buckets: tuple[WantedBucket, ...] = ()
    adopted: Mapping[str, AdoptedBucket] = field(default_factory=dict)


def normalise(graph: Graph, settings: Settings, names: Names) -> Wanted:
    """Every property, decided."""
    known = settings.adopt.buckets
    return Wanted(
        buckets=tuple(
            WantedBucket(
                declared=bucket,
                name=_name(names, bucket.name),
                access_name=names.name("origin-access", bucket.name),
                options=settings.bucket(bucket.name),
                key=settings.key,
            )
            for bucket in graph.buckets
            if bucket.name not in known
        ),
        adopted={
            bucket.name: _adopted(bucket, known[bucket.name], settings)
            for bucket in graph.buckets
            if bucket.name in known
        },
    )


def _adopted(bucket: Bucket, name: str, settings: Settings) -> AdoptedBucket:
    return AdoptedBucket(
        name=name,
        arn=arns.bucket_arn(name, settings.partition),
        url=_own_address(name, settings) if bucket.public else None,
    )


def _own_address(name: str, settings: Settings) -> str:
    """S3's own address of a bucket. A dot in the name fits no certificate as part of a host."""
    host = f"s3.{settings.region}.{settings.dns_suffix}"
    return f"https://{host}/{name}" if "." in name else f"https://{name}.{host}"


def _name(names: Names, declared: str) -> str | None:
    try:
        return names.name("bucket", declared)
    except MissingIdError:
        return None


def create(wanted: Wanted, stage: Stage) -> dict[str, Any]:
    """``buckets``: name, ARN and, where public, ``url`` by the declared name; ``distribution`` is
    the ARN of the one that gives its objects out.
    """
    made = {bucket.declared.name: _create(bucket, stage) for bucket in wanted.buckets}
    there = {name: _as_output(bucket) for name, bucket in wanted.adopted.items()}
    return {"buckets": {**made, **there}}


def _as_output(adopted: AdoptedBucket) -> dict[str, Any]:
    found = {"name": adopted.name, "arn": adopted.arn}
    return found if adopted.url is None else {**found, "url": adopted.url}


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
        found["distribution"] = distribution.arn
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
    key = wanted.key
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
            opts=stage.options(
                name, _note(wanted, "lets the pages that the environment file names use it")
            ),
        )


def _cors(rule: CorsRule) -> s3.BucketCorsConfigurationCorsRuleArgs:
    return s3.BucketCorsConfigurationCorsRuleArgs(
        allowed_origins=list(rule.origins),
        allowed_methods=list(rule.methods or _METHODS),
        allowed_headers=list(rule.headers or ()) or None,
        expose_headers=list(rule.expose or ()) or None,
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
        comment=described(
            f"{stage.names.app} {stage.names.environment}: bucket {wanted.declared.name}",
            _LONGEST_COMMENT,
        ),
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
        # With 0 here CloudFront takes neither headers nor compression: it calls that no caching.
        max_ttl=max(1, seconds),
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
        ("cdnread", "s3:GetObject", f"{bucket}/*"),
        ("cdnmissing", "s3:ListBucket", bucket),
    ):
        if distribution:
            statements.append(
                {
                    "Sid": sid,
                    "Effect": "Allow",
                    "Principal": {"Service": _CLOUDFRONT},
                    "Action": action,
                    "Resource": target,
                    "Condition": {"StringEquals": {"aws:SourceArn": distribution}},
                }
            )
    return json.dumps({"Version": VERSION, "Statement": statements})


def key_statements(graph: Graph, settings: Settings, outputs: Outputs) -> list[dict[str, Any]]:
    """What the policy of the person's own key must hold so that CloudFront can read the buckets.

    Reads ``buckets`` of ``outputs``. Empty without such a key, or without a public bucket of ours.
    """
    found = sorted(
        outputs["buckets"][bucket.name]["distribution"] for bucket in _given_out(graph, settings)
    )
    return [_key_statement("ArnEquals", found)] if settings.key and found else []


def _key_statement(condition: str, distributions: list[str]) -> dict[str, Any]:
    """``*`` is the key itself: a key's policy knows no other resource."""
    return {
        "Sid": "cdn",
        "Effect": "Allow",
        "Principal": {"Service": _CLOUDFRONT},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {condition: {"aws:SourceArn": distributions}},
    }


def _given_out(graph: Graph, settings: Settings) -> list[Bucket]:
    """The buckets that get a distribution of ours."""
    return [b for b in graph.buckets if b.public and b.name not in settings.adopt.buckets]


def findings(graph: Graph, settings: Settings, _: Names) -> Iterator[Diagnostic]:
    """What is wrong with buckets that are there, and what public ones need that is not ours."""
    for bucket in graph.buckets:
        name = settings.adopt.buckets.get(bucket.name)
        if name is not None:
            yield from _adopted_findings(bucket, name, settings)
    given_out = _given_out(graph, settings)
    why = _NO_CLOUDFRONT.get(settings.partition)
    if why is not None:
        yield from (_no_cloudfront(bucket, why) for bucket in given_out)
    elif settings.key and given_out:
        yield _key_finding(settings)


def _adopted_findings(bucket: Bucket, name: str, settings: Settings) -> Iterator[Diagnostic]:
    where = f"environments.{settings.environment}.adopt.buckets.{bucket.name}"
    if not _NAME.fullmatch(name):
        yield Diagnostic(
            code="E9220",
            severity="error",
            message=f"{where}: `{name}` is not the name of an S3 bucket",
            at=bucket.at,
            hint="a bucket is adopted by its name, not by an ARN or an address",
        )
    elif bucket.public:
        yield Diagnostic(
            code="W9223",
            severity="warning",
            message=f"the bucket {bucket.name} is declared public and exists: its objects get "
            f"addresses under {_own_address(name, settings)}, which answer only if the bucket "
            "itself lets everybody read",
            at=bucket.at,
            hint=f"let everybody read {name}, or take `public` out of the declaration and give the "
            "address of what stands before the bucket to the app yourself",
        )


def _no_cloudfront(bucket: Bucket, why: str) -> Diagnostic:
    return Diagnostic(
        code="E9222",
        severity="error",
        message=f"the bucket {bucket.name} is declared public, which needs CloudFront: {why}",
        at=bucket.at,
        hint="make the bucket and what gives it out yourself, and name it under "
        f"adopt.buckets.{bucket.name}",
    )


def _key_finding(settings: Settings) -> Diagnostic:
    """Which distributions is known after the apply; those of the account are close enough."""
    account = settings.account or "<account>"
    listed = [f"arn:{settings.partition}:cloudfront::{account}:distribution/*"]
    return Diagnostic(
        code="W9221",
        severity="warning",
        message=f"environments.{settings.environment}.key is yours: unless its policy lets "
        "CloudFront use it, no object of a public bucket can be read",
        hint=f"add to the key's policy: {json.dumps(_key_statement('ArnLike', listed))}",
    )


def expose(graph: Graph, region: str, outputs: Outputs) -> Iterator[BucketBinding]:
    """Every bucket of the graph. Raises ``KeyError`` where apply made one not."""
    for bucket in graph.buckets:
        found = outputs["buckets"][bucket.name]
        yield BucketBinding(
            name=bucket.name,
            region=region,
            bucket=infra.Bucket(name=found["name"], public_base_url=found.get("url")),
        )
