"""``new Counter("name")`` and its like (contract A6.6)."""

from __future__ import annotations

from encore_provisioner.analysis.catalogue import METRICS
from encore_provisioner.analysis.declarations.arguments import (
    SNAKE,
    arguments,
    check_name,
    name_at,
    options_at,
)
from encore_provisioner.analysis.declarations.model import Metric, Site
from encore_provisioner.analysis.literals import Reader


def declare(site: Site, reader: Reader) -> Metric:
    found = arguments(site, reader)
    name = name_at(site, reader, found)
    if name is not None:
        rule = "lower-case letters, digits and `_`, starting with a letter and not ending in `_`"
        check_name(reader, found[0], name, SNAKE, rule, "E0608", "metric")
        if name.startswith("e_"):
            message = "names of metrics may not start with `e_`, which Encore keeps for itself"
            reader.refuse("E0608", found[0], message, "rename it")
    options_at(site, reader, found, 1, (), optional=True)
    return Metric(
        name=name,
        module=site.module,
        node=site.node,
        bind=site.bind,
        metric_kind=METRICS[site.symbol.name],
    )
