"""``new Counter("name")`` and its like (contract A6.6)."""

from __future__ import annotations

from typing import Final

from encore_provisioner.analysis import nodes
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
from encore_provisioner.analysis.types import Shape, Types

_LABELS: Final = frozenset({"string", "number", "boolean"})


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
    _check_labels(site, reader)
    return Metric(
        name=name,
        place=site.place,
        bind=site.bind,
        metric_kind=METRICS[site.symbol.name],
    )


def _check_labels(site: Site, reader: Reader) -> None:
    given = nodes.type_arguments(site.node)
    if not given:
        return
    types = Types(reader.resolver)
    for field in types.shape(reader.module, given[0]).fields:
        span = field.module.span(field.node)
        if field.name.lower() == "service":
            message = "the label `service` is Encore's own"
            reader.findings.add("E0626", span, message, hint="give the label another name")
        elif not _is_label(types.of(field)):
            message = f"the label `{field.name}` must be a string, number or boolean"
            hint = "a union of literals of one such type is allowed too"
            reader.findings.add("E0627", span, message, hint=hint)


def _is_label(shape: Shape) -> bool:
    if shape.kind == "unknown":
        return True
    parts = shape.parts or (shape,)
    plain = all(p.kind in ("basic", "literal") and p.name in _LABELS for p in parts)
    return plain and len({part.name for part in parts}) == 1 and not shape.alias
