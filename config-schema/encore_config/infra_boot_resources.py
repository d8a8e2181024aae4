"""Rules for SQL servers, Redis, pubsub and object storage; see ``infra_boot``."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from encore_config import infra
from encore_config.errors import Path
from encore_config.infra_problem import BootProblem, later, stops

_CERTIFICATE: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL
)
_PUSH_ID: Final = re.compile(r"[A-Za-z0-9._~-]+")
_NSQ_NAME: Final = re.compile(r"[.a-zA-Z0-9_-]{1,64}(#ephemeral)?")
DEFAULT_MAX: Final = 100
ZERO_MAX: Final = 30
"""The largest pool when ``max_connections`` is absent, and when it is 0."""


def resource_problems(config: infra.InfraConfig) -> Iterator[BootProblem]:
    for index, server in enumerate(config.sql_servers or ()):
        yield from _sql(("sql_servers", index), server)
    for name, redis in (config.redis or {}).items():
        yield from _redis(("redis", name), redis)
    for index, block in enumerate(config.pubsub or ()):
        yield from _pubsub(("pubsub", index), block)
    yield from _push_ids(config)
    for index, storage in enumerate(config.object_storage or ()):
        yield from _storage(("object_storage", index), storage)


def _sql(path: Path, server: infra.SQLServer) -> Iterator[BootProblem]:
    yield from _host((*path, "host"), server.host)
    yield from _tls((*path, "tls_config"), server.tls_config)
    tls = server.tls_config
    if tls and not tls.disabled and tls.ca and len(_CERTIFICATE.findall(tls.ca)) > 1:
        yield later(
            (*path, "tls_config", "ca"),
            "only the first certificate is used; a server signed by another is refused",
            "write the one root that signed the server's certificate",
        )
    if tls and not tls.disabled and server.host.startswith("/"):
        yield later(
            (*path, "tls_config"),
            "TLS over a Unix socket fails for want of a host name",
            'write {"disabled": true}',
        )
    for name, database in server.databases.items():
        place = (*path, "databases", name)
        yield from _pool(place, database.min_connections, database.max_connections)


def _host(path: Path, host: str) -> Iterator[BootProblem]:
    """``host`` is split at the first colon; what follows must be a port (contract 4.5)."""
    if host.startswith("/"):
        return
    name, colon, port = host.partition(":")
    # Rust's own parser: ASCII digits, perhaps a plus before them, 16 bits.
    if colon and not (re.fullmatch(r"\+?[0-9]+", port) and int(port) < 2**16):
        yield stops(
            path,
            f'"{port}" is no port; an IPv6 address is cut at its first colon',
            "write a name or an IPv4 address, then :port",
        )
    elif not name:
        yield later(path, "the host is empty", "write the server's name or address")


def _tls(path: Path, tls: infra.TLSConfig | None) -> Iterator[BootProblem]:
    if tls is None:
        yield later(
            path,
            "TLS is on, and a server without it, or with a private CA, is never reached",
            'say what is meant: {"disabled": true}, {"ca": …} or {}',
        )
    elif not tls.disabled and tls.ca is not None and not _is_certificate(tls.ca):
        yield stops((*path, "ca"), "this is no PEM certificate", "leave it out, or write the PEM")


def _is_certificate(pem: str) -> bool:
    found = _CERTIFICATE.search(pem)
    if found is None:
        return False
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=found.group())
    except (ssl.SSLError, ValueError):
        return False
    return True


def _pool(path: Path, low: int | None, high: int | None) -> Iterator[BootProblem]:
    """0 means the pool's own default; a negative number wraps to four billion."""
    for key, value in (("min_connections", low), ("max_connections", high)):
        if value is not None and value < 0:
            yield later((*path, key), "a negative number counts as four billion", "write 0 or more")
    most = DEFAULT_MAX if high is None else high or ZERO_MAX
    if low is not None and 0 <= most < low:
        yield later(
            (*path, "min_connections"),
            f"{low} is more than the most, {most}: the process panics at the first use",
            "write no more than max_connections",
        )


def _redis(path: Path, redis: infra.Redis) -> Iterator[BootProblem]:
    if redis.auth is not None:
        yield from _redis_auth((*path, "auth"), redis.auth)
    if redis.in_memory:
        return
    yield from _host((*path, "host"), redis.host)
    yield from _tls((*path, "tls_config"), redis.tls_config)
    yield from _pool(path, redis.min_connections, redis.max_connections)
    if redis.database_index < 0:
        yield later((*path, "database_index"), "no server has this database", "write 0 to 15")
    tls = redis.tls_config or infra.TLSConfig()
    if tls.disable_tls_hostname_verification and not tls.disabled:
        yield later(
            (*path, "tls_config", "disable_tls_hostname_verification"),
            "it is lost on the way to the client: the name is verified",
            "use a name that the certificate holds, or disable_ca_validation",
        )
    if tls.client_cert is not None:
        yield later(
            (*path, "tls_config", "client_cert"),
            "the core has no client certificates for Redis",
            "authenticate by password",
        )


def _redis_auth(path: Path, auth: infra.RedisAuth) -> Iterator[BootProblem]:
    needed: Mapping[str, object] = {"auth_string": auth.auth_string}
    if auth.type == "acl":
        needed = {"username": auth.username, "password": auth.password}
    elif auth.type != "auth_string":
        yield later(
            (*path, "type"),
            f'"{auth.type}" counts as "auth_string"',
            'write "acl" or "auth_string"',
        )
    for key, value in needed.items():
        if value is None:
            yield stops(path, f'the process panics for want of "{key}"', f'add "{key}"')


def _pubsub(path: Path, block: infra.PubSub) -> Iterator[BootProblem]:
    match block:
        case infra.AWSSnsSqs():
            yield from _aws(path, block)
        case infra.GCPPubSub():
            yield from _gcp(path, block)
        case infra.NSQ():
            yield from _nsq(path, block)


def _aws(path: Path, block: infra.AWSSnsSqs) -> Iterator[BootProblem]:
    for name, topic in block.topics.items():
        if topic.arn.endswith(".fifo"):
            yield later(
                (*path, "topics", name, "arn"),
                "a FIFO topic needs a message group, which only the protobuf can name: every "
                "publish fails",
                "hand the process ENCORE_RUNTIME_CONFIG",
            )


def _gcp(path: Path, block: infra.GCPPubSub) -> Iterator[BootProblem]:
    remedy = "write project_id for the block"
    for name, topic in block.topics.items():
        place = (*path, "topics", name)
        if not (block.project_id if topic.project_id is None else topic.project_id):
            yield later(place, "the topic belongs to no project; publishing fails", remedy)
        for sub_name, sub in topic.subscriptions.items():
            here = (*place, "subscriptions", sub_name)
            if not (block.project_id if sub.project_id is None else sub.project_id):
                yield later(
                    here, "the subscription takes no project from its topic, and has none", remedy
                )
            if sub.push_config and not _PUSH_ID.fullmatch(sub.push_config.id):
                yield later(
                    (*here, "push_config", "id"),
                    "it is one segment of the endpoint's path, and this is none: 404",
                    "use letters, digits and -",
                )


def _push_ids(config: infra.InfraConfig) -> Iterator[BootProblem]:
    places = [
        (("pubsub", index, "topics", name, "subscriptions", sub_name, "push_config", "id"), push.id)
        for index, block in enumerate(config.pubsub or ())
        if isinstance(block, infra.GCPPubSub)
        for name, topic in block.topics.items()
        for sub_name, sub in topic.subscriptions.items()
        if (push := sub.push_config)
    ]
    uses = Counter(push_id for _, push_id in places)
    for path, push_id in places:
        if uses[push_id] > 1:
            yield later(
                path, "two subscriptions share this id; one gets nothing", "make each id unique"
            )


def _nsq(path: Path, block: infra.NSQ) -> Iterator[BootProblem]:
    if "," in block.hosts or not block.hosts:
        yield later(
            (*path, "hosts"), "the whole text is one address", "write one host:port of an nsqd"
        )
    for name, topic in block.topics.items():
        place = (*path, "topics", name)
        names = [((*place, "name"), topic.name)]
        names += [
            ((*place, "subscriptions", k, "name"), s.name) for k, s in topic.subscriptions.items()
        ]
        for where, written in names:
            if not _NSQ_NAME.fullmatch(written):
                yield later(
                    where,
                    "NSQ has no such names; the process panics",
                    "use 1 to 64 of a-z 0-9 . _ -",
                )


def _storage(path: Path, storage: infra.ObjectStorage) -> Iterator[BootProblem]:
    absent = "leave it out"
    if storage.endpoint == "":
        yield later((*path, "endpoint"), "an empty endpoint is taken as the address", absent)
    if isinstance(storage, infra.S3):
        yield from _s3(path, storage)
    for name, bucket in storage.buckets.items():
        place = (*path, "buckets", name)
        if bucket.public_base_url == "":
            yield later(
                (*place, "public_base_url"),
                "the bucket counts as public, with URLs that begin with /",
                absent,
            )
        if isinstance(storage, infra.S3) and "." in bucket.name and _is_address(storage.endpoint):
            yield later(
                (*place, "name"),
                "with an IP address as endpoint, a dot in the name leads to a host that is none",
                "use a name without dots",
            )


def _s3(path: Path, storage: infra.S3) -> Iterator[BootProblem]:
    if not storage.region:
        yield later((*path, "region"), "requests cannot be signed without a region", "write it")
    if storage.access_key_id == "":
        yield later((*path, "access_key_id"), "an empty key is taken as the key", "leave it out")
    if (storage.access_key_id is None) != (storage.secret_access_key is None):
        yield later(
            (*path, "access_key_id"),
            "half of a key counts as none: AWS's default chain is asked",
            "write both access_key_id and secret_access_key, or neither",
        )


def _is_address(endpoint: str | None) -> bool:
    host = re.sub(r"^[a-z]+://", "", endpoint or "").split("/")[0].rsplit(":", 1)[0]
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
