"""Calls of other services' endpoints through ``~encore/clients`` (contract A7)."""

from __future__ import annotations

from collections.abc import Iterable

from encore_provisioner.analysis.declarations.model import Declaration
from encore_provisioner.analysis.findings import did_you_mean
from encore_provisioner.analysis.services import Service, Services
from encore_provisioner.analysis.uses.model import Context, Occurrence, Use


def call(
    local: str,
    found: Occurrence,
    services: Services,
    endpoints: Iterable[Declaration],
    context: Context,
) -> Use | None:
    service = services.client(local)
    if service is None:
        _report_service(local, found, services, context)
        return None
    if found.seen not in ("method", "index") and found.member != "Client":
        message = "Encore refuses this use of a service client: it follows only calls of endpoints"
        hint = f"call an endpoint: `{local}.name(…)`"
        context.findings.add("E0712", found.span, message, hint=hint)
    if found.shape != "method" or found.member == "ref":
        return None
    own = {e.name: e for e in endpoints if e.name and services.of(e.path) is service}
    endpoint = own.get(found.member)
    if endpoint is None:
        _report_endpoint(service, found, own, context)
        return None
    name = f"{service.name}.{found.member}"
    return Use("endpoint", name, frozenset({"call"}), found.module, found.span, endpoint)


def _report_service(local: str, found: Occurrence, services: Services, context: Context) -> None:
    known = [service.name.replace("-", "_") for service in services.items]
    message = f"`~encore/clients` has no service `{local}`: no such service is in this app"
    hint = did_you_mean(local, known, "import the client of a service of this app")
    context.findings.add("W0715", found.span, message, hint=hint)


def _report_endpoint(
    service: Service, found: Occurrence, own: Iterable[str], context: Context
) -> None:
    message = f"service `{service.name}` has no endpoint `{found.member}`"
    hint = did_you_mean(found.member, own, "call one of its endpoints")
    context.findings.add("W0716", found.span, message, hint=hint)
