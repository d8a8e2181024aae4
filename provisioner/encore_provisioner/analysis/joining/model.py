"""A use of a resource, joined with the declaration that it uses. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from encore_config.graph import Operation, UseKind
from encore_provisioner.analysis.declarations.model import Declaration
from encore_provisioner.analysis.source import Place


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """``declaration`` is what is used; ``name`` is the graph's, ``service.endpoint`` for calls."""

    kind: UseKind
    name: str
    operations: frozenset[Operation]
    place: Place
    declaration: Declaration | None

    @property
    def path(self) -> str:
        return self.place.file
