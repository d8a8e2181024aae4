"""Which service uses which resource, and how (contract A7 and C).

In: what the files' facts say of uses, declarations, links and services. Out: uses, each attributed
to the service whose folder holds it. What stands outside every service is attributed to the
services that import it, and is a finding, because Encore attributes by folder alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from encore_config.graph import Operation, UseKind
from encore_provisioner.analysis.catalogue import TITLES, Kind
from encore_provisioner.analysis.declarations.model import Bucket, Declaration, Keyspace
from encore_provisioner.analysis.facts import Facts, FoundUse
from encore_provisioner.analysis.findings import Findings, one_of
from encore_provisioner.analysis.joining.clients import Clients
from encore_provisioner.analysis.joining.model import Use
from encore_provisioner.analysis.joining.namespaces import Namespace, check_namespaces
from encore_provisioner.analysis.joining.register import Links, Register
from encore_provisioner.analysis.joining.services import Importers, Service, Services
from encore_provisioner.analysis.source import Place

_KINDS: Final[dict[Kind, UseKind]] = {
    "bucket": "bucket",
    "cache": "cache",
    "database": "database",
    "keyspace": "cache",
    "metric": "metric",
    "topic": "topic",
}
_SHOWN: Final = 4
_ACCESS: Final[frozenset[Operation]] = frozenset({"access"})


@dataclass(frozen=True, slots=True, eq=False)
class ServiceUse:
    service: str
    use: Use


@dataclass(frozen=True, slots=True)
class Join:
    """All that a use is joined with."""

    register: Register
    links: Links
    services: Services
    findings: Findings


def join_uses(facts: Iterable[Facts], join: Join) -> tuple[Use, ...]:
    """The uses of all files: of resources, of clusters by their keyspaces, of endpoints."""
    declarations = join.register.declarations
    clients = Clients(join.services, declarations)
    found = list(_keyspace_uses(declarations, join.links))
    namespaces: list[Namespace] = []
    for file in facts:
        found.extend(use for item in file.uses if (use := _use(item, join)) is not None)
        for call in file.clients:
            use = clients.call(call, join.findings)
            found.extend([use] if use is not None else [])
        namespaces.extend(_namespaces(file, join.register))
    check_namespaces(namespaces, found, join.services, join.findings)
    return tuple(found)


def _keyspace_uses(declarations: Iterable[Declaration], links: Links) -> Iterator[Use]:
    """A keyspace makes the service that declares it a user of its cluster (``cluster``, not it)."""
    for declaration in declarations:
        cluster = links.get(declaration) if isinstance(declaration, Keyspace) else None
        if cluster is not None and cluster.name is not None:
            yield Use("cache", cluster.name, _ACCESS, declaration.place, cluster)


def _use(item: FoundUse, join: Join) -> Use | None:
    used = join.register.find(item.target)
    if used is None:
        return None
    kind = _KINDS[used.kind]
    join.findings.extend(item.findings)
    if item.public is not None and isinstance(used, Bucket) and not used.public:
        _report_not_public(used, item.public, join.findings)
    named = join.links.get(used) if isinstance(used, Keyspace) else used
    if named is None or named.name is None or not item.operations:
        return None
    return Use(kind, named.name, frozenset(item.operations), item.place, used)


def _report_not_public(used: Bucket, place: Place, findings: Findings) -> None:
    message = f"`publicUrl` needs a public bucket, and {used.title} is not public"
    hint = "declare it with `public: true`, or use `signedDownloadUrl`"
    findings.add("E0710", place, message, hint=hint, related=[("the bucket", used.place)])


def _namespaces(file: Facts, register: Register) -> Iterator[Namespace]:
    for item in file.namespaces:
        taken = register.find(item.taken)
        meant = register.find(item.meant) if item.meant is not None else None
        if taken is not None:
            yield Namespace(item.name, item.form, taken, meant, item.told)


def attribute(
    uses: Iterable[Use], services: Services, importers: Importers, findings: Findings
) -> tuple[ServiceUse, ...]:
    found: list[ServiceUse] = []
    lost: dict[tuple[str, str], list[Use]] = {}
    for use in uses:
        service = services.of(use.path)
        names = (service.name,) if service is not None else importers.of(use.path)
        if isinstance(use.declaration, Keyspace):
            _check_keyspace(use, names, services.of(use.declaration.path), findings)
        elif service is None and use.kind == "database":
            lost.setdefault((use.path, use.name), []).append(use)
        elif service is None:
            _report_shared(use, names, findings)
        found.extend(ServiceUse(name, use) for name in names)
    for in_file in lost.values():
        _report_lost(in_file, importers.of(in_file[0].path), findings)
    return tuple(found)


def _check_keyspace(
    use: Use, names: Iterable[str], owner: Service | None, findings: Findings
) -> None:
    """Encore gives a cluster to the service that declares the keyspace, and to no other."""
    others = [name for name in names if owner is not None and name != owner.name]
    if owner is not None and others:
        message = (
            f"Encore gives service {one_of(others)} no access to this keyspace's cluster: "
            f"the keyspace belongs to service `{owner.name}`"
        )
        hint = 'declare a keyspace in this service, on `CacheCluster.named("…")`'
        findings.add("W0717", use.place, message, hint=hint)


def _report_lost(uses: Sequence[Use], importers: tuple[str, ...], findings: Findings) -> None:
    """The uses of one database in one file outside every service: Encore drops them."""
    first, *others = sorted(uses, key=lambda use: use.place)
    times = f" {len(uses)} times in this file" if others else ""
    message = (
        f"database `{first.name}` is used outside every service{times}, so Encore gives no service "
        f"access to it for this ({_imported_by(importers)})"
    )
    hint = "move this into a service's folder, or pass the database in from there"
    places = [("used here too", other.place) for other in others[:_SHOWN]]
    findings.add("W0702", first.place, message, hint=hint, related=places)


def _imported_by(importers: tuple[str, ...]) -> str:
    return f"it is imported by {', '.join(importers)}" if importers else "no service imports it"


def _report_shared(use: Use, importers: tuple[str, ...], findings: Findings) -> None:
    title = TITLES[use.declaration.kind] if use.declaration is not None else use.kind
    verb = "called" if use.kind == "endpoint" else "used"
    message = (
        f"{title} `{use.name}` is {verb} outside every service, and Encore cannot tell which "
        f"service that is ({_imported_by(importers)})"
    )
    hint = "move this into a service's folder, or create a reference there and pass it in"
    findings.add("E0701", use.place, message, hint=hint)
