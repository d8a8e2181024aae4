"""The names of Encore's TypeScript SDK and what they mean: the one list that every stage reads.

Module → symbol → kind of declaration (contract A0), method → operations (contract A7 and C.5),
permission type → operations. Data only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from encore_config.graph import MetricKind, Operation

Kind = Literal[
    "auth_handler",
    "bucket",
    "cache",
    "cron_job",
    "database",
    "endpoint",
    "gateway",
    "keyspace",
    "metric",
    "secret",
    "service",
    "subscription",
    "topic",
]

TITLES: Final[dict[Kind, str]] = {
    "auth_handler": "auth handler",
    "bucket": "bucket",
    "cache": "cache cluster",
    "cron_job": "cron job",
    "database": "database",
    "endpoint": "endpoint",
    "gateway": "gateway",
    "keyspace": "keyspace",
    "metric": "metric",
    "secret": "secret",
    "service": "service",
    "subscription": "subscription",
    "topic": "topic",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """One tracked export of the SDK.

    ``form`` is how a declaration is written. ``named`` says that ``X.named("…")`` refers to one.
    ``alias_loss`` is what Encore makes of the symbol when it is imported under another name
    (contract A2: it compares local names there).
    """

    module: str
    name: str
    kind: Kind
    form: Literal["new", "call"] = "new"
    named: bool = False
    alias_loss: str | None = None


SDK: Final = "encore.dev"
CLIENTS: Final = "~encore/clients"
VIRTUAL_FOLDERS: Final = {"encore.gen/clients": CLIENTS, "encore.gen/auth": "~encore/auth"}

KEYSPACES: Final = (
    "StringKeyspace",
    "IntKeyspace",
    "FloatKeyspace",
    "StructKeyspace",
    "StringListKeyspace",
    "NumberListKeyspace",
    "StringSetKeyspace",
    "NumberSetKeyspace",
)
METRICS: Final[dict[str, MetricKind]] = {
    "Counter": "counter",
    "CounterGroup": "counter",
    "Gauge": "gauge",
    "GaugeGroup": "gauge",
}
_AS_GAUGE: Final = "Encore records it as a gauge"
_IGNORED: Final = "Encore does not see the keyspace"


def _symbols() -> tuple[Symbol, ...]:
    cache, metrics = "encore.dev/storage/cache", "encore.dev/metrics"
    return (
        Symbol(module="encore.dev/service", name="Service", kind="service"),
        Symbol(module="encore.dev/api", name="api", kind="endpoint", form="call"),
        Symbol(module="encore.dev/api", name="Gateway", kind="gateway"),
        Symbol(module="encore.dev/auth", name="authHandler", kind="auth_handler", form="call"),
        Symbol(module="encore.dev/storage/sqldb", name="SQLDatabase", kind="database", named=True),
        Symbol(module="encore.dev/storage/objects", name="Bucket", kind="bucket", named=True),
        Symbol(module="encore.dev/pubsub", name="Topic", kind="topic"),
        Symbol(module="encore.dev/pubsub", name="Subscription", kind="subscription"),
        Symbol(module="encore.dev/cron", name="CronJob", kind="cron_job"),
        Symbol(module="encore.dev/config", name="secret", kind="secret", form="call"),
        Symbol(module=cache, name="CacheCluster", kind="cache", named=True),
        *(Symbol(module=cache, name=n, kind="keyspace", alias_loss=_IGNORED) for n in KEYSPACES),
        *(
            Symbol(
                module=metrics,
                name=name,
                kind="metric",
                alias_loss=_AS_GAUGE if kind == "counter" else None,
            )
            for name, kind in METRICS.items()
        ),
    )


SYMBOLS: Final = {(symbol.module, symbol.name): symbol for symbol in _symbols()}
MODULES: Final = frozenset(symbol.module for symbol in SYMBOLS.values())

Operations = tuple[Operation, ...]

TOPIC_METHODS: Final[dict[str, Operations]] = {"publish": ("publish",)}
BUCKET_METHODS: Final[dict[str, Operations]] = {
    "list": ("list",),
    "exists": ("attrs",),
    "attrs": ("attrs",),
    "upload": ("write",),
    "download": ("read",),
    "remove": ("delete",),
    "signedUploadUrl": ("signed_upload",),
    "signedDownloadUrl": ("signed_download",),
    "publicUrl": ("public_url",),
}
METRIC_METHODS: Final[dict[str, MetricKind | None]] = {
    "increment": "counter",
    "set": "gauge",
    "with": None,
    "ref": None,
}
METRIC_OPERATIONS: Final[dict[MetricKind, Operations]] = {
    "counter": ("increment",),
    "gauge": ("set",),
}

_CACHE_READS: Final = (
    "get multiGet getRange len items itemsSet contains diff diffSet intersect intersectSet union "
    "unionSet sampleOne sample sampleWithReplacement"
)
_CACHE_WRITES: Final = (
    "set multiSet setIfNotExists replace append setRange increment decrement pushLeft pushRight "
    "popLeft popRight trim insertBefore insertAfter removeAll removeFirst removeLast move add "
    "remove popOne pop diffStore intersectStore unionStore delete"
)
KEYSPACE_METHODS: Final[dict[str, Operations]] = {
    **dict.fromkeys(_CACHE_READS.split(), ("read",)),
    **dict.fromkeys(_CACHE_WRITES.split(), ("write",)),
    **dict.fromkeys(("getAndSet", "getAndDelete"), ("read", "write")),
}

QUERY_METHODS: Final = frozenset({"query", "queryRow", "queryAll"})
RAW_QUERY_METHODS: Final = frozenset({"rawQuery", "rawQueryRow", "rawQueryAll"})
EXEC_METHODS: Final = frozenset({"exec", "rawExec"})

TOPIC_PERMISSIONS: Final[dict[str, Operations]] = {"Publisher": ("publish",)}
BUCKET_PERMISSIONS: Final[dict[str, Operations]] = {
    "Lister": ("list",),
    "Attrser": ("attrs",),
    "Uploader": ("write",),
    "SignedUploader": ("signed_upload",),
    "Downloader": ("read",),
    "SignedDownloader": ("signed_download",),
    "Remover": ("delete",),
    "PublicUrler": ("public_url",),
    "ReadWriter": (
        "list",
        "attrs",
        "write",
        "signed_upload",
        "read",
        "signed_download",
        "delete",
    ),
}

HTTP_METHODS: Final = (
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
)
ANY_METHOD: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
"""What ``method: "*"`` is recorded as (contract A5.1), sorted."""
