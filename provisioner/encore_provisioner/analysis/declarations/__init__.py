"""Which resources the source declares: one file for each kind (contract A2, A4 to A6).

In: modules and the resolver. Out: declarations and references by name, in source order. This
stage reads arguments as literals; it does not resolve one declaration from another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.catalogue import Kind
from encore_provisioner.analysis.declarations import (
    bucket,
    cache,
    cron,
    endpoint,
    gateway,
    metric,
    pubsub,
    secret,
    service,
    sqldb,
)
from encore_provisioner.analysis.declarations.arguments import name_at
from encore_provisioner.analysis.declarations.model import Declaration, Declared, Reference, Site
from encore_provisioner.analysis.declarations.sites import check_place, find_sites
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.literals import Reader
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.resolver import Resolver

Declare = Callable[[Site, Reader], Declaration | None]


def declarers(root: Path) -> Mapping[Kind, Declare]:
    """The function that reads each kind; total over ``Kind``."""
    return {
        "auth_handler": gateway.declare_auth_handler,
        "bucket": bucket.declare,
        "cache": cache.declare_cluster,
        "cron_job": cron.declare,
        "database": partial(sqldb.declare, root=root),
        "endpoint": partial(endpoint.declare, root=root),
        "gateway": gateway.declare_gateway,
        "keyspace": cache.declare_keyspace,
        "metric": metric.declare,
        "secret": secret.declare,
        "service": service.declare,
        "subscription": pubsub.declare_subscription,
        "topic": pubsub.declare_topic,
    }


def find_declarations(
    modules: Iterable[Module], resolver: Resolver, root: Path, findings: Findings
) -> tuple[Declared, ...]:
    declare = declarers(root)
    found: list[Declared] = []
    for module in modules:
        reader = Reader(module, resolver, findings)
        for site in find_sites(module, resolver, findings):
            if site.method == "named" and site.symbol.named:
                declared: Declared | None = _reference(site, reader)
            elif check_place(site, findings):
                declared = declare[site.symbol.kind](site, reader)
            else:
                declared = None
            if declared is not None:
                found.append(declared)
    return tuple(found)


def _reference(site: Site, reader: Reader) -> Reference | None:
    found = nodes.arguments(site.node) or ()
    name = name_at(site, reader, found)
    if name is None:
        return None
    return Reference(
        kind=site.symbol.kind, name=name, module=site.module, node=site.node, bind=site.bind
    )
