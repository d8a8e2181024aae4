"""Calls of other services' endpoints through ``~encore/clients`` (contract A7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from encore_provisioner.analysis.declarations.model import Declaration
from encore_provisioner.analysis.facts import ClientUse, Form
from encore_provisioner.analysis.findings import Findings, did_you_mean
from encore_provisioner.analysis.joining.model import Use
from encore_provisioner.analysis.joining.services import Service, Services

_DOT: Final = "write `.name(…)` instead"


class Clients:
    """The services and their endpoints, as the generated clients offer them."""

    def __init__(self, services: Services, declarations: Iterable[Declaration]) -> None:
        self._services = services
        self._endpoints: dict[str, dict[str, Declaration]] = {}
        for declaration in declarations:
            service = services.of(declaration.path)
            if declaration.kind == "endpoint" and declaration.name and service is not None:
                own = self._endpoints.setdefault(service.root, {})
                own[declaration.name] = declaration

    def call(self, used: ClientUse, findings: Findings) -> Use | None:
        local, form = used.local, used.form
        service = self._services.client(local)
        if service is None:
            _report_service(local, form, self._services, findings)
            return None
        if form.seen not in ("method", "index") and form.member != "Client":
            message = (
                "Encore refuses this use of a service client: it follows only calls of endpoints"
            )
            hint = f"call an endpoint: `{local}.name(…)`"
            findings.add("E0712", form.place, message, hint=hint)
        if form.seen == "index":
            message = f"Encore does not see this use of service `{service.name}`: it reads no names"
            findings.add("W0718", form.place, f"{message} in brackets", hint=_DOT)
        if form.shape != "method":
            return None
        if form.member == "ref":
            message = (
                f"which endpoints of service `{service.name}` are called through this is not seen"
            )
            findings.add("W0719", form.place, message, hint=f"call them as `{local}.name(…)`")
            return None
        own = self._endpoints.get(service.root, {})
        endpoint = own.get(form.member)
        if endpoint is None:
            _report_endpoint(service, form, own, findings)
            return None
        name = f"{service.name}.{form.member}"
        return Use("endpoint", name, frozenset({"call"}), form.place, endpoint)


def _report_service(local: str, form: Form, services: Services, findings: Findings) -> None:
    known = [service.name.replace("-", "_") for service in services.items]
    message = f"`~encore/clients` has no service `{local}`: no such service is in this app"
    hint = did_you_mean(local, known, "import the client of a service of this app")
    findings.add("W0715", form.place, message, hint=hint)


def _report_endpoint(
    service: Service, form: Form, own: Mapping[str, Declaration], findings: Findings
) -> None:
    message = f"service `{service.name}` has no endpoint `{form.member}`"
    hint = did_you_mean(form.member, own, "call one of its endpoints")
    findings.add("W0716", form.place, message, hint=hint)
