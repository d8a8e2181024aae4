"""Which services the app has, and which file belongs to which (contract A4).

In: modules and declarations in the order of the walk. Out: :class:`Services`. A file belongs to
the service in whose folder it lies; nothing else attributes it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Final

from encore_provisioner.analysis.declarations.model import Declaration, Declared
from encore_provisioner.analysis.declarations.model import Service as ServiceDeclaration
from encore_provisioner.analysis.files import SERVICE_FILE
from encore_provisioner.analysis.findings import Findings
from encore_provisioner.analysis.modules import Module
from encore_provisioner.analysis.source import Span

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
    def span(self) -> Span:
        return self.declared.span

    def holds(self, path: str) -> bool:
        return self.root == "." or path.startswith(f"{self.root}/")

    def around(self, other: Service) -> bool:
        return self.root != other.root and self.holds(f"{other.root}/")


@dataclass(frozen=True)
class Services:
    """All services in the order of their roots."""

    items: tuple[Service, ...]

    @cached_property
    def _innermost_first(self) -> tuple[Service, ...]:
        return tuple(sorted(self.items, key=lambda s: (-len(s.root), s.root)))

    def of(self, path: str) -> Service | None:
        """The service whose folder holds the file ``path``; the innermost where they nest."""
        return next((s for s in self._innermost_first if s.holds(path)), None)

    def client(self, local: str) -> Service | None:
        """The service that ``~encore/clients`` exports as ``local``."""
        return next((s for s in self.items if s.name.replace("-", "_") == local), None)


def find_services(
    modules: Iterable[Module],
    declared: Iterable[Declared],
    app_folder: str,
    findings: Findings,
) -> Services:
    found = [d for d in declared if isinstance(d, Declaration)]
    _check_service_files(modules, found, findings)
    roots: dict[str, Service] = {}
    for declaration in found:
        candidate = _candidate(declaration, app_folder)
        if candidate is not None:
            _merge(candidate, roots)
    services = Services(tuple(roots[root] for root in sorted(roots)))
    _check_nesting(services.items, findings)
    _check_endpoints(found, services, findings)
    return services


def _candidate(declaration: Declaration, app_folder: str) -> Service | None:
    root = posixpath.dirname(declaration.path) or "."
    folder = app_folder if root == "." else posixpath.basename(root)
    if isinstance(declaration, ServiceDeclaration):
        return Service(declaration.name or folder, root, True, declaration)
    if declaration.kind in _MAKES_A_SERVICE:
        return Service(folder, root, False, declaration)
    return None


def _merge(new: Service, roots: dict[str, Service]) -> None:
    """Absorb a weak root below an existing one; a new root absorbs the weak ones below it."""
    if not new.explicit and any(r.root == new.root or r.around(new) for r in roots.values()):
        return
    if new.root in roots and roots[new.root].explicit:
        return
    for root in [r.root for r in roots.values() if new.around(r) and not r.explicit]:
        del roots[root]
    roots[new.root] = new


def _check_service_files(
    modules: Iterable[Module], found: Sequence[Declaration], findings: Findings
) -> None:
    declared: dict[str, list[Declaration]] = {}
    for declaration in found:
        if isinstance(declaration, ServiceDeclaration):
            declared.setdefault(declaration.path, []).append(declaration)
    for module in modules:
        here = declared.get(module.path, [])
        if posixpath.basename(module.path) == SERVICE_FILE and not here:
            message = f"{SERVICE_FILE} declares no service"
            hint = 'write `export default new Service("name")`'
            findings.add("E0402", module.parsed.span(module.parsed.root), message, hint=hint)
        for second in here[1:]:
            message = "a file may declare only one service"
            places = [("the first one", here[0].span)]
            findings.add("E0405", second.span, message, hint="remove this one", related=places)


def _check_nesting(services: Sequence[Service], findings: Findings) -> None:
    for one, other in combinations(services, 2):
        outer, inner = (one, other) if one.around(other) else (other, one)
        if outer.around(inner):
            message = f"service `{inner.name}` lies inside service `{outer.name}`"
            hint = f"move it out of `{outer.root}`, or move what makes that a service"
            places = [(f"service `{outer.name}`", outer.span)]
            findings.add("E0406", inner.span, message, hint=hint, related=places)
        if one.name == other.name:
            message = f"service `{one.name}` is declared twice"
            places = [("the first one", one.span)]
            hint = "give each service a name of its own"
            findings.add("E0407", other.span, message, hint=hint, related=places)


def _check_endpoints(found: Sequence[Declaration], services: Services, findings: Findings) -> None:
    """Encore files an endpoint under its own folder where no service file stands above it."""
    for declaration in found:
        service = services.of(declaration.path)
        folder = posixpath.dirname(declaration.path) or "."
        if declaration.kind != "endpoint" or service is None or service.explicit:
            continue
        if folder != service.root:
            name = posixpath.basename(folder)
            message = (
                f"Encore looks for this endpoint's service `{name}`, "
                f"but `{folder}` is part of service `{service.name}`"
            )
            hint = f"add an {SERVICE_FILE} to `{service.root}`"
            findings.add("E0408", declaration.span, message, hint=hint)


class Importers:
    """Which services bring a shared file into their own code, by imports through shared files."""

    def __init__(self, services: Services, edges: dict[str, frozenset[str]]) -> None:
        self._services = services
        self._edges = edges
        self._reached: dict[str, frozenset[str]] | None = None

    def of(self, path: str) -> tuple[str, ...]:
        """Names of the services that import ``path``, sorted."""
        if self._reached is None:
            self._reached = {s.name: frozenset(self._reach(s)) for s in self._services.items}
        return tuple(sorted(name for name, files in self._reached.items() if path in files))

    def _reach(self, service: Service) -> Iterator[str]:
        own = [path for path in self._edges if self._services.of(path) is service]
        seen: set[str] = set()
        todo = [target for path in own for target in self._edges[path]]
        while todo:
            path = todo.pop()
            if path in seen or self._services.of(path) is not None:
                continue
            seen.add(path)
            yield path
            todo.extend(self._edges.get(path, ()))
