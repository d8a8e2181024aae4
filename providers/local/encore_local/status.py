"""The servers of an environment: how each one is, what is done with them, and ending them all."""

from __future__ import annotations

from encore_local.lock import hold
from encore_local.model import AWS, POSTGRES, VALKEY
from encore_local.servers.server import Server
from encore_local.site import open_site
from encore_provisioner.provider import NextStep, ServerStatus, Target

_KEPT = {
    POSTGRES: "PostgreSQL; rows are kept on disk",
    AWS: "S3, SNS and SQS; objects are kept on disk, queued messages end with the server",
    VALKEY: "Valkey; keys are kept on disk",
}


def status(target: Target) -> tuple[ServerStatus, ...]:
    """Every server that the app needs or that is still there, by name. Changes nothing."""
    site = open_site(target)
    return tuple(_status(site.servers[name]) for name in sorted(site.servers))


def _status(server: Server) -> ServerStatus:
    return ServerStatus(
        name=server.name,
        state=server.status(),
        endpoint=server.endpoint if server.port else "",
        detail=_KEPT[server.type],
    )


def next_steps(target: Target) -> tuple[NextStep, ...]:
    """See ``Provider.next_steps``."""
    env = f".encore/infra/{target.environment.name}/runtime.env"
    return (
        NextStep(title="start the app", text=f"with the variables of {env}"),
        NextStep(title="check it", command="doctor"),
        NextStep(title="stop it", command="stop"),
    )


def stop(target: Target, *, lock_timeout: float) -> tuple[str, ...]:
    """End the servers, keep their data; the names of those that ran."""
    site = open_site(target)
    if not site.layout.folder.exists():
        return ()
    with hold(site.layout.lock, command="stop", timeout=lock_timeout):
        site = open_site(target)
        return tuple(name for name in sorted(site.servers) if site.servers[name].stop())
