"""Which service uses which resource, and how (contract A7 and C).

In: modules, declarations, links and services. Out: uses, each attributed to the service whose
folder holds it. What stands outside every service is attributed to the services that import it,
and is a finding, because Encore attributes by folder alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from encore_config.graph import Operation
from encore_provisioner.analysis.catalogue import TITLES
from encore_provisioner.analysis.declarations.model import Declaration, Keyspace
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.links import Links
from encore_provisioner.analysis.services import Importers, Services
from encore_provisioner.analysis.uses.model import Use


@dataclass(frozen=True, slots=True, eq=False)
class ServiceUse:
    service: str
    use: Use


def keyspace_uses(declarations: Iterable[Declaration], links: Links) -> Iterator[Use]:
    """A keyspace makes the service that declares it a user of its cluster."""
    for declaration in declarations:
        cluster = links.get(declaration)
        if isinstance(declaration, Keyspace) and cluster is not None and cluster.name is not None:
            operations: frozenset[Operation] = frozenset({"access"})
            span = declaration.span
            yield Use("cache", cluster.name, operations, declaration.module, span, cluster)


def attribute(
    uses: Iterable[Use], services: Services, importers: Importers, findings: Findings
) -> tuple[ServiceUse, ...]:
    found: list[ServiceUse] = []
    for use in uses:
        service = services.of(use.module.path)
        if service is not None:
            found.append(ServiceUse(service.name, use))
            continue
        names = importers.of(use.module.path)
        _report_shared(use, names, findings)
        found.extend(ServiceUse(name, use) for name in names)
    return tuple(found)


def _report_shared(use: Use, importers: tuple[str, ...], findings: Findings) -> None:
    by = f"it is imported by {', '.join(importers)}" if importers else "no service imports it"
    if use.kind == "database":
        message = (
            f"database `{use.name}` is used outside every service, so Encore gives no service "
            f"access to it for this ({by})"
        )
        hint = "move this into a service's folder, or pass the database in from there"
        findings.add("W0702", use.span, message, hint=hint)
        return
    title = TITLES[use.declaration.kind] if use.declaration is not None else use.kind
    verb = "called" if use.kind == "endpoint" else "used"
    message = (
        f"{title} `{use.name}` is {verb} outside every service, and Encore cannot tell which "
        f"service that is ({by})"
    )
    hint = "move this into a service's folder, or create a reference there and pass it in"
    findings.add("E0701", use.span, message, hint=hint)
