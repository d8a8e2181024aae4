"""ElastiCache: one replication group, without cluster mode, for each cache that the app declares.

The core is a client of a single node (contract §4.6): it writes to the primary's address, over TLS,
as a user with a password who may send what the core sends and nothing else. The user is made shut,
because a password in the program would stand in the state; what apply opens it with is the secret
of purpose ``cache`` (see ``secret``). An adopted cache is only looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import pulumi

from encore_aws.cache_access import access_string
from encore_aws.cloud import elasticache
from encore_aws.containers import holders
from encore_aws.naming import Names, described
from encore_aws.resources.network import PORTS, Made
from encore_aws.resources.secret import variable_of
from encore_aws.settings import Cache as CacheSettings
from encore_aws.settings import Settings
from encore_aws.stage import Note, Stage
from encore_config.diagnostics import Diagnostic
from encore_config.environment import AdoptedCache
from encore_config.graph import Cache, Graph
from encore_config.infra import EnvRef, Redis, RedisAuth, TLSConfig
from encore_config.plan import DeclarationRef
from encore_provisioner.binding import CacheBinding

Outputs = Mapping[str, Any]
Engine = Literal["valkey", "redis"]
Seal = Literal["iam", "off"]
"""What keeps the user shut until it has its password: nobody is allowed ``elasticache:Connect``;
or, where the engine is older than IAM authentication, the user is switched off."""

BAD_VERSION: Final = "E9230"
NO_REPLICA: Final = "E9231"
TOO_MANY: Final = "E9232"
NO_PASSWORD: Final = "E9234"
BAD_SIZE: Final = "E9235"

PORT: Final = PORTS["cache"]
MOST_CONNECTIONS: Final = 65_000
"""Of one node: ``maxclients`` of ElastiCache, which cannot be changed."""
POOL: Final = 30
"""Connections of one process where the file says nothing. A command takes well under a millisecond,
so 30 at once are more than a small node answers; the core's own 100 would cost it as many TLS
handshakes whenever a process starts."""

_USUAL: Final[Mapping[Engine, str]] = {"valkey": "8.2", "redis": "7.1"}
"""A minor version can be raised here at any time. A new major version would move the parameter
group of every environment whose file names none, and not its server."""
_OLDEST: Final[Mapping[Engine, tuple[int, int]]] = {"valkey": (7, 2), "redis": (6, 2)}
_NEWEST_REDIS: Final = 7
_IAM_SINCE: Final = (7, 0)
_VERSION: Final = re.compile(r"(\d{1,2})\.(\d{1,2})", re.ASCII)
_SIZE: Final = re.compile(r"cache\.[a-z0-9]+\.[a-z0-9]+", re.ASCII)
_TIERED: Final = "cache.r6gd."
"""Nodes with a disk beside their memory, which must be said."""
_TIERED_POLICIES: Final = frozenset(
    {"noeviction", "allkeys-lru", "allkeys-lfu", "volatile-lru", "volatile-lfu"}
)
_OUTDATED: Final = ("t1", "t2", "m1", "m2", "m3", "c1", "r3")
"""Of the generation before: AWS makes no new nodes of them, or none that encrypt."""
_NOBODY: Final = "off -@all"
_SUBNETS: Final = "cache#subnets"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCache:
    """``version`` is followed where the file names one, and left to AWS's upgrades where not.

    ``user`` is both the user's id and its name: IAM authentication wants them equal. ``nobody`` is
    the id of the switched-off user ``default`` that a group of engine ``redis`` must hold; a group
    of engine ``valkey`` needs none and takes none without a password.
    """

    declared: Cache
    name: str
    engine: Engine
    version: str
    follows: bool
    family: str
    parameters: str
    size: str
    nodes: int
    multi_az: bool
    backup_days: int
    final_snapshot: str | None
    protect: bool
    key: str | None
    user: str
    group: str
    access: str
    seal: Seal
    nobody: str | None = None

    @property
    def reference(self) -> DeclarationRef:
        return DeclarationRef(kind="cache", name=self.declared.name, at=self.declared.at)

    def part(self, name: str) -> str:
        return f"{self.reference}#{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``adopted``: declared names and the ids of replication groups that are there."""

    caches: tuple[WantedCache, ...] = ()
    adopted: tuple[tuple[str, str], ...] = ()
    subnets: str = ""


def normalise(graph: Graph, settings: Settings, names: Names) -> Wanted:
    """Raises ``ValueError`` for a version that :func:`findings` refuses."""
    there = settings.adopt.caches
    return Wanted(
        caches=tuple(
            _cache(cache, settings, names) for cache in graph.caches if cache.name not in there
        ),
        adopted=tuple(
            (cache.name, there[cache.name].group) for cache in graph.caches if cache.name in there
        ),
        subnets=names.name("cache-subnet-group"),
    )


def _cache(cache: Cache, settings: Settings, names: Names) -> WantedCache:
    chosen = settings.cache(cache.name)
    version = chosen.version or _USUAL[chosen.engine]
    number, family = _number(version), _family(chosen.engine, version)
    snapshot = names.name("cache-final-snapshot", cache.name) if chosen.backup_days else None
    return WantedCache(
        declared=cache,
        name=names.name("cache", cache.name),
        engine=chosen.engine,
        version=version,
        follows=chosen.version is not None,
        family=family,
        # A group of another family is another group, and stands beside the old one for a while.
        parameters=names.name("cache-parameter-group", cache.name, family),
        size=chosen.size,
        nodes=1 + chosen.replicas,
        multi_az=chosen.multi_az,
        backup_days=chosen.backup_days,
        final_snapshot=snapshot,
        protect=chosen.protect,
        key=settings.key,
        user=names.name("cache-user", cache.name),
        group=names.name("cache-user-group", cache.name),
        access=access_string(names_clients=chosen.engine == "valkey"),
        seal="iam" if number >= _IAM_SINCE else "off",
        nobody=names.name("cache-user", cache.name, "default")
        if chosen.engine == "redis"
        else None,
    )


def _number(version: str) -> tuple[int, int]:
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ValueError(f"`{version}` is no version of a cache")
    return int(found[1]), int(found[2])


def _family(engine: Engine, version: str) -> str:
    major, _ = _number(version)
    return "redis6.x" if (engine, major) == ("redis", 6) else f"{engine}{major}"


def findings(graph: Graph, settings: Settings, names: Names) -> Iterator[Diagnostic]:
    """What ElastiCache would refuse, and what would keep the app from starting."""
    del names
    times = settings.containers.replicas * settings.containers.worker_threads
    opened = holders(graph, settings)
    for cache in graph.caches:
        where = f"environments.{settings.environment}"
        adopted = settings.adopt.caches.get(cache.name)
        if adopted is not None:
            yield from _adopted_findings(f"{where}.adopt.caches.{cache.name}", adopted)
            continue
        chosen, where = settings.cache(cache.name), f"{where}.caches.{cache.name}"
        yield from _shape_findings(where, chosen)
        yield from _size_findings(where, cache, chosen)
        yield from _connection_findings(where, chosen, opened[f"cache/{cache.name}"] * times)


def _error(code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(code=code, severity="error", message=message, hint=hint)


def _shape_findings(where: str, chosen: CacheSettings) -> Iterator[Diagnostic]:
    why = _why_not(chosen.engine, chosen.version) if chosen.version is not None else None
    if why is not None:
        yield _error(
            BAD_VERSION,
            f"{where}: {chosen.engine} of version `{chosen.version}` cannot be had: {why}",
            f'such as `version: "{_USUAL[chosen.engine]}"`, or leave it out',
        )
    if chosen.multi_az and chosen.replicas == 0:
        yield _error(
            NO_REPLICA,
            f"{where}: multi_az without a replica: nothing could take over in another zone",
            "write `replicas: 1`, or `multi_az: false` if the cache may be away for a while",
        )


def _size_findings(where: str, cache: Cache, chosen: CacheSettings) -> Iterator[Diagnostic]:
    usual = "such as cache.t4g.small or cache.m7g.large"
    if not _SIZE.fullmatch(chosen.size):
        yield _error(BAD_SIZE, f"{where}.size: `{chosen.size}` is no size of a cache's node", usual)
    elif chosen.size.split(".")[1] in _OUTDATED:
        yield _error(
            BAD_SIZE,
            f"{where}.size: `{chosen.size}` is of an old generation, of which AWS makes no new "
            "cache with encryption",
            usual,
        )
    elif chosen.size.startswith(_TIERED) and cache.eviction_policy not in _TIERED_POLICIES:
        yield _error(
            BAD_SIZE,
            f"{where}.size: nodes with a disk, as `{chosen.size}`, cannot evict by the policy "
            f"{cache.eviction_policy} that the app declares",
            "take cache.r7g, or declare another policy, such as allkeys-lru",
        )


def _why_not(engine: Engine, version: str) -> str | None:
    if not _VERSION.fullmatch(version):
        return "AWS wants two numbers and keeps the third up to date itself"
    number, oldest = _number(version), _OLDEST[engine]
    if number < oldest:
        needs = "the app sends LMOVE, GETDEL and SET KEEPTTL" if engine == "redis" else "AWS has it"
        return f"{needs} from {oldest[0]}.{oldest[1]} on"
    if engine == "redis" and number[0] > _NEWEST_REDIS:
        return f"AWS has Redis up to {_NEWEST_REDIS}; what came after is Valkey there"
    return None


def _connection_findings(where: str, chosen: CacheSettings, processes: int) -> Iterator[Diagnostic]:
    """``processes``, or Node's threads in them, have one pool each at least; code that calls
    ``named`` opens more of them.
    """
    if chosen.max_connections is None:
        return
    wanted = processes * chosen.max_connections
    if wanted > MOST_CONNECTIONS:
        yield _error(
            TOO_MANY,
            f"{where}.max_connections: {processes} processes with {chosen.max_connections} "
            f"connections each are {wanted:,}; a node takes {MOST_CONNECTIONS:,}",
            f"{MOST_CONNECTIONS // processes} at most, and {POOL} are mostly enough",
        )


def _adopted_findings(where: str, adopted: AdoptedCache) -> Iterator[Diagnostic]:
    if adopted.username is not None and adopted.password is None:
        yield _error(
            NO_PASSWORD,
            f"{where} names a user and no password; the app would stop at its start",
            "add `password` with the ARN of its secret, or remove `username`",
        )


def create(wanted: Wanted, network: Made, stage: Stage) -> dict[str, Any]:
    """``caches``: by name ``host`` (the primary's), ``port``; and of those that are made here
    ``username``, which is the user's id too, and ``access``, the access string that it must have
    when its password is set.
    """
    found = {name: _look_up(group, stage) for name, group in wanted.adopted}
    if wanted.caches:
        subnets = _create_subnets(wanted, network, stage)
        for cache in wanted.caches:
            found[cache.declared.name] = _create(cache, subnets, network, stage)
    return {"caches": dict(sorted(found.items()))}


def _look_up(group: str, stage: Stage) -> dict[str, Any]:
    there = elasticache.get_replication_group_output(
        replication_group_id=group, opts=stage.question
    )
    return {"host": there.primary_endpoint_address, "port": there.port}


def _create_subnets(wanted: Wanted, network: Made, stage: Stage) -> elasticache.SubnetGroup:
    return elasticache.SubnetGroup(
        _SUBNETS,
        name=wanted.subnets,
        description=described(f"{stage.names.app} {stage.names.environment}: where caches lie"),
        subnet_ids=list(network.subnets["storage"]),
        tags=stage.tags(None),
        opts=stage.options(_SUBNETS, Note(reason="caches lie where no route leads out")),
    )


def _create(
    wanted: WantedCache, subnets: elasticache.SubnetGroup, network: Made, stage: Stage
) -> dict[str, Any]:
    parameters = _create_parameters(wanted, stage)
    group = _create_user_group(wanted, stage)
    name = str(wanted.reference)
    note = Note(reason="keeps what the app can make again", declaration=wanted.reference)
    made = elasticache.ReplicationGroup(
        name,
        replication_group_id=wanted.name,
        description=described(f"{stage.names.app} {stage.names.environment}: {name}"),
        engine=wanted.engine,
        engine_version=wanted.version,
        auto_minor_version_upgrade=not wanted.follows,
        # Said where the engine knows it; older ones have no other way.
        cluster_mode="disabled" if wanted.seal == "iam" else None,
        node_type=wanted.size,
        data_tiering_enabled=True if wanted.size.startswith(_TIERED) else None,
        num_cache_clusters=wanted.nodes,
        automatic_failover_enabled=wanted.nodes > 1,
        multi_az_enabled=wanted.multi_az,
        port=PORT,
        parameter_group_name=parameters.name,
        subnet_group_name=subnets.name,
        security_group_ids=[network.storage["cache"].id],
        user_group_ids=[group.user_group_id],
        transit_encryption_enabled=True,
        transit_encryption_mode="required" if wanted.seal == "iam" else None,
        at_rest_encryption_enabled=True,
        kms_key_id=wanted.key,
        snapshot_retention_limit=wanted.backup_days,
        final_snapshot_identifier=_last_snapshot(wanted, network),
        # Else an apply would say "done" of what happens some night in the maintenance window.
        apply_immediately=True,
        tags=stage.tags(wanted.reference),
        opts=stage.options(
            name, note, protect=wanted.protect, ignore=() if wanted.follows else ["engineVersion"]
        ),
    )
    return {
        "host": made.primary_endpoint_address,
        "port": PORT,
        "username": wanted.user,
        "access": wanted.access,
    }


def _last_snapshot(wanted: WantedCache, network: Made) -> pulumi.Output[str] | None:
    """Ends like the id of the security group, which is another one when all is made again: of an
    environment that was removed before there is a snapshot already.
    """
    if wanted.final_snapshot is None:
        return None
    ending = network.storage["cache"].id.apply(lambda id_: id_.rpartition("-")[2][-8:])
    return pulumi.Output.concat(wanted.final_snapshot, "-", ending)


def _create_parameters(wanted: WantedCache, stage: Stage) -> elasticache.ParameterGroup:
    # Of another family it is another resource: the old group goes when the cache has let go of it.
    name = wanted.part(f"parameters-{wanted.family}")
    note = Note(reason="what is given up when memory is full", declaration=wanted.reference)
    return elasticache.ParameterGroup(
        name,
        name=wanted.parameters,
        description=described(f"{stage.names.app} {stage.names.environment}: {wanted.reference}"),
        family=wanted.family,
        parameters=[{"name": "maxmemory-policy", "value": wanted.declared.eviction_policy}],
        tags=stage.tags(wanted.reference),
        opts=stage.options(name, note),
    )


def _create_user_group(wanted: WantedCache, stage: Stage) -> elasticache.UserGroup:
    members = [_create_user(wanted, stage).user_id]
    if wanted.nobody is not None:
        members.append(_create_nobody(wanted, wanted.nobody, stage).user_id)
    name = wanted.part("user-group")
    note = Note(reason="nobody else may log in", declaration=wanted.reference)
    return elasticache.UserGroup(
        name,
        user_group_id=wanted.group,
        engine=wanted.engine,
        user_ids=members,
        tags=stage.tags(wanted.reference),
        opts=stage.options(name, note),
    )


def _create_user(wanted: WantedCache, stage: Stage) -> elasticache.User:
    name = wanted.part("user")
    note = Note(
        reason="the app logs in with it, and may send what it needs", declaration=wanted.reference
    )
    shut = wanted.seal == "off"
    theirs = ["accessString", "authenticationMode"] if shut else ["authenticationMode"]
    return elasticache.User(
        name,
        user_id=wanted.user,
        user_name=wanted.user,
        engine=wanted.engine,
        access_string=_NOBODY if shut else wanted.access,
        authentication_mode={"type": "no-password-required" if shut else "iam"},
        tags=stage.tags(wanted.reference),
        opts=stage.options(name, note, ignore=theirs),
    )


def _create_nobody(wanted: WantedCache, id_: str, stage: Stage) -> elasticache.User:
    name = wanted.part("default-user")
    note = Note(
        reason="Redis has this user, which may do all without a password; here it is switched off",
        declaration=wanted.reference,
    )
    return elasticache.User(
        name,
        user_id=id_,
        user_name="default",
        engine=wanted.engine,
        access_string=_NOBODY,
        authentication_mode={"type": "no-password-required"},
        tags=stage.tags(wanted.reference),
        opts=stage.options(name, note),
    )


def expose(graph: Graph, settings: Settings, outputs: Outputs) -> Iterator[CacheBinding]:
    """Every cache of the graph. Raises ``KeyError`` for one that no apply has made.

    Certificates are Amazon's own, which the core finds among the roots of its image, so TLS is on
    without one named. No prefix: no two caches share a server.
    """
    for cache in graph.caches:
        made = outputs["caches"][cache.name]
        chosen = settings.cache(cache.name)
        yield CacheBinding(
            name=cache.name,
            redis=Redis(
                host=f"{made['host']}:{int(made['port'])}",
                database_index=0,
                auth=_auth(cache.name, settings.adopt.caches.get(cache.name), made),
                tls_config=TLSConfig(),
                max_connections=chosen.max_connections or POOL,
                in_memory=False,
            ),
        )


def _auth(name: str, adopted: AdoptedCache | None, made: Mapping[str, Any]) -> RedisAuth | None:
    """An adopted cache may have a password without a user (``auth_string``), or neither."""
    password = EnvRef(env=variable_of("cache", name))
    if adopted is None:
        return RedisAuth(type="acl", username=made["username"], password=password)
    if adopted.password is None:
        return None
    if adopted.username is None:
        return RedisAuth(type="auth_string", auth_string=password)
    return RedisAuth(type="acl", username=adopted.username, password=password)
