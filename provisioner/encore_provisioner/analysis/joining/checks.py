"""What must be unique in an app (contract A8), and what needs two declarations to be seen wrong.

In: declarations, links and services. Out: findings. Nothing else depends on this stage.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from encore_provisioner.analysis.catalogue import TITLES, Kind
from encore_provisioner.analysis.declarations import url
from encore_provisioner.analysis.declarations.model import Declaration, Endpoint, Gateway, Secret
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.joining.register import Links
from encore_provisioner.analysis.joining.services import Importers, Services
from encore_provisioner.analysis.source import folder_of

_CODES: Final[Mapping[Kind, str]] = {
    "database": "E0801",
    "topic": "E0802",
    "subscription": "E0803",
    "bucket": "E0804",
    "cache": "E0805",
    "cron_job": "E0806",
    "metric": "E0807",
    "endpoint": "E0808",
    "auth_handler": "E0810",
    "gateway": "E0811",
}


_OTHER_MARK: Final = {":": "*", "*": ":"}


@dataclass(frozen=True, slots=True)
class Checked:
    declarations: Sequence[Declaration]
    links: Links
    services: Services
    importers: Importers


def check(facts: Checked, findings: Findings) -> None:
    for rule in CHECKS:
        rule(facts, findings)


def _check_unique(facts: Checked, findings: Findings) -> None:
    """One name for each kind: within a topic for subscriptions, within a service for endpoints."""
    first: dict[Hashable, Declaration] = {}
    for declaration in facts.declarations:
        identity = _identity(declaration, facts)
        if identity is None:
            continue
        former = first.setdefault(identity, declaration)
        if former is not declaration:
            _report_twice(former, declaration, findings)


def _identity(declaration: Declaration, facts: Checked) -> Hashable | None:
    kind, name = declaration.kind, declaration.name
    if kind in ("auth_handler", "gateway"):
        return kind
    if kind not in _CODES or name is None:
        return None
    if kind == "subscription":
        topic = facts.links.get(declaration)
        return (kind, topic, name) if topic is not None else None
    if kind == "endpoint":
        service = facts.services.of(declaration.path)
        return (kind, service.root if service else "", name)
    return (kind, name)


def _report_twice(former: Declaration, declaration: Declaration, findings: Findings) -> None:
    kind = declaration.kind
    if kind in ("auth_handler", "gateway"):
        message, hint = f"an app may have only one {TITLES[kind]}", "remove one of them"
    else:
        message = f"{declaration.title} is declared twice"
        hint = "give it another name"
        if kind in ("database", "bucket", "cache"):
            hint += ", or refer to the first one with `.named(…)` or an import"
    places = [("the first one", former.place)]
    findings.add(_CODES[kind], declaration.place, message, hint=hint, related=places)


def _check_paths(facts: Checked, findings: Findings) -> None:
    """Within a service, no two endpoints answer the same path and method.

    A parameter and a wildcard behind the same beginning meet too.
    """
    taken: dict[Hashable, Endpoint] = {}
    for endpoint in facts.declarations:
        service = facts.services.of(endpoint.path)
        if not isinstance(endpoint, Endpoint) or service is None or endpoint.name is None:
            continue
        path = endpoint.url if endpoint.url is not None else f"/{service.name}.{endpoint.name}"
        if url.problem(path, endpoint.endpoint_kind) is not None:
            continue
        for method in endpoint.methods:
            former = _meets(path, (service.root, method), endpoint, taken)
            if former is not None:
                _report_path(former, endpoint, f"{method} {path}", findings)
                break


def _meets(
    path: str, router: tuple[str, str], endpoint: Endpoint, taken: dict[Hashable, Endpoint]
) -> Endpoint | None:
    """The endpoint of this service and method that stands in the way; takes its own place."""
    former = taken.setdefault((*router, url.shape(path)), endpoint)
    found = former if former is not endpoint else None
    for beginning, mark in url.forks(path):
        found = found or taken.get((*router, beginning, _OTHER_MARK[mark]))
        taken.setdefault((*router, beginning, mark), endpoint)
    return found


def _report_path(former: Endpoint, endpoint: Endpoint, what: str, findings: Findings) -> None:
    message = f"endpoint `{endpoint.name}` answers {what}, as `{former.name}` does already"
    place = endpoint.url_place or endpoint.place
    places = [(f"endpoint `{former.name}`", former.place)]
    findings.add("E0809", place, message, hint="change the path or the method", related=places)


def _check_auth(facts: Checked, findings: Findings) -> None:
    """An endpoint with ``auth: true`` needs a gateway with an auth handler to mean anything."""
    if any(isinstance(d, Gateway) and d.auth_handler is not None for d in facts.declarations):
        return
    for endpoint in facts.declarations:
        if isinstance(endpoint, Endpoint) and endpoint.access == "auth":
            message = f"endpoint `{endpoint.name}` wants authentication, but no gateway does any"
            hint = "declare an `authHandler` and write `new Gateway({ authHandler: … })`"
            findings.add("W0525", endpoint.place, message, hint=hint)


def _check_secrets(facts: Checked, findings: Findings) -> None:
    """A secret belongs to the service whose folder holds it."""
    for secret in facts.declarations:
        if isinstance(secret, Secret) and facts.services.of(secret.path) is None:
            importers = facts.importers.of(secret.path)
            by = f" (this file is imported by {', '.join(importers)})" if importers else ""
            message = f"{secret.title} is declared outside every service{by}"
            folder = folder_of(secret.path) or "."
            hint = f"move it out of `{folder}` into the folder of a service that uses it"
            findings.add("E0621", secret.place, message, hint=hint)


CHECKS: Final[tuple[Callable[[Checked, Findings], None], ...]] = (
    _check_unique,
    _check_paths,
    _check_auth,
    _check_secrets,
)
"""Each rule on its own; the order does not matter."""
