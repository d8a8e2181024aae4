"""``new Gateway({authHandler})`` and ``authHandler(fn)`` (contract A5.2)."""

from __future__ import annotations

from encore_provisioner.analysis import nodes
from encore_provisioner.analysis.declarations.arguments import arguments, options_at
from encore_provisioner.analysis.declarations.model import AuthHandler, Gateway, Site
from encore_provisioner.analysis.declarations.signature import check_auth_handler
from encore_provisioner.analysis.literals import Reader


def declare_gateway(site: Site, reader: Reader) -> Gateway:
    found = arguments(site, reader)
    if (site.holder is None and site.bind.name is None) or site.bind.blank:
        message = "a gateway must be held by a variable, by which Encore's generated code names it"
        reader.refuse("E0529", site.node, message, "write `export const gateway = new Gateway(…)`")
    handler = options_at(site, reader, found, 0, ("authHandler",)).get("authHandler")
    return Gateway(
        name="api-gateway",
        place=site.place,
        bind=site.bind,
        auth_handler=site.module.place(handler) if handler is not None else None,
    )


def declare_auth_handler(site: Site, reader: Reader) -> AuthHandler:
    name = "_" if site.bind.blank else site.bind.name
    if name in (None, "default") and site.holder is None:
        message = "an auth handler must be held by a variable, so that the gateway can name it"
        reader.refuse("E0521", site.node, message, "write `export const auth = authHandler(…)`")
    found = nodes.arguments(site.node)
    check_auth_handler(site, found[0] if found else None, reader)
    if not found:
        message = "this auth handler has no function"
        reader.refuse("E0522", site.node, message, "give an `async` function as its argument")
    return AuthHandler(name=None if name == "default" else name, place=site.place, bind=site.bind)
