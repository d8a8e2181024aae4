"""Which resources the source declares: one file for each kind (contract A2, A4 to A6).

In: a module and the resolver. Out: its declarations and references by name, in source order. This
stage reads arguments as literals; it does not resolve one declaration from another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

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

DECLARERS: Final[Mapping[Kind, Declare]] = {
    "auth_handler": gateway.declare_auth_handler,
    "bucket": bucket.declare,
    "cache": cache.declare_cluster,
    "cron_job": cron.declare,
    "database": sqldb.declare,
    "endpoint": endpoint.declare,
    "gateway": gateway.declare_gateway,
    "keyspace": cache.declare_keyspace,
    "metric": metric.declare,
    "secret": secret.declare,
    "service": service.declare,
    "subscription": pubsub.declare_subscription,
    "topic": pubsub.declare_topic,
}
"""The function that reads each kind; total over ``Kind``."""


def find_declarations(module: Module, resolver: Resolver, findings: Findings) -> Iterator[Declared]:
    reader = Reader(module, resolver, findings)
    for site in find_sites(module, resolver, findings):
        declared: Declared | None = None
        if not check_place(site, findings):
            continue
        if site.method == "named" and site.symbol.named:
            declared = _reference(site, reader)
        else:
            declared = DECLARERS[site.symbol.kind](site, reader)
        if declared is not None:
            yield declared


def _reference(site: Site, reader: Reader) -> Reference | None:
    found = nodes.arguments(site.node) or ()
    name = name_at(site, reader, found)
    if name is None:
        return None
    return Reference(kind=site.symbol.kind, name=name, place=site.place, bind=site.bind)
