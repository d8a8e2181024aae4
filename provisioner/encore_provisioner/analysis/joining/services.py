"""Which services the app has, and which file belongs to which (contract A4).

In: declarations in the order of the walk. Out: :class:`Services`. A file belongs to
the service in whose folder it lies; nothing else attributes it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from encore_provisioner.analysis.declarations.model import Declaration
from encore_provisioner.analysis.declarations.model import Service as ServiceDeclaration
from encore_provisioner.analysis.files import SERVICE_FILE
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.source import Place, folder_of

_MAKES_A_SERVICE: Final = frozenset({"endpoint", "subscription", "gateway", "auth_handler"})


@dataclass(frozen=True, slots=True)
class Service:
    """``root`` is relative to the app, ``.`` for the app itself; ``explicit`` has a service file.

    ``declared`` is the declaration that makes the service.
    """

    name: str
    root: str
    explicit: bool
    declared: Declaration

    @property
    def place(self) -> Place:
        return self.declared.place


class Services:
    """All services in the order of their roots."""

    def __init__(self, items: Iterable[Service]) -> None:
        self.items = tuple(sorted(items, key=lambda s: s.root))
        self._roots = {service.root: service for service in self.items}
        self._folders: dict[str, Service | None] = {}
        self._clients: dict[str, Service] = {}
        for service in self.items:
            self._clients.setdefault(service.name.replace("-", "_"), service)

    def of(self, path: str) -> Service | None:
        """The service whose folder holds the file ``path``; the innermost where they nest."""
        folder = folder_of(path)
        if folder not in self._folders:
            found = (self._roots[f] for f in _upwards(folder) if f in self._roots)
            self._folders[folder] = next(found, None)
        return self._folders[folder]

    def client(self, local: str) -> Service | None:
        """The service that ``~encore/clients`` exports as ``local``."""
        return self._clients.get(local)

    def around(self, service: Service) -> Iterator[Service]:
        """The services inside whose folders another one lies, from the inside out."""
        for folder in _upwards(service.root):
            if folder != service.root and folder in self._roots:
                yield self._roots[folder]


def _upwards(folder: str) -> Iterator[str]:
    """A folder and those above it, up to the app's own, ``.``."""
    while folder not in ("", "."):
        yield folder
        folder = folder_of(folder)
    yield "."


def find_services(
    declarations: Iterable[Declaration], app_folder: str, findings: Findings
) -> Services:
    """``declarations`` in the order of the walk, which decides what absorbs what."""
    found = tuple(declarations)
    roots: dict[str, Service] = {}
    below: dict[str, set[str]] = {}
    for declaration in found:
        candidate = _candidate(declaration, app_folder)
        if candidate is not None:
            _merge(candidate, roots, below)
    services = Services(roots.values())
    _check_nesting(services, findings)
    _check_endpoints(found, services, findings)
    return services


def _candidate(declaration: Declaration, app_folder: str) -> Service | None:
    root = folder_of(declaration.path) or "."
    folder = app_folder if root == "." else posixpath.basename(root)
    if isinstance(declaration, ServiceDeclaration):
        name = folder if declaration.name is None else declaration.name
        return Service(name, root, True, declaration)
    if declaration.kind in _MAKES_A_SERVICE:
        return Service(folder, root, False, declaration)
    return None


def _merge(new: Service, roots: dict[str, Service], below: dict[str, set[str]]) -> None:
    """Absorb a weak root below an existing one; a new root absorbs the weak ones below it.

    ``below`` are the roots under each folder, so that a root need not be held against all others.
    """
    if not new.explicit and any(folder in roots for folder in _upwards(new.root)):
        return
    if new.root in roots and roots[new.root].explicit:
        return
    for root in [r for r in below.get(new.root, ()) if r in roots and not roots[r].explicit]:
        del roots[root]
    roots[new.root] = new
    for folder in _upwards(new.root):
        if folder != new.root:
            below.setdefault(folder, set()).add(new.root)


def _check_nesting(services: Services, findings: Findings) -> None:
    for inner in services.items:
        for outer in services.around(inner):
            message = f"service `{inner.name}` lies inside service `{outer.name}`"
            hint = f"move it out of `{outer.root}`, or move what makes that a service"
            places = [(f"service `{outer.name}`", outer.place)]
            findings.add("E0406", inner.place, message, hint=hint, related=places)
    first: dict[str, Service] = {}
    for service in services.items:
        former = first.setdefault(service.name, service)
        if former is not service:
            message = f"service `{service.name}` is declared twice"
            places = [("the first one", former.place)]
            hint = "give each service a name of its own"
            findings.add("E0407", service.place, message, hint=hint, related=places)


def _check_endpoints(found: Sequence[Declaration], services: Services, findings: Findings) -> None:
    """Encore files an endpoint under its own folder where no service file stands above it."""
    for declaration in found:
        service = services.of(declaration.path)
        folder = folder_of(declaration.path) or "."
        if declaration.kind != "endpoint" or service is None or service.explicit:
            continue
        if folder != service.root:
            name = posixpath.basename(folder)
            other = next((found for found in services.items if found.name == name), None)
            does = "looks for this endpoint's" if other is None else "files this endpoint under"
            message = (
                f"Encore {does} service `{name}`, "
                f"but `{folder}` is part of service `{service.name}`"
            )
            hint = f"add an {SERVICE_FILE} to `{service.root}`"
            places = [(f"service `{name}`", other.place)] if other is not None else []
            code = "E0408" if other is None else "W0408"
            findings.add(code, declaration.place, message, hint=hint, related=places)


class Importers:
    """Which services bring a shared file into their own code, by imports through shared files."""

    def __init__(self, services: Services, edges: Mapping[str, Iterable[str]]) -> None:
        self._services = services
        self._edges = edges
        self._importers: dict[str, list[str]] | None = None

    def of(self, path: str) -> tuple[str, ...]:
        """Names of the services that import ``path``, sorted."""
        if self._importers is None:
            self._importers = self._turned()
        return tuple(sorted(self._reach(path, self._importers)))

    def _turned(self) -> dict[str, list[str]]:
        """From each file to those that import it."""
        turned: dict[str, list[str]] = {}
        for path, targets in self._edges.items():
            for target in targets:
                turned.setdefault(target, []).append(path)
        return turned

    def _reach(self, path: str, importers: Mapping[str, list[str]]) -> Iterator[str]:
        seen = {path}
        todo = [path]
        names: set[str] = set()
        while todo:
            for importer in importers.get(todo.pop(), ()):
                service = self._services.of(importer)
                if service is not None:
                    names.add(service.name)
                elif importer not in seen:
                    seen.add(importer)
                    todo.append(importer)
        yield from names
