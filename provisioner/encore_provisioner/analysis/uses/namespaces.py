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
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.services import Services
from encore_provisioner.analysis.uses.model import Occurrence, Use

_TRACKED: Final = frozenset({"bucket", "database", "metric", "topic"})
_HINT: Final = 'import by name: `import { … } from "…"`'


@dataclass(frozen=True, slots=True, eq=False)
class NamespaceUse:
    """``name`` occurs; Encore takes it for ``taken``; the code means ``meant``, if a resource."""

    name: str
    occurrence: Occurrence
    taken: Declaration
    meant: Declaration | None


def check_namespaces(
    found: Iterable[NamespaceUse], uses: Iterable[Use], services: Services, findings: Findings
) -> None:
    used = {(services.of(use.module.path), use.declaration) for use in uses}
    for item in found:
        if item.taken.kind not in _TRACKED:
            continue
        if _refused(item.taken.kind, item.occurrence):
            _report("E0702", item, "and refuses this one", findings)
            continue
        service = services.of(item.occurrence.module.path)
        invented = item.taken.kind == "database" and (service, item.taken) not in used
        lost = item.meant is not None and item.meant is not item.taken
        if invented or (lost and item.meant is not None and item.meant.kind in _TRACKED):
            _report("W0706", item, "whatever the code means", findings)


def _report(code: str, item: NamespaceUse, end: str, findings: Findings) -> None:
    title = TITLES[item.taken.kind]
    message = f"Encore takes each use of `{item.name}` for one of {item.taken.title}, {end}"
    places = [(f"the {title}", item.taken.span)]
    findings.add(code, item.occurrence.span, message, hint=_HINT, related=places)


def _refused(kind: Kind, found: Occurrence) -> bool:
    if kind == "database":
        return found.seen in ("callee", "other")
    if kind == "bucket":
        unknown = found.seen == "method" and found.member not in (*BUCKET_METHODS, "ref")
        return unknown or found.seen not in ("method", "index")
    return found.seen not in ("method", "constructor", "index")
