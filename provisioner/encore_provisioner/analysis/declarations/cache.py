"""``new CacheCluster("name", {…})`` and its keyspaces (contract A6.7)."""

from __future__ import annotations

from typing import Final, cast, get_args

from encore_config.graph import EvictionPolicy
from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.declarations import keys
from encore_provisioner.analysis.declarations.arguments import arguments, name_at, options_at
from encore_provisioner.analysis.declarations.model import Cache, Keyspace, Site
from encore_provisioner.analysis.literals import Reader

DEFAULT_POLICY: Final[EvictionPolicy] = "allkeys-lru"
_RESERVED: Final = "__encore"


def declare_cluster(site: Site, reader: Reader) -> Cache:
    found = arguments(site, reader)
    name = name_at(site, reader, found)
    options = options_at(site, reader, found, 1, ("evictionPolicy",), optional=True)
    given, policies = options.get("evictionPolicy"), get_args(EvictionPolicy)
    chosen = reader.choice(given, "the eviction policy", policies, "E0609") if given else None
    return Cache(
        name=name,
        place=site.place,
        bind=site.bind,
        eviction_policy=cast("EvictionPolicy", chosen or DEFAULT_POLICY),
    )


def declare_keyspace(site: Site, reader: Reader) -> Keyspace | None:
    found = arguments(site, reader)
    if len(found) < 2:
        if nodes.arguments(site.node) is not None:
            hint = f'write `new {site.symbol.name}<Key>(cluster, {{ keyPattern: "…" }})`'
            message = "a keyspace takes a cluster and an options object"
            reader.refuse("E0610", site.node, message, hint)
        return None
    options = options_at(site, reader, found, 1, ("keyPattern", "defaultExpiry"), ("keyPattern",))
    given = options.get("keyPattern")
    pattern = reader.string(given, "the key pattern") if given is not None else None
    if given is not None and pattern is not None and pattern.startswith(_RESERVED):
        message = f"key patterns may not start with `{_RESERVED}`, which Encore keeps for itself"
        reader.refuse("E0611", given, message, "choose another prefix")
    keys.check(site, given, pattern, reader)
    return Keyspace(
        name=site.bind.name,
        place=site.place,
        bind=site.bind,
        cluster=site.module.place(found[0]),
        key_pattern=pattern,
    )
