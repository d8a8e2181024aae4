"""What an environment gets that does not say otherwise: one table, by the environment's type.

In: a key of the environment file and a type. Out: the value, with what it costs and why it is so.
``docs/aws.md`` shows the same table; a test holds the two together. A key without a row has no
default. Prices are AWS's list prices of 2026 for us-east-1, in US dollars, without tax, rounded:
they are there to compare choices, not to foretell a bill. Other regions cost up to a third more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from encore_config.environment import EnvironmentType

ENDPOINT_A_MONTH: Final = 7.3
"""Dollars for an endpoint in one zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """``key`` as it stands in the file; ``databases.size`` stands for
    ``databases.defaults.size`` and ``databases.<name>.size`` alike.
    """

    key: str
    production: Any
    development: Any
    ephemeral: Any
    cost: str
    why: str

    def of(self, kind: EnvironmentType) -> Any:
        """An environment of type ``test`` is one that comes and goes."""
        match kind:
            case "production":
                return self.production
            case "development":
                return self.development
            case "ephemeral" | "test":
                return self.ephemeral


def _same(key: str, value: Any, *, cost: str = "", why: str) -> Default:
    return Default(
        key=key, production=value, development=value, ephemeral=value, cost=cost, why=why
    )


def _row(
    key: str, production: Any, development: Any, ephemeral: Any, cost: str, why: str
) -> Default:
    return Default(
        key=key,
        production=production,
        development=development,
        ephemeral=ephemeral,
        cost=cost,
        why=why,
    )


ROWS: Final[tuple[Default, ...]] = (
    _row(
        "protect",
        True,
        False,
        False,
        "nothing",
        "nothing that holds data is deleted before somebody says so in the file",
    ),
    _same("network.cidr", "10.0.0.0/16", why="room for 16 subnets of 4,096 addresses"),
    _row(
        "network.zones",
        3,
        2,
        2,
        "traffic between zones: $0.01 per GB each way",
        "with three, one can fail and two are left; a database's subnets need two in any case",
    ),
    _row(
        "network.nat",
        "gateway",
        "instance",
        "instance",
        "with its address, gateway: $37 a month and $0.045 per GB; gateway_per_zone: that for each "
        "zone; instance: $7 a month; none: nothing, but "
        f"${ENDPOINT_A_MONTH:.0f} a month for each endpoint and zone",
        "a gateway is kept running by AWS; a small machine costs a fifth and may fail",
    ),
    _same(
        "databases.layout",
        "shared",
        cost="each further server costs what its size costs",
        why="one server for all is the cheapest; databases on it are apart all the same",
    ),
    _row(
        "databases.size",
        "db.t4g.medium",
        "db.t4g.micro",
        "db.t4g.micro",
        "db.t4g.micro $12, db.t4g.small $23, db.t4g.medium $47, db.m7g.large $123 a month; "
        "twice that with multi_az",
        "4 GiB hold the working set of most small apps; 1 GiB is enough to try things",
    ),
    _same("databases.version", 17, why="the version that Encore checks queries with"),
    _same(
        "databases.storage",
        20,
        cost="gp3: $0.115 per GiB and month",
        why="the least that AWS gives; it grows by itself, and never shrinks",
    ),
    _row(
        "databases.max_storage",
        500,
        100,
        40,
        "only the size that it has grown to is paid",
        "a full disk stops the database; a runaway should still end somewhere. "
        "Twice `storage` where that is more",
    ),
    _row(
        "databases.multi_az",
        True,
        False,
        False,
        "doubles the server and its storage",
        "a second server in another zone takes over within two minutes",
    ),
    _row(
        "databases.backup_days",
        14,
        3,
        0,
        "as much backup as storage is free; $0.095 per GiB and month beyond",
        "back to any second of so many days; 0 switches backups off",
    ),
    _row(
        "databases.final_snapshot",
        True,
        True,
        False,
        "$0.095 per GiB and month, until somebody deletes it",
        "what is deleted by mistake can be brought back",
    ),
    _row(
        "databases.performance_insights",
        True,
        False,
        False,
        "nothing for the seven days that are kept",
        "which query was slow, after the fact",
    ),
    _same(
        "databases.certificate_authority",
        "rds-ca-rsa2048-g1",
        why="pinned, because the app trusts this one root and no other; valid until 2061",
    ),
    _same(
        "caches.engine",
        "valkey",
        cost="a fifth less than redis",
        why="it speaks the same protocol, and is free software",
    ),
    _row(
        "caches.size",
        "cache.t4g.small",
        "cache.t4g.micro",
        "cache.t4g.micro",
        "cache.t4g.micro $9, cache.t4g.small $19, cache.m7g.large $92 a month, for each node",
        "1.4 GiB for sessions and counters; 0.5 GiB to try things",
    ),
    _row(
        "caches.replicas",
        1,
        0,
        0,
        "each one costs what the primary costs",
        "a copy in another zone takes over within a minute",
    ),
    _row(
        "caches.multi_az",
        True,
        False,
        False,
        "nothing beyond the replica that it needs",
        "without it nothing takes over by itself; false wherever there is no replica",
    ),
    _row(
        "caches.backup_days",
        1,
        0,
        0,
        "one backup is free, $0.085 per GiB and month beyond",
        "a cache can be lost; one backup costs nothing",
    ),
    _same(
        "buckets.cache_seconds",
        86_400,
        cost="longer means fewer requests to S3",
        why="a day: objects of public buckets change rarely, and one of a new name is seen at once",
    ),
    _row(
        "buckets.empty_on_destroy",
        False,
        False,
        True,
        "nothing",
        "S3 deletes no bucket that holds objects; ephemeral environments leave nothing behind",
    ),
    _row(
        "secrets.recovery_days",
        30,
        7,
        0,
        "$0.40 a month for each secret, none while it waits to be deleted",
        "a deleted secret can be restored so long; its name is taken meanwhile",
    ),
    _same(
        "compute", "none", why="encore-infra starts no containers yet: it hands over what they need"
    ),
    _same(
        "containers.layout",
        "combined",
        why="the image that `encore build docker` makes holds all services in one process",
    ),
    _row(
        "containers.replicas",
        2,
        1,
        1,
        "each one costs its cpu and memory",
        "two, so that one can be replaced; each takes its share of a database's connections",
    ),
    _same(
        "containers.worker_threads",
        1,
        why="as the core does unasked; each further thread has connection pools of its own",
    ),
    _row(
        "containers.cpu",
        512,
        256,
        256,
        "Fargate: $30 a month for a whole processor",
        "in 1,024ths of a processor, for the task definition",
    ),
    _row(
        "containers.memory",
        1024,
        512,
        512,
        "Fargate: $3.20 a month for a GiB",
        "in MiB, for the task definition",
    ),
    _row(
        "containers.log_days",
        90,
        14,
        3,
        "$0.50 per GB written, $0.03 per GB and month kept",
        "how long the logs of the containers are kept",
    ),
    _same("trust", "ecs", why="who may take the roles of the containers"),
    _same(
        "metrics.exporter",
        "none",
        cost="cloudwatch: $0.30 a month for each metric and set of labels",
        why="nobody pays for metrics that were not asked for",
    ),
)

TABLE: Final = {row.key: row for row in ROWS}


def default(key: str, kind: EnvironmentType) -> Any:
    """Raises ``KeyError`` for a key without a row."""
    return TABLE[key].of(kind)
