"""What Encore makes of ``import * as m``: the last declaration of that module (contract A7).

In: occurrences of namespaces and all uses. Out: findings. Encore takes *every* use of ``m`` for a
use of that one declaration. Some uses it then refuses; others it files under the wrong resource.
Where what it files is what the code does anyway, there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from encore_provisioner.analysis.catalogue import BUCKET_METHODS, TITLES, Kind
from encore_provisioner.analysis.declarations.model import Declaration
from encore_provisioner.analysis.facts import Form
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.joining.model import Use
from encore_provisioner.analysis.joining.services import Services

_TRACKED: Final = frozenset({"bucket", "database", "metric", "topic"})
_HINT: Final = 'import by name: `import { … } from "…"`'


@dataclass(frozen=True, slots=True, eq=False)
class Namespace:
    """An occurrence of ``name``: what Encore takes it for, and what the code means."""

    name: str
    form: Form
    taken: Declaration
    meant: Declaration | None


def check_namespaces(
    found: Iterable[Namespace], uses: Iterable[Use], services: Services, findings: Findings
) -> None:
    items = [item for item in found if item.taken.kind in _TRACKED]
    used = {(services.of(use.path), use.declaration) for use in uses} if items else set()
    for item in items:
        if _refused(item.taken.kind, item.form):
            _report("E0702", item, "and refuses this one", findings)
            continue
        service = services.of(item.form.place.file)
        invented = item.taken.kind == "database" and (service, item.taken) not in used
        lost = item.meant is not None and item.meant is not item.taken
        if invented or (lost and item.meant is not None and item.meant.kind in _TRACKED):
            _report("W0706", item, "whatever the code means", findings)


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
