"""What an environment says that AWS does not take, or that means nothing there.

In: an ``Environment``. Out: findings, errors all of them, every mistake at once. They come from the
limits that AWS's documentation states. It asks nobody and reads no graph. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Final

from encore_aws.defaults import default
from encore_aws.naming import ID
from encore_config.diagnostics import Diagnostic
from encore_config.environment import (
    Adopt,
    DatabaseSettings,
    Environment,
    EnvironmentEntry,
    Network,
    Subnets,
)
from encore_provisioner.suggest import did_you_mean

_REGION: Final = re.compile(r"[a-z]{2}(-gov)?-(central|(north|south)(east|west)?|east|west)-\d")
"""Of AWS's partitions those that are written for: all but the isolated and the sovereign ones."""
_APART: Final = re.compile(r"[a-z]{2}-iso|eusc-")
_REGIONS: Final = (
    *("af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-south-1"),
    *("ap-southeast-1", "ap-southeast-2", "ca-central-1", "ca-west-1", "cn-north-1"),
    *("cn-northwest-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1"),
    *("eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1"),
    *("mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1"),
    *("us-west-1", "us-west-2"),
)
"""To guess what was meant. AWS adds some each year: what has the form of a region may be one."""
_ARN: Final = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:.+")
_KEY: Final = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{12}:key/[\w-]+")
_TRUSTED: Final = ("ec2", "ecs", "eks")
_LOG_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
LARGEST_NETWORK: Final = 16
SMALLEST_NETWORK: Final = 22
"""As prefixes. AWS makes none larger; of a smaller one a sixteenth is too small a subnet."""
_TAG_KEY: Final = re.compile(r"[\w .:/=+@-]{1,128}")
_TAG_VALUE: Final = re.compile(r"[\w .:/=+@-]{0,256}")
_OUR_TAGS: Final = "encore:"
_NO_NETWORKS: Final = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
"""This host, loopback, link-local, and all from multicast on: EC2 makes no VPC of them."""
_MOST_RULES: Final = 100
_HEADER: Final = re.compile(r"[A-Za-z0-9_-]+")
_OWN_ID: Final = re.compile(r"(?P<kind>vpc|subnet)-[\w-]+")
_NAMESPACE: Final = re.compile(r"(?!AWS/)[\w./#-][\w./#: -]{0,254}", re.ASCII)
_SERVER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}")
_ORIGIN: Final = re.compile(r"\*|[a-z][a-z0-9+.*-]*://[^/\s]+")
_IMAGE: Final = re.compile(r"[A-Za-z0-9][\w.:/@-]*", re.ASCII)
"""What ends up in a task definition. Whether it is there, and spelt as its registry wants, is not
asked."""
_MOST_TAGS: Final = 40
"""AWS takes 50 tags on a resource; some of them are ours."""


def mistakes(environment: Environment) -> Iterator[Diagnostic]:
    """Everything that is wrong."""
    entry, where = environment.settings, f"environments.{environment.name}"
    yield from _foreign(entry, where)
    yield from _place(entry, where)
    yield from _tag_findings(entry, where)
    yield from _network_findings(entry, where)
    yield from _trust_findings(entry, where)
    yield from _metrics_findings(entry, where)
    yield from _image_findings(entry, where)
    yield from _day_findings(entry, where)
    yield from _storage_findings(entry, where)
    yield from _cors_findings(entry, where)
    yield from _adopt_findings(entry, where)


def _error(message: str, hint: str) -> Diagnostic:
    return Diagnostic(code="E9201", severity="error", message=message, hint=hint)


_NO_MEANING: Final[Mapping[str, str]] = {
    "ports": "servers in AWS have the usual ports",
    "postgres": "it names an installation on this machine",
}


def _foreign(entry: EnvironmentEntry, where: str) -> Iterator[Diagnostic]:
    for key, why in _NO_MEANING.items():
        if getattr(entry, key) is not None:
            yield _error(
                f"{where}.{key} has no meaning for the provider aws: {why}",
                f"remove `{key}` from this environment",
            )


def _place(entry: EnvironmentEntry, where: str) -> Iterator[Diagnostic]:
    if entry.region is None:
        yield _error(
            f"{where} names no region; everything in AWS lies in one",
            "add for example `region: eu-north-1`",
        )
    elif not _REGION.fullmatch(entry.region):
        yield _error(
            f"{where}.region: `{entry.region}` is no region that encore-infra knows",
            _region_meant(entry.region),
        )
    if entry.id is not None and not ID.fullmatch(entry.id):
        yield _error(
            f"{where}.id: `{entry.id}` cannot be part of a bucket's name",
            "4 to 8 small letters and digits; `env new` makes one",
        )
    if entry.key is None:
        return
    key = _KEY.fullmatch(entry.key)
    if key is None:
        yield _error(
            f"{where}.key: `{entry.key}` is not the ARN of a key",
            "arn:aws:kms:REGION:ACCOUNT:key/ID; an alias is no key to a policy",
        )
    elif entry.region is not None and key["region"] != entry.region:
        yield _error(
            f"{where}.key lies in {key['region']}, the environment in {entry.region}; a key "
            "encrypts only what lies in its own region",
            f"name a key in {entry.region}",
        )


def _region_meant(region: str) -> str:
    if _APART.match(region):
        return "such as eu-north-1; the isolated and the sovereign regions are not supported"
    return did_you_mean(region, _REGIONS) or "such as eu-north-1, without the letter of a zone"


def _tag_findings(entry: EnvironmentEntry, where: str) -> Iterator[Diagnostic]:
    tags = entry.tags or {}
    if len(tags) > _MOST_TAGS:
        yield _error(f"{where}.tags: {len(tags)} tags", f"{_MOST_TAGS} at most; ours come on top")
    seen: set[str] = set()
    for key, value in tags.items():
        if key.lower().startswith(("aws:", _OUR_TAGS)):
            owner = "encore-infra" if key.lower().startswith(_OUR_TAGS) else "AWS"
            yield _error(f"{where}.tags: `{key}` is a tag of {owner}", "choose another name")
        elif key.lower() in seen:
            yield _error(
                f"{where}.tags: `{key}` is there twice but for its case, and IAM takes no such two",
                "keep one of them",
            )
        elif not (_TAG_KEY.fullmatch(key) and _TAG_VALUE.fullmatch(value)):
            yield _error(
                f"{where}.tags: AWS does not take `{key}: {value}`",
                "letters, digits, spaces and _.:/=+-@; 128 in a name, 256 in a value",
            )
        seen.add(key.lower())


def _network_findings(entry: EnvironmentEntry, where: str) -> Iterator[Diagnostic]:
    network = entry.network
    if network is None:
        return
    if network.vpc is None:
        if network.subnets is not None:
            yield _error(f"{where}.network has subnets but no vpc", "name the vpc they lie in")
        yield from _range_findings(network.cidr, where)
        return
    for key in ("cidr", "zones", "nat"):
        if getattr(network, key) is not None:
            yield _error(
                f"{where}.network.{key} has no meaning in a network of your own",
                f"remove `{key}`, or `vpc` to have a network made",
            )
    yield from _id_findings(network, where)
    subnets = network.subnets or Subnets()
    for tier, least in (("compute", 1), ("storage", 2)):
        given = set(getattr(subnets, tier) or ())
        if len(given) < least:
            yield _error(
                f"{where}.network.subnets.{tier} names {len(given)} subnets; {least} are needed",
                _WHY_SUBNETS[tier],
            )


def _id_findings(network: Network, where: str) -> Iterator[Diagnostic]:
    """Of a network that a person has. Resources are found by id, never by name."""
    subnets = network.subnets or Subnets()
    named = [("vpc", network.vpc or "", "vpc")]
    named += [
        (f"subnets.{tier}", one, "subnet")
        for tier in subnets.__struct_fields__
        for one in getattr(subnets, tier) or ()
    ]
    for key, value, kind in named:
        found = _OWN_ID.fullmatch(value)
        if found is None or found["kind"] != kind:
            yield _error(
                f"{where}.network.{key}: `{value}` is not the id of a {kind}",
                f"such as {kind}-0a1b2c3d4e5f60718",
            )


_WHY_SUBNETS: Final = {
    "compute": "containers run there",
    "storage": "in two zones: RDS wants them even for one server",
}


def _range_findings(cidr: str | None, where: str) -> Iterator[Diagnostic]:
    if cidr is None:
        return
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError:
        yield _error(
            f"{where}.network.cidr: `{cidr}` is no network of IPv4, by its first address",
            "such as 10.0.0.0/16",
        )
        return
    if not LARGEST_NETWORK <= network.prefixlen <= SMALLEST_NETWORK:
        size = "larger" if network.prefixlen < LARGEST_NETWORK else "smaller"
        yield _error(
            f"{where}.network.cidr: {cidr} is {size} than can be used",
            f"from /{LARGEST_NETWORK} to /{SMALLEST_NETWORK}, such as 10.0.0.0/16",
        )
    if any(network.overlaps(ipaddress.IPv4Network(block)) for block in _NO_NETWORKS):
        yield _error(
            f"{where}.network.cidr: {cidr} means something else everywhere, and AWS makes no "
            "network of it",
            "a private one, such as 10.0.0.0/16",
        )


def _trust_findings(entry: EnvironmentEntry, where: str) -> Iterator[Diagnostic]:
    if entry.trust is not None and entry.trust not in _TRUSTED and not _ARN.fullmatch(entry.trust):
        yield _error(
            f"{where}.trust: `{entry.trust}` is neither {', '.join(_TRUSTED)} nor an ARN",
            "name what runs the containers",
        )


def _metrics_findings(entry: EnvironmentEntry, where: str) -> Iterator[Diagnostic]:
    metrics = entry.metrics
    if metrics is None:
        return
    if metrics.exporter == "cloudwatch" and not metrics.namespace:
        yield _error(
            f"{where}.metrics names no namespace", "add for example `namespace: shop/production`"
        )
    elif metrics.namespace and not _NAMESPACE.fullmatch(metrics.namespace):
        yield _error(
            f"{where}.metrics.namespace: `{metrics.namespace}` is none that CloudWatch takes",
            "letters, digits and _./#:-, 255 at most; no colon first, and not AWS/, which is AWS's",
        )
    if metrics.namespace and metrics.exporter is None:
        yield _error(
            f"{where}.metrics.namespace says nothing without an exporter",
            "add `exporter: cloudwatch`",
        )


def _image_findings(entry: EnvironmentEntry, where: str) -> Iterator[Diagnostic]:
    image = entry.containers.image if entry.containers else None
    if image is not None and not _IMAGE.fullmatch(image):
        yield _error(
            f"{where}.containers.image: `{image}` is no name of an image",
            "such as 111122223333.dkr.ecr.eu-north-1.amazonaws.com/shop:1",
        )


def _day_findings(entry: EnvironmentEntry, where: str) -> Iterator[Diagnostic]:
    days = entry.secrets.recovery_days if entry.secrets else None
    if days is not None and 0 < days < 7:
        yield _error(
            f"{where}.secrets.recovery_days: AWS keeps deleted secrets 0 or 7 to 30 days, "
            f"not {days}",
            "choose 0, or 7 to 30",
        )
    kept = entry.containers.log_days if entry.containers else None
    if kept is not None and kept not in _LOG_DAYS:
        yield _error(
            f"{where}.containers.log_days: CloudWatch does not keep logs {kept} days",
            f"choose one of {', '.join(map(str, _LOG_DAYS))}",
        )


def _storage_findings(entry: EnvironmentEntry, where: str) -> Iterator[Diagnostic]:
    entries = entry.databases or {}
    shared = entries.get("defaults", DatabaseSettings())
    for name, own in entries.items():
        storage = own.storage or shared.storage or default("databases.storage", "production")
        most = own.max_storage or shared.max_storage
        if most is not None and most != storage and not can_grow(storage, most):
            yield _error(
                f"{where}.databases.{name}: storage of {storage} GiB cannot grow to {most}",
                "let max_storage be at least a tenth more, or the same if it is not to grow",
            )


def can_grow(storage: int, most: int) -> bool:
    """RDS lets storage grow by a tenth at least, or not at all."""
    return 10 * most >= 11 * storage


def _cors_findings(entry: EnvironmentEntry, where: str) -> Iterator[Diagnostic]:
    for name, bucket in (entry.buckets or {}).items():
        place, rules = f"{where}.buckets.{name}.cors", bucket.cors or ()
        if len(rules) > _MOST_RULES:
            yield _error(f"{place}: {len(rules)} rules", f"S3 takes {_MOST_RULES} at most")
        for rule in rules:
            for value in rule.origins:
                if not _ORIGIN.fullmatch(value):
                    yield _error(
                        f"{place}: `{value}` is no origin: no browser sends it like that",
                        "scheme and host, with nothing behind, such as https://shop.example.com",
                    )
            for value in (*rule.origins, *(rule.headers or ())):
                if value.count("*") > 1:
                    yield _error(f"{place}: `{value}` has more than one *", "S3 takes one at most")
            for value in rule.expose or ():
                if not _HEADER.fullmatch(value):
                    yield _error(
                        f"{place}: `{value}` is no name of a header, and S3 shows no others",
                        "name each header that pages may read",
                    )


def _adopt_findings(entry: EnvironmentEntry, where: str) -> Iterator[Diagnostic]:
    """Of names. ARNs are looked at with what is declared, which says what they should be."""
    adopt = entry.adopt or Adopt()
    named = {f"databases.{name}.instance": of.instance for name, of in adopt.databases.items()}
    named |= {f"caches.{name}.group": of.group for name, of in adopt.caches.items()}
    for key, value in named.items():
        if not _SERVER.fullmatch(value):
            yield _error(
                f"{where}.adopt.{key}: `{value}` is no name of a server",
                "its identifier in AWS: letters, digits and hyphens; no ARN and no address",
            )
    for name, of in adopt.databases.items():
        if not of.username:
            yield _error(
                f"{where}.adopt.databases.{name}.username is empty", "name who logs in there"
            )
