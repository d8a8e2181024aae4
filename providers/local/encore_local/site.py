"""One environment of one app on this machine: its paths, settings, secrets, state and servers.

In: a ``Target``. Out: a :class:`Site`, read once and passed on. Making one starts and changes
nothing. Ports that were never chosen are 0 until :func:`with_ports`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from encore_local.layout import Layout
from encore_local.model import (
    AWS,
    BUCKET,
    DATABASE,
    POSTGRES,
    SUBSCRIPTION,
    TOPIC,
    VALKEY,
    Names,
    names_of,
)
from encore_local.secrets import LocalSecrets
from encore_local.servers.fleet import Fleet, make_fleet, remembered_ports, server_names
from encore_local.servers.ports import choose_ports, is_free
from encore_local.settings import LocalSettings, fixed_ports, settings
from encore_local.state import State, is_copy, load_state

if TYPE_CHECKING:
    from encore_config.graph import Graph
    from encore_local.servers.server import Server
    from encore_provisioner.provider import Target

ANY_POLICY = "noeviction"
_CACHE = "cache/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """``fleet`` holds every server that is wanted or may be there, ``wanted`` names the former.

    ``ports`` are those that servers shall have, as far as they are chosen; the servers of
    ``fleet`` have those at which they last ran. ``moved``: the former ports were given up.
    """

    target: Target
    layout: Layout
    settings: LocalSettings
    secrets: LocalSecrets
    state: State
    ports: Mapping[str, int]
    wanted: tuple[str, ...]
    fleet: Fleet
    moved: bool = False

    @property
    def servers(self) -> dict[str, Server]:
        return {server.name: server for server in self.fleet.all}


def open_site(target: Target, *, new_ports: bool = False, move_aside: bool = False) -> Site:
    """Read everything. ``move_aside``: put an unusable state file away (apply only)."""
    layout = Layout(folder=target.state_dir)
    local = settings(target.environment, root=target.root)
    secrets = secrets_of(target)
    loaded = load_state(layout.state, move_aside=move_aside)
    state = under_todays_urns(loaded.state, names_of(target))
    copied = is_copy(state, target.root)
    wanted = wanted_servers(target.graph)
    moved = copied or new_ports
    known = _known(state, layout, wanted)
    last = remembered_ports(layout)
    kept = {} if moved else {**last, **state.ports}
    site = Site(
        target=target,
        layout=layout,
        settings=local,
        secrets=secrets,
        state=state,
        ports={**kept, **fixed_ports(local.ports)},
        wanted=wanted,
        fleet=Fleet(),
        moved=moved,
    )
    at = {**site.ports, **state.ports, **last}
    return replace(site, fleet=_fleet(site, known, at))


def under_todays_urns(state: State, names: Names) -> State:
    """The state with each resource under the urn that it has now.

    An app without an id is called like its folder: when that is renamed or copied, its
    databases are the same ones under another urn, and must not be taken for leftovers.
    """
    resources = {names.urn(r.type, r.name): r for r in state.resources.values()}
    return msgspec.structs.replace(state, resources=resources)


def secrets_of(target: Target) -> LocalSecrets:
    declared = {secret.name: secret.services for secret in target.graph.secrets}
    return LocalSecrets(Layout(folder=target.state_dir).secrets, declared=declared)


def wanted_servers(graph: Graph) -> tuple[str, ...]:
    """The names of the servers that the app needs, without ``app``."""
    caches = {cache.name: cache.eviction_policy for cache in graph.caches}
    names = server_names(
        postgres=bool(graph.databases), aws=bool(graph.topics or graph.buckets), caches=caches
    )
    return tuple(name for name in names if name != "app")


def _known(state: State, layout: Layout, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The servers that are wanted, were applied or started, or have left a folder."""
    types = {record.type for record in state.resources.values()}
    names = set(wanted)
    if types & {POSTGRES, DATABASE} or layout.postgres.exists():
        names.add("postgres")
    if types & {AWS, TOPIC, SUBSCRIPTION, BUCKET} or layout.objects.exists():
        names.add("aws")
    names |= {record.name for record in state.resources.values() if record.type == VALKEY}
    names |= {name for name in remembered_ports(layout) if name.startswith(_CACHE)}
    return tuple(sorted(names))


def _fleet(site: Site, known: tuple[str, ...], ports: Mapping[str, int]) -> Fleet:
    policies = {cache.name: cache.eviction_policy for cache in site.target.graph.caches}
    caches = {
        name.removeprefix(_CACHE): policies.get(name.removeprefix(_CACHE), ANY_POLICY)
        for name in known
        if name.startswith(_CACHE)
    }
    needed = {name: ports.get(name, 0) for name in known}
    return make_fleet(site.layout, site.settings, site.secrets, ports=needed, caches=caches)


def with_ports(site: Site) -> Site:
    """The site with a port for the app and every wanted server. Chooses free ones."""
    wanted = choose_ports(
        ("app", *site.wanted),
        seed=f"{site.target.root.resolve()}\0{site.target.environment.name}",
        kept=site.ports,
        fixed=fixed_ports(site.settings.ports),
        is_free=is_free,
    )
    known = tuple(site.servers)
    # Servers that go now keep the ports at which they run: they may be asked once more.
    ports = {**remembered_ports(site.layout), **wanted}
    filled = replace(site, ports={**site.ports, **wanted})
    return replace(filled, fleet=_fleet(filled, known, ports))
