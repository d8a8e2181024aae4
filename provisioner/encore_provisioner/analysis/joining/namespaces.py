"""What Encore makes of ``import * as m``: the last declaration of that module (contract A7).

Of ``import m from`` too. In: occurrences of such names and all uses. Out: findings. Encore takes
*every* use of ``m`` for a use of that one declaration. Some uses it then refuses; others it files
under the wrong resource. Where what it files is what the code does anyway, there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from encore_config.graph import Operation
from encore_provisioner.analysis.catalogue import (
    BUCKET_METHODS,
    METRIC_METHODS,
    METRIC_OPERATIONS,
    TITLES,
    TOPIC_METHODS,
    Kind,
)
from encore_provisioner.analysis.declarations.model import Declaration, Metric
from encore_provisioner.analysis.facts import Form
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.joining.model import Use
from encore_provisioner.analysis.joining.services import Service, Services

_TRACKED: Final = frozenset({"bucket", "database", "metric", "topic"})
_HINT: Final = 'import by name: `import { … } from "…"`'


@dataclass(frozen=True, slots=True, eq=False)
class Namespace:
    """An occurrence of ``name``: what Encore takes it for, and what the code means.

    ``told``: that the use of ``meant`` is lost is a finding already.
    """

    name: str
    form: Form
    taken: Declaration
    meant: Declaration | None
    told: bool


def check_namespaces(
    found: Iterable[Namespace], uses: Iterable[Use], services: Services, findings: Findings
) -> None:
    items = [item for item in found if item.taken.kind in _TRACKED]
    used: dict[tuple[Service | None, Declaration | None], set[str]] = {}
    for use in uses if items else ():
        used.setdefault((services.of(use.path), use.declaration), set()).update(use.operations)
    for item in items:
        if _refused(item.taken.kind, item.form):
            _report("E0702", item, "and refuses this one", findings)
            continue
        if item.told:
            continue
        service = services.of(item.form.place.file)
        invented = set(_recorded(item.taken, item.form)) - used.get((service, item.taken), set())
        lost = item.meant is not None and item.meant is not item.taken
        if invented or (lost and item.meant is not None and item.meant.kind in _TRACKED):
            _report("W0706", item, "whatever the code means", findings)


def _recorded(taken: Declaration, form: Form) -> tuple[Operation, ...]:
    """What Encore records for this occurrence, as far as the method's name says it."""
    if taken.kind == "database":
        return ("access",) if form.seen != "index" else ()
    if form.seen != "method":
        return ()
    if isinstance(taken, Metric):
        return METRIC_OPERATIONS[taken.metric_kind] if form.member in METRIC_METHODS else ()
    methods = BUCKET_METHODS if taken.kind == "bucket" else TOPIC_METHODS
    return methods.get(form.member, ())


def _report(code: str, item: Namespace, end: str, findings: Findings) -> None:
    title = TITLES[item.taken.kind]
    message = f"Encore takes each use of `{item.name}` for one of {item.taken.title}, {end}"
    places = [(f"the {title}", item.taken.place)]
    findings.add(code, item.form.place, message, hint=_HINT, related=places)


def _refused(kind: Kind, found: Form) -> bool:
    if kind == "database":
        return found.seen in ("callee", "other")
    if kind == "bucket":
        unknown = found.seen == "method" and found.member not in (*BUCKET_METHODS, "ref")
        return unknown or found.seen not in ("method", "index")
    return found.seen not in ("method", "constructor", "index")
